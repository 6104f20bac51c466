package load

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/h5serve/h5serve/h5core/filter"
	"github.com/h5serve/h5serve/h5core/internal/index"
	"github.com/h5serve/h5serve/h5core/internal/transfer"
	"github.com/h5serve/h5serve/h5core/internal/walk"
	"github.com/h5serve/h5serve/h5core/space"
	"github.com/h5serve/h5serve/h5core/vfd"
)

// CheckedChunk is a stored chunk and what became of it when it was decoded.
type CheckedChunk struct {
	Coords      []uint64 // in chunks
	Addr, Size  uint64   // as stored
	Full        int      // bytes of a chunk
	Decoded     int      // bytes that came out
	Elements    []byte   // those inside the dataset's shape, in C order, where they were asked for
	Err         error
	mask        uint32
	raw         []byte
	start, take []uint64 // of the shape; take is nil where the chunk lies outside
}

// Waves of chunks that are checked together.
const (
	checkedChunks = 1024
	checkedBytes  = 8 << 20
)

// EachChunk decodes every chunk that the dataset's index lists, in parallel,
// and yields them in its order; with elements, they carry what they hold.
// What is wrong with one chunk stands in it; the error is the index's, and
// comes after the chunks that were found before it.
func (d *Data) EachChunk(ctx context.Context, elements bool, yield func(*CheckedChunk) error) error {
	s, err := d.open()
	if err != nil {
		return err
	}
	grid, err := space.NewGrid(s.Dims, s.Chunk)
	if err != nil {
		return damaged(err)
	}
	var wave []*CheckedChunk
	var bytes uint64
	var stopped error
	flush := func() bool {
		stopped = d.checkWave(ctx, s, wave, elements, yield)
		wave, bytes = wave[:0], 0
		return stopped == nil
	}
	err = s.Index.All(ctx, func(c index.Chunk) bool {
		next := locate(grid, c)
		if next.Err = d.file.inside("chunk", c.Addr, c.Size); next.Err == nil {
			bytes += c.Size
		}
		wave = append(wave, next)
		return bytes < checkedBytes && len(wave) < checkedChunks || flush()
	})
	if stopped == nil {
		flush()
	}
	if stopped != nil {
		return stopped
	}
	return damaged(err)
}

// inside says what is wrong with a place that leaves the file.
func (f *File) inside(structure string, addr, size uint64) error {
	if addr <= f.end && size <= f.Room(addr) {
		return nil
	}
	return damaged(walk.Fault(structure, "address", addr, "needs %d bytes, the file ends at %#x", size, f.end))
}

// locate finds the part of the shape that a chunk holds.
func locate(grid space.Grid, c index.Chunk) *CheckedChunk {
	out := &CheckedChunk{Coords: slices.Clone(c.Coords), Addr: c.Addr, Size: c.Size, mask: c.Mask}
	for k, n := range grid.PerDim() {
		if c.Coords[k] >= n {
			out.take = nil
			return out
		}
		start := c.Coords[k] * grid.Chunk[k]
		out.start = append(out.start, start)
		out.take = append(out.take, min(grid.Chunk[k], grid.Dims[k]-start))
	}
	return out
}

var buffers = sync.Pool{New: func() any { return new(filter.Buffers) }}

func (d *Data) checkWave(ctx context.Context, s *transfer.Stored, wave []*CheckedChunk, elements bool, yield func(*CheckedChunk) error) error {
	var segs []vfd.Segment
	for _, c := range wave {
		if c.Err == nil {
			c.raw = make([]byte, c.Size)
			segs = append(segs, vfd.Segment{Addr: c.Addr, Data: c.raw})
		}
	}
	if err := d.file.Fetch(ctx, vfd.Raw, segs); err != nil {
		return err
	}
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for _, c := range wave {
		if c.Err != nil {
			continue
		}
		group.Go(func() error {
			buf := buffers.Get().(*filter.Buffers)
			defer buffers.Put(buf)
			err := d.file.spendDecoded(ctx, c.full(s))
			if err == nil {
				err = c.decode(s, buf, elements)
			}
			if err != nil {
				c.Err = damaged(&transfer.ChunkError{Coords: c.Coords, Addr: c.Addr, Err: err})
			}
			c.raw = nil
			return nil
		})
	}
	_ = group.Wait() // no chunk ends the others
	for _, c := range wave {
		if err := yield(c); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// full is how many bytes a whole chunk has.
func (c *CheckedChunk) full(s *transfer.Stored) int {
	c.Full = s.Size
	for _, n := range s.Chunk {
		c.Full *= int(n)
	}
	return c.Full
}

// decode runs the filters, whose checksums so are looked at, and counts what
// comes out.
func (c *CheckedChunk) decode(s *transfer.Stored, buf *filter.Buffers, elements bool) error {
	raw := c.raw
	if !s.BareEdges || c.take != nil && slices.Equal(c.take, s.Chunk) {
		var err error
		if raw, err = s.Filters.Decode(buf, raw, c.mask, c.Full); err != nil {
			return err
		}
	}
	c.Decoded = len(raw)
	if c.take == nil {
		return nil
	}
	// Some writers leave out what lies beyond the shape.
	last, count := uint64(0), uint64(s.Size)
	for k, n := range c.take {
		last = last*s.Chunk[k] + n - 1
		count *= n
	}
	if want := (int(last) + 1) * s.Size; len(raw) < want {
		return fmt.Errorf("decodes to %d bytes, of which %d are wanted", len(raw), want)
	}
	if elements {
		c.Elements = make([]byte, count)
		origin := make([]uint64, len(c.take))
		space.CopyBox(c.Elements, c.take, origin, raw, s.Chunk, origin, c.take, s.Size)
	}
	return nil
}
