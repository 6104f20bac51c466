package filter

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"testing"
)

// What h5py 3.16 on HDF5 2.0.0 stores for datasets of pattern bytes with shuffle.
var shuffled = []struct {
	size   uint32
	stored string
}{
	{2, "010f1e2d3b0817253443"},
	{4, "011e3b0825430f2d4a173451"},
	{8, "013b08430f4a17511e5925602d67346f"},
	{8, "013b76b1eb26619bd608437db8f32d68a3dd0f4a85bffa356faae517518cc7013c77b1ec1e5993ce09437eb9f325609bd5104b85" +
		"c0fb2d67a2dd17528dc702346fa9e41f5994cf09"},
}

func TestShuffleVectors(t *testing.T) {
	for _, v := range shuffled {
		stored, _ := hex.DecodeString(v.stored)
		data := pattern(len(stored))
		got, err := shuffle{}.Encode(nil, data, []uint32{v.size})
		if err != nil || !bytes.Equal(got, stored) {
			t.Errorf("size %d: %x, %v, want %x", v.size, got, err, stored)
		}
	}
	// Three bytes per element, which no bytes of zero may end (h5py's S3).
	got, _ := shuffle{}.Encode(nil, []byte("\x01\x09\x0f\x17\x1f\x25\x2d\x35\x3b"), []uint32{3})
	if want := "\x01\x17\x2d\x09\x1f\x35\x0f\x25\x3b"; string(got) != want {
		t.Errorf("size 3: %x, want %x", got, want)
	}
}

// The loops for some sizes do what the plain ones do, and decoding undoes either.
func TestShuffleAgainstPlain(t *testing.T) {
	for _, size := range []int{1, 2, 3, 4, 5, 7, 8, 12, 16, 24, 40, 300} {
		for _, n := range []int{0, 1, size, 2*size - 1, 2 * size, 7*size + 1, 8 * size, 9*size - 1, 16*size + 3, 101 * size} {
			data, params := pattern(n), []uint32{uint32(size)}
			want := bytes.Clone(data)
			if n/size > 1 {
				splitPlain(want[:n/size*size], data[:n/size*size], size, 0)
			}
			got, err := shuffle{}.Encode([]byte("keep"), data, params)
			if err != nil || !bytes.Equal(got[4:], want) || string(got[:4]) != "keep" {
				t.Fatalf("size %d, %d bytes: %v", size, n, err)
			}
			back, err := shuffle{}.Decode([]byte("keep"), want, params, n)
			if err != nil || !bytes.Equal(back[4:], data) || string(back[:4]) != "keep" {
				t.Fatalf("size %d, %d bytes back: %v", size, n, err)
			}
		}
	}
}

func TestShuffleErrors(t *testing.T) {
	for _, params := range [][]uint32{nil, {}, {0}} {
		if _, err := (shuffle{}).Encode(nil, []byte("abcd"), params); !errors.Is(err, ErrParams) {
			t.Errorf("encode with %v: %v", params, err)
		}
		if _, err := (shuffle{}).Decode(nil, []byte("abcd"), params, 4); !errors.Is(err, ErrParams) {
			t.Errorf("decode with %v: %v", params, err)
		}
	}
	if _, err := (shuffle{}).Decode(nil, []byte("abcd"), []uint32{2}, 3); !errors.Is(err, ErrLimit) {
		t.Error(err)
	}
	if got, err := (shuffle{}).Encode(nil, []byte("abcd"), []uint32{1<<32 - 1}); err != nil || string(got) != "abcd" {
		t.Error(got, err)
	}
}

func FuzzShuffleDecode(f *testing.F) {
	f.Add([]byte("abcdefghi"), uint32(2))
	f.Add(pattern(100), uint32(8))
	f.Fuzz(func(t *testing.T, src []byte, size uint32) {
		data, err := shuffle{}.Decode(nil, src, []uint32{size}, len(src))
		if err != nil {
			return
		}
		if back, err := (shuffle{}).Encode(nil, data, []uint32{size}); err != nil || !bytes.Equal(back, src) {
			t.Errorf("%x became %x, %v", src, back, err)
		}
	})
}

func BenchmarkShuffle(b *testing.B) {
	data := pattern(1 << 20)
	dst := make([]byte, 0, len(data))
	for _, size := range []uint32{2, 3, 4, 8, 16} {
		params := []uint32{size}
		b.Run(fmt.Sprintf("encode %d", size), func(b *testing.B) {
			b.SetBytes(1 << 20)
			for b.Loop() {
				shuffle{}.Encode(dst, data, params)
			}
		})
		b.Run(fmt.Sprintf("decode %d", size), func(b *testing.B) {
			b.SetBytes(1 << 20)
			for b.Loop() {
				shuffle{}.Decode(dst, data, params, len(data))
			}
		})
	}
}
