package filter

import (
	"bytes"
	"errors"
	"fmt"
	"math/bits"
	"slices"
	"testing"
)

// What hdf5plugin 7.1 stores with zfp. What lossy modes keep is in hexadecimal.
var zfpVectors = []vector{
	{"reversible", []uint32{269504785, 91252346, 146, 2281701376},
		"05165c340d1e3c359a048d720162",
		squares(10, 4, false, true)},
	{"reversible, two dimensions", []uint32{269504785, 91252346, 1073741911, 2281701376},
		"0df0081e7664c60400282008ae5dce706843c6111011c01008540b409fc095441ad488d00554033c1cd00002002411040035" +
			"c0c3e04c4000",
		squares(30, 8, false, true)},
	{"reversible, three dimensions", []uint32{269504785, 91252346, 3145800, 2281701408},
		"1f000002000000000000000000000000000070000000000000e01f0000000080afacc5200400ff07ebce343864134d3729ad" +
			"11590200008004409ae10600b28144a2b5c86413b231eb2f1bf267134db78601bed105007f06eb8e3e4f62034d3729ed7b3f" +
			"000008000000000080000000000010100000002000020000488004084000008d10000900200000000000650c200000202004" +
			"0146000004d010d00809100010041220000250c6402104400200",
		squares(60, 4, false, false)},
	{"reversible, four dimensions", []uint32{269504785, 91252346, 536936493, 2281701632},
		"3f00000000000008000000000000000000000000000000000000006000000000000000301804000000000000000000400108" +
			"0000040036004021140000000e020008820101000000400000020020520c420148b5800d105014c500008403000000000000" +
			"9018000817512822ec808128cc891600008280031800a050000040000080201aa7246467134115433118c00dd50236007c51" +
			"14030014040000008200908e80a00400906000000000a20000000000080004000000004000004110106d1920880002721000" +
			"50057010401000d80001855000000038000020000020a506da96c2a2888148af1804229a6a011b20b6288a01000802010000" +
			"0040d9cb315b5276be7154b9004051dc02000000c40300000040a0200000200808a6273654c2453d80083b60080273a20500" +
			"0020e0000600281404001000005d50c72902d9d94650c5500c467043b5800d005f14c5000005810000802020",
		squares(36, 8, false, false)},
	{"rate", []uint32{269504785, 91252346, 130, 32505856},
		"03edc42e07ed84b1032d0000",
		hexBytes("0000a03f0000c03f00001040000060400000a8400000e840000024410000644100000040")},
	{"precision", []uint32{269504785, 91252346, 536870967, 2151677952},
		"0988436301",
		hexBytes("000000000000000000000000000000000000000000000000000000000000000000000000000010c000000000000010400000000000002840000000000000344000000000000010c0000000000000104000000000000028400000000000003440")},
	{"accuracy", []uint32{269504785, 91252346, 2097210, 3411017744},
		"0931070000090c0806000c0006280048000018100c2800109020001804081090880020180040009008000800084060780020" +
			"18000c08",
		hexBytes("0000a83f0000c83f00001440000064400000aa400000f24000002541000059410000f83f0000c64000002f410080814100c0d94000a04f4100c0904000203b410080724000e044410040be400060774100601b410040964000e0784100a03841")},
	{"rate, integers", []uint32{269504785, 91252346, 128, 49283072},
		"000000d8891900000076c298000000580000",
		hexBytes("0400000006000000080000000e000000150000001d000000270000003700000008000000")},
	{"rate, four dimensions", []uint32{269504785, 91252346, 268501022, 804258048},
		"0931010000000000060000000000000002c00300000090000000000000002800080000000006000000000000800020000000" +
			"800300000000000000027000000000060000000000000000c0020000004001000000000000080002000000000500",
		hexBytes("0000983f0000b83f00001440000064400000aa400000f2400000234100005741000004400000ca4000002f41008081410000d64000004f4100008a4000003941")},
	{"all parameters", []uint32{269504785, 91252346, 66, 4293918720, 3222503443, 527524},
		"03edc42e0005ad2a0000",
		hexBytes("0000a03f0000c03f00001040000060400000a840")},
	{"zeros", []uint32{269504785, 91252346, 1587, 2281701376},
		"00000000",
		make([]byte, 800)},
}

