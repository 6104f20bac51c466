package transfer

import (
	"iter"

	"github.com/h5serve/h5serve/h5core/space"
)

// scattered is a read of runs in any order, sorted by chunk.
type scattered struct {
	size   int
	dst    []byte
	pieces []scatteredPiece
	first  map[uint64]*ends
	order  []uint64 // chunks by first mention
}

// scatteredPiece is a run of elements in one row of one chunk.
type scatteredPiece struct {
	to    uint64 // element of dst
	from  uint32 // element of the chunk
	count uint32
	next  int32 // of the same chunk
}

// ends are the first and the last piece of a chunk, and what they have in all.
type ends struct {
	first, last int32
	count       uint64
	least       uint64 // elements that the chunk must have
}

func newScattered(size int, dst []byte) *scattered {
	return &scattered{size: size, dst: dst, first: map[uint64]*ends{}}
}

// clear makes room for the next pieces.
func (s *scattered) clear() {
	s.pieces, s.order = s.pieces[:0], s.order[:0]
	clear(s.first)
}

func (s *scattered) add(number uint64, p scatteredPiece) {
	at := int32(len(s.pieces))
	p.next = -1
	s.pieces = append(s.pieces, p)
	e := s.first[number]
	if e == nil {
		e = &ends{first: at}
		s.first[number] = e
		s.order = append(s.order, number)
	} else {
		s.pieces[e.last].next = at
	}
	e.last = at
	e.count += uint64(p.count)
	e.least = max(e.least, uint64(p.from)+uint64(p.count))
}

func (s *scattered) chunks() iter.Seq[uint64] {
	return func(yield func(uint64) bool) {
		for _, number := range s.order {
			if !yield(number) {
				return
			}
		}
	}
}

func (s *scattered) want(number uint64) want {
	e := s.first[number]
	return want{bytes: int(e.count) * s.size, least: int(e.least) * s.size}
}

func (s *scattered) each(number uint64, yield func(at int, to []byte)) {
	for i := s.first[number].first; i >= 0; {
		p := s.pieces[i]
		at := int(p.to) * s.size
		yield(int(p.from)*s.size, s.dst[at:at+int(p.count)*s.size])
		i = p.next
	}
}

// cutter cuts runs of a dataset's elements where the rows of its chunks end.
type cutter struct{ grid space.Grid }

// locate finds the chunk of an element, its place there, and how many of the
// next left elements follow it in the row.
func (r cutter) locate(element, left uint64) (number, from, n uint64) {
	per, step, chunkStep := r.grid.PerDim(), uint64(1), uint64(1)
	for d := len(per) - 1; d >= 0; d-- {
		length, chunk := r.grid.Dims[d], r.grid.Chunk[d]
		x := element % length
		element /= length
		c := x / chunk
		in := x - c*chunk
		if d == len(per)-1 {
			n = min(left, chunk-in, length-x)
		}
		number += c * step
		from += in * chunkStep
		step *= per[d]
		chunkStep *= chunk
	}
	return number, from, n
}
