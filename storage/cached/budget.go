package cached

import (
	"container/list"
	"sync"
	"sync/atomic"
)

// entry is a piece of a version that is held. Its data never changes.
type entry struct {
	version *version
	at      span
	data    []byte
	used    atomic.Bool // since it was last looked at
	place   *list.Element
}

// budget holds entries of one kind up to a number of bytes. What was not used
// for longest goes first, as a clock sees it: an entry that was used since the
// hand last passed is passed over once more. So a hit costs no common lock.
type budget struct {
	limit uint64
	// of finds the place of an entry in its version.
	of func(*version) map[span]*entry

	mu   sync.Mutex
	held uint64
	ring list.List // *entry, the hand is at its front
}

// add holds data for a version, unless it is there, was dropped, or is more
// than all may be.
func (b *budget) add(v *version, at span, data []byte) {
	n := uint64(len(data))
	if n == 0 || n > b.limit {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	e := &entry{version: v, at: at, data: data}
	v.mu.Lock()
	_, known := b.of(v)[at]
	if known || v.dropped {
		v.mu.Unlock()
		return
	}
	b.of(v)[at] = e
	v.mu.Unlock()
	e.place = b.ring.PushBack(e)
	for b.held += n; b.held > b.limit; {
		oldest := b.ring.Front().Value.(*entry)
		if oldest.used.Swap(false) {
			b.ring.MoveToBack(oldest.place)
			continue
		}
		b.remove(oldest)
	}
}

func (b *budget) remove(e *entry) {
	b.ring.Remove(e.place)
	b.held -= uint64(len(e.data))
	e.version.mu.Lock()
	delete(b.of(e.version), e.at)
	e.version.mu.Unlock()
}

// drop lets go of all that is held of a version.
func (b *budget) drop(v *version) {
	b.mu.Lock()
	defer b.mu.Unlock()
	v.mu.Lock()
	entries := b.of(v)
	for at, e := range entries {
		b.ring.Remove(e.place)
		b.held -= uint64(len(e.data))
		delete(entries, at)
	}
	v.mu.Unlock()
}

func (b *budget) bytes() uint64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.held
}
