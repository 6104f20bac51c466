package filter

import (
	"encoding/binary"
	"fmt"
	"slices"
)

// szip is the adaptive entropy coder of CCSDS 121.0-B, as szlib and libaec use it. A stored chunk is the
// decoded size in four bytes, then the stream.
//
// The stream is a list of blocks of a few samples. With the preprocessor (nearest neighbour, NN), a sample is
// told by its distance from the one before; each scanline begins anew with a reference sample. Samples of
// 32 and 64 bits are coded as planes of their bytes, as shuffle makes them.
type szip struct{}

func (szip) ID() ID       { return IDSzip }
func (szip) Name() string { return "szip" }

const szipHeader = 4

// Extent is that of C, whose encoder fails where the stream would grow.
func (szip) Extent(in Extent, _ []uint32) Extent { return Extent{Max: add(in.Max, szipHeader)} }

func (f szip) Encode(dst, _ []byte, _ []uint32) ([]byte, error) { return dst, unwritten(f) }

// Bits of the first parameter. The others (entropy coding, raw stream) change nothing for a decoder.
const (
	szipMSB = 16 // samples are big-endian
	szipNN  = 32
)

// The most samples in a block that libaec takes (szlib takes 32), and more in a scanline than either writes.
const (
	szipMaxBlock    = 64
	szipMaxScanline = 1 << 24
)

// szipGrowth is how many samples one byte can stand for: 64 blocks of zeros take nine bits.
const szipGrowth = 64 * szipMaxBlock

func (szip) Decode(dst, src []byte, params []uint32, limit int) ([]byte, error) {
	d, planes, err := newSzipDecoder(params)
	if err != nil {
		return dst, err
	}
	if len(src) < szipHeader {
		return dst, cut("szip's size")
	}
	size := binary.LittleEndian.Uint32(src)
	if uint64(size) > uint64(max(limit, 0)) {
		return dst, fmt.Errorf("%w: %d bytes, at most %d fit", ErrLimit, size, limit)
	}
	n, start := int(size), len(dst)
	if n%d.bytes != 0 {
		return dst, fmt.Errorf("%w: szip of %d bytes in samples of %d", ErrCorrupt, n, d.bytes)
	}
	d.r.src = src[szipHeader:]
	if n/d.bytes > szipGrowth*len(d.r.src) {
		return dst, fmt.Errorf("%w: szip of %d bytes in %d", ErrCorrupt, n, len(d.r.src))
	}
	if planes == 1 {
		dst = slices.Grow(dst, n)[:start+n]
		if err := d.decode(dst[start:]); err != nil {
			return dst[:start], err
		}
		return dst, nil
	}
	split := borrow(n)
	defer split.giveBack()
	if err := d.decode(split.bytes); err != nil {
		return dst, err
	}
	return transpose(dst, split.bytes, []uint32{planes}, join)
}

// szipDecoder decodes one stream.
type szipDecoder struct {
	r         bitReader
	width     int // bits in a sample
	bytes     int // of a decoded one
	idWidth   int // bits that tell how a block is coded
	block     int // samples in a block
	scanline  int // samples in a scanline; coded, it is whole blocks
	bigEndian bool
	nn        bool

	samples [szipMaxBlock]uint32
	zeros   int // blocks of zeros to come
	last    uint32
}

// newSzipDecoder reads the parameters: options, samples in a block, bits in a sample, samples in a scanline.
// planes is how many planes of bytes the samples were split into.
func newSzipDecoder(params []uint32) (d *szipDecoder, planes uint32, err error) {
	if len(params) < 4 {
		return nil, 0, fmt.Errorf("%w: szip has 4, got %d", ErrParams, len(params))
	}
	options, block, width, scanline := params[0], params[1], params[2], params[3]
	if block < 2 || block > szipMaxBlock || block%2 != 0 || scanline == 0 || scanline > szipMaxScanline ||
		width == 0 || width > 24 && width != 32 && width != 64 {
		return nil, 0, fmt.Errorf("%w: szip of %d bits with %d samples in a block, %d in a scanline", ErrParams, width, block, scanline)
	}
	planes = 1
	if width >= 32 {
		width, planes = 8, width/8
	}
	d = &szipDecoder{width: int(width), block: int(block), scanline: int(scanline),
		bigEndian: options&szipMSB != 0, nn: options&szipNN != 0}
	switch {
	case width <= 8:
		d.bytes, d.idWidth = 1, 3
	case width <= 16:
		d.bytes, d.idWidth = 2, 4
	default:
		d.bytes, d.idWidth = 4, 5
	}
	return d, planes, nil
}

