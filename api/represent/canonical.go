package represent

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"

	"github.com/h5serve/h5serve/h5core/dtype"
)

// Canonical makes bytes of elements that depend on their values only: numbers
// little-endian, integers in their own size, floats as IEEE 754 with one NaN,
// strings and sequences behind their length (uint32), compounds and arrays
// without gaps, references as the paths they lead to.
type Canonical struct{ codec }

// regionLimit is the number of elements up to which a region lists their
// places.
const regionLimit = 100_000

// NewCanonical prepares for the elements of a type. The error, a *TypeError,
// says that a part of it has no canonical form.
func NewCanonical(t *dtype.Type) (*Canonical, error) {
	c, err := newCodec(t)
	if err != nil {
		return nil, err
	}
	return &Canonical{*c}, nil
}

// Append appends the canonical bytes of elements, at most 64 MiB where they
// have sequences.
func (c *Canonical) Append(dst, data []byte, h Heap) ([]byte, error) {
	return c.append(dst, data, len(data)/c.size, h)
}

// WriteTo writes the canonical bytes of elements, block by block; buf is
// room that is used again.
func (c *Canonical) WriteTo(w io.Writer, data, buf []byte, h Heap) ([]byte, error) {
	if c.form == verbatim {
		_, err := w.Write(data)
		return buf, err
	}
	const block = 64 << 10
	step := max(block/c.size, 1) * c.size
	if pointing(c.t) { // there may be any number of bytes behind each element
		step = c.size
	}
	buf = buf[:0]
	for len(data) > 0 {
		n := min(step, len(data))
		var err error
		if buf, err = c.Append(buf, data[:n], h); err != nil {
			return buf, err
		}
		if data = data[n:]; len(buf) < block && len(data) > 0 {
			continue
		}
		if _, err := w.Write(buf); err != nil {
			return buf, err
		}
		buf = buf[:0]
	}
	return buf, nil
}

// form is how stored elements become canonical bytes.
type form uint8

const (
	verbatim form = iota // they are
	reversed             // the other byte order
	number               // integers and bitfields with unused bits
	float                // IEEE 754
	double               // other floats, as IEEE double
	text
	varText
	varLen
	array // of count base elements
	compound
	object
	region
)

// codec is the way of one type.
type codec struct {
	t     *dtype.Type
	form  form
	size  int // bytes as stored
	count int
	base  *codec
	parts []part
}

type part struct {
	offset int
	*codec
}

func newCodec(t *dtype.Type) (*codec, error) {
	c := &codec{t: t, size: int(t.Size)}
	switch t.Class {
	case dtype.Integer:
		if t.Size > 8 {
			return nil, refuse("canonical", t, "an integer of %d bytes", t.Size)
		}
		c.form = plain(t)
	case dtype.Bitfield:
		if t.Size != 1 && t.Size != 2 && t.Size != 4 && t.Size != 8 {
			return nil, refuse("canonical", t, "a bitfield of %d bytes", t.Size)
		}
		c.form = plain(t)
	case dtype.Time:
		if t.Order == dtype.BigEndian {
			c.form = reversed
		}
	case dtype.Float:
		c.form = double
		if ieee(t) {
			c.form = float
		}
	case dtype.String:
		c.form = text
	case dtype.Opaque:
	case dtype.Reference:
		return c, c.refer()
	case dtype.Enum:
		c, err := newCodec(t.Base)
		return c, err
	case dtype.Compound:
		return c, c.compose()
	case dtype.VarLen, dtype.Array, dtype.Complex:
		return c, c.contain()
	default:
		return nil, refuse("canonical", t, "an unknown class")
	}
	return c, nil
}

// plain is the form of an integer or bitfield.
func plain(t *dtype.Type) form {
	switch {
	case !whole(t):
		return number
	case t.Order == dtype.BigEndian && t.Size > 1:
		return reversed
	}
	return verbatim
}

func (c *codec) refer() error {
	switch c.t.Ref {
	case dtype.ObjectRef:
		c.form = object
	case dtype.RegionRef:
		c.form = region
	default:
		return refuse("canonical", c.t, "a standard reference (H5T_STD_REF)")
	}
	return nil
}

