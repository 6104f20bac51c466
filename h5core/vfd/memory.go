package vfd

import (
	"context"
	"sync"
	"sync/atomic"
)

// Settings are the parameters of a Memory. The zero value is a good one.
type Settings struct {
	BlockSize int     // bytes per block, 64 KiB if 0
	Budget    *Budget // memory shared with others; nil has no end
	TempDir   string  // where blocks go that fit no budget, the system's folder if empty
	DiskLimit uint64  // bytes of them at most; 0 has no end
}

const defaultBlockSize = 64 << 10

// Memory is a file in memory: blocks that come as they are written to, so that growth copies nothing and
// holes take no room. Blocks that fit no budget go to one temporary file.
//
//	addr / BlockSize ──▶ blocks ──▶ memory (recycled) │ spool (a file without a name)
//
// Reads and writes hold the lock for reading, and what adds or takes away blocks holds it for writing.
// Only WriteRange, whose receiver may be slow, works without: while one runs, blocks that are given up
// are kept aside. So Close does not wait; a WriteRange that had begun ends with the right bytes, and the
// blocks go back when the last one ends. Calls that begin later are ErrClosed.
type Memory struct {
	site
	blockSize uint64
	budget    *Budget

	mu      sync.RWMutex
	size    uint64
	blocks  map[uint64]*block // by addr / blockSize; a missing one is a hole
	spool   spool
	closed  bool
	retired []*block // given up while readers > 0
	readers atomic.Int64
}

// NewMemory makes an empty file.
func NewMemory(s Settings) *Memory {
	if s.BlockSize <= 0 {
		s.BlockSize = defaultBlockSize
	}
	return &Memory{
		site:      site{driver: "memory"},
		blockSize: uint64(s.BlockSize),
		budget:    s.Budget,
		blocks:    map[uint64]*block{},
		spool:     spool{dir: s.TempDir, limit: s.DiskLimit},
	}
}

// Size is the file's length, 0 once closed.
func (m *Memory) Size() uint64 {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.size
}

// Sync does nothing: there is nothing that lasts.
func (m *Memory) Sync(ctx context.Context) error {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.fail("sync", 0, m.usable(ctx))
}

// Append adds p at the end and tells where that is. After an error the range stays, its bytes unknown.
func (m *Memory) Append(ctx context.Context, p []byte) (addr uint64, err error) {
	if err := ctx.Err(); err != nil {
		return 0, m.fail("write", 0, err)
	}
	if addr, err = m.Reserve(uint64(len(p))); err != nil {
		return 0, err
	}
	return addr, m.WriteAt(ctx, p, addr)
}

// Reserve extends the file by n bytes, zeros until written, and tells where they begin.
func (m *Memory) Reserve(n uint64) (addr uint64, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return 0, m.fail("write", 0, ErrClosed)
	}
	to, err := end(m.size, n)
	if err != nil {
		return 0, m.fail("write", m.size, err)
	}
	addr, m.size = m.size, to
	return addr, nil
}

// Truncate sets the length. What lay beyond a new end is given back, and reads as zeros should the file
// grow again.
func (m *Memory) Truncate(ctx context.Context, size uint64) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.usable(ctx); err != nil {
		return m.fail("truncate", size, err)
	}
	if size < m.size {
		last := size / m.blockSize
		for i, b := range m.blocks {
			if i > last || i == last && size%m.blockSize == 0 {
				m.drop(i, b)
			} else if i == last {
				b.cut(int(size % m.blockSize))
			}
		}
	}
	m.size = size
	return nil
}

// Release gives back the blocks that lie whole inside n bytes from addr on; they read as zeros from then.
func (m *Memory) Release(addr, n uint64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if addr > m.size {
		return
	}
	first, beyond := addr/m.blockSize, (addr+min(n, m.size-addr))/m.blockSize
	if addr%m.blockSize != 0 {
		first++
	}
	if first >= beyond {
		return
	}
	if uint64(len(m.blocks)) < beyond-first {
		for i, b := range m.blocks {
			if first <= i && i < beyond {
				m.drop(i, b)
			}
		}
		return
	}
	for i := first; i < beyond; i++ {
		if b := m.blocks[i]; b != nil {
			m.drop(i, b)
		}
	}
}

// Close gives every block back; see the type's comment.
func (m *Memory) Close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return m.fail("close", 0, ErrClosed)
	}
	m.closed, m.size = true, 0
	return m.fail("close", 0, m.settle())
}

func (m *Memory) usable(ctx context.Context) error {
	if m.closed {
		return ErrClosed
	}
	return ctx.Err()
}

// drop takes a block out; the lock is held for writing.
func (m *Memory) drop(i uint64, b *block) {
	delete(m.blocks, i)
	m.retired = append(m.retired, b)
	if m.readers.Load() == 0 {
		m.giveBack()
	}
}

func (m *Memory) giveBack() {
	for _, b := range m.retired {
		if b.data == nil {
			m.spool.give(b)
			continue
		}
		recycle(b)
		m.budget.give(m.blockSize)
	}
	m.retired = m.retired[:0]
}

// settle gives back what was kept aside, unless someone still reads; the lock is held for writing.
func (m *Memory) settle() error {
	if m.readers.Load() > 0 {
		return nil
	}
	m.giveBack()
	if !m.closed {
		return nil
	}
	for i, b := range m.blocks {
		m.drop(i, b)
	}
	return m.spool.close()
}
