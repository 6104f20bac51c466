package index

import (
	"github.com/h5serve/h5serve/h5core/internal/format"
	"github.com/h5serve/h5serve/h5core/internal/format/message"
	"github.com/h5serve/h5serve/h5core/internal/piece"
	"github.com/h5serve/h5serve/h5core/internal/wire"
)

// treeParams are those of a version 2 B-tree of chunks, as the C library
// chooses them.
var treeParams = message.TreeParams{NodeSize: 2048, Split: 100, Merge: 40}

// btree2 is the index of a dataset that may grow for ever along several axes
// (specification III.A.2, types 10 and 11).
type btree2 struct {
	*piece.BTree2
	chunks Chunks
	width  int // bytes of a stored size, 0 without filters
}

// NewBTree2 plans the tree of a dataset of rank axes; width is the bytes of a
// stored chunk size, 0 without filters.
func NewBTree2(chunks Chunks, rank, width int) (Plan, error) {
	t := &btree2{chunks: chunks, width: width}
	header := format.BTree2{
		Type: format.ChunkRecords, NodeSize: treeParams.NodeSize, Split: treeParams.Split, Merge: treeParams.Merge,
		RecordSize: uint16(format.ChunkEntrySize(wire.Default, width) + 8*rank),
	}
	if width > 0 {
		header.Type = format.ChunkRecordsFiltered
	}
	var err error
	t.BTree2, err = piece.NewBTree2(header, uint64(chunks.Len()), t.record)
	return t, err
}

func (t *btree2) record(k int) wire.Structure {
	coords, at := t.chunks.At(k)
	return &format.ChunkRecord{
		SizeWidth: t.width, Scaled: coords,
		ChunkEntry: format.ChunkEntry{Addr: at.Addr, Size: at.Size, Mask: at.Mask},
	}
}

func (t *btree2) Piece() piece.Meta {
	if t.chunks.Len() == 0 {
		return nil
	}
	return t
}

func (t *btree2) Describe(l *message.Layout) {
	Choose(l, message.IndexBTree2)
	l.Addr = t.Place().Addr()
}
