package vfd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"sync/atomic"
	"syscall"
)

// Sec2 is the driver of the operating system's files, without a buffer of its own (H5FD_SEC2).
type Sec2 struct{}

func (Sec2) Name() string { return "sec2" }

// Open opens the file at a path.
func (d Sec2) Open(ctx context.Context, name string, mode Mode) (File, error) {
	at := site{d.Name(), name}
	f, err := openFile(ctx, name, mode)
	if err != nil {
		return nil, at.fail("open", 0, err)
	}
	return &osFile{site: at, file: f, mode: mode}, nil
}

func openFile(ctx context.Context, name string, mode Mode) (*os.File, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	flags := map[Mode]int{
		Read:      os.O_RDONLY,
		ReadWrite: os.O_RDWR,
		Truncate:  os.O_RDWR | os.O_CREATE | os.O_TRUNC,
		Exclusive: os.O_RDWR | os.O_CREATE | os.O_EXCL,
	}
	flag, ok := flags[mode]
	if !ok {
		return nil, fmt.Errorf("%w: %v", ErrMode, mode)
	}
	f, err := os.OpenFile(name, flag, 0o666)
	if err != nil {
		return nil, err
	}
	if info, err := f.Stat(); err != nil || info.IsDir() {
		if err == nil {
			err = syscall.EISDIR
		}
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

type osFile struct {
	site
	file   *os.File
	mode   Mode
	closed atomic.Bool
}

func (f *osFile) ReadAt(ctx context.Context, p []byte, addr uint64) error {
	if err := f.usable(ctx); err != nil {
		return f.fail("read", addr, err)
	}
	if err := signed(addr, len(p), ErrShort); err != nil {
		return f.fail("read", addr, err)
	}
	if len(p) == 0 {
		return f.fail("read", addr, within(addr, 0, f.Size()))
	}
	n, err := f.file.ReadAt(p, int64(addr))
	if err == io.EOF {
		err = fmt.Errorf("%w: %d bytes wanted, %d are there", ErrShort, len(p), n)
	}
	return f.fail("read", addr, err)
}

func (f *osFile) WriteAt(ctx context.Context, p []byte, addr uint64) error {
	if err := f.changeable(ctx); err != nil {
		return f.fail("write", addr, err)
	}
	if err := signed(addr, len(p), ErrRange); err != nil {
		return f.fail("write", addr, err)
	}
	_, err := f.file.WriteAt(p, int64(addr))
	return f.fail("write", addr, err)
}

// Size asks the system each time: another process may be writing (SWMR).
func (f *osFile) Size() uint64 {
	info, err := f.file.Stat()
	if err != nil {
		return 0
	}
	return uint64(info.Size())
}

func (f *osFile) Truncate(ctx context.Context, size uint64) error {
	if err := f.changeable(ctx); err != nil {
		return f.fail("truncate", size, err)
	}
	if err := signed(size, 0, ErrRange); err != nil {
		return f.fail("truncate", size, err)
	}
	return f.fail("truncate", size, f.file.Truncate(int64(size)))
}

func (f *osFile) Sync(ctx context.Context) error {
	err := f.usable(ctx)
	if err == nil && f.mode.Writable() {
		err = f.file.Sync()
	}
	return f.fail("sync", 0, err)
}

func (f *osFile) Close() error {
	f.closed.Store(true)
	return f.fail("close", 0, f.file.Close())
}

func (f *osFile) usable(ctx context.Context) error {
	if f.closed.Load() {
		return ErrClosed
	}
	return ctx.Err()
}

func (f *osFile) changeable(ctx context.Context) error {
	if err := f.usable(ctx); err != nil {
		return err
	}
	if !f.mode.Writable() {
		return ErrReadOnly
	}
	return nil
}

// signed checks that the range can be named in the system's signed offsets.
func signed(addr uint64, n int, kind error) error {
	if addr > math.MaxInt64-uint64(n) {
		return fmt.Errorf("%w: %d bytes from %d on", kind, n, addr)
	}
	return nil
}
