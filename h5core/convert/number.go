package convert

import "github.com/h5serve/h5serve/h5core/dtype"

// number is any stored number, exactly: ±m·2^exp, an infinity or no number.
type number struct {
	kind     kind
	negative bool
	m        limbs
	exp      int
}

type kind uint8

const (
	finite kind = iota
	infinite
	notNumber
)

// compileNumber takes the fast loops where both types are what machines have,
// else goes bit by bit.
func compileNumber(from, to *dtype.Type) (loop, error) {
	if max(from.Size, to.Size) > maxBytes {
		return nil, no(from, to, "a number of over %d bytes", maxBytes)
	}
	if swapped(from, to) {
		return swap(int(to.Size)), nil
	}
	if f, ok := nativeOf(from); ok {
		if t, ok := nativeOf(to); ok {
			return lanes(f, t), nil
		}
	}
	f, t := int(from.Size), int(to.Size)
	return func(dst, src []byte, n, ds, ss int) {
		var x number
		for i := range n {
			x.load(from, src[i*ss:i*ss+f])
			x.store(to, dst[i*ds:i*ds+t])
		}
	}, nil
}

// compileBits converts bitfields.
func compileBits(from, to *dtype.Type) (loop, error) {
	if max(from.Size, to.Size) > maxBytes {
		return nil, no(from, to, "a bitfield of over %d bytes", maxBytes)
	}
	f, t := int(from.Size), int(to.Size)
	return func(dst, src []byte, n, ds, ss int) {
		var x limbs
		for i := range n {
			x.gather(src[i*ss:i*ss+f], from.Order)
			x.right(int(from.BitOffset))
			x.keep(int(min(from.Precision, to.Precision)))
			putBits(&x, to, dst[i*ds:i*ds+t])
		}
	}, nil
}

// putBits stores the low bits of an integer or bitfield, with its padding.
func putBits(x *limbs, t *dtype.Type, dst []byte) {
	begin, end := int(t.BitOffset), int(t.BitOffset)+int(t.Precision)
	x.keep(end - begin)
	x.left(begin)
	if t.LowPad {
		x.fill(0, begin)
	}
	if t.HighPad {
		x.fill(end, 8*len(dst))
	}
	x.scatter(dst, t.Order)
}

func (x *number) load(t *dtype.Type, src []byte) {
	x.kind, x.negative, x.exp = finite, false, 0
	x.m.gather(src, t.Order)
	if t.Class == dtype.Float {
		x.loadFloat(t)
		return
	}
	n := int(t.Precision)
	x.m.right(int(t.BitOffset))
	x.m.keep(n)
	if x.negative = t.Signed && x.m.bit(n-1); x.negative {
		x.m.negate()
		x.m.keep(n)
	}
}

// loadFloat takes the parts out of the element that m holds.
func (x *number) loadFloat(t *dtype.Type) {
	f, element := t.Float, x.m
	x.negative = element.bit(int(f.SignPos))
	x.m.right(int(f.MantPos))
	x.m.keep(int(f.MantSize))
	element.right(int(f.ExpPos))
	exp := element[0] & (1<<f.ExpSize - 1)
	if exp == 1<<f.ExpSize-1 {
		rest := x.m
		if f.Norm != dtype.NormImplied {
			rest.keep(int(f.MantSize) - 1)
		}
		x.kind = infinite
		if rest != (limbs{}) {
			x.kind = notNumber
		}
		return
	}
	// The last bit of the mantissa stands for 2^x.exp.
	x.exp = int(exp) - int(f.Bias) + 1 - int(f.MantSize)
	if f.Norm == dtype.NormImplied && exp > 0 {
		x.m.set(int(f.MantSize))
		x.exp--
	}
}

