package represent

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/h5serve/h5serve/h5core/dtype"
)

func TestColormaps(t *testing.T) {
	for _, name := range Colormaps() {
		all, ok := Colormap(name, 255)
		back, also := Colormap(name+"_r", 255)
		if !ok || !also || len(all) != 255 || all[0] != back[254] || all[100] != back[154] {
			t.Fatalf("%s: %d colours", name, len(all))
		}
		stops := colormaps[name]
		ends := []color.Color{mix(stops[0], 0, 0, 1), mix(stops[len(stops)-1], 0, 0, 1)}
		if all[0] != ends[0] || all[254] != ends[1] {
			t.Errorf("%s begins with %v and ends with %v", name, all[0], all[254])
		}
		for i := 1; i < len(all); i++ { // no jumps
			a, b := all[i-1].(color.NRGBA), all[i].(color.NRGBA)
			for _, d := range []int{int(a.R) - int(b.R), int(a.G) - int(b.G), int(a.B) - int(b.B)} {
				if d < -5 || d > 5 {
					t.Fatalf("%s: from %v to %v", name, a, b)
				}
			}
		}
	}
	if _, ok := Colormap("jet", 2); ok {
		t.Error("a map that there is not")
	}
}

func TestScales(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	values := []float64{nan, -4, 0, 1, 100, inf, -inf}
	for _, c := range []struct {
		scale     Scale
		low, high float64
		want      Range
		v, place  float64
	}{
		{Linear, 0, 1, Range{-4, 100}, 48, 0.5},
		{Logarithmic, 0, 1, Range{1, 100}, 10, 0.5},
		{SquareRoot, 0, 1, Range{-4, 100}, 22, 0.5},
		{Linear, 0.34, 0.66, Range{0, 1}, 0.25, 0.25},
		{Linear, 0, 1, Range{-4, 100}, inf, 1},
		{Linear, 0, 1, Range{-4, 100}, -inf, 0},
	} {
		r := c.scale.Spread(values, c.low, c.high)
		if at := c.scale.Place(c.v, r); r != c.want || math.Abs(at-c.place) > 1e-12 {
			t.Errorf("%s: %v, want %v; %v at %v", c.scale, r, c.want, c.v, at)
		}
	}
	if r := Linear.Spread([]float64{nan}, 0, 1); r != (Range{0, 1}) {
		t.Errorf("nothing: %v", r)
	}
	if at := Logarithmic.Place(-1, Range{1, 2}); at == at {
		t.Errorf("-1 has a place: %v", at)
	}
	if at := Linear.Place(0, Range{-math.MaxFloat64, math.MaxFloat64}); at != 0.5 {
		t.Errorf("0 in all of them: %v", at)
	}
}

func decoded(t *testing.T, b *bytes.Buffer) *image.Paletted {
	t.Helper()
	p, err := png.Decode(b)
	if err != nil {
		t.Fatal(err)
	}
	return p.(*image.Paletted)
}

func TestPictures(t *testing.T) {
	var b bytes.Buffer
	if err := WritePicture(&b, []float64{0, 1, 2, math.NaN(), 4, 9}, 3, Linear, Range{0, 4}, "gray"); err != nil {
		t.Fatal(err)
	}
	p := decoded(t, &b)
	if p.Bounds() != image.Rect(0, 0, 3, 2) || !bytes.Equal(p.Pix, []byte{0, 64, 127, 255, 254, 254}) {
		t.Errorf("%v %v", p.Bounds(), p.Pix)
	}
	if _, _, _, alpha := p.At(0, 1).RGBA(); alpha != 0 {
		t.Error("NaN is to be seen")
	}
	if err := WriteCurve(&b, []float64{1, math.NaN()}, []float64{0, math.NaN()}, []float64{2, math.NaN()}, 5, Linear, Range{0, 4}); err != nil {
		t.Fatal(err)
	}
	if p := decoded(t, &b); !bytes.Equal(p.Pix, []byte{0, 0, 0, 0, 1, 0, 2, 0, 1, 0}) {
		t.Errorf("curve %v", p.Pix)
	}
}

// The worst picture of 1200 × 800 is less than a megabyte.
func TestPictureSize(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	values := make([]float64, 1200*800)
	for i := range values {
		values[i] = random.Float64()
	}
	var b bytes.Buffer
	if err := WritePicture(&b, values, 1200, Linear, Range{0, 1}, "viridis"); err != nil || b.Len() > 1_000_000 {
		t.Errorf("%d bytes, %v", b.Len(), err)
	}
}

func TestRaw(t *testing.T) {
	got, err := written(NewRaw, u2be, []uint64{2}, []byte{0, 1, 0, 2}, nil)
	if err != nil || got != "\x00\x01\x00\x02" {
		t.Errorf("%q %v", got, err)
	}
	if _, err := written(NewRaw, dtype.ObjectReference(), nil, make([]byte, 8), nil); err == nil {
		t.Error("references were written")
	}
}

func BenchmarkPicture(b *testing.B) {
	values := make([]float64, 1200*800)
	for i := range values {
		values[i] = float64(i % 977)
	}
	for b.Loop() {
		if err := WritePicture(&bytes.Buffer{}, values, 1200, Linear, Range{0, 977}, "magma"); err != nil {
			b.Fatal(err)
		}
	}
}
