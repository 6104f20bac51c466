package filter

import (
	"encoding/binary"
	"fmt"
	"slices"
)

// blosc is Blosc 1, a frame around several codecs. Whatever decoding needs stands in the chunk, little-endian:
//
//	0        1      2      3         4     8          12
//	version  codec  flags  typesize  size  blockSize  encoded size
//
// Then come the offsets of the blocks, four bytes each, and the blocks. Each is shuffled, then split into the
// planes of bytes or not, and each part follows its encoded size; one as long as what it holds is not encoded.
type blosc struct{}

func (blosc) ID() ID       { return IDBlosc }
func (blosc) Name() string { return "blosc" }

const bloscHeader = 16

// Extent is that of a chunk that is not encoded, which is what the encoder falls back to.
func (blosc) Extent(in Extent, _ []uint32) Extent { return Extent{Max: add(in.Max, bloscHeader)} }

func (f blosc) Encode(dst, _ []byte, _ []uint32) ([]byte, error) { return dst, unwritten(f) }

// Bits of the flags; the upper three are the codec.
const (
	bloscShuffle    = 1
	bloscCopied     = 2
	bloscBitshuffle = 4
	bloscNoSplit    = 16
)

// Blocks are not split into more parts, nor into smaller ones.
const (
	bloscMaxSplits = 16
	bloscMinSplit  = 128
)

// bloscCodecs fill out with what a part holds. LZ4 and its slower encoder share a number.
var bloscCodecs = [8]func(out, src []byte) error{unblosclz, unlz4, unsnappy, unzlib, fillZstd}

func (blosc) Decode(dst, src []byte, _ []uint32, limit int) ([]byte, error) {
	b, err := parseBlosc(src)
	if err != nil {
		return dst, err
	}
	if b.size > uint64(max(limit, 0)) {
		return dst, fmt.Errorf("%w: %d bytes, at most %d fit", ErrLimit, b.size, limit)
	}
	if b.flags&bloscCopied != 0 {
		if uint64(len(b.src)-bloscHeader) < b.size {
			return dst, cut("blosc's bytes")
		}
		return append(dst, b.src[bloscHeader:][:b.size]...), nil
	}
	// Every block has an offset and at least one part, which has a size.
	blocks := (b.size + b.block - 1) / b.block
	if uint64(len(b.src)) < bloscHeader+8*blocks {
		return dst, cut("blosc's blocks")
	}
	n, start := int(b.size), len(dst)
	dst = slices.Grow(dst, n)[:start+n]
	if err := b.decode(dst[start:]); err != nil {
		return dst[:start], err
	}
	return dst, nil
}

// bloscFrame is a chunk with its header.
type bloscFrame struct {
	src      []byte
	flags    byte
	typesize int
	size     uint64
	block    uint64
	fill     func(out, src []byte) error
}

func parseBlosc(src []byte) (b bloscFrame, err error) {
	if len(src) < bloscHeader {
		return b, cut("blosc's header")
	}
	b = bloscFrame{
		flags: src[2], typesize: int(src[3]),
		size: uint64(binary.LittleEndian.Uint32(src[4:])), block: uint64(binary.LittleEndian.Uint32(src[8:])),
		fill: bloscCodecs[src[2]>>5],
	}
	coded := uint64(binary.LittleEndian.Uint32(src[12:]))
	switch {
	case src[0] == 0 || src[0] > 2:
		return b, fmt.Errorf("%w: blosc's version %d, 1 and 2 are known", ErrCorrupt, src[0])
	case b.typesize == 0 || b.block == 0 && b.size > 0:
		return b, fmt.Errorf("%w: blosc of elements of %d bytes in blocks of %d", ErrCorrupt, b.typesize, b.block)
	case coded < bloscHeader || coded > uint64(len(src)):
		return b, fmt.Errorf("%w: blosc in %d bytes, %d are there", ErrCorrupt, coded, len(src))
	case b.fill == nil && b.flags&bloscCopied == 0:
		return b, fmt.Errorf("blosc's codec %d is %w", b.flags>>5, ErrUnsupported)
	}
	b.block = max(min(b.block, b.size), 1)
	b.src = src[:coded]
	return b, nil
}

// decode fills out, block by block.
func (b bloscFrame) decode(out []byte) error {
	shuffled, planes := borrow(int(b.block)), borrow(int(b.block))
	defer shuffled.giveBack()
	defer planes.giveBack()
	for i := 0; len(out) > 0; i++ {
		offset := uint64(binary.LittleEndian.Uint32(b.src[bloscHeader+4*i:]))
		if offset > uint64(len(b.src)) {
			return fmt.Errorf("%w: blosc's block %d at %d of %d bytes", ErrCorrupt, i, offset, len(b.src))
		}
		n := min(len(out), int(b.block))
		into := out[:n]
		shuffle := b.flags&bloscShuffle != 0 && b.typesize > 1
		if shuffle || b.flags&bloscBitshuffle != 0 {
			into = shuffled.bytes[:n]
		}
		if err := b.parts(into, b.src[offset:]); err != nil {
			return err
		}
		b.unshuffle(out[:n], into, planes.bytes[:n], shuffle)
		out = out[n:]
	}
	return nil
}

// parts fills a block.
func (b bloscFrame) parts(out, src []byte) error {
	n := len(out)
	whole := uint64(n) == b.block
	if whole && b.flags&bloscNoSplit == 0 && b.typesize <= bloscMaxSplits && n/b.typesize >= bloscMinSplit {
		n /= b.typesize
	}
	for ; len(out) >= n && len(out) > 0; out = out[n:] {
		if len(src) < 4 {
			return cut("the length of a part")
		}
		length := uint64(binary.LittleEndian.Uint32(src))
		if src = src[4:]; length > uint64(len(src)) {
			return fmt.Errorf("%w: a part of %d bytes, %d are left", ErrCorrupt, length, len(src))
		}
		if length == uint64(n) {
			copy(out, src[:n])
		} else if err := b.fill(out[:n], src[:length]); err != nil {
			return err
		}
		src = src[length:]
	}
	if len(out) > 0 {
		return fmt.Errorf("%w: blosc's blocks of %d bytes are not split by %d", ErrCorrupt, b.block, b.typesize)
	}
	return nil
}

// unshuffle makes elements of planes. Bits are in planes only where the number of elements is a multiple of
// eight. Bytes after the last element are as they are.
func (b bloscFrame) unshuffle(out, in, room []byte, shuffle bool) {
	elements := len(in) / b.typesize
	n := elements * b.typesize
	switch {
	case shuffle:
		join.run(out[:n], in[:n], b.typesize)
	case b.flags&bloscBitshuffle == 0:
		return // they were decoded in place
	case elements%8 != 0:
		n = 0
	default:
		joinBits(out[:n], in[:n], room[:n], b.typesize)
	}
	copy(out[n:], in[n:])
}

// unzlib fills out with what a zlib stream holds.
func unzlib(out, src []byte) error {
	got, err := deflate{}.Decode(out[:0:len(out)], src, nil, len(out))
	if err != nil {
		return fmt.Errorf("%w: %v", ErrCorrupt, err)
	}
	return wholeBlock(len(got), len(out))
}
