package filter

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
)

// pattern is the data of the vectors below.
func pattern(n int) []byte {
	p := make([]byte, n)
	for i := range p {
		p[i] = byte(i*7 + i/3 + 1)
	}
	return p
}

// The checksums that h5py 3.16 on HDF5 2.0.0 stores after uint8 datasets of one chunk.
var checksums = []struct {
	data []byte
	sum  uint32
}{
	{[]byte{1}, 0x01000100},
	{[]byte{1, 2}, 0x01020102},
	{[]byte("abc"), 0x25c5c462},
	{make([]byte, 5), 0x00000000},
	{bytes.Repeat([]byte{0xff}, 4), 0xffffffff}, // a multiple of 65535 is not zero
	{bytes.Repeat([]byte{0xff}, 7), 0xff00ff00},
	{[]byte{0xff, 0xfe, 0x00, 0x01}, 0xfffeffff},
	{[]byte("abcdefgh"), 0xe1eb9195},
	{pattern(9), 0x315c9678},
	{pattern(2887), 0xd796a956}, // one block of lanes and seven bytes
	{pattern(100001), 0x74745b92},
	{bytes.Repeat([]byte{0xff}, 100000), 0xffffffff},
	{bytes.Repeat([]byte{0xff}, 99999), 0xff00ff00},
}

func TestChecksumVectors(t *testing.T) {
	for _, v := range checksums {
		name := fmt.Sprintf("%d bytes", len(v.data))
		if got := checksum(v.data); got != v.sum {
			t.Errorf("%s: %#08x, want %#08x", name, got, v.sum)
		}
		if got := plainChecksum(v.data); got != v.sum {
			t.Errorf("%s: the oracle says %#08x, want %#08x", name, got, v.sum)
		}
	}
}

// plainChecksum is the definition, word by word.
func plainChecksum(p []byte) uint32 {
	var first, second uint32
	add := func(word uint32) {
		first += word
		first = first&0xffff + first>>16
		second += first
		second = second&0xffff + second>>16
	}
	for ; len(p) >= 2; p = p[2:] {
		add(uint32(binary.BigEndian.Uint16(p)))
	}
	if len(p) == 1 {
		add(uint32(p[0]) << 8)
	}
	return second<<16 | first
}

func TestChecksumLengths(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	data := make([]byte, 3*laneBlock*8)
	for _, fill := range []func() byte{func() byte { return byte(random.Uint32()) }, func() byte { return 0xff }, func() byte { return 0 }} {
		for i := range data {
			data[i] = fill()
		}
		for n := 0; n < len(data); n += 1 + n/100 {
			if got, want := checksum(data[:n]), plainChecksum(data[:n]); got != want {
				t.Fatalf("%d bytes: %#08x, want %#08x", n, got, want)
			}
		}
	}
}

func TestFletcher32Decode(t *testing.T) {
	good, _ := fletcher32{}.Encode([]byte("before"), []byte("abc"), nil)
	if want := "beforeabc\x62\xc4\xc5\x25"; string(good) != want {
		t.Fatalf("encoded %q, want %q", good, want)
	}
	cases := []struct {
		name  string
		src   string
		limit int
		want  error
	}{
		{"as stored", "abc\x62\xc4\xc5\x25", 3, nil},
		{"as stored before 1.6.3", "abc\xc4\x62\x25\xc5", 3, nil},
		{"damaged data", "abd\x62\xc4\xc5\x25", 3, ErrCorrupt},
		{"damaged checksum", "abc\x62\xc4\xc5\x24", 3, ErrCorrupt},
		{"no room for a checksum", "abc", 3, ErrCorrupt},
		{"nothing", "", 3, ErrCorrupt},
		{"too long", "abc\x62\xc4\xc5\x25", 2, ErrLimit},
		{"empty", "\x00\x00\x00\x00", 0, nil},
	}
	for _, c := range cases {
		got, err := fletcher32{}.Decode([]byte("x"), []byte(c.src), nil, c.limit)
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
		if want := "x" + c.src[:max(0, len(c.src)-4)]; err == nil && string(got) != want {
			t.Errorf("%s: %q, want %q", c.name, got, want)
		}
	}
}

func FuzzFletcher32Decode(f *testing.F) {
	f.Add([]byte("abc\x62\xc4\xc5\x25"))
	f.Fuzz(func(t *testing.T, src []byte) {
		got, err := fletcher32{}.Decode(nil, src, nil, len(src))
		if err == nil && !bytes.Equal(got, src[:len(src)-4]) {
			t.Errorf("%x became %x", src, got)
		}
		if got, want := checksum(src), plainChecksum(src); got != want {
			t.Errorf("checksum %#08x, want %#08x", got, want)
		}
	})
}

func BenchmarkFletcher32(b *testing.B) {
	data := pattern(1 << 20)
	b.SetBytes(1 << 20)
	for b.Loop() {
		checksum(data)
	}
}
