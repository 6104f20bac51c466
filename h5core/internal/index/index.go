// Package index says where the chunks of a dataset are: one interface to write
// and one to read, one file for each kind of index.
//
//	dataset's layout message ──▶ index ──▶ place in the grid → address, size, mask
//	                              ├ version 1 B-tree    any shape
//	                              ├ fixed array         a shape with an end
//	                              ├ single chunk        the message itself
//	                              ├ extensible array    one axis without end
//	                              ├ version 2 B-tree    several of them
//	                              └ implicit            one behind the other, only read
package index

import (
	"math/bits"

	"github.com/h5serve/h5serve/h5core/internal/format"
	"github.com/h5serve/h5serve/h5core/internal/format/message"
	"github.com/h5serve/h5serve/h5core/internal/piece"
)

// Stored is where a chunk lies. The address is relative to the file's base.
type Stored struct {
	Addr uint64
	Size uint64 // bytes as stored
	Mask uint32 // filters left out
}

// Chunks are the chunks of a dataset to be, ascending by their number in C
// order of the dataset's grid. At answers when all places are known.
type Chunks interface {
	Len() int
	Coords(k int) []uint64 // in chunks, at any time
	At(k int) (coords []uint64, s Stored)
}

// Plan is an index of a file to be.
type Plan interface {
	// Piece is what the index takes in the file; nil where the layout message
	// says all.
	Piece() piece.Meta
	// Describe completes the layout message when all places are known.
	Describe(l *message.Layout)
}

// Choose names an index in a layout message, with what the C library has as
// its parameters.
func Choose(l *message.Layout, kind uint8) {
	switch l.Index = kind; kind {
	case message.IndexFixedArray:
		l.PageBits = format.FixedArrayPageBits
	case message.IndexExtensibleArray:
		l.Array = arrayParams
	case message.IndexBTree2:
		l.Tree = treeParams
	}
}

// SizeWidth is the number of bytes in which an array index stores the size of
// a filtered chunk: one more than the unfiltered size needs, at most 8
// (specification III.F, "Data Block Element for Filtered Dataset Chunks").
func SizeWidth(chunkBytes uint64) int {
	return min(8, 1+(bits.Len64(chunkBytes)-1+8)/8)
}
