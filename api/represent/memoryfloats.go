package represent

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/h5serve/h5serve/h5core/dtype"
)

// numpyFloats are the floats that numpy has on x86-64, smallest first: bytes, bits of the mantissa, and
// numpy's largest and smallest exponent. The last is the x87's, padded to 16 bytes.
var numpyFloats = []struct {
	size       uint32
	mantissa   uint8
	maxE, minE int64
}{
	{2, 10, 16, -14}, {4, 23, 128, -126}, {8, 52, 1024, -1022}, {16, 64, 16384, -16382},
}

// floatName is numpy's name of the smallest float that h5py finds room in, float64 where it finds none.
func floatName(t *dtype.Type) string {
	order := "<"
	if t.Order == dtype.BigEndian {
		order = ">"
	}
	f := t.Float
	bias := int64(f.Bias)
	for _, n := range numpyFloats {
		if n.size >= t.Size && f.MantSize <= n.mantissa && f.ExpSize < 32 && int64(1)<<f.ExpSize-bias-1 <= n.maxE && 1-bias >= n.minE {
			return fmt.Sprintf("%sf%d", order, n.size)
		}
	}
	return order + "f8"
}

func floatMemory(t *dtype.Type) *Memory {
	m := &Memory{Descr: floatName(t), Kind: 'f', Size: int(t.Size), stored: int(t.Size)}
	switch {
	case ieee(t) || x87(t):
		m.Big = m.Descr[0] == '>'
	case m.Descr[1:] == "f2" || m.Descr[1:] == "f4":
		m.Descr, m.Size = "<f4", 4
		m.item = func(dst, src []byte) ([]byte, error) { return appendSingle(dst, t, src) }
	default:
		m.Descr, m.Size = "<f8", 8
		m.item = func(dst, src []byte) ([]byte, error) { return appendDouble(dst, t, src) }
	}
	return m
}

// x87 tells the x87's 80-bit float in 16 bytes, which numpy has as it is.
func x87(t *dtype.Type) bool {
	f := t.Float
	return t.Size == 16 && t.BitOffset == 0 && t.Order <= dtype.BigEndian && f.MantPos == 0 && f.MantSize == 64 &&
		f.ExpPos == 64 && f.ExpSize == 15 && f.Bias == 16383 && f.SignPos == 79
}

func complexMemory(t, part *dtype.Type) (*Memory, error) {
	m := &Memory{Kind: 'c', Size: int(t.Size), stored: int(t.Size)}
	if whole := t.Size == 2*part.Size; whole && (ieee(part) && part.Size > 2 || x87(part)) {
		m.Descr = fmt.Sprintf("%cc%d", floatName(part)[0], t.Size)
		m.Big = m.Descr[0] == '>'
		return m, nil
	}
	second := part.Size
	if t.Class == dtype.Compound {
		second = t.Members[1].Offset
	}
	m.Descr, m.Size = "<c16", 16
	single := floatName(part)[1:] == "f2" || floatName(part)[1:] == "f4"
	if single {
		m.Descr, m.Size = "<c8", 8
	}
	m.item = func(dst, src []byte) (_ []byte, err error) {
		for _, at := range []uint32{0, second} {
			v, err := part.GetFloat64(src[at : at+part.Size])
			if err != nil {
				return dst, err
			}
			if single {
				dst = binary.LittleEndian.AppendUint32(dst, math.Float32bits(float32(v)))
			} else {
				dst = binary.LittleEndian.AppendUint64(dst, math.Float64bits(v))
			}
		}
		return dst, nil
	}
	return m, nil
}
