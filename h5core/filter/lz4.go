package filter

import (
	"encoding/binary"
	"fmt"
	"slices"

	lz4block "github.com/pierrec/lz4/v4"
)

// lz4Filter is a chunk as LZ4 blocks. Its parameter is the size of a block, 1 GiB if there is none or 0. All
// numbers are big-endian:
//
//	0     8          12   16
//	size  blockSize  len  block  len  block …
//
// A block that is as long as what it holds is not encoded.
type lz4Filter struct{}

func (lz4Filter) ID() ID       { return IDLZ4 }
func (lz4Filter) Name() string { return "lz4" }

const lz4Header, lz4DefaultBlock = 12, 1 << 30

// Extent allows for blocks that are not encoded.
func (lz4Filter) Extent(in Extent, params []uint32) Extent {
	block := uint64(lz4DefaultBlock)
	if len(params) > 0 && params[0] != 0 {
		block = uint64(params[0])
	}
	return Extent{Max: add(in.Max, lz4Header+4*min(in.Max/block+1, 1<<60))}
}

func (f lz4Filter) Encode(dst, _ []byte, _ []uint32) ([]byte, error) { return dst, unwritten(f) }

func (lz4Filter) Decode(dst, src []byte, _ []uint32, limit int) ([]byte, error) {
	if len(src) < lz4Header {
		return dst, cut("lz4's header")
	}
	size, block := binary.BigEndian.Uint64(src), binary.BigEndian.Uint32(src[8:])
	src = src[lz4Header:]
	switch {
	case size > uint64(max(limit, 0)):
		return dst, fmt.Errorf("%w: %d bytes, at most %d fit", ErrLimit, size, limit)
	case size > lz4Growth*uint64(len(src)):
		return dst, fmt.Errorf("%w: lz4 of %d bytes in %d", ErrCorrupt, size, len(src))
	case size > 0 && block == 0:
		return dst, fmt.Errorf("%w: lz4 in blocks of no bytes", ErrCorrupt)
	}
	n, start := int(size), len(dst)
	dst = slices.Grow(dst, n)[:start+n]
	for out := dst[start:]; len(out) > 0; {
		this := out[:min(uint64(block), uint64(len(out)))]
		coded, rest, err := lengthFirst(src)
		if err != nil {
			return dst[:start], err
		}
		if len(coded) == len(this) {
			copy(this, coded)
		} else if err := unlz4(this, coded); err != nil {
			return dst[:start], err
		}
		out, src = out[len(this):], rest
	}
	return dst, nil
}

// lengthFirst cuts off bytes that follow their number, of four bytes, big-endian.
func lengthFirst(src []byte) (head, rest []byte, err error) {
	if len(src) < 4 {
		return nil, nil, cut("the length of a block")
	}
	n, src := binary.BigEndian.Uint32(src), src[4:]
	if uint64(n) > uint64(len(src)) {
		return nil, nil, fmt.Errorf("%w: a block of %d bytes, %d are left", ErrCorrupt, n, len(src))
	}
	return src[:n], src[n:], nil
}

// lz4Growth is how many bytes one of an LZ4 block can stand for.
const lz4Growth = 255

// unlz4 fills out with what an LZ4 block holds.
func unlz4(out, src []byte) error {
	n, err := lz4block.UncompressBlock(src, out)
	if err != nil {
		return fmt.Errorf("%w: %v", ErrCorrupt, err)
	}
	return wholeBlock(n, len(out))
}

// wholeBlock says whether a block of known size held that much.
func wholeBlock(n, want int) error {
	if n != want {
		return fmt.Errorf("%w: a block holds %d bytes, not %d", ErrCorrupt, n, want)
	}
	return nil
}
