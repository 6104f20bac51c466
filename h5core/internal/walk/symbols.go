package walk

import (
	"context"
	"encoding/binary"

	"github.com/h5serve/h5serve/h5core/internal/format"
	"github.com/h5serve/h5serve/h5core/internal/wire"
	"github.com/h5serve/h5serve/h5core/vfd"
)

// Symbols yields the links of an old-style group in the order of its tree,
// which is that of the names.
func Symbols(ctx context.Context, src Source, tree uint64, heap *LocalHeap,
	yield func(name string, e *format.SymbolEntry) bool,
) error {
	t := newTree1(src, format.GroupTree, 0)
	all := func(*format.BTree1, int) bool { return true }
	_, err := t.below(ctx, []uint64{tree}, -1, all, func(leaves []*format.BTree1) (bool, error) {
		var addrs []uint64
		for _, n := range leaves {
			addrs = append(addrs, n.Children...)
		}
		for len(addrs) > 0 {
			n := min(len(addrs), waveNodes)
			entries, err := t.symbolNodes(ctx, addrs[:n])
			if err != nil {
				return false, err
			}
			names, err := heap.Names(ctx, nameOffsets(entries))
			if err != nil {
				return false, err
			}
			for i := range entries {
				if !yield(names[i], &entries[i]) {
					return false, nil
				}
			}
			addrs = addrs[n:]
		}
		return true, nil
	})
	return err
}

func nameOffsets(entries []format.SymbolEntry) []uint64 {
	offsets := make([]uint64, len(entries))
	for i, e := range entries {
		offsets[i] = e.NameOffset
	}
	return offsets
}

// symbolNodes reads symbol table nodes and joins their entries.
func (t *tree1) symbolNodes(ctx context.Context, addrs []uint64) ([]format.SymbolEntry, error) {
	const name = "symbol table node"
	for _, a := range addrs {
		if err := t.seen.enter(name, a); err != nil {
			return nil, err
		}
	}
	entry := 2*uint64(t.src.Geometry().OffsetSize) + 24
	got, err := grow(ctx, t.src, vfd.BTree, name, addrs, 8+2*format.GroupLeafK*entry, func(_ int, head []byte) (uint64, error) {
		if len(head) < 8 {
			return 8, nil
		}
		return 8 + uint64(binary.LittleEndian.Uint16(head[6:]))*entry, nil
	})
	if err != nil {
		return nil, err
	}
	var entries []format.SymbolEntry
	for i, p := range got {
		n := format.SymbolNode{K: anyK}
		if _, err := wire.Decode(p, t.src.Geometry(), addrs[i], &n); err != nil {
			return nil, err
		}
		entries = append(entries, n.Entries...)
	}
	return entries, nil
}

// FindSymbol looks up one link of an old-style group; nil where there is none.
// It reads a node and its names at each level of the tree.
func FindSymbol(ctx context.Context, src Source, tree uint64, heap *LocalHeap, name string) (*format.SymbolEntry, error) {
	t := newTree1(src, format.GroupTree, 0)
	addr, level := tree, -1
	for {
		nodes, err := t.nodes(ctx, []uint64{addr}, level)
		if err != nil {
			return nil, err
		}
		n := nodes[0]
		keys, err := heap.Names(ctx, n.Names)
		if err != nil {
			return nil, err
		}
		i := 0 // a child's names lie above its key and up to the next
		for i < len(n.Children) && name > keys[i+1] {
			i++
		}
		if i == len(n.Children) || name <= keys[i] {
			return nil, nil
		}
		addr, level = n.Children[i], int(n.Level)-1
		if n.Level == 0 {
			return t.findEntry(ctx, addr, heap, name)
		}
	}
}

func (t *tree1) findEntry(ctx context.Context, addr uint64, heap *LocalHeap, name string) (*format.SymbolEntry, error) {
	entries, err := t.symbolNodes(ctx, []uint64{addr})
	if err != nil {
		return nil, err
	}
	names, err := heap.Names(ctx, nameOffsets(entries))
	if err != nil {
		return nil, err
	}
	for i := range names {
		if names[i] == name {
			return &entries[i], nil
		}
	}
	return nil, nil
}
