package represent

import (
	"bytes"
	"io"
	"math"
	"strconv"
	"time"

	"github.com/h5serve/h5serve/h5core/dtype"
)

// Grove writes values as h5grove has them in JSON: as nested lists, or as one
// flat list. It differs from JSON in these: floats that are no numbers are
// null, null strings empty, opaque elements text, numpy's times ISO 8601,
// references a word; and the axes of array types are those of the whole.
// Bytes that are no UTF-8, which h5grove refuses, become \udc80 to \udcff.
type Grove struct{ Flat bool }

// New is a Form.
func (g Grove) New(w io.Writer, t *dtype.Type, shape []uint64) (Writer, error) {
	if err := (JSON{}).check(t); err != nil {
		return nil, err
	}
	size := t.Size
	dims := append([]uint64(nil), shape...)
	for ; t.Class == dtype.Array; t = t.Base {
		for _, d := range t.Dims {
			dims = append(dims, uint64(d))
		}
	}
	if g.Flat && len(dims) > 0 {
		dims = []uint64{product(dims)}
	}
	return &groveWriter{w: w, t: tagged(t), nesting: newNesting(dims), dims: dims, element: int(size)}, nil
}

func product(dims []uint64) uint64 {
	n := uint64(1)
	for _, d := range dims {
		n *= d
	}
	return n
}

func newNesting(dims []uint64) *nesting {
	n := &nesting{inner: make([]uint64, len(dims)), total: 1}
	for i := len(dims) - 1; i >= 0; i-- {
		n.total *= dims[i]
		n.inner[i] = n.total
	}
	return n
}

type groveWriter struct {
	w       io.Writer
	t       *dtype.Type // of an item: no array
	nesting *nesting
	dims    []uint64
	element int
	buf     []byte
}

func (w *groveWriter) Write(data []byte, h Heap) (err error) {
	data = data[:len(data)/w.element*w.element]
	for size := int(w.t.Size); len(data) >= size; data = data[size:] {
		w.buf = w.nesting.before(w.buf)
		if w.buf, err = appendGrove(w.buf, w.t, data[:size], h); err != nil {
			return err
		}
		w.buf = w.nesting.after(w.buf)
		if len(w.buf) > 64<<10 {
			if err := w.flush(); err != nil {
				return err
			}
		}
	}
	return w.flush()
}

func (w *groveWriter) flush() error {
	_, err := w.w.Write(w.buf)
	w.buf = w.buf[:0]
	return err
}

// Close ends the list. What has no elements may still have lists, as numpy has them.
func (w *groveWriter) Close() error {
	if w.nesting.total > 0 {
		return nil
	}
	outer := w.dims[:0:0]
	for _, d := range w.dims {
		if d == 0 {
			break
		}
		outer = append(outer, d)
	}
	n := newNesting(outer)
	for n.at < n.total {
		w.buf = n.after(append(n.before(w.buf), "[]"...))
		if len(w.buf) > 64<<10 {
			if err := w.flush(); err != nil {
				return err
			}
		}
	}
	return w.flush()
}

// appendGrove appends one element.
func appendGrove(dst []byte, t *dtype.Type, src []byte, h Heap) ([]byte, error) {
	if t.Class == dtype.Opaque {
		t = tagged(t)
	}
	switch t.Class {
	case dtype.Enum:
		if IsBoolean(t) {
			v, err := t.GetBool(src)
			return strconv.AppendBool(dst, v), err
		}
		return appendInteger(dst, t.Base, src)
	case dtype.String: // numpy ends it before the NULs at its end, however it is padded
		return appendString(dst, bytes.TrimRight(t.GetBytes(src), "\x00")), nil
	case dtype.Opaque:
		return groveOpaque(dst, t, src), nil
	case dtype.Reference:
		return groveReference(dst, t, src), nil
	case dtype.VarLen:
		if t.IsString {
			return appendString(dst, untilNUL(h.VarLen(src))), nil
		}
		data, n, err := sequence(t, src, h, len(dst))
		if err != nil {
			return dst, err
		}
		return groveList(dst, t.Base, []uint32{uint32(n)}, data, h)
	case dtype.Array:
		return groveList(dst, t.Base, t.Dims, src, h)
	case dtype.Compound:
		return groveCompound(dst, t, src, h)
	case dtype.Complex:
		return groveList(dst, t.Base, []uint32{2}, src, h)
	}
	return JSON{NullNaN: true}.Append(dst, t, src, h)
}