// decode fills out. The last block of a scanline may have samples beyond it.
func (d *szipDecoder) decode(out []byte) error {
	blocks := (d.scanline + d.block - 1) / d.block
	for len(out) > 0 {
		left := d.scanline
		for b := 0; b < blocks && len(out) > 0; b++ {
			if err := d.next(b, blocks); err != nil {
				return err
			}
			n := min(d.block, left, len(out)/d.bytes)
			left -= n
			for _, v := range d.samples[:n] {
				put(out[:d.bytes], uint64(v), d.bigEndian)
				out = out[d.bytes:]
			}
		}
	}
	return nil
}

// next decodes block b of a scanline of so many.
func (d *szipDecoder) next(b, blocks int) error {
	first := 0 // the first sample that is a distance
	if d.nn && b == 0 {
		first = 1
	}
	if d.zeros > 0 {
		d.zeros--
		clear(d.samples[:d.block])
	} else if err := d.read(first, b, blocks); err != nil {
		return err
	}
	if d.r.short {
		return cut("szip's stream")
	}
	if d.nn {
		d.restore(first)
	}
	return nil
}

// read reads a block, told by its identifier: all zeros or pairs (0), samples as they are (the largest), or
// split samples, whose lowest bits (one less than the identifier) follow the rest, told in unary.
func (d *szipDecoder) read(first, b, blocks int) error {
	id, samples := int(d.r.read(d.idWidth)), d.samples[:d.block]
	switch id {
	case 0:
		pairs := d.r.read(1) == 1
		d.reference(first)
		if pairs {
			return d.readPairs(first)
		}
		return d.readZeros(first, b, blocks)
	case 1<<d.idWidth - 1:
		for i := range samples {
			samples[i] = uint32(d.r.read(d.width))
		}
		return nil
	}
	d.reference(first)
	low := id - 1
	for i := first; i < len(samples); i++ {
		samples[i] = uint32(d.r.unary()) << low
	}
	for i := first; low > 0 && i < len(samples); i++ {
		samples[i] |= uint32(d.r.read(low))
	}
	return nil
}

func (d *szipDecoder) reference(n int) {
	if n > 0 {
		d.samples[0] = uint32(d.r.read(d.width))
	}
}

// szipRest is the run of zero blocks that lasts to the end of 64 blocks or of the scanline. Longer runs are
// written one higher.
const szipRest = 5

func (d *szipDecoder) readZeros(first, b, blocks int) error {
	run := d.r.unary() + 1
	switch {
	case run == szipRest:
		run = min(blocks-b, 64-b%64)
	case run > szipRest:
		run--
	}
	if run > blocks-b {
		return fmt.Errorf("%w: szip's run of %d empty blocks, %d are left", ErrCorrupt, run, blocks-b)
	}
	d.zeros = run - 1
	clear(d.samples[first:d.block])
	return nil
}

// szipMaxPair is the largest number of a pair.
const szipMaxPair = 90

// readPairs reads two samples x, y in one number, (x+y)(x+y+1)/2 + y. Where the block begins with a
// reference, the first pair has only y.
func (d *szipDecoder) readPairs(first int) error {
	for i := 0; i < d.block; i += 2 {
		n := d.r.unary()
		if n > szipMaxPair {
			return fmt.Errorf("%w: szip's pair has number %d, at most %d", ErrCorrupt, n, szipMaxPair)
		}
		sum := 0
		for (sum+1)*(sum+2)/2 <= n {
			sum++
		}
		y := n - sum*(sum+1)/2
		if i >= first {
			d.samples[i] = uint32(sum - y)
		}
		d.samples[i+1] = uint32(y)
	}
	return nil
}

// restore turns distances into samples. A distance 2n-1 is -n, 2n is n, as long as both are in range of the
// type; beyond, it counts to the one side that is left.
func (d *szipDecoder) restore(first int) {
	x, top := d.last, uint32(1)<<d.width-1
	if first > 0 {
		x = d.samples[0]
	}
	for i, v := range d.samples[first:d.block] {
		switch room := min(x, top-x); {
		case v>>1+v&1 <= room && v&1 == 0:
			x += v >> 1
		case v>>1+v&1 <= room:
			x -= v>>1 + 1
		case x <= top/2:
			x = v & top
		default:
			x = (top - v) & top
		}
		d.samples[first+i] = x
	}
	d.last = x
}
