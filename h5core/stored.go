package h5core

import (
	"context"
	"math/bits"

	"github.com/h5serve/h5serve/h5core/dtype"
	"github.com/h5serve/h5serve/h5core/internal/format/message"
	"github.com/h5serve/h5serve/h5core/internal/load"
	"github.com/h5serve/h5serve/h5core/space"
)

// Layout tells how a dataset of a file is stored: "compact", "contiguous",
// "chunked" or "virtual".
func (d *Dataset) Layout() string {
	return [...]string{"compact", "contiguous", "chunked", "virtual"}[d.data.Layout.Class&3]
}

// FilterInfo is a filter of a dataset's pipeline, known to h5core or not.
type FilterInfo struct {
	ID     uint16
	Name   string
	Flags  uint16
	Params []uint32
}

// Filters lists the pipeline, in the order of encoding.
func (d *Dataset) Filters() []FilterInfo {
	var list []FilterInfo
	for _, f := range d.data.Filters {
		list = append(list, FilterInfo{f.ID, f.Name, f.Flags, f.Params})
	}
	return list
}

// ExternalFile is a part of a dataset's bytes in a file of its own.
type ExternalFile = load.ExternalFile

// External lists the files that hold a dataset's bytes instead of this one.
func (d *Dataset) External() []ExternalFile { return d.data.External }

// Mappings is the number of sources of a virtual dataset.
func (d *Dataset) Mappings() int { return len(d.data.Sources) }

// Fill is the fill value: its status, "undefined", "default" or "user", and in
// the last case its element.
func (d *Dataset) Fill() (status string, value *Elements) {
	f := d.data.Fill
	switch {
	case f.User:
		return "user", &Elements{Type: d.data.Type, Data: f.Value, file: d.file}
	case f.Undefined:
		return "undefined", nil
	}
	return "default", nil
}

// ReadRaw reads the selected elements as stored, and what they lead to; a nil
// selection is the whole dataset.
func (d *Dataset) ReadRaw(ctx context.Context, sel space.Selection) (*Elements, error) {
	sel, bytes, err := d.selected(sel)
	if err != nil {
		return nil, err
	}
	e := &Elements{Type: d.data.Type, Data: make([]byte, bytes), file: d.file}
	if d.data.Space.Kind == space.Null {
		return e, nil
	}
	e.Shape = sel.Shape()
	inner, adopted := d.data.Adopting(ctx)
	if err := d.data.Read(inner, sel, e.Data); err != nil {
		return nil, readError(opRead, d.path, err)
	}
	e.adopted = adopted
	return e, readError(opRead, d.path, e.resolve(ctx))
}

// readInto fills dst with the selected elements as stored, in the selection's
// order: exactly as many bytes as they take. It does not follow what
// variable-length parts and references lead to.
func (d *Dataset) readInto(ctx context.Context, sel space.Selection, dst []byte) error {
	sel, bytes, err := d.selected(sel)
	if err != nil {
		return err
	}
	if uint64(len(dst)) != bytes {
		return failf(opRead, d.path, ErrInvalid, "there is room for %d bytes, the selected elements take %d", len(dst), bytes)
	}
	ctx, _ = d.data.Adopting(ctx)
	return readError(opRead, d.path, d.data.Read(ctx, sel, dst))
}

const (
	opRead = "read"
	// largest is what no machine's memory holds.
	largest = 1 << 46
)

// selected is a selection that fits the dataset, and the bytes that it takes;
// nil stands for all of it.
func (d *Dataset) selected(sel space.Selection) (space.Selection, uint64, error) {
	if d.data == nil {
		return nil, 0, failf(opRead, d.path, ErrUnsupported, "a file that is being made is not read")
	}
	dims := d.data.Space.Dims
	if d.data.Space.Kind == space.Null {
		return nil, 0, nil
	}
	if sel == nil {
		sel = space.All(dims)
	}
	if err := sel.Check(dims); err != nil {
		return nil, 0, fail(opRead, d.path, ErrInvalid, err)
	}
	high, bytes := bits.Mul64(sel.Size(), uint64(d.data.Type.Size))
	if high != 0 || bytes > largest {
		return nil, 0, failf(opRead, d.path, ErrTooLarge, "%d elements of %d bytes", sel.Size(), d.data.Type.Size)
	}
	if err := d.file.stored.Allowed(bytes); err != nil {
		return nil, 0, readError(opRead, d.path, err)
	}
	return sel, bytes, nil
}

// SetChunkCache bounds the dataset's cache of decoded chunks from now on, in
// place of what [WithChunkCache] says for the file. It has no effect on a
// dataset that is being made.
func (d *Dataset) SetChunkCache(nslots int, nbytes uint64, w0 float64) error {
	settings, err := cacheSettings(nslots, nbytes, w0)
	if err != nil {
		return fail("set chunk cache", d.path, ErrInvalid, err)
	}
	if d.data != nil {
		d.data.SetCache(settings)
	}
	return nil
}

// Attribute is an attribute of an object in a file.
type Attribute struct {
	Name  string
	Type  *dtype.Type
	Space space.Space
	file  *File
	data  []byte
}

// All reads the attributes, ascending by the bytes of their names.
func (a *Attributes) All(ctx context.Context) ([]*Attribute, error) {
	const op = "read attributes"
	if a.stored == nil {
		return nil, failf(op, a.path, ErrUnsupported, "a file that is being made is not read")
	}
	stored, err := a.stored.Attributes(ctx)
	if err != nil {
		return nil, readError(op, a.path, err)
	}
	list := make([]*Attribute, len(stored))
	for i, m := range stored {
		list[i] = attributeOf(a.file, m)
	}
	return list, nil
}

func attributeOf(f *File, m *message.Attribute) *Attribute {
	return &Attribute{Name: m.Name, Type: m.Type.Type, Space: m.Space.Space, file: f, data: m.Data}
}

// Read gives the attribute's elements, and what they lead to.
func (a *Attribute) Read(ctx context.Context) (*Elements, error) {
	e := &Elements{Type: a.Type, Shape: a.Space.Dims, Data: a.data, file: a.file}
	return e, readError("read attribute", a.Name, e.resolve(ctx))
}
