package convert

import (
	"math"

	"github.com/h5serve/h5serve/h5core/dtype"
)

// native is a number as machines have them: an integer of 1, 2, 4 or 8 bytes,
// or an IEEE 754 float of 2, 4 or 8, in either order.
type native struct {
	size        int
	big, signed bool
	float       bool
}

func nativeOf(t *dtype.Type) (native, bool) {
	if t.Order > dtype.BigEndian || t.BitOffset != 0 || uint64(t.Precision) != 8*uint64(t.Size) {
		return native{}, false
	}
	float := t.Class == dtype.Float
	f := native{size: int(t.Size), big: t.Order == dtype.BigEndian, signed: t.Signed && !float, float: float}
	if !f.float {
		return f, f.size == 1 || f.size == 2 || f.size == 4 || f.size == 8
	}
	var format dtype.FloatFormat
	switch f.size {
	case 2:
		format = dtype.Float16(t.Order).Float
	case 4:
		format = dtype.Float32(t.Order).Float
	case 8:
		format = dtype.Float64(t.Order).Float
	default:
		return f, false
	}
	own := t.Float
	own.LowPad, own.HighPad, own.InnerPad = false, false, false // there is nothing to pad
	return f, own == format
}

// A lane is a stretch of numbers, all of one of three kinds, that stays in the
// processor's nearest cache: n×m conversions are n ways in, a few steps from
// kind to kind, and m ways out.
type lane [256]uint64

// lanes converts by way of lanes.
func lanes(from, to native) loop {
	low, high, clamps := bounds(from, to)
	return func(dst, src []byte, n, ds, ss int) {
		var l lane
		for first := 0; first < n; first += len(l) {
			some := min(len(l), n-first)
			part := l[:some]
			from.load(part, src[first*ss:], ss)
			switch {
			case to.float && from.float:
				to.narrow(part)
			case to.float && to.size == 4: // rounded once
				round32(part, from.signed)
			case to.float:
				round64(part, from.signed)
				to.narrow(part)
			case from.float && to.signed:
				truncate(part, float64(int64(low)), int64(low), int64(high))
			case from.float:
				truncateUnsigned(part, high)
			case clamps && from.signed && to.signed:
				clamp(part, int64(low), int64(high))
			case clamps && from.signed:
				clampSigned(part, high)
			case clamps:
				clampUnsigned(part, high)
			}
			to.store(part, dst[first*ds:], ds)
		}
	}
}

// bounds are the limits of an integer, as an int64 or uint64, and whether any
// number of the source lies beyond them.
func bounds(from, to native) (low, high uint64, clamps bool) {
	width := 8 * to.size
	if to.signed {
		low, high = uint64(int64(-1)<<(width-1)), 1<<(width-1)-1
	} else {
		high = ^uint64(0) >> (64 - width)
	}
	switch {
	case from.signed == to.signed:
		clamps = from.size > to.size
	case from.signed: // into unsigned
		clamps = true
	default:
		clamps = from.size >= to.size
	}
	return low, high, clamps
}

func clamp(l []uint64, low, high int64) {
	for i, v := range l {
		l[i] = uint64(min(max(int64(v), low), high))
	}
}

// clampSigned makes signed numbers unsigned.
func clampSigned(l []uint64, high uint64) {
	for i, v := range l {
		l[i] = min(uint64(max(int64(v), 0)), high)
	}
}

func clampUnsigned(l []uint64, high uint64) {
	for i, v := range l {
		l[i] = min(v, high)
	}
}

// truncate makes floats integers, cut off towards zero and clamped; what is no
// number becomes 0. The first float beyond high is -least, a power of two.
func truncate(l []uint64, least float64, low, high int64) {
	for i, v := range l {
		f := math.Float64frombits(v)
		switch {
		case f >= -least:
			l[i] = uint64(high)
		case f > least:
			l[i] = uint64(int64(f))
		case f != f:
			l[i] = 0
		default:
			l[i] = uint64(low)
		}
	}
}

func truncateUnsigned(l []uint64, high uint64) {
	beyond := 2 * float64(high/2+1)
	for i, v := range l {
		f := math.Float64frombits(v)
		switch {
		case f >= beyond:
			l[i] = high
		case f >= 1:
			l[i] = uint64(f)
		default:
			l[i] = 0
		}
	}
}

// round64 makes integers the bits of float64.
func round64(l []uint64, signed bool) {
	if signed {
		for i, v := range l {
			l[i] = math.Float64bits(float64(int64(v)))
		}
		return
	}
	for i, v := range l {
		l[i] = math.Float64bits(float64(v))
	}
}

// round32 makes integers the bits of float32.
func round32(l []uint64, signed bool) {
	if signed {
		for i, v := range l {
			l[i] = uint64(math.Float32bits(float32(int64(v))))
		}
		return
	}
	for i, v := range l {
		l[i] = uint64(math.Float32bits(float32(v)))
	}
}
