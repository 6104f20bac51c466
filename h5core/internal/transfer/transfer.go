// Package transfer moves elements between values and stored chunks, in
// parallel.
//
//	values ──gather──▶ chunk ──translate──▶ ──filters──▶ stored bytes
//	        (edges are     (heap tokens       (in order)
//	         filled up)     become addresses)
package transfer

import (
	"context"
	"slices"

	"github.com/h5serve/h5serve/h5core/filter"
	"github.com/h5serve/h5serve/h5core/internal/object"
	"github.com/h5serve/h5serve/h5core/space"
)

// Chunks makes the stored chunks of one dataset. It has no state of its own:
// any number of goroutines may ask for any chunk any number of times, each
// with an Encoder of its own.
type Chunks struct {
	values   object.Values
	grid     space.Grid
	size     int // bytes of an element
	bytes    int // of a whole chunk
	fill     []byte
	filters  filter.Pipeline
	bare     bool // chunks that reach beyond the shape pass no filters
	pointers *Pointers
}

// NewChunks prepares d's chunks; pointers is nil where elements hold none.
func NewChunks(d *object.Dataset, grid space.Grid, pointers *Pointers) *Chunks {
	c := &Chunks{
		values: d.Values, grid: grid, size: int(d.Type.Size), bytes: int(d.Type.Size),
		fill: d.Fill.Value, filters: d.Filters, bare: d.BareEdges, pointers: pointers,
	}
	for _, n := range grid.Chunk {
		c.bytes *= int(n)
	}
	return c
}

// Encoder holds the buffers of one goroutine.
type Encoder struct {
	raw     []byte
	filters filter.Buffers
}

// Encode makes the i-th chunk of the grid as it is stored, and its filter
// mask. The bytes are valid until the encoder's next use.
func (c *Chunks) Encode(ctx context.Context, e *Encoder, i uint64) ([]byte, uint32, error) {
	if cap(e.raw) < c.bytes {
		e.raw = make([]byte, c.bytes)
	}
	raw := e.raw[:c.bytes]
	if err := c.read(ctx, i, raw); err != nil {
		return nil, 0, err
	}
	c.pointers.Translate(raw)
	if c.bare && !slices.Equal(c.grid.Box(i).Count, c.grid.Chunk) {
		return raw, 0, nil
	}
	return c.filters.Encode(&e.filters, raw)
}

func (c *Chunks) read(ctx context.Context, i uint64, raw []byte) error {
	if kept, ok := c.values.(object.Chunks); ok {
		return kept.Chunk(ctx, i, raw)
	}
	return c.gather(ctx, c.grid.Box(i), raw)
}

// gather reads the elements of a box row by row; trailing axes that the chunk
// spans whole make longer rows.
func (c *Chunks) gather(ctx context.Context, box space.Box, raw []byte) error {
	dims, chunk := c.grid.Dims, c.grid.Chunk
	axis, row := len(dims)-1, uint64(1)
	for axis > 0 && chunk[axis] == dims[axis] {
		row *= dims[axis]
		axis--
	}
	run := row * box.Count[axis]
	if run*uint64(c.size)*rows(box, axis) < uint64(len(raw)) {
		c.fillUp(raw)
	}
	at := make([]uint64, axis) // position in the box, along the axes before the row's
	for {
		from, to := box.Start[axis]*row, uint64(0)
		stride, step := dims[axis]*row, chunk[axis]*row
		for d := axis - 1; d >= 0; d-- {
			from += (box.Start[d] + at[d]) * stride
			to += at[d] * step
			stride, step = stride*dims[d], step*chunk[d]
		}
		if err := c.values.Read(ctx, from, raw[to*uint64(c.size):][:run*uint64(c.size)]); err != nil {
			return err
		}
		if !next(at, box.Count) {
			return nil
		}
	}
}

func rows(box space.Box, axis int) uint64 {
	n := uint64(1)
	for _, count := range box.Count[:axis] {
		n *= count
	}
	return n
}

// next moves at to the following position in C order, if there is one.
func next(at, count []uint64) bool {
	for d := len(at) - 1; d >= 0; d-- {
		if at[d]++; at[d] < count[d] {
			return true
		}
		at[d] = 0
	}
	return false
}

func (c *Chunks) fillUp(raw []byte) { Repeat(raw, c.fill) }

// Repeat fills dst with copies of an element; nil stands for zeros.
func Repeat(dst, element []byte) {
	if element == nil || len(dst) == 0 {
		clear(dst)
		return
	}
	for n := copy(dst, element); n < len(dst); n *= 2 {
		copy(dst[n:], dst[:n])
	}
}
