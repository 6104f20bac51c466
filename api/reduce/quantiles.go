package reduce

import (
	"math"
	"slices"
)

func sortKeys(keys []uint64) { slices.Sort(keys) }

// Exact tells whether quantiles are those of all elements.
func (s *Summary) Exact() bool { return s.every == 1 }

// RankError bounds, with 99 percent certainty, how far the share of the
// elements below a quantile lies from what was asked for: 0 where it is exact
// (Dvoretzky, Kiefer, Wolfowitz; the sample is no worse than a random one).
func (s *Summary) RankError() float64 {
	if s.Exact() || len(s.sample) == 0 {
		return 0
	}
	return math.Sqrt(math.Log(2/0.01) / 2 / float64(len(s.sample)))
}

// Quantile is the value that a share q of the finite elements, from 0 to 1,
// lies below: between two elements as far as q lies between their ranks, as
// numpy has it. It is NaN where no element is finite.
func (s *Summary) Quantile(q float64) float64 {
	switch {
	case len(s.sample) == 0:
		return math.NaN()
	case q <= 0:
		return s.Kind.value(s.Min)
	case q >= 1:
		return s.Kind.value(s.Max)
	}
	rank := q * float64(len(s.sample)-1)
	below := int(rank)
	a := s.Kind.value(s.sample[below])
	if below+1 == len(s.sample) {
		return a
	}
	b, part := s.Kind.value(s.sample[below+1]), rank-float64(below)
	if math.IsInf(b-a, 0) {
		return a*(1-part) + b*part
	}
	return a + (b-a)*part
}