func (x *number) store(t *dtype.Type, dst []byte) {
	if t.Class == dtype.Float {
		x.storeFloat(t, dst)
		return
	}
	room := int(t.Precision) // bits of the magnitude
	if t.Signed {
		room--
	}
	switch {
	case x.kind == notNumber:
		x.m = limbs{}
	case x.kind == infinite:
		x.clamp(t, room)
	case x.exp < 0:
		x.m.right(min(-x.exp, 8*maxBytes))
		x.hold(t, room)
	case x.m != limbs{} && x.m.len()+x.exp > room:
		x.clamp(t, room)
	default:
		x.m.left(min(x.exp, 8*maxBytes))
		x.hold(t, room)
	}
	putBits(&x.m, t, dst)
}

// hold makes m, an integer's magnitude, what the type stores for it.
func (x *number) hold(t *dtype.Type, room int) {
	if x.m.len() > room || (x.negative && !t.Signed) {
		x.clamp(t, room)
	} else if x.negative {
		x.m.negate()
	}
}

// clamp makes m the least or the greatest number of the type.
func (x *number) clamp(t *dtype.Type, room int) {
	x.m = limbs{}
	switch {
	case !x.negative:
		x.m.fill(0, room)
	case t.Signed:
		x.m.set(room)
	}
}

// storeFloat rounds to the nearest, ties to even.
func (x *number) storeFloat(t *dtype.Type, dst []byte) {
	f := t.Float
	var biased uint64
	switch {
	case x.kind != finite:
		biased = x.special(f)
	case x.m != limbs{}:
		biased = x.fit(f)
	}
	element := limbs{biased}
	element.left(int(f.ExpPos))
	x.m.keep(int(f.MantSize))
	x.m.left(int(f.MantPos))
	element.or(&x.m)
	if x.negative {
		element.set(int(f.SignPos))
	}
	padFloat(&element, t)
	element.scatter(dst, t.Order)
}

// fit makes m the mantissa and gives the exponent with its bias.
func (x *number) fit(f dtype.FloatFormat) uint64 {
	width, bias := int(f.MantSize), int(f.Bias)
	if f.Norm == dtype.NormImplied {
		width++
	}
	biased := max(x.exp+x.m.len()-1+bias, 0)
	ulp := biased - bias - (width - 1) // the last bit stands for 2^ulp
	if biased == 0 {
		ulp = 1 - bias - int(f.MantSize)
	}
	if n := ulp - x.exp; n > 0 {
		x.m.round(n)
	} else {
		x.m.left(min(-n, 8*maxBytes))
	}
	switch n := x.m.len(); {
	case n > width: // rounded up to the next power of two
		x.m.right(1)
		biased++
	case biased == 0 && n == width && f.Norm == dtype.NormImplied:
		biased = 1 // the least normal number
	}
	if uint64(biased) >= 1<<f.ExpSize-1 {
		x.kind = infinite
		return x.special(f)
	}
	return uint64(biased)
}

// special makes m the mantissa of an infinity or a quiet NaN.
func (x *number) special(f dtype.FloatFormat) uint64 {
	x.m = limbs{}
	top := int(f.MantSize) - 1
	if f.Norm != dtype.NormImplied {
		x.m.set(top)
		top--
	}
	if x.kind == notNumber && top >= 0 {
		x.m.set(top)
	}
	return 1<<f.ExpSize - 1
}

// padFloat sets the bits that belong to no part and are to be ones.
func padFloat(x *limbs, t *dtype.Type) {
	f := t.Float
	begin, end := int(t.BitOffset), int(t.BitOffset)+int(t.Precision)
	if f.LowPad {
		x.fill(0, begin)
	}
	if f.HighPad {
		x.fill(end, 8*int(t.Size))
	}
	if !f.InnerPad {
		return
	}
	var used, inner limbs
	used.set(int(f.SignPos))
	used.fill(int(f.ExpPos), int(f.ExpPos)+int(f.ExpSize))
	used.fill(int(f.MantPos), int(f.MantPos)+int(f.MantSize))
	inner.fill(begin, end)
	for i := range inner {
		x[i] |= inner[i] &^ used[i]
	}
}
