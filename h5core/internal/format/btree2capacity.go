package format

import "github.com/h5serve/h5serve/h5core/internal/wire"

// Capacity gives the records that a node of a level holds at most, by itself
// and with all nodes below it. Leaves are level 0.
func (t *BTree2) Capacity(geo wire.Geometry, level int) (node, below uint64) {
	w := t.widths(geo, level)
	return w.most, w.below
}

// Padding is what follows the fields of a node up to the tree's node size.
type Padding struct{ Size int }

// Fields lists the zeros.
func (p Padding) Fields(c *wire.Codec) { c.Zeros(p.Size) }

// NodeBytes is the bytes of a node's fields, without its padding.
func (n *BTree2Node) NodeBytes(geo wire.Geometry) uint64 {
	return n.size(geo, n.Tree.widths(geo, n.Level))
}
