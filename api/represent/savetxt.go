package represent

import (
	"io"
	"math"
	"strconv"

	"github.com/h5serve/h5serve/h5core/dtype"
)

// NewSaveText writes numbers as numpy.savetxt does, with commas: a row for each
// row of two axes, or for each element of one (flat takes all axes as one), in
// the notation %.18e, complex numbers as (re+imj). Integers have all their digits, which numpy cuts to
// those of a double. The axes of an array type count.
func NewSaveText(w io.Writer, t *dtype.Type, shape []uint64, flat bool) (Writer, error) {
	m, err := MemoryOf(t)
	if err != nil || !m.Numeric() || m.Kind == 'm' {
		return nil, refuse("CSV", t, "only numbers have this form")
	}
	shape = append(append([]uint64(nil), shape...), m.Dims...)
	if flat && len(shape) > 1 {
		shape = []uint64{product(shape)}
	}
	if len(shape) < 1 || len(shape) > 2 {
		return nil, refuse("CSV", t, "%d axes; a table has 1 or 2", len(shape))
	}
	row := uint64(1)
	if len(shape) == 2 {
		row = shape[1]
	}
	s := &saveText{w: w, t: Item(t), row: row}
	if row == 0 { // numpy ends rows that have nothing
		s.empty = shape[0]
	}
	return s, nil
}

type saveText struct {
	w     io.Writer
	t     *dtype.Type
	row   uint64 // items of a row
	at    uint64 // items of the present row so far
	empty uint64
	buf   []byte
}

func (s *saveText) Write(data []byte, _ Heap) (err error) {
	for size := int(s.t.Size); len(data) >= size; data = data[size:] {
		if s.at > 0 {
			s.buf = append(s.buf, ',')
		}
		if s.buf, err = appendSaved(s.buf, s.t, data[:size]); err != nil {
			return err
		}
		if s.at++; s.at == s.row {
			s.buf, s.at = append(s.buf, '\n'), 0
		}
		if err := s.flush(64 << 10); err != nil {
			return err
		}
	}
	return s.flush(0)
}

func (s *saveText) flush(most int) error {
	if len(s.buf) <= most {
		return nil
	}
	_, err := s.w.Write(s.buf)
	s.buf = s.buf[:0]
	return err
}

func (s *saveText) Close() error {
	for ; s.empty > 0; s.empty-- {
		s.buf = append(s.buf, '\n')
		if err := s.flush(64 << 10); err != nil {
			return err
		}
	}
	return s.flush(0)
}

func appendSaved(dst []byte, t *dtype.Type, src []byte) ([]byte, error) {
	switch t.Class {
	case dtype.Float:
		v, err := t.GetFloat64(src)
		return appendSavedFloat(dst, v), err
	case dtype.Compound, dtype.Complex:
		v, err := complexOf(t, src)
		dst = appendSavedFloat(append(dst, " ("...), real(v))
		if im := imag(v); im != im || !math.Signbit(im) {
			dst = append(dst, '+')
		}
		return append(appendSavedFloat(dst, imag(v)), "j)"...), err
	}
	if t.Class == dtype.Enum {
		t = t.Base
	}
	var room [24]byte
	digits, err := appendInteger(room[:0], t, src)
	return appendSavedInteger(dst, digits), err
}

// complexOf is what h5py reads as a complex number, whatever lies between its parts.
func complexOf(t *dtype.Type, src []byte) (complex128, error) {
	part := t.Base
	if t.Class == dtype.Compound {
		part = t.Members[0].Type
	}
	re, err := part.GetFloat64(src[:part.Size])
	if err != nil {
		return 0, err
	}
	im, err := part.GetFloat64(src[imaginary(t):][:part.Size])
	return complex(re, im), err
}

func appendSavedFloat(dst []byte, v float64) []byte {
	switch {
	case v != v:
		return append(dst, "nan"...)
	case math.IsInf(v, 1):
		return append(dst, "inf"...)
	case math.IsInf(v, -1):
		return append(dst, "-inf"...)
	}
	return strconv.AppendFloat(dst, v, 'e', 18, 64)
}

// appendSavedInteger writes decimal digits with 18 of them after the point; the 20 digits of the largest unsigned
// integers have 19.
func appendSavedInteger(dst, digits []byte) []byte {
	if digits[0] == '-' {
		dst, digits = append(dst, '-'), digits[1:]
	}
	exponent := len(digits) - 1
	dst = append(append(dst, digits[0], '.'), digits[1:]...)
	for range 18 - exponent {
		dst = append(dst, '0')
	}
	dst = append(dst, "e+"...)
	if exponent < 10 {
		dst = append(dst, '0')
	}
	return strconv.AppendInt(dst, int64(exponent), 10)
}
