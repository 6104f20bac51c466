package filter

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/klauspost/compress/snappy"
)

// What hdf5plugin 7.1 stores with blosc.
var bloscVectors = []vector{
	{"blosclz", []uint32{2, 2, 4, 400, 5, 1, 0},
		"02011104900100009001000063000000140000004b0000003f0506090e151e293608192c411b34122f1132183d27133e2e20" +
			"140a3f393533331c35393f0a14202e3e13273d1832112f12341b412c190836291e150e0906e01e3c0000e0ff2100010000",
		squares(100, 4, false, false)},
	{"lz4", []uint32{2, 2, 4, 400, 5, 1, 1},
		"02013104900100009001000066000000140000004e000000ff2e0506090e151e293608192c411b34122f1132183d27133e2e" +
			"20140a3f3935333335393f0a14202e3e13273d1832112f12341b412c190836291e150e09063d00141f000100ff1450000000" +
			"0000",
		squares(100, 4, false, false)},
	{"lz4hc", []uint32{2, 2, 4, 400, 5, 1, 2},
		"02013104900100009001000066000000140000004e000000ff2e0506090e151e293608192c411b34122f1132183d27133e2e" +
			"20140a3f3935333335393f0a14202e3e13273d1832112f12341b412c190836291e150e09063d00141f000100ff1450000000" +
			"0000",
		squares(100, 4, false, false)},
	{"snappy", []uint32{2, 2, 4, 800, 5, 1, 3},
		"0201410420030000200300009a0000001400000049000000c801f03c0506090e151e293608192c411b34122f1132183d2713" +
			"3e2e20140a3f3935333335393f0a14202e3e13273d1832112f12341b412c190836291e150e0906fe3d00fe3d001d3d0f0000" +
			"00c8010000fe0100fe0100fe01000d010f000000c8010000fe0100fe0100fe01000d010f000000c8010000fe0100fe0100fe" +
			"01000d01",
		squares(200, 4, false, false)},
	{"zlib", []uint32{2, 2, 4, 400, 5, 1, 4},
		"02017104900100009001000065000000140000004d000000785e6365e3e41395d334e390d471943611d2173492b05517b6d3" +
			"5310e1b2b734353636b5b4e71251d0b31356b7953012d417329176d491e430d39413e5e36463254e33c328201a0000d8ce0d" +
			"d2",
		squares(100, 4, false, false)},
	{"zstd", []uint32{2, 2, 4, 400, 5, 1, 5},
		"0201910490010000900100006b000000140000005300000028b52ffd6090004d0200e4030506090e151e293608192c411b34" +
			"122f1132183d27133e2e20140a3f3935333335393f0a14202e3e13273d1832112f12341b412c190836291e150e0906000200" +
			"28b82a1a500628",
		squares(100, 4, false, false)},
	{"bitshuffle", []uint32{2, 2, 4, 400, 5, 2, 1},
		"020134049001000090010000490100001400000031010000f3720500000006000000090000000e000000150000001e000000" +
			"290000003600000008000000190000002c000000410000001b00000034000000120000002f00000011000000320000001800" +
			"00003d00000027000000130000003e0000002e00000020000000140000000a0000003f000000390000003500000033000000" +
			"33000000351400133f2400f30214000000200000002e0000003e000000135400533d000000186c0013117c00531200000034" +
			"94001341a400531900000008bc001329cc0053150000000ee400f34a060000000500000006000000090000000e0000001500" +
			"00001e000000290000003600000008000000190000002c000000410000001b00000034000000120000002f00000011000000" +
			"32000000180000003d0000002700000013b0000ff4002850002e000000",
		squares(100, 4, false, false)},
	{"splits", []uint32{2, 2, 4, 640, 5, 1, 1},
		"0201210480020000800200008d0000001400000048000000ff2e0506090e151e293608192c411b34122f1132183d27133e2e" +
			"20140a3f3935333335393f0a14202e3e13273d1832112f12341b412c190836291e150e09063d004b50393f0a14200b000000" +
			"1f000100875000000000000b0000001f000100875000000000000b0000001f00010087500000000000",
		squares(160, 4, false, false)},
	{"zeros", []uint32{2, 2, 8, 24000, 9, 1, 0},
		"02010108c05d0000c05d0000ec00000014000000170000002300000000e0ffffffffffffffffffffffb30302000000170000" +
			"002300000000e0ffffffffffffffffffffffb30302000000170000002300000000e0ffffffffffffffffffffffb303020000" +
			"00170000002300000000e0ffffffffffffffffffffffb30302000000170000002300000000e0ffffffffffffffffffffffb3" +
			"0302000000170000002300000000e0ffffffffffffffffffffffb30302000000170000002300000000e0ffffffffffffffff" +
			"ffffffb30302000000170000002300000000e0ffffffffffffffffffffffb30302000000",
		make([]byte, 24000)},
}

func TestBloscVectors(t *testing.T) { checkVectors(t, blosc{}, bloscVectors) }

func FuzzBloscDecode(f *testing.F) { fuzzDecode(f, blosc{}, bloscVectors) }

