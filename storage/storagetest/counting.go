package storagetest

import (
	"context"
	"io"
	"sync"
	"time"

	"github.com/h5serve/h5serve/storage"
)

// Counts are what reading cost.
type Counts struct {
	Gets, Stats, Lists int
	Bytes              uint64 // of bodies that were read
	Rounds             int    // of requests that had to wait for another one
	Peak               int    // requests at once
}

// Counting counts what a store is asked. A request is of round 1 + the highest
// round that was over when it was sent: what is sent while others are still
// under way belongs to their round.
//
//	A ├────────┤                round 1
//	B   ├──────────┤            round 1, sent before A was over
//	C            ├───────┤      round 2, may have needed A
//
// Every request takes Latency before it is answered. In a bubble of
// testing/synctest that costs no time, and rounds are exact: time stands still
// until all that can be sent is sent.
type Counting struct {
	storage.Store
	Latency time.Duration

	mu    sync.Mutex
	now   Counts
	over  int // the highest round that is over
	going int
}

// Counts are those since the last Reset.
func (c *Counting) Counts() Counts {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Reset begins to count anew.
func (c *Counting) Reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now, c.over = Counts{}, 0
}

// Get counts a request and the bytes of its body, which is over at its last
// byte or when it is closed.
func (c *Counting) Get(ctx context.Context, key string, r storage.Range, cond storage.Conditions) (*storage.Part, error) {
	over, err := c.begin(ctx, func(n *Counts) { n.Gets++ })
	if err != nil {
		return nil, &storage.Error{Op: "get", Store: "counting", Key: key, Kind: storage.ErrUnavailable, Err: err}
	}
	part, err := c.Store.Get(ctx, key, r, cond)
	if err != nil {
		over()
		return nil, err
	}
	counted := *part
	counted.Body = &countedBody{ReadCloser: part.Body, counting: c, left: part.Count, over: over}
	return &counted, nil
}

// Stat counts a request.
func (c *Counting) Stat(ctx context.Context, key string, cond storage.Conditions) (storage.Info, error) {
	over, err := c.begin(ctx, func(n *Counts) { n.Stats++ })
	if err != nil {
		return storage.Info{}, &storage.Error{Op: "stat", Store: "counting", Key: key, Kind: storage.ErrUnavailable, Err: err}
	}
	defer over()
	return c.Store.Stat(ctx, key, cond)
}

// List counts a request.
func (c *Counting) List(ctx context.Context, q storage.Query) (*storage.Page, error) {
	over, err := c.begin(ctx, func(n *Counts) { n.Lists++ })
	if err != nil {
		return nil, &storage.Error{Op: "list", Store: "counting", Kind: storage.ErrUnavailable, Err: err}
	}
	defer over()
	return c.Store.List(ctx, q)
}

// begin counts a request and waits for the latency.
func (c *Counting) begin(ctx context.Context, count func(*Counts)) (over func(), err error) {
	c.mu.Lock()
	count(&c.now)
	round := c.over + 1
	c.now.Rounds = max(c.now.Rounds, round)
	c.going++
	c.now.Peak = max(c.now.Peak, c.going)
	c.mu.Unlock()
	over = sync.OnceFunc(func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.over = max(c.over, round)
		c.going--
	})
	if !pause(ctx, c.Latency) {
		over()
		return nil, ctx.Err()
	}
	return over, nil
}

func pause(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

type countedBody struct {
	io.ReadCloser
	counting *Counting
	left     uint64
	over     func()
}

func (b *countedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.counting.mu.Lock()
	b.counting.now.Bytes += uint64(n)
	b.counting.mu.Unlock()
	b.left -= min(uint64(n), b.left)
	if err != nil || b.left == 0 {
		b.over()
	}
	return n, err
}

func (b *countedBody) Close() error {
	b.over()
	return b.ReadCloser.Close()
}
