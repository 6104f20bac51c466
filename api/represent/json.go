package represent

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"io"
	"math"
	"strconv"
	"strings"

	"github.com/h5serve/h5serve/h5core/dtype"
)

// JSON says how values become JSON. Its zero value loses nothing: integers are
// exact numbers, and floats that JSON lacks are "NaN", "Infinity" and
// "-Infinity".
type JSON struct {
	NullNaN      bool // null instead of those words
	Int64Strings bool // integers of 64 bits as strings, for JavaScript
}

// New begins to write nested lists, one for each axis; a scalar is one value, and
// what has no elements an empty list. Booleans of h5py are true and false,
// other enumerations numbers; complex numbers [re, im]; opaque elements
// base64, numpy's times among them integers or "NaT"; compounds and sequences
// lists; null strings and null references null; regions objects with path,
// count and indices. Bytes that are no UTF-8 become \udc80 to \udcff.
func (j JSON) New(w io.Writer, t *dtype.Type, shape []uint64) (Writer, error) {
	if err := j.check(t); err != nil {
		return nil, err
	}
	n := &nesting{inner: make([]uint64, len(shape)), total: 1}
	for i := len(shape) - 1; i >= 0; i-- {
		n.total *= shape[i]
		n.inner[i] = n.total
	}
	return &jsonWriter{JSON: j, w: w, t: t, nesting: n}, nil
}

// NewJSON is the Form of the zero JSON.
func NewJSON(w io.Writer, t *dtype.Type, shape []uint64) (Writer, error) {
	return JSON{}.New(w, t, shape)
}

// check refuses what h5core cannot follow.
func (j JSON) check(t *dtype.Type) error {
	if t.Class == dtype.Reference && t.Ref > dtype.RegionRef {
		return refuse("JSON", t, "references of HDF5 1.12 are not read yet")
	}
	for _, m := range t.Members {
		if err := j.check(m.Type); err != nil {
			return err
		}
	}
	if t.Base != nil {
		return j.check(t.Base)
	}
	return nil
}

type jsonWriter struct {
	JSON
	w       io.Writer
	t       *dtype.Type
	nesting *nesting
	buf     []byte
}

func (w *jsonWriter) Write(data []byte, h Heap) (err error) {
	size := int(w.t.Size)
	for len(data) >= size {
		w.buf = w.nesting.before(w.buf)
		if w.buf, err = w.Append(w.buf, w.t, data[:size], h); err != nil {
			return err
		}
		w.buf = w.nesting.after(w.buf)
		data = data[size:]
		if len(w.buf) > 64<<10 {
			if err := w.flush(); err != nil {
				return err
			}
		}
	}
	return w.flush()
}

func (w *jsonWriter) flush() error {
	_, err := w.w.Write(w.buf)
	w.buf = w.buf[:0]
	return err
}

func (w *jsonWriter) Close() error {
	if w.nesting.total > 0 {
		return nil
	}
	_, err := io.WriteString(w.w, "[]")
	return err
}

// nesting puts brackets and commas around elements that come in C order.
type nesting struct {
	inner []uint64 // elements of each axis' lists, outermost first
	total uint64
	at    uint64
}

func (n *nesting) before(dst []byte) []byte {
	if n.at > 0 {
		dst = append(dst, ',')
	}
	for _, size := range n.inner {
		if n.at%size == 0 {
			dst = append(dst, '[')
		}
	}
	return dst
}

func (n *nesting) after(dst []byte) []byte {
	n.at++
	for _, size := range n.inner {
		if n.at%size == 0 {
			dst = append(dst, ']')
		}
	}
	return dst
}

// Append appends one element as a JSON value.
func (j JSON) Append(dst []byte, t *dtype.Type, src []byte, h Heap) ([]byte, error) {
	switch t.Class {
	case dtype.Integer, dtype.Bitfield, dtype.Time:
		return j.integer(dst, t, src)
	case dtype.Enum:
		if t.IsBool() && src[0] <= 1 {
			return strconv.AppendBool(dst, src[0] == 1), nil
		}
		return j.integer(dst, t.Base, src)
	case dtype.Float:
		v, err := t.GetFloat64(src)
		return j.float(dst, v, floatBits(t)), err
	case dtype.String:
		return appendString(dst, t.GetBytes(src)), nil
	case dtype.Opaque:
		return appendOpaque(dst, t, src), nil
	case dtype.Reference:
		return appendReference(dst, t, src, h), nil
	case dtype.VarLen:
		return j.varLen(dst, t, src, h)
	case dtype.Compound:
		return j.compound(dst, t, src, h)
	case dtype.Array:
		return j.array(dst, t.Base, t.Dims, src, h)
	case dtype.Complex:
		return j.array(dst, t.Base, []uint32{2}, src, h)
	}
	return dst, refuse("JSON", t, "an unknown class")
}

