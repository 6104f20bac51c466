package filter

import (
	"errors"
	"testing"
)

// What HDF5 2.0.0 stores with nbit. After an array of arrays it takes the wrong parameters, and loses what they
// do not cover.
var nbitVectors = []vector{
	{"array", []uint32{10, 0, 5, 2, 12, 1, 4, 0, 17, 2},
		"a6011c49eac187b31b00b114eed4404f05ba151643efc686319a41f1b48ea410",
		masked(5, "\xfc\xff\x07\x00\xfc\xff\x07\x00\xfc\xff\x07\x00")},
	{"compound", []uint32{21, 0, 6, 3, 12, 3, 1, 1, 2, 1, 9, 4, 4, 4, 3, 8, 1, 4, 0, 17, 2},
		"82cfe274d583182b7014a453b460b9e30dd0a891a7f03a63190247da6cd48238096e12a41370",
		masked(6, "\x00\x1f\xf0\x00\xff\xff\xff\x00\xfc\xff\x07\x00")},
	{"array of compounds", []uint32{23, 0, 3, 2, 24, 3, 12, 3, 1, 1, 2, 1, 9, 4, 4, 4, 3, 8, 1, 4, 0, 17, 2},
		"82cfe274d583182b7014a453b460b9e30dd0a891a7f03a63190247da6cd48238096e12a41370",
		masked(3, "\x00\x1f\xf0\x00\xff\xff\xff\x00\xfc\xff\x07\x00\x00\x1f\xf0\x00\xff\xff\xff\x00\xfc\xff\x07\x00")},
	{"array of strings", []uint32{17, 0, 4, 3, 8, 2, 0, 1, 2, 1, 9, 4, 2, 2, 6, 4, 3},
		"59aabd4fe274874d5f68b1fb044db714b95de2872bc3acdf2173c61860",
		masked(4, "\x1f\xf0\xff\xff\xff\xff\xff\xff")},
	{"float", []uint32{8, 0, 8, 1, 4, 0, 20, 7},
		"4aa60dd3894fab0c23d954b00c722959b51cc27800",
		masked(8, "\x80\xff\xff\x07")},
	{"after an array of arrays", []uint32{22, 0, 3, 3, 12, 2, 0, 2, 8, 2, 4, 1, 2, 1, 9, 4, 8, 1, 4, 0, 17, 2},
		"59d5ff890fe1fa27b82e6e074dfb9862e6",
		[]byte("\x0b\x30\x15\x70\x1f\xc0\x09\x00\x00\x00\x00\x00\x07\xe0\x11\x30\x1b\x80\x05\xc0\x00\x00\x00\x00\x03\xa0\x0d\xf0\x17\x30\x01\x80\x00\x00\x00\x00")},
	{"long double", []uint32{8, 0, 2, 1, 16, 0, 80, 0},
		"58330ee9c49f7a55300ba8835e3914efcaa5805b00",
		masked(2, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x00\x00\x00\x00\x00\x00")},
	{"as it is", []uint32{8, 1, 5, 1, 4, 0, 32, 0},
		"0500000006000000090000000e00000015000000",
		squares(5, 4, false, false)},
}

func TestNBitVectors(t *testing.T) { checkVectors(t, nbit{}, nbitVectors) }

func FuzzNBitDecode(f *testing.F) { fuzzDecode(f, nbit{}, nbitVectors) }

func TestNBitParams(t *testing.T) {
	deep := []uint32{1 << 10, 0, 1}
	for range 100 {
		deep = append(deep, nbitArray, 8)
	}
	// Each compound of two arrays of compounds is read twice, as the list goes back after an array.
	wide := []uint32{1 << 10, 0, 1, nbitCompound, 1 << 20, 1 << 10}
	for range 60 {
		wide = append(wide, 0, nbitArray, 1<<10, nbitCompound, 1<<10, 1<<9)
	}
	cases := []struct {
		name   string
		params []uint32
		want   error
	}{
		{"none", nil, ErrParams},
		{"no datatype", []uint32{3, 0, 1}, ErrParams},
		{"a number", []uint32{8, 0, 1, nbitAtomic, 4, 0, 32, 0}, nil},
		{"something after it", []uint32{8, 0, 1, nbitAtomic, 4, 0, 32, 0, 1 << 31, 7}, nil},
		{"as it is", []uint32{2, 1}, nil},
		{"cut off", []uint32{8, 0, 1, nbitAtomic, 4, 0, 32}, ErrParams},
		{"another order", []uint32{8, 0, 1, nbitAtomic, 4, 2, 32, 0}, ErrParams},
		{"too many bits", []uint32{8, 0, 1, nbitAtomic, 4, 0, 32, 1}, ErrParams},
		{"an overflow", []uint32{8, 0, 1, nbitAtomic, 4, 0, 1, 1<<32 - 1}, ErrParams},
		{"no bits", []uint32{8, 0, 1, nbitAtomic, 4, 0, 0, 0}, ErrParams},
		{"no bytes", []uint32{8, 0, 1, nbitAtomic, 0, 0, 0, 0}, ErrParams},
		{"another class", []uint32{8, 0, 1, 5, 4}, ErrParams},
		{"a member outside", []uint32{8, 0, 1, nbitCompound, 4, 1, 3, nbitWhole, 2}, ErrParams},
		{"more members than room", []uint32{8, 0, 1, nbitCompound, 4, 2, 0, nbitWhole, 4, 0, nbitWhole, 4}, ErrParams},
		{"too deep", deep, ErrParams},
		{"too many parts", wide, ErrParams},
		{"too many elements", []uint32{8, 0, 1<<32 - 1, nbitAtomic, 4, 0, 32, 0}, ErrLimit},
		{"too few bytes", []uint32{8, 0, 1, nbitAtomic, 8, 0, 33, 0}, ErrCorrupt},
	}
	for _, c := range cases {
		got, err := nbit{}.Decode(nil, []byte("dcba"), c.params, 8)
		if !errors.Is(err, c.want) || err == nil && len(got) != 4 {
			t.Errorf("%s: %x, %v", c.name, got, err)
		}
	}
}

func BenchmarkNBitDecode(b *testing.B) {
	const n = 1 << 18
	src := noise(n*17/8 + 1)
	b.Run("number", func(b *testing.B) {
		benchmarkDecode(b, nbit{}, src, []uint32{8, 0, n, nbitAtomic, 4, 0, 17, 2}, 4*n)
	})
	b.Run("compound", func(b *testing.B) {
		params := []uint32{15, 0, n / 4, nbitCompound, 8, 2, 0, nbitAtomic, 4, 0, 17, 2, 4, nbitAtomic, 4, 1, 20, 0}
		benchmarkDecode(b, nbit{}, src, params, 2*n)
	})
}
