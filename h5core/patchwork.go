package h5core

import (
	"context"
	"slices"

	"github.com/h5serve/h5serve/h5core/internal/object"
	"github.com/h5serve/h5serve/h5core/internal/transfer"
	"github.com/h5serve/h5serve/h5core/space"
	"github.com/h5serve/h5serve/h5core/vfd"
)

// patchwork keeps the chunks that were written to, each whole, in the file's
// memory. The others stay unfilled and take no room.
type patchwork struct {
	memory *vfd.Memory
	grid   space.Grid
	size   uint64 // of an element
	bytes  uint64 // of a chunk
	fill   []byte
	chunks map[uint64]uint64 // number → where it lies in memory
}

var _ object.Chunks = (*patchwork)(nil)

func newPatchwork(d *Dataset) (*patchwork, error) {
	grid, err := space.NewGrid(d.node.Space.Dims, d.node.Chunk)
	if err != nil {
		return nil, err
	}
	p := &patchwork{
		memory: d.file.memory, grid: grid, size: uint64(d.node.Type.Size), bytes: uint64(d.node.Type.Size),
		fill: d.node.Fill.Value, chunks: map[uint64]uint64{},
	}
	for _, n := range grid.Chunk {
		p.bytes *= n
	}
	return p, nil
}

// write puts the selected elements into their chunks, run by run.
func (p *patchwork) write(ctx context.Context, sel space.Selection, raw []byte) error {
	dims := p.grid.Dims
	last := len(dims) - 1
	at, coords := make([]uint64, len(dims)), make([]uint64, len(dims))
	for run := range sel.Runs(dims) {
		for first, left := run.Offset, run.Count; left > 0; {
			locate(at, first, dims)
			inside := p.place(at, coords)
			n := min(left, dims[last]-at[last], p.grid.Chunk[last]-at[last]%p.grid.Chunk[last])
			from, err := p.chunk(ctx, p.grid.Linear(coords))
			if err != nil {
				return err
			}
			if err := p.memory.WriteAt(ctx, raw[:n*p.size], from+inside*p.size); err != nil {
				return err
			}
			raw, first, left = raw[n*p.size:], first+n, left-n
		}
	}
	return nil
}

// locate turns a C-order offset into coordinates.
func locate(at []uint64, offset uint64, dims []uint64) {
	for d := len(dims) - 1; d >= 0; d-- {
		at[d] = offset % dims[d]
		offset /= dims[d]
	}
}

// place sets the coordinates of the chunk that holds an element, and returns
// the element's offset in it.
func (p *patchwork) place(at, coords []uint64) (inside uint64) {
	for d, n := range p.grid.Chunk {
		coords[d] = at[d] / n
		inside = inside*n + at[d]%n
	}
	return inside
}

// chunk returns where a chunk lies in memory; a new one is filled up first.
func (p *patchwork) chunk(ctx context.Context, i uint64) (uint64, error) {
	if from, ok := p.chunks[i]; ok {
		return from, nil
	}
	from, err := p.memory.Reserve(p.bytes)
	if err != nil {
		return 0, err
	}
	if p.fill != nil {
		row := &inRow{memory: p.memory, at: from, size: p.size}
		if err := row.fill(ctx, p.bytes/p.size, p.fill); err != nil {
			return 0, err
		}
	}
	p.chunks[i] = from
	return from, nil
}

// Filled lists the chunks that were written to.
func (p *patchwork) Filled() []uint64 {
	list := make([]uint64, 0, len(p.chunks))
	for i := range p.chunks {
		list = append(list, i)
	}
	slices.Sort(list)
	return list
}

// Chunk copies a whole chunk out.
func (p *patchwork) Chunk(ctx context.Context, i uint64, dst []byte) error {
	from, ok := p.chunks[i]
	if !ok {
		transfer.Repeat(dst, p.fill)
		return nil
	}
	return p.memory.ReadAt(ctx, dst, from)
}

// Read copies elements out in C order of the dataset.
func (p *patchwork) Read(ctx context.Context, first uint64, dst []byte) error {
	dims := p.grid.Dims
	at, coords := make([]uint64, len(dims)), make([]uint64, len(dims))
	for ; len(dst) > 0; first++ {
		locate(at, first, dims)
		inside := p.place(at, coords)
		from, ok := p.chunks[p.grid.Linear(coords)]
		if !ok {
			transfer.Repeat(dst[:p.size], p.fill)
		} else if err := p.memory.ReadAt(ctx, dst[:p.size], from+inside*p.size); err != nil {
			return err
		}
		dst = dst[p.size:]
	}
	return nil
}