func TestZFPVectors(t *testing.T) { checkVectors(t, zfp{}, zfpVectors) }

func FuzzZFPDecode(f *testing.F) { fuzzDecode(f, zfp{}, zfpVectors) }

func hexBytes(s string) []byte { return vector{stored: s}.bytes() }

// A big-endian machine stores the words of the header in its own order, and reads numbers in its own order.
func TestZFPBigEndian(t *testing.T) {
	for _, v := range zfpVectors {
		params := bytes32(v.params)
		for i := range params[1:] {
			params[1+i] = bits.ReverseBytes32(params[1+i])
		}
		s, err := parseZFP(params)
		if err != nil || !s.bigEndian {
			t.Fatalf("%s: %v", v.name, err)
		}
		want := bytes.Clone(v.want)
		for at := 0; at < len(want); at += int(s.size()) {
			slices.Reverse(want[at : at+int(s.size())])
		}
		if got, err := (zfp{}).Decode(nil, v.bytes(), params, len(want)); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: %x, %v", v.name, got, err)
		}
	}
}

func TestZFPErrors(t *testing.T) {
	good, src := zfpVectors[0].params, zfpVectors[0].bytes()
	edited := func(at int, x uint32) []uint32 {
		params := bytes32(good)
		params[at] = x
		return params
	}
	cases := []struct {
		name   string
		src    []byte
		params []uint32
		want   error
	}{
		{"whole", src, good, nil},
		{"more parameters", src, append(bytes32(good), 1, 2, 3, 4, 5, 6), nil},
		{"three parameters", src, good[:3], ErrParams},
		{"no magic", src, edited(1, 0), ErrParams},
		{"another version", src, edited(1, good[1]&0xffffff|4<<24), ErrUnsupported},
		{"a long mode cut off", src, edited(3, good[3]|0xfff<<20), ErrParams},
		{"cut off", src[:len(src)-5], good, ErrCorrupt},
		{"nothing", nil, good, ErrCorrupt},
		{"many blocks", src, edited(2, good[2]|0xffff0), ErrLimit},
	}
	for _, c := range cases {
		got, err := zfp{}.Decode(nil, c.src, c.params, 40)
		if !errors.Is(err, c.want) || err == nil && len(got) != 40 {
			t.Errorf("%s: %d bytes, %v", c.name, len(got), err)
		}
	}
	if _, err := (zfp{}).Decode(nil, src, edited(2, good[2]|0xffff0), 1<<30); !errors.Is(err, ErrCorrupt) {
		t.Errorf("more blocks than bits: %v", err)
	}
	// 8 to 4 bits in a block.
	long := []uint32{0, good[1], good[2], good[3]&0xfffff | 0xfff<<20, 7 | 3<<15, 0, 0}
	if _, err := (zfp{}).Decode(nil, src, long, 40); !errors.Is(err, ErrParams) {
		t.Errorf("more bits at least than at most: %v", err)
	}
}

func BenchmarkZFPDecode(b *testing.B) {
	for _, bitsPerValue := range []uint32{8, 16} {
		b.Run(fmt.Sprintf("rate %d, three dimensions", bitsPerValue), func(b *testing.B) {
			// float, 64×64×64, fixed rate
			header := uint64(zfpFloat) | 2<<2 | 63<<4 | 63<<20 | 63<<36 | uint64(64*bitsPerValue-1)<<52
			params := []uint32{0, 0x0570667a, uint32(header), uint32(header >> 32)}
			src := noise(64 * 64 * 64 * int(bitsPerValue) / 8)
			for i := 0; i < len(src); i += 8 * int(bitsPerValue) {
				src[i], src[i+1] = 1, 1 // not empty, exponent 1
			}
			benchmarkDecode(b, zfp{}, src, params, 4*64*64*64)
		})
	}
}
