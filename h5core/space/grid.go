package space

import "iter"

// Grid is a shape cut into chunks of one size, numbered in C order. Chunks at
// the far ends may reach beyond the shape. Make it with NewGrid.
type Grid struct {
	Dims, Chunk []uint64
	per         []uint64 // chunks along each axis
}

// NewGrid returns the grid of a shape.
func NewGrid(dims, chunk []uint64) (Grid, error) {
	if len(dims) == 0 || len(dims) > MaxRank {
		return Grid{}, bad("chunks", -1, "%d axes; a grid has 1 to %d", len(dims), MaxRank)
	}
	if err := checkRank("chunks", len(chunk), len(dims)); err != nil {
		return Grid{}, err
	}
	per := make([]uint64, len(dims))
	for i, c := range chunk {
		if c == 0 {
			return Grid{}, bad("chunks", i, "a chunk of length 0")
		}
		per[i] = dims[i] / c
		if dims[i]%c != 0 {
			per[i]++
		}
	}
	return Grid{Dims: dims, Chunk: chunk, per: per}, nil
}

// PerDim returns the number of chunks along each axis. It is not to be
// changed.
func (g Grid) PerDim() []uint64 { return g.per }

// Count returns the number of chunks. Where it is an error, there are more
// than Linear can number.
func (g Grid) Count() (uint64, error) {
	n, ok := product(g.per)
	if !ok {
		return 0, bad("chunks", -1, "%v in chunks of %v: more than 2^64-1 chunks", g.Dims, g.Chunk)
	}
	return n, nil
}

// Coords returns where chunk i < Count lies in the grid, in chunks.
func (g Grid) Coords(i uint64) []uint64 {
	coords := make([]uint64, len(g.per))
	g.coords(coords, i)
	return coords
}

func (g Grid) coords(coords []uint64, i uint64) {
	for k := len(g.per) - 1; k >= 0; k-- {
		coords[k] = i % g.per[k]
		i /= g.per[k]
	}
}

// Linear returns the number of the chunk at coords, the inverse of Coords.
func (g Grid) Linear(coords []uint64) uint64 {
	i := uint64(0)
	for k, n := range g.per {
		i = i*n + coords[k]
	}
	return i
}

// Box returns the elements of the shape that chunk i < Count holds.
func (g Grid) Box(i uint64) Box {
	both := make([]uint64, 2*len(g.per))
	start, count := both[:len(g.per):len(g.per)], both[len(g.per):]
	g.coords(start, i)
	for k := range start {
		start[k] *= g.Chunk[k]
		count[k] = min(g.Chunk[k], g.Dims[k]-start[k])
	}
	return Box{Start: start, Count: count}
}

// Touching yields, in ascending order, the chunks that hold an element of b.
// What of b lies beyond the shape touches none.
func (g Grid) Touching(b Box) iter.Seq[uint64] {
	return func(yield func(uint64) bool) {
		whole := Box{Start: make([]uint64, len(g.Dims)), Count: g.Dims}
		b, ok := b.Intersect(whole)
		if !ok {
			return
		}
		last := make([]uint64, len(g.per))
		for k := range last {
			last[k] = (b.Start[k] + b.Count[k] - 1) / g.Chunk[k]
		}
		g.touching(b, last, 0, 0, yield)
	}
}

func (g Grid) touching(b Box, last []uint64, k int, before uint64, yield func(uint64) bool) bool {
	before *= g.per[k]
	for c := b.Start[k] / g.Chunk[k]; c <= last[k]; c++ {
		if k == len(g.per)-1 {
			if !yield(before + c) {
				return false
			}
		} else if !g.touching(b, last, k+1, before+c, yield) {
			return false
		}
	}
	return true
}
