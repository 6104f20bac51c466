package represent

import (
	"image/color"
	"maps"
	"slices"
	"strings"
)

// colormaps are colours at equal distances, from the lowest value to the
// highest. Between them colours are mixed.
var colormaps = map[string][]uint32{
	"gray":     {0x000000, 0xffffff},
	"viridis":  {0x440154, 0x472d7b, 0x3b528b, 0x2c728e, 0x21918c, 0x28ae80, 0x5ec962, 0xaddc30, 0xfde725},
	"magma":    {0x000004, 0x1c1044, 0x4f127b, 0x812581, 0xb5367a, 0xe55964, 0xfb8761, 0xfec287, 0xfbfdbf},
	"inferno":  {0x000004, 0x1f0c48, 0x550f6d, 0x88226a, 0xba3655, 0xe35933, 0xf98c0a, 0xf9c932, 0xfcffa4},
	"plasma":   {0x0d0887, 0x4c02a1, 0x7e03a8, 0xa92395, 0xcc4778, 0xe56b5d, 0xf89540, 0xfdc527, 0xf0f921},
	"cividis":  {0x00224e, 0x123570, 0x3b496c, 0x575d6d, 0x707173, 0x8a8678, 0xa59c74, 0xc3b369, 0xe1cc55, 0xfee838},
	"coolwarm": {0x3b4cc0, 0x6788ee, 0x9abbff, 0xc9d7f0, 0xdddcdc, 0xf2cab5, 0xf7a889, 0xe26952, 0xb40426},
}

// backwards is what the name of a colour map from the highest value to the lowest
// ends with.
const backwards = "_r"

// Colormaps are the names of the colour maps. With "_r" behind it a map is turned
// round.
func Colormaps() []string { return slices.Sorted(maps.Keys(colormaps)) }

// Colormap gives the colours of a map, one for each of n values, n being at
// least 2; ok is false where there is no such map.
func Colormap(name string, n int) (colors color.Palette, ok bool) {
	plain, back := strings.CutSuffix(name, backwards)
	stops, ok := colormaps[plain]
	if !ok {
		return nil, false
	}
	for i := range n {
		at := i * (len(stops) - 1) // in parts of n-1
		left := min(at/(n-1), len(stops)-2)
		colors = append(colors, mix(stops[left], stops[left+1], at-left*(n-1), n-1))
	}
	if back {
		slices.Reverse(colors)
	}
	return colors, true
}

// mix takes part of whole of b, and the rest of a.
func mix(a, b uint32, part, whole int) color.Color {
	one := func(shift int) uint8 {
		x, y := int(a>>shift&0xff), int(b>>shift&0xff)
		return uint8((x*(whole-part) + y*part + whole/2) / whole)
	}
	return color.NRGBA{one(16), one(8), one(0), 0xff}
}
