package cached

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/h5serve/h5serve/storage"
)

// Cache holds what was read of any number of objects. One serves a process.
type Cache struct {
	settings Settings
	slots    chan struct{} // one for each GET under way
	metadata budget
	raw      budget
	folder   *folder // nil without one
	totals   Counter
	only     []*Counter // of reads that nobody else counts: the totals

	mu      sync.Mutex
	objects map[place]*object
	sweepAt int // number of objects at which those that hold nothing are forgotten
}

// place is where an object lies. Stores are told apart by ==, so they are
// pointers.
type place struct {
	store storage.Store
	key   string
}

// New makes a cache; it fails only where its folder cannot be used.
func New(s Settings) (*Cache, error) {
	s = s.orDefaults()
	c := &Cache{
		settings: s,
		slots:    make(chan struct{}, s.Requests),
		metadata: budget{limit: s.MetadataBudget, of: func(v *version) map[span]*entry { return v.pages }},
		raw:      budget{limit: s.RawBudget, of: func(v *version) map[span]*entry { return v.raws }},
		objects:  map[place]*object{},
		sweepAt:  minSweep,
	}
	c.only = []*Counter{&c.totals}
	if s.Folder != "" {
		f, err := openFolder(s.Folder, s.FolderBudget)
		if err != nil {
			return nil, err
		}
		c.folder = f
	}
	return c, nil
}

// Close ends the use of the cache's folder. Its files stay for the next process.
func (c *Cache) Close() error {
	if c.folder != nil {
		c.folder.close()
	}
	return nil
}

// Totals tells what was read through the cache so far. Its rounds are those of
// all reads, one after the other.
func (c *Cache) Totals() Counts { return c.totals.Counts() }

// Held tells how many bytes of each kind are in memory.
func (c *Cache) Held() (metadata, raw uint64) { return c.metadata.bytes(), c.raw.bytes() }

// Open opens an object. What is not known costs one GET, which brings its first
// bytes; what is known costs a conditional one, or none within Settings.Fresh.
// An object that is not there is ErrNotFound.
func (c *Cache) Open(ctx context.Context, store storage.Store, key string) (*File, error) {
	o := c.object(store, key)
	v, err := o.ask(ctx, time.Now())
	if err != nil {
		c.leave(o)
		return nil, err
	}
	return &File{object: o, version: v}, nil
}

// Known opens the version that was there last, without a request; false where
// none is known. Whoever needs to know that it is still the object's asks
// Confirm before giving anything out.
func (c *Cache) Known(store storage.Store, key string) (*File, bool) {
	o := c.object(store, key)
	o.mu.Lock()
	v := o.current
	o.mu.Unlock()
	if v == nil {
		c.leave(o)
		return nil, false
	}
	return &File{object: o, version: v}, true
}

const minSweep = 1024

func (c *Cache) object(store storage.Store, key string) *object {
	c.mu.Lock()
	defer c.mu.Unlock()
	at := place{store, key}
	o := c.objects[at]
	if o == nil {
		if len(c.objects) >= c.sweepAt {
			c.sweep()
		}
		o = &object{cache: c, store: store, key: key}
		c.objects[at] = o
	}
	o.users++
	return o
}

func (c *Cache) leave(o *object) {
	c.mu.Lock()
	defer c.mu.Unlock()
	o.users--
}

// sweep forgets objects that nobody uses and of which nothing is held. It comes
// the later the more stay.
func (c *Cache) sweep() {
	for at, o := range c.objects {
		if o.users == 0 && o.empty() {
			delete(c.objects, at)
		}
	}
	c.sweepAt = max(minSweep, 2*len(c.objects))
}

// slot waits for the right to make a request.
func slot(ctx context.Context, slots chan struct{}) (release func(), err error) {
	select {
	case slots <- struct{}{}:
		return func() { <-slots }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// object is what lies at a place: some version now, perhaps another one later.
type object struct {
	cache *Cache
	store storage.Store
	key   string
	users int // guarded by the cache's lock

	mu      sync.Mutex
	current *version          // nil where none is known
	asking  *flight[*version] // nil where nobody asks
}

func (o *object) empty() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.asking == nil && (o.current == nil || o.current.empty())
}

// ask returns the object's version, as it was after since, or within
// Settings.Fresh before it. Who comes while somebody asks takes that answer.
func (o *object) ask(ctx context.Context, since time.Time) (*version, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	o.mu.Lock()
	known := o.current
	if known != nil && known.confirmed(since) {
		o.mu.Unlock()
		return known, nil
	}
	a := o.asking
	if a != nil {
		a.join()
	} else {
		a = new(flight[*version])
		o.asking = a
		a.launch(ctx, &o.mu, func() { o.asking = nil }, func(ctx context.Context) (*version, error) {
			return o.request(ctx, known)
		})
	}
	o.mu.Unlock()
	defer o.cache.round(ctx)()
	return a.wait(ctx)
}

// request makes the first GET, on condition that there is another version than
// the known one, if any.
func (o *object) request(ctx context.Context, known *version) (*version, error) {
	release, err := slot(ctx, o.cache.slots)
	if err != nil {
		return nil, err
	}
	defer release()
	etag := ""
	if known != nil {
		etag = known.info.ETag
	}
	s := &o.cache.settings
	sent := time.Now()
	pin := s.Pinned.Unless(counted{o.store, o.cache}, o.key, etag)
	first := make([]byte, s.First)
	n, err := pin.ReadUpTo(ctx, first, 0)
	switch {
	case known != nil && errors.Is(err, storage.ErrNotModified):
		known.confirm(sent)
		return known, nil
	case err != nil:
		if known != nil && errors.Is(err, storage.ErrNotFound) {
			known.drop()
		}
		return nil, err
	}
	info, _ := pin.Info()
	if known != nil && known.is(info) { // the store ignores conditions, or has none
		known.confirm(sent)
		return known, nil
	}
	v := newVersion(o, pin, info, sent)
	v.ahead.next = uint64(n)
	if err := o.become(ctx, v); err != nil {
		return nil, err
	}
	v.hold(0, first[:n])
	return v, nil
}

// become makes a version the object's, unless all who asked for it have left:
// who came after them asks anew.
func (o *object) become(ctx context.Context, v *version) error {
	o.mu.Lock()
	if err := ctx.Err(); err != nil {
		o.mu.Unlock()
		return err
	}
	before := o.current
	o.current = v
	o.mu.Unlock()
	if before != nil {
		before.drop()
	}
	return nil
}
