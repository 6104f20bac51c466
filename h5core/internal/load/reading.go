package load

import (
	"context"
	"fmt"
	"iter"
	"runtime"

	"github.com/h5serve/h5serve/h5core/internal/transfer"
	"github.com/h5serve/h5serve/h5core/space"
	"github.com/h5serve/h5serve/h5core/vfd"
)

// Reading says how a file's datasets are read; the zero value is the default.
type Reading struct {
	Workers int                     // goroutines that decode chunks for one read; 0: GOMAXPROCS
	Cache   *transfer.CacheSettings // of each dataset; nil: HDF5's own
}

func (f *File) workers() int {
	if f.Reading.Workers > 0 {
		return f.Reading.Workers
	}
	return runtime.GOMAXPROCS(0)
}

func (f *File) cacheSettings() transfer.CacheSettings {
	if f.Reading.Cache != nil {
		return *f.Reading.Cache
	}
	return transfer.DefaultCache
}

// far says whether the file wants its ranges in waves.
func (f *File) far() bool {
	_, ok := f.handle.(vfd.Vectored)
	return ok
}

// Allowed says whether a read of so many bytes is within the limits.
func (f *File) Allowed(bytes uint64) error {
	if f.limits.Read > 0 && bytes > f.limits.Read {
		return fmt.Errorf("%w: %d bytes are asked for, the limit of one read is %d", ErrTooLarge, bytes, f.limits.Read)
	}
	return nil
}

// scatteredBox is how large the box around a selection may always be, even
// where little of it is wanted.
const scatteredBox = 16 << 20

// readVirtualSelection reads the box around a selection where that is not much
// more than what is wanted, else its runs row by row.
func (d *Data) readVirtualSelection(ctx context.Context, sel space.Selection, dst []byte) error {
	box, dims, size := sel.Bounds(), d.Space.Dims, uint64(d.Type.Size)
	around := box.Size()
	if len(dims) == 0 || around == sel.Size() && inOrder(sel) {
		return d.readVirtual(ctx, box, dst)
	}
	if limit := max(scatteredBox, 4*uint64(len(dst))); around <= limit/max(size, 1) {
		raw := make([]byte, around*size)
		if err := d.readVirtual(ctx, box, raw); err != nil {
			return err
		}
		pick(dst, raw, rows(sel, box, dims), size)
		return nil
	}
	for r := range sel.Runs(dims) {
		for first, left := r.Offset, r.Count; left > 0; {
			at, n := coordinates(first, left, dims)
			row := space.Box{Start: at, Count: make([]uint64, len(dims))}
			for k := range row.Count {
				row.Count[k] = 1
			}
			row.Count[len(dims)-1] = n
			if err := d.readVirtual(ctx, row, dst[:n*size]); err != nil {
				return err
			}
			first, left, dst = first+n, left-n, dst[n*size:]
		}
	}
	return nil
}

// inOrder says whether elements are selected in C order, each once.
func inOrder(sel space.Selection) bool {
	_, slab := sel.(space.Hyperslab)
	return slab
}

// rows yields a selection's runs as offsets into the box around it.
func rows(sel space.Selection, box space.Box, dims []uint64) iter.Seq[space.Run] {
	return func(yield func(space.Run) bool) {
		for r := range sel.Runs(dims) {
			for first, left := r.Offset, r.Count; left > 0; {
				at, n := coordinates(first, left, dims)
				offset := uint64(0)
				for i := range at {
					offset = offset*box.Count[i] + at[i] - box.Start[i]
				}
				if !yield(space.Run{Offset: offset, Count: n}) {
					return
				}
				first, left = first+n, left-n
			}
		}
	}
}

// coordinates is where an element lies, and how many of the next left
// elements lie in its row.
func coordinates(element, left uint64, dims []uint64) (at []uint64, n uint64) {
	at = make([]uint64, len(dims))
	for k := len(dims) - 1; k >= 0; k-- {
		at[k] = element % dims[k]
		element /= dims[k]
	}
	last := len(dims) - 1
	return at, min(left, dims[last]-at[last])
}
