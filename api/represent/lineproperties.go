package represent

import (
	"bytes"
	"errors"
	"strconv"
	"strings"

	"github.com/h5serve/h5serve/h5core"
	"github.com/h5serve/h5serve/h5core/dtype"
)

// storageKeys adds how a dataset is stored.
func storageKeys(d *line, ds *h5core.Dataset) {
	layout := ds.Layout()
	d.text("layout", layout)
	if layout == "chunked" {
		d.raw("chunks", appendNumbers(nil, ds.Chunks()))
	} else {
		d.raw("chunks", []byte("null"))
	}
	d.raw("filters", appendFilters(nil, ds.Filters()))
	if layout == "virtual" {
		d.number("virtual", uint64(ds.Mappings()))
	}
	if files := ds.External(); len(files) > 0 {
		d.raw("external", appendExternal(nil, files))
	}
}

func appendFilters(dst []byte, filters []h5core.FilterInfo) []byte {
	dst = append(dst, '[')
	for i, f := range filters {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(strconv.AppendUint(append(dst, '['), uint64(f.ID), 10), ',')
		dst = append(appendNumbers(dst, f.Params), ']')
	}
	return append(dst, ']')
}

func appendExternal(dst []byte, files []h5core.ExternalFile) []byte {
	dst = append(dst, '[')
	for i, f := range files {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(appendString(append(dst, '['), f.Name), ',')
		dst = append(strconv.AppendUint(dst, f.Offset, 10), ',')
		dst = append(strconv.AppendUint(dst, f.Size, 10), ']')
	}
	return append(dst, ']')
}

// fillKey adds what elements hold that nobody wrote.
func fillKey(d *line, ds *h5core.Dataset) {
	status, raw := ds.Fill()
	fill := newLine()
	fill.text("status", status)
	if status == "user" {
		value, err := fillValue(nil, ds.Type(), raw)
		if err != nil {
			fill.text("error", err.Error())
		} else {
			fill.raw("value", value)
		}
	}
	d.raw("fill", fill.end())
}

// fillValue appends a fill value as numpy shows it: text up to its trailing
// NULs, nested arrays, bitfields as numbers.
func fillValue(dst []byte, t *dtype.Type, raw *h5core.Elements) ([]byte, error) {
	if pointing(t) {
		return dst, errors.New("fill value of this type")
	}
	if len(raw.Data) < int(t.Size) {
		return dst, errors.New("fill value is shorter than an element")
	}
	return appendFill(dst, t, raw.Data[:t.Size])
}

func appendFill(dst []byte, t *dtype.Type, src []byte) (_ []byte, err error) {
	switch t.Class {
	case dtype.Time:
		return dst, errors.New("fill value of a time")
	case dtype.String:
		return appendString(dst, bytes.TrimRight(src, "\x00")), nil
	case dtype.Bitfield:
		return appendInteger(dst, t, src)
	case dtype.Opaque:
		if strings.HasPrefix(t.Tag, "NUMPY:") {
			return dst, errors.New("fill value of a numpy type")
		}
	case dtype.Array:
		return appendFillArray(dst, t.Base, t.Dims, src)
	case dtype.Compound:
		dst = append(dst, '[')
		for i, m := range t.Members {
			if i > 0 {
				dst = append(dst, ',')
			}
			if dst, err = appendFill(dst, m.Type, src[m.Offset:m.Offset+m.Type.Size]); err != nil {
				return dst, err
			}
		}
		return append(dst, ']'), nil
	}
	c, err := newCodec(t)
	if err != nil {
		return dst, err
	}
	return c.value(dst, src, nil)
}

func appendFillArray(dst []byte, base *dtype.Type, dims []uint32, src []byte) (_ []byte, err error) {
	if len(dims) == 0 {
		return appendFill(dst, base, src)
	}
	dst = append(dst, '[')
	step := len(src) / int(dims[0])
	for i := range int(dims[0]) {
		if i > 0 {
			dst = append(dst, ',')
		}
		if dst, err = appendFillArray(dst, base, dims[1:], src[i*step:(i+1)*step]); err != nil {
			return dst, err
		}
	}
	return append(dst, ']'), nil
}
