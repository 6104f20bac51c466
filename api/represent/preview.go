package represent

import (
	"math"
	"strconv"

	"github.com/h5serve/h5serve/h5core/dtype"
)

// sequencePreview is the number of elements that a sequence shows.
const sequencePreview = 64

// AppendValue appends one element as a JSON value of the canonical lines:
// numbers as they are, or "nan", "inf", "-inf"; opaque, bitfield and time as
// the hexadecimal of their canonical bytes; an enumeration as its number;
// complex numbers, arrays, sequences (64 elements at most) and compounds as
// flat lists; a region as the path and the number of elements.
func (c *Canonical) AppendValue(dst, element []byte, h Heap) ([]byte, error) {
	return c.value(dst, element[:c.size], h)
}

func (c *codec) value(dst, src []byte, h Heap) ([]byte, error) {
	switch c.t.Class {
	case dtype.Integer:
		return appendInteger(dst, c.t, src)
	case dtype.Float:
		v, err := c.t.GetFloat64(src)
		return appendPython(dst, v), err
	case dtype.Bitfield, dtype.Time, dtype.Opaque:
		b, err := c.append(nil, src, 1, h)
		return appendHex(dst, b), err
	case dtype.String:
		return appendString(dst, c.t.GetBytes(src)), nil
	case dtype.VarLen:
		if c.t.IsString {
			return appendString(dst, untilNUL(h.VarLen(src))), nil
		}
		data, n, err := sequence(c.t, src, h, len(dst))
		if err != nil {
			return dst, err
		}
		return c.base.list(dst, data, min(n, sequencePreview), h)
	case dtype.Reference:
		return c.reference(dst, src, h), nil
	case dtype.Compound:
		return c.members(dst, src, h)
	}
	return c.base.list(dst, src, c.count, h) // arrays, complex numbers
}

func (c *codec) list(dst, src []byte, n int, h Heap) (_ []byte, err error) {
	dst = append(dst, '[')
	for i := range n {
		if i > 0 {
			dst = append(dst, ',')
		}
		if dst, err = c.value(dst, src[i*c.size:(i+1)*c.size], h); err != nil {
			return dst, err
		}
	}
	return append(dst, ']'), nil
}

func (c *codec) members(dst, src []byte, h Heap) (_ []byte, err error) {
	dst = append(dst, '[')
	for i, p := range c.parts {
		if i > 0 {
			dst = append(dst, ',')
		}
		if dst, err = p.value(dst, src[p.offset:p.offset+p.size], h); err != nil {
			return dst, err
		}
	}
	return append(dst, ']'), nil
}

func (c *codec) reference(dst, src []byte, h Heap) []byte {
	if c.form == object {
		return appendString(dst, referenced(h.Reference(src)))
	}
	path, count, _ := selected(src, h)
	dst = appendString(append(dst, '['), path)
	return append(strconv.AppendUint(append(dst, ','), uint64(count), 10), ']')
}

// appendInteger appends an integer in decimal.
func appendInteger(dst []byte, t *dtype.Type, src []byte) ([]byte, error) {
	v, err := bitsOf(t, src)
	switch {
	case err != nil:
		return dst, err
	case t.Signed:
		return strconv.AppendInt(dst, int64(v), 10), nil
	}
	return strconv.AppendUint(dst, v, 10), nil
}

// appendPython appends a number as Python's repr, those that JSON lacks as
// strings.
func appendPython(dst []byte, v float64) []byte {
	switch {
	case v != v:
		return append(dst, `"nan"`...)
	case math.IsInf(v, 1):
		return append(dst, `"inf"`...)
	case math.IsInf(v, -1):
		return append(dst, `"-inf"`...)
	}
	return appendFloat(dst, v, 64)
}
