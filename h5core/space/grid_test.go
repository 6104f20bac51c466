package space

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestGrid(t *testing.T) {
	g, err := NewGrid([]uint64{5, 7}, []uint64{2, 3})
	if err != nil {
		t.Fatal(err)
	}
	if n, err := g.Count(); n != 9 || err != nil || !slices.Equal(g.PerDim(), []uint64{3, 3}) {
		t.Error(n, err, g.PerDim())
	}
	if diff := cmp.Diff(Box{[]uint64{4, 6}, []uint64{1, 1}}, g.Box(8)); diff != "" {
		t.Error(diff)
	}
	touching := slices.Collect(g.Touching(Box{[]uint64{1, 3}, []uint64{2, 100}}))
	if diff := cmp.Diff([]uint64{1, 2, 4, 5}, touching); diff != "" {
		t.Error(diff)
	}
	if beyond := slices.Collect(g.Touching(Box{[]uint64{5, 0}, []uint64{1, 1}})); beyond != nil {
		t.Error(beyond)
	}
}

func TestGridErrors(t *testing.T) {
	for name, c := range map[string]struct {
		dims, chunk []uint64
		axis        int
	}{
		"no axes":  {nil, nil, -1},
		"rank":     {[]uint64{1, 2}, []uint64{1}, -1},
		"zero":     {[]uint64{1, 2}, []uint64{1, 0}, 1},
		"too many": {make([]uint64, 33), make([]uint64, 33), -1},
	} {
		_, err := NewGrid(c.dims, c.chunk)
		if what, axis := axisOf(t, err); what != "chunks" || axis != c.axis {
			t.Errorf("%s: %q %d", name, what, axis)
		}
	}
	g, err := NewGrid([]uint64{Unlimited, 3}, []uint64{1, 1})
	if err != nil {
		t.Fatal(err)
	}
	if n, err := g.Count(); err == nil {
		t.Errorf("2^64·3 chunks counted as %d", n)
	}
	empty, err := NewGrid([]uint64{0, 3}, []uint64{1, 1})
	if n, _ := empty.Count(); err != nil || n != 0 {
		t.Error(n, err)
	}
}

// Boxes of all chunks hold each element once, and Touching finds those that
// intersect.
func TestGridProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rank := rapid.IntRange(1, 4).Draw(t, "rank")
		axes := func(low, high uint64, name string) []uint64 {
			return rapid.SliceOfN(rapid.Uint64Range(low, high), rank, rank).Draw(t, name)
		}
		dims, chunk := axes(1, 7, "dims"), axes(1, 8, "chunk")
		box := Box{Start: axes(0, 8, "start"), Count: axes(0, 8, "count")}
		g, err := NewGrid(dims, chunk)
		if err != nil {
			t.Fatal(err)
		}
		var want []uint64
		elements := uint64(0)
		n, _ := g.Count()
		for i := range n {
			b := g.Box(i)
			elements += b.Size()
			if g.Linear(g.Coords(i)) != i {
				t.Fatalf("chunk %d is at %v", i, g.Coords(i))
			}
			if _, ok := b.Intersect(box); ok {
				want = append(want, i)
			}
		}
		if all := (Box{Count: dims}).Size(); elements != all {
			t.Fatalf("%d elements in the chunks of %v, want %d", elements, dims, all)
		}
		if got := slices.Collect(g.Touching(box)); !slices.Equal(got, want) {
			t.Fatalf("%v touches %v, want %v", box, got, want)
		}
	})
}
