package plan

import (
	"sort"

	"github.com/h5serve/h5serve/h5core/internal/format"
	"github.com/h5serve/h5serve/h5core/internal/object"
	"github.com/h5serve/h5serve/h5core/internal/piece"
	"github.com/h5serve/h5serve/h5core/internal/wire"
	"github.com/h5serve/h5serve/h5core/vfd"
)

const (
	groupFanout  = 2 * format.GroupInternalK
	nodeEntries  = 2 * format.GroupLeafK
	groupNode    = 24 + groupFanout*8 + (groupFanout+1)*8
	symbolNode   = 8 + nodeEntries*40
	heapHeader   = 32
	emptyNameEnd = 8 // offset 0 of a local heap is the empty name
)

// symbolTable is the piece of an old-style group's links (specification III.B
// to III.D):
//
//	B-tree nodes, root first │ local heap │ names │ symbol table nodes
type symbolTable struct {
	piece.Base
	links   []*object.Link // by name
	headers map[object.Node]*header
	names   []uint64 // heap offset of each name
	targets []uint64 // heap offset of each soft link's path
	segment []byte
	leaves  int
	levels  []int // B-tree nodes of each level, the root's first
}

func newSymbolTable(g *object.Group, headers map[object.Node]*header) *symbolTable {
	t := &symbolTable{links: append([]*object.Link(nil), g.Links()...), headers: headers}
	sort.Slice(t.links, func(i, j int) bool { return t.links[i].Name < t.links[j].Name })
	t.segment = make([]byte, emptyNameEnd, emptyNameEnd+16*len(t.links))
	t.names, t.targets = make([]uint64, len(t.links)), make([]uint64, len(t.links))
	for i, l := range t.links {
		t.names[i] = t.keep(l.Name)
		if l.Kind == object.Soft {
			t.targets[i] = t.keep(l.Path)
		}
	}
	t.leaves = (len(t.links) + nodeEntries - 1) / nodeEntries
	nodes := 0
	for n := t.leaves; ; {
		n = max(1, (n+groupFanout-1)/groupFanout)
		t.levels = append([]int{n}, t.levels...)
		nodes += n
		if n == 1 {
			break
		}
	}
	size := nodes*groupNode + heapHeader + len(t.segment) + t.leaves*symbolNode
	t.Base = piece.NewBase(vfd.BTree, uint64(size))
	return t
}

// keep puts a text into the heap's data segment.
func (t *symbolTable) keep(text string) uint64 {
	at := len(t.segment)
	t.segment = append(t.segment, text...)
	t.segment = append(t.segment, make([]byte, wire.Pad(len(text)+1, 8)-len(text))...)
	return uint64(at)
}

func (t *symbolTable) tree() uint64 { return t.Place().Addr() }

func (t *symbolTable) heap() uint64 {
	nodes := 0
	for _, n := range t.levels {
		nodes += n
	}
	return t.tree() + uint64(nodes)*groupNode
}

func (t *symbolTable) firstLeaf() uint64 { return t.heap() + heapHeader + uint64(len(t.segment)) }

// Append appends the nodes, the heap and the leaves.
func (t *symbolTable) Append(dst []byte) ([]byte, error) {
	var parts []wire.Structure
	first := t.tree()
	for depth, n := range t.levels {
		below := first + uint64(n)*groupNode
		for i := range n {
			parts = append(parts, t.node(len(t.levels)-1-depth, i, n, first, below))
		}
		first = below
	}
	parts = append(parts, &format.LocalHeap{
		SegmentSize: uint64(len(t.segment)), FreeList: format.NoFreeBlock, Segment: t.heap() + heapHeader,
	}, segment(t.segment))
	for i := range t.leaves {
		parts = append(parts, t.leaf(i))
	}
	var err error
	for _, part := range parts {
		if dst, err = wire.Append(dst, wire.Default, part); err != nil {
			return dst, err
		}
	}
	return dst, nil
}

type segment []byte

func (s segment) Fields(c *wire.Codec) {
	c.Name("local heap data segment")
	p := []byte(s)
	c.Bytes("data", uint64(len(s)), &p)
}

// node builds the i-th of n nodes of a level; first and below are where its
// level and the one below begin. Its keys are the last names of its children.
func (t *symbolTable) node(level, i, n int, first, below uint64) *format.BTree1 {
	node := &format.BTree1{
		Type: format.GroupTree, Level: uint8(level), K: format.GroupInternalK,
		Left: neighbour(i-1, n, first), Right: neighbour(i+1, n, first), Names: []uint64{0},
	}
	span := 1 // leaves under a child
	for range level {
		span *= groupFanout
	}
	from := i * groupFanout * span
	if from > 0 {
		node.Names[0] = t.lastName(from)
	}
	for leaf := from; leaf < min(from+groupFanout*span, t.leaves); leaf += span {
		child := t.firstLeaf() + uint64(leaf)*symbolNode
		if level > 0 {
			child = below + uint64(leaf/span)*groupNode
		}
		node.Children = append(node.Children, child)
		node.Names = append(node.Names, t.lastName(min(leaf+span, t.leaves)))
	}
	return node
}

func neighbour(i, n int, first uint64) uint64 {
	if i < 0 || i >= n {
		return wire.Undefined
	}
	return first + uint64(i)*groupNode
}

// lastName is the heap offset of the last name in the leaves before the given.
func (t *symbolTable) lastName(leaf int) uint64 {
	return t.names[min(leaf*nodeEntries, len(t.names))-1]
}

func (t *symbolTable) leaf(i int) *format.SymbolNode {
	node := &format.SymbolNode{K: format.GroupLeafK}
	for k := i * nodeEntries; k < min((i+1)*nodeEntries, len(t.links)); k++ {
		e := format.SymbolEntry{NameOffset: t.names[k], Header: wire.Undefined}
		if l := t.links[k]; l.Kind == object.Soft {
			e.CacheType, e.SoftOffset = format.CacheSoft, uint32(t.targets[k])
		} else {
			e.Header = t.headers[l.Node].Place().Addr()
		}
		node.Entries = append(node.Entries, e)
	}
	return node
}
