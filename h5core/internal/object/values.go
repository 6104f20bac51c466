package object

import (
	"context"

	"github.com/h5serve/h5serve/h5core/vfd"
)

// Values are the elements of a dataset as stored, in C order of its shape;
// variable-length parts hold tokens of the file's data heap. They can be read
// any number of times and by many goroutines at once.
type Values interface {
	// Read fills dst, a multiple of the element size, with the elements from
	// first on.
	Read(ctx context.Context, first uint64, dst []byte) error
}

// Chunks are values that are kept chunk by chunk, where not every chunk was
// filled.
type Chunks interface {
	Values
	// Filled lists the chunks that anybody filled, ascending, by their number
	// in C order of the grid.
	Filled() []uint64
	// Chunk fills dst with a whole chunk.
	Chunk(ctx context.Context, i uint64, dst []byte) error
}

// Stored are values that lie in a row in memory, where they need not be
// copied to be written out.
type Stored interface {
	Values
	// At tells where the elements' bytes begin in the file's memory.
	At() uint64
}

// Copied are chunks some of which another file holds as they will be stored:
// those travel as they are, and nobody runs a filter over them.
type Copied interface {
	Chunks
	// Source gives the place of the k-th of Filled; a size of 0 says that the
	// chunk has to be encoded.
	Source(k int) Source
	// Fetch reads places of the other file, all in one wave.
	Fetch(ctx context.Context, segs []vfd.Segment) error
}

// Source is a stored chunk of another file.
type Source struct {
	Addr, Size uint64
	Mask       uint32 // filters left out
}

// Stretch are values that lie in a row in another file as they will be stored.
type Stretch interface {
	Values
	Place() Source
	Fetch(ctx context.Context, segs []vfd.Segment) error
}
