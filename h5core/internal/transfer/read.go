package transfer

import (
	"context"
	"fmt"

	"golang.org/x/sync/errgroup"

	"github.com/h5serve/h5serve/h5core/filter"
	"github.com/h5serve/h5serve/h5core/internal/index"
	"github.com/h5serve/h5serve/h5core/internal/wire"
	"github.com/h5serve/h5serve/h5core/space"
	"github.com/h5serve/h5serve/h5core/vfd"
)

// Fetcher brings ranges of a file, all of a wave at once.
type Fetcher interface {
	Fetch(ctx context.Context, class vfd.Class, segs []vfd.Segment) error
}

// Stored reads the elements of a dataset in a file, in chunks or in one
// stretch. It has no state: any number of goroutines may read.
//
//	box ──▶ chunks ──index──▶ addresses ──one wave──▶ stored bytes ──filters──▶ destination
type Stored struct {
	File    Fetcher
	Dims    []uint64
	Size    int    // bytes of an element
	Fill    []byte // one element, nil for zeros
	Workers int

	Addr uint64 // of contiguous elements; wire.Undefined: nobody wrote any

	Chunk     []uint64 // nil: contiguous
	Index     index.Reader
	Filters   filter.Pipeline
	BareEdges bool // chunks beyond the shape pass no filters
}

// ReadBox fills dst with the elements of a box, in C order.
func (s *Stored) ReadBox(ctx context.Context, box space.Box, dst []byte) error {
	switch {
	case box.Size() == 0:
		return nil
	case s.Chunk != nil:
		return s.readChunks(ctx, box, dst)
	case s.Addr == wire.Undefined:
		Repeat(dst, s.Fill)
		return nil
	}
	return s.readRows(ctx, box, dst)
}

// maxWave bounds the ranges of one wave.
const maxWave = 4096

// readRows reads contiguous elements: a range for each row of the box, where
// trailing axes that the box spans whole make longer rows.
func (s *Stored) readRows(ctx context.Context, box space.Box, dst []byte) error {
	axis, row := len(s.Dims), uint64(1)
	for axis > 0 && box.Count[axis-1] == s.Dims[axis-1] {
		axis--
		row *= s.Dims[axis]
	}
	run := row
	if axis > 0 {
		axis--
		run *= box.Count[axis]
	}
	run *= uint64(s.Size)
	at := make([]uint64, axis)
	var wave []vfd.Segment
	for more := true; more; {
		from, stride := uint64(0), row
		if len(s.Dims) > 0 {
			for d := axis; d >= 0; d-- {
				start := box.Start[d]
				if d < axis {
					start += at[d]
				}
				from += start * stride
				stride *= s.Dims[d]
			}
		}
		wave = append(wave, vfd.Segment{Addr: s.Addr + from*uint64(s.Size), Data: dst[:run]})
		dst = dst[run:]
		more = next(at, box.Count[:axis])
		if len(wave) == maxWave || !more {
			if err := s.File.Fetch(ctx, vfd.Raw, wave); err != nil {
				return err
			}
			wave = wave[:0]
		}
	}
	return nil
}

// piece is a chunk that a box touches.
type piece struct {
	coords []uint64
	at     index.Stored
}

func (s *Stored) readChunks(ctx context.Context, box space.Box, dst []byte) error {
	grid, err := space.NewGrid(s.Dims, s.Chunk)
	if err != nil {
		return err
	}
	var wave [][]uint64
	flush := func() error {
		defer func() { wave = wave[:0] }()
		return s.readWave(ctx, grid, wave, box, dst)
	}
	for i := range grid.Touching(box) {
		if wave = append(wave, grid.Coords(i)); len(wave) == maxWave {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	return flush()
}

// readWave finds chunks and reads them, as many at a time as memory allows.
func (s *Stored) readWave(ctx context.Context, grid space.Grid, coords [][]uint64, box space.Box, dst []byte) error {
	if len(coords) == 0 {
		return nil
	}
	stored, err := s.Index.Find(ctx, coords)
	if err != nil {
		return err
	}
	var batch []piece
	bytes := uint64(0)
	for i, at := range stored {
		batch = append(batch, piece{coords[i], at})
		if at.Addr != wire.Undefined {
			bytes += at.Size
		}
		if bytes > inFlight || i == len(stored)-1 {
			if err := s.readBatch(ctx, grid, batch, box, dst); err != nil {
				return err
			}
			batch, bytes = batch[:0], 0
		}
	}
	return nil
}

// readBatch fetches chunks in one wave and decodes them in parallel, each into
// its part of the destination.
func (s *Stored) readBatch(ctx context.Context, grid space.Grid, batch []piece, box space.Box, dst []byte) error {
	wave := make([]vfd.Segment, 0, len(batch))
	raw := make([][]byte, len(batch))
	for i, p := range batch {
		if p.at.Addr != wire.Undefined {
			raw[i] = make([]byte, p.at.Size)
			wave = append(wave, vfd.Segment{Addr: p.at.Addr, Data: raw[i]})
		}
	}
	if err := s.File.Fetch(ctx, vfd.Raw, wave); err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(max(1, s.Workers))
	for i, p := range batch {
		group.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			e := encoders.Get().(*Encoder)
			defer encoders.Put(e)
			if err := s.decode(e, grid, p, raw[i], box, dst); err != nil {
				return &ChunkError{p.coords, p.at.Addr, err}
			}
			return nil
		})
	}
	return group.Wait()
}

// ChunkError tells which chunk could not be read.
type ChunkError struct {
	Coords []uint64 // in chunks
	Addr   uint64
	Err    error
}

func (e *ChunkError) Error() string {
	return fmt.Sprintf("chunk %v at %#x: %v", e.Coords, e.Addr, e.Err)
}

func (e *ChunkError) Unwrap() error { return e.Err }

// decode puts the part of a chunk that the box wants where it belongs.
func (s *Stored) decode(e *Encoder, grid space.Grid, p piece, raw []byte, box space.Box, dst []byte) error {
	inside := grid.Box(grid.Linear(p.coords))
	part, ok := inside.Intersect(box)
	if !ok {
		return nil
	}
	to := make([]uint64, len(s.Dims))
	from := make([]uint64, len(s.Dims))
	edge := false
	for d := range to {
		to[d] = part.Start[d] - box.Start[d]
		from[d] = part.Start[d] - inside.Start[d]
		edge = edge || inside.Count[d] < s.Chunk[d]
	}
	size := s.Size
	for _, n := range s.Chunk {
		size *= int(n)
	}
	if p.at.Addr == wire.Undefined {
		if cap(e.raw) < size {
			e.raw = make([]byte, size)
		}
		raw = e.raw[:size]
		Repeat(raw, s.Fill)
	} else if !(edge && s.BareEdges) {
		var err error
		if raw, err = s.Filters.Decode(&e.filters, raw, p.at.Mask, size); err != nil {
			return err
		}
	}
	// Some writers leave out what lies beyond the shape: enough is what is wanted.
	last := uint64(0)
	for d := range from {
		last = last*s.Chunk[d] + from[d] + part.Count[d] - 1
	}
	if want := (int(last) + 1) * s.Size; len(raw) < want {
		return fmt.Errorf("decodes to %d bytes, of which %d are wanted", len(raw), want)
	}
	space.CopyBox(dst, box.Count, to, raw, s.Chunk, from, part.Count, s.Size)
	return nil
}
