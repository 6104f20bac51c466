package h5core_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/h5serve/h5serve/h5core"
	"github.com/h5serve/h5serve/h5core/filter"
)

// checked checks a file in memory.
func checked(t testing.TB, p []byte) *h5core.Report {
	t.Helper()
	r, err := h5core.Check(ctx, "memory.h5", h5core.WithDriver(image(p)))
	must(t, err)
	return r
}

// versions are the bounds that give files of the three families.
var versions = []h5core.Libver{h5core.Earliest, h5core.V108, h5core.V110}

func TestCheckWritten(t *testing.T) {
	for _, low := range versions {
		for _, user := range []uint64{0, 512} {
			f := inMemory(t, h5core.WithLibver(low, h5core.Latest), h5core.WithUserBlock(user, nil))
			rich(t, f)
			r := checked(t, whole(t, f))
			if len(r.Findings) > 0 || !r.Sound() {
				t.Errorf("%v: %+v", low, r.Findings)
			}
			want := []string{"/a/b/chunked", "/a/fixed", "/contiguous", "/text"}
			if slices.Sort(r.Readable); !slices.Equal(r.Readable, want) || r.Datasets != 4 || r.Objects != 8 || r.Chunks != 80 {
				t.Errorf("%v: %+v", low, r)
			}
			if r.Unused() > 256 {
				t.Errorf("%v: %d of %d bytes are unknown", low, r.Unused(), r.Bytes.Size)
			}
		}
	}
}

// Every byte of a structure with a checksum, and of a chunk with one, is
// missed when it changes, under the path where it lies.
func TestCheckFindsFlippedBytes(t *testing.T) {
	build := func(low h5core.Libver) []byte {
		f := inMemory(t, h5core.WithLibver(low, h5core.Latest))
		rich(t, f)
		return whole(t, f)
	}
	tests := []struct {
		name      string
		low       h5core.Libver
		signature string
		nth, at   int // of the signatures in the file; byte behind it
		path      string
		says      string
		readable  int
	}{
		{"object header", h5core.V110, "OHDR", 1, 9, "/contiguous", "object header", 3},
		{"fixed array", h5core.V110, "FADB", 0, 20, "/a/fixed", "fixed array data block", 3},
		{"fixed array header", h5core.V110, "FAHD", 0, 7, "/a/fixed", "fixed array header", 3},
		{"signature of a node", h5core.Earliest, "SNOD", 0, 0, "/a", "symbol table node", 2},
		{"signature of a heap", h5core.Earliest, "HEAP", 0, 0, "/a", "local heap", 2},
		{"collection", h5core.Earliest, "GCOL", 0, 4, "/@names", "global heap collection", 4},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p := build(test.low)
			at := -1
			for range test.nth + 1 {
				next := bytes.Index(p[at+1:], []byte(test.signature))
				if next < 0 {
					t.Fatal("no such structure")
				}
				at += 1 + next
			}
			p[at+test.at] ^= 0x40
			r := checked(t, p)
			if r.Sound() || len(r.Findings) == 0 {
				t.Fatalf("found to be sound: %+v", r)
			}
			f := r.Findings[0]
			if f.Severity != h5core.Damaged || f.Path != test.path || f.Structure != test.says {
				t.Errorf("%+v", f)
			}
			if f.Offset < uint64(at) || f.Offset > uint64(at)+1000 {
				t.Errorf("offset %d, the structure lies at %d", f.Offset, at)
			}
			if len(r.Readable) != test.readable {
				t.Errorf("readable: %v", r.Readable)
			}
		})
	}
}

