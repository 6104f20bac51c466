package h5core_test

import (
	"fmt"

	"github.com/h5serve/h5serve/h5core"
	"github.com/h5serve/h5serve/h5core/dtype"
	"github.com/h5serve/h5serve/h5core/internal/object"
	"github.com/h5serve/h5serve/h5core/internal/piece"
	"github.com/h5serve/h5serve/h5core/vfd"
)

// write makes the model's file: by the face where that has a way, else by
// nodes for the planner.
func (m *model) write() (*h5core.File, error) {
	opts := []h5core.Option{h5core.WithLibver(m.low, h5core.Latest), h5core.WithUserBlock(m.user, nil)}
	if m.objects[0].tracked {
		opts = append(opts, h5core.WithTrackOrder())
	}
	f, err := h5core.Open(ctx, "memory.h5", "w", append(opts, h5core.WithDriver(vfd.Core{}))...)
	if err != nil {
		return nil, err
	}
	for _, o := range m.objects {
		o.node = o.empty(f)
	}
	for _, o := range m.objects {
		for _, l := range o.links {
			o.node.(*object.Group).Add(l.made())
		}
	}
	for _, o := range m.objects {
		if err := o.fillIn(f); err != nil {
			return nil, fmt.Errorf("%s: %w", o.path, err)
		}
	}
	return f, nil
}

func (o *modelObject) empty(f *h5core.File) object.Node {
	common := object.Object{TrackOrder: o.tracked}
	switch {
	case o.path == "/":
		return h5core.NodeOf(f.Group)
	case o.kind == "group":
		return &object.Group{Object: common, TrackLinks: o.tracked}
	case o.kind == "type":
		return &object.NamedType{Object: common, Type: o.t}
	}
	return &object.Dataset{}
}

func (l modelLink) made() *object.Link {
	out := &object.Link{Name: l.name, Kind: object.LinkKind(l.kind), File: l.file, Path: l.path, Class: l.class}
	if l.kind == h5core.Hard {
		out.Node = l.to.node
	}
	if l.kind == h5core.UserDefined {
		out.Data = []byte("what its class knows")
	}
	return out
}

// fillIn gives an object's node its contents.
func (o *modelObject) fillIn(f *h5core.File) error {
	if o.kind == "dataset" {
		if err := o.fillDataset(f); err != nil {
			return err
		}
	}
	e := encoder{f, f.Attributes().Heap().(*piece.GlobalHeap)}
	for _, a := range o.attrs {
		data, _, err := e.elements(a.t, a.cells)
		if err != nil {
			return err
		}
		made := &object.Attribute{Name: a.name, Type: a.t, Space: a.space, Data: data, Named: use(a.named)}
		o.node.Common().Attributes = append(o.node.Common().Attributes, made)
	}
	return nil
}

// use counts a use of a committed type.
func use(o *modelObject) *object.NamedType {
	if o == nil {
		return nil
	}
	n := o.node.(*object.NamedType)
	n.Links++
	return n
}

// fillDataset makes a dataset of the right size by the face, whose node then
// gets the type, and moves it to where the links lead.
func (o *modelObject) fillDataset(f *h5core.File) error {
	var opts []h5core.DatasetOption
	switch o.layout {
	case "compact":
		opts = append(opts, h5core.Compact())
	case "chunked":
		opts = append(opts, h5core.Chunks(o.chunk...), h5core.Filters(o.filters...))
	}
	scratch, err := h5core.Open(ctx, "scratch.h5", "w", h5core.WithDriver(vfd.Core{}))
	if err != nil {
		return err
	}
	defer scratch.Discard()
	made, err := scratch.CreateDataset("d", dtype.Must(dtype.OpaqueOf(o.t.Size, "")), o.space, opts...)
	if err != nil {
		return err
	}
	node := o.node.(*object.Dataset)
	links := node.Links
	*node = *h5core.NodeOf(made).(*object.Dataset)
	node.Type, node.Named, node.BareEdges = o.t, use(o.named), o.bare
	node.Links, node.TrackOrder = links, o.tracked
	e := encoder{f, f.DataHeap()}
	if o.fill != nil {
		if node.Fill.Value, _, err = e.elements(o.t, []cell{*o.fill}); err != nil {
			return err
		}
	}
	return o.writeValues(f, node, e)
}

func (o *modelObject) writeValues(f *h5core.File, node *object.Dataset, e encoder) error {
	if o.wrote == nil {
		return nil
	}
	var list []cell
	for run := range o.wrote.Runs(o.space.Dims) {
		list = append(list, o.cells[run.Offset:run.Offset+run.Count]...)
	}
	raw, _, err := e.elements(o.t, list)
	if err != nil {
		return err
	}
	return f.DatasetOf(node, o.path).WriteRaw(ctx, o.wrote, raw)
}
