package filter

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"runtime"
	"testing"
)

// bombs are small chunks that decode to very much, or say so, of every filter.
func bombs(t *testing.T) map[string]struct {
	filter Filter
	src    []byte
	params []uint32
} {
	t.Helper()
	unhex := func(s string) []byte {
		p, err := hex.DecodeString(s)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	big, little := binary.BigEndian, binary.LittleEndian
	// 16,000 blocks of 128 KiB of one byte each, in a window of 2 GiB.
	runs := bytes.Repeat([]byte{1 << 1, 0, 16, 'x'}, 16_000)
	window := append(unhex("28b52ffd00a8"), runs...)
	told := append(little.AppendUint64(unhex("28b52ffde0"), 1<<56), runs...)
	frame := func(codec byte, size, block uint32, part []byte) []byte {
		p := []byte{2, 1, codec<<5 | bloscNoSplit, 8}
		for _, n := range []uint32{size, block, uint32(24 + len(part)), 20, uint32(len(part))} {
			p = little.AppendUint32(p, n)
		}
		return append(p, part...)
	}
	var deflated bytes.Buffer
	w := zlib.NewWriter(&deflated)
	_, _ = w.Write(make([]byte, 64<<20))
	_ = w.Close()
	repeats := append([]byte{0, 'x'}, bytes.Repeat([]byte{0xe0, 255, 0}, 20_000)...)
	lz4 := func(size uint64, block uint32, part []byte) []byte {
		return append(big.AppendUint32(big.AppendUint32(big.AppendUint64(nil, size), block), uint32(len(part))), part...)
	}
	coded := append([]byte{0x1f, 'x', 1, 0}, bytes.Repeat([]byte{255}, 60_000)...) // a repeat of 15 MB
	return map[string]struct {
		filter Filter
		src    []byte
		params []uint32
	}{
		"deflate":                           {deflate{}, deflated.Bytes(), []uint32{6}},
		"bzip2, 56 blocks of 900 kB":        {bzip2Filter{}, unhex("425a68393141592653590e09e2df015f8e4000c0000008200030804d4642a025a90a809731415926535993c4ec3d001f68c100c00000100008200030cc09aa6995220daa5220f1772453850908fd729830"), nil},
		"zstd, a window of 2 GiB":           {zstdFilter{}, window, nil},
		"zstd, a told size of 2^56":         {zstdFilter{}, told, nil},
		"lzf, repeats":                      {lzf{}, repeats, nil},
		"lz4, 2^62 bytes":                   {lz4Filter{}, lz4(1<<62, 1<<30, coded), nil},
		"lz4, a block of 4 GiB":             {lz4Filter{}, lz4(bombLimit, 1<<32-1, coded), nil},
		"lz4, a length of 4 GiB":            {lz4Filter{}, lz4(bombLimit, 1<<32-1, nil)[:12], nil},
		"blosc, a size of 4 GiB":            {blosc{}, frame(1, 1<<32-1, 1<<30, coded), nil},
		"blosc, a block of 4 GiB":           {blosc{}, frame(1, bombLimit, 1<<32-1, coded), nil},
		"blosc, a block of one byte":        {blosc{}, frame(1, bombLimit, 1, coded), nil},
		"blosc, zstd that holds more":       {blosc{}, frame(4, bombLimit, bombLimit, window), nil},
		"blosc, zlib that holds more":       {blosc{}, frame(3, bombLimit, bombLimit, deflated.Bytes()), nil},
		"blosc, snappy of another size":     {blosc{}, frame(2, bombLimit, bombLimit, unhex("ffffffff0f00")), nil},
		"bitshuffle, 2^62 bytes of lz4":     {bitshuffle{}, lz4(1<<62, 8192, coded), []uint32{0, 4, 4, 0, 2}},
		"bitshuffle, a block of 4 GiB":      {bitshuffle{}, lz4(bombLimit, 1<<32-1, coded), []uint32{0, 4, 4, 0, 2}},
		"bitshuffle, zstd that holds more":  {bitshuffle{}, lz4(bombLimit, 8192, window), []uint32{0, 4, 4, 0, 3}},
		"szip, a size of 4 GiB":             {szip{}, unhex("ffffffff00"), szipVectors[0].params},
		"szip, the whole chunk in one byte": {szip{}, append(little.AppendUint32(nil, bombLimit), 0), szipVectors[0].params},
		"nbit, 2^30 elements":               {nbit{}, []byte{1}, []uint32{8, 0, 1 << 30, 1, 4, 0, 8, 0}},
		"scaleoffset, 2^30 elements":        {scaleOffset{}, make([]byte, 30), []uint32{2, 0, 1 << 30, 0, 4, 0, 0, 0}},
		"zfp, 2^32 elements":                {zfp{}, make([]byte, 100), []uint32{269504785, 91252346, 0xfffffff1, 0xfffff}},
		"shuffle, more than the chunk":      {shuffle{}, make([]byte, 2*bombLimit), []uint32{8}},
		"fletcher32, more than the chunk":   {fletcher32{}, make([]byte, 2*bombLimit), nil},
	}
}

// bombLimit is the chunk's size; what decoding may take beside it is what
// decoders need for themselves, which the sizes in a chunk do not change.
const (
	bombLimit = 1 << 20
	bombTable = 4 << 20
)

// Bombs are refused, at the cost of the chunk's own size (section 3, rows 21
// and 23 of the research on reliability): twice that where room is doubled.
func TestBombs(t *testing.T) {
	tested := map[ID]bool{}
	for name, b := range bombs(t) {
		tested[b.filter.ID()] = true
		p := Pipeline{{Filter: b.filter, Params: b.params}}
		decode := func() uint64 {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			out, err := p.Decode(new(Buffers), b.src, 0, bombLimit)
			runtime.ReadMemStats(&after)
			if !errors.Is(err, ErrLimit) && !errors.Is(err, ErrCorrupt) && !errors.Is(err, ErrParams) {
				t.Errorf("%s: %d bytes, %v", name, len(out), err)
			}
			return after.TotalAlloc - before.TotalAlloc
		}
		first, again := decode(), decode()
		t.Logf("%-36s %8d bytes, again %8d", name, first, again)
		if first > 3*bombLimit+bombTable || again > 3*bombLimit+bombTable {
			t.Errorf("%s of %d bytes took %d bytes of memory, then %d", name, len(b.src), first, again)
		}
	}
	for id := range registry.filters {
		if !tested[id] && id < 40_000 {
			t.Errorf("there is no bomb of filter %d", id)
		}
	}
}
