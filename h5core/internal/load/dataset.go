package load

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync"

	"github.com/h5serve/h5serve/h5core/dtype"
	"github.com/h5serve/h5serve/h5core/filter"
	"github.com/h5serve/h5serve/h5core/internal/format"
	"github.com/h5serve/h5serve/h5core/internal/format/message"
	"github.com/h5serve/h5serve/h5core/internal/index"
	"github.com/h5serve/h5serve/h5core/internal/transfer"
	"github.com/h5serve/h5serve/h5core/internal/walk"
	"github.com/h5serve/h5serve/h5core/internal/wire"
	"github.com/h5serve/h5serve/h5core/space"
)

// Data is a dataset's description, and the way to its elements.
type Data struct {
	Type     *dtype.Type
	Space    space.Space
	Layout   *message.Layout
	Filters  []message.FilterStep
	Fill     message.FillValue
	External []ExternalFile
	Sources  []format.Mapping // of a virtual dataset
	virtual  *virtual

	file   *File
	cache  *transfer.Cache
	once   sync.Once // opening what follows
	stored *transfer.Stored
	err    error
}

// ExternalFile is a part of a dataset's bytes in a file of its own.
type ExternalFile struct {
	Name         string
	Offset, Size uint64
}

// Data reads the messages of a dataset.
func (o *Object) Data(ctx context.Context) (*Data, error) {
	d := &Data{file: o.file, Layout: &message.Layout{}, cache: transfer.NewCache(o.file.cacheSettings())}
	var t message.Datatype
	var s message.Dataspace
	var filters message.Filters
	for _, part := range []struct {
		kind uint16
		s    wire.Structure
	}{
		{message.TypeDatatype, &t}, {message.TypeDataspace, &s}, {message.TypeLayout, d.Layout}, {message.TypeFilters, &filters},
	} {
		has, err := o.find(ctx, part.kind, part.s)
		if err != nil {
			return nil, err
		}
		if !has && part.kind == message.TypeLayout {
			return nil, damaged(&wire.Fault{Structure: "object header", Field: "data layout", Offset: o.Addr(), Reason: "a dataset needs one"})
		}
	}
	d.Type, d.Space, d.Filters = t.Type, s.Space, filters.Steps
	if err := d.Space.Validate(uint64(d.Type.Size)); err != nil {
		return nil, damaged(err)
	}
	if err := o.fill(ctx, d); err != nil {
		return nil, err
	}
	if err := d.mappings(ctx); err != nil {
		return nil, err
	}
	return d, o.external(ctx, d)
}

// fill reads the fill value, or the old one where that is all there is.
func (o *Object) fill(ctx context.Context, d *Data) error {
	has, err := o.find(ctx, message.TypeFillValue, &d.Fill)
	if err != nil {
		return err
	}
	if !has {
		var old message.FillValueOld
		if has, err = o.find(ctx, message.TypeFillValueOld, &old); err != nil {
			return err
		}
		user := has && len(old.Value) > 0
		d.Fill = message.FillValue{User: user, Undefined: !user, Value: old.Value}
	}
	if d.Fill.User && len(d.Fill.Value) != int(d.Type.Size) {
		return damaged(&wire.Fault{Structure: "fill value", Field: "size", Offset: o.Addr(), Reason: fmt.Sprintf(
			"%d bytes, an element has %d", len(d.Fill.Value), d.Type.Size)})
	}
	return nil
}

func (o *Object) external(ctx context.Context, d *Data) error {
	var m message.ExternalFiles
	if has, err := o.find(ctx, message.TypeExternalFiles, &m); !has || err != nil {
		return err
	}
	heap, err := walk.OpenLocalHeap(ctx, o.file, m.Heap)
	if err != nil {
		return damaged(err)
	}
	offsets := make([]uint64, len(m.Slots))
	for i, s := range m.Slots {
		offsets[i] = s.NameOffset
	}
	names, err := heap.Names(ctx, offsets)
	if err != nil {
		return damaged(err)
	}
	for i, s := range m.Slots {
		d.External = append(d.External, ExternalFile{names[i], s.Offset, s.Size})
	}
	return nil
}

// ReadBox fills dst with the elements of a box, as stored, in C order.
func (d *Data) ReadBox(ctx context.Context, box space.Box, dst []byte) error {
	return d.Read(ctx, space.Slab(box), dst)
}

