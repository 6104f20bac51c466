package filter

import (
	"encoding/binary"
	"fmt"
	"slices"
)

// zfp is ZFP, a lossy or lossless codec of numbers in one to four dimensions, by H5Z-ZFP. The stream in a chunk
// has no header: it stands in the parameters, after one that tells versions, as 32-bit words of a stream. Bits
// count from the lowest one on:
//
//	0      32        84
//	"zfp"5 metadata  mode, 12 or 64 bits
//
// The metadata are the type (2 bits), dimensions less one (2), and their extents less one (48 in all), fastest
// first. The words of a big-endian machine are swapped, and so are the numbers in its chunks.
type zfp struct{}

func (zfp) ID() ID       { return IDZFP }
func (zfp) Name() string { return "zfp" }

// Extent allows for every bit of a block, as many that tell runs, and what stands before them.
func (zfp) Extent(in Extent, params []uint32) Extent {
	s, err := parseZFP(params)
	if err != nil {
		return Extent{Max: Unbounded}
	}
	block := min(s.maxBits, len(zfpOrder[s.dims])*(8*int(s.size())+1)+32)
	return Extent{Max: add(8, s.blocks()*uint64(block)/8)}
}

func (f zfp) Encode(dst, _ []byte, _ []uint32) ([]byte, error) { return dst, unwritten(f) }

func (zfp) Decode(dst, src []byte, params []uint32, limit int) ([]byte, error) {
	s, err := parseZFP(params)
	if err != nil {
		return dst, err
	}
	size := s.elements() * s.size()
	if size > uint64(max(limit, 0)) {
		return dst, fmt.Errorf("%w: %d bytes, at most %d fit", ErrLimit, size, limit)
	}
	if s.blocks() > 8*uint64(len(src)) {
		return dst, fmt.Errorf("%w: zfp of %d blocks in %d bytes", ErrCorrupt, s.blocks(), len(src))
	}
	n, start := int(size), len(dst)
	dst = slices.Grow(dst, n)[:start+n]
	r := lowBitReader{src: src}
	if s.size() == 4 {
		err = zfpDecode[int32](s, dst[start:], &r)
	} else {
		err = zfpDecode[int64](s, dst[start:], &r)
	}
	if err != nil {
		return dst[:start], err
	}
	return dst, nil
}

// zfpType is the type of the numbers.
type zfpType uint8

const (
	zfpInt32 zfpType = iota
	zfpInt64
	zfpFloat
	zfpDouble
)

// zfpStream is what the parameters say: the shape, fastest dimension first and 1 where there is none, and
// how much is kept of each block.
type zfpStream struct {
	kind       zfpType
	dims       int
	shape      [4]uint64
	minBits    int
	maxBits    int
	precision  int // bit planes
	minExp     int // of the lowest bit plane
	reversible bool
	bigEndian  bool
}

const (
	zfpMagic   = "zfp\x05"
	zfpMaxBits = 16658
	zfpMinExp  = -1074
)

func parseZFP(params []uint32) (s zfpStream, err error) {
	if len(params) < 4 {
		return s, fmt.Errorf("%w: zfp has at least 4, got %d", ErrParams, len(params))
	}
	header := make([]byte, 0, 4*6)
	for _, x := range params[1:min(len(params), 7)] {
		header = binary.LittleEndian.AppendUint32(header, x)
	}
	if string(header[:3]) != zfpMagic[:3] {
		for i := 0; i < len(header); i += 4 {
			slices.Reverse(header[i : i+4])
		}
		s.bigEndian = true
	}
	if string(header[:3]) != zfpMagic[:3] {
		return s, fmt.Errorf("%w: no zfp header, got %#x", ErrParams, params)
	}
	if header[3] != zfpMagic[3] {
		return s, fmt.Errorf("zfp's codec version %d is %w", header[3], ErrUnsupported)
	}
	r := lowBitReader{src: header[4:]}
	s.readShape(&r)
	if err := s.readMode(&r); err != nil {
		return s, err
	}
	if r.short {
		return s, fmt.Errorf("%w: zfp's header is cut off, got %#x", ErrParams, params)
	}
	return s, nil
}

func (s *zfpStream) readShape(r *lowBitReader) {
	s.kind = zfpType(r.read(2))
	s.dims = int(r.read(2)) + 1
	s.shape = [4]uint64{1, 1, 1, 1}
	for i := range s.dims {
		s.shape[i] = r.read(48/s.dims) & (1<<32 - 1)
		s.shape[i]++
	}
}

// readMode reads one of the four modes, or all there is to set.
func (s *zfpStream) readMode(r *lowBitReader) error {
	s.minBits, s.maxBits, s.precision, s.minExp = 1, zfpMaxBits, 64, zfpMinExp
	const precision, reversible, accuracy, long = 2048, 2048 + 128, 2048 + 128 + 1, 1<<12 - 1
	switch mode := int(r.read(12)); {
	case mode < precision: // fixed rate
		s.minBits, s.maxBits = mode+1, mode+1
	case mode < reversible:
		s.precision = mode - precision + 1
	case mode == reversible:
		s.minExp--
	case mode < long:
		s.minExp += mode - accuracy
	default:
		s.minBits, s.maxBits = int(r.read(15))+1, int(r.read(15))+1
		s.precision = int(r.read(7)) + 1
		s.minExp = int(r.read(15)) - 16495
	}
	s.reversible = s.minExp < zfpMinExp
	if s.minBits > s.maxBits || s.precision > 64 {
		return fmt.Errorf("%w: zfp of %d to %d bits in %d planes", ErrParams, s.minBits, s.maxBits, s.precision)
	}
	return nil
}

func (s *zfpStream) size() uint64 {
	if s.kind == zfpInt32 || s.kind == zfpFloat {
		return 4
	}
	return 8
}

func (s *zfpStream) elements() uint64 {
	return s.shape[0] * s.shape[1] * s.shape[2] * s.shape[3]
}

// blocks is how many blocks of four elements each way there are; those at the ends may reach beyond.
func (s *zfpStream) blocks() uint64 {
	n := uint64(1)
	for _, extent := range s.shape[:s.dims] {
		n *= (extent + 3) / 4
	}
	return n
}

// zfpDecode fills out, block by block.
func zfpDecode[T int32 | int64](s zfpStream, out []byte, r *lowBitReader) error {
	d := newZFPDecoder[T](s, r)
	at := [4]uint64{}
	for range s.blocks() {
		d.decode()
		if r.short {
			return cut("zfp's stream")
		}
		s.scatter(out, at, d.values)
		for i := range s.dims {
			if at[i] += 4; at[i] < s.shape[i] {
				break
			}
			at[i] = 0
		}
	}
	return nil
}

// scatter stores the part of a block, at the given place, that lies within the shape.
func (s *zfpStream) scatter(out []byte, at [4]uint64, values []uint64) {
	var n [4]uint64
	for i := range n {
		n[i] = min(4, s.shape[i]-at[i])
	}
	size := s.size()
	for w := range n[3] {
		for z := range n[2] {
			for y := range n[1] {
				row := ((at[3]+w)*s.shape[2]+at[2]+z)*s.shape[1] + at[1] + y
				p := out[(row*s.shape[0]+at[0])*size:]
				for _, v := range values[64*w+16*z+4*y:][:n[0]] {
					put(p[:size], v, s.bigEndian)
					p = p[size:]
				}
			}
		}
	}
}
