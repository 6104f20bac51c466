package h5core

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/h5serve/h5serve/h5core/internal/load"
	"github.com/h5serve/h5serve/h5core/internal/object"
	"github.com/h5serve/h5serve/h5core/internal/piece"
	"github.com/h5serve/h5serve/h5core/internal/plan"
	"github.com/h5serve/h5serve/h5core/vfd"
)

// File is an open file, and its root group.
type File struct {
	*Group
	options *options
	handle  vfd.File
	memory  *vfd.Memory // where elements lie until the file is written
	borrows bool        // memory is the handle's own
	attrs   *piece.GlobalHeap
	data    *piece.GlobalHeap
	refs    []object.Node // what references lead to; a token is a number here, from 1 on

	stored *load.File // of a file being read: all of the above but options and handle is nil
	paths  pathIndex
	beside *beside // the files that this one leads to

	mu     sync.Mutex // guards the tree and the state
	plan   *Plan
	closed bool
}

// Open opens a file in one of h5py's modes. "r" reads one, "w" makes or empties
// one, and "w-" or "x" makes one that must not exist; the modes that change a
// file ("r+", "a") are ErrUnsupported in this version.
func Open(ctx context.Context, name, mode string, opts ...Option) (*File, error) {
	var how vfd.Mode
	switch mode {
	case "w":
		how = vfd.Truncate
	case "w-", "x":
		how = vfd.Exclusive
	case "r":
		return openStored(ctx, name, opts)
	case "r+", "a":
		return nil, failf("open", name, ErrUnsupported, "mode %q is not supported yet: files are made or read, not changed", mode)
	default:
		return nil, failf("open", name, ErrInvalid, "mode %q is not one of r, r+, w, w-, x, a", mode)
	}
	o, err := newOptions(opts)
	if err != nil {
		return nil, fail("open", name, ErrInvalid, err)
	}
	handle, err := o.open(ctx, name, how)
	if err != nil {
		return nil, err
	}
	f := &File{options: o, handle: handle}
	if core, ok := handle.(*vfd.CoreFile); ok && !storesBack(o.driver) {
		f.memory, f.borrows = core.Memory(), true
	} else {
		f.memory = vfd.NewMemory(o.spool)
	}
	f.attrs, f.data = piece.NewGlobalHeap(f.memory), piece.NewGlobalHeap(f.memory)
	root := &object.Group{Object: object.Object{Links: 1, TrackOrder: o.trackOrder}, TrackLinks: o.trackOrder}
	f.Group = &Group{file: f, path: "/", node: root}
	return f, nil
}

// storesBack tells whether a core driver keeps its image, which the planned
// file then has to become.
func storesBack(d vfd.Driver) bool {
	c, ok := d.(vfd.Core)
	return !ok || c.BackingStore
}

// change runs fn on the tree, unless the file can no longer change.
func (f *File) change(op, path string, fn func() error) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.stored != nil {
		return fail(op, path, vfd.ErrReadOnly, nil)
	}
	if f.closed || f.plan != nil {
		return fail(op, path, ErrClosed, nil)
	}
	return fn()
}

func (f *File) settings() plan.Settings {
	o := f.options
	return plan.Settings{
		Low: o.low, High: o.high, UserBlockSize: o.userSize, UserBlock: o.userBlock, Workers: o.workers,
		Memory: f.memory, AttributeHeap: f.attrs, DataHeap: f.data, References: f.refs,
	}
}

// Plan freezes the file and plans it: chunks are encoded, everything gets its
// place. A second call gives the same plan, which lives until Close.
func (f *File) Plan(ctx context.Context) (*Plan, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return nil, fail("plan", "/", ErrClosed, nil)
	}
	if f.stored != nil {
		return nil, fail("plan", "/", vfd.ErrReadOnly, nil)
	}
	if f.plan == nil {
		p, err := plan.Build(ctx, f.node, f.settings())
		if err != nil {
			return nil, planError(err)
		}
		f.plan = &Plan{p}
	}
	return f.plan, nil
}

// Held tells how many bytes the file keeps in memory or in its temporary file.
func (f *File) Held() uint64 {
	if f.memory == nil {
		return 0
	}
	return f.memory.Size()
}

// Estimate tells the size in bytes that the file will have, without encoding
// anything: exact, or at most where chunks are compressed.
func (f *File) Estimate(ctx context.Context) (size uint64, exact bool, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return 0, false, fail("estimate", "/", ErrClosed, nil)
	}
	size, exact, err = plan.Estimate(ctx, f.node, f.settings())
	if err != nil {
		return 0, false, planError(err)
	}
	return size, exact, nil
}

// Close writes the file into its driver, unless that is core without a backing
// store, and gives all memory back. A failed close says so; a second one is
// harmless. A Plan of the file is dead afterwards.
func (f *File) Close() error {
	f.mu.Lock()
	closed := f.closed
	f.mu.Unlock()
	if closed {
		return nil
	}
	var err error
	if !f.borrows && f.stored == nil {
		err = f.store(context.Background())
	}
	if failed := f.release(); err == nil {
		err = failed
	}
	return err
}

// Discard closes the file without writing it.
func (f *File) Discard() { _ = f.release() }

func (f *File) store(ctx context.Context) error {
	p, err := f.Plan(ctx)
	if err != nil {
		return err
	}
	w := &handleWriter{ctx: ctx, file: f.handle}
	if _, err := p.WriteTo(w); err != nil {
		return fmt.Errorf("close: %w", err)
	}
	return f.handle.Sync(ctx)
}

func (f *File) release() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return nil
	}
	f.closed = true
	if !f.borrows && f.memory != nil {
		_ = f.memory.Close()
	}
	if f.stored != nil {
		return errors.Join(f.stored.Close(), f.handle.Close())
	}
	return f.handle.Close()
}

// handleWriter writes a plan into a driver from address 0 on.
type handleWriter struct {
	ctx  context.Context
	file vfd.File
	at   uint64
}

func (w *handleWriter) Write(p []byte) (int, error) {
	if err := w.file.WriteAt(w.ctx, p, w.at); err != nil {
		return 0, err
	}
	w.at += uint64(len(p))
	return len(p), nil
}
