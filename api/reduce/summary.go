package reduce

import (
	"context"
	"math"
	"sync"

	"github.com/h5serve/h5serve/h5core"
	"github.com/h5serve/h5serve/h5core/space"
)

// Summary is what is known of the numbers of a selection. Extremes, moments,
// quantiles and histogram are those of the finite ones.
type Summary struct {
	Kind Kind
	Total
	LeastPositive uint64 // key; above Max where nothing is above 0
	Mean, Std     float64
	Histogram     Histogram

	sample []uint64 // keys, ascending
	every  uint64   // of how many elements one is in the sample
}

// Sampled is the number of elements up to which quantiles are exact. Of more, one
// in each stretch of equal length is looked at, about as many.
const Sampled = 1 << 20

// Summarize reads the elements of a selection.
func Summarize(ctx context.Context, d *h5core.Dataset, s space.Hyperslab, bins int) (*Summary, error) {
	t := d.Type()
	k, size, err := kindOf(t)
	if err != nil {
		return nil, err
	}
	switch {
	case IsComplex(t):
		return summarize(ctx, d, s, k, bins, numbers[float64]{floatKey[float64], true})
	case k == Float32:
		return summarize(ctx, d, s, k, bins, numbers[float32]{key: floatKey[float32]})
	case k == Float64:
		return summarize(ctx, d, s, k, bins, numbers[float64]{key: floatKey[float64]})
	case k == Int && size < 8:
		return summarize(ctx, d, s, k, bins, numbers[int32]{key: intKey[int32]})
	case k == Int:
		return summarize(ctx, d, s, k, bins, numbers[int64]{key: intKey[int64]})
	case size < 8:
		return summarize(ctx, d, s, k, bins, numbers[uint32]{key: uintKey[uint32]})
	}
	return summarize(ctx, d, s, k, bins, numbers[uint64]{key: uintKey[uint64]})
}

func summarize[T number](ctx context.Context, d *h5core.Dataset, s space.Hyperslab, k Kind, bins int, n numbers[T]) (*Summary, error) {
	var mu sync.Mutex
	var pieces []*partial[T]
	every := max(1, (s.Size()+Sampled-1)/Sampled)
	histograms := &fines{integers: k == Int || k == Uint}
	begin := func(i int) {
		mu.Lock()
		defer mu.Unlock()
		pieces = append(pieces, newPartial(n.key, every, uint64(i)))
	}
	use := func(i int, values []T) {
		mu.Lock()
		p := pieces[i]
		mu.Unlock()
		h := histograms.lend()
		p.take(values, h)
		histograms.giveBack(h)
	}
	if err := eachPart(ctx, d, s, n, begin, use); err != nil {
		return nil, err
	}
	out := &Summary{Kind: k, every: every, Total: Total{Min: ^uint64(0)}, LeastPositive: ^uint64(0)}
	var m moments
	for _, p := range pieces {
		out.add(p.Total)
		out.LeastPositive = min(out.LeastPositive, p.positive)
		out.sample = append(out.sample, p.sample...)
		m.add(p.moments)
	}
	out.Mean, out.Std = m.mean, math.Sqrt(m.squares/max(m.n, 1))
	if out.Finite > 0 {
		low, high := k.value(out.Min), k.value(out.Max)
		out.Mean = max(low, min(high, out.Mean))
		out.Histogram = histograms.together().bins(bins)
	}
	sortKeys(out.sample)
	return out, nil
}

func (t *Total) add(u Total) {
	t.Finite += u.Finite
	t.NaN += u.NaN
	t.PositiveInfinite += u.PositiveInfinite
	t.NegativeInfinite += u.NegativeInfinite
	t.Min, t.Max = min(t.Min, u.Min), max(t.Max, u.Max)
}

// partial is what is known of a part of a selection.
type partial[T number] struct {
	Total
	moments
	positive uint64
	key      func(T) uint64

	sample []uint64
	every  uint64
	at     uint64 // elements until now
	next   uint64 // place of the next one for the sample
	seed   uint64
}

func newPartial[T number](key func(T) uint64, every, seed uint64) *partial[T] {
	p := &partial[T]{Total: Total{Min: ^uint64(0)}, positive: ^uint64(0), key: key, every: every, seed: seed}
	p.next = p.place(0)
	return p
}

// place is which element of a stretch goes into the sample: any of them, with
// equal chances, and the same each time.
func (p *partial[T]) place(stretch uint64) uint64 {
	x := stretch + p.seed<<32 + 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return stretch*p.every + (x^x>>31)%p.every
}

// stretch is how many values are folded at once: their mean is near that of
// each of them, which keeps the sum of squares exact.
const stretch = 4096

func (p *partial[T]) take(values []T, h *fine) {
	for len(values) > 0 {
		some := values[:min(stretch, len(values))]
		values = values[len(some):]
		for ; p.next < p.at+uint64(len(some)); p.next = p.place(p.next/p.every + 1) {
			if v := some[p.next-p.at]; v-v == 0 {
				p.sample = append(p.sample, p.key(v))
			}
		}
		p.at += uint64(len(some))
		low, high, sum, finite, l := fold(some)
		p.note(l, finite)
		if finite == 0 {
			continue
		}
		p.Min, p.Max = min(p.Min, p.key(low)), max(p.Max, p.key(high))
		p.moments.add(momentsOf(some, sum, finite, float64(low), float64(high)))
		if high > 0 {
			p.positive = min(p.positive, p.key(leastPositive(some, low, high)))
		}
		count(h, some, float64(low), float64(high))
	}
}

func (p *partial[T]) note(l lost, finite int) {
	p.Finite += uint64(finite)
	p.NaN += l.nan
	p.PositiveInfinite += l.above
	p.NegativeInfinite += l.below
}

// leastPositive is the least value above 0 of some that have one.
func leastPositive[T number](values []T, low, high T) T {
	if low > 0 {
		return low
	}
	least := high
	for _, v := range values {
		if v > 0 && v < least {
			least = v
		}
	}
	return least
}

// moments are the number of values, their mean, and the sum of the squares of
// their distances from it.
type moments struct{ n, mean, squares float64 }

func momentsOf[T number](values []T, sum float64, finite int, low, high float64) moments {
	m := moments{n: float64(finite), mean: max(low, min(high, sum/float64(finite)))}
	for _, v := range values {
		if v-v == 0 {
			x := float64(v) - m.mean
			m.squares += x * x
		}
	}
	return m
}

// add puts two sets of values together (Chan, Golub and LeVeque).
func (m *moments) add(o moments) {
	if o.n == 0 {
		return
	}
	n := m.n + o.n
	apart := o.mean - m.mean
	m.squares += o.squares + apart*apart*(m.n/n*o.n)
	m.mean += apart * (o.n / n)
	m.n = n
}
