// Package space holds shapes as values: the extent of a dataset, the part of
// it that is selected, and the grid of chunks that it is stored in.
//
//	Space      4 × 6, may grow to ∞ × 6          what there is
//	Selection  rows 1 to 3, every other column   what is asked for, as runs
//	Grid       chunks of 2 × 3                   where it lies
//
//	┌───────┬───────┐
//	│ 0     │ 1     │   chunks are numbered in C order;
//	├───────┼───────┤   Box(3) is what chunk 3 holds,
//	│ 2     │ 3     │   CopyBox moves such boxes
//	└───────┴───────┘   between buffers
//
// All of it is arithmetic on numbers that come from files and requests:
// whatever can overflow is checked once, when a value is made, and an Error
// names the axis.
package space

// Unlimited is the maximum of an axis that may grow for ever.
const Unlimited = ^uint64(0)

// MaxRank is the highest number of axes (H5S_MAX_RANK).
const MaxRank = 32

// Kind is the kind of a dataspace, numbered as in the Dataspace message
// (HDF5 File Format Specification IV.A.2.b).
type Kind uint8

const (
	Scalar Kind = 0
	Simple Kind = 1
	Null   Kind = 2
)

// Space is the extent of a dataset or attribute.
type Space struct {
	Kind Kind
	Dims []uint64 // elements along each axis
	Max  []uint64 // how far each axis may grow; nil = not beyond Dims
}

// Box is a block of elements: Count of them along each axis, from Start on.
type Box struct {
	Start, Count []uint64
}

// Count returns the number of elements: 1 of a scalar space, 0 of a null
// space.
func (s Space) Count() (uint64, error) {
	switch s.Kind {
	case Scalar:
		return 1, nil
	case Null:
		return 0, nil
	}
	n, ok := product(s.Dims)
	if !ok {
		return 0, bad("shape", -1, "%v has more than 2^64-1 elements", s.Dims)
	}
	return n, nil
}

// Validate returns an *Error when s cannot be the space of elements of that
// many bytes.
func (s Space) Validate(itemSize uint64) error {
	if s.Kind != Simple {
		if s.Kind > Null {
			return bad("space", -1, "kind %d is unknown", s.Kind)
		}
		if len(s.Dims) > 0 || len(s.Max) > 0 {
			return bad("space", -1, "a scalar or null space has no axes")
		}
		return nil
	}
	if len(s.Dims) > MaxRank {
		return bad("shape", -1, "%d axes; at most %d", len(s.Dims), MaxRank)
	}
	if s.Max != nil && len(s.Max) != len(s.Dims) {
		return bad("maxshape", -1, "%d axes, the shape has %d", len(s.Max), len(s.Dims))
	}
	for i, d := range s.Dims {
		if d == Unlimited {
			return bad("shape", i, "only a maximum can be unlimited")
		}
		if s.Max != nil && s.Max[i] < d {
			return bad("maxshape", i, "%d is less than the length %d", s.Max[i], d)
		}
	}
	if _, err := s.Count(); err != nil {
		return err
	}
	if _, ok := product(append([]uint64{itemSize}, s.Dims...)); !ok {
		return bad("shape", -1, "%v of %d bytes each has more than 2^64-1 bytes", s.Dims, itemSize)
	}
	return nil
}

// Resizable says whether an axis may still grow.
func (s Space) Resizable() bool {
	for i, m := range s.Max {
		if m > s.Dims[i] {
			return true
		}
	}
	return false
}

// ValidateChunk returns an *Error when s cannot be stored in chunks of that
// shape, itemSize being the bytes of an element: each axis of a chunk has 1 to
// 2^32-1 elements, no more than the axis can ever have, and a chunk has at
// most 2^32-1 bytes. A chunk may be larger than the present shape.
func (s Space) ValidateChunk(chunk []uint64, itemSize uint64) error {
	if s.Kind != Simple || len(s.Dims) == 0 {
		return bad("chunks", -1, "a scalar or null space has no chunks")
	}
	if err := checkRank("chunks", len(chunk), len(s.Dims)); err != nil {
		return err
	}
	limit := s.Max
	if limit == nil {
		limit = s.Dims
	}
	for i, c := range chunk {
		if c == 0 || c > 1<<32-1 {
			return bad("chunks", i, "%d; a chunk has 1 to 2^32-1 elements along an axis", c)
		}
		// libhdf5 lets an empty axis be.
		if c > limit[i] && s.Dims[i] > 0 {
			return bad("chunks", i, "%d is more than the axis can have, %d", c, limit[i])
		}
	}
	n, ok := product(append([]uint64{itemSize}, chunk...))
	if !ok || n > 1<<32-1 {
		return bad("chunks", -1, "%v of %d bytes each has more than 2^32-1 bytes", chunk, itemSize)
	}
	return nil
}

// Size returns the number of elements in the box, which must fit the memory
// or file that it is part of.
func (b Box) Size() uint64 {
	n, _ := product(b.Count)
	return n
}

// Intersect returns what two boxes have in common; ok is false where that is
// nothing.
func (b Box) Intersect(c Box) (common Box, ok bool) {
	n := len(b.Start)
	common = Box{Start: make([]uint64, n), Count: make([]uint64, n)}
	for i := range n {
		start := max(b.Start[i], c.Start[i])
		end := min(b.Start[i]+b.Count[i], c.Start[i]+c.Count[i])
		if end <= start {
			return Box{}, false
		}
		common.Start[i], common.Count[i] = start, end-start
	}
	return common, true
}
