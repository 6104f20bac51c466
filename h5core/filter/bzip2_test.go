package filter

import (
	"errors"
	"testing"
)

// What hdf5plugin 7.1 stores with bzip2.
var bzip2Vectors = []vector{
	{"bzip2", []uint32{9},
		"425a68393141592653594c40ec8900005a7c0043713e6940a59f23a000200048c680da87a47a4d313f513d2108984c09a626" +
			"98264cb00e6e8a6e6ce618b29248d4842dc539aa1089945e80518aab9db17c329bae7155eaed80080887e2ee48a70a120988" +
			"1d9120",
		squares(60, 4, false, false)},
	{"zeros", []uint32{1},
		"425a683131415926535940caf4e90000274100c00000100008200030cc09aa69a15b50578bb9229c284820657a7480",
		make([]byte, 20000)},
}

func TestBzip2Vectors(t *testing.T) { checkVectors(t, bzip2Filter{}, bzip2Vectors) }

func FuzzBzip2Decode(f *testing.F) { fuzzDecode(f, bzip2Filter{}, bzip2Vectors) }

func TestBzip2Errors(t *testing.T) {
	whole := bzip2Vectors[0].bytes()
	for name, src := range map[string][]byte{
		"nothing": nil, "no blocks": whole[:4], "cut off": whole[:len(whole)-3], "another format": []byte("BZ0abcdef"),
	} {
		if _, err := (bzip2Filter{}).Decode(nil, src, nil, 1000); !errors.Is(err, ErrCorrupt) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func BenchmarkBzip2Decode(b *testing.B) {
	v := bzip2Vectors[0]
	benchmarkDecode(b, bzip2Filter{}, v.bytes(), v.params, len(v.want))
}
