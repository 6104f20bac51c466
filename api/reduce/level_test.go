package reduce

import (
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"

	"github.com/h5serve/h5serve/h5core"
	"github.com/h5serve/h5serve/h5core/dtype"
	"github.com/h5serve/h5serve/h5core/space"
)

// stored is a dataset of a file with that content.
func stored(t testing.TB, kind *dtype.Type, shape []uint64, v any, opts ...h5core.DatasetOption) *h5core.Dataset {
	t.Helper()
	name := filepath.Join(t.TempDir(), "x.h5")
	f, err := h5core.Open(t.Context(), name, "w")
	must(t, err)
	d, err := f.CreateDataset("x", kind, space.Space{Kind: space.Simple, Dims: shape}, opts...)
	must(t, err)
	if v != nil {
		must(t, d.Write(t.Context(), nil, v))
	}
	must(t, f.Close())
	f, err = h5core.Open(t.Context(), name, "r")
	must(t, err)
	t.Cleanup(func() { _ = f.Close() })
	o, err := f.Get(t.Context(), "/x")
	must(t, err)
	return o.(*h5core.Dataset)
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// plane is a selection reduced to at most so many cells.
func plane(t testing.TB, d *h5core.Dataset, text string, rows, cols uint64) *Plane {
	t.Helper()
	p, err := NewPlane(d, text)
	must(t, err)
	p.Fit(rows, cols, ^uint64(0))
	return p
}

// slowly is a level by the meaning of its words, of a whole plane of values.
func slowly(values []float64, width int, rows, cols Axis) (mean, low, high, gone []float64) {
	n := rows.Cells() * cols.Cells()
	count := make([]float64, n)
	mean, gone = make([]float64, n), make([]float64, n)
	low, high = slices.Repeat([]float64{math.NaN()}, int(n)), slices.Repeat([]float64{math.NaN()}, int(n))
	place := func(a Axis, i uint64) uint64 {
		return (a.Start/a.Step+i)/a.Cell - a.Start/a.Step/a.Cell
	}
	for i := range rows.Count {
		for j := range cols.Count {
			v := values[(rows.Start+i*rows.Step)*uint64(width)+cols.Start+j*cols.Step]
			at := place(rows, i)*cols.Cells() + place(cols, j)
			switch {
			case v-v != 0:
				gone[at]++
				continue
			case count[at] == 0:
				low[at], high[at] = v, v
			}
			low[at], high[at] = min(low[at], v), max(high[at], v)
			mean[at] += v
			count[at]++
		}
	}
	for i := range mean {
		mean[i] /= count[i]
	}
	return mean, low, high, gone
}

func same(a, b float64) bool { return a == b || a != a && b != b || math.Abs(a-b) <= 1e-12*math.Abs(a) }

func checkLevel(t *testing.T, l *Level, values []float64, width int) {
	t.Helper()
	mean, low, high, gone := slowly(values, width, l.Rows, l.Cols)
	for f, want := range map[Figure][]float64{Mean: mean, Min: low, Max: high, Lost: gone} {
		for i, v := range want {
			if got := l.Value(f, uint64(i)); !same(got, v) {
				t.Fatalf("%s of cell %d: %v, want %v; rows %+v, columns %+v", f, i, got, v, l.Rows, l.Cols)
			}
		}
	}
}

func TestLevels(t *testing.T) {
	const height, width = 203, 257
	random := rand.New(rand.NewPCG(1, 2))
	values := make([]float64, height*width)
	for i := range values {
		values[i] = math.Round(random.NormFloat64()*1e6) / 8
		switch random.IntN(50) {
		case 0:
			values[i] = math.NaN()
		case 1:
			values[i] = math.Inf(1 - 2*random.IntN(2))
		}
	}
	for i := range 3 * width { // cells without any number
		values[i] = math.NaN()
	}
	f8 := dtype.Float64(dtype.BigEndian)
	for name, opts := range map[string][]h5core.DatasetOption{
		"contiguous": nil, "chunks": {h5core.Chunks(50, 64)}, "columns": {h5core.Chunks(height, 3)}, "rows": {h5core.Chunks(1, width)},
	} {
		t.Run(name, func(t *testing.T) {
			d := stored(t, f8, []uint64{height, width}, values, opts...)
			kept := NewLevels(8 << 20)
			hits := 0
			for _, text := range []string{"", "8:200,16:240", "::3,5::7", "1:2,:", ":,256:", "64:128,0:128", "3,:", ":,9", "7,8", "100:100,:", "8:200,16:240"} {
				for _, fit := range [][2]uint64{{20, 30}, {1, 1}, {1000, 1000}, {7, 600}} {
					p := plane(t, d, text, fit[0], fit[1])
					if p.Rows.Cells() > max(1, fit[0]) || p.Cols.Cells() > max(1, fit[1]) {
						t.Fatalf("%q in %v: %d × %d cells", text, fit, p.Rows.Cells(), p.Cols.Cells())
					}
					if p.Cells() == 0 {
						continue
					}
					l, hit, err := kept.Get(t.Context(), "1", p)
					must(t, err)
					if hit {
						hits++
					}
					rows, cols := l.Rows, l.Cols
					if rows.Number < 0 { // as the brute force has it
						if cols.Number == 0 {
							rows, cols = cols, rows
							cols.Start = p.slab.Start[1]
						} else {
							rows.Start = p.slab.Start[0]
						}
						if cols.Number < 0 {
							cols.Start = p.slab.Start[1]
						}
					}
					flat := &Level{Kind: l.Kind, Rows: rows, Cols: cols, rows: rows.Cells(), cols: cols.Cells(), sum: l.sum, least: l.least, most: l.most, lost: l.lost}
					checkLevel(t, flat, values, width)
				}
			}
			if hits < 30 {
				t.Errorf("%d levels came from others", hits)
			}
			if kept.Held() > 8<<20 {
				t.Errorf("%d bytes are kept", kept.Held())
			}
		})
	}
}

// Extremes of integers keep all of their bits.
func TestExactExtremes(t *testing.T) {
	for _, c := range []struct {
		name   string
		values any
		want   string
	}{
		{"<i8", []int64{math.MinInt64, 1<<53 + 1, 5, math.MaxInt64}, "[-9223372036854775808 5] [9007199254740993 9223372036854775807]"},
		{"<u8", []uint64{1<<64 - 1, 1<<64 - 2, 0, 7}, "[18446744073709551614 0] [18446744073709551615 7]"},
		{"|i1", []int8{-128, 127, 3, 3}, "[-128 3] [127 3]"},
		{"<f2", []float32{-0.5, 2, 65504, 1}, "[-0.5 1] [2 65504]"},
		{">u2", []uint16{65535, 1, 2, 9}, "[1 2] [65535 9]"},
	} {
		kind := dtype.Must(dtype.Parse(c.name))
		d := stored(t, kind, []uint64{4}, c.values)
		l, _, err := NewLevels(0).Get(t.Context(), "", plane(t, d, "", 1, 2))
		must(t, err)
		var got [2][]any
		for k, f := range []Figure{Min, Max} {
			for i := range l.Len() {
				b, ok := l.AppendExact(nil, f, i)
				if !ok {
					t.Fatal("no number")
				}
				got[k] = append(got[k], number1(t, l.Exact(f), b))
			}
		}
		if text := fmt.Sprint(got[0], got[1]); text != c.want {
			t.Errorf("%s: %s, want %s", c.name, text, c.want)
		}
	}
}

func number1(t *testing.T, kind *dtype.Type, b []byte) any {
	t.Helper()
	var v any
	var err error
	switch {
	case kind.Class == dtype.Float:
		v, err = kind.GetFloat64(b)
	case kind.Signed:
		v, err = kind.GetInt(b)
	default:
		v, err = kind.GetUint(b)
	}
	must(t, err)
	return v
}

func TestComplexAndRefused(t *testing.T) {
	c8 := dtype.Must(dtype.Parse("<c8"))
	d := stored(t, c8, []uint64{2}, []complex64{3 + 4i, complex(float32(math.NaN()), 0)})
	l, _, err := NewLevels(0).Get(t.Context(), "", plane(t, d, "", 1, 1))
	must(t, err)
	if l.Value(Max, 0) != 5 || l.Value(Mean, 0) != 5 || l.Value(Lost, 0) != 1 {
		t.Errorf("%v %v", l.Value(Max, 0), l.Value(Lost, 0))
	}
	d = stored(t, dtype.Must(dtype.Parse("S3")), []uint64{1}, []string{"a"})
	if _, _, err := NewLevels(0).Get(t.Context(), "", plane(t, d, "", 1, 1)); err == nil {
		t.Error("texts were reduced")
	}
	d = stored(t, dtype.Float32(0), []uint64{4, 5, 6}, nil)
	if _, err := NewPlane(d, ""); err == nil || err.(*AxisError).Axis != 0 {
		t.Errorf("three axes: %v", err)
	}
	if p, err := NewPlane(d, "1:2"); err != nil || p.Rows.Number != 1 || p.Cols.Number != 2 {
		t.Errorf("%+v, %v", p, err)
	}
}

func BenchmarkImage(b *testing.B) {
	d := stored(b, dtype.Float32(0), []uint64{3000, 3000}, make([]float32, 9_000_000), h5core.Chunks(300, 300))
	b.SetBytes(36_000_000)
	for b.Loop() {
		if _, _, err := NewLevels(0).Get(b.Context(), "1", plane(b, d, "", 800, 1200)); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkLine(b *testing.B) {
	d := stored(b, dtype.Float64(0), []uint64{10_000_000}, make([]float64, 10_000_000))
	b.SetBytes(80_000_000)
	for b.Loop() {
		if _, _, err := NewLevels(0).Get(b.Context(), "1", plane(b, d, "", 1, 1200)); err != nil {
			b.Fatal(err)
		}
	}
}
