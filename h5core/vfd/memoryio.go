package vfd

import (
	"context"
	"io"
)

// maxPiece is the most that WriteRange hands over at once.
const maxPiece = 1 << 20

// zeros is what holes are written from.
var zeros [64 << 10]byte

// span is a part of one block: bytes from to to of block index.
type span struct {
	index    uint64
	from, to int
}

// first is the beginning of n > 0 bytes from addr on, as far as it lies in one block.
func (m *Memory) first(addr, n uint64) span {
	from := addr % m.blockSize
	return span{addr / m.blockSize, int(from), int(min(m.blockSize, from+min(n, m.blockSize)))}
}

// ReadAt fills p; holes are zeros.
func (m *Memory) ReadAt(ctx context.Context, p []byte, addr uint64) error {
	m.mu.RLock()
	defer m.mu.RUnlock()
	err := m.usable(ctx)
	if err == nil {
		err = within(addr, uint64(len(p)), m.size)
	}
	for at := addr; err == nil && len(p) > 0; {
		s := m.first(at, uint64(len(p)))
		n := s.to - s.from
		err = m.read(p[:n], s)
		p, at = p[n:], at+uint64(n)
	}
	return m.fail("read", addr, err)
}

func (m *Memory) read(p []byte, s span) error {
	b := m.blocks[s.index]
	if b == nil {
		clear(p)
		return nil
	}
	n := b.count(s.from, s.to)
	clear(p[n:])
	if b.data != nil {
		copy(p[:n], b.data[s.from:])
		return nil
	}
	return m.spool.read(p[:n], b, s.from)
}

// WriteAt writes p, extending the file where it ends before.
func (m *Memory) WriteAt(ctx context.Context, p []byte, addr uint64) error {
	to, err := end(addr, uint64(len(p)))
	if err != nil {
		return m.fail("write", addr, err)
	}
	for {
		done, err := m.tryWrite(ctx, p, addr, to)
		if done || err != nil {
			return m.fail("write", addr, err)
		}
		if err := m.prepare(addr, to); err != nil {
			return m.fail("write", addr, err)
		}
	}
}

// tryWrite writes if the file is long enough and has every block; else prepare has to make them, as that
// takes the lock for writing.
func (m *Memory) tryWrite(ctx context.Context, p []byte, addr, to uint64) (done bool, err error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if err := m.usable(ctx); err != nil {
		return false, err
	}
	if len(p) == 0 {
		return true, nil
	}
	if to > m.size {
		return false, nil
	}
	for i := addr / m.blockSize; i <= (to-1)/m.blockSize; i++ {
		if m.blocks[i] == nil {
			return false, nil
		}
	}
	for len(p) > 0 {
		s := m.first(addr, uint64(len(p)))
		n := s.to - s.from
		if err := m.write(p[:n], s); err != nil {
			return false, err
		}
		p, addr = p[n:], addr+uint64(n)
	}
	return true, nil
}

func (m *Memory) write(p []byte, s span) error {
	b := m.blocks[s.index]
	if b.data != nil {
		b.claim(s.from, s.to, func(from, to int) error {
			clear(b.data[from:to])
			return nil
		})
		copy(b.data[s.from:], p)
		return nil
	}
	err := b.claim(s.from, s.to, func(from, to int) error {
		return m.spool.write(make([]byte, to-from), b, from)
	})
	if err != nil {
		return err
	}
	return m.spool.write(p, b, s.from)
}

// prepare makes the missing blocks of a range, and then the file long enough.
func (m *Memory) prepare(addr, to uint64) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return ErrClosed
	}
	for at := addr; at < to; {
		i := at / m.blockSize
		if m.blocks[i] == nil {
			b, err := m.block()
			if err != nil {
				return err
			}
			m.blocks[i] = b
		}
		at += min(m.blockSize-at%m.blockSize, to-at)
	}
	m.size = max(m.size, to)
	return nil
}

// block takes a block from memory, or from the spool once the budget is used up.
func (m *Memory) block() (*block, error) {
	if m.budget.take(m.blockSize) {
		return newBlock(int(m.blockSize)), nil
	}
	return m.spool.block(int(m.blockSize))
}

// WriteRange writes n bytes from addr on to w, straight from the blocks, in pieces of 1 MiB at most. The
// receiver's own errors come back as they are.
func (m *Memory) WriteRange(ctx context.Context, w io.Writer, addr, n uint64) (err error) {
	if err := m.enter(ctx, addr, n); err != nil {
		return m.fail("read", addr, err)
	}
	defer func() {
		if left := m.leave(); err == nil {
			err = left
		}
	}()
	var scratch *block
	defer func() {
		if scratch != nil {
			recycle(scratch)
		}
	}()
	for n > 0 {
		if err := ctx.Err(); err != nil {
			return m.fail("read", addr, err)
		}
		piece, err := m.piece(addr, n, &scratch)
		if err != nil {
			return m.fail("read", addr, err)
		}
		if _, err := w.Write(piece); err != nil {
			return err
		}
		addr += uint64(len(piece))
		n -= uint64(len(piece))
	}
	return nil
}

// piece gives the next bytes to write: a block's own, zeros, or what scratch is given of a spooled block.
func (m *Memory) piece(addr, n uint64, scratch **block) ([]byte, error) {
	s := m.first(addr, min(n, maxPiece))
	m.mu.RLock()
	b := m.blocks[s.index]
	m.mu.RUnlock()
	count := 0
	if b != nil {
		count = b.count(s.from, s.to)
	}
	switch {
	case count == 0:
		return zeros[:min(s.to-s.from, len(zeros))], nil
	case b.data != nil:
		return b.data[s.from : s.from+count], nil
	}
	if *scratch == nil {
		*scratch = newBlock(int(m.blockSize))
	}
	p := (*scratch).data[:count]
	return p, m.spool.read(p, b, s.from)
}

// enter begins a read that goes on without the lock; leave ends it.
func (m *Memory) enter(ctx context.Context, addr, n uint64) error {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if err := m.usable(ctx); err != nil {
		return err
	}
	if err := within(addr, n, m.size); err != nil {
		return err
	}
	m.readers.Add(1)
	return nil
}

func (m *Memory) leave() error {
	if m.readers.Add(-1) > 0 {
		return nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.settle()
}
