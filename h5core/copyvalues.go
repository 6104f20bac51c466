package h5core

import (
	"context"
	"fmt"
	"slices"

	"github.com/h5serve/h5serve/h5core/internal/object"
	"github.com/h5serve/h5serve/h5core/space"
)

// origin is the elements of a dataset of another file, or a selection of them,
// read when they are asked for. Boxes are in coordinates of the selection.
type origin struct {
	from *Dataset
	dims []uint64 // of the selection
	size uint64   // of an element
	sel  *selected
}

// selected is a selection of single elements, regular along each axis.
type selected struct {
	start, stride []uint64
}

func newOrigin(from *Dataset, to *object.Dataset, sel space.Selection) (*origin, error) {
	o := &origin{from: from, dims: to.Space.Dims, size: uint64(to.Type.Size)}
	if sel == nil {
		return o, nil
	}
	h, ok := sel.(space.Hyperslab)
	if !ok || slices.ContainsFunc(h.Block, func(n uint64) bool { return n != 1 }) {
		return nil, fmt.Errorf("%w: a selection of points or blocks as a dataset", ErrUnsupported)
	}
	o.sel = &selected{start: h.Start, stride: h.Stride}
	if o.sel.stride == nil {
		o.sel.stride = slices.Repeat([]uint64{1}, len(h.Start))
	}
	return o, nil
}

// Source gives elements of a dataset that is read to another one, as Values
// wants them: those of a regular selection of single elements, nil being all.
// Their type must be free of variable-length parts and references.
func (d *Dataset) Source(sel space.Selection) (ValueSource, error) {
	const op = "read"
	if d.data == nil || d.data.Type.HasVarLen() || d.data.Type.HasReference() {
		return nil, failf(op, d.path, ErrUnsupported, "elements that lead elsewhere, or a file that is being made")
	}
	s := d.data.Space
	if sel != nil {
		var err error
		if s, err = selectedSpace(s, sel); err != nil {
			return nil, fail(op, d.path, ErrInvalid, err)
		}
	}
	o, err := newOrigin(d, &object.Dataset{Type: d.data.Type, Space: s}, sel)
	if err != nil {
		return nil, fail(op, d.path, ErrUnsupported, err)
	}
	return o, nil
}

// selectedSpace is the space of a selection of a dataset: axes without end
// stay so, the others end where the selection does.
func selectedSpace(s space.Space, sel space.Selection) (space.Space, error) {
	if s.Kind != space.Simple {
		return s, fmt.Errorf("%w: a selection of a scalar or null dataset", ErrInvalid)
	}
	if err := sel.Check(s.Dims); err != nil {
		return s, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	out := space.Space{Kind: space.Simple, Dims: sel.Shape()}
	if slices.Contains(s.Max, space.Unlimited) && len(out.Dims) == len(s.Dims) {
		out.Max = slices.Clone(out.Dims)
		for i, n := range s.Max {
			if n == space.Unlimited {
				out.Max[i] = n
			}
		}
	}
	return out, nil
}

// first is the first element along an axis that lies at or behind a place in
// the dataset, of n.
func (s *selected) first(axis int, at, n uint64) uint64 {
	if at <= s.start[axis] {
		return 0
	}
	return min(n, (at-s.start[axis]-1)/s.stride[axis]+1)
}

// ReadBox fills dst with the elements of a box, in C order.
func (o *origin) ReadBox(ctx context.Context, box space.Box, dst []byte) error {
	if o.sel == nil {
		return o.from.data.ReadBox(ctx, box, dst)
	}
	there := space.Hyperslab{Start: slices.Clone(box.Start), Stride: o.sel.stride, Count: box.Count}
	for i := range there.Start {
		there.Start[i] = o.sel.start[i] + there.Start[i]*o.sel.stride[i]
	}
	return o.from.data.Read(ctx, there, dst)
}

// Read fills dst with elements in a row, as boxes: the rest of a row, of a
// plane, and so on.
func (o *origin) Read(ctx context.Context, first uint64, dst []byte) error {
	if len(o.dims) == 0 {
		return o.from.data.ReadBox(ctx, space.Box{}, dst)
	}
	for left := uint64(len(dst)) / o.size; left > 0; {
		box := o.next(first, left)
		n := box.Size()
		if err := o.ReadBox(ctx, box, dst[:n*o.size]); err != nil {
			return err
		}
		first, left, dst = first+n, left-n, dst[n*o.size:]
	}
	return nil
}

// next is the largest box of at most n elements in a row from first on.
func (o *origin) next(first, n uint64) space.Box {
	last := len(o.dims) - 1
	box := space.Box{Start: make([]uint64, last+1), Count: slices.Repeat([]uint64{1}, last+1)}
	locate(box.Start, first, o.dims)
	below := uint64(1) // elements of the axes behind
	for axis := last; ; axis-- {
		box.Count[axis] = min(o.dims[axis]-box.Start[axis], n/below)
		below *= o.dims[axis]
		if axis == 0 || box.Start[axis] > 0 || n < below {
			return box
		}
	}
}
