package h5core

import (
	"context"
	"maps"
	"slices"

	"github.com/h5serve/h5serve/h5core/internal/index"
	"github.com/h5serve/h5serve/h5core/internal/object"
	"github.com/h5serve/h5serve/h5core/internal/transfer"
	"github.com/h5serve/h5serve/h5core/space"
)

// copiedChunks are the chunks of a copy that the original has elements of.
type copiedChunks struct {
	*origin
	grid    space.Grid
	fill    []byte
	numbers []uint64 // ascending
	sources []object.Source
	encoded int // how many cannot travel as they are
}

var _ object.Copied = (*copiedChunks)(nil)

func (c *copiedChunks) Filled() []uint64           { return c.numbers }
func (c *copiedChunks) Source(k int) object.Source { return c.sources[k] }

// Chunk reads a whole chunk; what lies beyond the shape is the fill value.
func (c *copiedChunks) Chunk(ctx context.Context, i uint64, dst []byte) error {
	box := c.grid.Box(i)
	if slices.Equal(box.Count, c.grid.Chunk) {
		return c.ReadBox(ctx, box, dst)
	}
	raw := make([]byte, box.Size()*c.size)
	if err := c.ReadBox(ctx, box, raw); err != nil {
		return err
	}
	transfer.Repeat(dst, c.fill)
	origin := make([]uint64, len(box.Count))
	space.CopyBox(dst, c.grid.Chunk, origin, raw, box.Count, origin, box.Count, int(c.size))
	return nil
}

// listChunks finds the chunks of the copy in which stored chunks of the
// original have elements, and which of these are the same, byte for byte; none
// is where they are to be encoded anew.
func (c *copier) listChunks(from *Dataset, to *object.Dataset, o *origin, anew bool) (*copiedChunks, error) {
	there, err := space.NewGrid(from.data.Space.Dims, from.data.Chunks())
	if err != nil {
		return nil, err
	}
	out := &copiedChunks{origin: o, fill: to.Fill.Value}
	if out.grid, err = space.NewGrid(to.Space.Dims, to.Chunk); err != nil {
		return nil, err
	}
	if _, err := out.grid.Count(); err != nil {
		return nil, err
	}
	m := matching{from: there, to: out.grid, sel: o.sel, found: map[uint64]object.Source{}}
	m.same = !anew && len(to.Type.Pointers()) == 0 && slices.Equal(there.Chunk, out.grid.Chunk)
	m.bareAlike = from.data.Layout.BareEdges == to.BareEdges || len(to.Filters) == 0
	if err := from.data.EachStored(c.ctx, m.add); err != nil {
		return nil, err
	}
	out.numbers = slices.Sorted(maps.Keys(m.found))
	out.sources = make([]object.Source, len(out.numbers))
	for k, i := range out.numbers {
		if out.sources[k] = m.found[i]; out.sources[k].Size == 0 {
			out.encoded++
		}
	}
	return out, nil
}

// matching lays the chunks of an original on the grid of its copy.
type matching struct {
	from, to  space.Grid
	sel       *selected
	same      bool // chunks have one shape, and their elements lead nowhere
	bareAlike bool // chunks at the edge are stored alike
	found     map[uint64]object.Source
}

func (m *matching) add(c index.Chunk) error {
	for i, n := range m.from.PerDim() {
		if c.Coords[i] >= n {
			return nil // outside the shape
		}
	}
	number := m.from.Linear(c.Coords)
	box := m.from.Box(number)
	whole := slices.Equal(box.Count, m.from.Chunk)
	source := object.Source{Addr: c.Addr, Size: c.Size, Mask: c.Mask}
	if !m.same || !whole && !m.bareAlike {
		source.Size = 0
	}
	if m.sel == nil {
		m.found[number] = source
		return nil
	}
	there := space.Box{Start: make([]uint64, len(box.Start)), Count: make([]uint64, len(box.Start))}
	unit := true
	for i, start := range box.Start {
		there.Start[i] = m.sel.first(i, start, m.to.Dims[i])
		there.Count[i] = m.sel.first(i, start+box.Count[i], m.to.Dims[i]) - there.Start[i]
		if there.Count[i] == 0 {
			return nil
		}
		unit = unit && there.Count[i] == box.Count[i]
	}
	for i := range m.to.Touching(there) {
		at := m.to.Box(i)
		if unit && source.Size > 0 && slices.Equal(at.Start, there.Start) && slices.Equal(at.Count, there.Count) {
			m.found[i] = source
		} else {
			m.found[i] = object.Source{}
		}
	}
	return nil
}
