package filter

import (
	"errors"
	"testing"
)

// What HDF5 2.0.0 stores with scaleoffset.
var scaleOffsetVectors = []vector{
	{"<i1", []uint32{2, 0, 20, 0, 1, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0},
		"0600000008050000000000000000000000000000000011094199310d49fc5af36a32d4f800",
		squares(20, 1, false, false)},
	{">i2", []uint32{2, 0, 20, 0, 2, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0},
		"0600000008050000000000000000000000000000000011094199310d49fc5af36a32d4f800",
		squares(20, 2, true, false)},
	{"<u4", []uint32{2, 0, 20, 0, 4, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0},
		"0600000008050000000000000000000000000000000011094199310d49fc5af36a32d4f800",
		squares(20, 4, false, false)},
	{">i8", []uint32{2, 0, 20, 0, 8, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0},
		"0600000008050000000000000000000000000000000011094199310d49fc5af36a32d4f800",
		squares(20, 8, true, false)},
	{"with a fill value", []uint32{2, 0, 20, 0, 4, 1, 0, 1, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0},
		"060000000805000000000000000000000000000000001fc94199310d49fc5af36a32d4f800",
		squares(20, 4, false, false)},
	{"bits given, fill value of 8 bytes", []uint32{2, 7, 20, 0, 8, 0, 0, 1, 9, 256, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0},
		"0700000008050000000000000000000000000000000004209206523106513bc2cbc6aa18b49b80",
		squares(20, 8, false, false)},
	{"as it is", []uint32{2, 16, 20, 0, 2, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0},
		"0500060009000e0015001e0029003600080019002c0041001b00340012002f001100320018003d00",
		squares(20, 2, false, false)},
	{"float", []uint32{0, 2, 20, 1, 4, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0},
		"0b000000080000a03f000000000000000000000000000064320e13209c5c24c90967d1e7ddc44d25ca2c1a259194edd780",
		squares(20, 4, false, true)},
	{">f8", []uint32{0, 2, 20, 1, 8, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0},
		"0b00000008000000000000f43f0000000000000000000064320e13209c5c24c90967d1e7ddc44d25ca2c1a259194edd780",
		squares(20, 8, true, true)},
	{"double with a fill value", []uint32{0, 3, 20, 1, 8, 0, 0, 1, 0, 1072955392, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0},
		"0e00000008000000000000f83f0000000000000000fffc0000bb87d03a9977088baee007d128e947399e520acec2ee280a2a" +
			"faaf846535b600",
		squares(20, 8, false, true)},
	{"constant", []uint32{2, 0, 50, 0, 4, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0},
		"010000000800000000000000000000000000000000ffffffffffffc0",
		make([]byte, 200)},
	{"full width", []uint32{2, 0, 4, 0, 2, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0},
		"1000000008000000000000000000000000000000000080ff7f00000500",
		[]byte{0x80, 0, 0x7f, 0xff, 0, 0, 0, 5}},
}

func TestScaleOffsetVectors(t *testing.T) { checkVectors(t, scaleOffset{}, scaleOffsetVectors) }

func FuzzScaleOffsetDecode(f *testing.F) { fuzzDecode(f, scaleOffset{}, scaleOffsetVectors) }

func TestScaleOffsetParams(t *testing.T) {
	cases := []struct {
		name   string
		params []uint32
		want   error
	}{
		{"none", nil, ErrParams},
		{"without a fill value, as few as are needed", []uint32{2, 0, 2, 0, 2, 0, 0, 0}, nil},
		{"a fill value that is missing", []uint32{2, 0, 2, 0, 2, 0, 0, 1}, ErrParams},
		{"half a fill value", []uint32{2, 0, 1, 0, 8, 0, 0, 1, 5}, ErrParams},
		{"three bytes", []uint32{2, 0, 1, 0, 3, 0, 0, 0}, ErrParams},
		{"a float of two bytes", []uint32{0, 0, 1, 1, 2, 0, 0, 0}, ErrParams},
		{"E scaling", []uint32{1, 0, 1, 1, 4, 0, 0, 0}, ErrParams},
		{"integer scaling of a float", []uint32{2, 0, 1, 1, 4, 0, 0, 0}, ErrParams},
		{"too many bits", []uint32{2, 17, 2, 0, 2, 0, 0, 0}, ErrParams},
		{"too many elements", []uint32{2, 0, 1<<32 - 1, 0, 2, 0, 0, 0}, ErrLimit},
	}
	src := make([]byte, scaleHeader)
	src[4], src[5] = 8, 7
	for _, c := range cases {
		got, err := scaleOffset{}.Decode(nil, src, c.params, 4)
		if !errors.Is(err, c.want) || err == nil && string(got) != "\x07\x00\x07\x00" {
			t.Errorf("%s: %x, %v", c.name, got, err)
		}
	}
}

func BenchmarkScaleOffsetDecode(b *testing.B) {
	const n = 1 << 18
	src := append([]byte{12, 0, 0, 0, 8}, make([]byte, 16)...)
	src = append(src, noise(n*12/8)...)
	b.Run("int", func(b *testing.B) {
		benchmarkDecode(b, scaleOffset{}, src, []uint32{2, 0, n, 0, 4, 1, 0, 1, 9}, 4*n)
	})
	b.Run("float", func(b *testing.B) {
		benchmarkDecode(b, scaleOffset{}, src, []uint32{0, 2, n, 1, 4, 1, 0, 0}, 4*n)
	})
}
