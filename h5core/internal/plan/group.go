package plan

import (
	"fmt"

	"github.com/h5serve/h5serve/h5core/dtype"
	"github.com/h5serve/h5serve/h5core/internal/format/message"
	"github.com/h5serve/h5serve/h5core/internal/object"
	"github.com/h5serve/h5serve/h5core/internal/wire"
)

// group plans a group: a symbol table at the earliest bound where its links
// allow, else links in its header.
func (b *builder) group(g *object.Group) error {
	h := newHeader(b.versions.headerOf(&g.Object), &g.Object)
	b.headers[g] = h
	if b.versions.superblock == 0 && g.Symbols() {
		return b.symbolTableGroup(h, g)
	}
	if err := b.linkMessages(h, g); err != nil {
		return err
	}
	return b.finishHeader(h, &g.Object)
}

func (b *builder) symbolTableGroup(h *header, g *object.Group) error {
	table := newSymbolTable(g, b.headers)
	m := &message.SymbolTable{}
	h.resolve = append(h.resolve, func() { m.BTree, m.Heap = table.tree(), table.heap() })
	if err := h.add(message.TypeSymbolTable, 0, m); err != nil {
		return err
	}
	if err := b.finishHeader(h, &g.Object); err != nil {
		return err
	}
	if g == b.root {
		b.rootTable = table
	}
	b.front = append(b.front, table)
	return nil
}

func (b *builder) linkMessages(h *header, g *object.Group) error {
	info := &message.LinkInfo{
		Tracked: g.TrackLinks, Indexed: g.TrackLinks, MaxOrder: uint64(len(g.Links())),
		Heap: wire.Undefined, NameTree: wire.Undefined, OrderTree: wire.Undefined,
	}
	if err := h.add(message.TypeLinkInfo, 0, info); err != nil {
		return err
	}
	if err := h.add(message.TypeGroupInfo, message.Constant, &message.GroupInfo{}); err != nil {
		return err
	}
	links := make([]*message.Link, 0, len(g.Links()))
	for i, l := range g.Links() {
		m, err := linkMessage(l, g.TrackLinks, int64(i))
		if err != nil {
			return err
		}
		if err := h.add(message.TypeLink, 0, m); err != nil {
			return fmt.Errorf("link %q: %w", l.Name, err)
		}
		links = append(links, m)
	}
	h.resolve = append(h.resolve, func() {
		for i, l := range g.Links() {
			if l.Kind == object.Hard {
				links[i].Header = b.headers[l.Node].Place().Addr()
			}
		}
	})
	return nil
}

func linkMessage(l *object.Link, tracked bool, order int64) (*message.Link, error) {
	m := &message.Link{Name: l.Name, Tracked: tracked, Order: order}
	if !object.ASCII(l.Name) {
		m.CharSet = dtype.UTF8
	}
	switch l.Kind {
	case object.Soft:
		m.Type, m.Target = message.SoftLink, l.Path
	case object.External:
		m.Type, m.Data = message.ExternalLink, message.External(l.File, l.Path)
	case object.UserDefined:
		m.Type, m.Data = l.Class, l.Data
	}
	if n := max(len(m.Target), len(m.Data)); n > 1<<16-1 {
		return nil, fmt.Errorf("link %q: where it leads takes %d bytes, at most 65,535 fit", l.Name, n)
	}
	return m, nil
}
