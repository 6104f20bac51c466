package vfd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"sync/atomic"
)

// Core is the driver that keeps a whole file in memory (H5FD_CORE; h5py's "core"). With BackingStore the
// image is loaded from the file at the path, and written back by Sync and Close when it was changed.
// Without, an existing file is loaded all the same, what is made or changed is dropped by Close, and making
// a file touches no disk.
type Core struct {
	BlockSize    int  // bytes by which memory grows, 64 KiB if 0 (h5py's block_size)
	BackingStore bool // h5py's default is true, and so is the registered driver's
	Budget       *Budget
	TempDir      string
	DiskLimit    uint64
}

func (Core) Name() string { return "core" }

// Open opens the file at a path. The File's own type has the method Memory.
func (c Core) Open(ctx context.Context, name string, mode Mode) (File, error) {
	at := site{c.Name(), name}
	if mode > Exclusive {
		return nil, at.fail("open", 0, fmt.Errorf("%w: %v", ErrMode, mode))
	}
	if err := ctx.Err(); err != nil {
		return nil, at.fail("open", 0, err)
	}
	f := &CoreFile{mode: mode, memory: NewMemory(Settings{c.BlockSize, c.Budget, c.TempDir, c.DiskLimit})}
	f.memory.site = at
	if !c.BackingStore && mode.Creates() {
		return f, nil
	}
	if !c.BackingStore {
		mode = Read // for loading; the image may still be changed
	}
	if err := f.load(ctx, name, mode); err != nil {
		f.memory.Close()
		return nil, at.fail("open", 0, err)
	}
	if c.BackingStore && mode.Writable() {
		return f, nil
	}
	err := f.store.Close()
	f.store = nil
	return f, at.fail("open", 0, err)
}

// CoreFile is a file of the core driver.
type CoreFile struct {
	memory *Memory
	mode   Mode
	store  *os.File     // nil: nothing is written back
	mu     sync.RWMutex // for writing while the image is written back, for reading while it is changed
	dirty  atomic.Bool
}

func (f *CoreFile) load(ctx context.Context, name string, mode Mode) (err error) {
	if f.store, err = openFile(ctx, name, mode); err != nil {
		return err
	}
	buf := make([]byte, f.memory.blockSize)
	for err == nil {
		var n int
		n, err = io.ReadFull(f.store, buf)
		if n > 0 {
			if _, full := f.memory.Append(ctx, buf[:n]); full != nil {
				err = full
			}
		}
	}
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return nil
	}
	return errors.Join(err, f.store.Close())
}

// Memory is the image itself. Changes made to it past this file are not known as such: they are written
// back with the next one that is.
func (f *CoreFile) Memory() *Memory { return f.memory }

func (f *CoreFile) ReadAt(ctx context.Context, p []byte, addr uint64) error {
	return f.memory.ReadAt(ctx, p, addr)
}

func (f *CoreFile) WriteAt(ctx context.Context, p []byte, addr uint64) error {
	if !f.mode.Writable() {
		return f.memory.fail("write", addr, f.readOnly())
	}
	f.mu.RLock()
	defer f.mu.RUnlock()
	f.dirty.Store(true)
	return f.memory.WriteAt(ctx, p, addr)
}

func (f *CoreFile) Size() uint64 { return f.memory.Size() }

func (f *CoreFile) Truncate(ctx context.Context, size uint64) error {
	if !f.mode.Writable() {
		return f.memory.fail("truncate", size, f.readOnly())
	}
	f.mu.RLock()
	defer f.mu.RUnlock()
	f.dirty.Store(true)
	return f.memory.Truncate(ctx, size)
}

// Sync writes a changed image back.
func (f *CoreFile) Sync(ctx context.Context) error {
	if err := f.memory.Sync(ctx); err != nil {
		return err
	}
	return f.memory.fail("sync", 0, f.flush(ctx))
}

// Close writes a changed image back, and drops it even if that fails.
func (f *CoreFile) Close() error {
	if err := f.memory.Sync(context.Background()); err != nil {
		return f.memory.fail("close", 0, ErrClosed)
	}
	err := f.flush(context.Background())
	err = errors.Join(err, f.memory.Close())
	if f.store != nil {
		err = errors.Join(err, f.store.Close())
	}
	return f.memory.fail("close", 0, err)
}

// flush writes the image over the stored file, and keeps the mark of a change where that fails.
func (f *CoreFile) flush(ctx context.Context) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.store == nil || !f.dirty.Load() {
		return nil
	}
	size := f.memory.Size()
	err := f.memory.WriteRange(ctx, io.NewOffsetWriter(f.store, 0), 0, size)
	if err == nil {
		err = f.store.Truncate(int64(size))
	}
	if err == nil {
		err = f.store.Sync()
	}
	f.dirty.Store(err != nil)
	return err
}

func (f *CoreFile) readOnly() error {
	if err := f.memory.Sync(context.Background()); err != nil {
		return ErrClosed
	}
	return ErrReadOnly
}
