package index

import (
	"github.com/h5serve/h5serve/h5core/internal/format"
	"github.com/h5serve/h5serve/h5core/internal/format/message"
	"github.com/h5serve/h5serve/h5core/internal/piece"
	"github.com/h5serve/h5serve/h5core/internal/wire"
	"github.com/h5serve/h5serve/h5core/space"
	"github.com/h5serve/h5serve/h5core/vfd"
)

// fixedArray is the index of a dataset that cannot grow for ever: an entry for
// every chunk of its maximum shape, in C order (specification III.F).
type fixedArray struct {
	*piece.Structure
	grid   space.Grid // of the maximum shape
	chunks Chunks
	width  int // bytes of a stored size, 0 without filters
	count  uint64
}

// NewFixedArray plans the array of a grid of the maximum shape; width is the
// bytes of a stored chunk size, 0 without filters. Its piece is the header and
// the data block.
func NewFixedArray(grid space.Grid, chunks Chunks, width int) (Plan, error) {
	count, err := grid.Count()
	if err != nil {
		return nil, err
	}
	a := &fixedArray{grid: grid, chunks: chunks, count: count, width: width}
	a.Structure = piece.NewStructure(vfd.BTree, a.headerSize()+a.blockSize(), a.parts)
	return a, nil
}

func (a *fixedArray) Piece() piece.Meta { return a }

func (a *fixedArray) Describe(l *message.Layout) {
	Choose(l, message.IndexFixedArray)
	l.Addr = a.Place().Addr()
}

func (a *fixedArray) headerSize() uint64 { return 12 + 2*8 }

func (a *fixedArray) blockSize() uint64 {
	size := 14 + a.count*uint64(format.ChunkEntrySize(wire.Default, a.width))
	if per := uint64(1) << format.FixedArrayPageBits; a.count > per {
		pages := (a.count + per - 1) / per
		size += (pages+7)/8 + 4*pages
	}
	return size + 4
}

func (a *fixedArray) parts() []wire.Structure {
	entries := make([]format.ChunkEntry, a.count)
	for i := range entries {
		entries[i].Addr = wire.Undefined
	}
	for k := range a.chunks.Len() {
		coords, at := a.chunks.At(k)
		entries[a.grid.Linear(coords)] = format.ChunkEntry{Addr: at.Addr, Size: at.Size, Mask: at.Mask}
	}
	client := uint8(0)
	if a.width > 0 {
		client = 1
	}
	start := a.Place().Addr()
	return []wire.Structure{
		&format.FixedArray{
			Client: client, EntrySize: uint8(format.ChunkEntrySize(wire.Default, a.width)),
			PageBits: format.FixedArrayPageBits, Entries: a.count, DataBlock: start + a.headerSize(),
		},
		&format.FixedArrayBlock{
			Client: client, Header: start, PageBits: format.FixedArrayPageBits,
			SizeWidth: a.width, Entries: entries,
		},
	}
}
