package transfer

import (
	"context"
	"sync"
)

// CacheSettings bound the decoded chunks that a dataset keeps, with h5py's
// meaning of rdcc_nslots, rdcc_nbytes and rdcc_w0.
type CacheSettings struct {
	Slots int    // chunks; 0 keeps none
	Bytes uint64 // of decoded chunks; a larger chunk is never kept
	// W0 says how far chunks that were read whole go first: 0 is the order of
	// their last use alone, 1 has every one of them go before any other.
	W0 float64
}

// DefaultCache is what HDF5 2.0 gives a dataset.
var DefaultCache = CacheSettings{Slots: 8191, Bytes: 8 << 20, W0: 0.75}

// Cache holds decoded chunks of one dataset, and the chunks that are being
// decoded: whoever asks for one of those waits for it.
//
//	acquire ─┬─ it is kept ─────────▶ copy ─▶ release
//	         ├─ it is being decoded ▶ wait ─▶ copy ─▶ release
//	         └─ neither: lead ──────▶ decode ▶ complete
//
// Who leads never waits for another chunk before it completes its own, so
// nobody waits in a circle. The lock is held for a few instructions only.
type Cache struct {
	mu       sync.Mutex
	settings CacheSettings
	chunks   map[uint64]*chunk // by number
	parts    order             // kept ones with something left to read
	wholes   order             // kept ones that were read whole
	used     uint64
	clock    uint64
	spare    [][]byte // buffers of chunks that went
}

// chunk is a decoded chunk, or one to be.
type chunk struct {
	number  uint64
	data    []byte
	absent  bool // nobody wrote it
	failed  bool
	done    bool
	kept    bool
	users   int           // who copies from data, or waits for it
	ready   chan struct{} // made by the first to wait
	left    int           // bytes not read since it is kept
	used    uint64        // clock of the last use
	in      *order
	older   *chunk
	younger *chunk
}

// NewCache returns an empty cache.
func NewCache(s CacheSettings) *Cache { return &Cache{settings: s, chunks: map[uint64]*chunk{}} }

// Set changes the bounds; what is beyond them goes at once.
func (c *Cache) Set(s CacheSettings) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.settings = s
	c.evict()
}

// keeps says whether chunks of so many bytes are kept.
func (c *Cache) keeps(bytes uint64) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.settings.Slots > 0 && bytes <= c.settings.Bytes
}

// holds bounds the bytes that are kept.
func (c *Cache) holds() uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.settings.Bytes
}

// has says whether a chunk need not be decoded now.
func (c *Cache) has(number uint64) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.chunks[number] != nil
}

// acquire gives a chunk. Where lead is true nobody has it, and the caller must
// complete it; otherwise the caller waits if it is not done, and releases it.
func (c *Cache) acquire(number uint64) (k *chunk, lead, done bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	k = c.chunks[number]
	if k == nil {
		k = &chunk{number: number}
		c.chunks[number] = k
		return k, true, false
	}
	k.users++
	if k.kept {
		c.clock++
		k.used = c.clock
		among := k.in
		among.remove(k)
		among.add(k)
	} else if !k.done && k.ready == nil {
		k.ready = make(chan struct{})
	}
	return k, false, k.done
}

