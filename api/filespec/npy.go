package filespec

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"io"
	"slices"

	"github.com/h5serve/h5serve/h5core/dtype"
	"github.com/h5serve/h5serve/h5core/space"
)

// maxNPYHeader is the longest header that is read; numpy itself stops at
// 10,000 bytes.
const maxNPYHeader = 1 << 20

// npyHeader is what a .npy file says of its array (numpy.lib.format, versions
// 1.0 to 3.0):
//
//	\x93NUMPY  major minor  length   {'descr': …, 'fortran_order': …, 'shape': …}  elements
//	6 bytes    1     1      2 or 4   length bytes
type npyHeader struct {
	elements npyType
	fortran  bool
	dims     []uint64
	size     int64 // of the header, from the file's first byte on
}

// openNPY looks into a .npy part. What the description asks for, it must be
// able to become without a loss.
func openNPY(one Part, t *dtype.Type, dims []uint64, shaped bool) (content, error) {
	fail := func(err error) (content, error) { return content{}, inPart(one.Name, err) }
	h, err := readNPYHeader(one.Body, one.Body.Size())
	if err != nil {
		return fail(err)
	}
	n, err := h.bytes()
	if err != nil {
		return fail(err)
	}
	if got := uint64(one.Body.Size() - h.size); got != n {
		return fail(complain("part_length", "%d bytes of elements; shape %v of %d bytes each needs %d", got, h.dims, h.elements.size, n))
	}
	if shaped && !slices.Equal(dims, h.dims) {
		return fail(complain("shape_mismatch", "the array has the shape %v, the description says %v", h.dims, dims))
	}
	from := h.elements
	if t != nil && !t.Equal(from.t) {
		if from, err = from.become(t); err != nil {
			return fail(err)
		}
	}
	return content{from.t, h.dims, h.value(one, from)}, nil
}

// bytes is what the elements take.
func (h npyHeader) bytes() (uint64, error) {
	s := space.Space{Kind: space.Simple, Dims: h.dims}
	if err := s.Validate(uint64(max(h.elements.size, int(h.elements.t.Size)))); err != nil {
		return 0, shapeError(err)
	}
	n, err := s.Count()
	return n * uint64(h.elements.size), err
}

// value is where the elements come from: the part itself where they lie there
// as stored.
func (h npyHeader) value(one Part, elements npyType) value {
	source := partSource{body: one.Body, name: one.Name, offset: h.size, size: int64(elements.size), number: elements.swap}
	axes := 0
	for _, d := range h.dims {
		if d != 1 {
			axes++
		}
	}
	switch {
	case h.fortran && axes > 1 && !slices.Contains(h.dims, 0):
		return value{stream: fortranArray{convertedPart{source, elements, 0}, h.dims}}
	case elements.convert == nil:
		return value{source: source}
	}
	count := space.Box{Count: h.dims}.Size()
	return value{stream: convertedPart{source, elements, count}}
}

// readNPYHeader reads the header of a .npy file of a given size.
func readNPYHeader(r io.ReaderAt, size int64) (h npyHeader, err error) {
	text, length, err := npyHeaderText(r, size)
	if err != nil {
		return h, err
	}
	p := &pyLiteral{rest: text}
	v, err := p.value()
	if err != nil {
		return h, err
	}
	d, ok := v.(pyDict)
	if p.blank(); !ok || p.rest != "" {
		return h, complain("bad_npy", "the header is no Python dict")
	}
	order, isBool := d["fortran_order"].(bool)
	shape, isTuple := d["shape"].(pyTuple)
	if !isBool || !isTuple || d["descr"] == nil {
		return h, complain("bad_npy", "the header needs descr, fortran_order and shape")
	}
	h = npyHeader{fortran: order, size: length, dims: make([]uint64, len(shape))}
	for i, one := range shape {
		n, ok := one.(int64)
		if !ok || n < 0 {
			return h, complain("bad_npy", "axis %d of the shape is no length: %v", i, one)
		}
		h.dims[i] = uint64(n)
	}
	if len(h.dims) > space.MaxRank {
		return h, complain("rank_too_high", "%d axes; at most %d", len(h.dims), space.MaxRank)
	}
	h.elements, err = npyDescr(d["descr"], 0)
	return h, err
}

func npyHeaderText(r io.ReaderAt, size int64) (text string, length int64, err error) {
	var head [12]byte
	n, err := r.ReadAt(head[:min(size, 12)], 0)
	if n < 10 || string(head[:6]) != "\x93NUMPY" {
		if err != nil && err != io.EOF {
			return "", 0, err
		}
		return "", 0, complain("bad_npy", `no .npy file: it begins with "\x93NUMPY" and a version`)
	}
	start, textLength := int64(10), int64(binary.LittleEndian.Uint16(head[8:]))
	switch head[6] {
	case 1:
	case 2, 3:
		start, textLength = 12, int64(binary.LittleEndian.Uint32(head[8:]))
	default:
		return "", 0, complain("bad_npy", "version %d.%d of the .npy format; known are 1 to 3", head[6], head[7])
	}
	if textLength > maxNPYHeader || textLength > size-start {
		return "", 0, complain("bad_npy", "the header has %d bytes, the part %d, and at most %d are read", textLength, size, maxNPYHeader)
	}
	b := make([]byte, textLength)
	if n, err := r.ReadAt(b, start); n < len(b) {
		return "", 0, fmt.Errorf("the header: %w", cmp.Or(err, io.ErrUnexpectedEOF))
	}
	text = string(b)
	if head[6] < 3 { // latin-1
		runes := make([]rune, len(b))
		for i, c := range b {
			runes[i] = rune(c)
		}
		text = string(runes)
	}
	return text, start + textLength, nil
}
