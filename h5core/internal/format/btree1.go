package format

import "github.com/h5serve/h5serve/h5core/internal/wire"

// Node types of a version 1 B-tree (specification, III.A.1).
const (
	GroupTree = 0
	ChunkTree = 1
)

// BTree1 is one node of a version 1 B-tree (specification, III.A.1). Keys and
// children alternate, with one key more than children; a node always takes
// the room of 2K children.
type BTree1 struct {
	Type     uint8
	Level    uint8
	Left     uint64
	Right    uint64
	K        int
	Rank     int        // ChunkTree: dimensions of the dataset
	Names    []uint64   // GroupTree keys: heap offsets of names
	Chunks   []ChunkKey // ChunkTree keys
	Children []uint64
}

// ChunkKey describes the first chunk below a child of a chunk B-tree.
type ChunkKey struct {
	Size   uint32   // bytes as stored
	Mask   uint32   // filters left out
	Offset []uint64 // of the chunk's first element, and 0 for the element's own dimension
}

// Fields lists the node's fields.
func (n *BTree1) Fields(c *wire.Codec) {
	c.Name("version 1 B-tree node")
	c.Signature("TREE")
	want := n.Type
	c.U8("node type", &n.Type)
	if n.Type != want {
		c.Fail("node type", "expected %d, found %d", want, n.Type)
	}
	c.U8("node level", &n.Level)
	used := uint16(len(n.Children))
	c.U16("entries used", &used)
	c.Addr("address of left sibling", &n.Left)
	c.Addr("address of right sibling", &n.Right)
	if int(used) > 2*n.K || !c.Count("entries used", uint64(used), n.keySize(c.Geometry())+int(c.Geometry().OffsetSize)) {
		c.Fail("entries used", "%d, a node holds at most %d", used, 2*n.K)
		return
	}
	if c.Decoding() {
		n.Children = make([]uint64, used)
		if n.Type == GroupTree {
			n.Names = make([]uint64, used+1)
		} else {
			n.Chunks = make([]ChunkKey, used+1)
		}
	}
	for i := range n.Children {
		n.key(c, i)
		c.Addr("child", &n.Children[i])
	}
	n.key(c, len(n.Children))
	if !c.Decoding() {
		c.Zeros((2*n.K - len(n.Children)) * (n.keySize(c.Geometry()) + int(c.Geometry().OffsetSize)))
	}
}

func (n *BTree1) keySize(geo wire.Geometry) int {
	if n.Type == GroupTree {
		return int(geo.LengthSize)
	}
	return 8 + 8*(n.Rank+1)
}

func (n *BTree1) key(c *wire.Codec, i int) {
	if n.Type == GroupTree {
		c.Length("key: name offset", &n.Names[i])
		return
	}
	k := &n.Chunks[i]
	c.U32("key: chunk size", &k.Size)
	c.U32("key: filter mask", &k.Mask)
	if c.Decoding() {
		k.Offset = make([]uint64, n.Rank+1)
	}
	for d := range k.Offset {
		c.U64("key: chunk offset", &k.Offset[d])
	}
}
