package h5core

import (
	"context"
	"fmt"

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
	const op = "read"
	if d.data == nil {
		return nil, failf(op, d.path, ErrUnsupported, "a file that is being made is not read")
	}
	dims := d.data.Space.Dims
	if d.data.Space.Kind == space.Null {
		return &Elements{Type: d.data.Type, Shape: nil, file: d.file}, nil
	}
	if sel == nil {
		sel = space.All(dims)
	}
	if err := sel.Check(dims); err != nil {
		return nil, fail(op, d.path, ErrInvalid, err)
	}
	raw, err := d.read(ctx, sel)
	if err != nil {
		return nil, readError(op, d.path, err)
	}
	e := &Elements{Type: d.data.Type, Shape: sel.Shape(), Data: raw, file: d.file}
	return e, readError(op, d.path, e.resolve(ctx))
}

// read brings the selected elements; what is no plain box is picked out of the
// box around it.
func (d *Dataset) read(ctx context.Context, sel space.Selection) ([]byte, error) {
	size := uint64(d.data.Type.Size)
	box := sel.Bounds()
	count := sel.Size()
	around := box.Size()
	if len(d.data.Space.Dims) == 0 {
		around = 1
	}
	if err := d.file.stored.Allowed(around * size); err != nil {
		return nil, err
	}
	if around > 1<<62/max(size, 1) {
		return nil, fmt.Errorf("%w: %d elements", ErrTooLarge, around)
	}
	raw := make([]byte, around*size)
	if err := d.data.ReadBox(ctx, box, raw); err != nil {
		return nil, err
	}
	if around == count {
		return raw, nil
	}
	picked := make([]byte, 0, count*size)
	for run := range shifted(sel, box, d.data.Space.Dims) {
		picked = append(picked, raw[run.Offset*size:(run.Offset+run.Count)*size]...)
	}
	return picked, nil
}

// shifted yields a selection's runs as offsets into the box around it.
func shifted(sel space.Selection, box space.Box, dims []uint64) func(func(space.Run) bool) {
	return func(yield func(space.Run) bool) {
		at := make([]uint64, len(dims))
		last := len(dims) - 1
		for run := range sel.Runs(dims) {
			for first, left := run.Offset, run.Count; left > 0; {
				locate(at, first, dims)
				n := min(left, dims[last]-at[last])
				offset := uint64(0)
				for i := range at {
					offset = offset*box.Count[i] + at[i] - box.Start[i]
				}
				if !yield(space.Run{Offset: offset, Count: n}) {
					return
				}
				first, left = first+n, left-n
			}
		}
	}
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
