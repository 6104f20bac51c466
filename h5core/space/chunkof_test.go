package space

import (
	"slices"
	"testing"
)

func TestChunkOf(t *testing.T) {
	for _, c := range []struct {
		shape, max []uint64
		item       uint64
		want       []uint64
	}{
		{nil, nil, 4, nil},
		{[]uint64{100}, nil, 4, []uint64{100}},
		{[]uint64{1 << 20}, nil, 4, []uint64{1 << 18}},
		{[]uint64{0, 300}, []uint64{Unlimited, 300}, 8, []uint64{256, 300}},
		{[]uint64{0}, []uint64{10}, 8, []uint64{10}},
		{[]uint64{3000, 3000}, nil, 4, []uint64{375, 375}},
		{[]uint64{5, 1 << 40}, nil, 1 << 30, []uint64{1, 1}},
		{[]uint64{1<<63 + 1, 1<<63 + 1}, nil, 1, []uint64{513, 1025}},
	} {
		if got := ChunkOf(c.shape, c.max, c.item, 1<<20); !slices.Equal(got, c.want) {
			t.Errorf("%v of %d bytes: %v, want %v", c.shape, c.item, got, c.want)
		}
	}
}
