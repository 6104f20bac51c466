package h5core_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/h5serve/h5serve/h5core"
	"github.com/h5serve/h5serve/h5core/space"
)

func TestChunkBoxes(t *testing.T) {
	f := inMemory(t)
	d := dataset(t, f.Group, "d", simple(5, 4), h5core.Chunks(2, 3))
	sel := space.Slab(space.Box{Start: []uint64{1, 2}, Count: []uint64{2, 2}})
	boxes, err := d.ChunkBoxes(sel)
	must(t, err)
	var got []uint64
	for b := range boxes {
		got = append(got, slices.Concat(b.Start, b.Count)...)
	}
	if want := []uint64{1, 2, 1, 1, 1, 3, 1, 1, 2, 2, 1, 1, 2, 3, 1, 1}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if _, err := dataset(t, f.Group, "contiguous", simple(5)).ChunkBoxes(nil); !errors.Is(err, h5core.ErrInvalid) {
		t.Errorf("chunks of a contiguous dataset: %v", err)
	}
	if _, err := d.ChunkBoxes(space.All([]uint64{6, 4})); !errors.Is(err, h5core.ErrInvalid) {
		t.Errorf("a selection beyond the dataset: %v", err)
	}
}

func TestEachBlockEnds(t *testing.T) {
	f := inMemory(t)
	created(t, f, "numbers", []int64{0, 1, 2, 3, 4, 5, 6})
	d := open(t, reopened(t, f), "numbers")
	var firsts []uint64
	for b, err := range h5core.EachBlock[int](ctx, d, nil, 3) {
		must(t, err)
		firsts = append(firsts, b.First)
		if b.First == 3 {
			break
		}
	}
	if !slices.Equal(firsts, []uint64{0, 3}) {
		t.Errorf("blocks at %v", firsts)
	}
	for _, err := range h5core.EachBlock[string](ctx, d, nil, 0) {
		if !errors.Is(err, h5core.ErrInvalid) {
			t.Errorf("integers as texts: %v", err)
		}
	}
	for _, err := range h5core.EachBlock[int](ctx, d, space.All([]uint64{8}), 0) {
		if !errors.Is(err, h5core.ErrInvalid) {
			t.Errorf("a selection beyond the dataset: %v", err)
		}
	}
}
