package h5core

import (
	"fmt"
	"math/bits"
	"runtime"

	"github.com/h5serve/h5serve/h5core/internal/load"
	"github.com/h5serve/h5serve/h5core/internal/plan"
	"github.com/h5serve/h5serve/h5core/internal/transfer"
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
	reading    load.Reading
	follow     following
}

func newOptions(list []Option) (*options, error) {
	o := &options{high: Latest, workers: runtime.GOMAXPROCS(0)}
	for _, set := range list {
		if err := set(o); err != nil {
			return nil, err
		}
	}
	return o, nil
}

// Option is a parameter of Open. An option that cannot be refuses itself there.
type Option func(*options) error

// WithDriver opens the file through a driver; without it, vfd.Sec2, or for s3:,
// http: and https: URLs the registered ros3.
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

// WithWorkers bounds the goroutines that encode chunks, and those that decode
// them for one read; without it, GOMAXPROCS.
func WithWorkers(n int) Option {
	return func(o *options) error {
		o.workers = max(1, n)
		o.reading.Workers = o.workers
		return nil
	}
}

// WithChunkCache bounds the decoded chunks that each open dataset of a file
// being read keeps, with h5py's meaning: rdcc_nslots chunks of together
// rdcc_nbytes bytes, larger chunks never. rdcc_w0, from 0 to 1, says how far
// chunks that were read whole go before those that were used less recently.
// 0 slots or bytes keep none. Without it, as HDF5 2.0: 8191, 8 MiB and 0.75.
//
// A read of whole chunks that is larger than the cache passes it by.
func WithChunkCache(nslots int, nbytes uint64, w0 float64) Option {
	return func(o *options) error {
		settings, err := cacheSettings(nslots, nbytes, w0)
		o.reading.Cache = &settings
		return err
	}
}

func cacheSettings(nslots int, nbytes uint64, w0 float64) (transfer.CacheSettings, error) {
	s := transfer.CacheSettings{Slots: nslots, Bytes: nbytes, W0: w0}
	if nslots < 0 {
		return s, fmt.Errorf("chunk cache: rdcc_nslots is %d, it is 0 or more", nslots)
	}
	if !(w0 >= 0 && w0 <= 1) {
		return s, fmt.Errorf("chunk cache: rdcc_w0 is %v, it lies between 0 and 1", w0)
	}
	return s, nil
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
