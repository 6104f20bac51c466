package index

import (
	"github.com/h5serve/h5serve/h5core/internal/format"
	"github.com/h5serve/h5serve/h5core/internal/format/message"
	"github.com/h5serve/h5serve/h5core/internal/piece"
	"github.com/h5serve/h5serve/h5core/internal/wire"
	"github.com/h5serve/h5serve/h5core/vfd"
)

// fanout is how many children a chunk B-tree node holds.
const fanout = 2 * format.ChunkK

// btree1 is a version 1 B-tree, built full from its sorted chunks
// (specification III.A.1). The root comes first, then each level from left to
// right, so that parents lie before children.
type btree1 struct {
	*piece.Structure
	chunks Chunks
	chunk  []uint64 // dimensions of a chunk, and the element's size last
	levels []int    // nodes of each level, the root's first
}

// NewBTree1 plans the tree; chunk is that of the layout message. Without any
// chunk there is no tree.
func NewBTree1(chunks Chunks, chunk []uint64) Plan {
	t := &btree1{chunks: chunks, chunk: chunk}
	nodes := 0
	for n := chunks.Len(); n > 0; {
		n = (n + fanout - 1) / fanout
		nodes += n
		t.levels = append([]int{n}, t.levels...)
		if n == 1 {
			break
		}
	}
	t.Structure = piece.NewStructure(vfd.BTree, uint64(nodes)*t.nodeSize(), t.parts)
	return t
}

func (t *btree1) nodeSize() uint64 {
	key := 8 + 8*uint64(len(t.chunk))
	return 24 + fanout*8 + (fanout+1)*key
}

func (t *btree1) Piece() piece.Meta {
	if len(t.levels) == 0 {
		return nil
	}
	return t
}

func (t *btree1) Describe(l *message.Layout) { l.Addr = t.Place().Addr() }

func (t *btree1) parts() []wire.Structure {
	var nodes []wire.Structure
	first := t.Place().Addr() // of the level
	for depth, n := range t.levels {
		level := len(t.levels) - 1 - depth
		below := first + uint64(n)*t.nodeSize()
		for i := range n {
			nodes = append(nodes, t.node(level, i, n, first, below))
		}
		first = below
	}
	return nodes
}

// node builds the i-th of n nodes of a level; first and below are where its
// level and the one below begin.
func (t *btree1) node(level, i, n int, first, below uint64) *format.BTree1 {
	span := 1 // chunks under a child
	for range level {
		span *= fanout
	}
	node := &format.BTree1{
		Type: format.ChunkTree, Level: uint8(level), K: format.ChunkK, Rank: len(t.chunk) - 1,
		Left: t.sibling(i-1, n, first), Right: t.sibling(i+1, n, first),
	}
	from := i * fanout * span
	to := min(from+fanout*span, t.chunks.Len())
	for k := from; k < to; k += span {
		key, addr := t.key(k)
		if level > 0 {
			addr = below + uint64(k/span)*t.nodeSize()
		}
		node.Chunks = append(node.Chunks, key)
		node.Children = append(node.Children, addr)
	}
	last, _ := t.key(to)
	node.Chunks = append(node.Chunks, last)
	return node
}

func (t *btree1) sibling(i, n int, first uint64) uint64 {
	if i < 0 || i >= n {
		return wire.Undefined
	}
	return first + uint64(i)*t.nodeSize()
}

// key gives the key of the k-th chunk and its address; the one after the last
// lies one chunk further along every axis, as the C library has it.
func (t *btree1) key(k int) (format.ChunkKey, uint64) {
	end := k == t.chunks.Len()
	if end {
		k--
	}
	coords, at := t.chunks.At(k)
	key := format.ChunkKey{Size: uint32(at.Size), Mask: at.Mask, Offset: make([]uint64, len(t.chunk))}
	for d, c := range coords {
		key.Offset[d] = c * t.chunk[d]
	}
	if end {
		key.Size, key.Mask = 0, 0
		for d := range t.chunk {
			key.Offset[d] += t.chunk[d]
		}
	}
	return key, at.Addr
}
