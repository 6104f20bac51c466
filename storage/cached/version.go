package cached

import (
	"bytes"
	"context"
	"errors"
	"sync"
	"time"

	"github.com/h5serve/h5serve/storage"
	"github.com/h5serve/h5serve/storage/pinned"
)

// version is one version of an object: what is held of it, and what is under way.
type version struct {
	object *object
	pin    *pinned.Object
	info   storage.Info
	slots  chan struct{} // one for each GET of this version under way

	mu       sync.RWMutex
	dropped  bool      // another one is the object's now
	checked  time.Time // when the last request that found it there was sent
	pages    map[span]*entry
	raws     map[span]*entry
	fetching map[uint64]*transfer // metadata, by the offset of each page
	reading  []*transfer          // raw data
	ahead    ahead
}

func newVersion(o *object, pin *pinned.Object, info storage.Info, sent time.Time) *version {
	return &version{
		object: o, pin: pin, info: info, checked: sent, slots: make(chan struct{}, o.cache.settings.InFlight),
		pages: map[span]*entry{}, raws: map[span]*entry{}, fetching: map[uint64]*transfer{},
	}
}

// is tells whether a fresh answer is about this version.
func (v *version) is(info storage.Info) bool {
	if info.ETag == "" {
		return v.info.ETag == "" && v.info.Size == info.Size && v.info.Modified.Equal(info.Modified) && !info.Modified.IsZero()
	}
	return v.info.ETag == info.ETag
}

func (v *version) empty() bool {
	v.mu.RLock()
	defer v.mu.RUnlock()
	return len(v.pages) == 0 && len(v.raws) == 0 && len(v.fetching) == 0 && len(v.reading) == 0
}

func (v *version) confirm(sent time.Time) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if sent.After(v.checked) {
		v.checked = sent
	}
}

func (v *version) confirmed(since time.Time) bool {
	v.mu.RLock()
	defer v.mu.RUnlock()
	return !v.dropped && v.checked.After(since.Add(-v.object.cache.settings.Fresh))
}

// drop lets go of everything: the object is another one now.
func (v *version) drop() {
	v.mu.Lock()
	v.dropped = true
	v.mu.Unlock()
	v.object.cache.metadata.drop(v)
	v.object.cache.raw.drop(v)
	v.object.mu.Lock()
	if v.object.current == v {
		v.object.current = nil
	}
	v.object.mu.Unlock()
}

func (v *version) changed() error {
	return &storage.Error{Op: "get", Key: v.object.key, Kind: storage.ErrChanged}
}

// page is the whole page that begins at an offset; the last one is shorter.
func (v *version) page(off uint64) span {
	return span{off, min(off+v.object.cache.settings.Page, v.info.Size)}
}

// hold keeps the whole pages of data that was fetched from a page's begin on.
func (v *version) hold(off uint64, data []byte) {
	for len(data) > 0 {
		p := v.page(off)
		if p.length() > uint64(len(data)) {
			return
		}
		v.object.cache.metadata.add(v, p, bytes.Clone(data[:p.length()]))
		data, off = data[p.length():], p.end
	}
}

// transfer is one GET under way.
type transfer struct {
	flight[[]byte]
	span
	kind Kind
}

// start begins a transfer. The caller holds the version's lock.
func (v *version) start(ctx context.Context, kind Kind, s span) *transfer {
	t := &transfer{span: s, kind: kind}
	page := v.object.cache.settings.Page
	if kind == Raw {
		v.reading = append(v.reading, t)
	} else {
		for p := s.off; p < s.end; p += page {
			if v.fetching[p] == nil {
				v.fetching[p] = t
			}
		}
	}
	t.launch(ctx, &v.mu, func() { v.gone(t) }, func(ctx context.Context) ([]byte, error) { return v.get(ctx, t) })
	return t
}

// gone takes a transfer from what is under way.
func (v *version) gone(t *transfer) {
	if t.kind == Raw {
		for i, other := range v.reading {
			if other == t {
				last := len(v.reading) - 1
				v.reading[i], v.reading[last] = v.reading[last], nil
				v.reading = v.reading[:last]
				return
			}
		}
		return
	}
	for p := t.off; p < t.end; p += v.object.cache.settings.Page {
		if v.fetching[p] == t {
			delete(v.fetching, p)
		}
	}
}

// get brings the bytes of a transfer, from the folder or the store.
func (v *version) get(ctx context.Context, t *transfer) ([]byte, error) {
	c := v.object.cache
	if t.kind == Metadata && c.folder != nil {
		if data, ok := c.folder.load(v, t.span); ok {
			v.hold(t.off, data)
			return data, nil
		}
	}
	for _, slots := range []chan struct{}{v.slots, c.slots} {
		release, err := slot(ctx, slots)
		if err != nil {
			return nil, err
		}
		defer release()
	}
	t.asked = true
	sent := time.Now()
	data := c.buffer(t.length())
	if err := v.pin.ReadAt(ctx, data, t.off); err != nil {
		if errors.Is(err, storage.ErrChanged) {
			v.drop()
		}
		return nil, err
	}
	v.confirm(sent)
	if t.kind == Metadata {
		v.hold(t.off, data)
		if c.folder != nil {
			c.folder.keep(v, t.off, data)
		}
	}
	return data, nil
}

// release is the end of one waiter's use of what a transfer brought.
func (v *version) release(t *transfer) {
	v.mu.Lock()
	t.waiters--
	last := t.waiters == 0
	v.mu.Unlock()
	if last && t.kind == Raw && v.object.cache.large(t.length()) {
		buffers.Put(&t.result)
	}
}

// buffers are memory for large transfers of raw data that is used again: to get
// it anew costs as much as to copy it.
var buffers sync.Pool // *[]byte

// large tells whether so many bytes are worth a buffer of the largest GET.
func (c *Cache) large(n uint64) bool { return n > c.settings.Largest/2 }

// buffer is memory for a transfer.
func (c *Cache) buffer(n uint64) []byte {
	if !c.large(n) {
		return make([]byte, n)
	}
	if b, ok := buffers.Get().(*[]byte); ok && uint64(cap(*b)) >= n {
		return (*b)[:n]
	}
	return make([]byte, n, c.settings.Largest)
}
