package piece

import (
	"fmt"
	"math"

	"github.com/h5serve/h5serve/h5core/internal/format"
	"github.com/h5serve/h5serve/h5core/internal/wire"
	"github.com/h5serve/h5serve/h5core/vfd"
)

// BTree2 is a version 2 B-tree, built whole from its sorted records
// (specification III.A.2). The header comes first, then the root, then each
// level from left to right.
//
// Records lie in all nodes. A node takes as few as let its children hold the
// rest, which they share evenly: so every node but the root is at least half
// full, and whoever changes the tree finds room in it.
type BTree2 struct {
	*Structure
	header format.BTree2
	record func(k int) wire.Structure
	levels [][]node // the root's first
}

// node holds the records from first on: those of its subtree.
type node struct {
	first, total uint64
	own          uint64 // records in the node itself
}

// NewBTree2 plans a tree of n records. What the header says of type, sizes and
// percentages is taken from it; record gives the k-th record when all places
// are known.
func NewBTree2(header format.BTree2, n uint64, record func(k int) wire.Structure) (*BTree2, error) {
	t := &BTree2{header: header, record: record}
	t.header.Records, t.header.Root = n, wire.Undefined
	nodes := uint64(0)
	if n > 0 {
		if err := t.shape(n); err != nil {
			return nil, err
		}
		for _, level := range t.levels {
			nodes += uint64(len(level))
		}
		t.header.Depth, t.header.RootRecords = uint16(len(t.levels)-1), uint16(t.levels[0][0].own)
	}
	t.Structure = NewStructure(vfd.BTree, t.headerSize()+nodes*uint64(header.NodeSize), t.parts)
	return t, nil
}

func (t *BTree2) headerSize() uint64 {
	return 22 + uint64(wire.Default.OffsetSize) + uint64(wire.Default.LengthSize)
}

// shape decides how many records each node holds.
func (t *BTree2) shape(n uint64) error {
	depth := 0
	for {
		most, below := t.header.Capacity(wire.Default, depth)
		if most < 2 || most > math.MaxUint16 {
			return fmt.Errorf("nodes of %d bytes hold %d records of %d bytes", t.header.NodeSize, most, t.header.RecordSize)
		}
		if below >= n {
			break
		}
		depth++
	}
	level := []node{{total: n}}
	for height := depth; height > 0; height-- {
		_, below := t.header.Capacity(wire.Default, height-1)
		var next []node
		for i := range level {
			next = level[i].divide(next, below)
		}
		t.levels = append(t.levels, level)
		level = next
	}
	for i := range level {
		level[i].own = level[i].total
	}
	t.levels = append(t.levels, level)
	return nil
}

// divide leaves a node as few records as can be, and shares out the rest among
// its children, of which each holds at most below.
func (n *node) divide(children []node, below uint64) []node {
	n.own = max(1, n.total/(below+1))
	rest, count := n.total-n.own, n.own+1
	first := n.first
	for i := range count {
		child := node{first: first, total: rest / count}
		if i < rest%count {
			child.total++
		}
		first += child.total + 1
		children = append(children, child)
	}
	return children
}

func (t *BTree2) parts() []wire.Structure {
	start := t.Place().Addr() + t.headerSize()
	if len(t.levels) > 0 {
		t.header.Root = start
	}
	parts := []wire.Structure{&t.header}
	for depth, level := range t.levels {
		height := len(t.levels) - 1 - depth
		below := start + uint64(len(level))*uint64(t.header.NodeSize)
		child := 0
		for _, n := range level {
			made := &format.BTree2Node{Tree: &t.header, Level: height, Count: int(n.own)}
			if height == 0 {
				made.Contents = t.run(n.first, n.own)
			} else {
				t.fill(made, n, t.levels[depth+1][child:], below+uint64(child)*uint64(t.header.NodeSize), height)
				child += len(made.Children)
			}
			pad := uint64(t.header.NodeSize) - made.NodeBytes(wire.Default)
			parts = append(parts, made, format.Padding{Size: int(pad)})
		}
		start = below
	}
	return parts
}

func (t *BTree2) run(first, n uint64) []wire.Structure {
	list := make([]wire.Structure, n)
	for i := range list {
		list[i] = t.record(int(first) + i)
	}
	return list
}

// fill gives an internal node its children, which lie in a row from addr on,
// and the records between them.
func (t *BTree2) fill(made *format.BTree2Node, n node, children []node, addr uint64, height int) {
	for i := range n.own + 1 {
		c := children[i]
		at := format.BTree2Child{Addr: addr + i*uint64(t.header.NodeSize), Records: c.own}
		if height > 1 {
			at.Total = c.total
		}
		made.Children = append(made.Children, at)
		if i < n.own {
			made.Contents = append(made.Contents, t.record(int(c.first+c.total)))
		}
	}
}
