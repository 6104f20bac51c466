package filespec

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"math/big"
	"strconv"

	"github.com/h5serve/h5serve/h5core/dtype"
)

// parseUint reads an integer of digits alone; ok is false for any other
// number, and for one beyond 64 bits.
func parseUint(text []byte) (v uint64, ok bool) {
	if len(text) == 0 || len(text) > 20 {
		return 0, false
	}
	for i, c := range text {
		c -= '0'
		if c > 9 {
			return 0, false
		}
		if i == 19 && (v > math.MaxUint64/10 || v*10 > math.MaxUint64-uint64(c)) {
			return 0, false
		}
		v = v*10 + uint64(c)
	}
	return v, true
}

// parseInt is parseUint for int64.
func parseInt(text []byte) (int64, bool) {
	if len(text) > 0 && text[0] == '-' {
		v, ok := parseUint(text[1:])
		return -int64(v), ok && v <= 1<<63
	}
	v, ok := parseUint(text)
	return int64(v), ok && v <= math.MaxInt64
}

// tens are the powers of ten that float64 holds exactly.
var tens = [...]float64{1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11,
	1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22}

// parseFloat reads a number, rounded to the nearest; ok is false where it lies
// beyond float64. A number of at most 53 bits times an exact power of ten
// needs one rounding (Clinger, How to read floating point numbers accurately).
func parseFloat(text []byte) (v float64, ok bool) {
	var m uint64
	i, scale, n := 0, 0, 0
	negative := len(text) > 0 && text[0] == '-'
	if negative {
		i = 1
	}
	for point := false; i < len(text); i++ {
		c := text[i]
		if c == '.' {
			point = true
			continue
		}
		if c-'0' > 9 {
			break
		}
		m = m*10 + uint64(c-'0')
		if n++; point {
			scale--
		}
	}
	if n <= 19 && m < 1<<53 {
		e, ok := 0, true
		if i < len(text) {
			e, ok = exponent(text[i+1:])
		}
		if e += scale; ok && e >= -22 && e <= 22 {
			v = float64(m)
			if e < 0 {
				v /= tens[-e]
			} else {
				v *= tens[e]
			}
			if negative {
				v = -v
			}
			return v, true
		}
	}
	v, err := strconv.ParseFloat(string(text), 64)
	return v, err == nil
}

func exponent(text []byte) (e int, ok bool) {
	negative := text[0] == '-'
	if negative || text[0] == '+' {
		text = text[1:]
	}
	if len(text) > 4 {
		return 0, false
	}
	for _, c := range text {
		e = e*10 + int(c-'0')
	}
	if negative {
		e = -e
	}
	return e, true
}

// numeric stores numbers as elements of an integer or float type.
type numeric struct {
	t       *dtype.Type
	order   binary.ByteOrder
	size    uint32
	integer bool // of all its bits, so that least and most hold what it holds
	least   int64
	most    int64
	ieee    bool // float32 or float64
}

func newNumeric(t *dtype.Type) *numeric {
	n := &numeric{t: t, order: binary.LittleEndian, size: t.Size}
	if t.Order == dtype.BigEndian {
		n.order = binary.BigEndian
	}
	switch {
	case t.Equal(dtype.Float32(t.Order)) || t.Equal(dtype.Float64(t.Order)):
		n.ieee = true
	case t.Class == dtype.Integer && t.BitOffset == 0 && uint32(t.Precision) == 8*t.Size && t.Size&(t.Size-1) == 0 && t.Size <= 8:
		n.integer, n.most = true, math.MaxInt64
		if t.Signed {
			n.least = math.MinInt64 >> (64 - t.Precision)
			n.most = ^n.least
		} else if t.Size < 8 {
			n.most = 1<<t.Precision - 1
		}
	}
	return n
}

// put stores the number that text writes.
func (n *numeric) put(dst, text []byte) error {
	switch {
	case n.integer:
		if v, ok := parseInt(text); ok && v >= n.least && v <= n.most {
			n.putInt(dst, uint64(v))
			return nil
		}
	case n.ieee:
		if v, ok := parseFloat(text); ok {
			if n.size == 8 {
				n.order.PutUint64(dst, math.Float64bits(v))
				return nil
			}
			if f := float32(v); !math.IsInf(float64(f), 0) {
				n.order.PutUint32(dst, math.Float32bits(f))
				return nil
			}
		}
	}
	return putNumber(n.t, dst, text)
}

func (n *numeric) putInt(dst []byte, v uint64) {
	switch n.size {
	case 1:
		dst[0] = byte(v)
	case 2:
		n.order.PutUint16(dst, uint16(v))
	case 4:
		n.order.PutUint32(dst, uint32(v))
	default:
		n.order.PutUint64(dst, v)
	}
}

// putNumber stores the number that text writes in any type that holds numbers.
func putNumber(t *dtype.Type, dst, text []byte) error {
	v, finite := parseFloat(text)
	if t.Class == dtype.Float {
		if !finite {
			return &dtype.RangeError{Value: cut(text), Type: t}
		}
		return t.PutFloat(dst, v)
	}
	if i, ok := parseInt(text); ok {
		return t.PutInt(dst, i)
	}
	if u, ok := parseUint(text); ok {
		return t.PutUint(dst, u)
	}
	switch {
	case !finite || math.Abs(v) >= 1<<64 || !bytes.ContainsAny(text, ".eE"):
		return &dtype.RangeError{Value: cut(text), Type: t}
	case math.Abs(v) < 1<<53:
		return t.PutFloat(dst, v)
	}
	// Such as 1e18: float64 may not stand for all of its digits.
	x, ok := new(big.Rat).SetString(string(text))
	switch {
	case !ok || !x.IsInt():
		return complain("bad_value", "%s is not an integer", cut(text))
	case x.Num().IsInt64():
		return t.PutInt(dst, x.Num().Int64())
	case x.Num().IsUint64():
		return t.PutUint(dst, x.Num().Uint64())
	}
	return &dtype.RangeError{Value: cut(text), Type: t}
}

// nonFinite returns what the words for numbers that JSON lacks stand for.
func nonFinite(word []byte) (float64, bool) {
	switch string(word) {
	case "NaN":
		return math.NaN(), true
	case "Infinity":
		return math.Inf(1), true
	case "-Infinity":
		return math.Inf(-1), true
	}
	return 0, false
}

func cut(text []byte) string {
	if len(text) > 40 {
		return fmt.Sprintf("%s…", text[:40])
	}
	return string(text)
}
