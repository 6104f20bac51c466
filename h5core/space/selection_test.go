package space

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestRuns(t *testing.T) {
	dims := []uint64{4, 6}
	points, err := Points(2, []uint64{3, 5, 0, 0, 0, 1, 2, 2, 2, 2})
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		s      Selection
		shape  []uint64
		bounds Box
		runs   []Run
	}{
		"all": {All(dims), []uint64{4, 6}, Box{[]uint64{0, 0}, []uint64{4, 6}}, []Run{{0, 24}}},
		"rows": {Slab(Box{[]uint64{1, 0}, []uint64{2, 6}}), []uint64{2, 6},
			Box{[]uint64{1, 0}, []uint64{2, 6}}, []Run{{6, 12}}},
		"box": {Slab(Box{[]uint64{1, 2}, []uint64{2, 3}}), []uint64{2, 3},
			Box{[]uint64{1, 2}, []uint64{2, 3}}, []Run{{8, 3}, {14, 3}}},
		"every other row": {Hyperslab{Start: []uint64{0, 0}, Stride: []uint64{2, 1}, Count: []uint64{2, 6}},
			[]uint64{2, 6}, Box{[]uint64{0, 0}, []uint64{3, 6}}, []Run{{0, 6}, {12, 6}}},
		"blocks": {Hyperslab{Start: []uint64{1, 0}, Stride: []uint64{1, 3}, Count: []uint64{1, 2}, Block: []uint64{1, 2}},
			[]uint64{1, 4}, Box{[]uint64{1, 0}, []uint64{1, 5}}, []Run{{6, 2}, {9, 2}}},
		"blocks that touch": {Hyperslab{Start: []uint64{1, 0}, Stride: []uint64{1, 3}, Count: []uint64{2, 2}, Block: []uint64{1, 3}},
			[]uint64{2, 6}, Box{[]uint64{1, 0}, []uint64{2, 6}}, []Run{{6, 12}}},
		"over the edge of a row": {Hyperslab{Start: []uint64{0, 0}, Stride: []uint64{1, 5}, Count: []uint64{2, 2}},
			[]uint64{2, 2}, Box{[]uint64{0, 0}, []uint64{2, 6}}, []Run{{0, 1}, {5, 2}, {11, 1}}},
		"nothing": {Slab(Box{[]uint64{4, 0}, []uint64{0, 6}}), []uint64{0, 6},
			Box{[]uint64{4, 0}, []uint64{0, 6}}, nil},
		"points": {points, []uint64{5}, Box{[]uint64{0, 0}, []uint64{4, 6}},
			[]Run{{23, 1}, {0, 2}, {14, 1}, {14, 1}}},
	} {
		if err := c.s.Check(dims); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if diff := cmp.Diff(c.runs, slices.Collect(c.s.Runs(dims))); diff != "" {
			t.Errorf("%s: runs %s", name, diff)
		}
		if diff := cmp.Diff(c.shape, c.s.Shape()); diff != "" {
			t.Errorf("%s: shape %s", name, diff)
		}
		if diff := cmp.Diff(c.bounds, c.s.Bounds()); diff != "" {
			t.Errorf("%s: bounds %s", name, diff)
		}
	}
}

func TestScalarSelection(t *testing.T) {
	s := All(nil)
	if diff := cmp.Diff([]Run{{0, 1}}, slices.Collect(s.Runs(nil))); diff != "" || s.Size() != 1 {
		t.Error(s.Size(), diff)
	}
}

func TestCheck(t *testing.T) {
	dims := []uint64{4, 6}
	outside, err := Points(2, []uint64{0, 0, 1, 6})
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		s    Selection
		axis int
	}{
		"rank":             {All([]uint64{4}), -1},
		"rank of a stride": {Hyperslab{Start: []uint64{0, 0}, Stride: []uint64{1}, Count: []uint64{1, 1}}, -1},
		"too long":         {All([]uint64{4, 7}), 1},
		"too late":         {Slab(Box{[]uint64{5, 0}, []uint64{0, 1}}), 0},
		"stride 0":         {Hyperslab{Start: []uint64{0, 0}, Stride: []uint64{1, 0}, Count: []uint64{1, 1}}, 1},
		"overlap":          {Hyperslab{Start: []uint64{0, 0}, Stride: []uint64{1, 1}, Count: []uint64{1, 2}, Block: []uint64{1, 2}}, 1},
		"start overflows":  {Slab(Box{[]uint64{Unlimited, 0}, []uint64{2, 1}}), 0},
		"stride overflows": {Hyperslab{Start: []uint64{0, 0}, Stride: []uint64{1 << 63, 1}, Count: []uint64{3, 1}}, 0},
		"length overflows": {Hyperslab{Start: []uint64{0, 0}, Count: []uint64{1 << 32, 1}, Block: []uint64{1 << 32, 1}}, 0},
		"point":            {outside, 1},
	} {
		what, axis := axisOf(t, c.s.Check(dims))
		if what != "selection" || axis != c.axis {
			t.Errorf("%s: %q %d", name, what, axis)
		}
	}
	if _, err := Points(2, make([]uint64, 3)); err == nil {
		t.Error("half a point was taken")
	}
}

// Every selection is compared with going through all elements.
func TestHyperslabProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rank := rapid.IntRange(1, 4).Draw(t, "rank")
		dims, h := make([]uint64, rank), Hyperslab{}
		for i := range dims {
			start := rapid.Uint64Range(0, 3).Draw(t, "start")
			block := rapid.Uint64Range(1, 3).Draw(t, "block")
			stride := block + rapid.Uint64Range(0, 2).Draw(t, "gap")
			count := rapid.Uint64Range(1, 3).Draw(t, "count")
			dims[i] = start + (count-1)*stride + block + rapid.Uint64Range(0, 2).Draw(t, "rest")
			h.Start, h.Stride = append(h.Start, start), append(h.Stride, stride)
			h.Count, h.Block = append(h.Count, count), append(h.Block, block)
		}
		if err := h.Check(dims); err != nil {
			t.Fatal(err)
		}
		var want, got []uint64
		for i := range (Box{Count: dims}).Size() {
			if h.has(coordsOf(dims, i)) {
				want = append(want, i)
			}
		}
		runs := slices.Collect(h.Runs(dims))
		for k, r := range runs {
			if k > 0 && runs[k-1].Offset+runs[k-1].Count >= r.Offset {
				t.Fatalf("runs %v and %v are not joined", runs[k-1], r)
			}
			for i := range r.Count {
				got = append(got, r.Offset+i)
			}
		}
		if !slices.Equal(want, got) || h.Size() != uint64(len(want)) {
			t.Fatalf("%v of %v: %v, want %v", h, dims, got, want)
		}
	})
}

func (h Hyperslab) has(coords []uint64) bool {
	for i, x := range coords {
		if x < h.Start[i] || (x-h.Start[i])/h.stride(i) >= h.Count[i] || (x-h.Start[i])%h.stride(i) >= h.block(i) {
			return false
		}
	}
	return true
}

func coordsOf(dims []uint64, i uint64) []uint64 {
	coords := make([]uint64, len(dims))
	for k := len(dims) - 1; k >= 0; k-- {
		coords[k] = i % dims[k]
		i /= dims[k]
	}
	return coords
}

func TestRunsStop(t *testing.T) {
	n := 0
	for range (Hyperslab{Start: []uint64{0, 0}, Stride: []uint64{2, 2}, Count: []uint64{3, 3}}).Runs([]uint64{6, 6}) {
		if n++; n == 2 {
			break
		}
	}
	if n != 2 {
		t.Error(n)
	}
}
