package filter

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strconv"
)

// scaleOffset stores numbers as their distance from the smallest one, in as few bits as the largest
// distance takes; floating-point numbers are multiplied by a power of ten and rounded before. A stored chunk:
//
//	0    4         5         13     21
//	bits 8 (size)  smallest  zeros  distances, highest bit first
//
// All ones stand for the fill value, where there is one.
type scaleOffset struct{}

func (scaleOffset) ID() ID       { return IDScaleOffset }
func (scaleOffset) Name() string { return "scaleoffset" }

const scaleHeader = 21

func (scaleOffset) Extent(in Extent, _ []uint32) Extent {
	return Extent{Max: add(in.Max, scaleHeader+1)}
}

func (f scaleOffset) Encode(dst, _ []byte, _ []uint32) ([]byte, error) { return dst, unwritten(f) }

// scaling is what the parameters say: scale type, scale factor, elements in the chunk, class, size in
// bytes, sign, order, whether there is a fill value, and from the ninth on the value.
type scaling struct {
	elements  int
	size      int
	float     bool
	factor    int32 // power of ten
	asIs      bool  // the chunk is stored as it is
	bigEndian bool
	filled    bool
	fill      uint64
}

func parseScaling(params []uint32, limit int) (s scaling, err error) {
	if len(params) < 8 {
		return s, fmt.Errorf("%w: scaleoffset has at least 8, got %d", ErrParams, len(params))
	}
	s = scaling{
		elements: int(params[2]), size: int(params[4]), float: params[3] == 1, factor: int32(params[1]),
		bigEndian: params[6] == 1, filled: params[7] == 1,
	}
	kind := params[0]
	whole := s.size == 1 || s.size == 2 || s.size == 4 || s.size == 8
	switch {
	case params[3] > 1 || !whole || s.float && s.size < 4:
		return s, fmt.Errorf("%w: scaleoffset on class %d with %d bytes", ErrParams, params[3], s.size)
	case s.float && kind != 0 || !s.float && kind != 2:
		return s, fmt.Errorf("%w: scaleoffset's scale type %d on class %d", ErrParams, kind, params[3])
	case !s.float && int64(s.factor) > 8*int64(s.size):
		return s, fmt.Errorf("%w: scaleoffset to %d bits of %d", ErrParams, s.factor, 8*s.size)
	case s.filled && len(params) < 8+(s.size+3)/4:
		return s, fmt.Errorf("%w: scaleoffset's fill value is missing", ErrParams)
	case uint64(s.elements)*uint64(s.size) > uint64(max(limit, 0)):
		return s, fmt.Errorf("%w: %d elements of %d bytes, %d bytes fit", ErrLimit, s.elements, s.size, limit)
	}
	s.asIs = !s.float && int(s.factor) == 8*s.size
	if s.filled {
		s.fill = uint64(params[8])
		if s.size == 8 {
			s.fill |= uint64(params[9]) << 32
		}
	}
	return s, nil
}

func (scaleOffset) Decode(dst, src []byte, params []uint32, limit int) ([]byte, error) {
	s, err := parseScaling(params, limit)
	if err != nil {
		return dst, err
	}
	if s.asIs {
		if len(src) > limit {
			return dst, fmt.Errorf("%w: %d bytes, at most %d fit", ErrLimit, len(src), limit)
		}
		return append(dst, src...), nil
	}
	if len(src) < scaleHeader {
		return dst, cut("scaleoffset's header")
	}
	width, smallest := binary.LittleEndian.Uint32(src), binary.LittleEndian.Uint64(src[5:])
	if n := src[4]; n < 8 {
		smallest &= 1<<(8*n) - 1
	}
	packed := src[scaleHeader:]
	if uint64(width) > 8*uint64(s.size) || uint64(s.elements)*uint64(width) > 8*uint64(len(packed)) {
		return dst, fmt.Errorf("%w: %d elements of %d bits in %d bytes", ErrCorrupt, s.elements, width, len(packed))
	}
	n, start := s.elements*s.size, len(dst)
	dst = slices.Grow(dst, n)[:start+n]
	s.unpack(dst[start:], packed, int(width), smallest)
	return dst, nil
}

// unpack fills out with the elements. Distances of full width are the elements themselves, little-endian.
func (s scaling) unpack(out, packed []byte, width int, smallest uint64) {
	if width == 8*s.size {
		for ; len(out) > 0; out, packed = out[s.size:], packed[s.size:] {
			put(out[:s.size], get(packed[:s.size]), s.bigEndian)
		}
		return
	}
	value := func(distance uint64) uint64 { return smallest + distance }
	if s.float {
		value = s.unscale(smallest)
	}
	none := uint64(math.MaxUint64)
	if s.filled {
		none = 1<<width - 1
	}
	r := bitReader{src: packed}
	for ; len(out) > 0; out = out[s.size:] {
		v := s.fill
		if d := r.read(width); d != none {
			v = value(d)
		}
		put(out[:s.size], v, s.bigEndian)
	}
}

// unscale gives the bits of the number that is so far, in units of the scale, from the smallest.
func (s scaling) unscale(smallest uint64) func(uint64) uint64 {
	power := "1e" + strconv.Itoa(int(s.factor))
	if s.size == 4 {
		scale, _ := strconv.ParseFloat(power, 32) // out of range is 0 or infinite, as in C
		low := math.Float32frombits(uint32(smallest))
		return func(d uint64) uint64 {
			return uint64(math.Float32bits(float32(int32(d))/float32(scale) + low))
		}
	}
	scale, _ := strconv.ParseFloat(power, 64)
	low := math.Float64frombits(smallest)
	return func(d uint64) uint64 { return math.Float64bits(float64(int64(d))/scale + low) }
}

// get loads a little-endian number.
func get(p []byte) (v uint64) {
	for i, b := range p {
		v |= uint64(b) << (8 * i)
	}
	return v
}
