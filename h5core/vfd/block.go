package vfd

import (
	"sync"
)

// block is one piece of a Memory. Its bytes lie in data, or at offset of the spool's file when data is nil.
//
// Blocks are reused and not cleared: only the first filled bytes count, all others read as zeros. Whoever
// writes past filled clears the gap and raises filled before it copies, so the mark is all that needs the
// lock, and writers of ranges apart copy at the same time.
type block struct {
	data   []byte
	offset int64

	mu     sync.Mutex
	filled int
}

// claim makes the range known as written and tells which gap before it has to be cleared by the caller's
// clear, still under the lock.
func (b *block) claim(from, to int, clear func(from, to int) error) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if from > b.filled {
		if err := clear(b.filled, from); err != nil {
			return err
		}
	}
	b.filled = max(b.filled, to)
	return nil
}

// count tells how many bytes from from on, up to to, count as written.
func (b *block) count(from, to int) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return max(0, min(b.filled, to)-from)
}

func (b *block) cut(at int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.filled = min(b.filled, at)
}

// idle holds blocks that were given back, by their size: pages once touched are the cheapest.
var idle sync.Map // int → *sync.Pool of *block

func newBlock(size int) *block {
	pool, ok := idle.Load(size)
	if !ok {
		pool, _ = idle.LoadOrStore(size, new(sync.Pool))
	}
	if b, ok := pool.(*sync.Pool).Get().(*block); ok {
		return b
	}
	return &block{data: make([]byte, size)}
}

func recycle(b *block) {
	b.filled = 0
	if pool, ok := idle.Load(len(b.data)); ok {
		pool.(*sync.Pool).Put(b)
	}
}
