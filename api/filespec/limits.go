package filespec

// Limits bound what one description may ask for. A zero field is no limit.
type Limits struct {
	MaxDescription int64  // bytes of the description
	MaxDepth       int    // objects and lists inside each other
	MaxObjects     int    // groups, datasets, links and attributes
	MaxChunk       int64  // bytes of a chunk, which is encoded in memory
	MaxIndex       int64  // bytes of the index of one dataset's chunks
	MaxFile        uint64 // bytes of all data before filters
	Files          Files  // that data is taken from by name; nil: there are none
}

// DefaultLimits returns the limits that protect a server.
func DefaultLimits() Limits {
	return Limits{
		MaxDescription: 256 << 20,
		MaxDepth:       64,
		MaxObjects:     200_000,
		MaxChunk:       256 << 20,
		MaxIndex:       256 << 20,
		MaxFile:        64 << 30,
	}
}
