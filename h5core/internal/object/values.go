package object

import "context"

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
