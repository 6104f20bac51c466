package filespec

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"unicode/utf8"

	"github.com/h5serve/h5serve/h5core/dtype"
)

// utf32 makes variable strings of numpy's fixed ones, which NULs fill up.
func utf32(big bool) convert {
	return func(dst, src []byte, heap dtype.Heap) error {
		text, err := decodeUTF32(src, big)
		if err != nil {
			return err
		}
		if i := bytes.IndexByte(text, 0); i >= 0 {
			return complain("bad_value", "a NUL at byte %d: a string of any length cannot hold one", i)
		}
		return putHeap(dst, heap, text, len(text))
	}
}

func decodeUTF32(src []byte, big bool) ([]byte, error) {
	var order binary.ByteOrder = binary.LittleEndian
	if big {
		order = binary.BigEndian
	}
	end := len(src)
	for end >= 4 && order.Uint32(src[end-4:]) == 0 {
		end -= 4
	}
	text := make([]byte, 0, end/2)
	for i := 0; i < end; i += 4 {
		r := order.Uint32(src[i:])
		if r > utf8.MaxRune || !utf8.ValidRune(rune(r)) {
			return nil, complain("bad_npy", "%#x is no character of Unicode", r)
		}
		text = utf8.AppendRune(text, rune(r))
	}
	return text, nil
}

// become returns the type with what makes elements of t out of it: every value
// must come through unchanged.
func (from npyType) become(t *dtype.Type) (npyType, error) {
	to := npyType{t: t, size: from.size}
	if err := checkElement(t); err != nil && int(t.Size) > from.size {
		return to, err
	}
	turned := *from.t
	turned.Order = t.Order
	switch {
	case isNumber(from.t) && turned.Equal(t):
		to.swap = int(t.Size)
	case from.t.IsComplex() && t.IsComplex() && from.t.Size == t.Size && from.t.Class == t.Class:
		to.swap = int(t.Size) / 2
	case isNumber(from.t) && isNumber(t):
		to.convert = convertNumber(from.t, t)
	case from.text && t.Class == dtype.String:
		to.convert = func(dst, src []byte, _ dtype.Heap) error {
			text, err := decodeUTF32(src, from.big)
			if err != nil {
				return err
			}
			return t.PutString(dst, string(text))
		}
	case from.t.Class == dtype.String && t.Class == dtype.String:
		to.convert = func(dst, src []byte, _ dtype.Heap) error { return t.PutString(dst, string(from.t.GetBytes(src))) }
	case (from.text || from.t.Class == dtype.String) && t.Class == dtype.VarLen && t.IsString:
		to.convert = from.toVarString(t)
	default:
		return to, complain("lossy_conversion", "%s cannot become %s: leave the dtype out, or give one of the same kind", from.t, t)
	}
	return to, nil
}

func (from npyType) toVarString(t *dtype.Type) convert {
	return func(dst, src []byte, heap dtype.Heap) error {
		text := from.t.GetBytes(src)
		if from.text {
			decoded, err := decodeUTF32(src, from.big)
			if err != nil {
				return err
			}
			text = decoded
		}
		if !utf8.Valid(text) {
			return complain("bad_value", "%q is not UTF-8", cut(text))
		}
		if err := checkVarString(t, text); err != nil {
			return err
		}
		return putHeap(dst, heap, text, len(text))
	}
}

func isNumber(t *dtype.Type) bool { return t.Class == dtype.Integer || t.Class == dtype.Float }

// convertNumber holds every number to being the same afterwards.
func convertNumber(from, to *dtype.Type) convert {
	lossy := func(v any) error {
		return complain("lossy_conversion", "%v would change in %s", v, to)
	}
	if from.Class == dtype.Float {
		return func(dst, src []byte, _ dtype.Heap) error {
			v, err := from.GetFloat64(src)
			if err == nil {
				err = to.PutFloat(dst, v)
			}
			if err != nil {
				return lossy(v)
			}
			if back, err := to.GetFloat64(dst); err != nil || (back != v && !(math.IsNaN(back) && math.IsNaN(v))) {
				return lossy(v)
			}
			return nil
		}
	}
	return func(dst, src []byte, _ dtype.Heap) error {
		if v, err := from.GetInt(src); err == nil {
			if to.PutInt(dst, v) != nil {
				return lossy(v)
			}
			if back, err := to.GetInt(dst); err != nil || back != v {
				return lossy(v)
			}
			return nil
		}
		v, err := from.GetUint(src)
		if err != nil {
			return err
		}
		if to.PutUint(dst, v) != nil {
			return lossy(v)
		}
		if back, err := to.GetUint(dst); err != nil || back != v {
			return lossy(v)
		}
		return nil
	}
}

// piece is how many bytes are converted at a time.
const piece = 256 << 10

// convertedPart gives the elements of a part, in its order, as they are stored.
type convertedPart struct {
	partSource
	elements npyType
	count    uint64
}

func (c convertedPart) copyTo(ctx context.Context, out io.Writer, heap dtype.Heap) error {
	from, to := max(c.elements.size, 1), int(c.elements.t.Size)
	per := uint64(max(1, piece/max(from, to)))
	src, dst := make([]byte, min(per, c.count)*uint64(from)), make([]byte, min(per, c.count)*uint64(to))
	for first := uint64(0); first < c.count; first += per {
		n := min(per, c.count-first)
		if err := c.Read(ctx, first, src[:n*uint64(c.elements.size)]); err != nil {
			return err
		}
		if err := c.convertAll(dst, src, first, int(n), heap); err != nil {
			return err
		}
		if _, err := out.Write(dst[:n*uint64(to)]); err != nil {
			return err
		}
	}
	return nil
}

// convertAll converts n elements, of which the first has the given number.
func (c convertedPart) convertAll(dst, src []byte, first uint64, n int, heap dtype.Heap) error {
	from, to := c.elements.size, int(c.elements.t.Size)
	if c.elements.convert == nil {
		copy(dst, src[:n*from])
		return nil
	}
	for i := range n {
		if err := c.elements.convert(dst[i*to:(i+1)*to], src[i*from:(i+1)*from], heap); err != nil {
			if !mendable(err) {
				return err
			}
			found := at("", "bad_value", err)
			for k := range found.Errors {
				found.Errors[k].Detail = fmt.Sprintf("element %d: %s", first+uint64(i), found.Errors[k].Detail)
			}
			return inPart(c.name, found)
		}
	}
	return nil
}
