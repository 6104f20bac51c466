package vfdtest

import (
	"context"
	"errors"
	"sync/atomic"

	"github.com/h5serve/h5serve/h5core/vfd"
)

// Wrap is a driver whose files are wrapped as they are opened.
func Wrap(d vfd.Driver, wrap func(vfd.File) vfd.File) vfd.Driver { return wrapped{d, wrap} }

type wrapped struct {
	vfd.Driver
	wrap func(vfd.File) vfd.File
}

func (w wrapped) Open(ctx context.Context, name string, mode vfd.Mode) (vfd.File, error) {
	f, err := w.Driver.Open(ctx, name, mode)
	if err != nil {
		return nil, err
	}
	return w.wrap(f), nil
}

// Counting counts what is asked of a file. A vectored read is one round, whatever its segments.
type Counting struct {
	vfd.File
	Rounds, Segments, Writes, Syncs atomic.Int64
	BytesRead, BytesWritten         atomic.Int64
}

func (c *Counting) ReadAt(ctx context.Context, p []byte, addr uint64) error {
	c.count(len(p))
	c.Rounds.Add(1)
	return c.File.ReadAt(ctx, p, addr)
}

func (c *Counting) ReadVector(ctx context.Context, class vfd.Class, segs []vfd.Segment) error {
	for _, s := range segs {
		c.count(len(s.Data))
	}
	c.Rounds.Add(1)
	return vfd.Fetch(ctx, c.File, class, segs)
}

func (c *Counting) count(n int) {
	c.Segments.Add(1)
	c.BytesRead.Add(int64(n))
}

func (c *Counting) WriteAt(ctx context.Context, p []byte, addr uint64) error {
	c.Writes.Add(1)
	c.BytesWritten.Add(int64(len(p)))
	return c.File.WriteAt(ctx, p, addr)
}

func (c *Counting) Sync(ctx context.Context) error {
	c.Syncs.Add(1)
	return c.File.Sync(ctx)
}

// ErrInjected is what a Faulty file fails with.
var ErrInjected = errors.New("injected fault")

// Faulty fails one operation: every read, write, truncation and sync counts, the first is number 1.
type Faulty struct {
	vfd.File
	At   int64 // the operation that fails; 0 fails none, and so counts them
	Stay bool  // all later ones fail too, as after a crash
	Torn int   // a failing write still stores this many of its first bytes
	done atomic.Int64
}

// Done tells how many operations were asked for.
func (f *Faulty) Done() int64 { return f.done.Load() }

func (f *Faulty) fails() (first, fails bool) {
	n := f.done.Add(1)
	first = n == f.At
	return first, first || f.Stay && f.At > 0 && n > f.At
}

func (f *Faulty) ReadAt(ctx context.Context, p []byte, addr uint64) error {
	if _, fails := f.fails(); fails {
		return ErrInjected
	}
	return f.File.ReadAt(ctx, p, addr)
}

func (f *Faulty) ReadVector(ctx context.Context, class vfd.Class, segs []vfd.Segment) error {
	if _, fails := f.fails(); fails {
		return ErrInjected
	}
	return vfd.Fetch(ctx, f.File, class, segs)
}

func (f *Faulty) WriteAt(ctx context.Context, p []byte, addr uint64) error {
	first, fails := f.fails()
	if !fails {
		return f.File.WriteAt(ctx, p, addr)
	}
	if n := min(f.Torn, len(p)); first && n > 0 {
		return errors.Join(ErrInjected, f.File.WriteAt(ctx, p[:n], addr))
	}
	return ErrInjected
}

func (f *Faulty) Truncate(ctx context.Context, size uint64) error {
	if _, fails := f.fails(); fails {
		return ErrInjected
	}
	return f.File.Truncate(ctx, size)
}

func (f *Faulty) Sync(ctx context.Context) error {
	if _, fails := f.fails(); fails {
		return ErrInjected
	}
	return f.File.Sync(ctx)
}
