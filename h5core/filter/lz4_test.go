package filter

import (
	"bytes"
	"encoding/binary"
	"errors"
	"testing"

	lz4block "github.com/pierrec/lz4/v4"
)

// What hdf5plugin 7.1 stores with lz4.
var lz4Vectors = []vector{
	{"one block", []uint32{0},
		"00000000000000f0000000f0000000d4f36a0500000006000000090000000e000000150000001e0000002900000036000000" +
			"08000000190000002c000000410000001b00000034000000120000002f0000001100000032000000180000003d0000002700" +
			"0000130000003e0000002e00000020000000140000000a0000003f0000003900000035000000330400000c00001400001c00" +
			"002400002c00003400003c00004400004c00005400005c00006400006c00007400007c00008400008c00009400009c0000a4" +
			"0000ac0000b40000bc0000c40000cc0000d400800e00000009000000",
		squares(60, 4, false, false)},
	{"blocks of 64 bytes", []uint32{64},
		"00000000000000a000000040000000400500000006000000090000000e000000150000001e00000029000000360000000800" +
			"0000190000002c000000410000001b00000034000000120000002f000000000000401100000032000000180000003d000000" +
			"27000000130000003e0000002e00000020000000140000000a0000003f000000390000003500000033000000330000000000" +
			"002035000000390000003f0000000a00000014000000200000002e0000003e000000",
		squares(40, 4, false, false)},
	{"zeros", []uint32{1000},
		"00000000000007d0000003e80000000e1f000100ffffffd25000000000000000000e1f000100ffffffd2500000000000",
		make([]byte, 2000)},
}

func TestLZ4Vectors(t *testing.T) { checkVectors(t, lz4Filter{}, lz4Vectors) }

func FuzzLZ4Decode(f *testing.F) { fuzzDecode(f, lz4Filter{}, lz4Vectors) }

// lz4Chunk is data in blocks of the given size.
func lz4Chunk(data []byte, block int) []byte {
	out := binary.BigEndian.AppendUint64(nil, uint64(len(data)))
	out = binary.BigEndian.AppendUint32(out, uint32(block))
	for len(data) > 0 {
		n := min(block, len(data))
		coded := lz4Block(data[:n])
		out = binary.BigEndian.AppendUint32(out, uint32(len(coded)))
		out, data = append(out, coded...), data[n:]
	}
	return out
}

// lz4Block is an LZ4 block, or the data where that would be longer.
func lz4Block(data []byte) []byte {
	coded := make([]byte, lz4block.CompressBlockBound(len(data)))
	n, err := lz4block.CompressBlock(data, coded, nil)
	if err != nil {
		panic(err)
	}
	if n == 0 || n >= len(data) {
		return data
	}
	return coded[:n]
}

func TestLZ4Blocks(t *testing.T) {
	for name, data := range map[string][]byte{"pattern": pattern(10001), "zeros": make([]byte, 10001), "noise": noise(10001)} {
		for _, block := range []int{1, 100, 10000, 10001, 1 << 30} {
			got, err := lz4Filter{}.Decode(nil, lz4Chunk(data, block), nil, len(data))
			if err != nil || !bytes.Equal(got, data) {
				t.Errorf("%s in blocks of %d: %v", name, block, err)
			}
		}
	}
}

func TestLZ4Errors(t *testing.T) {
	whole := lz4Chunk(pattern(1000), 300)
	edited := func(at int, p ...byte) []byte {
		out := bytes.Clone(whole)
		copy(out[at:], p)
		return out
	}
	cases := []struct {
		name string
		src  []byte
		want error
	}{
		{"whole", whole, nil},
		{"something after it", append(bytes.Clone(whole), 1, 2, 3), nil},
		{"no header", whole[:11], ErrCorrupt},
		{"no blocks", whole[:12], ErrCorrupt},
		{"half a length", whole[:14], ErrCorrupt},
		{"cut off", whole[:len(whole)-1], ErrCorrupt},
		{"blocks of no bytes", edited(8, 0, 0, 0, 0), ErrCorrupt},
		{"a long block", edited(12, 0xff, 0xff, 0xff, 0xff), ErrCorrupt},
		{"too large", edited(6, 3, 0xe9), ErrLimit},
		{"far too large", edited(0, 0xff), ErrLimit},
	}
	for _, c := range cases {
		got, err := lz4Filter{}.Decode(nil, c.src, nil, 1000)
		if !errors.Is(err, c.want) || err == nil && len(got) != 1000 {
			t.Errorf("%s: %d bytes, %v", c.name, len(got), err)
		}
	}
	if _, err := (lz4Filter{}).Decode(nil, edited(0, 0, 1), nil, 1<<60); !errors.Is(err, ErrCorrupt) {
		t.Errorf("more than there can be: %v", err)
	}
}

func BenchmarkLZ4Decode(b *testing.B) {
	data := pattern(1 << 20)
	benchmarkDecode(b, lz4Filter{}, lz4Chunk(data, 1<<18), nil, len(data))
}
