package filter

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"testing"
)

// What hdf5plugin 7.1 stores with bitshuffle.
var bitshuffleVectors = []vector{
	{"none", []uint32{0, 4, 4, 16, 0},
		"559aaad0bba46c97b072c0a40008000000000000000000000000000000000000000000000000000000000000000000000000" +
			"000000000000000000000000000039f8f2ccd82acc1c6ffadaf9000000000000000000000000000000000000000000000000" +
			"0000000000000000000000000000000000000000000000000000000007ccd5ce97e700000000000000000000000000000000" +
			"0000000000000000000013000000270000003d00000018000000",
		squares(44, 4, false, false)},
	{"lz4", []uint32{0, 4, 4, 16, 2},
		"00000000000000b0000000400000001aff00559aaad0bba46c97b072c0a400080001001950000000000000000017df39f8f2" +
			"ccd82acc1c6ffadaf90001001b500000000000000000117f07ccd5ce97e70001000150000000000013000000270000003d00" +
			"000018000000",
		squares(44, 4, false, false)},
	{"zstd", []uint32{0, 4, 4, 16, 3, 3},
		"00000000000000b0000000400000001e28b52ffd2040ad000078559aaad0bba46c97b072c0a4000800010046a00e0000001c" +
			"28b52ffd20409d00006839f8f2ccd82acc1c6ffadaf900010038c1170000001628b52ffd20206d00003807ccd5ce97e70001" +
			"000b300213000000270000003d00000018000000",
		squares(44, 4, false, false)},
	{"default block", []uint32{0, 4, 2, 0, 2},
		"000000000000006400002000000000371f0001001cf021559a39f80767aad0f2ccccd3bba4d82ad5466c97cc1cce4cb0726f" +
			"fa97bdc0a4daf9e7560008000000000000000000000034001b",
		squares(50, 2, true, false)},
	{"zeros", []uint32{0, 4, 8, 0, 2},
		"0000000000005dc0000020000000002b1f000100ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff" +
			"ffff075000000000000000002b1f000100ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff07" +
			"500000000000000000281f000100ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc4500000000000",
		make([]byte, 24000)},
}

func TestBitshuffleVectors(t *testing.T) { checkVectors(t, bitshuffle{}, bitshuffleVectors) }

func FuzzBitshuffleDecode(f *testing.F) { fuzzDecode(f, bitshuffle{}, bitshuffleVectors) }

// splitBits makes planes of bits, bit by bit.
func splitBits(in []byte, size int) []byte {
	out, n := make([]byte, len(in)), len(in)/size
	for i := range n {
		for j := range 8 * size {
			bit := in[i*size+j/8] >> (j % 8) & 1
			out[j*n/8+i/8] |= bit << (i % 8)
		}
	}
	return out
}

func TestJoinBits(t *testing.T) {
	for _, size := range []int{1, 2, 3, 4, 7, 8, 16, 24, 300} {
		for _, n := range []int{8, 16, 64, 72, 200, 1024} {
			data := pattern(n * size)
			got := make([]byte, len(data))
			joinBits(got, splitBits(data, size), make([]byte, len(data)), size)
			if !bytes.Equal(got, data) {
				t.Errorf("%d elements of %d bytes", n, size)
			}
		}
	}
}

// bitshuffled is a chunk of data that is not compressed, or with LZ4.
func bitshuffled(data []byte, size, block int, lz4 bool) []byte {
	var out []byte
	if lz4 {
		out = binary.BigEndian.AppendUint64(out, uint64(len(data)))
		out = binary.BigEndian.AppendUint32(out, uint32(block*size))
	}
	for len(data) >= 8*size {
		n := min(block, len(data)/size&^7) * size
		planes := splitBits(data[:n], size)
		if lz4 {
			planes = lz4Block(planes)
			out = binary.BigEndian.AppendUint32(out, uint32(len(planes)))
		}
		out, data = append(out, planes...), data[n:]
	}
	return append(out, data...)
}

func TestBitshuffleLeftovers(t *testing.T) {
	for _, size := range []int{1, 3, 4, 200} {
		for _, n := range []int{0, 1, 7, 8, 9, 15, 16, 17, 100, 135, 143, 1000, 9000} {
			data := pattern(n * size)
			for _, block := range []int{0, 8, 16, 128} {
				params := []uint32{0, 4, uint32(size), uint32(block), 0}
				actual := block
				if block == 0 {
					actual = max(8192/size&^7, 128)
				}
				got, err := bitshuffle{}.Decode(nil, bitshuffled(data, size, actual, false), params, len(data))
				if err != nil || !bytes.Equal(got, data) {
					t.Errorf("%d elements of %d bytes in blocks of %d: %v", n, size, block, err)
				}
			}
		}
	}
}

func TestBitshuffleErrors(t *testing.T) {
	src := bitshuffled(make([]byte, 200), 4, 16, true)
	edited := func(at int, p ...byte) []byte {
		out := bytes.Clone(src)
		copy(out[at:], p)
		return out
	}
	good := []uint32{0, 4, 4, 16, bitshuffleLZ4}
	cases := []struct {
		name   string
		src    []byte
		params []uint32
		want   error
	}{
		{"whole", src, good, nil},
		{"more parameters", src, []uint32{0, 4, 4, 16, bitshuffleLZ4, 9, 9, 9}, nil},
		{"only the size", make([]byte, 200), []uint32{0, 4, 4}, nil},
		{"no size", src, good[:2], ErrParams},
		{"a size of 0", src, []uint32{0, 4, 0, 16, 0}, ErrParams},
		{"a block of 12", src, []uint32{0, 4, 4, 12, 0}, ErrParams},
		{"another compression", src, []uint32{0, 4, 4, 16, 1}, ErrParams},
		{"elements of 3 bytes", src[:100], []uint32{0, 4, 3, 16, 0}, ErrCorrupt},
		{"no header", src[:11], good, ErrCorrupt},
		{"no blocks", src[:12], good, ErrCorrupt},
		{"cut off", src[:len(src)-1], good, ErrCorrupt},
		{"blocks of no elements", edited(8, 0, 0, 0, 3), good, ErrCorrupt},
		{"too large", edited(6, 1, 0), good, ErrLimit},
	}
	for _, c := range cases {
		got, err := bitshuffle{}.Decode(nil, c.src, c.params, 200)
		if !errors.Is(err, c.want) || err == nil && len(got) != 200 {
			t.Errorf("%s: %d bytes, %v", c.name, len(got), err)
		}
	}
}

func BenchmarkBitshuffleDecode(b *testing.B) {
	data := pattern(1 << 20)
	for _, size := range []uint32{1, 2, 4, 8} {
		plain := bitshuffled(data, int(size), 8192/int(size), false)
		b.Run(fmt.Sprintf("plain %d", size), func(b *testing.B) {
			benchmarkDecode(b, bitshuffle{}, plain, []uint32{0, 4, size, 0, 0}, len(data))
		})
	}
	coded := bitshuffled(data, 4, 2048, true)
	b.Run("lz4 4", func(b *testing.B) {
		benchmarkDecode(b, bitshuffle{}, coded, []uint32{0, 4, 4, 0, bitshuffleLZ4}, len(data))
	})
}