func (j JSON) integer(dst []byte, t *dtype.Type, src []byte) ([]byte, error) {
	if !j.Int64Strings || t.Size < 8 {
		return appendInteger(dst, t, src)
	}
	dst, err := appendInteger(append(dst, '"'), t, src)
	return append(dst, '"'), err
}

func (j JSON) float(dst []byte, v float64, bits int) []byte {
	switch {
	case v == v && !math.IsInf(v, 0):
		return appendFloat(dst, v, bits)
	case j.NullNaN:
		return append(dst, "null"...)
	}
	return append(append(append(dst, '"'), special(v)...), '"')
}

// special is the word for a float that is no number.
func special(v float64) string {
	switch {
	case v > 0:
		return "Infinity"
	case v < 0:
		return "-Infinity"
	}
	return "NaN"
}

// floatBits is the precision to whose shortest text a float is written.
func floatBits(t *dtype.Type) int {
	if ieee(t) && t.Size <= 4 {
		return 32
	}
	return 64
}

func (j JSON) varLen(dst []byte, t *dtype.Type, src []byte, h Heap) ([]byte, error) {
	if t.IsString {
		if null(src) {
			return append(dst, "null"...), nil
		}
		return appendString(dst, untilNUL(h.VarLen(src))), nil
	}
	data, n, err := sequence(t, src, h, len(dst))
	if err != nil {
		return dst, err
	}
	return j.array(dst, t.Base, []uint32{uint32(n)}, data, h)
}

// null says whether a descriptor leads nowhere. An empty text has a place.
func null(descriptor []byte) bool { return len(bytes.Trim(descriptor, "\x00")) == 0 }

func (j JSON) compound(dst []byte, t *dtype.Type, src []byte, h Heap) (_ []byte, err error) {
	dst = append(dst, '[')
	for i, m := range t.Members {
		if i > 0 {
			dst = append(dst, ',')
		}
		if dst, err = j.Append(dst, m.Type, src[m.Offset:m.Offset+m.Type.Size], h); err != nil {
			return dst, err
		}
	}
	return append(dst, ']'), nil
}

func (j JSON) array(dst []byte, base *dtype.Type, dims []uint32, src []byte, h Heap) (_ []byte, err error) {
	if len(dims) == 0 {
		return j.Append(dst, base, src, h)
	}
	dst = append(dst, '[')
	for i := range int(dims[0]) {
		if i > 0 {
			dst = append(dst, ',')
		}
		step := len(src) / int(dims[0])
		if dst, err = j.array(dst, base, dims[1:], src[i*step:(i+1)*step], h); err != nil {
			return dst, err
		}
	}
	return append(dst, ']'), nil
}

func appendOpaque(dst []byte, t *dtype.Type, src []byte) []byte {
	_, order, ok := numpyTime(t)
	if !ok {
		return append(base64.StdEncoding.AppendEncode(append(dst, '"'), src), '"')
	}
	v := int64(order.Uint64(src))
	if v == math.MinInt64 {
		return append(dst, `"NaT"`...)
	}
	return strconv.AppendInt(dst, v, 10)
}

// numpyTime tells numpy's name, such as "<M8[ns]", of the times that h5py
// stores as tagged opaque elements.
func numpyTime(t *dtype.Type) (name string, order binary.ByteOrder, ok bool) {
	name, ok = strings.CutPrefix(t.Tag, "NUMPY:")
	if !ok || t.Class != dtype.Opaque || t.Size != 8 || len(name) < 3 || (name[1:3] != "M8" && name[1:3] != "m8") {
		return "", nil, false
	}
	switch name[0] {
	case '<':
		return name, binary.LittleEndian, true
	case '>':
		return name, binary.BigEndian, true
	}
	return "", nil, false
}

func appendReference(dst []byte, t *dtype.Type, src []byte, h Heap) []byte {
	if t.Ref == dtype.ObjectRef {
		return appendPath(dst, referenced(h.Reference(src)))
	}
	path, count, indices, ok := h.Region(src)
	if ok && path == "" {
		return append(dst, "null"...)
	}
	dst = appendPath(append(dst, `{"path":`...), referenced(path, ok))
	dst = strconv.AppendUint(append(dst, `,"count":`...), count, 10)
	dst = append(dst, `,"indices":`...)
	return append(appendNumbers(dst, indices), '}')
}

func appendPath(dst []byte, path string) []byte {
	if path == "" {
		return append(dst, "null"...)
	}
	return appendString(dst, path)
}
