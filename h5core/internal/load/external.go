package load

import (
	"context"
	"fmt"

	"github.com/h5serve/h5serve/h5core/internal/transfer"
	"github.com/h5serve/h5serve/h5core/vfd"
)

// externalSpace is the bytes of a dataset that lie in other files, one slot
// after the other, as one space of addresses from 0 on.
type externalSpace struct {
	slots  []ExternalFile
	follow func(ctx context.Context, name string) (vfd.File, error)
}

// openExternal makes the reader of elements in other files, where the operator
// allows them to be followed.
func (d *Data) openExternal() (*transfer.Stored, error) {
	if d.file.Follow == nil {
		return nil, fmt.Errorf("%w: the elements lie in another file, %q, which is not followed", ErrUnsupported, d.External[0].Name)
	}
	s := &transfer.Stored{File: &externalSpace{d.External, d.file.Follow}, Dims: d.Space.Dims, Size: int(d.Type.Size)}
	return s, nil
}

// Fetch reads ranges of the space.
func (x *externalSpace) Fetch(ctx context.Context, _ vfd.Class, segs []vfd.Segment) error {
	open := map[string]vfd.File{}
	defer func() {
		for _, f := range open {
			_ = f.Close()
		}
	}()
	for _, s := range segs {
		if err := x.read(ctx, open, s); err != nil {
			return err
		}
	}
	return nil
}

func (x *externalSpace) read(ctx context.Context, open map[string]vfd.File, s vfd.Segment) error {
	start := uint64(0) // of the slot
	for _, slot := range x.slots {
		end := start + slot.Size
		if end < start {
			end = ^uint64(0) // as far as it may grow
		}
		from, to := max(s.Addr, start), min(s.Addr+uint64(len(s.Data)), end)
		if from < to {
			f, err := x.file(ctx, open, slot.Name)
			if err != nil {
				return err
			}
			if err := readPadded(ctx, f, s.Data[from-s.Addr:to-s.Addr], slot.Offset+from-start); err != nil {
				return err
			}
		}
		start = end
	}
	if start < s.Addr+uint64(len(s.Data)) {
		return damaged(fmt.Errorf("the external files hold %d bytes, %d are wanted", start, s.Addr+uint64(len(s.Data))))
	}
	return nil
}

func (x *externalSpace) file(ctx context.Context, open map[string]vfd.File, name string) (vfd.File, error) {
	if f := open[name]; f != nil {
		return f, nil
	}
	f, err := x.follow(ctx, name)
	if err != nil {
		return nil, fmt.Errorf("%w: the external file %q: %w", ErrNotFound, name, err)
	}
	open[name] = f
	return f, nil
}

// readPadded reads what a file has; what lies beyond its end is zeros, as in
// the C library.
func readPadded(ctx context.Context, f vfd.File, p []byte, at uint64) error {
	n := uint64(0)
	if size := f.Size(); at < size {
		n = min(uint64(len(p)), size-at)
	}
	clear(p[n:])
	if n == 0 {
		return nil
	}
	return f.ReadAt(ctx, p[:n], at)
}
