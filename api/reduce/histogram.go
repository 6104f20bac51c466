package reduce

import (
	"math"
	"sync"
)

// Histogram counts the values from an edge up to the next: there is one edge
// more than counts. Edges are multiples of a power of two, so that they are
// exact.
type Histogram struct {
	Edges  []float64
	Counts []uint64
}

// fine counts values in narrow bins, whose width doubles whenever the values
// spread too far. The width in the end depends on the extremes alone.
//
//	index of a value = ⌊value / 2^exponent⌋      counts[i] has those of index first + i
type fine struct {
	integers  bool
	low, high float64 // that were counted
	counts    []uint64
	first     int64
	exponent  int
}

const (
	fineBins   = 1 << 16
	leastWidth = -1000 // exponents
	indexBits  = 52    // of the largest index
)

// exponentFor is the least exponent from e on by which values fit.
func (h *fine) exponentFor(e int, low, high float64) int {
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
func count[T number](h *fine, values []T, low, high float64) {
	h.reach(low, high)
	scale := math.Ldexp(1, -h.exponent)
	for _, v := range values {
		if v-v == 0 {
			h.counts[int64(math.Floor(float64(v)*scale))-h.first]++
		}
	}
}

// reach makes room for values from low to high.
func (h *fine) reach(low, high float64) {
	if h.counts == nil {
		h.low, h.high, h.exponent = low, high, h.exponentFor(leastWidth, low, high)
		h.first, h.counts = index(low, h.exponent), make([]uint64, fineBins)
		return
	}
	if low >= h.low && high <= h.high {
		return
	}
	old := *h
	h.low, h.high = min(low, h.low), max(high, h.high)
	h.exponent = h.exponentFor(h.exponent, h.low, h.high)
	if h.first = index(h.low, h.exponent); h.first != old.first || h.exponent != old.exponent {
		h.counts = make([]uint64, fineBins)
		h.take(&old)
	}
}

// take adds the counts of bins that are no wider, and lie in reach.
func (h *fine) take(o *fine) {
	for i, n := range o.counts {
		if n > 0 {
			h.counts[(o.first+int64(i))>>(h.exponent-o.exponent)-h.first] += n
		}
	}
}

// bins joins narrow bins to at most so many of equal width, over all values.
func (h *fine) bins(most int) Histogram {
	if most < 1 || h.counts == nil {
		return Histogram{}
	}
	n := index(h.high, h.exponent) - h.first + 1
	each := (n + int64(most) - 1) / int64(most)
	out := Histogram{Edges: []float64{math.Ldexp(float64(h.first), h.exponent)}}
	for at := int64(0); at < n; at += each {
		sum := uint64(0)
		for _, c := range h.counts[at:min(at+each, n)] {
			sum += c
		}
		out.Counts = append(out.Counts, sum)
		out.Edges = append(out.Edges, math.Ldexp(float64(h.first+at+each), h.exponent))
	}
	return out
}

// fines are histograms for several workers, a worker having one at a time.
type fines struct {
	integers bool

	mu   sync.Mutex
	idle []*fine
}

func (f *fines) lend() *fine {
	f.mu.Lock()
	defer f.mu.Unlock()
	if n := len(f.idle); n > 0 {
		h := f.idle[n-1]
		f.idle = f.idle[:n-1]
		return h
	}
	return &fine{integers: f.integers}
}

func (f *fines) giveBack(h *fine) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.idle = append(f.idle, h)
}

// together is what all of them counted, when all were given back.
func (f *fines) together() *fine {
	all := &fine{integers: f.integers}
	for _, h := range f.idle {
		if h.counts != nil {
			all.reach(h.low, h.high)
			all.take(h)
		}
	}
	return all
}
