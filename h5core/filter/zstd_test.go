package filter

import (
	"bytes"
	"errors"
	"testing"

	"github.com/klauspost/compress/zstd"
)

// What hdf5plugin 7.1 stores with zstd.
var zstdVectors = []vector{
	{"zstd", []uint32{3},
		"28b52ffd20f0bd030062880f1420ed9c033c3857ad0b2f00702be5a78e8fecad14575f2db9c7082ffc70c5912f8f1e78e2ca" +
			"0147bcf9e0ec82277f7fbeb8bbf374c3dba1335f573f6e041600570bf0b47c3fcbec65291fb370b1bc83d9f823ef0d8b330c" +
			"be30b8c2e0098323187c657095c153064719fc34b869f062213f7366",
		squares(60, 4, false, false)},
	{"zeros", []uint32{3},
		"28b52ffd60204d4d000010000001001bce0eb0",
		make([]byte, 20000)},
}

func TestZstdVectors(t *testing.T) { checkVectors(t, zstdFilter{}, zstdVectors) }

func FuzzZstdDecode(f *testing.F) { fuzzDecode(f, zstdFilter{}, zstdVectors) }

// frame is a frame that does not tell its size.
func frame(p []byte) []byte {
	var out bytes.Buffer
	w, err := zstd.NewWriter(&out)
	if err == nil {
		_, err = w.Write(p)
	}
	if err == nil {
		err = w.Flush()
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		panic(err)
	}
	return out.Bytes()
}

func TestZstdOfUnknownSize(t *testing.T) {
	for name, data := range map[string][]byte{
		"nothing": nil, "noise": noise(10000), "zeros": make([]byte, 3<<20), "pattern": pattern(100000),
	} {
		src, n := frame(data), len(data)
		for _, limit := range []int{n, n + 1, 2*n + 100000} {
			got, err := zstdFilter{}.Decode([]byte("keep"), src, nil, limit)
			if err != nil || !bytes.Equal(got[4:], data) || cap(got) > 3*limit+100000 {
				t.Errorf("%s, limit %d: %d bytes, %v", name, limit, len(got), err)
			}
		}
		if _, err := (zstdFilter{}).Decode(nil, src, nil, n-1); n > 0 && !errors.Is(err, ErrLimit) && !errors.Is(err, ErrCorrupt) {
			t.Errorf("%s: a byte too many: %v", name, err)
		}
	}
	two := append(frame(pattern(1000)), zstdVectors[1].bytes()...)
	if got, err := (zstdFilter{}).Decode(nil, two, nil, 6000*4); err != nil || len(got) != 1000+len(zstdVectors[1].want) {
		t.Errorf("two frames: %d bytes, %v", len(got), err)
	}
	// A frame that tells a size of 2⁶³ bytes, without a block.
	liar := []byte{0x28, 0xb5, 0x2f, 0xfd, 0xe0, 0, 0, 0, 0, 0, 0, 0, 0x80}
	if got, err := (zstdFilter{}).Decode(nil, liar, nil, 1<<20); err == nil || len(got) != 0 {
		t.Errorf("a size that is too large: %v", err)
	}
}

func BenchmarkZstdDecode(b *testing.B) {
	data := pattern(1 << 20)
	benchmarkDecode(b, zstdFilter{}, frame(data), nil, len(data))
}
