package h5core

import (
	"fmt"
	"math/bits"
	"runtime"

	"github.com/h5serve/h5serve/h5core/internal/load"
	"github.com/h5serve/h5serve/h5core/internal/plan"
	"github.com/h5serve/h5serve/h5core/vfd"
)

// Libver is a bound on the versions of the format, as h5py's libver: the low
// one decides what is written, a feature beyond the high one is an error.
type Libver = plan.Libver

// The bounds, each named after the first C library that reads what it allows.
const (
	Earliest = plan.Earliest
	V108     = plan.V108
	V110     = plan.V110
	V112     = plan.V112
	V114     = plan.V114
	V200     = plan.V200
	Latest   = plan.Latest
)

// ParseLibver finds a bound by h5py's name: earliest, v108, v110, v112, v114,
// v200 or latest.
func ParseLibver(name string) (Libver, error) { return plan.ParseLibver(name) }

type options struct {
	driver     vfd.Driver
	low, high  Libver
	userBlock  []byte
	userSize   uint64
	trackOrder bool
	workers    int
	spool      vfd.Settings
	limits     Limits
	follow     string // folder whose files may be followed to
}

func newOptions(list []Option) (*options, error) {
	o := &options{driver: vfd.Sec2{}, high: Latest, workers: runtime.GOMAXPROCS(0)}
	for _, set := range list {
		if err := set(o); err != nil {
			return nil, err
		}
	}
	return o, nil
}

// Option is a parameter of Open. An option that cannot be refuses itself there.
type Option func(*options) error

// WithDriver opens the file through a driver; without it, vfd.Sec2.
func WithDriver(d vfd.Driver) Option {
	return func(o *options) error { o.driver = d; return nil }
}

// WithLibver sets the bounds; without it, earliest to latest as in h5py.
func WithLibver(low, high Libver) Option {
	return func(o *options) error {
		if low > Latest || high > Latest || low > high {
			return fmt.Errorf("libver: the low bound %v is above the high bound %v", low, high)
		}
		if high == Earliest {
			return fmt.Errorf("libver: the high bound earliest allows no file; the lowest is v108")
		}
		o.low, o.high = low, high
		return nil
	}
}

// WithUserBlock puts size bytes before the file, 0 or a power of two from 512
// on; content fills their start, zeros the rest.
func WithUserBlock(size uint64, content []byte) Option {
	return func(o *options) error {
		if size != 0 && (size < 512 || bits.OnesCount64(size) != 1) {
			return fmt.Errorf("user block: %d bytes is neither 0 nor a power of two from 512 on", size)
		}
		if uint64(len(content)) > size {
			return fmt.Errorf("user block: its content has %d bytes, the block %d", len(content), size)
		}
		o.userSize, o.userBlock = size, content
		return nil
	}
}

// WithTrackOrder keeps the creation order of the root group's links and
// attributes.
func WithTrackOrder() Option {
	return func(o *options) error { o.trackOrder = true; return nil }
}

// WithWorkers bounds the goroutines that encode chunks; without it, GOMAXPROCS.
func WithWorkers(n int) Option {
	return func(o *options) error { o.workers = max(1, n); return nil }
}

// Limits bound what reading a file may cost; a zero field is no limit.
type Limits = load.Limits

// WithLimits bounds what reading the file may cost, whatever is in it.
func WithLimits(l Limits) Option {
	return func(o *options) error { o.limits = l; return nil }
}

// WithSpool says where elements lie until the file is written, for drivers
// other than core without a backing store, whose own memory holds them.
func WithSpool(s vfd.Settings) Option {
	return func(o *options) error { o.spool = s; return nil }
}
