package cached

import (
	"context"
	"io"
	"sync"
	"sync/atomic"

	"github.com/h5serve/h5serve/storage"
)

// Counts tell what reading cost.
type Counts struct {
	GETs   int64 // requests made, also those that failed
	Rounds int64 // requests or waves of them that each began after another had ended
	Bytes  int64 // that came
	Hits   int64 // ranges that were held
	Misses int64 // ranges that were waited for
	Shared int64 // of the misses, those that waited only for what others had begun
}

// Counter counts what is done with the contexts that hold it. A request that
// serves several counters is counted for the one that began it.
type Counter struct {
	gets, bytes, hits, misses, shared atomic.Int64

	mu   sync.Mutex
	done int64 // depth of the deepest wait that ended
}

type counterKey struct{}

// WithCounter returns a context that counts.
func WithCounter(ctx context.Context) (context.Context, *Counter) {
	c := new(Counter)
	return context.WithValue(ctx, counterKey{}, c), c
}

// Counts tells what was counted so far.
func (c *Counter) Counts() Counts {
	c.mu.Lock()
	defer c.mu.Unlock()
	return Counts{
		GETs: c.gets.Load(), Rounds: c.done, Bytes: c.bytes.Load(),
		Hits: c.hits.Load(), Misses: c.misses.Load(), Shared: c.shared.Load(),
	}
}

// begin starts a wait, which is one round deeper than any that has ended.
func (c *Counter) begin() (depth int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.done + 1
}

func (c *Counter) end(depth int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.done = max(c.done, depth)
}

// counters are those that count for a context: the cache's, and its own if any.
func (c *Cache) counters(ctx context.Context) []*Counter {
	if own, ok := ctx.Value(counterKey{}).(*Counter); ok {
		return []*Counter{&c.totals, own}
	}
	return c.only
}

// round counts a wait that begins now; the returned function ends it.
func (c *Cache) round(ctx context.Context) (end func()) {
	own, ok := ctx.Value(counterKey{}).(*Counter)
	depth := int64(0)
	if ok {
		depth = own.begin()
	}
	return func() {
		if ok {
			own.end(depth)
		}
		c.totals.mu.Lock()
		c.totals.done++
		c.totals.mu.Unlock()
	}
}

// counted is a store whose requests are counted.
type counted struct {
	storage.Store
	cache *Cache
}

func (s counted) Get(ctx context.Context, key string, r storage.Range, c storage.Conditions) (*storage.Part, error) {
	counters := s.cache.counters(ctx)
	for _, n := range counters {
		n.gets.Add(1)
	}
	part, err := s.Store.Get(ctx, key, r, c)
	if err == nil {
		part.Body = &countedBody{part.Body, counters}
	}
	return part, err
}

type countedBody struct {
	io.ReadCloser
	counters []*Counter
}

func (b *countedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	for _, c := range b.counters {
		c.bytes.Add(int64(n))
	}
	return n, err
}
