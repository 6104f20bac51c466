package filespec

import (
	"context"
	"encoding/binary"
	"math"

	"github.com/h5serve/h5serve/h5core/dtype"
)

// A generator is a source of elements that are made on demand, any range of
// them, any number of times (h5core.ValueSource). That all of them fit the
// type is checked when it is made.

// repeated is one element over and over.
type repeated []byte

func (r repeated) Read(ctx context.Context, _ uint64, dst []byte) error {
	n := copy(dst, r)
	for n < len(dst) {
		n += copy(dst[n:], dst[:n])
	}
	return ctx.Err()
}

// integerSteps are the integers start + step·i, in 64-bit arithmetic that
// wraps to the right result.
type integerSteps struct {
	start, step uint64
	size        uint32
	big         bool
}

func (g integerSteps) Read(ctx context.Context, first uint64, dst []byte) error {
	v := g.start + g.step*first
	switch g.size {
	case 1:
		for i := range dst {
			dst[i] = byte(v)
			v += g.step
		}
	case 2:
		for i := 0; i+2 <= len(dst); i += 2 {
			binary.LittleEndian.PutUint16(dst[i:], uint16(v))
			v += g.step
		}
	case 4:
		for i := 0; i+4 <= len(dst); i += 4 {
			binary.LittleEndian.PutUint32(dst[i:], uint32(v))
			v += g.step
		}
	default:
		for i := 0; i+8 <= len(dst); i += 8 {
			binary.LittleEndian.PutUint64(dst[i:], v)
			v += g.step
		}
	}
	if g.big {
		swap(dst, int(g.size))
	}
	return ctx.Err()
}

// numberSteps are the numbers that a formula gives, in float64.
type numberSteps struct {
	at func(i uint64) float64
	t  *dtype.Type
}

func (g numberSteps) Read(ctx context.Context, first uint64, dst []byte) error {
	size := int(g.t.Size)
	big := g.t.Order == dtype.BigEndian
	switch {
	case g.t.Equal(dtype.Float64(g.t.Order)):
		for i := 0; i+8 <= len(dst); i += 8 {
			binary.LittleEndian.PutUint64(dst[i:], math.Float64bits(g.at(first)))
			first++
		}
	case g.t.Equal(dtype.Float32(g.t.Order)):
		for i := 0; i+4 <= len(dst); i += 4 {
			binary.LittleEndian.PutUint32(dst[i:], math.Float32bits(float32(g.at(first))))
			first++
		}
	default:
		for i := 0; i+size <= len(dst); i += size {
			if err := g.t.PutFloat(dst[i:i+size], g.at(first)); err != nil {
				return err
			}
			first++
		}
		big = false
	}
	if big {
		swap(dst, size)
	}
	return ctx.Err()
}

// swap reverses the bytes of every number of size bytes.
func swap(b []byte, size int) {
	for ; len(b) >= size; b = b[size:] {
		for i, j := 0, size-1; i < j; i, j = i+1, j-1 {
			b[i], b[j] = b[j], b[i]
		}
	}
}

// source is h5core's ValueSource.
type source interface {
	Read(ctx context.Context, first uint64, dst []byte) error
}
