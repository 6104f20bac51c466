package filter

import (
	"bytes"
	"compress/flate"
	"errors"
	"io"
	"math/rand/v2"
	"testing"
)

// streams are inputs of every kind of block, code and repeat.
func streams(t testing.TB) map[string][]byte {
	t.Helper()
	rng := rand.New(rand.NewPCG(1, 2))
	noise := make([]byte, 70_000)
	for i := range noise {
		noise[i] = byte(rng.Uint32())
	}
	skewed := make([]byte, 200_000) // has codes longer than a table's index
	for i := range skewed {
		skewed[i] = byte(min(rng.ExpFloat64()*12, 255))
	}
	var periods []byte // repeats from every short distance
	for period := 1; period < 40; period++ {
		for i := range 600 {
			periods = append(periods, noise[period+i%period])
		}
	}
	return map[string][]byte{
		"empty": nil, "one": {7}, "text": bytes.Repeat([]byte("repeats, repeats and no end of repeats. "), 999),
		"noise": noise, "skewed": skewed, "periods": periods, "zeros": make([]byte, 300_000),
	}
}

// TestInflateLikeTheStandardLibrary decodes what compress/flate makes of inputs, at every level, into room that
// suffices, that is too little at first, and that is a byte short of the limit.
func TestInflateLikeTheStandardLibrary(t *testing.T) {
	for name, want := range streams(t) {
		for level := flate.HuffmanOnly; level <= flate.BestCompression; level++ {
			var coded bytes.Buffer
			w, err := flate.NewWriter(&coded, level)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := w.Write(want); err != nil || w.Close() != nil {
				t.Fatal(err)
			}
			end := coded.Len()
			src := append(coded.Bytes(), "what follows"...)
			for _, room := range []int{0, len(want), len(want) + 4096} {
				prefix := append(make([]byte, 0, room+3), "abc"...)
				got, used, err := inflate(prefix, src, len(want))
				if err != nil || used != end || string(got[:3]) != "abc" || !bytes.Equal(got[3:], want) {
					t.Fatalf("%s, level %d, room %d: %v, %d of %d bytes used, %d of %d made", name, level, room, err, used, end, len(got)-3, len(want))
				}
			}
			if len(want) > 0 {
				if _, _, err := inflate(nil, src, len(want)-1); !errors.Is(err, ErrLimit) {
					t.Fatalf("%s, level %d: a byte too many: %v", name, level, err)
				}
			}
			for _, n := range []int{0, 1, end / 2, end - 1} {
				if _, _, err := inflate(nil, src[:min(n, end-1)], len(want)+9); err == nil {
					t.Fatalf("%s, level %d: cut off at %d of %d and not noticed", name, level, n, end)
				}
			}
		}
	}
}

// TestInflateWritesInsideItsRoom decodes into the middle of a buffer.
func TestInflateWritesInsideItsRoom(t *testing.T) {
	want := streams(t)["text"]
	var coded bytes.Buffer
	w, _ := flate.NewWriter(&coded, 6)
	if _, err := w.Write(want); err != nil || w.Close() != nil {
		t.Fatal(err)
	}
	all := bytes.Repeat([]byte{0xee}, len(want)+64)
	room := all[:0:len(want)]
	got, _, err := inflate(room, coded.Bytes(), len(want))
	if err != nil || &got[0] != &all[0] || !bytes.Equal(all[:len(want)], want) || !bytes.Equal(all[len(want):], bytes.Repeat([]byte{0xee}, 64)) {
		t.Fatalf("%v, or bytes beyond the room were touched", err)
	}
}

// FuzzInflate holds the decoder to the standard library's on any bytes: where
// that gives a result, this one gives the same.
func FuzzInflate(f *testing.F) {
	for _, p := range streams(f) {
		var coded bytes.Buffer
		w, _ := flate.NewWriter(&coded, 6)
		if _, err := w.Write(p[:min(len(p), 5000)]); err != nil || w.Close() != nil {
			f.Fatal(err)
		}
		f.Add(coded.Bytes())
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		const limit = 1 << 20
		want, failed := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(src)), limit+1))
		got, used, err := inflate(nil, src, limit)
		switch {
		case used < 0 || used > len(src) || len(got) > limit:
			t.Fatalf("%d of %d bytes used, %d made", used, len(src), len(got))
		case err != nil && !errors.Is(err, ErrCorrupt) && !errors.Is(err, ErrLimit):
			t.Fatal(err)
		case len(want) > limit != errors.Is(err, ErrLimit) && failed == nil, failed == nil && len(want) <= limit && err != nil:
			t.Fatalf("%d bytes, %v; the standard library gives %d", len(got), err, len(want))
		case err == nil && (failed != nil || !bytes.Equal(got, want)):
			t.Fatalf("%d bytes; the standard library gives %d, %v", len(got), len(want), failed)
		}
	})
}

func BenchmarkInflate(b *testing.B) {
	for name, p := range streams(b) {
		if len(p) < 1000 {
			continue
		}
		var coded bytes.Buffer
		w, _ := flate.NewWriter(&coded, 6)
		if _, err := w.Write(p); err != nil || w.Close() != nil {
			b.Fatal(err)
		}
		room := make([]byte, 0, len(p))
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(p)))
			for b.Loop() {
				if _, _, err := inflate(room, coded.Bytes(), len(p)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
