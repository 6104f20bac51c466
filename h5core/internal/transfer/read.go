package transfer

import (
	"context"
	"fmt"
	"sync"

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
// stretch. Any number of goroutines may read.
//
//	selection ──▶ chunks ──cache──▶ those to decode ──index──▶ addresses
//	  ──fetch──▶ stored bytes ──filters──▶ destination, or cache and destination
type Stored struct {
	File    Fetcher
	Far     bool                     // the file wants its ranges in waves; else workers fetch one by one
	Room    func(addr uint64) uint64 // bytes of the file from there on: no chunk has more
	Dims    []uint64
	Size    int    // bytes of an element
	Fill    []byte // one element, nil for zeros
	Workers int
	// Spend takes decoded bytes from a budget; nil is no limit.
	Spend func(ctx context.Context, bytes int) error

	Addr uint64 // of contiguous elements; wire.Undefined: nobody wrote any

	Chunk     []uint64 // nil: contiguous
	Index     index.Reader
	Filters   filter.Pipeline
	BareEdges bool   // chunks beyond the shape pass no filters
	Cache     *Cache // of decoded chunks; needed where there are chunks
}

// Read fills dst with the selected elements, in the selection's order. The
// selection fits the dataset; dst has room for all of it.
func (s *Stored) Read(ctx context.Context, sel space.Selection, dst []byte) error {
	switch h, slab := sel.(space.Hyperslab); {
	case len(dst) == 0:
		return nil
	case s.Chunk == nil && s.Addr == wire.Undefined:
		Repeat(dst, s.Fill)
		return nil
	case s.Chunk == nil:
		return s.readRuns(ctx, sel, dst)
	case slab:
		grid, err := space.NewGrid(s.Dims, s.Chunk)
		if err != nil {
			return err
		}
		return s.readChunks(ctx, grid, newSlab(grid, h, s.Size, dst), len(dst))
	}
	return s.readScattered(ctx, sel, dst)
}

// scatteredPieces is how many pieces of a scattered read are sorted at a time,
// or more where its result is larger than they are.
const scatteredPieces, scatteredPieceSize = 64 << 10, 24

// readScattered sorts a selection's runs by chunk, so that each chunk is read
// once for all pieces in memory.
func (s *Stored) readScattered(ctx context.Context, sel space.Selection, dst []byte) error {
	grid, err := space.NewGrid(s.Dims, s.Chunk)
	if err != nil {
		return err
	}
	most := min(max(scatteredPieces, len(dst)/scatteredPieceSize), 1<<30)
	t := newScattered(s.Size, dst)
	cut := cutter{grid}
	done := uint64(0)
	for run := range sel.Runs(s.Dims) {
		for first, left := run.Offset, run.Count; left > 0; {
			number, from, n := cut.locate(first, left)
			t.add(number, scatteredPiece{to: done, from: uint32(from), count: uint32(n)})
			first, left, done = first+n, left-n, done+n
			if len(t.pieces) < most {
				continue
			}
			if err := s.readChunks(ctx, grid, t, len(dst)); err != nil {
				return err
			}
			t.clear()
		}
	}
	return s.readChunks(ctx, grid, t, len(dst))
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

// retained is how large a buffer may be to be kept for later reads.
const retained = 16 << 20

// buffers holds idle buffers of stored bytes.
var buffers = sync.Pool{New: func() any { return new([]byte) }}

func borrowBuffer(n int) *[]byte {
	p := buffers.Get().(*[]byte)
	if cap(*p) < n {
		*p = make([]byte, n)
	}
	*p = (*p)[:n]
	return p
}

func giveBackBuffer(p *[]byte) {
	if p != nil && cap(*p) <= retained {
		buffers.Put(p)
	}
}

// decoders holds idle scratch buffers of filters.
var decoders = sync.Pool{New: func() any { return new(filter.Buffers) }}
