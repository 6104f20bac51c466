package convert

import (
	"math/bits"

	"github.com/h5serve/h5serve/h5core/dtype"
)

// maxBytes is the largest number that is converted: the C library has room for
// as many.
const maxBytes = 64

// limbs is an unsigned integer of 512 bits, least significant limb first.
type limbs [maxBytes / 8]uint64

// place is where the byte of significance i of an element of n bytes lies.
func place(o dtype.Order, i, n int) int {
	switch o {
	case dtype.BigEndian:
		return n - 1 - i
	case dtype.VAX:
		return n - 2 - i&^1 + i&1
	}
	return i
}

// gather reads an element of at most maxBytes.
func (x *limbs) gather(p []byte, o dtype.Order) {
	*x = limbs{}
	for i := range p {
		x[i/8] |= uint64(p[place(o, i, len(p))]) << (i % 8 * 8)
	}
}

// scatter writes an element of at most maxBytes.
func (x *limbs) scatter(p []byte, o dtype.Order) {
	for i := range p {
		p[place(o, i, len(p))] = byte(x[i/8] >> (i % 8 * 8))
	}
}

// len is the number of bits up to the highest that is set.
func (x *limbs) len() int {
	for i := len(x) - 1; i >= 0; i-- {
		if x[i] != 0 {
			return 64*i + bits.Len64(x[i])
		}
	}
	return 0
}

func (x *limbs) bit(i int) bool { return x[i/64]>>(i%64)&1 == 1 }

func (x *limbs) set(i int) { x[i/64] |= 1 << (i % 64) }

// fill sets the bits from begin up to end.
func (x *limbs) fill(begin, end int) {
	for i := begin; i < end; {
		n := min(64-i%64, end-i)
		x[i/64] |= (^uint64(0) >> (64 - n)) << (i % 64)
		i += n
	}
}

// keep clears all bits from n on.
func (x *limbs) keep(n int) {
	for i := range x {
		switch left := n - 64*i; {
		case left <= 0:
			x[i] = 0
		case left < 64:
			x[i] &= 1<<left - 1
		}
	}
}

// or sets the bits of y.
func (x *limbs) or(y *limbs) {
	for i := range x {
		x[i] |= y[i]
	}
}

// left multiplies by 2^n, losing what has no room.
func (x *limbs) left(n int) {
	whole, part := n/64, n%64
	for i := len(x) - 1; i >= 0; i-- {
		v := uint64(0)
		if i >= whole {
			v = x[i-whole] << part
			if part > 0 && i > whole {
				v |= x[i-whole-1] >> (64 - part)
			}
		}
		x[i] = v
	}
}

// right divides by 2^n and cuts off.
func (x *limbs) right(n int) {
	whole, part := n/64, n%64
	for i := range x {
		v := uint64(0)
		if k := i + whole; k < len(x) {
			v = x[k] >> part
			if part > 0 && k+1 < len(x) {
				v |= x[k+1] << (64 - part)
			}
		}
		x[i] = v
	}
}

// round divides by 2^n, n > 0, to the nearest, ties to even.
func (x *limbs) round(n int) {
	if n > 64*len(x) {
		*x = limbs{}
		return
	}
	half := x.bit(n - 1)
	rest := *x
	rest.keep(n - 1)
	x.right(n)
	if half && (rest != limbs{} || x[0]&1 == 1) {
		x.increment()
	}
}

func (x *limbs) increment() {
	for i := range x {
		if x[i]++; x[i] != 0 {
			return
		}
	}
}

// negate makes the two's complement.
func (x *limbs) negate() {
	for i := range x {
		x[i] = ^x[i]
	}
	x.increment()
}
