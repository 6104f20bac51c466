package h5core

import (
	"context"
	"errors"
	"fmt"

	"github.com/h5serve/h5serve/h5core/dtype"
	"github.com/h5serve/h5serve/h5core/filter"
	"github.com/h5serve/h5serve/h5core/internal/load"
	"github.com/h5serve/h5serve/h5core/internal/object"
	"github.com/h5serve/h5serve/h5core/space"
)

// Dataset is a dataset of an open file.
type Dataset struct {
	file   *File
	path   string
	node   *object.Dataset // of a file being made
	stored *load.Object    // of a file being read
	data   *load.Data
}

// Name is the dataset's path in the file.
func (d *Dataset) Name() string { return d.path }

// Type is the datatype of its elements as stored.
func (d *Dataset) Type() *dtype.Type {
	if d.data != nil {
		return d.data.Type
	}
	return d.node.Type
}

// Space is its extent.
func (d *Dataset) Space() space.Space {
	if d.data != nil {
		return d.data.Space
	}
	return d.node.Space
}

// Chunks is the shape of a chunk, nil where the dataset is not chunked.
func (d *Dataset) Chunks() []uint64 {
	if d.data != nil {
		return d.data.Chunks()
	}
	return d.node.Chunk
}

// Heap takes the variable-length parts of elements for WriteRaw and Writer.
func (d *Dataset) Heap() dtype.Heap { return d.file.data }

// ValueSource makes elements on demand: dst, a multiple of the element size,
// is filled with the elements from first on, as stored, in C order. It is
// asked any number of times, by many goroutines at once, and answers alike.
type ValueSource interface {
	Read(ctx context.Context, first uint64, dst []byte) error
}

// DatasetOption is a property of a dataset to be made.
type DatasetOption func(*creation)

type creation struct {
	chunks    []uint64
	auto      bool
	compact   bool
	filters   filter.Pipeline
	fill      any
	rawFill   []byte
	trackAttr bool
	values    ValueSource
}

// Chunks stores the dataset in chunks of that many elements along each axis.
func Chunks(dims ...uint64) DatasetOption { return func(c *creation) { c.chunks = dims } }

// AutoChunk stores the dataset in chunks of h5py's guess. Filters and a
// maximum shape ask for it by themselves.
func AutoChunk() DatasetOption { return func(c *creation) { c.auto = true } }

// Compact stores the elements in the dataset's header: at most 65,535 bytes.
func Compact() DatasetOption { return func(c *creation) { c.compact = true } }

// Filters runs the chunks through filters, always in h5py's order: shuffle,
// compression, Fletcher32.
func Filters(steps ...filter.Step) DatasetOption {
	return func(c *creation) { c.filters = append(c.filters, steps...) }
}

// FillValue is what elements hold that nobody wrote: a Go value of one
// element. Without it they hold zeros.
func FillValue(v any) DatasetOption { return func(c *creation) { c.fill = v } }

// RawFillValue is FillValue, as one stored element.
func RawFillValue(raw []byte) DatasetOption { return func(c *creation) { c.rawFill = raw } }

// TrackAttributeOrder keeps the creation order of the dataset's attributes.
func TrackAttributeOrder() DatasetOption { return func(c *creation) { c.trackAttr = true } }

// Values fills the whole dataset from a source that is asked when the file is
// written out, and takes no memory.
func Values(v ValueSource) DatasetOption { return func(c *creation) { c.values = v } }

// CreateDataset makes a dataset, and the groups on the way to it. Nothing is
// stored for elements that nobody writes.
func (g *Group) CreateDataset(name string, t *dtype.Type, s space.Space, opts ...DatasetOption) (made *Dataset, err error) {
	const op = "create dataset"
	var c creation
	for _, set := range opts {
		set(&c)
	}
	node, err := c.node(t, s)
	if err != nil {
		return nil, fail(op, g.join(name), kindOf(err), err)
	}
	err = g.file.change(op, g.join(name), func() error {
		parent, last, err := g.parent(op, name)
		if err != nil {
			return err
		}
		path := parent.join(last)
		if parent.node.Link(last) != nil {
			return fail(op, path, ErrExists, nil)
		}
		parent.node.Add(&object.Link{Name: last, Kind: object.Hard, Node: node})
		made = &Dataset{file: g.file, path: path, node: node}
		return nil
	})
	return made, err
}