func (c *codec) contain() (err error) {
	if c.t.IsString {
		c.form = varText
		return nil
	}
	if c.base, err = newCodec(c.t.Base); err != nil {
		return err
	}
	c.form = varLen
	if c.t.Class != dtype.VarLen {
		c.form, c.count = array, c.size/c.base.size
		if c.base.form == verbatim {
			c.form = verbatim
		}
	}
	return nil
}

func (c *codec) compose() error {
	end := 0 // of a compound without gaps so far; -1 for another
	for _, m := range ordered(c.t) {
		base, err := newCodec(m.Type)
		if err != nil {
			return err
		}
		c.parts = append(c.parts, part{int(m.Offset), base})
		if base.form != verbatim || int(m.Offset) != end {
			end = -1
		} else {
			end += base.size
		}
	}
	c.form = compound
	if end == c.size {
		c.form = verbatim
	}
	return nil
}

// append appends the canonical bytes of n elements.
func (c *codec) append(dst, src []byte, n int, h Heap) (_ []byte, err error) {
	switch c.form {
	case verbatim:
		return append(dst, src[:n*c.size]...), nil
	case reversed:
		return appendReversed(dst, src[:n*c.size], c.size), nil
	case float:
		return appendFloats(dst, src[:n*c.size], c.t), nil
	case array:
		return c.base.append(dst, src, n*c.count, h)
	}
	for i := 0; i < n && err == nil; i++ {
		dst, err = c.appendOne(dst, src[i*c.size:(i+1)*c.size], h)
	}
	return dst, err
}

func (c *codec) appendOne(dst, src []byte, h Heap) (_ []byte, err error) {
	switch c.form {
	case number:
		return appendNumber(dst, c.t, src)
	case double:
		return appendDouble(dst, c.t, src)
	case text:
		return appendCounted(dst, c.t.GetBytes(src)), nil
	case varText:
		return appendCounted(dst, untilNUL(h.VarLen(src))), nil
	case varLen:
		data, n, err := sequence(c.t, src, h, len(dst))
		if err != nil {
			return dst, err
		}
		return c.base.append(binary.LittleEndian.AppendUint32(dst, uint32(n)), data, n, h)
	case object:
		return appendCounted(dst, referenced(h.Reference(src))), nil
	case region:
		return appendRegion(dst, src, h), nil
	case compound:
		for _, p := range c.parts {
			if dst, err = p.append(dst, src[p.offset:], 1, h); err != nil {
				return dst, err
			}
		}
		return dst, nil
	}
	return dst, fmt.Errorf("canonical: %s has form %d", c.t, c.form)
}

func appendCounted[S string | []byte](dst []byte, s S) []byte {
	return append(binary.LittleEndian.AppendUint32(dst, uint32(len(s))), s...)
}

// untilNUL cuts a variable string where C programs see its end.
func untilNUL(s []byte) []byte {
	if i := bytes.IndexByte(s, 0); i >= 0 {
		return s[:i]
	}
	return s
}

// referenced is the path of a reference in canonical form.
func referenced(path string, ok bool) string {
	if !ok {
		return "?"
	}
	return path
}

// selected is what a region reference leads to in canonical form: a path, ""
// for a null one, the number of elements, and their places if there are at
// most regionLimit.
func selected(src []byte, h Heap) (path string, count uint32, indices []uint64) {
	path, n, indices, ok := h.Region(src)
	switch path = referenced(path, ok); {
	case path == "" || !ok:
		return path, 0, nil
	case n > regionLimit:
		return path, uint32(n), nil
	}
	return path, uint32(len(indices)), indices
}

// appendRegion appends the path and, unless the reference is null, what is
// selected.
func appendRegion(dst, src []byte, h Heap) []byte {
	path, count, indices := selected(src, h)
	dst = appendCounted(dst, path)
	if path == "" {
		return dst
	}
	dst = binary.LittleEndian.AppendUint32(dst, count)
	for _, i := range indices {
		dst = binary.LittleEndian.AppendUint64(dst, i)
	}
	return dst
}
