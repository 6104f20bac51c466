package walk

import (
	"context"
	"encoding/binary"
	"slices"

	"github.com/h5serve/h5serve/h5core/internal/format"
	"github.com/h5serve/h5serve/h5core/internal/wire"
	"github.com/h5serve/h5serve/h5core/vfd"
)

// anyK lets a node hold as many children as its count of 16 bits can say: the
// file's own K need not be known to read what is there.
const anyK = 1 << 15

// tree1 is a version 1 B-tree. Siblings are not trusted: what lies below is
// found from above.
type tree1 struct {
	src   Source
	kind  uint8
	rank  int
	guess uint64 // bytes of a node of the usual K
	entry uint64
	seen  visited
}

func newTree1(src Source, kind uint8, rank int) *tree1 {
	geo := src.Geometry()
	t := &tree1{src: src, kind: kind, rank: rank, seen: visited{}}
	k := uint64(format.GroupInternalK)
	t.entry = uint64(geo.LengthSize) + uint64(geo.OffsetSize)
	if kind == format.ChunkTree {
		k = format.ChunkK
		t.entry = 8 + 8*uint64(rank+1) + uint64(geo.OffsetSize)
	}
	t.guess = t.size(2 * k)
	return t
}

func (t *tree1) size(children uint64) uint64 {
	offset := uint64(t.src.Geometry().OffsetSize)
	return 8 + 2*offset + (children+1)*t.entry - offset
}

const nameTree1 = "version 1 B-tree node"

// fresh gives the addresses at which the walk was not yet.
func (t *tree1) fresh(ctx context.Context, structure string, addrs []uint64) ([]uint64, error) {
	list := make([]uint64, 0, len(addrs))
	for _, a := range addrs {
		if err := t.seen.enter(structure, a); err == nil {
			list = append(list, a)
		} else if !Tolerated(ctx, err) {
			return nil, err
		}
	}
	return list, nil
}

// nodes reads nodes of one level; level below zero is that of the root.
func (t *tree1) nodes(ctx context.Context, addrs []uint64, level int) ([]*format.BTree1, error) {
	addrs, err := t.fresh(ctx, nameTree1, addrs)
	if err != nil {
		return nil, err
	}
	nodes, err := Apart(ctx, addrs, func(addrs []uint64) ([]*format.BTree1, error) { return t.read(ctx, addrs, level) })
	return slices.DeleteFunc(nodes, func(n *format.BTree1) bool { return n == nil }), err
}

func (t *tree1) read(ctx context.Context, addrs []uint64, level int) ([]*format.BTree1, error) {
	got, err := grow(ctx, t.src, vfd.BTree, nameTree1, addrs, t.guess, func(_ int, head []byte) (uint64, error) {
		if len(head) < 8 {
			return 8, nil
		}
		return t.size(uint64(binary.LittleEndian.Uint16(head[6:]))), nil
	})
	if err != nil {
		return nil, err
	}
	nodes := make([]*format.BTree1, len(got))
	for i, p := range got {
		n := &format.BTree1{Type: t.kind, K: anyK, Rank: t.rank}
		if _, err := wire.Decode(p, t.src.Geometry(), addrs[i], n); err != nil {
			return nil, err
		}
		switch {
		case level < 0 && n.Level >= maxDepth:
			return nil, Fault(nameTree1, "node level", addrs[i], "%d is not below %d", n.Level, maxDepth)
		case level >= 0 && int(n.Level) != level:
			return nil, Fault(nameTree1, "node level", addrs[i], "%d under a node of level %d", n.Level, level+1)
		}
		nodes[i] = n
	}
	return nodes, nil
}

// below visits the leaves under addresses of one level, from left to right and
// a wave of nodes at a time. want chooses children; leaves gets the nodes of
// level 0 of a wave. Both may end the walk.
func (t *tree1) below(ctx context.Context, addrs []uint64, level int,
	want func(n *format.BTree1, i int) bool, leaves func([]*format.BTree1) (bool, error),
) (bool, error) {
	for len(addrs) > 0 {
		n := Wave(addrs, func(uint64) uint64 { return t.guess })
		nodes, err := t.nodes(ctx, addrs[:n], level)
		if err != nil {
			return false, err
		}
		addrs = addrs[n:]
		if len(nodes) == 0 {
			continue
		}
		if nodes[0].Level == 0 {
			if more, err := leaves(nodes); err != nil || !more {
				return false, err
			}
			continue
		}
		var children []uint64
		for _, node := range nodes {
			for i, child := range node.Children {
				if want(node, i) {
					children = append(children, child)
				}
			}
		}
		if more, err := t.below(ctx, children, int(nodes[0].Level)-1, want, leaves); err != nil || !more {
			return false, err
		}
	}
	return true, nil
}

// Chunks yields the chunks of a version 1 B-tree in order; rank is the
// dataset's. want, where it is not nil, tells whether chunks from lo up to
// before hi (offsets in elements) are of interest; others may come too.
func Chunks(ctx context.Context, src Source, root uint64, rank int, want func(lo, hi []uint64) bool,
	yield func(key *format.ChunkKey, addr uint64) bool,
) error {
	t := newTree1(src, format.ChunkTree, rank)
	wanted := func(n *format.BTree1, i int) bool {
		return want == nil || want(n.Chunks[i].Offset[:rank], n.Chunks[i+1].Offset[:rank])
	}
	_, err := t.below(ctx, []uint64{root}, -1, wanted, func(leaves []*format.BTree1) (bool, error) {
		for _, n := range leaves {
			for i, child := range n.Children {
				if !yield(&n.Chunks[i], child) {
					return false, nil
				}
			}
		}
		return true, nil
	})
	return err
}