func kindOf(err error) error {
	if errors.Is(err, errNested) {
		return ErrUnsupported
	}
	return ErrInvalid
}

// node checks everything that can be checked before there are values.
func (c *creation) node(t *dtype.Type, s space.Space) (*object.Dataset, error) {
	if err := t.Validate(); err != nil {
		return nil, err
	}
	if err := s.Validate(uint64(t.Size)); err != nil {
		return nil, err
	}
	if nested(t) {
		return nil, errNested
	}
	d := &object.Dataset{Type: t, Space: s, Layout: object.Contiguous}
	d.TrackOrder = c.trackAttr
	if err := c.layout(d); err != nil {
		return nil, err
	}
	if err := c.fillValue(d); err != nil {
		return nil, fmt.Errorf("fill value: %w", err)
	}
	if c.values != nil {
		if count, _ := s.Count(); count > 0 {
			d.Values = c.values
		}
	}
	return d, nil
}

var errNested = errors.New("a variable-length type inside another is not supported yet")

// nested tells whether what a variable-length part holds leads elsewhere itself.
func nested(t *dtype.Type) bool {
	if t.Class == dtype.VarLen && t.Base.HasVarLen() {
		return true
	}
	for _, m := range t.Members {
		if nested(m.Type) {
			return true
		}
	}
	return t.Base != nil && nested(t.Base)
}

func (c *creation) layout(d *object.Dataset) error {
	d.Filters = order(c.filters)
	resizable := d.Space.Resizable()
	switch {
	case c.compact && (c.chunks != nil || c.auto || len(c.filters) > 0 || resizable):
		return errors.New("a compact dataset has no chunks, filters or room to grow")
	case c.compact:
		d.Layout = object.Compact
		return nil
	case c.chunks == nil && !c.auto && len(c.filters) == 0 && !resizable:
		return nil
	}
	if len(d.Space.Dims) == 0 {
		return &space.Error{What: "chunks", Axis: -1, Reason: "a scalar or null dataset has no chunks, so no filters"}
	}
	d.Layout, d.Chunk = object.Chunked, c.chunks
	if d.Chunk == nil {
		d.Chunk = space.GuessChunk(d.Space.Dims, d.Space.Max, memorySize(d.Type))
	}
	return d.Space.ValidateChunk(d.Chunk, uint64(d.Type.Size))
}

// memorySize is the size of an element in h5py's memory, which its chunk guess
// goes by: a pointer for each variable-length part.
func memorySize(t *dtype.Type) uint64 {
	size := uint64(t.Size)
	for _, p := range t.Pointers() {
		if p.Type != nil && p.Type.Class == dtype.VarLen {
			size -= p.Count * (dtype.VarLenSize - 8)
		}
	}
	return size
}

// order puts filters into h5py's order, compressions staying among themselves.
func order(steps filter.Pipeline) filter.Pipeline {
	rank := func(id filter.ID) int {
		switch id {
		case filter.IDShuffle:
			return 0
		case filter.IDFletcher32:
			return 2
		}
		return 1
	}
	var out filter.Pipeline
	for want := range 3 {
		for _, s := range steps {
			if rank(s.Filter.ID()) == want {
				out = append(out, s)
			}
		}
	}
	return out
}

func (c *creation) fillValue(d *object.Dataset) error {
	if c.fill != nil {
		raw, err := d.Type.AppendSlice(nil, c.fill)
		if err != nil {
			return err
		}
		c.rawFill = raw
	}
	if c.rawFill == nil {
		return nil
	}
	if d.Type.HasVarLen() {
		return errors.New("a variable-length type takes no fill value here")
	}
	if len(c.rawFill) != int(d.Type.Size) {
		return fmt.Errorf("%d bytes, an element has %d", len(c.rawFill), d.Type.Size)
	}
	d.Fill.Value = c.rawFill
	return nil
}
