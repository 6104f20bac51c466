package transfer

import (
	"iter"
	"math"

	"github.com/h5serve/h5serve/h5core/space"
)

// slab is a read of a hyperslab: what it wants of a chunk is a range of the
// selected places along each axis.
type slab struct {
	grid space.Grid
	size int // bytes of an element
	axes []slabAxis
	box  bool // without strides
	dst  []byte
	room []uint64 // shape of dst
}

// slabAxis is count blocks, their starts stride apart.
type slabAxis struct{ start, stride, count, block uint64 }

func newSlab(grid space.Grid, h space.Hyperslab, size int, dst []byte) *slab {
	s := &slab{grid: grid, size: size, box: true, dst: dst, room: h.Shape(), axes: make([]slabAxis, len(h.Start))}
	for d := range s.axes {
		a := slabAxis{h.Start[d], 1, h.Count[d], 1}
		if h.Stride != nil {
			a.stride = h.Stride[d]
		}
		if h.Block != nil {
			a.block = h.Block[d]
		}
		if a.count == 1 || a.stride == a.block {
			a.block, a.count = a.count*a.block, 1
			a.stride = a.block
		}
		s.box = s.box && a.count == 1
		s.axes[d] = a
	}
	return s
}

// below counts the selected places before x.
func (a slabAxis) below(x uint64) uint64 {
	if x <= a.start {
		return 0
	}
	full, rest := (x-a.start)/a.stride, (x-a.start)%a.stride
	if full >= a.count {
		return a.count * a.block
	}
	return full*a.block + min(rest, a.block)
}

// at is the k-th selected place.
func (a slabAxis) at(k uint64) uint64 { return a.start + k/a.block*a.stride + k%a.block }

func (s *slab) chunks() iter.Seq[uint64] {
	return func(yield func(uint64) bool) { s.touched(0, 0, yield) }
}

// touched goes along an axis from one chunk with a selected place to the next.
func (s *slab) touched(d int, before uint64, yield func(uint64) bool) bool {
	if d == len(s.axes) {
		return yield(before)
	}
	a, n := s.axes[d], s.grid.Chunk[d]
	before *= s.grid.PerDim()[d]
	for k := uint64(0); k < s.room[d]; {
		c := a.at(k) / n
		if !s.touched(d+1, before+c, yield) {
			return false
		}
		k = a.below(after(c*n, n))
	}
	return true
}

// after is x+n, or the largest number.
func after(x, n uint64) uint64 {
	if x+n < x {
		return math.MaxUint64
	}
	return x + n
}

// part is what a slab takes of a chunk along an axis.
type part struct {
	first, count uint64 // of the selected places
	origin       uint64 // of the chunk, in elements
}

// parts finds them for a chunk.
func (s *slab) parts(number uint64) (parts [space.MaxRank]part) {
	per := s.grid.PerDim()
	for d := len(s.axes) - 1; d >= 0; d-- {
		n, a := s.grid.Chunk[d], s.axes[d]
		p := part{origin: number % per[d] * n}
		number /= per[d]
		p.first = a.below(p.origin)
		p.count = a.below(after(p.origin, n)) - p.first
		parts[d] = p
	}
	return parts
}

func (s *slab) want(number uint64) want {
	parts := s.parts(number)
	w := want{whole: true}
	count, last, offset := uint64(1), uint64(0), uint64(0)
	full, beside := true, true // the chunk has no edge; its rows touch in dst
	for d, p := range parts[:len(s.axes)] {
		n := s.grid.Chunk[d]
		beside = beside && (count == 1 || p.count == s.room[d])
		count *= p.count
		last = last*n + s.axes[d].at(p.first+p.count-1) - p.origin
		w.whole = w.whole && p.count == min(n, s.grid.Dims[d]-p.origin)
		full = full && p.count == n
		offset = offset*s.room[d] + p.first
	}
	w.bytes, w.least = int(count)*s.size, (int(last)+1)*s.size
	if full && beside {
		w.straight = s.dst[int(offset)*s.size:][:w.bytes:w.bytes]
	}
	return w
}

// put copies a box at once.
func (s *slab) put(number uint64, raw []byte) bool {
	if !s.box {
		return false
	}
	var to, from, count [space.MaxRank]uint64
	rank := len(s.axes)
	parts := s.parts(number)
	for d, p := range parts[:rank] {
		to[d], count[d] = p.first, p.count
		from[d] = s.axes[d].start + p.first - p.origin
	}
	space.CopyBox(s.dst, s.room, to[:rank], raw, s.grid.Chunk, from[:rank], count[:rank], s.size)
	return true
}

func (s *slab) each(number uint64, yield func(at int, to []byte)) {
	parts := s.parts(number)
	s.rows(&parts, 0, 0, 0, yield)
}

// rows yields the runs of a chunk: to is an element of dst, from one of the
// chunk.
func (s *slab) rows(parts *[space.MaxRank]part, d int, to, from uint64, yield func(at int, to []byte)) {
	a, p := s.axes[d], parts[d]
	to, from = to*s.room[d], from*s.grid.Chunk[d]
	for k := p.first; k < p.first+p.count; {
		x := from + a.at(k) - p.origin
		if d < len(s.axes)-1 {
			s.rows(parts, d+1, to+k, x, yield)
			k++
			continue
		}
		n := min(a.block-k%a.block, p.first+p.count-k)
		at := int(to+k) * s.size
		yield(int(x)*s.size, s.dst[at:at+int(n)*s.size])
		k += n
	}
}
