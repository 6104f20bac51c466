package represent

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/h5serve/h5serve/h5core/space"
)

// Pieces follow each other in C order, without gaps, and are bounded.
func TestPieces(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		dims := rapid.SliceOfN(rapid.Uint64Range(0, 9), 0, 4).Draw(t, "dims")
		size := rapid.SampledFrom([]uint64{1, 8, 3 << 20, 70 << 20}).Draw(t, "size")
		var chunk []uint64
		if len(dims) > 0 && rapid.Bool().Draw(t, "chunked") {
			chunk = rapid.SliceOfN(rapid.Uint64Range(1, 5), len(dims), len(dims)).Draw(t, "chunk")
		}
		next, whole := uint64(0), space.Box{Count: dims}.Size()
		for box := range Pieces(dims, chunk, size) {
			if n := box.Size() * size; n > max(sliceSize, size) {
				t.Fatalf("%v has %d bytes", box, n)
			}
			for run := range space.Slab(box).Runs(dims) {
				if run.Offset != next {
					t.Fatalf("%v begins at %d, not %d", box, run.Offset, next)
				}
				next += run.Count
			}
		}
		if next != whole {
			t.Fatalf("%d elements of %d", next, whole)
		}
	})
}

func TestPiecesBeginAtChunks(t *testing.T) {
	for box := range Pieces([]uint64{100, 1 << 20}, []uint64{3, 1 << 18}, 1) {
		if box.Start[0]%3 != 0 {
			t.Errorf("row %d lies inside a chunk", box.Start[0])
		}
	}
}
