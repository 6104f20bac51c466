package dtype

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/big"
	"math/bits"
)

// PutFloat stores v in dst, rounded to the nearest, ties to even. A finite
// value that becomes an infinity is a *RangeError. Integer types take numbers
// without a fraction.
func (t *Type) PutFloat(dst []byte, v float64) error {
	switch t.Class {
	case Float:
		return t.putFloat(dst[:t.Size], v)
	case Integer, Bitfield, Time, Enum:
		return t.putWhole(dst, v)
	}
	if part := t.complexPart(); part != nil {
		return t.putReal(dst, func(dst []byte) error { return part.PutFloat(dst, v) })
	}
	return misfit(t, v, "the number "+fmt.Sprint(v))
}

func (t *Type) putWhole(dst []byte, v float64) error {
	switch {
	case v != math.Trunc(v) || math.IsInf(v, 0):
		return wrong(t, v, "%v is not an integer", v)
	case v >= -1<<63 && v < 1<<63:
		return t.PutInt(dst, int64(v))
	case v >= 1<<63 && v < 1<<64:
		return t.PutUint(dst, uint64(v))
	}
	return &RangeError{Value: v, Type: t}
}

func (t *Type) putFloat(dst []byte, v float64) error {
	over := false
	switch t.ieee() {
	case 2:
		h := half16(v)
		over = h&0x7fff == 0x7c00
		putFixed(dst, t.Order, uint64(h))
	case 4:
		f := float32(v)
		over = math.IsInf(float64(f), 0)
		putFixed(dst, t.Order, uint64(math.Float32bits(f)))
	case 8:
		putFixed(dst, t.Order, math.Float64bits(v))
	default:
		over = !t.putOther(dst, v)
	}
	if over && !math.IsInf(v, 0) {
		return &RangeError{Value: v, Type: t}
	}
	return nil
}

// half16 rounds to IEEE binary16.
func half16(v float64) uint16 {
	b := math.Float64bits(v)
	sign := uint16(b>>48) & 0x8000
	switch {
	case v != v:
		return sign | 0x7e00
	case math.Abs(v) >= 65520: // half way from the largest to the next
		return sign | 0x7c00
	}
	exp := int(b>>52&0x7ff) - 1023
	shift := 42 // bits that binary16 has no room for
	if exp < -14 {
		shift += -14 - exp
	}
	if shift > 54 {
		return sign
	}
	m := roundShift(b&(1<<52-1)|1<<52, shift)
	if exp >= -14 {
		m += uint64(exp+14) << 10
	}
	return sign | uint16(m)
}

// roundShift returns m / 2^n, rounded to the nearest, ties to even, for
// 0 < n ≤ 64.
func roundShift(m uint64, n int) uint64 {
	q, rest, tie := m>>n, m&(1<<n-1), uint64(1)<<(n-1)
	if rest > tie || (rest == tie && q&1 == 1) {
		q++
	}
	return q
}

// putOther stores v in a float of any format, and says whether a finite v
// stayed finite.
func (t *Type) putOther(dst []byte, v float64) bool {
	switch {
	case v == 0:
		t.putSign(dst, math.Signbit(v))
		return true
	case v != v || math.IsInf(v, 0):
		t.putSign(dst, math.Signbit(v))
		t.putSpecial(dst, v != v)
		return true
	}
	frac, e := math.Frexp(math.Abs(v))
	return t.putParts(dst, v < 0, uint64(math.Ldexp(frac, 53)), e-53)
}

// putInteger stores an integer, rounded once, in a float.
func (t *Type) putInteger(dst []byte, magnitude uint64, negative bool) bool {
	f32, f64 := float32(magnitude), float64(magnitude)
	if negative {
		f32, f64 = -f32, -f64
	}
	switch t.ieee() {
	case 2: // what binary16 can hold is exact in float64
		return t.putFloat(dst, f64) == nil
	case 4:
		putFixed(dst, t.Order, uint64(math.Float32bits(f32)))
		return true
	case 8:
		putFixed(dst, t.Order, math.Float64bits(f64))
		return true
	}
	if magnitude == 0 {
		t.putSign(dst, false)
		return true
	}
	return t.putParts(dst, negative, magnitude, 0)
}

// putSign stores a zero.
func (t *Type) putSign(dst []byte, negative bool) {
	f, o := t.Float, t.Order
	t.pad(dst)
	t.setMantissa(dst, 0, 0)
	o.setBits(dst, int(f.ExpPos), int(f.ExpSize), 0)
	sign := uint64(0)
	if negative {
		sign = 1
	}
	o.setBits(dst, int(f.SignPos), 1, sign)
}

