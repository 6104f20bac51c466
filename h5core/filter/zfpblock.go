package filter

import (
	"encoding/hex"
	"math"
	"math/bits"
)

// zfpOrder tells where in a block of so many dimensions each coefficient belongs: those of low frequency
// come first.
var zfpOrder = [5][]byte{
	1: fromHex("00010203"),
	2: fromHex("0001040502080609030c0a070d0b0e0f"),
	3: fromHex("0001041014110502082015061218092124030c3016192528220a07131c0d313429261a171d350b232c0e32382a1b272d" +
		"1e36393c330f2b2e3a3d371f3e3b2f3f"),
	4: fromHex("00010410400550114441140208208054514515061242184809602124818490030c30c055524616491958256461949185" +
		"0aa0228882280713431c4c0d703134c1c4d056596595a189298626a41a989268624a5347174d1d5c357471d4d1c50b23" +
		"832c8c0eb03238c2c8e05aa566999669a8a28a2a575d75d51b4b632787936c2d8d9c1e4eb1b436727839c6d2d8c9e1e4" +
		"0ff033ccc33ca9a69a6a5b67976d9d5eb57679d6d9e5a38b2b8e2eac3ab8b2e8e2caf1cd3dc737f41fdcd37c734faaa7" +
		"9b6b9e6ead7ab9b6e9e6da5ff577ddd77df2ce3ecb3bf82fece3bcb38fabaebaeaf6de7edb7bf96fede7bdb79ffcf3cf" +
		"3faffabbeeebbefdf7df7ffefbefbfff"),
}

func fromHex(s string) []byte {
	p, err := hex.DecodeString(s)
	if err != nil {
		panic(err)
	}
	return p
}

// zfpDecoder decodes the blocks of one stream, in integers of the numbers' size.
//
//	bit planes ──▶ negabinary coefficients ──order, inverse transform──▶ integers ──exponent──▶ numbers
type zfpDecoder[T int32 | int64] struct {
	zfpStream
	r      *lowBitReader
	width  int    // bits in a number
	order  []byte // places of the coefficients; what follows has as many
	values []uint64
	block  []T
	planes []uint64
}

func newZFPDecoder[T int32 | int64](s zfpStream, r *lowBitReader) *zfpDecoder[T] {
	order := zfpOrder[s.dims]
	n := len(order)
	return &zfpDecoder[T]{s, r, 8 * int(s.size()), order, make([]uint64, n), make([]T, n), make([]uint64, n)}
}

// exponentBits is the width of a floating-point number's exponent.
func (d *zfpDecoder[T]) exponentBits() int {
	if d.width == 32 {
		return 8
	}
	return 11
}

// decode reads a block into values, as bits of the numbers. It takes at least minBits.
func (d *zfpDecoder[T]) decode() {
	begin := d.r.used
	if d.kind == zfpFloat || d.kind == zfpDouble {
		d.floats(begin)
	} else {
		d.integers(begin, d.precision)
		for i, x := range d.block {
			d.values[i] = uint64(x)
		}
	}
	for left := d.minBits - (d.r.used - begin); left > 0; left -= 32 {
		d.r.read(min(left, 32))
	}
}

// floats reads a block of floating-point numbers: whether there is something but zeros, whether the integers are
// the numbers' bits (if reversible), the common exponent, the integers.
func (d *zfpDecoder[T]) floats(begin int) {
	if d.r.read(1) == 0 {
		clear(d.values)
		return
	}
	if d.reversible && d.r.read(1) == 1 {
		d.integers(begin, d.precision)
		for i, x := range d.block {
			if x < 0 { // magnitude and sign
				x ^= 1<<(d.width-1) - 1
			}
			d.values[i] = uint64(x)
		}
		return
	}
	bias := 1<<(d.exponentBits()-1) - 1
	exponent := int(d.r.read(d.exponentBits())) - bias
	d.integers(begin, min(d.precision, max(0, exponent-d.minExp+2*d.dims+2)))
	if d.reversible && exponent == -bias {
		clear(d.values)
		return
	}
	scale := math.Ldexp(1, exponent-(d.width-2))
	for i, x := range d.block {
		if d.width == 32 {
			d.values[i] = uint64(math.Float32bits(float32(scale) * float32(x)))
		} else {
			d.values[i] = math.Float64bits(scale * float64(x))
		}
	}
}

// integers reads a block of integers with so many bit planes, or as many as it says if reversible.
func (d *zfpDecoder[T]) integers(begin, precision int) {
	lift := unlift[T]
	if d.reversible {
		precision = int(d.r.read(bits.Len(uint(d.width-1)))) + 1
		lift = unliftReversible[T]
	}
	d.coefficients(max(0, d.maxBits-(d.r.used-begin)), precision)
	mask := uint64(0xaaaaaaaaaaaaaaaa) >> (64 - d.width)
	for i, to := range d.order {
		d.block[to] = T((d.planes[i] ^ mask) - mask) // negabinary
	}
	size := len(d.order)
	for step := size / 4; step > 0; step /= 4 {
		for at := range size {
			if at/step%4 == 0 {
				lift(d.block[at:], step)
			}
		}
	}
}

// coefficients reads bit planes, highest first, from at most so many bits. Of each, the coefficients that have
// had a bit come as they are, the others as runs of zeros.
func (d *zfpDecoder[T]) coefficients(left, precision int) {
	data, size := d.planes, len(d.planes)
	clear(data)
	n := 0 // coefficients that have had a bit
	for k := d.width - 1; left > 0 && k >= max(0, d.width-precision); k-- {
		plain := min(n, left)
		left -= plain
		for at := 0; at < plain; at += 32 {
			for x := d.r.read(min(32, plain-at)); x != 0; x &= x - 1 {
				data[at+bits.TrailingZeros64(x)] |= 1 << k
			}
		}
		for left > 0 && n < size {
			left--
			if d.r.read(1) == 0 {
				break
			}
			zeros, bit := d.r.zeros(min(left, size-1-n))
			left -= zeros + bit
			n += zeros
			data[n] |= 1 << k
			n++
		}
	}
}

// unlift undoes the transform of four integers that lie step apart.
func unlift[T int32 | int64](p []T, step int) {
	x, y, z, w := p[0], p[step], p[2*step], p[3*step]
	y += w >> 1
	w -= y >> 1
	y += w
	w -= y - w
	z += x
	x -= z - x
	y += z
	z -= y - z
	w += x
	x -= w - x
	p[0], p[step], p[2*step], p[3*step] = x, y, z, w
}

// unliftReversible does it for the transform that loses nothing: sums of sums of sums.
func unliftReversible[T int32 | int64](p []T, step int) {
	x, y, z, w := p[0], p[step], p[2*step], p[3*step]
	w += z
	z += y
	w += z
	y += x
	z += y
	w += z
	p[0], p[step], p[2*step], p[3*step] = x, y, z, w
}
