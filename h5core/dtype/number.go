package dtype

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/big"
)

// PutInt stores v in dst, which holds one element of t: an integer, bitfield,
// time or enumeration that v fits, or a float, where v is rounded to the
// nearest. Errors are a *RangeError or a *ValueError. An enumeration takes any
// number that its base takes; Name tells whether it is a member's.
func (t *Type) PutInt(dst []byte, v int64) error {
	switch t.Class {
	case Integer, Bitfield, Time:
		if !t.holdsInt(v) {
			return &RangeError{Value: v, Type: t}
		}
		t.putBits(dst[:t.Size], uint64(v), v < 0)
		return nil
	case Enum:
		return t.Base.PutInt(dst, v)
	case Float:
		magnitude := uint64(v)
		if v < 0 {
			magnitude = -magnitude
		}
		if !t.putInteger(dst[:t.Size], magnitude, v < 0) {
			return &RangeError{Value: v, Type: t}
		}
		return nil
	}
	if part := t.complexPart(); part != nil {
		return t.putReal(dst, func(dst []byte) error { return part.PutInt(dst, v) })
	}
	return misfit(t, v, "the integer "+fmt.Sprint(v))
}

// PutUint is PutInt for numbers that may lie beyond int64.
func (t *Type) PutUint(dst []byte, v uint64) error {
	if v <= math.MaxInt64 {
		return t.PutInt(dst, int64(v))
	}
	switch t.Class {
	case Integer, Bitfield, Time:
		if !t.holdsUint(v) {
			return &RangeError{Value: v, Type: t}
		}
		t.putBits(dst[:t.Size], v, false)
		return nil
	case Enum:
		return t.Base.PutUint(dst, v)
	case Float:
		if !t.putInteger(dst[:t.Size], v, false) {
			return &RangeError{Value: v, Type: t}
		}
		return nil
	}
	if part := t.complexPart(); part != nil {
		return t.putReal(dst, func(dst []byte) error { return part.PutUint(dst, v) })
	}
	return misfit(t, v, "the integer "+fmt.Sprint(v))
}

// PutBool stores 0 or 1.
func (t *Type) PutBool(dst []byte, v bool) error {
	n := int64(0)
	if v {
		n = 1
	}
	switch t.Class {
	case Integer, Bitfield, Enum, Float:
		return t.PutInt(dst, n)
	}
	return misfit(t, v, "a boolean")
}

// PutComplex stores a complex number. A float takes one without an imaginary
// part.
func (t *Type) PutComplex(dst []byte, v complex128) error {
	part := t.complexPart()
	if part == nil {
		if imag(v) == 0 {
			return t.PutFloat(dst, real(v))
		}
		return misfit(t, v, "a complex number")
	}
	return part.putPair(dst, v)
}

// putPair stores the parts of v as two t.
func (t *Type) putPair(dst []byte, v complex128) error {
	if err := t.PutFloat(dst, real(v)); err != nil {
		return err
	}
	return t.PutFloat(dst[t.Size:], imag(v))
}

// complexPart returns the type of both parts of a complex number, nil for any
// other type.
func (t *Type) complexPart() *Type {
	switch {
	case t.Class == Complex:
		return t.Base
	case t.Class == Compound && t.IsComplex():
		return t.Members[0].Type
	}
	return nil
}

func (t *Type) putReal(dst []byte, put func([]byte) error) error {
	clear(dst[:t.Size])
	return put(dst)
}

// GetInt returns the number in src, one element of an integer, bitfield, time
// or enumeration, or of a float that holds an integer.
func (t *Type) GetInt(src []byte) (int64, error) {
	switch t.Class {
	case Integer, Bitfield, Time:
		v, negative, fits := t.getBits(src[:t.Size])
		if !fits || negative != (int64(v) < 0) {
			return 0, wrong(t, nil, "%s is beyond int64", t.intText(src))
		}
		return int64(v), nil
	case Enum:
		return t.Base.GetInt(src)
	case Float:
		f, err := t.GetFloat64(src)
		if err == nil && (f != math.Trunc(f) || f < -1<<63 || f >= 1<<63) {
			err = wrong(t, f, "%v is no int64", f)
		}
		return int64(f), err
	}
	return 0, wrong(t, nil, "%s holds no integer", t.name())
}

