package filespec

import (
	"fmt"
	"math"

	"github.com/h5serve/h5serve/h5core"
	"github.com/h5serve/h5serve/h5core/space"
)

// chunk is the shape of a chunk, given or guessed; nil where there are none.
func (ds *dataset) chunk() []uint64 {
	switch {
	case ds.storage == nil:
		return nil
	case ds.storage.chunks != nil:
		return ds.storage.chunks
	}
	return space.GuessChunk(ds.space.Dims, ds.space.Max, uint64(ds.t.Size))
}

// checkChunks holds every dataset's chunks to the limit on one of them: it is
// encoded in memory, a few times its size.
func (p *parser) checkChunks() {
	limit := p.spec.limits.MaxChunk
	for _, n := range p.spec.tree.order {
		if limit == 0 || n.dataset == nil || n.dataset.storage == nil || p.s.err != nil {
			continue
		}
		size, _ := product(append([]uint64{uint64(n.dataset.t.Size)}, n.dataset.chunk()...))
		if size > uint64(limit) {
			p.noteProblem(tooMuch("chunk_too_large", limit, int64(min(size, math.MaxInt64)), Entry{Pointer: n.pointer() + "/chunks",
				Detail: fmt.Sprintf("a chunk has %d bytes, at most %d are encoded in one piece", size, limit)}))
		}
	}
}

// checkIndexes holds the index of every dataset's chunks to the limit: that of
// all chunks that there may ever be where it is a fixed array, which the
// format allocates at once; else of those that are filled.
func (p *parser) checkIndexes() {
	for _, n := range p.spec.tree.order {
		if n.dataset == nil || n.dataset.storage == nil || p.s.err != nil {
			continue
		}
		size := n.dataset.indexSize(p.spec.low >= h5core.V110)
		if limit := p.spec.limits.MaxIndex; limit > 0 && size > uint64(limit) {
			p.noteProblem(tooMuch("index_too_large", limit, int64(min(size, math.MaxInt64)), Entry{Pointer: n.pointer(), Detail: fmt.Sprintf(
				"the index of chunks of shape %v takes %d bytes, at most %d: choose larger chunks, or null in maxshape", n.dataset.chunk(), size, limit)}))
		}
	}
}

// indexSize is the least that the index of the chunks takes.
func (ds *dataset) indexSize(fixedArray bool) uint64 {
	chunk, dims := ds.chunk(), ds.space.Dims
	entry := uint64(8*len(dims) + 24) // of a version 1 B-tree: a key and an address
	for _, m := range ds.space.Max {
		fixedArray = fixedArray && m != space.Unlimited
	}
	switch {
	case fixedArray:
		if entry = 8; len(ds.storage.filters) > 0 {
			entry = 16 // at least: address, size, mask
		}
		if ds.space.Max != nil {
			dims = ds.space.Max
		}
	case ds.value.source == nil && ds.value.stream == nil:
		return 0
	}
	count := make([]uint64, len(dims), len(dims)+1)
	for i, d := range dims {
		count[i] = d / chunk[i]
		if d%chunk[i] != 0 {
			count[i]++
		}
	}
	n, ok := product(append(count, entry))
	if !ok {
		return math.MaxUint64
	}
	return n
}

// Chunks under slowChunk bytes, if there are many, or over vastChunk make
// reading slow.
const (
	slowChunk  = 4 << 10
	manyChunks = 1000
	vastChunk  = 64 << 20
)

// advise notes what can be made but will be slow to read.
func (s *Spec) advise() {
	for _, n := range s.tree.order {
		if n.dataset == nil || n.dataset.storage == nil || len(s.warnings) == maxErrors {
			continue
		}
		chunk := n.dataset.chunk()
		size, _ := product(append([]uint64{uint64(n.dataset.t.Size)}, chunk...))
		g, err := space.NewGrid(n.dataset.space.Dims, chunk)
		if err != nil {
			continue
		}
		count, err := g.Count()
		switch {
		case err != nil:
		case size < slowChunk && count > manyChunks:
			s.warn(n, "small_chunks", "%d chunks of %d bytes each: chunks of 10 KiB to 1 MiB read faster", count, size)
		case size > vastChunk:
			s.warn(n, "large_chunks", "chunks of %d bytes: whoever reads one value reads, and decodes, a whole chunk", size)
		}
	}
}

func (s *Spec) warn(n *node, code, format string, args ...any) {
	s.warnings = append(s.warnings, Warning{Code: code, Detail: fmt.Sprintf(format, args...), Pointer: n.pointer() + "/chunks"})
}