func TestCheckFindsDamagedChunks(t *testing.T) {
	for _, low := range versions {
		f := inMemory(t, h5core.WithLibver(low, h5core.Latest))
		d := dataset(t, f.Group, "g/d", simple(40, 30), h5core.Chunks(10, 30), h5core.Filters(filter.NewFletcher32()))
		v := make([]int64, 40*30)
		for i := range v {
			v[i] = 1000 + int64(i)
		}
		must(t, d.Write(ctx, nil, v))
		dataset(t, f.Group, "other", simple(3))
		p := whole(t, f)
		for k, first := range []int{1000 + 300, 1000 + 900} { // of chunks 1 and 3
			at := bytes.Index(p, []byte{byte(first), byte(first >> 8), 0, 0, 0, 0, 0, 0})
			p[at+100*(k+1)] ^= 1
		}
		r := checked(t, p)
		if len(r.Findings) != 2 || r.Chunks != 4 || !slices.Equal(r.Readable, []string{"/other"}) {
			t.Fatalf("%v: %+v", low, r)
		}
		for i, want := range []string{"chunk [1 0]", "chunk [3 0]"} {
			f := r.Findings[i]
			if f.Structure != want || f.Path != "/g/d" || f.Severity != h5core.Damaged || !strings.Contains(f.Detail, "fletcher32") {
				t.Errorf("%v: %+v", low, f)
			}
		}
	}
}

func TestCheckFindsOverlaps(t *testing.T) {
	f := inMemory(t, h5core.WithLibver(h5core.V110, h5core.Latest))
	must(t, dataset(t, f.Group, "one", simple(100)).Write(ctx, nil, make([]int64, 100)))
	must(t, f.HardLink("same", "/one"))
	p := whole(t, f)
	if r := checked(t, p); len(r.Findings) > 0 || r.Datasets != 1 {
		t.Fatalf("%+v", r)
	}
	// Without checksums, in the old format, an address can be moved.
	f = inMemory(t)
	must(t, dataset(t, f.Group, "one", simple(100)).Write(ctx, nil, make([]int64, 100)))
	must(t, dataset(t, f.Group, "two", simple(100)).Write(ctx, nil, make([]int64, 100)))
	p = whole(t, f)
	layout := []byte{3, 1} // version, contiguous; then address and size, 800
	size := []byte{0x20, 3, 0, 0, 0, 0, 0, 0}
	var places []int
	for i := range len(p) - 18 {
		if bytes.Equal(p[i:i+2], layout) && bytes.Equal(p[i+10:i+18], size) {
			places = append(places, i+2)
		}
	}
	if len(places) != 2 {
		t.Fatalf("layouts at %v", places)
	}
	copy(p[places[0]:places[0]+8], p[places[1]:places[1]+8])
	r := checked(t, p)
	if len(r.Findings) != 1 || r.Findings[0].Severity != h5core.Overlap || r.Sound() || r.Unused() < 800 {
		t.Errorf("%+v", r)
	}
}

func TestCheckWhatCannotBeOpened(t *testing.T) {
	for name, p := range map[string][]byte{"no HDF5": []byte("something else"), "cut": []byte("\x89HDF\r\n\x1a\n\x00\x00")} {
		if r := checked(t, p); r.Sound() || len(r.Findings) != 1 {
			t.Errorf("%s: %+v", name, r)
		}
	}
	if _, err := h5core.Check(ctx, filepath.Join(t.TempDir(), "none.h5")); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
	if _, err := inMemory(t).Check(ctx); !errors.Is(err, h5core.ErrUnsupported) {
		t.Error(err)
	}
}

// In a file of the newest format whose elements have checksums, no byte of any
// structure can change unseen.
func TestCheckMissesNoByte(t *testing.T) {
	f := inMemory(t, h5core.WithLibver(h5core.V110, h5core.Latest))
	d := dataset(t, f.Group, "g/d", simple(40, 30), h5core.Chunks(10, 30), h5core.Filters(filter.NewFletcher32()))
	must(t, d.Write(ctx, nil, make([]int64, 40*30)))
	must(t, d.Attributes().Set("unit", 7))
	p := whole(t, f)
	if r := checked(t, p); r.Unused() > 0 || !r.Sound() {
		t.Fatalf("%+v", r)
	}
	for at := range p {
		p[at] ^= 0x10
		if r := checked(t, p); r.Sound() {
			t.Errorf("byte %d of %d: %+v", at, len(p), r)
		}
		p[at] ^= 0x10
	}
}