func groveCompound(dst []byte, t *dtype.Type, src []byte, h Heap) (_ []byte, err error) {
	dst = append(dst, '[')
	for i, m := range t.Members {
		if i > 0 {
			dst = append(dst, ',')
		}
		if dst, err = appendGrove(dst, m.Type, src[m.Offset:m.Offset+m.Type.Size], h); err != nil {
			return dst, err
		}
	}
	return append(dst, ']'), nil
}

func groveList(dst []byte, base *dtype.Type, dims []uint32, src []byte, h Heap) (_ []byte, err error) {
	if len(dims) == 0 {
		return appendGrove(dst, base, src, h)
	}
	dst = append(dst, '[')
	for i := range int(dims[0]) {
		if i > 0 {
			dst = append(dst, ',')
		}
		step := len(src) / int(dims[0])
		if dst, err = groveList(dst, base, dims[1:], src[i*step:(i+1)*step], h); err != nil {
			return dst, err
		}
	}
	return append(dst, ']'), nil
}

func groveReference(dst []byte, t *dtype.Type, src []byte) []byte {
	kind, end := "object", ""
	if t.Ref == dtype.RegionRef {
		kind = "region"
	}
	if null(src) {
		end = " (null)"
	}
	return append(append(append(append(append(dst, `"<HDF5 `...), kind...), " reference"...), end...), `>"`...)
}

// units of numpy's times: as multiples of a second, or below 0 as parts of one.
var timeUnits = map[string]int64{
	"W": 7 * 86400, "D": 86400, "h": 3600, "m": 60, "s": 1, "ms": -1e3, "us": -1e6, "ns": -1e9,
}

// groveOpaque writes points in time in ISO 8601, to the microsecond, spans as numbers.
func groveOpaque(dst []byte, t *dtype.Type, src []byte) []byte {
	name, order, ok := numpyTime(t)
	if !ok {
		return appendString(dst, src)
	}
	v := int64(order.Uint64(src))
	switch {
	case v == math.MinInt64:
		return append(dst, "null"...)
	case name[1] == 'm':
		return strconv.AppendInt(dst, v, 10)
	}
	at, ok := instant(name, v)
	if !ok {
		return strconv.AppendInt(dst, v, 10)
	}
	layout := "2006-01-02T15:04:05"
	if at.Nanosecond() >= 1000 {
		layout += ".000000"
	}
	return append(at.AppendFormat(append(dst, '"'), layout), '"')
}

// instant is the time that v units of numpy's name, such as "<M8[ns]", after 1970 are; false for other units,
// and for years that ISO 8601 has not four digits for.
func instant(name string, v int64) (time.Time, bool) {
	if len(name) < 6 {
		return time.Time{}, false
	}
	var at time.Time
	switch unit := name[4 : len(name)-1]; unit {
	case "Y", "M":
		if v < -24000 || v > 120000 {
			return at, false
		}
		years, months := 1970+int(v), 1
		if unit == "M" {
			years, months = 1970, 1+int(v)
		}
		at = time.Date(years, time.Month(months), 1, 0, 0, 0, 0, time.UTC)
	default:
		scale := timeUnits[unit]
		const far = 1 << 38 // seconds: more than 8,000 years
		switch {
		case scale > 0 && v/(far/scale) == 0:
			at = time.Unix(v*scale, 0).UTC()
		case scale < 0 && v/-scale/far == 0:
			at = time.Unix(v/-scale, v%-scale*(1e9/-scale)).UTC()
		default:
			return at, false
		}
	}
	return at, at.Year() >= 0 && at.Year() <= 9999
}
