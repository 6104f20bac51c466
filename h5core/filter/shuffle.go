package filter

import (
	"encoding/binary"
	"fmt"
	"slices"
)

// NewShuffle is the step that puts the bytes of elements of the given size in planes: all first bytes, all
// second bytes and so on. Its parameter is the size; it is optional, as the C library has it.
func NewShuffle(elementSize uint32) Step {
	return Step{Filter: shuffle{}, Flags: Optional, Params: []uint32{elementSize}}
}

// shuffle keeps bytes left over after the last whole element at the end, and copies what has no planes:
// elements of one byte, or fewer than two of them.
type shuffle struct{}

func (shuffle) ID() ID       { return IDShuffle }
func (shuffle) Name() string { return "shuffle" }

// Extent is that of the input. Without its parameter, as the C library stores
// it for sequences, the filter is left out, which chunks of one size cannot say.
func (shuffle) Extent(in Extent, params []uint32) Extent {
	return Extent{Max: in.Max, Fixed: in.Fixed && len(params) == 1}
}

func (shuffle) Encode(dst, src []byte, params []uint32) ([]byte, error) {
	return transpose(dst, src, params, split)
}

func (shuffle) Decode(dst, src []byte, params []uint32, limit int) ([]byte, error) {
	if len(src) > limit {
		return dst, fmt.Errorf("%w: %d bytes, at most %d fit", ErrLimit, len(src), limit)
	}
	return transpose(dst, src, params, join)
}

// direction holds the loops of one direction: out and in have the same length, a multiple of size.
type direction struct {
	two, four func(out, in []byte) int             // give how many elements they did
	eights    func(out, in []byte, size int) int   // for sizes that are multiples of 8
	plain     func(out, in []byte, size, from int) // elements from on, any size
}

var (
	split = direction{split2, split4, split8, splitPlain}
	join  = direction{join2, join4, join8, joinPlain}
)

func transpose(dst, src []byte, params []uint32, to direction) ([]byte, error) {
	if len(params) == 0 || params[0] == 0 {
		return dst, fmt.Errorf("%w: shuffle needs the size of an element, got %v", ErrParams, params)
	}
	size := uint64(params[0])
	if size == 1 || uint64(len(src))/size < 2 {
		return append(dst, src...), nil
	}
	n, start := len(src), len(dst)
	whole := n - n%int(size)
	dst = slices.Grow(dst, n)[:start+n]
	out := dst[start:]
	copy(out[whole:], src[whole:])
	to.run(out[:whole], src[:whole], int(size))
	return dst, nil
}

func (d direction) run(out, in []byte, size int) {
	done := 0
	switch {
	case size == 2:
		done = d.two(out, in)
	case size == 4:
		done = d.four(out, in)
	case size%8 == 0:
		done = d.eights(out, in, size)
	}
	d.plain(out, in, size, done)
}

func splitPlain(out, in []byte, size, from int) {
	n := len(in) / size
	for j := range size {
		plane := out[j*n : (j+1)*n]
		for i := from; i < n; i++ {
			plane[i] = in[i*size+j]
		}
	}
}

func joinPlain(out, in []byte, size, from int) {
	n := len(in) / size
	for j := range size {
		plane := in[j*n : (j+1)*n]
		for i := from; i < n; i++ {
			out[i*size+j] = plane[i]
		}
	}
}

func load(p []byte) uint64     { return binary.LittleEndian.Uint64(p) }
func store(p []byte, x uint64) { binary.LittleEndian.PutUint64(p, x) }

// In a word, deal puts the bytes 0 2 4 6 1 3 5 7 in that order; riffle undoes it. Twice dealt is riffled.
func deal(x uint64) uint64 {
	x = swapBits(x, 8, 0x0000ff000000ff00)
	return swapBits(x, 16, 0x00000000ffff0000)
}

func riffle(x uint64) uint64 {
	x = swapBits(x, 16, 0x00000000ffff0000)
	return swapBits(x, 8, 0x0000ff000000ff00)
}

// swapBits swaps the bits under mask with those shift bits above them.
func swapBits(x uint64, shift uint, mask uint64) uint64 {
	t := (x ^ x>>shift) & mask
	return x ^ t ^ t<<shift
}

// The loops below do eight elements at a time, and so write eight bytes of each plane at once.

func split2(out, in []byte) int {
	n := len(in) / 2
	p0, p1 := out[:n], out[n:]
	done := n &^ 7
	for i := 0; i < done; i += 8 {
		e := in[2*i : 2*i+16]
		a, b := deal(load(e)), deal(load(e[8:]))
		store(p0[i:i+8], a&0xffffffff|b<<32)
		store(p1[i:i+8], a>>32|b&^0xffffffff)
	}
	return done
}