// wait returns when the chunk's leader completed it.
func (k *chunk) wait(ctx context.Context) error {
	select {
	case <-k.ready:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// release says that n bytes of a chunk were copied.
func (c *Cache) release(k *chunk, n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	k.users--
	k.left -= n
	if k.kept && k.left <= 0 && k.in == &c.parts {
		c.parts.remove(k)
		c.wholes.insert(k)
	}
	c.recycle(k)
}

// buffer gives room for a chunk that will be kept.
func (c *Cache) buffer(n int) []byte {
	c.mu.Lock()
	if last := len(c.spare) - 1; last >= 0 && cap(c.spare[last]) >= n {
		p := c.spare[last][:0]
		c.spare = c.spare[:last]
		c.mu.Unlock()
		return p
	}
	c.mu.Unlock()
	return make([]byte, 0, n)
}

// recycle keeps the room of a chunk that nobody needs, up to a quarter of what
// the cache may hold.
func (c *Cache) recycle(k *chunk) {
	if k.users > 0 || !k.done || k.kept || k.data == nil {
		return
	}
	if uint64(cap(k.data))*uint64(len(c.spare)+1) <= c.settings.Bytes/4 {
		c.spare = append(c.spare, k.data)
	}
	k.data = nil
}

// fail completes a chunk without a result: who waits tries it alone.
func (c *Cache) fail(k *chunk) {
	c.mu.Lock()
	defer c.mu.Unlock()
	k.failed = true
	c.finish(k)
}

// completeAbsent completes a chunk that nobody wrote.
func (c *Cache) completeAbsent(k *chunk) {
	c.mu.Lock()
	defer c.mu.Unlock()
	k.absent = true
	c.finish(k)
}

// complete ends a lead that used the chunk itself. The cache takes data over.
func (c *Cache) complete(k *chunk, data []byte, read int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	k.data = data
	if size := uint64(cap(data)); c.settings.Slots > 0 && size <= c.settings.Bytes {
		c.clock++
		k.kept, k.used, k.left = true, c.clock, len(data)-read
		c.used += size
		if k.left > 0 {
			c.parts.add(k)
		} else {
			c.wholes.add(k)
		}
	}
	c.finish(k)
	c.evict()
}

// lend ends a lead whose bytes remain the caller's: they are copied only if
// somebody waits for them.
func (c *Cache) lend(k *chunk, data []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if k.users > 0 {
		c.mu.Unlock()
		copied := append(c.buffer(len(data)), data...)
		c.mu.Lock()
		k.data = copied
	}
	c.finish(k)
}

func (c *Cache) finish(k *chunk) {
	k.done = true
	if !k.kept {
		delete(c.chunks, k.number)
	}
	if k.ready != nil {
		close(k.ready)
	}
	c.recycle(k)
}

// evict makes the kept chunks few enough.
func (c *Cache) evict() {
	for c.used > c.settings.Bytes || c.parts.n+c.wholes.n > c.settings.Slots {
		k := c.oldest()
		k.in.remove(k)
		k.kept = false
		c.used -= uint64(cap(k.data))
		delete(c.chunks, k.number)
		c.recycle(k)
	}
}

// oldest is the next chunk to go: among those whose last use lies in the
// oldest W0 of all times of use, the first that was read whole; else the
// oldest of all.
func (c *Cache) oldest() *chunk {
	part, whole := c.parts.oldest, c.wholes.oldest
	switch {
	case part == nil:
		return whole
	case whole == nil:
		return part
	}
	first := min(part.used, whole.used)
	if float64(whole.used-first) <= c.settings.W0*float64(c.clock-first) {
		return whole
	}
	return part
}

// order is a list of chunks by their last use.
type order struct {
	oldest, youngest *chunk
	n                int
}

// add puts the chunk last.
func (o *order) add(k *chunk) { o.after(o.youngest, k) }

// insert puts the chunk in its place by its last use.
func (o *order) insert(k *chunk) {
	at := o.youngest
	for at != nil && at.used > k.used {
		at = at.older
	}
	o.after(at, k)
}

func (o *order) after(at, k *chunk) {
	k.in, k.older, k.younger = o, at, o.oldest
	if at != nil {
		k.younger = at.younger
		at.younger = k
	} else {
		o.oldest = k
	}
	if k.younger != nil {
		k.younger.older = k
	} else {
		o.youngest = k
	}
	o.n++
}

func (o *order) remove(k *chunk) {
	if k.older != nil {
		k.older.younger = k.younger
	} else {
		o.oldest = k.younger
	}
	if k.younger != nil {
		k.younger.older = k.older
	} else {
		o.youngest = k.older
	}
	k.in, k.older, k.younger = nil, nil, nil
	o.n--
}
