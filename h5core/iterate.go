package h5core

import (
	"context"
	"iter"

	"github.com/h5serve/h5serve/h5core/space"
)

// Block is a part of what is selected of a dataset.
type Block[T any] struct {
	Selection space.Selection // of the dataset
	First     uint64          // how many selected elements come before it
	Shape     []uint64        // of the part, with all axes; nil where the whole is no regular selection
	Values    []T             // valid until the next block
}

// blockBytes is what blocks take where no number of elements is asked for.
const blockBytes = 4 << 20

// EachBlock reads the selected elements, of any number, in bounded memory:
// block after block of at most so many elements, as [Read] has them; their
// values one after the other are those of Read. 0 elements stands for 4 MiB of
// them. Blocks end where chunks end, as far as they are large enough. An error
// comes last.
func EachBlock[T any](ctx context.Context, d *Dataset, sel space.Selection, elements uint64) iter.Seq2[Block[T], error] {
	return func(yield func(Block[T], error) bool) {
		if d.data == nil {
			yield(Block[T]{}, failf(opRead, d.path, ErrUnsupported, "a file that is being made is not read"))
			return
		}
		dims := d.data.Space.Dims
		if sel == nil {
			sel = space.All(dims)
		}
		if err := sel.Check(dims); err != nil {
			yield(Block[T]{}, fail(opRead, d.path, ErrInvalid, err))
			return
		}
		if d.data.Space.Kind == space.Null {
			return
		}
		if elements == 0 {
			elements = max(1, blockBytes/max(1, uint64(d.data.Type.Size)))
		}
		first, values := uint64(0), []T(nil)
		for part, shape := range space.Blocks(sel, dims, d.Chunks(), elements) {
			n := part.Size()
			if uint64(cap(values)) < n {
				values = make([]T, n)
			}
			values = values[:n]
			if err := ReadInto(ctx, d, part, values); err != nil {
				yield(Block[T]{}, err)
				return
			}
			if !yield(Block[T]{Selection: part, First: first, Shape: shape, Values: values}, nil) {
				return
			}
			first += n
		}
	}
}

// ChunkBoxes gives the boxes of a chunked dataset's chunks, in C order, cut to
// its shape and to the box around a selection; nil is the whole dataset. It is
// h5py's iter_chunks.
func (d *Dataset) ChunkBoxes(sel space.Selection) (iter.Seq[space.Box], error) {
	const op = "list chunks"
	dims := d.Space().Dims
	if d.Chunks() == nil {
		return nil, failf(op, d.path, ErrInvalid, "the dataset is not chunked")
	}
	if sel == nil {
		sel = space.All(dims)
	}
	grid, err := space.NewGrid(dims, d.Chunks())
	if err == nil {
		_, err = grid.Count()
	}
	if err == nil {
		err = sel.Check(dims)
	}
	if err != nil {
		return nil, fail(op, d.path, ErrInvalid, err)
	}
	bounds := sel.Bounds()
	return func(yield func(space.Box) bool) {
		for i := range grid.Touching(bounds) {
			if box, ok := grid.Box(i).Intersect(bounds); ok && !yield(box) {
				return
			}
		}
	}, nil
}
