package index

import (
	"context"
	"math/bits"

	"github.com/h5serve/h5serve/h5core/internal/format"
	"github.com/h5serve/h5serve/h5core/internal/format/message"
	"github.com/h5serve/h5serve/h5core/internal/wire"
	"github.com/h5serve/h5serve/h5core/space"
)

// elements are an array index: chunks by number.
type elements interface {
	// find reads elements by their numbers.
	find(ctx context.Context, numbers []uint64) ([]format.ChunkEntry, error)
	// all yields the elements of the array in runs, by the number of the first.
	all(ctx context.Context, yield func(first uint64, run []format.ChunkEntry) bool) error
}

// arrayReader gives the chunks of the largest shape numbers in C order, with
// the axis that may grow for ever, if there is one, in front of all others.
type arrayReader struct {
	*dataset
	elements
	axes  []int    // from the slowest to the fastest
	per   []uint64 // chunks along each axis; not looked at for an unlimited one
	count uint64   // chunks in all, or the largest number
}

func openArray(d *dataset, kind uint8) (Reader, error) {
	r := &arrayReader{dataset: d, count: 1}
	endless := -1
	for axis, most := range d.most {
		if most == space.Unlimited {
			if endless >= 0 || kind != message.IndexExtensibleArray {
				return nil, bad("chunk indexing type", "%d does not go with the unlimited axis %d", kind, axis)
			}
			endless = axis
		}
		r.per = append(r.per, most/d.chunk[axis]+min(most%d.chunk[axis], 1))
	}
	if kind == message.IndexExtensibleArray {
		if endless < 0 {
			return nil, bad("chunk indexing type", "%d needs an unlimited axis", kind)
		}
		r.axes = append(r.axes, endless)
	}
	for axis := range d.most {
		if axis == endless {
			continue
		}
		r.axes = append(r.axes, axis)
		high, low := bits.Mul64(r.count, r.per[axis])
		if r.count = low; high != 0 {
			return nil, bad("dimension size", "%v elements in chunks of %v are too many chunks", d.most, d.chunk)
		}
	}
	switch kind {
	case message.IndexImplicit:
		r.elements = &implicit{d, r.count}
	case message.IndexFixedArray:
		r.elements = &fixedReader{dataset: d}
	default:
		r.elements = &extensible{dataset: d}
		r.per[endless] = wire.Undefined
		r.count = wire.Undefined
	}
	return r, nil
}

// number numbers a chunk; ok is false where it lies outside the largest shape.
func (r *arrayReader) number(coords []uint64) (n uint64, ok bool) {
	for _, axis := range r.axes {
		if coords[axis] >= r.per[axis] {
			return 0, false
		}
		high, low := bits.Mul64(n, r.per[axis])
		sum, carry := bits.Add64(low, coords[axis], 0)
		if n = sum; high != 0 || carry != 0 {
			return 0, false
		}
	}
	return n, true
}

// coords is number's inverse.
func (r *arrayReader) coords(dst []uint64, n uint64) {
	for i := len(r.axes) - 1; i > 0; i-- {
		axis := r.axes[i]
		dst[axis] = n % r.per[axis]
		n /= r.per[axis]
	}
	dst[r.axes[0]] = n
}

func (r *arrayReader) stored(e format.ChunkEntry) Stored {
	if !r.filtered {
		e.Size, e.Mask = r.bytes, 0
	}
	return Stored{e.Addr, e.Size, e.Mask}
}

func (r *arrayReader) Find(ctx context.Context, coords [][]uint64) ([]Stored, error) {
	out := nowhere(len(coords))
	var numbers []uint64
	var which []int
	for i, c := range coords {
		if n, ok := r.number(c); ok {
			numbers, which = append(numbers, n), append(which, i)
		}
	}
	got, err := r.find(ctx, numbers)
	if err != nil {
		return nil, err
	}
	for k, e := range got {
		if e.Addr != wire.Undefined {
			out[which[k]] = r.stored(e)
		}
	}
	return out, nil
}

func (r *arrayReader) All(ctx context.Context, yield func(Chunk) bool) error {
	coords := make([]uint64, len(r.chunk))
	if r.count == 0 {
		return nil
	}
	return r.all(ctx, func(first uint64, run []format.ChunkEntry) bool {
		for i, e := range run {
			if e.Addr == wire.Undefined {
				continue
			}
			if first+uint64(i) >= r.count {
				return false
			}
			r.coords(coords, first+uint64(i))
			if !yield(Chunk{coords, r.stored(e)}) {
				return false
			}
		}
		return true
	})
}

// implicit has its chunks one behind the other (IV.A.2.i, "Implicit").
type implicit struct {
	*dataset
	count uint64
}

func (r *implicit) entry(n uint64) (format.ChunkEntry, error) {
	high, at := bits.Mul64(n, r.bytes)
	at, carry := bits.Add64(at, r.addr, 0)
	if end := r.src.End(); high != 0 || carry != 0 || at > end || r.bytes > end-at {
		return format.ChunkEntry{}, &wire.Fault{
			Structure: "data layout", Field: "address", Offset: r.addr, Reason: "its chunks leave the file",
		}
	}
	return format.ChunkEntry{Addr: at}, nil
}

func (r *implicit) find(_ context.Context, numbers []uint64) ([]format.ChunkEntry, error) {
	out := make([]format.ChunkEntry, len(numbers))
	var err error
	for i, n := range numbers {
		if out[i], err = r.entry(n); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (r *implicit) all(ctx context.Context, yield func(uint64, []format.ChunkEntry) bool) error {
	if _, err := r.entry(r.count - 1); err != nil {
		return err
	}
	for n := range r.count {
		if n%1024 == 0 {
			if err := r.src.Spend(ctx, 1); err != nil {
				return err
			}
		}
		e, err := r.entry(n)
		if err != nil {
			return err
		}
		if !yield(n, []format.ChunkEntry{e}) {
			return nil
		}
	}
	return ctx.Err()
}
