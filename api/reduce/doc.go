// Package reduce makes much data small: a picture's worth of cells of a plane,
// or the figures of a whole selection.
//
//	selection ─▶ Plane ─▶ tiles, whole chunks and whole cells each ─▶ workers
//	                                                                  │ blocks, bounded
//	               Level  cells of mean, minimum, maximum  ◀──────────┤
//	               Summary  count, moments, quantiles, histogram ◀────┘
//
// A cell has a power of two of elements along an axis and begins at a multiple
// of that, wherever the selection begins: the cells of a coarse level are made
// of those of a fine one. Levels are kept finer than they were asked for, so that
// most of zooming is answered from memory.
//
// Results do not depend on the number of workers: every tile is folded by one
// of them, in order, and tiles are put together in order.
package reduce

import (
	"fmt"
	"math"

	"github.com/h5serve/h5serve/h5core/dtype"
)

// TypeError says why elements of a type cannot be reduced.
type TypeError struct {
	Type   *dtype.Type
	Reason string
}

func (e *TypeError) Error() string { return fmt.Sprintf("%s: %s", e.Type, e.Reason) }

// AxisError names the axis that makes a selection more than a plane.
type AxisError struct {
	Axis  int
	Count uint64
}

func (e *AxisError) Error() string {
	return fmt.Sprintf("axis %d has %d elements selected: pictures have two axes, so those before the last two must be an index each", e.Axis, e.Count)
}

// Kind is what numbers a level has.
type Kind uint8

// The kinds. Floats of other sizes are those of the next larger one, or of 64 bits.
const (
	Float32 Kind = iota
	Float64
	Int
	Uint
)

type number interface {
	int8 | int16 | int32 | int64 | uint8 | uint16 | uint32 | uint64 | float32 | float64
}

// A key is a number as an integer of the same order, so that levels of all
// kinds have the same extremes.
const sign = 1 << 63

// floatKey puts negative numbers, whose bits ascend the other way, below the others.
func floatKey[T number](v T) uint64 {
	b := math.Float64bits(float64(v))
	if b&sign != 0 {
		return ^b
	}
	return b | sign
}

func intKey[T number](v T) uint64 { return uint64(int64(v)) ^ sign }

func uintKey[T number](v T) uint64 { return uint64(v) }

func floatOf(key uint64) float64 {
	if key&sign != 0 {
		return math.Float64frombits(key &^ sign)
	}
	return math.Float64frombits(^key)
}

// value is the number of a key, rounded where float64 has less room.
func (k Kind) value(key uint64) float64 {
	switch k {
	case Int:
		return float64(int64(key ^ sign))
	case Uint:
		return float64(key)
	}
	return floatOf(key)
}

// lost counts what is no finite number.
type lost struct{ nan, above, below uint64 }

func (l *lost) add(m lost) {
	l.nan += m.nan
	l.above += m.above
	l.below += m.below
}

func (l *lost) count() uint64 { return l.nan + l.above + l.below }

func (l *lost) note(v float64) {
	switch {
	case v > 0:
		l.above++
	case v < 0:
		l.below++
	default:
		l.nan++
	}
}

// numbers is how elements of a type are read: as T, whose order key keeps.
type numbers[T number] struct {
	key       func(T) uint64
	magnitude bool // of complex numbers
}

// kindOf tells the kind and the size in memory of elements of a type.
func kindOf(t *dtype.Type) (k Kind, size uint64, err error) {
	for t.Class == dtype.Enum {
		t = t.Base
	}
	switch {
	case IsComplex(t):
		return Float64, 8, nil
	case t.Class == dtype.Float && t.Size <= 4:
		return Float32, 4, nil
	case t.Class == dtype.Float:
		return Float64, 8, nil
	case t.Class != dtype.Integer && t.Class != dtype.Bitfield:
		return 0, 0, &TypeError{t, "only numbers can be reduced"}
	case t.Size > 8:
		return 0, 0, &TypeError{t, "integers of over 64 bits cannot be reduced"}
	}
	for size = 1; size < uint64(t.Size); size *= 2 {
	}
	if t.Class == dtype.Integer && t.Signed {
		return Int, size, nil
	}
	return Uint, size, nil
}

// IsComplex tells whether elements are complex numbers, whose magnitudes are reduced.
func IsComplex(t *dtype.Type) bool { return t.Class == dtype.Complex || t.IsComplex() }

// IsFloat tells whether elements are reduced as floats.
func IsFloat(t *dtype.Type) bool { return t.Class == dtype.Float || IsComplex(t) }
