package piece

import (
	"bytes"
	"context"
	"encoding/binary"
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/h5serve/h5serve/h5core/internal/format"
	"github.com/h5serve/h5serve/h5core/internal/wire"
	"github.com/h5serve/h5serve/h5core/vfd"
)

func TestRunPlacesInARow(t *testing.T) {
	r := NewRun(10)
	for _, tc := range []struct{ size, align, want, end uint64 }{{5, 1, 10, 15}, {0, 8, 16, 16}, {7, 8, 16, 23}, {1, 512, 512, 513}} {
		b := NewBase(vfd.Raw, tc.size)
		if b.Place().Addr() != wire.Undefined {
			t.Error("a piece has an address before it has a place")
		}
		if err := r.Put(&b, tc.align); err != nil || b.Place().Addr() != tc.want || r.End() != tc.end {
			t.Errorf("%+v: at %d, end %d, %v", tc, b.Place().Addr(), r.End(), err)
		}
	}
	for _, size := range []uint64{math.MaxInt64, math.MaxUint64} {
		b := NewBase(vfd.Raw, size)
		if err := r.Put(&b, 1); err == nil {
			t.Errorf("a piece of %d bytes has a place", size)
		}
	}
}

func TestStructureKeepsItsSize(t *testing.T) {
	parts := func() []wire.Structure {
		return []wire.Structure{&format.HeapHeader{Size: 1}, &format.HeapHeader{Size: 2}}
	}
	got, err := NewStructure(vfd.GlobalHeap, 32, parts).Append([]byte("x"))
	if err != nil || len(got) != 33 {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	if _, err := NewStructure(vfd.GlobalHeap, 31, parts).Append(nil); err == nil {
		t.Error("32 bytes where 31 were planned")
	}
}

// Every value is found where its token and index say, in collections that
// decode, at any window.
func TestGlobalHeapHoldsTheValues(t *testing.T) {
	ctx := context.Background()
	rapid.Check(t, func(t *rapid.T) {
		memory := vfd.NewMemory(vfd.Settings{BlockSize: 1 << 12})
		defer memory.Close()
		h := NewGlobalHeap(memory)
		var values [][]byte
		var tokens []uint64
		var indices []uint32
		sizes := rapid.SampledFrom([][]int{{0, 1, 7, 8, 9}, {100, 4000, 4064, 4072, 4080}, {65000, 65504, 65536, 70000}}).Draw(t, "sizes")
		for i := range rapid.IntRange(0, 60).Draw(t, "values") {
			v := bytes.Repeat([]byte{byte(i + 1)}, rapid.SampledFrom(sizes).Draw(t, "size"))
			token, index, err := h.Put(v)
			if err != nil {
				t.Fatal(err)
			}
			values, tokens, indices = append(values, v), append(tokens, token), append(indices, index)
		}
		pending := h.Pending()
		if err := h.Finish(); err != nil || h.Size() != pending {
			t.Fatalf("size %d, %d was foretold, %v", h.Size(), pending, err)
		}
		var out bytes.Buffer
		if err := h.WriteWindow(ctx, &out, 0, h.Size()); err != nil || uint64(out.Len()) != h.Size() {
			t.Fatalf("%d bytes of %d, %v", out.Len(), h.Size(), err)
		}
		for i, v := range values {
			if got := lookup(t, out.Bytes(), tokens[i], indices[i]); !bytes.Equal(got, v) {
				t.Fatalf("value %d: %d bytes, want %d", i, len(got), len(v))
			}
		}
		off := rapid.Uint64Range(0, h.Size()).Draw(t, "off")
		n := rapid.Uint64Range(0, h.Size()-off).Draw(t, "n")
		var window bytes.Buffer
		if err := h.WriteWindow(ctx, &window, off, n); err != nil || !bytes.Equal(window.Bytes(), out.Bytes()[off:off+n]) {
			t.Fatalf("window %d+%d: %d bytes, %v", off, n, window.Len(), err)
		}
	})
}

func lookup(t *rapid.T, heap []byte, token uint64, index uint32) []byte {
	var c format.GlobalHeap
	if _, err := wire.Decode(heap[token:], wire.Default, token, &c); err != nil {
		t.Fatal(err)
	}
	if c.Size < format.MinCollection {
		t.Fatalf("a collection of %d bytes", c.Size)
	}
	for _, o := range c.Objects {
		if uint32(o.Index) == index {
			return o.Data
		}
	}
	t.Fatalf("no object %d at %d", index, token)
	return nil
}

func TestGlobalHeapIndicesEnd(t *testing.T) {
	memory := vfd.NewMemory(vfd.Settings{})
	defer memory.Close()
	h := NewGlobalHeap(memory)
	seen := map[[2]uint64]bool{}
	for range 3 * format.MaxCollectionObject / 2 {
		token, index, err := h.Put(nil)
		if err != nil || index == 0 || index > format.MaxCollectionObject || seen[[2]uint64{token, uint64(index)}] {
			t.Fatal(token, index, err)
		}
		seen[[2]uint64{token, uint64(index)}] = true
	}
}

func TestTranslate(t *testing.T) {
	h := NewGlobalHeap(nil)
	h.Place().Set(5000)
	p := make([]byte, 16)
	if h.Translate(p[4:]); !bytes.Equal(p, make([]byte, 16)) {
		t.Errorf("the null descriptor became % x", p)
	}
	binary.LittleEndian.PutUint64(p[4:], 4096)
	binary.LittleEndian.PutUint32(p[12:], 1)
	if h.Translate(p[4:]); binary.LittleEndian.Uint64(p[4:]) != 9096 {
		t.Errorf("% x", p)
	}
}
