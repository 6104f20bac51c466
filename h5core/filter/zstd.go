package filter

import (
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/klauspost/compress/zstd"
)

// zstdFilter is a chunk as one frame of Zstandard (RFC 8878). Its parameter is the encoder's level.
type zstdFilter struct{}

func (zstdFilter) ID() ID       { return IDZstd }
func (zstdFilter) Name() string { return "zstd" }

// Extent allows for raw blocks, which is what encoders fall back to.
func (zstdFilter) Extent(in Extent, _ []uint32) Extent {
	return Extent{Max: add(in.Max, in.Max/256+64)}
}

func (f zstdFilter) Encode(dst, _ []byte, _ []uint32) ([]byte, error) { return dst, unwritten(f) }

func (zstdFilter) Decode(dst, src []byte, _ []uint32, limit int) ([]byte, error) {
	return unzstd(dst, src, limit)
}

// zstdDecoder serves any number of goroutines. Its output is bounded by the capacity that it is given.
var zstdDecoder = sync.OnceValues(func() (*zstd.Decoder, error) {
	return zstd.NewReader(nil, zstd.WithDecodeAllCapLimit(true), zstd.WithDecoderConcurrency(0))
})

// zstdGrowth is how many bytes an encoded one is given room for at first, where the frame does not tell.
const zstdGrowth = 8

// unzstd appends what src holds, at most limit bytes. The first frame may tell its size; where it does not, or
// others follow, room that turns out to be too small is doubled for another try. The decoder has several
// words for that, so every error counts as such until the limit is reached.
func unzstd(dst, src []byte, limit int) ([]byte, error) {
	d, err := zstdDecoder()
	if err != nil {
		return dst, err
	}
	limit = max(limit, 0)
	start, room := len(dst), min(limit, max(zstdGrowth*len(src), 4096))
	var h zstd.Header
	if h.Decode(src) == nil && h.HasFCS {
		if h.FrameContentSize > uint64(limit) {
			return dst, fmt.Errorf("%w: %d bytes, at most %d fit", ErrLimit, h.FrameContentSize, limit)
		}
		room = int(h.FrameContentSize)
	}
	for {
		dst = slices.Grow(dst[:start], room)
		room = min(limit, cap(dst)-start)
		out, err := d.DecodeAll(src, dst[:start:start+room])
		switch {
		case err == nil:
			return out, nil
		case room < limit:
			room = min(limit, max(2*room, 4096))
		case errors.Is(err, zstd.ErrDecoderSizeExceeded):
			return dst[:start], fmt.Errorf("%w: more than the %d bytes that fit", ErrLimit, limit)
		default:
			return dst[:start], fmt.Errorf("%w: %v", ErrCorrupt, err)
		}
	}
}

// fillZstd fills out with what a frame holds.
func fillZstd(out, src []byte) error {
	got, err := unzstd(out[:0:len(out)], src, len(out))
	if err != nil {
		return fmt.Errorf("%w: %v", ErrCorrupt, err)
	}
	copy(out, got) // usually itself
	return wholeBlock(len(got), len(out))
}
