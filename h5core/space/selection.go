package space

import (
	"iter"
	"math/bits"
	"slices"
)

// Run is a stretch of elements that lie side by side in C order.
type Run struct {
	Offset, Count uint64 // in elements
}

// Selection is a choice of elements of a space, in an order of its own. Its
// other methods hold once Check said that it fits the space.
type Selection interface {
	// Shape returns the shape of the result.
	Shape() []uint64
	// Size returns the number of elements.
	Size() uint64
	// Bounds returns the smallest box that holds every element; an empty
	// selection has an empty box.
	Bounds() Box
	// Check returns an *Error when the selection is malformed or reaches
	// beyond dims.
	Check(dims []uint64) error
	// Runs yields the elements as offsets into a C-order buffer of shape
	// dims, in the selection's order. Neighbours are joined.
	Runs(dims []uint64) iter.Seq[Run]
}

// Hyperslab is a regular selection: along each axis Count blocks of Block
// elements, their starts Stride apart, the first at Start. A nil Stride or
// Block stands for ones.
type Hyperslab struct {
	Start, Stride, Count, Block []uint64
}

// All selects every element of a space.
func All(dims []uint64) Selection {
	return Hyperslab{Start: make([]uint64, len(dims)), Count: slices.Clone(dims)}
}

// Slab selects a box.
func Slab(b Box) Selection { return Hyperslab{Start: b.Start, Count: b.Count} }

func (h Hyperslab) stride(i int) uint64 {
	if h.Stride == nil {
		return 1
	}
	return h.Stride[i]
}

func (h Hyperslab) block(i int) uint64 {
	if h.Block == nil {
		return 1
	}
	return h.Block[i]
}

// length is the number of elements along an axis.
func (h Hyperslab) length(i int) uint64 { return h.Count[i] * h.block(i) }

// span is the distance from the first element of an axis to behind its last.
func (h Hyperslab) span(i int) (n uint64, ok bool) {
	if h.length(i) == 0 {
		return 0, true
	}
	high, low := bits.Mul64(h.Count[i]-1, h.stride(i))
	n, carry := bits.Add64(low, h.block(i), 0)
	return n, high == 0 && carry == 0
}

// Shape returns Count·Block along each axis.
func (h Hyperslab) Shape() []uint64 {
	shape := make([]uint64, len(h.Count))
	for i := range shape {
		shape[i] = h.length(i)
	}
	return shape
}

// Size returns the number of elements.
func (h Hyperslab) Size() uint64 { return Box{Count: h.Shape()}.Size() }

// Bounds returns the smallest box that holds every element.
func (h Hyperslab) Bounds() Box {
	b := Box{Start: slices.Clone(h.Start), Count: make([]uint64, len(h.Start))}
	for i := range h.Start {
		b.Count[i], _ = h.span(i)
	}
	return b
}

// Check holds the selection to a space. An axis that selects nothing may
// start anywhere up to its end.
func (h Hyperslab) Check(dims []uint64) error {
	for _, part := range [][]uint64{h.Start, h.Count} {
		if err := checkRank("selection", len(part), len(dims)); err != nil {
			return err
		}
	}
	for _, part := range [][]uint64{h.Stride, h.Block} {
		if part != nil && len(part) != len(dims) {
			return checkRank("selection", len(part), len(dims))
		}
	}
	for i, d := range dims {
		if high, _ := bits.Mul64(h.Count[i], h.block(i)); high != 0 {
			return bad("selection", i, "%d blocks of %d elements", h.Count[i], h.block(i))
		}
		if h.stride(i) == 0 {
			return bad("selection", i, "the stride is 0")
		}
		if h.Count[i] > 1 && h.block(i) > h.stride(i) {
			return bad("selection", i, "blocks of %d overlap at a stride of %d", h.block(i), h.stride(i))
		}
		span, ok := h.span(i)
		end, carry := bits.Add64(h.Start[i], span, 0)
		if !ok || carry != 0 || end > d {
			return bad("selection", i, "from %d on, %d blocks of %d, %d apart: the axis has length %d",
				h.Start[i], h.Count[i], h.block(i), h.stride(i), d)
		}
	}
	return nil
}
