package filespec

import (
	"context"
	"io"

	"github.com/h5serve/h5serve/h5core"
	"github.com/h5serve/h5serve/h5core/dtype"
	"github.com/h5serve/h5serve/h5core/space"
)

// fortranArray is an array of a part whose first axis runs fastest. It is read
// from front to back, piece by piece; each piece is a box of the dataset.
//
//	part  0 1 2 3 4 5      dataset  0 2 4
//	      └───┘ a column            1 3 5
type fortranArray struct {
	part convertedPart
	dims []uint64
}

// boxBytes is how much is transposed at a time.
const boxBytes = 4 << 20

// fill writes the whole dataset.
func (f fortranArray) fill(ctx context.Context, d *h5core.Dataset) error {
	return f.boxes(boxBytes, func(box space.Box, first uint64) error {
		raw, err := f.read(ctx, box, first, d.Heap())
		if err != nil {
			return err
		}
		return d.WriteRaw(ctx, space.Slab(box), raw)
	})
}

// copyTo is for what is small: an attribute.
func (f fortranArray) copyTo(ctx context.Context, out io.Writer, heap dtype.Heap) error {
	raw, err := f.read(ctx, space.Box{Start: make([]uint64, len(f.dims)), Count: f.dims}, 0, heap)
	if err != nil {
		return err
	}
	_, err = out.Write(raw)
	return err
}

// boxes cuts the array into boxes whose elements follow each other in the
// part, from the element first on.
func (f fortranArray) boxes(budget uint64, do func(box space.Box, first uint64) error) error {
	rank, size := len(f.dims), uint64(max(f.part.elements.size, int(f.part.elements.t.Size)))
	// The axes before cut are taken whole, cut in stretches, those after it one
	// index at a time.
	cut, whole := 0, uint64(1)
	for cut < rank-1 && whole*f.dims[cut]*size <= budget {
		whole *= f.dims[cut]
		cut++
	}
	stretch := min(f.dims[cut], max(1, budget/(whole*size)))
	box := space.Box{Start: make([]uint64, rank), Count: make([]uint64, rank)}
	for i := range rank {
		if box.Count[i] = 1; i < cut {
			box.Count[i] = f.dims[i]
		}
	}
	for first := uint64(0); ; {
		box.Count[cut] = min(stretch, f.dims[cut]-box.Start[cut])
		if err := do(box, first); err != nil {
			return err
		}
		first += box.Size()
		box.Start[cut] += box.Count[cut]
		for i := cut; box.Start[i] == f.dims[i]; i++ {
			if i == rank-1 {
				return nil
			}
			box.Start[i] = 0
			box.Start[i+1]++
		}
	}
}

// read returns the elements of a box as stored, in C order.
func (f fortranArray) read(ctx context.Context, box space.Box, first uint64, heap dtype.Heap) ([]byte, error) {
	n, from := box.Size(), uint64(f.part.elements.size)
	src := make([]byte, n*from)
	if err := f.part.Read(ctx, first, src); err != nil {
		return nil, err
	}
	turned := make([]byte, n*from)
	transpose(turned, src, box.Count, int(from))
	if f.part.elements.convert == nil {
		return turned, nil
	}
	dst := make([]byte, n*uint64(f.part.elements.t.Size))
	return dst, f.part.convertAll(dst, turned, first, int(n), heap)
}

// transpose puts elements that lie in Fortran order into C order.
func transpose(dst, src []byte, dims []uint64, size int) {
	last := len(dims) - 1
	strides := make([]int, len(dims))
	stride := size
	for i, d := range dims {
		strides[i] = stride
		stride *= int(d)
	}
	at := make([]uint64, len(dims))
	for from := 0; ; {
		for i, p := 0, from; i < int(dims[last]); i, p = i+1, p+strides[last] {
			copy(dst[:size], src[p:p+size])
			dst = dst[size:]
		}
		axis := last - 1
		for ; axis >= 0; axis-- {
			from += strides[axis]
			if at[axis]++; at[axis] < dims[axis] {
				break
			}
			from -= strides[axis] * int(dims[axis])
			at[axis] = 0
		}
		if axis < 0 {
			return
		}
	}
}
