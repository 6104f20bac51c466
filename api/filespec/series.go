package filespec

import (
	"math"
	"math/big"

	"github.com/h5serve/h5serve/h5core/dtype"
)

// series are the numbers of a generator as they were written.
type series struct {
	form    form
	numbers []string
}

// whole says whether all numbers are integers.
func (g series) whole() bool {
	for _, text := range g.numbers {
		if _, ok := new(big.Int).SetString(text, 10); !ok {
			return false
		}
	}
	return true
}

// dtype is numpy's default for such numbers.
func (g series) dtype() *dtype.Type {
	if g.form == linspace || !g.whole() {
		return float64Type
	}
	return int64Type
}

// values returns the numbers as float64.
func (g series) values() (v [3]float64, err error) {
	for i, text := range g.numbers {
		f, ok := parseFloat([]byte(text))
		if !ok {
			return v, complain("out_of_range", "%s does not fit float64", text)
		}
		v[i] = f
	}
	return v, nil
}

// count is the number of elements of an arange; like numpy's, it is rounded
// up, and 0 where step leads away from stop.
func (g series) count() (uint64, error) {
	v, err := g.values()
	if err != nil {
		return 0, err
	}
	if v[2] == 0 {
		return 0, complain("bad_generator", "a step of 0 never arrives")
	}
	if g.whole() {
		start, stop, step := bigInt(g.numbers[0]), bigInt(g.numbers[1]), bigInt(g.numbers[2])
		n := new(big.Int).Sub(stop, start)
		n.Neg(n).Div(n, new(big.Int).Abs(step)) // rounded down, where the step is up
		if step.Sign() < 0 {
			n.Sub(start, stop).Neg(n).Div(n, new(big.Int).Neg(step))
		}
		n.Neg(n)
		switch {
		case n.Sign() <= 0:
			return 0, nil
		case !n.IsUint64():
			return 0, complain("bad_shape", "%v elements", n)
		}
		return n.Uint64(), nil
	}
	n := math.Ceil((v[1] - v[0]) / v[2])
	switch {
	case n >= 1<<63:
		return 0, complain("bad_shape", "%v elements", n)
	case !(n > 0):
		return 0, nil
	}
	return uint64(n), nil
}

func bigInt(text string) *big.Int {
	v, _ := new(big.Int).SetString(text, 10)
	return v
}

// source makes n elements of a type of integers or floats.
func (g series) source(t *dtype.Type, n uint64) (source, error) {
	if t.Class != dtype.Integer && t.Class != dtype.Float {
		return nil, complain("bad_generator", "the dtype %s holds no numbers in steps", t)
	}
	if g.form == linspace {
		return g.linspace(t, n)
	}
	start, step := g.numbers[0], g.numbers[len(g.numbers)-1]
	if t.Class == dtype.Integer {
		if !g.whole() {
			return nil, complain("bad_generator", "%s and %s must be integers for %s", start, step, t)
		}
		return integers64(t, bigInt(start), bigInt(step), n)
	}
	v, err := g.values()
	if err != nil {
		return nil, err
	}
	at := steps(v[0], v[1])
	if g.form == arange {
		at = aranged(t, v[0], v[2])
	}
	return fits(numberSteps{at, t}, n)
}

// integers64 checks both ends and leaves the rest to 64-bit arithmetic.
func integers64(t *dtype.Type, start, step *big.Int, n uint64) (source, error) {
	least, most := new(big.Int), new(big.Int).Lsh(big.NewInt(1), uint(t.Precision))
	if t.Signed {
		most.Rsh(most, 1)
		least.Neg(most)
	}
	most.Sub(most, big.NewInt(1))
	last := new(big.Int).SetUint64(max(n, 1) - 1)
	last.Mul(last, step).Add(last, start)
	for _, end := range []*big.Int{start, last} {
		if n > 0 && (end.Cmp(least) < 0 || end.Cmp(most) > 0) {
			return nil, overflowing(t, start, step, least, most)
		}
	}
	low := func(v *big.Int) uint64 { // of two's complement
		return new(big.Int).And(v, new(big.Int).SetUint64(math.MaxUint64)).Uint64()
	}
	return integerSteps{low(start), low(step), t.Size, t.Order == dtype.BigEndian}, nil
}

// overflowing names the first element that does not fit.
func overflowing(t *dtype.Type, start, step, least, most *big.Int) error {
	i := new(big.Int)
	if start.Cmp(least) >= 0 && start.Cmp(most) <= 0 {
		bound := most
		if step.Sign() < 0 {
			bound = least
		}
		i.Sub(bound, start).Quo(i, step).Add(i, big.NewInt(1))
	}
	v := new(big.Int).Mul(i, step)
	v.Add(v, start)
	return complain("out_of_range", "element %v would be %v", i, &dtype.RangeError{Value: v, Type: t})
}

// fits checks both ends of a formula that rises or falls throughout.
func fits(g numberSteps, n uint64) (source, error) {
	if n == 0 {
		return g, nil
	}
	scratch := make([]byte, g.t.Size)
	for _, i := range []uint64{0, n - 1} {
		if err := g.t.PutFloat(scratch, g.at(i)); err != nil || math.IsInf(g.at(i), 0) {
			return nil, complain("out_of_range", "element %d would be %v", i, &dtype.RangeError{Value: g.at(i), Type: g.t})
		}
	}
	return g, nil
}

// The conversions to float64 keep compilers from fusing a product and a sum
// into one rounding: the same request gives the same bytes on every machine.

func steps(start, step float64) func(uint64) float64 {
	return func(i uint64) float64 { return start + float64(float64(i)*step) }
}

// aranged are the elements of numpy.arange: the second is start + step, all
// others go on by the difference of those two, in float32 for float32.
func aranged(t *dtype.Type, start, step float64) func(uint64) float64 {
	next := start + step
	if t.Size == 8 {
		delta := next - start
		return func(i uint64) float64 {
			if i == 1 {
				return next
			}
			return start + float64(float64(i)*delta)
		}
	}
	first, second := round(t, start), round(t, next)
	delta := second - first
	return func(i uint64) float64 {
		switch i {
		case 0:
			return float64(first)
		case 1:
			return float64(second)
		}
		return float64(first + float32(float32(i)*delta))
	}
}

// round returns v as the elements of t hold it.
func round(t *dtype.Type, v float64) float32 {
	b := make([]byte, t.Size)
	if t.PutFloat(b, v) != nil {
		return float32(v)
	}
	f, _ := t.GetFloat64(b)
	return float32(f)
}

// linspace makes the elements of numpy.linspace with its end included.
func (g series) linspace(t *dtype.Type, n uint64) (source, error) {
	v, err := g.values()
	if err != nil {
		return nil, err
	}
	start, stop := v[0], v[1]
	delta := stop - start
	div := float64(max(n, 1) - 1)
	step := delta / div
	at := func(i uint64) float64 {
		switch {
		case n > 1 && i == n-1:
			return stop
		case n < 2:
			return start
		case step == 0: // it is too small for float64
			return start + float64(float64(i)/div*delta)
		}
		return start + float64(float64(i)*step)
	}
	if t.Class == dtype.Integer {
		exact := at
		at = func(i uint64) float64 { return math.Floor(exact(i)) }
	}
	return fits(numberSteps{at, t}, n)
}
