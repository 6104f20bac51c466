package index

import (
	"context"
	"fmt"
	"math/bits"
	"slices"
	"sync"

	"github.com/h5serve/h5serve/h5core/internal/format/message"
	"github.com/h5serve/h5serve/h5core/internal/walk"
	"github.com/h5serve/h5serve/h5core/internal/wire"
	"github.com/h5serve/h5serve/h5core/space"
)

// Chunk is a stored chunk: where it lies in the dataset's grid, in chunks, and
// where in the file.
type Chunk struct {
	Coords []uint64
	Stored
}

// Reader is the index of a file that is there. It is safe for concurrent use.
// Unfiltered chunks have the chunk's full bytes as their size.
type Reader interface {
	// Find looks up chunks by their place in the grid. An address that is
	// wire.Undefined means that nobody wrote the chunk.
	Find(ctx context.Context, coords [][]uint64) ([]Stored, error)
	// All yields every stored chunk, those too that lie outside the present
	// shape. A chunk's Coords are valid during the call only.
	All(ctx context.Context, yield func(Chunk) bool) error
}

// Open returns the index that a layout message describes. s is the dataset's
// space, elementSize the bytes of its type, filtered says whether it has
// filters. Nothing is read before the first look-up.
func Open(src walk.Source, l *message.Layout, s space.Space, elementSize uint32, filtered bool) (Reader, error) {
	d, err := newDataset(src, l, s, elementSize, filtered)
	if err != nil {
		return nil, err
	}
	switch {
	case l.Addr == wire.Undefined:
		return nothing{}, nil
	case l.Version < 4 || l.Index == message.IndexBTree1:
		return &tree1Reader{d}, nil
	}
	switch l.Index {
	case message.IndexSingle:
		return singleReader{d, l}, nil
	case message.IndexBTree2:
		return &tree2Reader{dataset: d}, nil
	case message.IndexImplicit, message.IndexFixedArray, message.IndexExtensibleArray:
		return openArray(d, l.Index)
	}
	return nil, bad("chunk indexing type", "%d is not known", l.Index)
}

func bad(field, format string, args ...any) error {
	return &wire.Fault{Structure: "data layout", Field: field, Reason: fmt.Sprintf(format, args...)}
}

// dataset is what all indexes have to know.
type dataset struct {
	src      walk.Source
	addr     uint64   // of the index
	chunk    []uint64 // elements along each axis
	most     []uint64 // how far each axis may grow
	bytes    uint64   // of an unfiltered chunk
	filtered bool
}

func newDataset(src walk.Source, l *message.Layout, s space.Space, elementSize uint32, filtered bool) (*dataset, error) {
	rank := len(s.Dims)
	if l.Class != message.Chunked || rank == 0 || len(l.Chunk) != rank+1 {
		return nil, bad("dimensionality", "%d with the element's own, the dataset has %d", len(l.Chunk), rank)
	}
	d := &dataset{src: src, addr: l.Addr, chunk: l.Chunk[:rank], most: s.Dims, bytes: uint64(elementSize), filtered: filtered}
	if s.Max != nil {
		d.most = s.Max
	}
	if len(d.most) != rank {
		return nil, bad("dimensionality", "%d maxima, the dataset has %d axes", len(d.most), rank)
	}
	for _, n := range d.chunk {
		high, low := bits.Mul64(d.bytes, n)
		if d.bytes = low; high != 0 || n == 0 {
			return nil, bad("dimension size", "chunks of %v elements of %d bytes", d.chunk, elementSize)
		}
	}
	return d, nil
}

var none = Stored{Addr: wire.Undefined}

// nowhere answers n look-ups of which nothing is known yet.
func nowhere(n int) []Stored {
	out := make([]Stored, n)
	for i := range out {
		out[i] = none
	}
	return out
}

// byCoords numbers look-ups in the order of their coordinates.
func byCoords(coords [][]uint64) []int {
	order := make([]int, len(coords))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return slices.Compare(coords[a], coords[b]) })
	return order
}

// wanted are the places that a look-up asks for, ascending.
type wanted struct {
	coords [][]uint64
	order  []int
}

func newWanted(coords [][]uint64) wanted { return wanted{coords, byCoords(coords)} }

// from is the first of the order that is not below coords.
func (w wanted) from(coords []uint64) int {
	i, _ := slices.BinarySearchFunc(w.order, coords, func(k int, c []uint64) int { return slices.Compare(w.coords[k], c) })
	return i
}

// between tells whether one lies from lo to hi, both included; nil is no bound.
func (w wanted) between(lo, hi []uint64) bool {
	i := 0
	if lo != nil {
		i = w.from(lo)
	}
	return i < len(w.order) && (hi == nil || slices.Compare(w.coords[w.order[i]], hi) <= 0)
}

// put answers every look-up of a place.
func (w wanted) put(out []Stored, coords []uint64, s Stored) {
	for i := w.from(coords); i < len(w.order) && slices.Equal(w.coords[w.order[i]], coords); i++ {
		out[w.order[i]] = s
	}
}

// nothing is the index of a dataset without storage.
type nothing struct{}

func (nothing) Find(_ context.Context, coords [][]uint64) ([]Stored, error) {
	return nowhere(len(coords)), nil
}

func (nothing) All(context.Context, func(Chunk) bool) error { return nil }

// singleReader is the index of a dataset of one chunk.
type singleReader struct {
	*dataset
	layout *message.Layout
}

func (r singleReader) stored() Stored {
	if r.layout.Filtered {
		return Stored{r.addr, r.layout.StoredSize, r.layout.StoredMask}
	}
	return Stored{Addr: r.addr, Size: r.bytes}
}

func (r singleReader) Find(_ context.Context, coords [][]uint64) ([]Stored, error) {
	out := nowhere(len(coords))
	for i, c := range coords {
		if !slices.ContainsFunc(c, func(n uint64) bool { return n != 0 }) {
			out[i] = r.stored()
		}
	}
	return out, nil
}

func (r singleReader) All(_ context.Context, yield func(Chunk) bool) error {
	yield(Chunk{make([]uint64, len(r.chunk)), r.stored()})
	return nil
}

// once holds what is read at the first look-up.
type once[T any] struct {
	mu   sync.Mutex
	have *T
}

func (o *once[T]) get(read func() (*T, error)) (*T, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.have != nil {
		return o.have, nil
	}
	v, err := read()
	if err == nil {
		o.have = v
	}
	return v, err
}
