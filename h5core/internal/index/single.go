package index

import (
	"github.com/h5serve/h5serve/h5core/internal/format/message"
	"github.com/h5serve/h5serve/h5core/internal/piece"
)

// single is the index of a dataset that is one chunk and cannot grow
// (IV.A.2.i, "Single Chunk").
type single struct {
	chunks   Chunks
	filtered bool
}

// NewSingle plans a dataset of one chunk.
func NewSingle(chunks Chunks, filtered bool) Plan { return &single{chunks, filtered} }

func (s *single) Piece() piece.Meta { return nil }

func (s *single) Describe(l *message.Layout) {
	l.Index, l.Filtered = message.IndexSingle, s.filtered
	if s.chunks.Len() > 0 {
		_, at := s.chunks.At(0)
		l.Addr, l.StoredSize, l.StoredMask = at.Addr, at.Size, at.Mask
	}
}
