package filter

import (
	"bytes"
	"compress/bzip2"
	"io"
)

// bzip2Filter is a chunk as one bzip2 file. Its parameter is the size of the encoder's blocks, 1 to 9 times
// 100 kB.
type bzip2Filter struct{}

func (bzip2Filter) ID() ID       { return IDBzip2 }
func (bzip2Filter) Name() string { return "bzip2" }

// Extent is the bound that bzip2's manual gives.
func (bzip2Filter) Extent(in Extent, _ []uint32) Extent {
	return Extent{Max: add(in.Max, in.Max/100+600)}
}

func (f bzip2Filter) Encode(dst, _ []byte, _ []uint32) ([]byte, error) { return dst, unwritten(f) }

func (bzip2Filter) Decode(dst, src []byte, _ []uint32, limit int) ([]byte, error) {
	start := len(dst)
	dst, err := appendAll(dst, bzip2.NewReader(smallBlocks(src, limit)), limit, len(src))
	if err != nil {
		return dst[:start], err
	}
	return dst, nil
}

// smallBlocks reads src with no larger blocks in its header than limit bytes can fill, as the decoder makes
// room for a whole one: four times its size. Five bytes of a block stand for four at least.
func smallBlocks(src []byte, limit int) io.Reader {
	level := byte(min('1'+max(limit, 0)/80_000, '9'))
	if len(src) < 4 || src[3] <= level || src[3] > '9' {
		return bytes.NewReader(src)
	}
	return io.MultiReader(bytes.NewReader([]byte{src[0], src[1], src[2], level}), bytes.NewReader(src[4:]))
}
