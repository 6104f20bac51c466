package filter

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
)

// samples are shuffled float64 values, from easy to hard.
func samples(n int) map[string][]byte {
	values := map[string]func(i int, random *rand.Rand) float64{
		"ramp":  func(i int, _ *rand.Rand) float64 { return float64(i) },
		"sine":  func(i int, random *rand.Rand) float64 { return math.Sin(float64(i)/500) + random.NormFloat64()/1000 },
		"noise": func(_ int, random *rand.Rand) float64 { return random.NormFloat64() },
	}
	out := map[string][]byte{}
	for name, value := range values {
		random := rand.New(rand.NewPCG(3, 4))
		var raw []byte
		for i := range n {
			raw = binary.LittleEndian.AppendUint64(raw, math.Float64bits(value(i, random)))
		}
		out[name], _ = shuffle{}.Encode(nil, raw, []uint32{8})
	}
	return out
}

// Every level's stream is read by another implementation of zlib.
func TestDeflateIsZlib(t *testing.T) {
	for name, data := range samples(4096) {
		for level := range uint32(10) {
			stream, err := deflate{}.Encode([]byte("keep"), data, []uint32{level})
			if err != nil && !(level == 0 && errors.Is(err, ErrNotWorth)) {
				t.Fatalf("%s, level %d: %v", name, level, err)
			}
			r, err := zlib.NewReader(bytes.NewReader(stream[4:]))
			if err != nil {
				t.Fatalf("%s, level %d: %v", name, level, err)
			}
			if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, data) {
				t.Fatalf("%s, level %d: %v", name, level, err)
			}
		}
	}
}

// What a pooled encoder did before does not show in what it writes.
func TestDeflateIsRepeatable(t *testing.T) {
	first := map[string][]byte{}
	for round := range 3 {
		for name, data := range samples(4096) {
			for level := range uint32(10) {
				key := fmt.Sprint(name, level)
				got, _ := deflate{}.Encode(nil, data, []uint32{level})
				if round == 0 {
					first[key] = got
				} else if !bytes.Equal(got, first[key]) {
					t.Fatalf("%s: round %d differs from the first", key, round)
				}
			}
		}
	}
}

// A stream from the C library: arange(20) of int32, shuffle, gzip 4, without the fletcher32 after it.
const cStream = "\x78\x5e\x63\x60\x64\x62\x66\x61\x65\x63\xe7\xe0\xe4\xe2\xe6\xe1\xe5\xe3\x17\x10\x14\x12\x66\xa0" +
	"\x00\x00\x00\x32\x0a\x00\xbf"

func TestDeflateDecode(t *testing.T) {
	text := strings.Repeat("to be or not to be ", 10)
	coded, _ := deflate{}.Encode(nil, []byte(text), []uint32{6})
	with := func(at int, b byte) []byte {
		p := bytes.Clone(coded)
		p[(at+len(p))%len(p)] ^= b
		return p
	}
	cases := []struct {
		name  string
		src   []byte
		limit int
		want  error
	}{
		{"whole", coded, len(text), nil},
		{"room to spare", coded, 1 << 30, nil},
		{"something after it", append(bytes.Clone(coded), "garbage"...), len(text), nil},
		{"one byte too many", coded, len(text) - 1, ErrLimit},
		{"no room", coded, 0, ErrLimit},
		{"nothing", nil, 100, ErrCorrupt},
		{"a header alone", coded[:2], 100, ErrCorrupt},
		{"no checksum", coded[:len(coded)-4], len(text), ErrCorrupt},
		{"half a checksum", coded[:len(coded)-2], len(text), ErrCorrupt},
		{"cut short", coded[:len(coded)/2], len(text), ErrCorrupt},
		{"another checksum", with(-1, 1), len(text), ErrCorrupt},
		{"another method", with(0, 1), len(text), ErrCorrupt},
		{"a window too large", with(0, 0x80), len(text), ErrCorrupt},
		{"a dictionary", []byte{0x78, 0x20 | 0x1b, 0, 0}, len(text), ErrCorrupt},
		{"gzip", []byte("\x1f\x8b\x08\x00"), len(text), ErrCorrupt},
	}
	for _, c := range cases {
		got, err := deflate{}.Decode([]byte("keep"), c.src, nil, c.limit)
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
		if err == nil && string(got) != "keep"+text || err != nil && string(got) != "keep" {
			t.Errorf("%s: got %q", c.name, got)
		}
	}
}

// A bomb costs no more memory than the limit.
func TestDeflateBomb(t *testing.T) {
	var bomb bytes.Buffer
	w := zlib.NewWriter(&bomb)
	for range 64 {
		w.Write(make([]byte, 1<<20))
	}
	w.Close()
	got, err := deflate{}.Decode(nil, bomb.Bytes(), nil, 1000)
	if !errors.Is(err, ErrLimit) || cap(got) > 4096 {
		t.Errorf("%v, room for %d bytes", err, cap(got))
	}
	small, _ := deflate{}.Decode(make([]byte, 5), []byte(cStream), nil, math.MaxInt)
	if cap(small) > 1<<16 {
		t.Errorf("80 bytes took room for %d", cap(small))
	}
}

