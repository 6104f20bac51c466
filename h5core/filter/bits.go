package filter

import (
	"encoding/binary"
	"math/bits"
)

// bitReader reads numbers whose highest bit comes first. Past the end it reads zeros and says so in short.
type bitReader struct {
	src   []byte
	next  uint64 // the bits to come, from the highest one on
	have  int    // how many of them are real
	short bool
}

// fill makes have at least 56 while there are bytes.
func (r *bitReader) fill() {
	if len(r.src) >= 8 {
		r.next |= binary.BigEndian.Uint64(r.src) >> r.have
		n := (63 - r.have) / 8
		r.src = r.src[n:]
		r.have += 8 * n
		return
	}
	for ; r.have <= 56 && len(r.src) > 0; r.src = r.src[1:] {
		r.next |= uint64(r.src[0]) << (56 - r.have)
		r.have += 8
	}
}

// read reads a number of n bits, at most 64.
func (r *bitReader) read(n int) uint64 {
	if n > 32 {
		return r.read(n-32)<<32 | r.read(32)
	}
	if r.have < n {
		r.fill()
	}
	v := r.next >> (64 - n)
	r.skip(n)
	return v
}

// unary reads a number written as so many zeros, then a one.
func (r *bitReader) unary() int {
	for total := 0; ; {
		if r.have < 32 {
			r.fill()
		}
		zeros := min(bits.LeadingZeros64(r.next), r.have)
		if zeros < r.have {
			r.skip(zeros + 1)
			return total + zeros
		}
		total += zeros
		r.skip(zeros)
		if len(r.src) == 0 {
			r.short = true
			return total
		}
	}
}

func (r *bitReader) skip(n int) {
	r.next <<= n
	r.have -= n
	if r.have < 0 {
		r.have, r.short = 0, true
	}
}

// put stores the lowest bytes of v, as many as p has, in the given order.
func put(p []byte, v uint64, bigEndian bool) {
	if bigEndian {
		v = bits.ReverseBytes64(v) >> (64 - 8*len(p))
	}
	switch len(p) {
	case 1:
		p[0] = byte(v)
	case 2:
		binary.LittleEndian.PutUint16(p, uint16(v))
	case 4:
		binary.LittleEndian.PutUint32(p, uint32(v))
	case 8:
		binary.LittleEndian.PutUint64(p, v)
	default:
		for i := range p {
			p[i] = byte(v >> (8 * i))
		}
	}
}

// lowBitReader reads numbers whose lowest bit comes first. Past the end it reads zeros and says so in short.
type lowBitReader struct {
	src   []byte
	next  uint64 // the bits to come, from the lowest one on
	have  int    // how many of them are real
	used  int    // bits read
	short bool
}

func (r *lowBitReader) fill() {
	if len(r.src) >= 8 {
		r.next |= load(r.src) << r.have
		n := (63 - r.have) / 8
		r.src = r.src[n:]
		r.have += 8 * n
		return
	}
	for ; r.have <= 56 && len(r.src) > 0; r.src = r.src[1:] {
		r.next |= uint64(r.src[0]) << r.have
		r.have += 8
	}
}

// read reads a number of n bits, at most 56.
func (r *lowBitReader) read(n int) uint64 {
	if r.have < n {
		r.fill()
	}
	v := r.next & (1<<n - 1)
	r.skip(n)
	return v
}

// zeros reads zeros, at most limit, and the one after them, if there are fewer. It tells how many of each.
func (r *lowBitReader) zeros(limit int) (zeros, ones int) {
	for zeros < limit {
		if r.have < 32 {
			r.fill()
		}
		n := min(bits.TrailingZeros64(r.next), limit-zeros, max(r.have, 1))
		r.skip(n)
		zeros += n
		if zeros < limit && r.have > 0 && r.next&1 == 1 {
			r.skip(1)
			return zeros, 1
		}
	}
	return zeros, 0
}

func (r *lowBitReader) skip(n int) {
	r.next >>= n
	r.have -= n
	r.used += n
	if r.have < 0 {
		r.have, r.short = 0, true
	}
}
