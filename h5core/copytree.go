package h5core

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/h5serve/h5serve/h5core/dtype"
	"github.com/h5serve/h5serve/h5core/internal/format/message"
	"github.com/h5serve/h5serve/h5core/internal/load"
	"github.com/h5serve/h5serve/h5core/internal/object"
)

// node gives the copy of an object, which is empty at first.
func (c *copier) node(o Object, depth int) (object.Node, error) {
	at := place{holder(o), o.Address()}
	if known := c.nodes[at]; known != nil {
		return known, nil
	}
	var n object.Node
	switch o.(type) {
	case *Group:
		n = &object.Group{}
	case *Dataset:
		n = &object.Dataset{}
	case *NamedType:
		n = &object.NamedType{}
	default:
		return nil, failf("copy", o.Name(), ErrUnsupported, "an object of type %T", o)
	}
	c.nodes[at] = n
	c.all = append(c.all, copied{o, n, depth})
	if _, ok := n.(*object.Group); ok {
		c.open = append(c.open, copied{o, n, depth})
	}
	return n, nil
}

// links copies the links of all groups that are known, and of those they lead to.
func (c *copier) links() error {
	for ; len(c.open) > 0; c.open = c.open[1:] {
		at := c.open[0]
		if err := c.ctx.Err(); err != nil {
			return err
		}
		if c.shallow && at.depth > 0 {
			continue
		}
		g := at.from.(*Group)
		links, err := g.stored.Links(c.ctx)
		if err != nil {
			return readError("copy", g.path, err)
		}
		if len(links) > 0 && links[0].Tracked {
			slices.SortStableFunc(links, func(a, b *message.Link) int { return cmp.Compare(a.Order, b.Order) })
		}
		for _, l := range links {
			if err := c.link(g, l, at); err != nil {
				return err
			}
		}
	}
	return nil
}

func (c *copier) link(g *Group, l *message.Link, at copied) error {
	to, err := c.target(g, l, at.depth+1)
	if err != nil {
		return err
	}
	made := linkOf(l)
	out := &object.Link{Name: l.Name, Node: to}
	switch {
	case to != nil:
	case made.Kind == Soft:
		out.Kind, out.Path = object.Soft, l.Target
	case made.Kind == External && made.File != "":
		out.Kind, out.File, out.Path = object.External, made.File, made.Path
	default:
		out.Kind, out.Class, out.Data = object.UserDefined, l.Type, l.Data
	}
	at.to.(*object.Group).Add(out)
	return nil
}

// target gives the copy of what a link leads to; nil where the link itself is
// to be copied.
func (c *copier) target(g *Group, l *message.Link, depth int) (object.Node, error) {
	var o Object
	var err error
	switch made := linkOf(l); {
	case made.Kind == Hard:
		if known := c.nodes[place{g.file, l.Header}]; known != nil {
			return known, nil
		}
		if o, err = g.file.object(c.ctx, g.join(l.Name), l.Header); err != nil {
			return nil, err
		}
	case made.Kind == Soft && c.expandSoft, made.Kind == External && c.expandExternal:
		if o, err = g.step(c.ctx, made, maxSoft); err != nil {
			return nil, c.ctx.Err() // it leads nowhere, and stays
		}
	default:
		return nil, nil
	}
	return c.node(o, depth)
}

// contents fills the copy of an object.
func (c *copier) contents(at copied) error {
	var stored *load.Object
	switch from := at.from.(type) {
	case *Group:
		stored = from.stored
		_, tracked, err := stored.OrderTracked(c.ctx)
		if err != nil {
			return err
		}
		at.to.(*object.Group).TrackLinks = tracked
	case *Dataset:
		stored = from.stored
		if err := c.dataset(from, at.to.(*object.Dataset)); err != nil {
			return err
		}
	case *NamedType:
		stored = from.stored
		at.to.(*object.NamedType).Type = from.t
		if err := portable(from.file, from.t); err != nil {
			return err
		}
	}
	node := at.to.Common()
	var err error
	if node.TrackOrder, _, err = stored.OrderTracked(c.ctx); err != nil {
		return err
	}
	if node.Comment, err = stored.Comment(c.ctx); err != nil || c.withoutAttributes {
		return err
	}
	return c.attributes(holder(at.from), stored, node)
}

func (c *copier) attributes(f *File, stored *load.Object, node *object.Object) error {
	list, err := stored.Attributes(c.ctx)
	if err != nil {
		return err
	}
	if node.TrackOrder {
		slices.SortStableFunc(list, func(a, b *message.Attribute) int { return cmp.Compare(a.Order, b.Order) })
	}
	for _, m := range list {
		err := portable(f, m.Type.Type)
		if err != nil && c.scales != nil && (m.Name == dimensionList || m.Name == referenceList) {
			continue // of references that cannot be moved yet: the scales stay, unattached
		}
		var a *object.Attribute
		if err == nil {
			a, err = c.attribute(f, stored.Addr(), m)
		}
		if err != nil {
			return fmt.Errorf("attribute %q: %w", m.Name, err)
		}
		if a == nil {
			continue
		}
		if ref := m.SharedType; ref != nil && ref.Type != message.SharedInHeap {
			if a.Named, err = c.namedType(f, ref.Header); err != nil {
				return err
			}
		}
		node.Attributes = append(node.Attributes, a)
	}
	return nil
}

// namedType gives the copy of a committed type that something uses.
func (c *copier) namedType(f *File, addr uint64) (*object.NamedType, error) {
	n := c.nodes[place{f, addr}]
	if n == nil {
		o, err := f.object(c.ctx, "(committed type)", addr)
		if err != nil {
			return nil, err
		}
		if n, err = c.node(o, 0); err != nil {
			return nil, err
		}
	}
	t, ok := n.(*object.NamedType)
	if !ok {
		return nil, fmt.Errorf("%w: the type at %#x is no committed one", ErrDamaged, addr)
	}
	t.Links++
	return t, nil
}

// portable refuses types whose elements cannot be moved to another file yet.
func portable(f *File, t *dtype.Type) error {
	for _, p := range dtype.Fields(t.Pointers()) {
		want := uint32(dtype.VarLenSize)
		switch {
		case p.Class == dtype.VarLen:
			if err := portable(f, p.Base); err != nil {
				return err
			}
		case p.Ref == dtype.ObjectRef:
			want = 8
		case p.Ref == dtype.RegionRef:
			want = 12
		default:
			return fmt.Errorf("%w: copying %s", ErrUnsupported, p)
		}
		if p.Size != want || f.stored.Geometry().OffsetSize != 8 {
			return fmt.Errorf("%w: copying elements with addresses of %d bytes", ErrUnsupported, f.stored.Geometry().OffsetSize)
		}
	}
	return nil
}
