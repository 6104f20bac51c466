package filter

import (
	"encoding/binary"
	"fmt"
	"slices"
	"sync"
)

// inflater decodes a DEFLATE stream (RFC 1951) from one slice into another, without a window between them.
//
//	src ──▶ bits ──▶ codes of literals and lengths ──▶ out
//	                 codes of distances                 ▲──┘ repeats
//
// Codes are looked up in tables: the next bits of the stream, lowest first, are the index of an entry.
type inflater struct {
	src   []byte
	pos   int    // bytes of src that went into bits
	bits  uint64 // the next ones; those above count are bytes of src from pos on, or 0
	count uint
	out   []byte
	start int // of this stream in out
	limit int // length of out

	literals  [4096]entry
	distances [1024]entry
	lengths   [maxSymbols + maxDistances]uint8
}

const (
	literalBits, distanceBits, codeBits = 11, 8, 7
	maxSymbols, maxDistances, maxCode   = 288, 32, 15
	longest                             = 258 // bytes of a repeat
	endOfBlock                          = 256
)

// entry is what the next bits stand for: bits 0 to 4 are how many of them the code has, 8 to 12 how many extra
// bits follow, 16 to 31 a literal, the least length or distance, or where a table of longer codes begins, whose
// index has as many bits as there are extra ones. 0 stands for no code.
type entry uint32

const (
	isLiteral entry = 1 << 15
	isEnd     entry = 1 << 14
	isTable   entry = 1 << 13
)

func (e entry) bits() uint  { return uint(e & 31) }
func (e entry) extra() uint { return uint(e >> 8 & 31) }
func (e entry) value() int  { return int(e >> 16) }

var inflaters = sync.Pool{New: func() any { return new(inflater) }}

// inflate appends to dst what a stream at the start of src holds, at most limit bytes, and tells how many bytes
// the stream has.
func inflate(dst, src []byte, limit int) (out []byte, used int, err error) {
	f := inflaters.Get().(*inflater)
	defer inflaters.Put(f)
	f.src, f.pos, f.bits, f.count = src, 0, 0, 0
	f.out, f.start, f.limit = dst, len(dst), len(dst)+min(limit, 1<<62-len(dst))
	err = f.stream()
	out, used = f.out, f.pos-int(f.count>>3)
	f.src, f.out = nil, nil
	return out, used, err
}

func (f *inflater) stream() error {
	for {
		head, err := f.take(3)
		if err != nil {
			return err
		}
		switch head >> 1 {
		case 0:
			err = f.stored()
		case 1:
			fixedCodes(f)
			err = f.block()
		case 2:
			if err = f.codes(); err == nil {
				err = f.block()
			}
		default:
			err = fmt.Errorf("%w: a block of type 3", ErrCorrupt)
		}
		if err != nil || head&1 != 0 {
			return err
		}
	}
}

// refill brings at least 48 bits together unless the stream ends before.
func (f *inflater) refill() {
	for f.count <= 56 && f.pos < len(f.src) {
		f.bits |= uint64(f.src[f.pos]) << f.count
		f.pos++
		f.count += 8
	}
}

// take reads n ≤ 32 bits.
func (f *inflater) take(n uint) (int, error) {
	if f.count < n {
		if f.refill(); f.count < n {
			return 0, cut("a block")
		}
	}
	v := int(f.bits & (1<<n - 1))
	f.bits >>= n
	f.count -= n
	return v, nil
}

// room makes room for n more bytes, if the limit allows it.
func (f *inflater) room(n int) error {
	if n > f.limit-len(f.out) {
		return fmt.Errorf("%w: more than the %d bytes that fit", ErrLimit, f.limit-f.start)
	}
	if n > cap(f.out)-len(f.out) {
		// A small stream may claim any size: room grows with what came.
		likely := min(max(len(f.out)-f.start, 4*len(f.src), 4096), f.limit-len(f.out))
		f.out = slices.Grow(f.out, max(n, likely))
	}
	return nil
}

// stored copies a block that is not coded.
func (f *inflater) stored() error {
	f.count -= f.count & 7
	f.pos -= int(f.count >> 3)
	f.bits, f.count = 0, 0
	p := f.src[f.pos:]
	if len(p) < 4 {
		return cut("a stored block")
	}
	n := int(binary.LittleEndian.Uint16(p))
	if n != int(^binary.LittleEndian.Uint16(p[2:])) {
		return fmt.Errorf("%w: a stored block whose length is not what its complement says", ErrCorrupt)
	}
	if p = p[4:]; len(p) < n {
		return cut("a stored block")
	}
	if err := f.room(n); err != nil {
		return err
	}
	f.out = append(f.out, p[:n]...)
	f.pos += 4 + n
	return nil
}

// block decodes until the end of a block: as fast as it goes, and near the end of either slice with care.
func (f *inflater) block() error {
	for {
		if end := f.hurry(); end {
			return nil
		}
		if end, err := f.step(); end || err != nil {
			return err
		}
	}
}

// step decodes one literal or one repeat.
func (f *inflater) step() (end bool, err error) {
	e, err := f.symbol(f.literals[:], literalBits)
	switch {
	case err != nil:
		return false, err
	case e&isEnd != 0:
		return true, nil
	case e&isLiteral != 0:
		if err = f.room(1); err == nil {
			f.out = append(f.out, byte(e>>16))
		}
		return false, err
	}
	extra, err := f.take(e.extra())
	if err != nil {
		return false, err
	}
	d, err := f.symbol(f.distances[:], distanceBits)
	if err != nil {
		return false, err
	}
	further, err := f.take(d.extra())
	if err != nil {
		return false, err
	}
	return false, f.repeat(d.value()+further, e.value()+extra)
}

func (f *inflater) repeat(distance, n int) error {
	if distance == 0 || n == 0 {
		return fmt.Errorf("%w: a repeat of no length or distance", ErrCorrupt)
	}
	if distance > len(f.out)-f.start {
		return fmt.Errorf("%w: a repeat from %d bytes back, %d are there", ErrCorrupt, distance, len(f.out)-f.start)
	}
	if err := f.room(n); err != nil {
		return err
	}
	for from := len(f.out) - distance; n > 0; n-- {
		f.out = append(f.out, f.out[from])
		from++
	}
	return nil
}

// symbol reads one code.
func (f *inflater) symbol(table []entry, width uint) (entry, error) {
	f.refill()
	e := table[f.bits&(1<<width-1)]
	if e&isTable != 0 && e.bits() <= f.count {
		f.bits >>= e.bits()
		f.count -= e.bits()
		e = table[e.value()+int(f.bits&(1<<e.extra()-1))]
	}
	if e == 0 {
		return 0, fmt.Errorf("%w: no code begins like this", ErrCorrupt)
	}
	if e.bits() > f.count {
		return 0, cut("a code")
	}
	f.bits >>= e.bits()
	f.count -= e.bits()
	return e, nil
}
