package walk

import (
	"context"
	"encoding/binary"
	"slices"

	"github.com/h5serve/h5serve/h5core/internal/format"
	"github.com/h5serve/h5serve/h5core/internal/wire"
	"github.com/h5serve/h5serve/h5core/vfd"
)

// Symbols reads the links of an old-style group in the order of its tree, which
// is that of their names. The names lie in the group's heap.
func Symbols(ctx context.Context, src Source, tree uint64) ([]format.SymbolEntry, error) {
	t := newTree1(src, format.GroupTree, 0)
	var entries []format.SymbolEntry
	all := func(*format.BTree1, int) bool { return true }
	_, err := t.below(ctx, []uint64{tree}, -1, all, func(leaves []*format.BTree1) (bool, error) {
		var addrs []uint64
		for _, n := range leaves {
			addrs = append(addrs, n.Children...)
		}
		for len(addrs) > 0 {
			n := min(len(addrs), waveNodes)
			some, err := t.symbolNodes(ctx, addrs[:n])
			if err != nil {
				return false, err
			}
			entries, addrs = append(entries, some...), addrs[n:]
		}
		return true, nil
	})
	return entries, err
}

// NameOffsets gives where the names of entries lie in their heap.
func NameOffsets(entries []format.SymbolEntry) []uint64 {
	offsets := make([]uint64, len(entries))
	for i, e := range entries {
		offsets[i] = e.NameOffset
	}
	return offsets
}

const nameSymbols = "symbol table node"

// symbolNodes reads symbol table nodes and joins their entries.
func (t *tree1) symbolNodes(ctx context.Context, addrs []uint64) ([]format.SymbolEntry, error) {
	addrs, err := t.fresh(ctx, nameSymbols, addrs)
	if err != nil {
		return nil, err
	}
	nodes, err := Apart(ctx, addrs, func(addrs []uint64) ([][]format.SymbolEntry, error) { return t.readSymbols(ctx, addrs) })
	return slices.Concat(nodes...), err
}

func (t *tree1) readSymbols(ctx context.Context, addrs []uint64) ([][]format.SymbolEntry, error) {
	entry := 2*uint64(t.src.Geometry().OffsetSize) + 24
	got, err := grow(ctx, t.src, vfd.BTree, nameSymbols, addrs, 8+2*format.GroupLeafK*entry, func(_ int, head []byte) (uint64, error) {
		if len(head) < 8 {
			return 8, nil
		}
		return 8 + uint64(binary.LittleEndian.Uint16(head[6:]))*entry, nil
	})
	if err != nil {
		return nil, err
	}
	nodes := make([][]format.SymbolEntry, len(got))
	for i, p := range got {
		n := format.SymbolNode{K: anyK}
		if _, err := wire.Decode(p, t.src.Geometry(), addrs[i], &n); err != nil {
			return nil, err
		}
		nodes[i] = n.Entries
	}
	return nodes, nil
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
		if len(nodes) == 0 {
			return nil, nil
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
	names, err := heap.Names(ctx, NameOffsets(entries))
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
