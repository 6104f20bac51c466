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
	if _, err := o.find(ctx, message.TypeLinkInfo, &info); err != nil && !walk.Tolerated(ctx, err) {
		return nil, err
	} else if err == nil && info.Heap != wire.Undefined {
		return o.file.denseLinks(ctx, info, nil)
	}
	var links []*message.Link
	for _, m := range o.head.Messages {
		if m.Type == message.TypeLink {
			l := &message.Link{}
			if err := o.file.decodeShared(ctx, m, l); err == nil {
				links = append(links, l)
			} else if !walk.Tolerated(ctx, err) {
				return nil, err
			}
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

// symbols reads the links of an old-style group: its tree and the heap of its
// names side by side.
func (f *File) symbols(ctx context.Context, table message.SymbolTable) ([]*message.Link, error) {
	var heap *walk.LocalHeap
	var entries []format.SymbolEntry
	err := f.several(ctx, func(ctx context.Context) (err error) {
		if heap, err = walk.OpenLocalHeap(ctx, f, table.Heap); err == nil {
			err = heap.Load(ctx)
		}
		return err
	}, func(ctx context.Context) (err error) {
		entries, err = walk.Symbols(ctx, f, table.BTree)
		return err
	})
	if err != nil {
		return nil, err
	}
	names, err := heap.Names(ctx, walk.NameOffsets(entries))
	if err != nil {
		return nil, err
	}
	links := make([]*message.Link, 0, len(entries))
	var soft []*message.Link
	var offsets []uint64
	for i, name := range names {
		e := &entries[i]
		l := symbolLink(name, e)
		if l.Type == message.SoftLink {
			soft, offsets = append(soft, l), append(offsets, uint64(e.SoftOffset))
		}
		links = append(links, l)
	}
	targets, err := heap.Names(ctx, offsets)
	if err != nil {
		return nil, err
	}
	for i, l := range soft {
		l.Target = targets[i]
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
	var ids [][]byte
	raw, err := f.indexed(ctx, info.Heap, info.NameTree, format.LinkNames, name, func(record []byte) error {
		r := format.LinkRecord{Type: format.LinkNames}
		_, err := wire.Decode(record, f.geo, 0, &r)
		ids = append(ids, r.ID)
		return err
	}, &ids)
	if err != nil {
		return nil, err
	}
	links := make([]*message.Link, 0, len(raw))
	for _, p := range raw {
		l := &message.Link{}
		if p == nil {
			continue // tolerated
		}
		if _, err := wire.Decode(p, f.geo, 0, l); err == nil {
			links = append(links, l)
		} else if !walk.Tolerated(ctx, err) {
			return nil, err
		}
	}
	return links, nil
}

// indexed reads objects of a fractal heap that a version 2 B-tree lists: the
// tree and the heap's header side by side. take puts what a record names among
// ids; a name chooses the records that hash like it.
func (f *File) indexed(ctx context.Context, heap, tree uint64, kind uint8, name *string,
	take func(record []byte) error, ids *[][]byte,
) ([][]byte, error) {
	var h *walk.Heap
	err := f.several(ctx, func(ctx context.Context) (err error) {
		h, err = walk.OpenHeap(ctx, f, heap)
		return err
	}, func(ctx context.Context) error {
		t, err := walk.OpenTree2(ctx, f, tree, kind)
		if err != nil {
			return err
		}
		var bad error
		each := func(record []byte) bool {
			err := take(record)
			if err != nil && !walk.Tolerated(ctx, err) {
				bad = err
			}
			return bad == nil
		}
		if name == nil {
			err = t.Records(ctx, nil, each)
		} else {
			err = t.Hashed(ctx, wire.Lookup3([]byte(*name), 0), each)
		}
		if err == nil {
			err = bad
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return h.Objects(ctx, *ids)
}
