package load

import (
	"fmt"
	"math/bits"
	"slices"
	"sort"

	"github.com/h5serve/h5serve/h5core/internal/format"
	"github.com/h5serve/h5serve/h5core/internal/wire"
	"github.com/h5serve/h5serve/h5core/space"
)

// pattern is a selection as a tree, as the C library has it: along one axis
// spans of coordinates, each with what is selected along the axes inside it.
// Its elements are numbered in C order of the space.
//
//	axis 0        axis 1             elements
//	rows 0 to 2 ─ every other column  0 1 2 … of each row
//	rows 5 to 9 ─ columns 3 to 4
//
// Neither the number of elements nor that of rows is bounded, so nothing walks
// through all of them: within finds those of a box, from those of some numbers.
type pattern struct {
	spans         []span // ascending, apart
	stride, count uint64 // the spans are there count times, stride apart
	tail          []span // what there is of them once more
	each, size    uint64 // elements of the spans, and of all
}

type span struct {
	low, high uint64   // without high
	before    uint64   // elements of the spans before it
	unit      uint64   // elements at one coordinate
	inner     *pattern // nil along the last axis
}

// maxSpans bounds the tree of an irregular selection.
const maxSpans = 1 << 20

// errPattern says that a selection has more elements than there are numbers.
func errPattern(axis int) error {
	return damaged(fmt.Errorf("a selection has more than 2^64-1 elements along axis %d", axis))
}

// slab is a span of coordinates with the same inside it.
func slab(low, count uint64, inner *pattern) *pattern {
	unit := uint64(1)
	if inner != nil {
		unit = inner.size
	}
	p := &pattern{spans: []span{{low, low + count, 0, unit, inner}}, count: 1}
	p.each, p.size = count*unit, count*unit
	return p
}

// everything is the pattern of all elements of a space.
func everything(dims []uint64) (p *pattern) {
	if len(dims) == 0 {
		return slab(0, 1, nil)
	}
	for _, n := range slices.Backward(dims) {
		p = slab(0, n, p)
	}
	return p
}