// GetUint is GetInt for numbers that are not negative and may lie beyond int64.
func (t *Type) GetUint(src []byte) (uint64, error) {
	switch t.Class {
	case Integer, Bitfield, Time:
		v, negative, fits := t.getBits(src[:t.Size])
		if !fits || negative {
			return 0, wrong(t, nil, "%s is beyond uint64", t.intText(src))
		}
		return v, nil
	case Enum:
		return t.Base.GetUint(src)
	case Float:
		f, err := t.GetFloat64(src)
		if err == nil && (f != math.Trunc(f) || f < 0 || f >= 1<<64) {
			err = wrong(t, f, "%v is no uint64", f)
		}
		return uint64(f), err
	}
	return 0, wrong(t, nil, "%s holds no integer", t.name())
}

// GetBool returns whether the number in src is not 0.
func (t *Type) GetBool(src []byte) (bool, error) {
	switch t.Class {
	case Integer, Bitfield, Enum:
		v, negative, fits := t.number().getBits(src[:t.Size])
		return v != 0 || negative || !fits, nil
	}
	return false, wrong(t, nil, "%s holds no boolean", t.name())
}

// GetComplex returns the complex number in src, or a real one as a complex.
func (t *Type) GetComplex(src []byte) (complex128, error) {
	part := t.complexPart()
	if part == nil {
		f, err := t.GetFloat64(src)
		return complex(f, 0), err
	}
	re, err := part.GetFloat64(src)
	if err != nil {
		return 0, err
	}
	im, err := part.GetFloat64(src[part.Size:])
	return complex(re, im), err
}

// number is the integer type that an enumeration stores.
func (t *Type) number() *Type {
	if t.Class == Enum {
		return t.Base
	}
	return t
}

func (t *Type) holdsInt(v int64) bool {
	if v >= 0 {
		return t.holdsUint(uint64(v))
	}
	return t.Signed && (t.Precision >= 64 || v>>(t.Precision-1) == -1)
}

func (t *Type) holdsUint(v uint64) bool {
	n := t.Precision
	if t.Signed {
		n--
	}
	return n >= 64 || v>>n == 0
}

// putBits stores v, which fits; negative says with what the bits above the
// lowest 64 are filled.
func (t *Type) putBits(dst []byte, v uint64, negative bool) {
	if t.standardInt() {
		putFixed(dst, t.Order, v)
		return
	}
	t.pad(dst)
	begin, n := int(t.BitOffset), int(t.Precision)
	t.Order.setBits(dst, begin, min(n, 64), v)
	if n > 64 && negative {
		t.Order.fill(dst, begin+64, begin+n)
	} else {
		for at := begin + 64; at < begin+n; at += 64 {
			t.Order.setBits(dst, at, min(64, begin+n-at), 0)
		}
	}
}

// getBits returns the low 64 bits of the number in src, sign-extended,
// whether it is negative, and whether those bits are all there is to it.
func (t *Type) getBits(src []byte) (v uint64, negative, fits bool) {
	begin, n := int(t.BitOffset), int(t.Precision)
	negative = t.Signed && t.Order.bits(src, begin+n-1, 1) == 1
	if n <= 64 {
		v = t.Order.bits(src, begin, n)
		if negative {
			v |= ^uint64(0) << (n - 1)
		}
		return v, negative, true
	}
	v, fits = t.Order.bits(src, begin, 64), true
	for at := begin + 64; at < begin+n; at += 64 {
		width := min(64, begin+n-at)
		rest, want := t.Order.bits(src, at, width), uint64(0)
		if negative {
			want = ^uint64(0) >> (64 - width)
		}
		fits = fits && rest == want
	}
	return v, negative, fits && (!negative || int64(v) < 0)
}

// intText is the number in src in decimal, of whatever size.
func (t *Type) intText(src []byte) string {
	v, negative, fits := t.getBits(src[:t.Size])
	switch {
	case fits && negative:
		return fmt.Sprint(int64(v))
	case fits:
		return fmt.Sprint(v)
	}
	sum := new(big.Int)
	begin, n := int(t.BitOffset), int(t.Precision)
	for at := 0; at < n; at += 64 {
		part := new(big.Int).SetUint64(t.Order.bits(src[:t.Size], begin+at, min(64, n-at)))
		sum.Add(sum, part.Lsh(part, uint(at)))
	}
	if negative {
		sum.Sub(sum, new(big.Int).Lsh(big.NewInt(1), uint(n)))
	}
	return sum.String()
}

// putFixed stores an integer of 1, 2, 4 or 8 bytes.
func putFixed(dst []byte, o Order, v uint64) {
	var order binary.ByteOrder = binary.LittleEndian
	if o == BigEndian {
		order = binary.BigEndian
	}
	switch len(dst) {
	case 1:
		dst[0] = byte(v)
	case 2:
		order.PutUint16(dst, uint16(v))
	case 4:
		order.PutUint32(dst, uint32(v))
	case 8:
		order.PutUint64(dst, v)
	}
}
