package represent

import (
	"fmt"

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

// floatIn is the order and the bytes of the smallest of them that h5py finds room in, those of float64 where it
// finds none.
func floatIn(t *dtype.Type) (order byte, size uint32) {
	order = '<'
	if t.Order == dtype.BigEndian {
		order = '>'
	}
	f := t.Float
	bias := int64(f.Bias)
	for _, n := range numpyFloats {
		if n.size >= t.Size && f.MantSize <= n.mantissa && f.ExpSize < 32 && int64(1)<<f.ExpSize-bias-1 <= n.maxE && 1-bias >= n.minE {
			return order, n.size
		}
	}
	return order, 8
}

func floatName(t *dtype.Type) string {
	order, size := floatIn(t)
	return fmt.Sprintf("%cf%d", order, size)
}

func floatMemory(t *dtype.Type) *Memory {
	order, size := floatIn(t)
	m := &Memory{Kind: 'f', Size: int(size), stored: int(t.Size), Big: order == '>'}
	switch {
	case ieee(t) || x87(t):
	case isX87(t):
		m.convert(padded)
	default:
		m.Size = min(m.Size, 8) // a conversion to the x87's own is more than anybody stores
		m.convert(floatOf(t, m.Size))
	}
	m.Descr = fmt.Sprintf("%cf%d", order, m.Size)
	return m
}

// floatOf converts a float to a little-endian one of 2, 4 or 8 bytes.
func floatOf(t *dtype.Type, size int) func(dst, src []byte) ([]byte, error) {
	half := dtype.Float16(dtype.LittleEndian)
	return func(dst, src []byte) ([]byte, error) {
		switch size {
		case 8:
			return appendDouble(dst, t, src)
		case 4:
			return appendSingle(dst, t, src)
		}
		v, err := t.GetFloat64(src)
		if err != nil {
			return dst, err
		}
		var room [2]byte
		err = half.PutFloat(room[:], v)
		return append(dst, room[:]...), err
	}
}

// x87 tells the 80-bit float of x86 in 16 bytes, which numpy has as it is. Other systems leave out the padding.
func x87(t *dtype.Type) bool { return t.Size == 16 && isX87(t) }

func isX87(t *dtype.Type) bool {
	f := t.Float
	return t.Size >= 10 && t.BitOffset == 0 && t.Order == dtype.LittleEndian && f.MantPos == 0 && f.MantSize == 64 &&
		f.ExpPos == 64 && f.ExpSize == 15 && f.Bias == 16383 && f.SignPos == 79
}

func padded(dst, src []byte) ([]byte, error) {
	return append(append(dst, src[:10]...), make([]byte, 6)...), nil
}

func complexMemory(t, part *dtype.Type) (*Memory, error) {
	order, size := floatIn(part)
	m := &Memory{Kind: 'c', Size: 2 * int(size), stored: int(t.Size), Big: order == '>'}
	if t.Size != 2*part.Size || !ieee(part) && !x87(part) || part.Size == 2 {
		m.Size = min(max(m.Size, 8), 16)
		one, second := floatOf(part, m.Size/2), imaginary(t)
		m.convert(func(dst, src []byte) (_ []byte, err error) {
			if dst, err = one(dst, src[:part.Size]); err != nil {
				return dst, err
			}
			return one(dst, src[second:second+part.Size])
		})
	}
	m.Descr = fmt.Sprintf("%cc%d", order, m.Size)
	return m, nil
}

// imaginary is where the second part of a complex number lies.
func imaginary(t *dtype.Type) uint32 {
	if t.Class == dtype.Complex {
		return t.Base.Size
	}
	return t.Members[1].Offset
}
