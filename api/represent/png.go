package represent

import (
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"math"
	"slices"
)

// Scale is how values become positions in a colour map.
type Scale string

// The scales. Values that are not above 0 have no place on Logarithmic.
const (
	Linear      Scale = "linear"
	Logarithmic Scale = "log"
	SquareRoot  Scale = "sqrt"
)

// Scales are all of them.
var Scales = []Scale{Linear, Logarithmic, SquareRoot}

// Range is what the ends of a colour map stand for. Values beyond have the
// colours of the ends.
type Range struct{ Low, High float64 }

// Spread is the range from one quantile of the finite values that have a place
// on the scale to another: 0 and 1 are the extremes. Without any such value it
// is 0 to 1, and where all are the same, it is wider than nothing.
func (s Scale) Spread(values []float64, low, high float64) Range {
	var some []float64
	for _, v := range values {
		if s.has(v) {
			some = append(some, v)
		}
	}
	if len(some) == 0 {
		return Range{0, 1}
	}
	r := Range{slices.Min(some), slices.Max(some)}
	if low > 0 || high < 1 {
		slices.Sort(some)
		place := func(q float64) float64 { return some[int(math.Round(q*float64(len(some)-1)))] }
		r = Range{place(low), place(high)}
	}
	return r
}

// has tells whether a value has a place on the scale.
func (s Scale) has(v float64) bool { return v-v == 0 && (s != Logarithmic || v > 0) }

// Place puts a value between 0 and 1; NaN where it has none.
func (s Scale) Place(v float64, r Range) float64 {
	if !s.has(v) && !math.IsInf(v, 0) {
		return math.NaN()
	}
	switch {
	case v <= r.Low:
		return 0
	case v >= r.High:
		return 1
	}
	switch s {
	case Logarithmic:
		return (math.Log(v) - math.Log(r.Low)) / (math.Log(r.High) - math.Log(r.Low))
	case SquareRoot:
		return math.Sqrt(fraction(v, r))
	}
	return fraction(v, r)
}

// fraction is where a value lies in a range, which may be as wide as floats go.
func fraction(v float64, r Range) float64 { return (v/2 - r.Low/2) / (r.High/2 - r.Low/2) }

// Check says why a range cannot be one of the scale.
func (s Scale) Check(r Range) error {
	switch {
	case r.Low-r.Low != 0 || r.High-r.High != 0 || r.Low > r.High:
		return fmt.Errorf("from %g to %g is no range", r.Low, r.High)
	case s == Logarithmic && r.Low <= 0:
		return fmt.Errorf("a logarithmic range begins above 0, not at %g", r.Low)
	}
	return nil
}

// colours is how many of a picture's 256 are those of its values. The last one
// is none at all, for values that have no place.
const colours = 255

// WritePicture writes rows of values as a PNG with one pixel for each, the
// first row on top. Values without a place on the scale are transparent. The
// name is one of Colormaps.
func WritePicture(w io.Writer, values []float64, width int, s Scale, r Range, name string) error {
	palette, ok := Colormap(name, colours)
	if !ok {
		return fmt.Errorf("there is no colour map %q", name)
	}
	picture := image.NewPaletted(image.Rect(0, 0, width, len(values)/max(width, 1)), append(palette, color.Transparent))
	for i, v := range values {
		picture.Pix[i] = colours
		if at := s.Place(v, r); at == at {
			picture.Pix[i] = uint8(at*(colours-1) + 0.5)
		}
	}
	return encode(w, picture)
}

func encode(w io.Writer, picture image.Image) error {
	return (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(w, picture)
}

// Colours of a curve: the ground, the band from minimum to maximum, the mean.
var curve = color.Palette{color.Transparent, color.NRGBA{0x9e, 0xc5, 0xe8, 0xff}, color.NRGBA{0x0b, 0x3d, 0x91, 0xff}}

// WriteCurve writes a line of cells as a PNG, a column for each: a band from
// the least to the most value, and the mean in it. The three have a value for
// each column.
func WriteCurve(w io.Writer, mean, least, most []float64, height int, s Scale, r Range) error {
	picture := image.NewPaletted(image.Rect(0, 0, len(mean), height), curve)
	row := func(v float64) (int, bool) {
		at := s.Place(v, r)
		return int((1 - at) * float64(height-1)), at == at
	}
	for x := range mean {
		top, ok := row(most[x])
		bottom, low := row(least[x])
		if !low {
			bottom = height - 1
		}
		for y := top; ok && y <= bottom; y++ {
			picture.SetColorIndex(x, y, 1)
		}
		if y, ok := row(mean[x]); ok {
			picture.SetColorIndex(x, y, 2)
		}
	}
	return encode(w, picture)
}
