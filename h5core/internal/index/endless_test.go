package index

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/h5serve/h5serve/h5core/internal/format/message"
	"github.com/h5serve/h5serve/h5core/internal/wire"
	"github.com/h5serve/h5serve/h5core/space"
)

// Indexes of datasets that may grow for ever, along one axis and along all of them.
func TestReadersFindWhatEndlessPlansWrite(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c, chunk := draw(t)
		width := rapid.SampledFrom([]int{0, 3, 8}).Draw(t, "width")
		most := slices.Clone(c.grid.Dims)
		most[rapid.IntRange(0, len(most)-1).Draw(t, "axis")] = space.Unlimited
		array, err := NewExtensibleArray(most, chunk, c, width)
		if err != nil {
			t.Fatal(err)
		}
		same(t, array, c, most, chunk, width)
		tree, err := NewBTree2(c, len(chunk), width)
		if err != nil {
			t.Fatal(err)
		}
		same(t, tree, c, slices.Repeat([]uint64{space.Unlimited}, len(chunk)), chunk, width)
	})
}

func same(t *rapid.T, p Plan, c chunks, most, chunk []uint64, width int) {
	l := &message.Layout{Version: 4, Addr: wire.Undefined}
	m := &memory{start: somewhere, left: 1 << 20}
	if p.Piece() != nil {
		m.data = built(t, p)
		p.Describe(l)
	}
	compare(t, reader(t, m, l, c.grid.Dims, most, chunk, width > 0), c, width > 0, volume(chunk))
}

// Far numbers lie in super blocks with pages, of which the array has those
// that hold a chunk, and no others.
func TestExtensibleArrayOfFarChunks(t *testing.T) {
	numbers := []uint64{3, 4, 5000, 1 << 20, 1<<20 + 1, 1<<30 + 77}
	grid, err := space.NewGrid([]uint64{1 << 31}, []uint64{1})
	if err != nil {
		t.Fatal(err)
	}
	c := chunks{grid, numbers}
	most := []uint64{space.Unlimited}
	p, err := NewExtensibleArray(most, []uint64{1}, c, 0)
	if err != nil {
		t.Fatal(err)
	}
	if size := p.Piece().Size(); size > 8<<20 {
		t.Errorf("%d bytes for %d chunks", size, len(numbers))
	}
	l := &message.Layout{Version: 4}
	m := &memory{start: somewhere, data: built(t, p), left: 1 << 20}
	p.Describe(l)
	r := reader(t, m, l, grid.Dims, most, []uint64{1}, false)
	var coords [][]uint64
	for _, n := range append([]uint64{0, 6, 1 << 29}, numbers...) {
		coords = append(coords, []uint64{n})
	}
	got, err := r.Find(t.Context(), coords)
	if err != nil {
		t.Fatal(err)
	}
	for i, x := range coords {
		want := uint64(wire.Undefined)
		if k := slices.Index(numbers, x[0]); k >= 0 {
			_, at := c.At(k)
			want = at.Addr
		}
		if got[i].Addr != want {
			t.Errorf("chunk %v lies at %#x, want %#x", x, got[i].Addr, want)
		}
	}
}

func TestExtensibleArrayRefuses(t *testing.T) {
	grid, _ := space.NewGrid([]uint64{1 << 33}, []uint64{1})
	if _, err := NewExtensibleArray([]uint64{space.Unlimited}, []uint64{1}, chunks{grid, []uint64{1 << 32}}, 0); err == nil {
		t.Error("a chunk beyond 2^32 is taken")
	}
	if _, err := NewExtensibleArray([]uint64{4}, []uint64{1}, chunks{}, 0); err == nil {
		t.Error("a shape with an end is taken")
	}
}