func join2(out, in []byte) int {
	n := len(in) / 2
	p0, p1 := in[:n], in[n:]
	done := n &^ 7
	for i := 0; i < done; i += 8 {
		a, b := load(p0[i:i+8]), load(p1[i:i+8])
		e := out[2*i : 2*i+16]
		store(e, riffle(a&0xffffffff|b<<32))
		store(e[8:], riffle(a>>32|b&^0xffffffff))
	}
	return done
}

func split4(out, in []byte) int {
	n := len(in) / 4
	p0, p1, p2, p3 := out[:n], out[n:2*n], out[2*n:3*n], out[3*n:]
	done := n &^ 7
	for i := 0; i < done; i += 8 {
		e := in[4*i : 4*i+32]
		a, b, c, d := turn4(riffle(load(e)), riffle(load(e[8:])), riffle(load(e[16:])), riffle(load(e[24:])))
		store(p0[i:i+8], a)
		store(p1[i:i+8], b)
		store(p2[i:i+8], c)
		store(p3[i:i+8], d)
	}
	return done
}

func join4(out, in []byte) int {
	n := len(in) / 4
	p0, p1, p2, p3 := in[:n], in[n:2*n], in[2*n:3*n], in[3*n:]
	done := n &^ 7
	for i := 0; i < done; i += 8 {
		a, b, c, d := turn4(load(p0[i:i+8]), load(p1[i:i+8]), load(p2[i:i+8]), load(p3[i:i+8]))
		e := out[4*i : 4*i+32]
		store(e, deal(a))
		store(e[8:], deal(b))
		store(e[16:], deal(c))
		store(e[24:], deal(d))
	}
	return done
}

func split8(out, in []byte, size int) int {
	n := len(in) / size
	done := n &^ 7
	var w [8]uint64
	for column := 0; column < size; column += 8 {
		planes := out[column*n : (column+8)*n]
		for i := 0; i < done; i += 8 {
			for k := range w {
				at := (i+k)*size + column
				w[k] = load(in[at : at+8])
			}
			turn8(&w)
			for k, x := range w {
				at := k*n + i
				store(planes[at:at+8], x)
			}
		}
	}
	return done
}

func join8(out, in []byte, size int) int {
	n := len(in) / size
	done := n &^ 7
	var w [8]uint64
	for column := 0; column < size; column += 8 {
		planes := in[column*n : (column+8)*n]
		for i := 0; i < done; i += 8 {
			for k := range w {
				at := k*n + i
				w[k] = load(planes[at : at+8])
			}
			turn8(&w)
			for k, x := range w {
				at := (i+k)*size + column
				store(out[at:at+8], x)
			}
		}
	}
	return done
}

// turn4 transposes a matrix of 4×4 16-bit words.
func turn4(a, b, c, d uint64) (uint64, uint64, uint64, uint64) {
	a, c = cross(a, c, 32, 0x00000000ffffffff)
	b, d = cross(b, d, 32, 0x00000000ffffffff)
	a, b = cross(a, b, 16, 0x0000ffff0000ffff)
	c, d = cross(c, d, 16, 0x0000ffff0000ffff)
	return a, b, c, d
}

// turn8 transposes a matrix of 8×8 bytes.
func turn8(w *[8]uint64) {
	a, e := cross(w[0], w[4], 32, 0x00000000ffffffff)
	b, f := cross(w[1], w[5], 32, 0x00000000ffffffff)
	c, g := cross(w[2], w[6], 32, 0x00000000ffffffff)
	d, h := cross(w[3], w[7], 32, 0x00000000ffffffff)
	a, c = cross(a, c, 16, 0x0000ffff0000ffff)
	b, d = cross(b, d, 16, 0x0000ffff0000ffff)
	e, g = cross(e, g, 16, 0x0000ffff0000ffff)
	f, h = cross(f, h, 16, 0x0000ffff0000ffff)
	w[0], w[1] = cross(a, b, 8, 0x00ff00ff00ff00ff)
	w[2], w[3] = cross(c, d, 8, 0x00ff00ff00ff00ff)
	w[4], w[5] = cross(e, f, 8, 0x00ff00ff00ff00ff)
	w[6], w[7] = cross(g, h, 8, 0x00ff00ff00ff00ff)
}

// cross swaps the bits of x above mask with the bits of y under it.
func cross(x, y uint64, shift uint, mask uint64) (uint64, uint64) {
	t := (x>>shift ^ y) & mask
	return x ^ t<<shift, y ^ t
}
