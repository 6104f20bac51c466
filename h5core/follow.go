package h5core

import (
	"context"
	"io"
	"os"

	"github.com/h5serve/h5serve/h5core/vfd"
)

// WithFollow lets a file that is read lead to others: its external storage may
// lie in files below a folder, named relative to it. Nothing outside is opened,
// whatever links lie on the way (os.Root). Without it nothing is followed.
func WithFollow(folder string) Option {
	return func(o *options) error { o.follow = folder; return nil }
}

// follow opens a file below the folder, for reading.
func follow(folder string) func(ctx context.Context, name string) (vfd.File, error) {
	return func(_ context.Context, name string) (vfd.File, error) {
		root, err := os.OpenRoot(folder)
		if err != nil {
			return nil, err
		}
		defer root.Close()
		f, err := root.Open(name)
		if err != nil {
			return nil, err
		}
		info, err := f.Stat()
		if err != nil || !info.Mode().IsRegular() {
			_ = f.Close()
			return nil, os.ErrInvalid
		}
		return &followed{f, uint64(info.Size())}, nil
	}
}

// followed is such a file.
type followed struct {
	*os.File
	size uint64
}

func (f *followed) ReadAt(ctx context.Context, p []byte, addr uint64) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if addr > f.size || uint64(len(p)) > f.size-addr {
		return vfd.ErrShort
	}
	_, err := io.ReadFull(io.NewSectionReader(f.File, int64(addr), int64(len(p))), p)
	return err
}

func (f *followed) WriteAt(context.Context, []byte, uint64) error { return vfd.ErrReadOnly }
func (f *followed) Size() uint64                                  { return f.size }
func (f *followed) Truncate(context.Context, uint64) error        { return vfd.ErrReadOnly }
func (f *followed) Sync(context.Context) error                    { return nil }
