package represent

import (
	"encoding/binary"
	"io"
	"math"

	"github.com/h5serve/h5serve/h5core/dtype"
)

// NewRaw writes elements as they are stored, in C order. Elements that lead
// elsewhere in their file are refused.
func NewRaw(w io.Writer, t *dtype.Type, _ []uint64) (Writer, error) {
	if pointing(t) {
		return nil, refuse("raw", t, "its elements lead elsewhere in the file, which their bytes alone do not say; use json")
	}
	return rawWriter{w}, nil
}

type rawWriter struct{ w io.Writer }

func (w rawWriter) Write(data []byte, _ Heap) error {
	_, err := w.w.Write(data)
	return err
}

func (rawWriter) Close() error { return nil }

// NewPages is the Form of TIFF.
func NewPages(w io.Writer, t *dtype.Type, shape []uint64) (Writer, error) {
	p, err := NewTIFF(t, shape)
	if err != nil {
		return nil, err
	}
	return p.New(w)
}

// NaN appends what is no number as a little-endian float of 4 or 8 bytes.
func NaN(dst []byte, t *dtype.Type) []byte {
	if t.Size == 4 {
		return binary.LittleEndian.AppendUint32(dst, math.Float32bits(float32(math.NaN())))
	}
	return binary.LittleEndian.AppendUint64(dst, math.Float64bits(math.NaN()))
}
