package load

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/h5serve/h5serve/h5core/internal/transfer"
	"github.com/h5serve/h5serve/h5core/vfd"
)

// externalSpace is the bytes of a dataset that lie in other files, one slot
// after the other, as one space of addresses from 0 on.
type externalSpace struct {
	slots []ExternalFile
	file  *File // that leads to them
}

// openExternal makes the reader of elements in other files.
func (d *Data) openExternal() (*transfer.Stored, error) {
	x := &externalSpace{d.External, d.file}
	return &transfer.Stored{File: x, Dims: d.Space.Dims, Size: int(d.Type.Size)}, nil
}

// Fetch reads ranges of the space: from each file in one round.
func (x *externalSpace) Fetch(ctx context.Context, class vfd.Class, segs []vfd.Segment) error {
	total := int64(0)
	rounds := map[string][]vfd.Segment{}
	for _, s := range segs {
		if err := x.cut(s, rounds); err != nil {
			return err
		}
		total += int64(len(s.Data))
	}
	if err := x.file.budget(ctx).fetch(total); err != nil {
		return err
	}
	for _, slot := range x.slots {
		round := rounds[slot.Name]
		if len(round) == 0 {
			continue
		}
		delete(rounds, slot.Name)
		f, err := x.file.plain(ctx, slot.Name)
		if errors.Is(err, fs.ErrNotExist) {
			err = fmt.Errorf("%w: the external file %q", ErrNotFound, slot.Name)
		}
		if err == nil {
			err = vfd.Fetch(ctx, f, class, padded(f, round))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// cut gives each part of a range to the file that holds it.
func (x *externalSpace) cut(s vfd.Segment, rounds map[string][]vfd.Segment) error {
	start, last := uint64(0), s.Addr+uint64(len(s.Data))
	for _, slot := range x.slots {
		end := start + slot.Size
		if end < start {
			end = ^uint64(0) // as far as it may grow
		}
		if from, to := max(s.Addr, start), min(last, end); from < to {
			at := slot.Offset + from - start
			if at < slot.Offset {
				return damaged(fmt.Errorf("the external file %q has no byte %d after %d", slot.Name, from-start, slot.Offset))
			}
			rounds[slot.Name] = append(rounds[slot.Name], vfd.Segment{Addr: at, Data: s.Data[from-s.Addr : to-s.Addr]})
		}
		start = end
	}
	if start < last {
		return damaged(fmt.Errorf("the external files hold %d bytes, %d are wanted", start, last))
	}
	return nil
}

// padded keeps of a round what a file has; what lies beyond its end is zeros,
// as in the C library.
func padded(f vfd.File, round []vfd.Segment) []vfd.Segment {
	size := f.Size()
	kept := round[:0]
	for _, s := range round {
		n := min(uint64(len(s.Data)), size-min(size, s.Addr))
		clear(s.Data[n:])
		if n > 0 {
			kept = append(kept, vfd.Segment{Addr: s.Addr, Data: s.Data[:n]})
		}
	}
	return kept
}
