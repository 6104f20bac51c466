package filter

import (
	"encoding/binary"
	"fmt"
	"hash/adler32"
	"io"
	"math"
	"slices"
	"sync"

	"github.com/klauspost/compress/flate"
)

// NewDeflate is the step that compresses with zlib's format (RFC 1950) at a level of 0 to 9. Its parameter
// is the level; it is optional, as h5py writes it.
func NewDeflate(level int) (Step, error) {
	if level < 0 || level >= len(efforts) {
		return Step{}, fmt.Errorf("%w: deflate level %d, valid are 0 to %d", ErrParams, level, len(efforts)-1)
	}
	return Step{Filter: deflate{}, Flags: Optional, Params: []uint32{uint32(level)}}, nil
}

// efforts maps zlib's levels to the encoder's, so that each is as small as C zlib's within a few per cent
// and not slower.
//
// Share of the input, and MB/s on one core; chunks of 128 KiB, all but the last two shuffled:
//
//	level  as        float64 ramp           float64 noise         sine with noise       int32 random walk      counts, uint16        CSV text
//	                 C zlib     here        C zlib     here       C zlib     here       C zlib     here        C zlib     here       C zlib     here
//	1      1         .0141 367  .0078 706   .8936  36  .9080 655  .7775  43  .7776 574  .2203 105  .2584 1171  .3932 102  .4049 131  .3762  72  .3587 101
//	2      4         .0113 378  .0078 592   .8919  44  .9038 902  .7759  43  .7752 426  .2179  97  .2578  598  .3930  88  .3955  83  .3694  61  .3487 115
//	3      6         .0113 373  .0078 405   .8906  43  .9030 655  .7742  43  .7736 546  .2174  91  .2554  286  .3744  41  .3812  81  .3569  35  .3393  70
//	4, 5   6         .0069 176  .0078 411   .8850  44  .9030 400  .7734  39  .7736 596  .2296  66  .2554  301  .3786  61  .3812  63  .3407  44  .3393  59
//	6      7         .0068 175  .0078 299   .8827  27  .8801  73  .7700  49  .7722 159  .2292  75  .2426  162  .3812  10  .3750  17  .3154  13  .3162  27
//	7 … 9  8         .0067 173  .0078 298   .8822  22  .8794  48  .7697  39  .7700 148  .2291  77  .2412  156  .3799   6  .3707   9  .3154  10  .3136  15
//
// (C zlib's columns for 4, 5 are level 4, for 7 … 9 level 7.) The walk is the exception to the first half:
// C zlib uses repeats of three bytes, the encoder none below four.
var efforts = [10]int{0, 1, 4, 6, 6, 6, 7, 8, 8, 8}

// deflate is DEFLATE (RFC 1951) in zlib's framing.
type deflate struct{}

func (deflate) ID() ID       { return IDDeflate }
func (deflate) Name() string { return "deflate" }

// Extent allows for stored blocks, which is what the encoder falls back to.
func (deflate) Extent(in Extent, _ []uint32) Extent {
	return Extent{Max: add(in.Max, in.Max/256+64)}
}

func (deflate) Encode(dst, src []byte, params []uint32) ([]byte, error) {
	if len(params) != 1 || params[0] >= uint32(len(efforts)) {
		return dst, fmt.Errorf("%w: deflate has one, a level of 0 to %d, got %v", ErrParams, len(efforts)-1, params)
	}
	level, start := params[0], len(dst)
	dst = append(dst, 0x78, header[level])
	dst, err := compress(dst, src, efforts[level])
	if err != nil {
		return dst[:start], err
	}
	dst = binary.BigEndian.AppendUint32(dst, adler32.Checksum(src))
	if len(dst)-start >= len(src) {
		return dst, ErrNotWorth
	}
	return dst, nil
}

// header is the second byte of the stream, which tells of the level what zlib tells (RFC 1950, FLG).
var header = [10]byte{0x01, 0x01, 0x5e, 0x5e, 0x5e, 0x5e, 0x9c, 0xda, 0xda, 0xda}

// deflater is a pooled encoder with the slice that it appends to.
type deflater struct {
	*flate.Writer
	out []byte
}

