// Package pinned reads one version of one object.
//
//	Open ─ no request ─▶ Object ──▶ first answer: size and ETag, the pin
//	                         └────▶ every later one: If-Match, and its ETag is looked at
//
// Nobody asks for the size before: the first answer tells it. From then on the
// object is that version or ErrChanged, also where the store ignores If-Match,
// so bytes of two versions never meet. An answer that is not what was asked
// for is asked for again from its last good byte, a few times, with pauses that
// grow and vary; then it is ErrUnavailable.
//
// An Object never becomes another version. Who can begin anew when the object
// was replaced, because nothing has gone out yet, runs its work through Retry.
package pinned

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/h5serve/h5serve/storage"
)

// Settings bound what reading may cost. A zero field takes its default.
type Settings struct {
	Tries int           // requests for one range, at most; 3
	Pause time.Duration // before the second request, doubled for each later one, less a random half; 100 ms
	Stall time.Duration // without a byte until a request counts as failed; 30 s
	Skip  uint64        // bytes passed over where a store sends the whole for a range; 8 MiB
}

func (s Settings) orDefaults() Settings {
	if s.Tries <= 0 {
		s.Tries = 3
	}
	if s.Pause <= 0 {
		s.Pause = 100 * time.Millisecond
	}
	if s.Stall <= 0 {
		s.Stall = 30 * time.Second
	}
	if s.Skip == 0 {
		s.Skip = 8 << 20
	}
	return s
}

// Object is one version of an object, known from the first answer on. It is
// safe for concurrent use.
type Object struct {
	store    storage.Store
	key      string
	unless   string // the ETag that is not wanted
	settings Settings
	pin      atomic.Pointer[storage.Info]
}

// Open names an object; it makes no request.
func (s Settings) Open(store storage.Store, key string) *Object {
	return &Object{store: store, key: key, settings: s.orDefaults()}
}

// Open names an object, with the default settings; it makes no request.
func Open(store storage.Store, key string) *Object { return Settings{}.Open(store, key) }

// Unless names an object of which the version with this ETag is not wanted:
// reads are ErrNotModified as long as that is the one.
func (s Settings) Unless(store storage.Store, key, etag string) *Object {
	o := s.Open(store, key)
	o.unless = etag
	return o
}

// Info is what is known of the version, nothing before the first answer.
func (o *Object) Info() (info storage.Info, known bool) {
	if p := o.pin.Load(); p != nil {
		return *p, true
	}
	return storage.Info{Key: o.key}, false
}

// ReadAt fills p from an offset on, or fails; a range that leaves the object is
// ErrRange.
func (o *Object) ReadAt(ctx context.Context, p []byte, offset uint64) error {
	short := func(size uint64) error {
		return o.fail(storage.ErrRange, fmt.Errorf("%d bytes from %d on, it has %d", len(p), offset, size))
	}
	if info := o.pin.Load(); info != nil && (offset > info.Size || uint64(len(p)) > info.Size-offset) {
		return short(info.Size)
	}
	n, err := o.ReadUpTo(ctx, p, offset)
	if err == nil && n < len(p) {
		err = short(o.pin.Load().Size)
	}
	return err
}

// ReadUpTo fills p from an offset on, and less of it only where the object
// ends. It tells how many bytes that are; without an error they are all there.
func (o *Object) ReadUpTo(ctx context.Context, p []byte, offset uint64) (int, error) {
	if len(p) == 0 {
		return 0, ctx.Err()
	}
	n, tries, pause := 0, 0, o.settings.Pause
	for {
		if info := o.pin.Load(); info != nil {
			if offset > info.Size {
				return 0, o.fail(storage.ErrRange, fmt.Errorf("from %d on, it has %d bytes", offset, info.Size))
			}
			p = p[:min(uint64(len(p)), info.Size-offset)]
			if n == len(p) {
				return n, nil
			}
		}
		got, err := o.request(ctx, p[n:], offset+uint64(n))
		n += got
		if err == nil {
			return n, nil
		}
		if ctx.Err() != nil {
			return n, ctx.Err()
		}
		tries++
		if !errors.Is(err, storage.ErrUnavailable) || errors.Is(err, errWhole) || tries == o.settings.Tries {
			return n, err
		}
		if err := sleep(ctx, pause); err != nil {
			return n, err
		}
		pause *= 2
	}
}

func (o *Object) fail(kind, err error) error {
	e := &storage.Error{Op: "get", Key: o.key, Kind: kind, Err: err}
	var below *storage.Error
	if errors.As(err, &below) {
		e.Store, e.Err = below.Store, below.Kind
	}
	if info := o.pin.Load(); info != nil {
		e.Size = info.Size
	}
	return e
}

// Retry runs work, and once more where the object was replaced under it. Work
// opens the object each time, and must not have given anything out when it
// returns ErrChanged; the second ErrChanged is the caller's.
func Retry(work func() error) error {
	err := work()
	if errors.Is(err, storage.ErrChanged) {
		err = work()
	}
	return err
}
