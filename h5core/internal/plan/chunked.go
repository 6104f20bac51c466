package plan

import (
	"fmt"

	"github.com/h5serve/h5serve/h5core/internal/format/message"
	"github.com/h5serve/h5serve/h5core/internal/index"
	"github.com/h5serve/h5serve/h5core/internal/object"
	"github.com/h5serve/h5serve/h5core/internal/piece"
	"github.com/h5serve/h5serve/h5core/internal/transfer"
	"github.com/h5serve/h5serve/h5core/space"
	"github.com/h5serve/h5serve/h5core/vfd"
)

// chunked is the storage of a dataset in chunks, in the order of their
// numbers. Chunks of a fixed stored size are made when they are written out,
// and those that another file holds as they will be stored are read then;
// others are encoded into memory before the plan is complete.
type chunked struct {
	piece.Base
	grid    space.Grid
	numbers transfer.Numbers // of the chunks that are stored
	chunks  *transfer.Chunks
	fixed   uint64 // bytes of each stored chunk, 0 where they differ
	most    uint64 // bytes of a chunk that is encoded, at most
	known   bool   // the size is known
	workers int
	memory  *vfd.Memory

	copied object.Copied   // nil: no chunk lies in another file
	placed []object.Source // where those of no fixed size lie, in memory or in the other file
	own    []int           // which of them lie in memory, ascending
	starts []uint64        // where each begins in the piece
}

func (b *builder) chunked(h *header, d *object.Dataset, m *message.Layout) error {
	m.Class = message.Chunked
	m.Chunk = append(append([]uint64(nil), d.Chunk...), uint64(d.Type.Size))
	m.BareEdges = d.BareEdges
	s, err := b.newChunked(d)
	if err != nil {
		return err
	}
	plan, err := b.chunkIndex(d, m, s)
	if err != nil {
		return err
	}
	if m.Version >= 4 {
		index.Choose(m, indexOf(d))
		m.Filtered = m.Index == message.IndexSingle && len(d.Filters) > 0 && s.Len() > 0
	}
	if s.Len() > 0 {
		if p := plan.Piece(); p != nil {
			b.indexes = append(b.indexes, p)
		}
		b.raw = append(b.raw, s)
		h.resolve = append(h.resolve, func() { plan.Describe(m) })
	}
	return h.add(message.TypeLayout, 0, m)
}

func (b *builder) newChunked(d *object.Dataset) (*chunked, error) {
	grid, err := space.NewGrid(d.Space.Dims, d.Chunk)
	if err != nil {
		return nil, err
	}
	s := &chunked{grid: grid, workers: b.settings.Workers, memory: b.settings.Memory}
	if d.Values == nil {
		return s, nil
	}
	if kept, ok := d.Values.(object.Chunks); ok {
		s.numbers = transfer.Listed(kept.Filled())
	} else {
		count, err := grid.Count()
		if err != nil {
			return nil, err
		}
		if count > maxChunks {
			return nil, &TooManyChunks{count}
		}
		s.numbers = transfer.First(int(count))
	}
	s.chunks = transfer.NewChunks(d, grid, b.pointers(d))
	bytes := uint64(d.Type.Size)
	for _, n := range d.Chunk {
		bytes *= n
	}
	stored := d.Filters.Extent(bytes)
	s.most = max(stored.Max, bytes)
	if copied, ok := d.Values.(object.Copied); ok && s.copies(copied) {
		return s, nil
	}
	if stored.Fixed && (!d.BareEdges || len(d.Filters) == 0) {
		s.fixed, s.known = stored.Max, true
		if s.fixed > 0 && uint64(s.Len()) > (1<<63-1)/s.fixed {
			return nil, fmt.Errorf("%d chunks of %d bytes exceed 2^63-1 bytes", s.Len(), s.fixed)
		}
		s.Base = piece.NewBase(vfd.Raw, uint64(s.Len())*s.fixed)
	}
	return s, nil
}

// maxChunks bounds the index of one dataset: about 256 MiB of it.
const maxChunks = 256 << 20 / 16

// TooManyChunks says that the index of a dataset would be too large to make.
type TooManyChunks struct{ Count uint64 }

func (e *TooManyChunks) Error() string {
	return fmt.Sprintf("%d chunks need too large an index, at most %d are made", e.Count, maxChunks)
}

// sizeWidth is the bytes of a stored chunk size in the index, 0 without filters.
func sizeWidth(d *object.Dataset, m *message.Layout) int {
	switch {
	case len(d.Filters) == 0:
		return 0
	case m.Version == 5:
		return 8
	}
	bytes := uint64(1)
	for _, n := range m.Chunk {
		bytes *= n
	}
	return index.SizeWidth(bytes)
}

// indexOf is the index that the C library chooses for a version 4 layout, by
// how many axes may grow for ever.
func indexOf(d *object.Dataset) uint8 {
	switch index.Endless(d.Space.Max) {
	case 0:
	case 1:
		return message.IndexExtensibleArray
	default:
		return message.IndexBTree2
	}
	for i, n := range d.Space.Dims {
		if d.Chunk[i] != n || d.Space.Max != nil && d.Space.Max[i] != n {
			return message.IndexFixedArray
		}
	}
	return message.IndexSingle
}

func (b *builder) chunkIndex(d *object.Dataset, m *message.Layout, s *chunked) (index.Plan, error) {
	if m.Version == 3 {
		return index.NewBTree1(s, m.Chunk), nil
	}
	switch indexOf(d) {
	case message.IndexSingle:
		return index.NewSingle(s, len(d.Filters) > 0), nil
	case message.IndexExtensibleArray:
		return index.NewExtensibleArray(d.Space.Max, d.Chunk, s, sizeWidth(d, m))
	case message.IndexBTree2:
		return index.NewBTree2(s, len(d.Chunk), sizeWidth(d, m))
	}
	extent := d.Space.Max
	if extent == nil {
		extent = d.Space.Dims
	}
	grid, err := space.NewGrid(extent, d.Chunk)
	if err != nil {
		return nil, err
	}
	if count, err := grid.Count(); err != nil || count > maxChunks {
		if s.Len() > 0 {
			return nil, &TooManyChunks{count}
		}
		return nil, err
	}
	return index.NewFixedArray(grid, s, sizeWidth(d, m))
}

// Len is how many chunks are stored.
func (s *chunked) Len() int { return s.numbers.Len() }

// Coords tells which chunk the k-th of them is.
func (s *chunked) Coords(k int) []uint64 { return s.grid.Coords(s.numbers.At(k)) }

// At tells where the k-th of them lies.
func (s *chunked) At(k int) ([]uint64, index.Stored) {
	at := index.Stored{Addr: s.Place().Addr()}
	if s.fixed > 0 {
		at.Addr, at.Size = at.Addr+uint64(k)*s.fixed, s.fixed
	} else {
		at.Addr, at.Size, at.Mask = at.Addr+s.starts[k], s.placed[k].Size, s.placed[k].Mask
	}
	return s.grid.Coords(s.numbers.At(k)), at
}
