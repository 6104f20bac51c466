package h5core_test

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/h5serve/h5serve/h5core"
	"github.com/h5serve/h5serve/h5core/dtype"
	"github.com/h5serve/h5serve/h5core/space"
)

// verify holds a file that is read to the model: everything that the model has
// is there and alike, and nothing else.
func (m *model) verify(f *h5core.File) error {
	m.file, m.found = f, map[*modelObject]uint64{}
	if f.UserBlock() != m.user {
		return fmt.Errorf("a user block of %d bytes, want %d", f.UserBlock(), m.user)
	}
	for _, o := range m.objects {
		there, err := f.Get(ctx, o.path)
		if err != nil {
			return err
		}
		if err := m.same(o, there.Address()); err != nil {
			return err
		}
	}
	for _, o := range m.objects {
		there, err := f.Get(ctx, o.path)
		if err != nil {
			return err
		}
		if err := errors.Join(m.verifyObject(o, there), m.verifyAttributes(o, there.Attributes())); err != nil {
			return fmt.Errorf("%s: %w", o.path, err)
		}
	}
	return nil
}

// same holds every object to one address, and addresses to one object each.
func (m *model) same(o *modelObject, addr uint64) error {
	for other, at := range m.found {
		if (other == o) != (at == addr) {
			return fmt.Errorf("%s is at %#x, %s at %#x", o.path, addr, other.path, at)
		}
	}
	m.found[o] = addr
	return nil
}

func (m *model) verifyObject(o *modelObject, there h5core.Object) error {
	switch there := there.(type) {
	case *h5core.Group:
		if o.kind == "group" {
			return m.verifyLinks(o, there)
		}
	case *h5core.NamedType:
		if o.kind == "type" {
			return sameType(there.Type(), o.t)
		}
	case *h5core.Dataset:
		if o.kind == "dataset" {
			return errors.Join(m.verifyStorage(o, there), m.verifyValues(o, there))
		}
	}
	return fmt.Errorf("it is %T, want a %s", there, o.kind)
}

func sameType(got, want *dtype.Type) error {
	if !got.Equal(want) || got.String() != want.String() {
		return fmt.Errorf("type %v, want %v", got, want)
	}
	return nil
}

func (m *model) verifyLinks(o *modelObject, g *h5core.Group) error {
	got, err := g.Links(ctx)
	if err != nil {
		return err
	}
	if len(got) != len(o.links) {
		return fmt.Errorf("links %+v, want %+v", got, o.links)
	}
	want := slices.SortedFunc(slices.Values(o.links), func(a, b modelLink) int { return cmp.Compare(a.name, b.name) })
	for i, l := range want {
		if g := got[i]; g.Name != l.name || g.Kind != l.kind || g.File != l.file || g.Path != l.path ||
			l.kind == h5core.UserDefined && g.Class != l.class {
			return fmt.Errorf("link %+v, want %+v", g, l)
		}
		if l.kind == h5core.Hard {
			if err := m.same(l.to, got[i].Address); err != nil {
				return err
			}
		}
		if got[i].Tracked != o.tracked || o.tracked && o.links[got[i].Order].name != l.name {
			return fmt.Errorf("link %+v: tracked %v", got[i], o.tracked)
		}
	}
	return nil
}

func (m *model) verifyAttributes(o *modelObject, list *h5core.Attributes) error {
	got, err := list.All(ctx)
	if err != nil {
		return err
	}
	if len(got) != len(o.attrs) {
		return fmt.Errorf("%d attributes, want %d", len(got), len(o.attrs))
	}
	want := slices.SortedFunc(slices.Values(o.attrs), func(a, b modelAttribute) int { return cmp.Compare(a.name, b.name) })
	for i, a := range want {
		if err := m.verifyAttribute(a, got[i]); err != nil {
			return fmt.Errorf("@%s: %w", a.name, err)
		}
	}
	return nil
}

func (m *model) verifyAttribute(want modelAttribute, got *h5core.Attribute) error {
	if got.Name != want.name || !sameSpace(got.Space, want.space) {
		return fmt.Errorf("%s of %v, want %v", got.Name, got.Space, want.space)
	}
	if err := sameType(got.Type, want.t); err != nil {
		return err
	}
	e, err := got.Read(ctx)
	if err != nil {
		return err
	}
	return m.compare(want.t, want.cells, e, e.Data)
}

// sameSpace compares spaces; one without a maximum ends where it ends.
func sameSpace(a, b space.Space) bool {
	maximum := func(s space.Space) []uint64 {
		if s.Max == nil {
			return s.Dims
		}
		return s.Max
	}
	return a.Kind == b.Kind && slices.Equal(a.Dims, b.Dims) && slices.Equal(maximum(a), maximum(b))
}

func (m *model) verifyStorage(o *modelObject, d *h5core.Dataset) error {
	if !sameSpace(d.Space(), o.space) || d.Layout() != o.layout || !slices.Equal(d.Chunks(), o.chunk) {
		return fmt.Errorf("%v, %s, chunks %v, want %v, %s, %v", d.Space(), d.Layout(), d.Chunks(), o.space, o.layout, o.chunk)
	}
	if err := sameType(d.Type(), o.t); err != nil {
		return err
	}
	got := d.Filters()
	if len(got) != len(o.filters) || d.BareEdges() != o.bare {
		return fmt.Errorf("filters %v, bare edges %v, want %v, %v", got, d.BareEdges(), o.filters, o.bare)
	}
	for i, f := range o.filters {
		if got[i].ID != uint16(f.Filter.ID()) || !slices.Equal(got[i].Params, f.Params) || got[i].Flags != f.Flags {
			return fmt.Errorf("filter %v, want %v", got[i], f)
		}
	}
	switch addr, committed := d.Committed(); {
	case committed != (o.named != nil):
		return fmt.Errorf("its type is committed: %v", committed)
	case committed:
		return m.same(o.named, addr)
	}
	return nil
}

func (m *model) verifyValues(o *modelObject, d *h5core.Dataset) error {
	if status, value := d.Fill(); (status == "user") != (o.fill != nil) {
		return fmt.Errorf("fill value: %s", status)
	} else if o.fill != nil && len(o.t.Pointers()) == 0 {
		if err := m.compare(o.t, []cell{*o.fill}, value, value.Data); err != nil {
			return fmt.Errorf("fill value: %w", err)
		}
	}
	e, err := d.ReadRaw(ctx, nil)
	if err != nil {
		return err
	}
	if err := m.compare(o.t, o.cells, e, e.Data); err != nil {
		return err
	}
	var last []uint64 // the element at the end, on its own
	for _, n := range o.space.Dims {
		last = append(last, max(n, 1)-1)
	}
	if len(last) == 0 || len(o.cells) == 0 {
		return nil
	}
	if e, err = d.ReadRaw(ctx, space.Hyperslab{Start: last, Count: slices.Repeat([]uint64{1}, len(last))}); err != nil {
		return err
	}
	return m.compare(o.t, o.cells[len(o.cells)-1:], e, e.Data)
}