// Read fills dst with the selected elements, as stored, in the selection's
// order. The selection fits the dataset, and dst is as large as it.
func (d *Data) Read(ctx context.Context, sel space.Selection, dst []byte) error {
	switch {
	case len(dst) == 0:
		return nil
	case d.Layout.Class == message.Virtual:
		return d.readVirtualSelection(ctx, sel, dst)
	case d.Layout.Class == message.Compact:
		return d.readCompact(sel, dst)
	}
	if err := d.opened(); err != nil {
		return err
	}
	return damaged(d.stored.Read(ctx, sel, dst))
}

// opened makes the reader of stored elements once.
func (d *Data) opened() error {
	d.once.Do(func() { d.stored, d.err = d.open() })
	return d.err
}

// SetCache bounds the dataset's chunk cache from now on.
func (d *Data) SetCache(s transfer.CacheSettings) { d.cache.Set(s) }

func (d *Data) readCompact(sel space.Selection, dst []byte) error {
	bytes, err := bytesOf(d.Space, uint64(d.Type.Size))
	if err != nil {
		return damaged(err)
	}
	if bytes > uint64(len(d.Layout.Data)) {
		return damaged(&wire.Fault{Structure: "data layout", Field: "raw data", Reason: fmt.Sprintf(
			"%d bytes, the elements take %d", len(d.Layout.Data), bytes)})
	}
	pick(dst, d.Layout.Data, sel.Runs(d.Space.Dims), uint64(d.Type.Size))
	return nil
}

// pick copies runs of elements side by side.
func pick(dst, from []byte, runs iter.Seq[space.Run], size uint64) {
	for r := range runs {
		dst = dst[copy(dst, from[r.Offset*size:(r.Offset+r.Count)*size]):]
	}
}

// open makes the reader of stored elements.
func (d *Data) open() (*transfer.Stored, error) {
	s := &transfer.Stored{
		File: d.file, Far: d.file.far(), Room: d.file.Room, Dims: d.Space.Dims, Size: int(d.Type.Size),
		Workers: d.file.workers(), Spend: d.file.spendDecoded,
		Addr: d.Layout.Addr, BareEdges: d.Layout.BareEdges, Cache: d.cache,
	}
	if d.Fill.User && d.Fill.FillTime != message.FillNever { // then what nobody wrote reads as zeros
		s.Fill = d.Fill.Value
	}
	if len(d.External) > 0 {
		return d.openExternal()
	}
	if d.Layout.Class == message.Chunked {
		if err := d.openChunks(s); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func (d *Data) openChunks(s *transfer.Stored) (err error) {
	if s.Index, err = index.Open(d.file, d.Layout, d.Space, d.Type.Size, len(d.Filters) > 0); err != nil {
		return damaged(err)
	}
	s.Chunk = d.Layout.Chunk[:len(d.Layout.Chunk)-1]
	if last := d.Layout.Chunk[len(d.Layout.Chunk)-1]; last != uint64(d.Type.Size) {
		return damaged(&wire.Fault{Structure: "data layout", Field: "dimension size", Reason: fmt.Sprintf(
			"an element has %d bytes by the layout, %d by its type", last, d.Type.Size)})
	}
	bytes := uint64(d.Type.Size)
	for _, n := range s.Chunk {
		if bytes *= n; n > 1<<32 || bytes > 1<<32 {
			return fmt.Errorf("%w: a chunk of over 4 GiB", ErrUnsupported)
		}
	}
	if limit := d.file.limits.Read; limit > 0 && bytes > limit {
		return fmt.Errorf("%w: a chunk has %d bytes, the limit is %d", ErrTooLarge, bytes, limit)
	}
	s.Filters = (&message.Filters{Steps: d.Filters}).Pipeline()
	return nil
}

// Objects reads objects of global heap collections, by address and index.
func (f *File) Objects(ctx context.Context, refs []walk.HeapRef) ([][]byte, error) {
	got, err := walk.GlobalObjects(ctx, f, refs)
	return got, damaged(err)
}

// Collections reads global heap collections, by their addresses.
func (f *File) Collections(ctx context.Context, addrs []uint64) ([]*walk.Collection, error) {
	got, err := walk.Collections(ctx, f, addrs)
	return got, damaged(err)
}

// MissingFilter tells which filter an error of reading is about.
func MissingFilter(err error) (name string, ok bool) {
	var at *filter.Error
	if errors.Is(err, filter.ErrUnavailable) && errors.As(err, &at) {
		return at.Filter, true
	}
	return "", false
}

// Chunks is the shape of a chunk, nil where the dataset is not chunked.
func (d *Data) Chunks() []uint64 {
	if d.Layout.Class != message.Chunked || len(d.Layout.Chunk) == 0 {
		return nil
	}
	return d.Layout.Chunk[:len(d.Layout.Chunk)-1]
}