// regular is the pattern of a regular selection, of which the axis without end
// has so many elements.
func regular(s *format.Selection, endless int, elements uint64) (p *pattern, err error) {
	for d := int(s.Rank) - 1; d >= 0; d-- {
		start, stride, count, block := s.Start[d], s.Stride[d], s.Count[d], s.Block[d]
		rest := uint64(0)
		switch {
		case d == endless && (block == wire.Undefined || block == stride):
			count, block = 1, elements
		case d == endless && block > 0:
			count, rest = elements/block, elements%block
		case count == 1 || block == stride:
			high, all := bits.Mul64(count, block)
			if high != 0 {
				return nil, errPattern(d)
			}
			count, block = 1, all
		}
		if (count > 1 || count > 0 && rest > 0) && block > stride {
			return nil, damaged(fmt.Errorf("a selection's blocks of %d overlap at a stride of %d", block, stride))
		}
		if p, err = repeated(d, start, stride, count, block, rest, p); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// repeated is blocks along an axis, and a part of one more.
func repeated(axis int, start, stride, count, block, rest uint64, inner *pattern) (*pattern, error) {
	unit := uint64(1)
	if inner != nil {
		unit = inner.size
	}
	high, all := bits.Mul64(count, block)
	all, carry := bits.Add64(all, rest, 0)
	over, size := bits.Mul64(all, unit)
	reach, last := bits.Mul64(count, stride)
	last, carry2 := bits.Add64(start, last, 0)
	_, carry3 := bits.Add64(last, max(block, rest), 0)
	if high|over|carry != 0 || count > 1 && reach|carry2|carry3 != 0 || start > start+max(block, rest) {
		return nil, errPattern(axis)
	}
	p := &pattern{stride: stride, count: count, each: block * unit, size: size}
	if count > 0 && block > 0 {
		p.spans = []span{{start, start + block, 0, unit, inner}}
	} else {
		p.count, p.each = 0, 0
	}
	if rest > 0 {
		p.tail = []span{{start, start + rest, 0, unit, inner}}
	}
	return p, nil
}

// block is a box of an irregular selection: first and last elements.
type block struct{ first, last []uint64 }

// irregular is the pattern of boxes, whatever their order.
func irregular(list []block, axis, rank int, budget *int) (*pattern, error) {
	slices.SortFunc(list, func(a, b block) int { return compare(a.first[axis], b.first[axis]) })
	p := &pattern{count: 1}
	var active []block
	for low := uint64(0); len(list) > 0 || len(active) > 0; {
		if len(active) == 0 {
			low = list[0].first[axis]
		}
		for len(list) > 0 && list[0].first[axis] == low {
			active, list = append(active, list[0]), list[1:]
		}
		high := ^uint64(0) // where something begins or ends next
		if len(list) > 0 {
			high = list[0].first[axis]
		}
		for _, b := range active {
			high = min(high, b.last[axis]+1)
		}
		if *budget -= len(active); high == 0 || *budget < 0 {
			return nil, fmt.Errorf("%w: a selection of over %d spans", ErrTooLarge, maxSpans)
		}
		if err := p.add(active, low, high, axis, rank, budget); err != nil {
			return nil, err
		}
		low = high
		active = slices.DeleteFunc(active, func(b block) bool { return b.last[axis] < low })
	}
	p.size = p.each
	if len(p.spans) == 0 {
		p.count = 0
	}
	return p, nil
}

func compare(a, b uint64) int {
	if a < b {
		return -1
	}
	if a > b {
		return 1
	}
	return 0
}

// add appends a span over which the same boxes are there.
func (p *pattern) add(active []block, low, high uint64, axis, rank int, budget *int) (err error) {
	s := span{low: low, high: high, before: p.each, unit: 1}
	if axis < rank-1 {
		if s.inner, err = irregular(slices.Clone(active), axis+1, rank, budget); err != nil {
			return err
		}
		s.unit = s.inner.size
	}
	over, n := bits.Mul64(high-low, s.unit)
	sum, carry := bits.Add64(p.each, n, 0)
	if over|carry != 0 {
		return errPattern(axis)
	}
	p.each = sum
	if k := len(p.spans) - 1; s.inner == nil && k >= 0 && p.spans[k].high == low {
		p.spans[k].high = high
		return nil
	}
	p.spans = append(p.spans, s)
	return nil
}

// end is behind the last coordinate along the axis.
func (p *pattern) end() uint64 {
	switch {
	case len(p.tail) > 0:
		return p.tail[0].high + p.count*p.stride
	case p.size == 0:
		return 0
	}
	return p.spans[len(p.spans)-1].high + (p.count-1)*p.stride
}

// again gives the spans of one repetition.
func (p *pattern) again(r uint64) []span {
	if r < p.count {
		return p.spans
	}
	return p.tail
}

// repetitions is how often the spans are there, in part too.
func (p *pattern) repetitions() uint64 {
	if len(p.tail) > 0 {
		return p.count + 1
	}
	return p.count
}

// within yields the elements that lie in a box: stretches along the last axis,
// of numbers from n on, at an offset into a C-order buffer of the box. It
// stops where yield gives an error.
func (p *pattern) within(box space.Box, yield func(n, offset, count uint64) error) error {
	return p.inBox(box, 0, 0, 0, yield)
}

func (p *pattern) inBox(box space.Box, axis int, n, offset uint64, yield func(n, offset, count uint64) error) error {
	low, high := box.Start[axis], box.Start[axis]+box.Count[axis]
	r := uint64(0)
	if spans := p.again(0); len(spans) > 0 && p.count > 0 && p.stride > 0 && low > spans[len(spans)-1].high {
		r = min((low-spans[len(spans)-1].high)/p.stride, p.count)
	}
	for ; r < p.repetitions(); r++ {
		spans, shift := p.again(r), r*p.stride
		if spans[0].low+shift >= high {
			break
		}
		first := sort.Search(len(spans), func(i int) bool { return spans[i].high+shift > low })
		for _, s := range spans[first:] {
			from, to := max(s.low+shift, low), min(s.high+shift, high)
			if from >= to {
				break
			}
			at := n + r*p.each + s.before + (from-shift-s.low)*s.unit
			if s.inner == nil {
				if err := yield(at, offset*box.Count[axis]+from-low, to-from); err != nil {
					return err
				}
				continue
			}
			for c := from; c < to; c, at = c+1, at+s.unit {
				if err := s.inner.inBox(box, axis+1, at, offset*box.Count[axis]+c-low, yield); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// from yields count elements from number n on: stretches along the last axis
// that begin at the coordinates in at, which it changes.
func (p *pattern) from(n, count uint64, at []uint64, yield func(count uint64) error) error {
	for count > 0 {
		r := p.count
		if p.each > 0 {
			r = min(n/p.each, p.count)
		}
		spans, k := p.again(r), n-r*p.each
		s := spans[sort.Search(len(spans), func(i int) bool { return spans[i].before > k })-1]
		k -= s.before
		if len(at) > 0 {
			at[0] = s.low + k/s.unit + r*p.stride
		}
		var took uint64
		var err error
		if s.inner == nil {
			took = min(count, s.high-s.low-k)
			err = yield(took)
		} else {
			inside := k % s.unit
			took = min(count, s.unit-inside)
			err = s.inner.from(inside, took, at[1:], yield)
		}
		if err != nil {
			return err
		}
		n, count = n+took, count-took
	}
	return nil
}

// box is the pattern as one box; ok is false where it is none.
func (p *pattern) box(rank int) (b space.Box, ok bool) {
	for ; p != nil && len(b.Start) < rank; p = p.spans[0].inner {
		if len(p.spans) != 1 || p.count != 1 || len(p.tail) > 0 {
			return b, false
		}
		b.Start = append(b.Start, p.spans[0].low)
		b.Count = append(b.Count, p.spans[0].high-p.spans[0].low)
	}
	return b, len(b.Start) == rank
}
