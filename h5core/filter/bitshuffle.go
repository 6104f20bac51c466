package filter

import (
	"encoding/binary"
	"fmt"
	"slices"
)

// bitshuffle puts the bits of elements in planes, block by block, and may compress each block with LZ4 or
// Zstandard. Its parameters are two of its version, the size of an element, elements in a block (0 for the
// default), the compression and its level.
//
//	elements ──shuffle──▶ planes of bytes ──eight planes of bits from each──▶ a block
//
// Compressed, a chunk begins with its decoded size (eight bytes) and that of a block (four), and each block
// with its encoded size (four); all are big-endian. A last block may have fewer elements, a multiple of eight;
// up to seven more follow it as they are.
type bitshuffle struct{}

func (bitshuffle) ID() ID       { return IDBitshuffle }
func (bitshuffle) Name() string { return "bitshuffle" }

// Values of the fifth parameter.
const (
	bitshuffleLZ4  = 2
	bitshuffleZstd = 3
)

const bitshuffleHeader = 12

// Extent allows for what LZ4 may add, and for the length and the end of each block.
func (bitshuffle) Extent(in Extent, params []uint32) Extent {
	b, err := parseBitshuffle(params)
	switch {
	case err != nil:
		return Extent{Max: Unbounded}
	case b.compression == 0:
		return in
	}
	blocks := in.Max/(b.block*b.size) + 1
	return Extent{Max: add(in.Max, bitshuffleHeader+in.Max/255+min(32*blocks, 1<<60))}
}

func (f bitshuffle) Encode(dst, _ []byte, _ []uint32) ([]byte, error) { return dst, unwritten(f) }

type bitshuffling struct {
	size        uint64 // bytes in an element
	block       uint64 // elements in a block
	compression uint32
}

func parseBitshuffle(params []uint32) (b bitshuffling, err error) {
	if len(params) < 3 || params[2] == 0 {
		return b, fmt.Errorf("%w: bitshuffle needs the size of an element, got %v", ErrParams, params)
	}
	b.size = uint64(params[2])
	if len(params) > 3 {
		b.block = uint64(params[3])
	}
	if len(params) > 4 {
		b.compression = params[4]
	}
	if b.block == 0 {
		b.block = max(8192/b.size&^7, 128)
	}
	if c := b.compression; c != 0 && c != bitshuffleLZ4 && c != bitshuffleZstd {
		return b, fmt.Errorf("%w: bitshuffle's compression %d", ErrParams, c)
	}
	return b, b.check()
}

func (b bitshuffling) check() error {
	if b.block == 0 || b.block%8 != 0 {
		return fmt.Errorf("%w: bitshuffle in blocks of %d elements", ErrParams, b.block)
	}
	return nil
}

func (bitshuffle) Decode(dst, src []byte, params []uint32, limit int) ([]byte, error) {
	b, err := parseBitshuffle(params)
	if err != nil {
		return dst, err
	}
	size := uint64(len(src))
	if b.compression != 0 {
		if len(src) < bitshuffleHeader {
			return dst, cut("bitshuffle's header")
		}
		size = binary.BigEndian.Uint64(src)
		b.block = uint64(binary.BigEndian.Uint32(src[8:])) / b.size
		src = src[bitshuffleHeader:]
		if err := b.check(); err != nil {
			return dst, fmt.Errorf("%w: %v", ErrCorrupt, err)
		}
	}
	if size > uint64(max(limit, 0)) {
		return dst, fmt.Errorf("%w: %d bytes, at most %d fit", ErrLimit, size, limit)
	}
	if size%b.size != 0 {
		return dst, fmt.Errorf("%w: bitshuffle of %d bytes in elements of %d", ErrCorrupt, size, b.size)
	}
	n, start := int(size), len(dst)
	dst = slices.Grow(dst, n)[:start+n]
	if err := b.decode(dst[start:], src); err != nil {
		return dst[:start], err
	}
	return dst, nil
}

// decode fills out, block by block.
func (b bitshuffling) decode(out, src []byte) error {
	full := b.block * b.size
	planes := borrow(int(min(full, uint64(len(out)))))
	defer planes.giveBack()
	packed := borrow(len(planes.bytes))
	defer packed.giveBack()
	for uint64(len(out)) >= 8*b.size {
		n := min(full, uint64(len(out))/(8*b.size)*(8*b.size))
		block, rest, err := b.next(packed.bytes[:n], src)
		if err != nil {
			return err
		}
		joinBits(out[:n], block, planes.bytes[:n], int(b.size))
		out, src = out[n:], rest
	}
	if len(src) < len(out) {
		return cut("bitshuffle's last elements")
	}
	copy(out, src)
	return nil
}

// next gives the planes of the next block, in room if they were compressed.
func (b bitshuffling) next(room, src []byte) (block, rest []byte, err error) {
	if b.compression == 0 {
		if len(src) < len(room) {
			return nil, nil, cut("a block")
		}
		return src[:len(room)], src[len(room):], nil
	}
	coded, rest, err := lengthFirst(src)
	if err != nil {
		return nil, nil, err
	}
	if b.compression == bitshuffleLZ4 {
		return room, rest, unlz4(room, coded)
	}
	return room, rest, fillZstd(room, coded)
}

// joinBits makes elements of planes of bits, whose number in a plane is a multiple of eight. It needs room for
// as many bytes, to make planes of bytes first.
func joinBits(out, in, room []byte, size int) {
	if size == 1 {
		joinPlane(out, in)
		return
	}
	n := len(in) / size // bytes in eight planes of bits, and in a plane of bytes
	for at := 0; at < len(in); at += n {
		joinPlane(room[at:at+n], in[at:at+n])
	}
	join.run(out, room, size)
}

// joinPlane makes a plane of bytes of its eight planes of bits, lowest first.
func joinPlane(out, in []byte) {
	n := len(in) / 8
	i := 0
	var w [8]uint64
	for ; i+8 <= n; i += 8 {
		for k := range w {
			w[k] = load(in[k*n+i:])
		}
		turn8(&w)
		for k, x := range w {
			store(out[8*(i+k):], turnBits(x))
		}
	}
	for ; i < n; i++ {
		var x uint64
		for k := range 8 {
			x |= uint64(in[k*n+i]) << (8 * k)
		}
		store(out[8*i:], turnBits(x))
	}
}

// turnBits transposes a matrix of 8×8 bits.
func turnBits(x uint64) uint64 {
	x = swapBits(x, 7, 0x00aa00aa00aa00aa)
	x = swapBits(x, 14, 0x0000cccc0000cccc)
	return swapBits(x, 28, 0x00000000f0f0f0f0)
}