func TestDeflateLevels(t *testing.T) {
	for _, level := range []int{-1, 10} {
		_, err := NewDeflate(level)
		if !errors.Is(err, ErrParams) || !strings.Contains(err.Error(), "0 to 9") {
			t.Errorf("level %d: %v", level, err)
		}
	}
	for _, params := range [][]uint32{nil, {10}, {1, 2}} {
		if _, err := (deflate{}).Encode(nil, nil, params); !errors.Is(err, ErrParams) {
			t.Errorf("params %v: %v", params, err)
		}
	}
	s, err := NewDeflate(4)
	if err != nil || s.Flags != Optional || len(s.Params) != 1 || s.Params[0] != 4 {
		t.Errorf("%+v, %v", s, err)
	}
}

// The bytes of this codec version. When they change, so must CodecVersion.
func TestDeflateBytes(t *testing.T) {
	want := [10]uint32{
		0x1768e07b, 0xd878a9ac, 0x9f379015, 0x1c717775, 0x1c717775,
		0x1c717775, 0xbcc3ab97, 0x427544fc, 0x427544fc, 0x427544fc,
	}
	var raw []byte
	for i := range uint32(1 << 16) {
		raw = binary.LittleEndian.AppendUint32(raw, i*i>>7^i*2654435761>>24)
	}
	data, _ := shuffle{}.Encode(nil, raw, []uint32{4})
	for level := range uint32(10) {
		got, _ := deflate{}.Encode(nil, data, []uint32{level})
		if sum := crc32.ChecksumIEEE(got); sum != want[level] {
			t.Errorf("level %d: %d bytes with sum %#08x, want %#08x", level, len(got), sum, want[level])
		}
	}
}

// No stream is longer than its extent.
func TestDeflateExtent(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	for _, n := range []int{0, 1, 2, 100, 32767, 32768, 65535, 65536, 300_000} {
		data := make([]byte, n)
		for i := range data {
			data[i] = byte(random.Uint32())
		}
		for level := range uint32(10) {
			got, err := deflate{}.Encode(nil, data, []uint32{level})
			if e := (deflate{}).Extent(Extent{uint64(n), true}, nil); uint64(len(got)) > e.Max || !errors.Is(err, ErrNotWorth) {
				t.Errorf("level %d: %d bytes became %d of at most %d, %v", level, n, len(got), e.Max, err)
			}
		}
	}
}

// The version that tags name is the one that is built in.
func TestCodecVersion(t *testing.T) {
	mod, err := os.ReadFile("../../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	_, version, _ := strings.Cut(CodecVersion, "klauspost-")
	version, _, _ = strings.Cut(version, " ")
	if !strings.Contains(string(mod), "github.com/klauspost/compress v"+version+"\n") {
		t.Errorf("%q is not what go.mod requires", CodecVersion)
	}
}

func FuzzDeflateDecode(f *testing.F) {
	f.Add([]byte(cStream), 80)
	f.Add([]byte("\x78\x9c\x03\x00\x00\x00\x00\x01"), 0)
	f.Fuzz(func(t *testing.T, src []byte, limit int) {
		limit &= 1<<16 - 1
		got, err := deflate{}.Decode(nil, src, nil, limit)
		if len(got) > limit {
			t.Fatalf("%d bytes, limit %d", len(got), limit)
		}
		var want []byte
		r, other := zlib.NewReader(bytes.NewReader(src))
		if other == nil {
			want, other = io.ReadAll(io.LimitReader(r, int64(limit)+1))
		}
		if len(want) > limit {
			other = ErrLimit
		}
		if (err == nil) != (other == nil) || err == nil && !bytes.Equal(got, want) {
			t.Errorf("%x: %x, %v; the standard library has %x, %v", src, got, err, want, other)
		}
	})
}

func BenchmarkDeflate(b *testing.B) {
	for name, data := range samples(1 << 17) {
		for _, level := range []uint32{1, 4, 6, 9} {
			b.Run(fmt.Sprintf("%s/encode %d", name, level), func(b *testing.B) {
				var out []byte
				b.SetBytes(int64(len(data)))
				for b.Loop() {
					out, _ = deflate{}.Encode(out[:0], data, []uint32{level})
				}
				b.ReportMetric(float64(len(out))/float64(len(data)), "ratio")
			})
		}
		coded, _ := deflate{}.Encode(nil, data, []uint32{4})
		dst := make([]byte, 0, len(data))
		b.Run(name+"/decode", func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				deflate{}.Decode(dst, coded, nil, len(data))
			}
		})
	}
}
