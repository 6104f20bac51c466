package represent

import (
	"iter"

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
	axis, step := pieceStep(dims, chunk, itemSize)
	return func(yield func(space.Box) bool) {
		for _, d := range dims {
			if d == 0 {
				return
			}
		}
		start := make([]uint64, len(dims))
		for {
			box := space.Box{Start: append([]uint64(nil), start...), Count: append([]uint64(nil), dims...)}
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

// pieceStep returns the axis along which a shape is cut, and how many rows go
// together.
func pieceStep(dims, chunk []uint64, itemSize uint64) (axis int, step uint64) {
	if len(dims) == 0 {
		return 0, 1
	}
	row := max(itemSize, 1) // bytes of a row of the axis; the whole has less than 2^64
	for _, d := range dims[1:] {
		row *= max(d, 1)
	}
	for axis < len(dims)-1 && row > pieceSize {
		axis++
		row /= max(dims[axis], 1)
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
