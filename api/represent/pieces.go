package represent

import (
	"iter"
	"slices"

	"github.com/h5serve/h5serve/h5core/space"
)

const (
	pieceSize = 8 << 20  // bytes of a piece
	sliceSize = 64 << 20 // bytes of a piece that spares chunks from being decoded twice
)

// Pieces yields boxes that together are a whole shape, in C order, each of
// about 8 MiB of elements of itemSize bytes: rows of the first axis, or of a
// later one where a row is too large. Boxes begin where chunks do, if that is
// possible within 64 MiB; chunk is nil for a dataset without.
func Pieces(dims, chunk []uint64, itemSize uint64) iter.Seq[space.Box] {
	return func(yield func(space.Box) bool) {
		if slices.Contains(dims, 0) {
			return
		}
		axis, step := pieceStep(dims, chunk, itemSize)
		start := make([]uint64, len(dims))
		for {
			box := space.Box{Start: slices.Clone(start), Count: slices.Clone(dims)}
			for i := range axis {
				box.Count[i] = 1
			}
			if len(dims) > 0 {
				box.Count[axis] = min(step, dims[axis]-start[axis])
			}
			if !yield(box) || !advance(start, dims, axis, step) {
				return
			}
		}
	}
}

// pieceStep returns the axis along which a shape without empty axes is cut,
// and how many rows go together.
func pieceStep(dims, chunk []uint64, itemSize uint64) (axis int, step uint64) {
	if len(dims) == 0 {
		return 0, 1
	}
	row := max(itemSize, 1) // bytes of a row of the axis
	axis = len(dims) - 1
	for axis > 0 && dims[axis] <= pieceSize/row {
		row *= dims[axis]
		axis--
	}
	step = max(pieceSize/row, 1)
	if chunk == nil {
		return axis, step
	}
	switch c := max(chunk[axis], 1); {
	case step >= c:
		step -= step % c
	case c <= sliceSize/row:
		step = c
	}
	return axis, step
}

// advance moves start to the next piece; false behind the last.
func advance(start, dims []uint64, axis int, step uint64) bool {
	if len(dims) == 0 {
		return false
	}
	if dims[axis]-start[axis] > step {
		start[axis] += step
		return true
	}
	start[axis] = 0
	for i := axis - 1; i >= 0; i-- {
		if start[i]++; start[i] < dims[i] {
			return true
		}
		start[i] = 0
	}
	return false
}

// PieceElements is how many elements of a part of a dataset are best read at once, in C order.
func PieceElements(shape, chunk []uint64, itemSize uint64) uint64 {
	if slices.Contains(shape, 0) {
		return 1
	}
	axis, step := pieceStep(shape, chunk, itemSize)
	for _, d := range shape[min(axis+1, len(shape)):] {
		step *= d
	}
	return step
}
