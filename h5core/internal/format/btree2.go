package format

import (
	"math/bits"

	"github.com/h5serve/h5serve/h5core/internal/wire"
)

// BTree2 is the header of a version 2 B-tree (specification, III.A.2). Records
// lie in all its nodes, ascending; what they are says Type.
type BTree2 struct {
	Type        uint8
	NodeSize    uint32
	RecordSize  uint16
	Depth       uint16
	Split       uint8 // percent
	Merge       uint8 // percent
	Root        uint64
	RootRecords uint16
	Records     uint64 // in the whole tree
}

// maxTree2Depth is what 64 bits of records can fill, and more.
const maxTree2Depth = 64

// Fields lists the header's fields.
func (t *BTree2) Fields(c *wire.Codec) {
	c.Name("version 2 B-tree header")
	c.Signature("BTHD")
	version := uint8(0)
	c.Version(&version, 0)
	c.Sealed(22 + uint64(c.Geometry().OffsetSize) + uint64(c.Geometry().LengthSize))
	c.U8("type", &t.Type)
	c.U32("node size", &t.NodeSize)
	c.U16("record size", &t.RecordSize)
	c.U16("depth", &t.Depth)
	c.U8("split percent", &t.Split)
	c.U8("merge percent", &t.Merge)
	c.Addr("root node address", &t.Root)
	c.U16("number of records in root node", &t.RootRecords)
	c.Length("total number of records in B-tree", &t.Records)
	c.Checksum()
	if c.Err() != nil || !c.Decoding() {
		return
	}
	switch {
	case t.RecordSize == 0:
		c.Fail("record size", "0")
	case t.Depth > maxTree2Depth:
		c.Fail("depth", "%d is over %d", t.Depth, maxTree2Depth)
	case t.widths(c.Geometry(), int(t.Depth)).most == 0:
		c.Fail("node size", "%d bytes hold no record of %d bytes at depth %d", t.NodeSize, t.RecordSize, t.Depth)
	}
}

// tree2Widths says how the nodes of a level are laid out: how many records
// they hold at most, and the bytes of the counts that point to the level below.
type tree2Widths struct {
	most         uint64 // records in a node; 0 = none fits
	count, total int    // bytes of a child's count of records, and of those below it
	below        uint64 // records in a node and all below it, at most
}

const tree2Overhead = 10 // signature, version, type, checksum

func (t *BTree2) widths(geo wire.Geometry, level int) tree2Widths {
	size, record := uint64(t.NodeSize), uint64(t.RecordSize)
	if size < tree2Overhead {
		return tree2Widths{}
	}
	w := tree2Widths{most: (size - tree2Overhead) / record}
	w.below = w.most
	count, total := limitSize(w.most), 0
	for range level {
		pointer := uint64(int(geo.OffsetSize) + count + total)
		if size < tree2Overhead+pointer || w.most == 0 {
			return tree2Widths{}
		}
		w.most = (size - tree2Overhead - pointer) / (record + pointer)
		w.count, w.total = count, total
		high, low := bits.Mul64(w.most+1, w.below)
		sum, carry := bits.Add64(low, w.most, 0)
		if high != 0 || carry != 0 {
			sum = ^uint64(0)
		}
		w.below = sum
		total = limitSize(sum)
	}
	return w
}

// BTree2Child points to a node of the level below.
type BTree2Child struct {
	Addr    uint64
	Records uint64 // in the node
	Total   uint64 // in it and all below, where it is no leaf
}

// BTree2Node is an internal node or, at level 0, a leaf (specification,
// III.A.2). Count and Level must be known, in decoding too: the parent has
// them.
type BTree2Node struct {
	Tree     *BTree2
	Level    int
	Count    int              // records
	Records  [][]byte         // RecordSize bytes each
	Contents []wire.Structure // in encoding: the records, in place of Records
	Children []BTree2Child
}

// Fields lists the node's fields.
func (n *BTree2Node) Fields(c *wire.Codec) {
	if c.Name("version 2 B-tree leaf node"); n.Level > 0 {
		c.Name("version 2 B-tree internal node")
	}
	letters := "BTLF"
	if n.Level > 0 {
		letters = "BTIN"
	}
	c.Signature(letters)
	version := uint8(0)
	c.Version(&version, 0)
	w := n.Tree.widths(c.Geometry(), n.Level)
	if c.Err() == nil && uint64(n.Count) > w.most {
		c.Fail("records", "%d, a node of this level holds at most %d", n.Count, w.most)
	}
	c.Sealed(n.size(c.Geometry(), w))
	kind := n.Tree.Type
	c.U8("type", &kind)
	if c.Err() == nil && kind != n.Tree.Type {
		c.Fail("type", "%d, the tree has %d", kind, n.Tree.Type)
	}
	if !c.Count("records", uint64(n.Count), int(n.Tree.RecordSize)) {
		return
	}
	if c.Decoding() {
		n.Records = make([][]byte, n.Count)
	}
	for _, record := range n.Contents {
		c.Sub(record)
	}
	for i := range n.Records {
		c.Bytes("record", uint64(n.Tree.RecordSize), &n.Records[i])
	}
	if n.Level > 0 {
		n.children(c, w)
	}
	c.Checksum()
}

// size is the bytes of the node without what its records leave empty.
func (n *BTree2Node) size(geo wire.Geometry, w tree2Widths) uint64 {
	size := tree2Overhead + uint64(n.Count)*uint64(n.Tree.RecordSize)
	if n.Level > 0 {
		size += (uint64(n.Count) + 1) * uint64(int(geo.OffsetSize)+w.count+w.total)
	}
	return size
}

func (n *BTree2Node) children(c *wire.Codec, w tree2Widths) {
	if !c.Count("child node pointers", uint64(n.Count)+1, int(c.Geometry().OffsetSize)+w.count+w.total) {
		return
	}
	if c.Decoding() {
		n.Children = make([]BTree2Child, n.Count+1)
	}
	for i := range n.Children {
		child := &n.Children[i]
		c.Addr("child node pointer", &child.Addr)
		c.Uint("number of records for child node", w.count, &child.Records)
		if w.total > 0 {
			c.Uint("total number of records for child node", w.total, &child.Total)
		}
	}
}
