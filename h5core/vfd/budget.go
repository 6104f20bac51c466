package vfd

import "sync/atomic"

// Budget is a number of bytes that several Memory values share.
type Budget struct {
	limit uint64
	used  atomic.Uint64
}

// NewBudget makes a budget of limit bytes.
func NewBudget(limit uint64) *Budget { return &Budget{limit: limit} }

// Used tells how many bytes are taken now.
func (b *Budget) Used() uint64 { return b.used.Load() }

// Limit tells how many there are.
func (b *Budget) Limit() uint64 { return b.limit }

// take takes n bytes if that many are left; a nil budget is endless.
func (b *Budget) take(n uint64) bool {
	if b == nil {
		return true
	}
	for {
		used := b.used.Load()
		if n > b.limit-used {
			return false
		}
		if b.used.CompareAndSwap(used, used+n) {
			return true
		}
	}
}

func (b *Budget) give(n uint64) {
	if b != nil {
		b.used.Add(-n)
	}
}