// putParts stores ±m·2^e, m not 0, and says whether it stayed finite.
func (t *Type) putParts(dst []byte, negative bool, m uint64, e int) bool {
	f := t.Float
	t.putSign(dst, negative)
	width, bias := int(f.MantSize), int(f.Bias)
	if f.Norm == NormImplied {
		width++
	}
	// The last bit of the mantissa stands for 2^ulp.
	biased := max(e+bits.Len64(m)-1+bias, 0)
	ulp := biased - bias - (width - 1)
	if biased == 0 {
		ulp = 1 - bias - int(f.MantSize)
	}
	shift := max(e-ulp, 0)
	if n := ulp - e; n > 64 {
		m = 0
	} else if n > 0 {
		m = roundShift(m, n)
	}
	if m != 0 && bits.Len64(m)+shift > width { // rounding carried to 2^width
		m >>= 1
		biased++
	}
	if biased == 0 && f.Norm == NormImplied && m != 0 && bits.Len64(m)+shift == width {
		biased = 1 // rounded up to the least normal number
	}
	if uint64(biased) >= 1<<f.ExpSize-1 {
		t.putSpecial(dst, false)
		return false
	}
	t.Order.setBits(dst, int(f.ExpPos), int(f.ExpSize), uint64(biased))
	t.setMantissa(dst, m, shift)
	return true
}

// setMantissa stores m·2^shift as the whole mantissa field, cutting off the
// bit above it.
func (t *Type) setMantissa(dst []byte, m uint64, shift int) {
	begin, end := int(t.Float.MantPos), int(t.Float.MantPos)+int(t.Float.MantSize)
	for at := begin; at < end; at += 64 {
		t.Order.setBits(dst, at, min(64, end-at), 0)
	}
	if at := begin + shift; at < end {
		t.Order.setBits(dst, at, min(64, end-at), m)
	}
}

// putSpecial stores the exponent and mantissa of an infinity or a quiet NaN.
func (t *Type) putSpecial(dst []byte, nan bool) {
	f, o := t.Float, t.Order
	top := int(f.MantPos) + int(f.MantSize) - 1
	o.setBits(dst, int(f.ExpPos), int(f.ExpSize), ^uint64(0))
	t.setMantissa(dst, 0, 0)
	if f.Norm != NormImplied {
		o.setBits(dst, top, 1, 1)
		top--
	}
	if nan && f.MantSize > 1 {
		o.setBits(dst, top, 1, 1)
	}
}

// GetFloat64 returns the number in src: a float, rounded to the nearest where
// float64 has less room, or an integer.
func (t *Type) GetFloat64(src []byte) (float64, error) {
	switch t.Class {
	case Float:
		return t.getFloat(src[:t.Size]), nil
	case Integer, Bitfield, Time, Enum:
		v, negative, fits := t.number().getBits(src[:t.Size])
		switch {
		case !fits:
			x, _ := new(big.Float).SetString(t.number().intText(src))
			f, _ := x.Float64()
			return f, nil
		case negative:
			return float64(int64(v)), nil
		}
		return float64(v), nil
	}
	return 0, wrong(t, nil, "%s holds no number", t.name())
}

func (t *Type) getFloat(src []byte) float64 {
	var order binary.ByteOrder = binary.LittleEndian
	if t.Order == BigEndian {
		order = binary.BigEndian
	}
	switch t.ieee() {
	case 4:
		return float64(math.Float32frombits(order.Uint32(src)))
	case 8:
		return math.Float64frombits(order.Uint64(src))
	}
	return t.getOther(src)
}

// getOther reads a float of any format.
func (t *Type) getOther(src []byte) float64 {
	f, o := t.Float, t.Order
	begin, n := int(f.MantPos), int(f.MantSize)
	exp := o.bits(src, int(f.ExpPos), int(f.ExpSize))
	sign := 1.0
	if o.bits(src, int(f.SignPos), 1) == 1 {
		sign = -1
	}
	if exp == 1<<f.ExpSize-1 {
		if t.mantissaIsZero(src) {
			return math.Inf(int(sign))
		}
		return math.NaN()
	}
	scale := int(exp) - int(f.Bias) + 1 - n // of the last bit of the mantissa
	implied := f.Norm == NormImplied && exp > 0
	if implied {
		scale--
	}
	if n < 64 || (n == 64 && !implied) {
		m := o.bits(src, begin, n)
		if implied {
			m |= 1 << n
		}
		if bits.Len64(m)+scale > -1022 {
			return sign * math.Ldexp(float64(m), scale)
		}
	}
	m := new(big.Int)
	for at := (n - 1) &^ 63; at >= 0; at -= 64 {
		m.Lsh(m, 64).Or(m, new(big.Int).SetUint64(o.bits(src, begin+at, min(64, n-at))))
	}
	if implied {
		m.SetBit(m, n, 1)
	}
	x := new(big.Float).SetInt(m)
	v, _ := x.SetMantExp(x, scale).Float64()
	return sign * v
}

// mantissaIsZero tells an infinity from a NaN: all bits are clear but the
// topmost, where a format stores the leading one.
func (t *Type) mantissaIsZero(src []byte) bool {
	begin, n := int(t.Float.MantPos), int(t.Float.MantSize)
	if t.Float.Norm != NormImplied {
		n--
	}
	for at := 0; at < n; at += 64 {
		if t.Order.bits(src, begin+at, min(64, n-at)) != 0 {
			return false
		}
	}
	return true
}