func TestBloscErrors(t *testing.T) {
	src := bloscVectors[1].bytes()
	edited := func(at int, p ...byte) []byte {
		out := bytes.Clone(src)
		copy(out[at:], p)
		return out
	}
	copied := append([]byte{2, 1, bloscCopied | 7<<5, 4, 3, 0, 0, 0, 3, 0, 0, 0, 19, 0, 0, 0}, "abc"...)
	cases := []struct {
		name string
		src  []byte
		want error
	}{
		{"whole", src, nil},
		{"something after it", append(bytes.Clone(src), 1, 2, 3), nil},
		{"as it is", copied, nil},
		{"as it is, cut off", copied[:18], ErrCorrupt},
		{"no header", src[:15], ErrCorrupt},
		{"no blocks", src[:16], ErrCorrupt},
		{"version 0", edited(0, 0), ErrCorrupt},
		{"version 3", edited(0, 3), ErrCorrupt},
		{"another codec", edited(2, src[2]|7<<5), ErrUnsupported},
		{"elements of 0 bytes", edited(3, 0), ErrCorrupt},
		{"blocks of 0 bytes", edited(8, 0, 0, 0, 0), ErrCorrupt},
		{"more than is there", edited(12, 255), ErrCorrupt},
		{"less than a header", edited(12, 15, 0), ErrCorrupt},
		{"an offset beyond", edited(16, 255, 255), ErrCorrupt},
		{"an offset at the end", edited(16, src[12]), ErrCorrupt},
		{"many blocks", edited(8, 1, 0), ErrCorrupt},
		{"too large", edited(4, 145, 1), ErrLimit},
	}
	for _, c := range cases {
		got, err := blosc{}.Decode(nil, c.src, nil, 400)
		if !errors.Is(err, c.want) || err == nil && len(got) != 400 && len(got) != 3 {
			t.Errorf("%s: %d bytes, %v", c.name, len(got), err)
		}
	}
}

// What BloscLZ makes of data is not easily had at will, so these are written by hand.
func TestBloscLZ(t *testing.T) {
	far := pattern(16384)
	var literals []byte
	for i := 0; i < len(far); i += 32 {
		literals = append(append(literals, 31), far[i:i+32]...)
	}
	cases := []struct {
		name, src, want string
		fails           bool
	}{
		{"literals", "\x02abc", "abc", false},
		{"the first run's upper bits", "\xe2abc", "abc", false},
		{"a repeat", "\x02abc\x20\x02", "abcabc", false},
		{"one into itself", "\x00a\xa0\x00\x00b", "aaaaaaaab", false},
		{"a long one", "\x00a\xe0\x00\x00", "aaaaaaaaaa", false},
		{"a longer one", "\x00a\xe0\xff\x01\x00", strings.Repeat("a", 1+9+256), false},
		{"a far one", string(literals) + "\x3f\xff\x00\x00", string(far) + string(far[8192:8195]), false},
		{"a farther one", string(literals) + "\x3f\xff\x1f\xff\x00!", string(far) + string(far[1:4]) + "!", false},
		{"literals cut off", "\x02ab", "ab", true},
		{"a repeat cut off", "\x00a\x20", "aaaa", true},
		{"a length cut off", "\x00a\xe0\xff\xff", strings.Repeat("a", 600), true},
		{"a distance cut off", string(literals) + "\x3f\xff\x00", string(far) + "abc", true},
		{"from before the start", "\x00a\x20\x01", "aaaa", true},
		{"too much", "\x02abc", "ab", true},
		{"too little", "\x02abc", "abcd", true},
		{"nothing", "", "a", true},
	}
	for _, c := range cases {
		out := make([]byte, len(c.want))
		err := unblosclz(out, []byte(c.src))
		if c.fails != errors.Is(err, ErrCorrupt) || err == nil && string(out) != c.want {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestSnappy(t *testing.T) {
	mixed := append(append(pattern(70000), make([]byte, 70000)...), noise(70000)...)
	for name, data := range map[string][]byte{
		"nothing": {}, "short": []byte("abc"), "zeros": make([]byte, 1000), "mixed": append(mixed, mixed...), "noise": noise(300),
	} {
		out := make([]byte, len(data))
		if err := unsnappy(out, snappy.Encode(nil, data)); err != nil || !bytes.Equal(out, data) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, src := range map[string]string{
		"no size": "", "a size without an end": "\xff\xff", "another size": "\x05\x10abcde", "literals cut off": "\x04\x0cab",
		"a length cut off": "\x04\xf4\x01", "a repeat cut off": "\x04\x00a\x02\x01", "from before": "\x04\x00a\x05\x02",
		"from nowhere": "\x04\x00a\x05\x00", "a distance of 32 bits": "\x04\x00a\x0b\xff\xff\xff\xff", "too much": "\x04\x10abcde",
		"too little": "\x04\x08abc",
	} {
		if err := unsnappy(make([]byte, 4), []byte(src)); !errors.Is(err, ErrCorrupt) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzSnappy(f *testing.F) {
	f.Add(snappy.Encode(nil, pattern(100)), 100)
	f.Fuzz(func(t *testing.T, src []byte, n int) {
		if err := unsnappy(make([]byte, n&0xffff), src); err != nil && !errors.Is(err, ErrCorrupt) {
			t.Error(err)
		}
	})
}

func BenchmarkBloscDecode(b *testing.B) {
	for _, v := range bloscVectors {
		b.Run(v.name, func(b *testing.B) { benchmarkDecode(b, blosc{}, v.bytes(), v.params, len(v.want)) })
	}
}
