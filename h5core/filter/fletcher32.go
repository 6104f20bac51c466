package filter

import (
	"encoding/binary"
	"fmt"
)

const checksumSize = 4

// NewFletcher32 is the step that appends a checksum to each chunk. It is mandatory and has no parameters.
func NewFletcher32() Step { return Step{Filter: fletcher32{}} }

// fletcher32 stores a chunk followed by its checksum, little-endian.
type fletcher32 struct{}

func (fletcher32) ID() ID       { return IDFletcher32 }
func (fletcher32) Name() string { return "fletcher32" }

func (fletcher32) Extent(in Extent, _ []uint32) Extent {
	return Extent{Max: add(in.Max, checksumSize), Fixed: in.Fixed}
}

func (fletcher32) Encode(dst, src []byte, _ []uint32) ([]byte, error) {
	return binary.LittleEndian.AppendUint32(append(dst, src...), checksum(src)), nil
}

func (f fletcher32) Decode(dst, src []byte, _ []uint32, limit int) ([]byte, error) {
	data, err := f.part(src)
	if err != nil {
		return dst, err
	}
	if len(data) > limit {
		return dst, fmt.Errorf("%w: %d bytes, at most %d fit", ErrLimit, len(data), limit)
	}
	return append(dst, data...), nil
}

func (fletcher32) part(src []byte) ([]byte, error) {
	n := len(src) - checksumSize
	if n < 0 {
		return nil, fmt.Errorf("%w: %d bytes are too few for a checksum", ErrCorrupt, len(src))
	}
	stored, sum := binary.LittleEndian.Uint32(src[n:]), checksum(src[:n])
	// Before release 1.6.3 the C library stored both sums with swapped bytes on little-endian machines.
	if stored != sum && stored != swap16(sum) {
		return nil, fmt.Errorf("%w: checksum %#08x stored, %#08x computed", ErrCorrupt, stored, sum)
	}
	return src[:n], nil
}

// swap16 swaps the bytes of each half.
func swap16(x uint32) uint32 { return x&0x00ff00ff<<8 | x>>8&0x00ff00ff }

const (
	laneMask = 0x0000ffff0000ffff
	// laneBlock is how many 8-byte words can be summed before a 32-bit lane of the second sum overflows:
	// 0xffff × 360 × 361 / 2 < 2³².
	laneBlock = 360
)

// checksum is Fletcher's sum of big-endian 16-bit words, an odd last byte standing for the high one. Both
// halves are sums modulo 65535 in which zero is written 0xffff unless every byte was zero.
//
// Four words are summed at a time, in lanes of 32 bits. They are loaded little-endian: swapping the bytes
// of a word is a multiplication by 256 modulo 65535, so the sums' bytes are swapped once, at the end.
func checksum(p []byte) uint32 {
	var first, second uint64
	for len(p) >= 8 {
		n := min(len(p)/8, laneBlock)
		sum, weighted := laneSums(p[:n*8])
		second = fold(second + 4*uint64(n)*first + weighted)
		first = fold(first + sum)
		p = p[n*8:]
	}
	var last [2]byte
	for len(p) > 0 {
		last[1] = 0
		n := copy(last[:], p)
		first += uint64(binary.LittleEndian.Uint16(last[:]))
		second += first
		p = p[n:]
	}
	return swap16(uint32(fold(second)<<16 | fold(first)))
}

// laneSums gives the sum of the 16-bit words w of p, and that of the sums after each word: with n words,
// Σ w and Σ (n-i)·w.
func laneSums(p []byte) (sum, weighted uint64) {
	var even, odd, evens, odds uint64 // words 0 and 2, 1 and 3 of each four, and their running sums
	for ; len(p) >= 8; p = p[8:] {
		x := binary.LittleEndian.Uint64(p)
		even += x & laneMask
		odd += x >> 16 & laneMask
		evens += even
		odds += odd
	}
	w0, w2 := even&0xffffffff, even>>32
	w1, w3 := odd&0xffffffff, odd>>32
	sum = w0 + w1 + w2 + w3
	// A lane's running sum counts fours of words; the words later in each four count for less.
	weighted = 4*(evens&0xffffffff+evens>>32+odds&0xffffffff+odds>>32) - w1 - 2*w2 - 3*w3
	return sum, weighted
}

// fold reduces a sum modulo 65535 to 1 … 65535; zero stays zero.
func fold(sum uint64) uint64 {
	if sum == 0 {
		return 0
	}
	return (sum-1)%65535 + 1
}
