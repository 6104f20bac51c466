package filter

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"math"
	"testing"
)

// vector is a chunk as another implementation stored it, in hexadecimal, and what it holds.
type vector struct {
	name   string
	params []uint32
	stored string
	want   []byte
}

func (v vector) bytes() []byte {
	p, err := hex.DecodeString(v.stored)
	if err != nil {
		panic(err)
	}
	return p
}

// squares are n numbers i²%61+5, or a quarter of them as floating-point ones.
func squares(n, size int, bigEndian, float bool) []byte {
	out := make([]byte, n*size)
	for i := range n {
		v := uint64(i*i%61 + 5)
		switch {
		case float && size == 4:
			v = uint64(math.Float32bits(float32(v) / 4))
		case float:
			v = math.Float64bits(float64(v) / 4)
		}
		put(out[i*size:(i+1)*size], v, bigEndian)
	}
	return out
}

// masked are n elements of pattern bytes, of which only the masked bits remain.
func masked(n int, mask string) []byte {
	out := make([]byte, n*len(mask))
	for i := range out {
		out[i] = byte(i*37+11) & mask[i%len(mask)]
	}
	return out
}

// checkVectors decodes each vector, and bytes that are nearly one: errors are of the known kinds, the limit
// is kept, what was in the buffer stays.
func checkVectors(t *testing.T, f Filter, vectors []vector) {
	t.Helper()
	if got, ok := Lookup(f.ID()); !ok || got.Name() != f.Name() {
		t.Errorf("%s is not registered", f.Name())
	}
	if _, err := f.Encode(nil, []byte("abc"), nil); !errors.Is(err, ErrUnsupported) {
		t.Errorf("encode: %v", err)
	}
	for _, v := range vectors {
		stored, before := v.bytes(), v.bytes()
		for _, slack := range []int{0, 100} {
			got, err := f.Decode([]byte("keep"), stored, v.params, len(v.want)+slack)
			if err != nil || !bytes.Equal(got[4:], v.want) || string(got[:4]) != "keep" {
				t.Errorf("%s: %x, %v, want %x", v.name, got, err, v.want)
			}
		}
		if _, err := f.Decode(nil, stored, v.params, len(v.want)-1); !errors.Is(err, ErrLimit) {
			t.Errorf("%s: a byte too many: %v", v.name, err)
		}
		if e := f.Extent(Extent{uint64(len(v.want)), true}, v.params); uint64(len(stored)) > e.Max {
			t.Errorf("%s: %d bytes, at most %d were promised", v.name, len(stored), e.Max)
		}
		for n := range stored {
			checkDecode(t, f, stored[:n], v.params, len(v.want))
			for _, flip := range []byte{1, 0x10, 0x80, 0xff} {
				stored[n] ^= flip
				checkDecode(t, f, stored, v.params, len(v.want))
				stored[n] ^= flip
			}
		}
		for n := range v.params {
			checkDecode(t, f, stored, v.params[:n], len(v.want))
			for _, x := range []uint32{0, 1, 3, 255, 1<<31 - 1, 1<<32 - 1} {
				params := bytes32(v.params)
				params[n] = x
				checkDecode(t, f, stored, params, len(v.want))
			}
		}
		if !bytes.Equal(stored, before) {
			t.Errorf("%s: decoding changed its input", v.name)
		}
	}
}

func bytes32(p []uint32) []uint32 { return append([]uint32(nil), p...) }

// checkDecode decodes what may be damaged.
func checkDecode(t *testing.T, f Filter, src []byte, params []uint32, limit int) {
	t.Helper()
	got, err := f.Decode(make([]byte, 3, 5), src, params, limit)
	switch {
	case err == nil && len(got)-3 > limit:
		t.Errorf("%s: %d bytes, limit %d", f.Name(), len(got)-3, limit)
	case err != nil && len(got) != 3:
		t.Errorf("%s: %d bytes came with %v", f.Name(), len(got)-3, err)
	case err == nil, errors.Is(err, ErrCorrupt), errors.Is(err, ErrLimit), errors.Is(err, ErrParams), errors.Is(err, ErrUnsupported):
	default:
		t.Errorf("%s: an error of no kind: %v", f.Name(), err)
	}
}

// fuzzDecode feeds a decoder with bytes and parameters that grew from the vectors.
func fuzzDecode(f *testing.F, codec Filter, vectors []vector) {
	for _, v := range vectors {
		var params []byte
		for _, x := range v.params {
			params = binary.LittleEndian.AppendUint32(params, x)
		}
		f.Add(v.bytes(), params, len(v.want))
	}
	f.Fuzz(func(t *testing.T, src, raw []byte, limit int) {
		var params []uint32
		for ; len(raw) >= 4; raw = raw[4:] {
			params = append(params, binary.LittleEndian.Uint32(raw))
		}
		checkDecode(t, codec, src, params, limit&(1<<20-1))
	})
}

// benchmarkDecode decodes a chunk again and again.
func benchmarkDecode(b *testing.B, f Filter, stored []byte, params []uint32, size int) {
	b.Helper()
	dst, err := f.Decode(nil, stored, params, size)
	if err != nil || len(dst) != size {
		b.Fatal(len(dst), err)
	}
	b.SetBytes(int64(size))
	b.ReportAllocs()
	for b.Loop() {
		dst, _ = f.Decode(dst[:0], stored, params, size)
	}
}
