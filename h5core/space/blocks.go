package space

import (
	"iter"
	"slices"
)

// Blocks cuts a selection that fits dims into parts of at most so many
// elements, in the selection's order: one part after the other is the whole.
// Parts of a Hyperslab, with their shapes, are Hyperslabs that end where chunks
// end, as far as they are large enough; chunk may be nil. Parts of another
// selection, and of a Hyperslab whose blocks lie apart, are points, and have no
// shape.
func Blocks(sel Selection, dims, chunk []uint64, most uint64) iter.Seq2[Selection, []uint64] {
	most = max(most, 1)
	if h, ok := sel.(Hyperslab); ok {
		if h, ok := h.plain(); ok {
			return func(yield func(Selection, []uint64) bool) { h.cut(chunk, most, yield) }
		}
	}
	return func(yield func(Selection, []uint64) bool) { cutRuns(sel, dims, most, yield) }
}

// plain is the same selection with blocks of one element; ok is false where
// there is none.
func (h Hyperslab) plain() (Hyperslab, bool) {
	n := len(h.Start)
	p := Hyperslab{Start: slices.Clone(h.Start), Stride: make([]uint64, n), Count: make([]uint64, n)}
	for i := range n {
		p.Stride[i], p.Count[i] = h.stride(i), h.Count[i]
		switch {
		case h.block(i) == 1:
		case h.Count[i] == 1, h.stride(i) == h.block(i):
			p.Stride[i], p.Count[i] = 1, h.length(i)
		default:
			return Hyperslab{}, false
		}
	}
	return p, true
}

// cut yields the parts of a plain hyperslab: single steps along the outer axes,
// a few along one, and the inner ones whole.
func (h Hyperslab) cut(chunk []uint64, most uint64, yield func(Selection, []uint64) bool) {
	if h.Size() == 0 {
		return
	}
	inner, axis := uint64(1), len(h.Count)
	for axis > 0 && h.Count[axis-1] <= most/inner {
		axis--
		inner *= h.Count[axis]
	}
	if axis == 0 {
		yield(h, h.Shape())
		return
	}
	axis--
	step, end := most/inner, uint64(0) // end: parts end at its multiples
	if chunk != nil && h.Stride[axis] == 1 && step >= chunk[axis] {
		step -= step % chunk[axis]
		end = chunk[axis]
	}
	at := make([]uint64, axis+1)
	for {
		n := step
		if end > 0 {
			n -= (h.Start[axis] + at[axis]) % end
		}
		n = min(n, h.Count[axis]-at[axis])
		part := h.part(at, n)
		if !yield(part, part.Shape()) {
			return
		}
		at[axis] += n
		k := axis
		for ; at[k] == h.Count[k]; k-- {
			at[k] = 0
			if k == 0 {
				return
			}
			at[k-1]++
		}
	}
}

// part takes one step along the axes before the last of at, n along that one.
func (h Hyperslab) part(at []uint64, n uint64) Hyperslab {
	p := Hyperslab{Start: slices.Clone(h.Start), Stride: h.Stride, Count: slices.Clone(h.Count)}
	for k, x := range at {
		p.Start[k] += x * h.Stride[k]
		p.Count[k] = 1
	}
	p.Count[len(at)-1] = n
	return p
}

// cutRuns yields any selection as points.
func cutRuns(sel Selection, dims []uint64, most uint64, yield func(Selection, []uint64) bool) {
	var coords []uint64
	count := uint64(0)
	flush := func() bool {
		p := PointList{len(dims), coords}
		coords, count = nil, 0
		return yield(p, nil)
	}
	for run := range sel.Runs(dims) {
		for i := range run.Count {
			first := len(coords)
			coords = append(coords, dims...)
			rest := run.Offset + i
			for k := len(dims) - 1; k >= 0; k-- {
				coords[first+k] = rest % dims[k]
				rest /= dims[k]
			}
			if count++; count == most && !flush() {
				return
			}
		}
	}
	if count > 0 {
		flush()
	}
}