func (d *deflater) writeRuns(src []byte, run int) error {
	for len(src) > run {
		if _, err := d.Write(src[:run]); err != nil {
			return err
		}
		if err := d.Flush(); err != nil {
			return err
		}
		src = src[run:]
	}
	if _, err := d.Write(src); err != nil {
		return err
	}
	return d.Close()
}

func (d *deflater) append(p []byte) (int, error) {
	d.out = append(d.out, p...)
	return len(p), nil
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

// deflaters holds idle encoders by the encoder's level; each has hundreds of kilobytes of tables.
var deflaters [10]sync.Pool

// compress appends the stream's body.
//
// It is written in runs, each with Huffman codes of its own: the encoder would share one set over 64 KiB,
// where a shuffled chunk may have eight planes of different bytes. Ramps are the exception. They are nearly
// all repeats, which the fastest level finds best when it is not interrupted, so a large chunk that came out
// very small is tried that way too.
func compress(dst, src []byte, level int) ([]byte, error) {
	run := min(max(len(src)/8, 8<<10), 32<<10)
	if level == 0 {
		run = len(src)
	}
	start := len(dst)
	dst, err := encode(dst, src, level, run)
	n := len(dst) - start
	if err != nil || n >= len(src)/16 || len(src) < 64<<10 {
		return dst, err
	}
	both, err := encode(dst, src, 1, len(src))
	if again := both[len(dst):]; err == nil && len(again) < n {
		dst = append(both[:start], again...)
	}
	return dst, err
}

func encode(dst, src []byte, level, run int) ([]byte, error) {
	d, _ := deflaters[level].Get().(*deflater)
	if d == nil {
		d = new(deflater)
		w, err := flate.NewWriter(writerFunc(d.append), level)
		if err != nil {
			return dst, err
		}
		d.Writer = w
	} else {
		d.Reset(writerFunc(d.append))
	}
	d.out = dst
	err := d.writeRuns(src, run)
	dst, d.out = d.out, nil
	deflaters[level].Put(d)
	return dst, err
}

// Decode ignores what follows the stream, as zlib does.
func (deflate) Decode(dst, src []byte, _ []uint32, limit int) ([]byte, error) {
	if len(src) < 2 || src[0]&15 != 8 || src[0]>>4 > 7 || binary.BigEndian.Uint16(src)%31 != 0 || src[1]&32 != 0 {
		return dst, fmt.Errorf("%w: no zlib header at the start", ErrCorrupt)
	}
	start := len(dst)
	dst, used, err := inflate(dst, src[2:], max(limit, 0))
	if err != nil {
		return dst[:start], err
	}
	tail := src[2+used:]
	if len(tail) < 4 {
		return dst[:start], fmt.Errorf("%w: the stream ends before its checksum", ErrCorrupt)
	}
	if stored, sum := binary.BigEndian.Uint32(tail), adler32.Checksum(dst[start:]); stored != sum {
		return dst[:start], fmt.Errorf("%w: checksum %#08x stored, %#08x computed", ErrCorrupt, stored, sum)
	}
	return dst, nil
}

// appendAll appends what r decodes of a stream of coded bytes. Room for it grows with what came, as a small
// stream may claim any size; reused buffers have it from the start.
func appendAll(dst []byte, r io.Reader, limit, coded int) ([]byte, error) {
	start := len(dst)
	end := start + min(limit, math.MaxInt-start)
	for len(dst) < end {
		if len(dst) == cap(dst) {
			dst = slices.Grow(dst, min(max(len(dst)-start, 4*coded, 4096), end-len(dst)))
		}
		n, err := r.Read(dst[len(dst):min(cap(dst), end)])
		dst = dst[:len(dst)+n]
		if err == io.EOF {
			return dst, nil
		}
		if err != nil {
			return dst, fmt.Errorf("%w: %v", ErrCorrupt, err)
		}
	}
	var extra [1]byte
	switch n, err := io.ReadFull(r, extra[:]); {
	case n > 0:
		return dst, fmt.Errorf("%w: more than the %d bytes that fit", ErrLimit, limit)
	case err != io.EOF:
		return dst, fmt.Errorf("%w: %v", ErrCorrupt, err)
	}
	return dst, nil
}
