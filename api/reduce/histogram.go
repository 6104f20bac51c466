package reduce

import (
	"math"
	"math/bits"
	"sync"
)

// Histogram counts the values from an edge up to the next: there is one edge
// more than counts. Edges are multiples of a power of two, so that they are
// exact.
type Histogram struct {
	Edges  []float64
	Counts []uint64
}

// fineHistogram counts values in narrow bins, whose width doubles whenever the
// values spread too far. The width in the end depends on the extremes alone.
//
//	index of a value = ⌊value / 2^exponent⌋      counts[i] has those of index first + i
type fineHistogram struct {
	integers bool

	mu       sync.Mutex
	counts   []uint64
	first    int64
	exponent int
}

const (
	fineBins     = 1 << 16
	leastWidth   = -1000 // exponents
	indexBits    = 52    // of the largest index
	countedLocal = 256   // values that are counted under one lock at least
)

// exponentFor is the least exponent from e on by which values fit.
func (h *fineHistogram) exponentFor(e int, low, high float64) int {
	_, size := math.Frexp(max(math.Abs(low), math.Abs(high)))
	e = max(e, leastWidth, size-indexBits)
	if h.integers {
		e = max(e, 0)
	}
	for index(high, e)-index(low, e) >= fineBins {
		e++
	}
	return e
}

func index(v float64, exponent int) int64 { return int64(math.Floor(math.Ldexp(v, -exponent))) }

// count adds the finite values, which lie from low to high.
func count[T number](h *fineHistogram, values []T, low, high float64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.reach(low, high)
	scale := math.Ldexp(1, -h.exponent)
	for _, v := range values {
		if v-v == 0 {
			h.counts[int64(math.Floor(float64(v)*scale))-h.first]++
		}
	}
}

// reach makes room for values from low to high.
func (h *fineHistogram) reach(low, high float64) {
	if h.counts == nil {
		h.counts = make([]uint64, fineBins)
		h.exponent = h.exponentFor(leastWidth, low, high)
		h.first = index(low, h.exponent)
		return
	}
	last := h.first + fineBins - 1
	for last > h.first && h.counts[last-h.first] == 0 {
		if last == index(high, h.exponent) {
			break
		}
		last--
	}
	e := h.exponentFor(h.exponent, low, high)
	first := func() int64 { return min(h.first>>(e-h.exponent), index(low, e)) }
	end := func() int64 { return max(last>>(e-h.exponent), index(high, e)) }
	for end()-first() >= fineBins {
		e++
	}
	if to := first(); e != h.exponent || to != h.first {
		h.move(to, e)
	}
}

// move counts anew from another index on, in bins of another width.
func (h *fineHistogram) move(first int64, e int) {
	counts := make([]uint64, fineBins)
	for i, n := range h.counts {
		if n > 0 {
			counts[(h.first+int64(i))>>(e-h.exponent)-first] += n
		}
	}
	h.counts, h.first, h.exponent = counts, first, e
}

// bins joins narrow bins to at most so many of equal width, over all values.
func (h *fineHistogram) bins(low, high float64, most int) Histogram {
	if most < 1 || h.counts == nil {
		return Histogram{}
	}
	first, n := index(low, h.exponent), index(high, h.exponent)-index(low, h.exponent)+1
	each := (n + int64(most) - 1) / int64(most)
	out := Histogram{Edges: []float64{math.Ldexp(float64(first), h.exponent)}}
	for at := int64(0); at < n; at += each {
		sum := uint64(0)
		for i := at; i < min(at+each, n); i++ {
			sum += h.counts[first-h.first+i]
		}
		out.Counts = append(out.Counts, sum)
		out.Edges = append(out.Edges, math.Ldexp(float64(first+at+each), h.exponent))
	}
	return out
}

var _ = bits.Len
