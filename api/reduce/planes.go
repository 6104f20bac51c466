package reduce

import (
	"encoding/binary"
	"math"

	"github.com/h5serve/h5serve/h5core/dtype"
)

// Figure is what is shown of each cell.
type Figure string

// The figures: of the finite elements the mean and the extremes, and the number
// of the others.
const (
	Mean Figure = "mean"
	Min  Figure = "min"
	Max  Figure = "max"
	Lost Figure = "lost"
)

// Figures are all of them, in their usual order.
var Figures = []Figure{Mean, Min, Max, Lost}

// Value is a figure of cell i, in C order; NaN where no element is finite.
func (l *Level) Value(f Figure, i uint64) float64 {
	if f == Lost {
		if l.lost == nil {
			return 0
		}
		return float64(l.lost[i].count())
	}
	if l.least[i] > l.most[i] {
		return math.NaN()
	}
	low, high := l.Kind.value(l.least[i]), l.Kind.value(l.most[i])
	switch f {
	case Min:
		return low
	case Max:
		return high
	}
	// A sum may be rounded, or too large.
	return max(low, min(high, l.sum[i]/float64(l.finite(i))))
}

// Values is a figure of every cell.
func (l *Level) Values(f Figure) []float64 {
	list := make([]float64, l.Len())
	for i := range list {
		list[i] = l.Value(f, uint64(i))
	}
	return list
}

// Shape is that of the cells.
func (l *Level) Shape() []uint64 { return shapeOf(l.Rows, l.Cols) }

// Len is the number of cells.
func (l *Level) Len() uint64 { return uint64(len(l.sum)) }

// Append appends a figure of every cell as little-endian floats of 4 or 8
// bytes.
func (l *Level) Append(dst []byte, f Figure, size int) []byte {
	for i := range l.Len() {
		if v := l.Value(f, i); size == 4 {
			dst = binary.LittleEndian.AppendUint32(dst, math.Float32bits(float32(v)))
		} else {
			dst = binary.LittleEndian.AppendUint64(dst, math.Float64bits(v))
		}
	}
	return dst
}

// Exact is the type that has room for every extreme: that of integers is of 64
// bits.
func (l *Level) Exact(f Figure) *dtype.Type {
	switch {
	case f == Lost:
		return dtype.Must(dtype.Int(8, false, dtype.LittleEndian))
	case f == Mean && l.Kind != Float32:
		return dtype.Float64(dtype.LittleEndian)
	}
	return l.Kind.exact()
}

// AppendExact appends a figure of cell i as Exact has it; ok is false, and
// nothing appended, where no element is finite.
func (l *Level) AppendExact(dst []byte, f Figure, i uint64) (_ []byte, ok bool) {
	le := binary.LittleEndian
	switch {
	case f == Lost:
		return le.AppendUint64(dst, uint64(l.Value(Lost, i))), true
	case l.least[i] > l.most[i]:
		return dst, false
	case f == Mean && l.Kind != Float32:
		return le.AppendUint64(dst, math.Float64bits(l.Value(Mean, i))), true
	case f == Mean:
		return le.AppendUint32(dst, math.Float32bits(float32(l.Value(Mean, i)))), true
	case f == Min:
		return l.Kind.append(dst, l.least[i]), true
	}
	return l.Kind.append(dst, l.most[i]), true
}

// append appends the number of a key as the kind's exact type has it.
func (k Kind) append(dst []byte, key uint64) []byte {
	le := binary.LittleEndian
	switch k {
	case Float32:
		return le.AppendUint32(dst, math.Float32bits(float32(floatOf(key))))
	case Float64:
		return le.AppendUint64(dst, math.Float64bits(floatOf(key)))
	case Int:
		key ^= sign
	}
	return le.AppendUint64(dst, key)
}

// Number gives the number of a key, as stored, and its type.
func (k Kind) Number(key uint64) (*dtype.Type, []byte) {
	return k.exact(), k.append(nil, key)
}
