package space

import (
	"fmt"
	"math/bits"
)

// Error says what is wrong with a shape, a selection or a chunk.
type Error struct {
	What   string // "shape", "maxshape", "chunks", "selection", ...
	Axis   int    // the axis at fault, -1 where it is none in particular
	Reason string
}

func (e *Error) Error() string {
	if e.Axis < 0 {
		return e.What + ": " + e.Reason
	}
	return fmt.Sprintf("%s: axis %d: %s", e.What, e.Axis, e.Reason)
}

func bad(what string, axis int, format string, args ...any) error {
	return &Error{What: what, Axis: axis, Reason: fmt.Sprintf(format, args...)}
}

// product multiplies dims; ok is false where 64 bits are too few. A zero
// makes it zero, whatever the others are.
func product(dims []uint64) (n uint64, ok bool) {
	n, ok = 1, true
	for _, d := range dims {
		if d == 0 {
			return 0, true
		}
		high, low := bits.Mul64(n, d)
		n, ok = low, ok && high == 0
	}
	return n, ok
}

// checkRank holds what to the rank of a space.
func checkRank(what string, got, want int) error {
	if got != want {
		return bad(what, -1, "%d axes, the space has %d", got, want)
	}
	return nil
}
