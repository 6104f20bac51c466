package load

import (
	"context"
	"sort"

	"github.com/h5serve/h5serve/h5core/internal/format"
	"github.com/h5serve/h5serve/h5core/internal/format/message"
	"github.com/h5serve/h5serve/h5core/internal/walk"
	"github.com/h5serve/h5serve/h5core/internal/wire"
)

// Links reads all links of a group, ascending by the bytes of their names.
func (o *Object) Links(ctx context.Context) ([]*message.Link, error) {
	links, err := o.links(ctx)
	if err != nil {
		return nil, damaged(err)
	}
	sort.SliceStable(links, func(i, j int) bool { return links[i].Name < links[j].Name })
	return links, nil
}

func (o *Object) links(ctx context.Context) ([]*message.Link, error) {
	var table message.SymbolTable
	if old, err := o.find(ctx, message.TypeSymbolTable, &table); old || err != nil {
		if err != nil {
			return nil, err
		}
		return o.file.symbols(ctx, table)
	}
	var info message.LinkInfo
	if _, err := o.find(ctx, message.TypeLinkInfo, &info); err != nil {
		return nil, err
	}
	if info.Heap != wire.Undefined {
		return o.file.denseLinks(ctx, info, nil)
	}
	var links []*message.Link
	for _, m := range o.head.Messages {
		if m.Type == message.TypeLink {
			l := &message.Link{}
			if err := o.file.decodeShared(ctx, m, l); err != nil {
				return nil, err
			}
			links = append(links, l)
		}
	}
	return links, nil
}

// Find reads the link of a name; nil where there is none. It touches no more
// of a large group than the way to the name.
func (o *Object) Find(ctx context.Context, name string) (*message.Link, error) {
	var table message.SymbolTable
	if old, err := o.find(ctx, message.TypeSymbolTable, &table); old || err != nil {
		if err != nil {
			return nil, err
		}
		l, err := o.file.findSymbol(ctx, table, name)
		return l, damaged(err)
	}
	var info message.LinkInfo
	if _, err := o.find(ctx, message.TypeLinkInfo, &info); err != nil {
		return nil, err
	}
	var links []*message.Link
	var err error
	if info.Heap != wire.Undefined {
		links, err = o.file.denseLinks(ctx, info, &name)
	} else {
		links, err = o.links(ctx)
	}
	if err != nil {
		return nil, damaged(err)
	}
	for _, l := range links {
		if l.Name == name {
			return l, nil
		}
	}
	return nil, nil
}

func (f *File) symbols(ctx context.Context, table message.SymbolTable) ([]*message.Link, error) {
	heap, err := walk.OpenLocalHeap(ctx, f, table.Heap)
	if err != nil {
		return nil, err
	}
	var links []*message.Link
	var soft []int
	var offsets []uint64
	err = walk.Symbols(ctx, f, table.BTree, heap, func(name string, e *format.SymbolEntry) bool {
		if e.CacheType == format.CacheSoft {
			soft, offsets = append(soft, len(links)), append(offsets, uint64(e.SoftOffset))
		}
		links = append(links, symbolLink(name, e))
		return true
	})
	if err != nil {
		return nil, err
	}
	targets, err := heap.Names(ctx, offsets)
	if err != nil {
		return nil, err
	}
	for k, i := range soft {
		links[i].Target = targets[k]
	}
	return links, nil
}

func symbolLink(name string, e *format.SymbolEntry) *message.Link {
	l := &message.Link{Name: name, Header: e.Header}
	if e.CacheType == format.CacheSoft {
		l.Type = message.SoftLink
	}
	return l
}

func (f *File) findSymbol(ctx context.Context, table message.SymbolTable, name string) (*message.Link, error) {
	heap, err := walk.OpenLocalHeap(ctx, f, table.Heap)
	if err != nil {
		return nil, err
	}
	e, err := walk.FindSymbol(ctx, f, table.BTree, heap, name)
	if err != nil || e == nil {
		return nil, err
	}
	l := symbolLink(name, e)
	if l.Type == message.SoftLink {
		targets, err := heap.Names(ctx, []uint64{uint64(e.SoftOffset)})
		if err != nil {
			return nil, err
		}
		l.Target = targets[0]
	}
	return l, nil
}

// denseLinks reads links that lie in a fractal heap: all, or those whose names
// hash like the given one.
func (f *File) denseLinks(ctx context.Context, info message.LinkInfo, name *string) ([]*message.Link, error) {
	tree, err := walk.OpenTree2(ctx, f, info.NameTree, format.LinkNames)
	if err != nil {
		return nil, err
	}
	var ids [][]byte
	var bad error
	take := func(record []byte) bool {
		r := format.LinkRecord{Type: format.LinkNames}
		if _, bad = wire.Decode(record, f.geo, 0, &r); bad != nil {
			return false
		}
		ids = append(ids, r.ID)
		return true
	}
	if name == nil {
		err = tree.Records(ctx, nil, take)
	} else {
		err = tree.Hashed(ctx, wire.Lookup3([]byte(*name), 0), take)
	}
	if err == nil {
		err = bad
	}
	if err != nil {
		return nil, err
	}
	raw, err := f.inHeap(ctx, info.Heap, ids)
	if err != nil {
		return nil, err
	}
	links := make([]*message.Link, len(raw))
	for i, p := range raw {
		links[i] = &message.Link{}
		if _, err := wire.Decode(p, f.geo, 0, links[i]); err != nil {
			return nil, err
		}
	}
	return links, nil
}

// inHeap reads objects of a fractal heap.
func (f *File) inHeap(ctx context.Context, heap uint64, ids [][]byte) ([][]byte, error) {
	h, err := walk.OpenHeap(ctx, f, heap)
	if err != nil {
		return nil, err
	}
	return h.Objects(ctx, ids)
}
