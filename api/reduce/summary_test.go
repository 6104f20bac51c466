package reduce

import (
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/h5serve/h5serve/h5core"
	"github.com/h5serve/h5serve/h5core/dtype"
	"github.com/h5serve/h5serve/h5core/space"
)

func summary(t testing.TB, d *h5core.Dataset, text string, bins int) *Summary {
	t.Helper()
	s, _, err := space.Parse(text, d.Space().Dims)
	must(t, err)
	out, err := Summarize(t.Context(), d, s, bins)
	must(t, err)
	return out
}

// exactly is the mean and the deviation of finite values, with 300 bits.
func exactly(values []float64) (mean, std float64) {
	number := func(v float64) *big.Float { return new(big.Float).SetPrec(300).SetFloat64(v) }
	n, sum, squares := number(float64(len(values))), number(0), number(0)
	for _, v := range values {
		sum.Add(sum, number(v))
	}
	m := new(big.Float).Quo(sum, n)
	for _, v := range values {
		x := new(big.Float).Sub(number(v), m)
		squares.Add(squares, x.Mul(x, x))
	}
	mean, _ = m.Float64()
	std, _ = squares.Quo(squares, n).Sqrt(squares).Float64()
	return mean, std
}

func TestSummary(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	const rows, cols = 40, 1111
	for name, make1 := range map[string]func() float64{
		"normal":       random.NormFloat64,
		"far from 0":   func() float64 { return 1e9 + random.Float64() },
		"wide":         func() float64 { return math.Ldexp(random.NormFloat64(), random.IntN(600)-300) },
		"tiny":         func() float64 { return math.Ldexp(random.NormFloat64(), -500) },
		"whole":        func() float64 { return float64(random.IntN(100) - 50) },
		"all the same": func() float64 { return 0.1 },
	} {
		t.Run(name, func(t *testing.T) {
			values := make([]float64, rows*cols)
			var finite []float64
			for i := range values {
				switch values[i] = make1(); random.IntN(100) {
				case 0:
					values[i] = math.NaN()
				case 1:
					values[i] = math.Inf(1)
				default:
					finite = append(finite, values[i])
				}
			}
			d := stored(t, dtype.Float64(0), []uint64{rows, cols}, values, h5core.Chunks(16, 100))
			s := summary(t, d, "", 30)
			mean, std := exactly(finite)
			if math.Abs(s.Mean-mean) > 1e-14*(math.Abs(mean)+std) || math.Abs(s.Std-std) > 1e-9*std+1e-16*math.Abs(mean) {
				t.Errorf("mean %v, want %v; deviation %v, want %v", s.Mean, mean, s.Std, std)
			}
			slices.Sort(finite)
			low, high := s.Kind.value(s.Min), s.Kind.value(s.Max)
			if s.Finite != uint64(len(finite)) || low != finite[0] || high != finite[len(finite)-1] || s.NaN+s.PositiveInfinite+s.Finite != rows*cols {
				t.Errorf("%+v", s.Total)
			}
			for _, q := range []float64{0, 0.013, 0.5, 0.9, 1} {
				at := q * float64(len(finite)-1)
				below := int(at)
				want := finite[below]
				if below+1 < len(finite) {
					want += (finite[below+1] - want) * (at - float64(below))
				}
				if got := s.Quantile(q); math.Abs(got-want) > 1e-12*math.Abs(want) {
					t.Errorf("quantile %v: %v, want %v", q, got, want)
				}
			}
			checkHistogram(t, s.Histogram, finite, 30)
		})
	}
}

// checkHistogram counts sorted values anew.
func checkHistogram(t *testing.T, h Histogram, sorted []float64, most int) {
	t.Helper()
	if len(h.Counts) > most || len(h.Edges) != len(h.Counts)+1 || h.Edges[0] > sorted[0] || h.Edges[len(h.Counts)] <= sorted[len(sorted)-1] {
		t.Fatalf("%+v", h)
	}
	for i, n := range h.Counts {
		from, _ := slices.BinarySearch(sorted, h.Edges[i])
		to, _ := slices.BinarySearch(sorted, h.Edges[i+1])
		if n != uint64(to-from) {
			t.Errorf("bin %d from %v to %v has %d, want %d", i, h.Edges[i], h.Edges[i+1], n, to-from)
		}
	}
	wide, spread := h.Edges[len(h.Counts)]-h.Edges[0], sorted[len(sorted)-1]-sorted[0]
	if spread > 100 && wide > spread*1.01+2*float64(most) {
		t.Errorf("edges span %v, values %v", wide, spread)
	}
}

func TestSummaryOfSelections(t *testing.T) {
	values := make([]int32, 6*7*8)
	for i := range values {
		values[i] = int32(i*i%97 - 40)
	}
	dims := []uint64{6, 7, 8}
	d := stored(t, dtype.Must(dtype.Parse("<i4")), dims, values, h5core.Chunks(2, 3, 5))
	for _, text := range []string{"", "1", "::2,1:6:3,-1", "2:2", "5,...,::7"} {
		s, _, err := space.Parse(text, dims)
		must(t, err)
		var want []float64
		for run := range s.Runs(dims) {
			for _, v := range values[run.Offset : run.Offset+run.Count] {
				want = append(want, float64(v))
			}
		}
		got := summary(t, d, text, 10)
		if got.Finite != uint64(len(want)) {
			t.Fatalf("%q: %d elements, want %d", text, got.Finite, len(want))
		}
		if len(want) == 0 {
			continue
		}
		mean, std := exactly(want)
		if math.Abs(got.Mean-mean) > 1e-14*math.Abs(mean) || math.Abs(got.Std-std) > 1e-13*std || got.Kind.value(got.Min) != slices.Min(want) {
			t.Errorf("%q: %v %v, want %v %v", text, got.Mean, got.Std, mean, std)
		}
		slices.Sort(want)
		checkHistogram(t, got.Histogram, want, 10)
	}
}

// Parts are the selection, each element once, whatever the chunks.
func TestParts(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	for range 300 {
		dims, chunk := []uint64{}, []uint64{}
		h := space.Hyperslab{}
		for range 1 + random.IntN(3) {
			n := 1 + random.Uint64N(12)
			start := random.Uint64N(n)
			stride := 1 + random.Uint64N(4)
			dims, chunk = append(dims, n), append(chunk, 1+random.Uint64N(6))
			h.Start, h.Stride, h.Count = append(h.Start, start), append(h.Stride, stride), append(h.Count, (n-start-1)/stride+1)
		}
		if random.IntN(3) == 0 {
			chunk = nil
		}
		seen := map[uint64]int{}
		for p := range parts(h, chunk, 1+random.Uint64N(40)) {
			must(t, p.Check(dims))
			for run := range p.Runs(dims) {
				for i := range run.Count {
					seen[run.Offset+i]++
				}
			}
		}
		n := uint64(0)
		for run := range h.Runs(dims) {
			for i := range run.Count {
				if n++; seen[run.Offset+i] != 1 {
					t.Fatalf("%+v in %v by %v: element %d comes %d times", h, dims, chunk, run.Offset+i, seen[run.Offset+i])
				}
			}
		}
		if uint64(len(seen)) != n {
			t.Fatalf("%+v: %d elements, want %d", h, len(seen), n)
		}
	}
}

func BenchmarkSummary(b *testing.B) {
	values := make([]float64, 10_000_000)
	for i := range values {
		values[i] = float64(i*7919%1000003) / 8
	}
	d := stored(b, dtype.Float64(0), []uint64{10_000_000}, values)
	b.SetBytes(80_000_000)
	for b.Loop() {
		summary(b, d, "", 64)
	}
}
