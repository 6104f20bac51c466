package format

import "github.com/h5serve/h5serve/h5core/internal/wire"

// Cache types of a symbol table entry (specification, III.C).
const (
	CacheNothing = 0
	CacheGroup   = 1 // scratch: addresses of the group's B-tree and local heap
	CacheSoft    = 2 // scratch: offset of the link's value in the local heap
)

// SymbolEntry is one link of an old-style group (specification, III.C).
type SymbolEntry struct {
	NameOffset uint64 // of the name, in the group's local heap
	Header     uint64 // address of the object header; undefined for a soft link
	CacheType  uint32
	BTree      uint64 // CacheGroup
	Heap       uint64 // CacheGroup
	SoftOffset uint32 // CacheSoft
}

// Fields lists the entry's fields.
func (e *SymbolEntry) Fields(c *wire.Codec) {
	c.Name("symbol table entry")
	c.Addr("link name offset", &e.NameOffset)
	c.Addr("object header address", &e.Header)
	c.U32("cache type", &e.CacheType)
	c.Zeros(4)
	scratch := c.Walked()
	switch e.CacheType {
	case CacheNothing:
	case CacheGroup:
		c.Addr("address of B-tree", &e.BTree)
		c.Addr("address of name heap", &e.Heap)
	case CacheSoft:
		c.U32("offset to link value", &e.SoftOffset)
	default:
		c.Fail("cache type", "%d is not 0, 1 or 2", e.CacheType)
	}
	c.Zeros(16 - min(16, c.Walked()-scratch))
}

// SymbolNode is a leaf of an old-style group's B-tree (specification, III.B).
// It always takes the room of 2K entries.
type SymbolNode struct {
	K       int
	Entries []SymbolEntry
}

// Fields lists the node's fields.
func (n *SymbolNode) Fields(c *wire.Codec) {
	c.Name("symbol table node")
	c.Signature("SNOD")
	version := uint8(1)
	c.Version(&version, 1)
	c.Zeros(1)
	count := uint16(len(n.Entries))
	c.U16("number of symbols", &count)
	entry := 2*int(c.Geometry().OffsetSize) + 24
	if int(count) > 2*n.K || !c.Count("number of symbols", uint64(count), entry) {
		c.Fail("number of symbols", "%d, a node holds at most %d", count, 2*n.K)
		return
	}
	if c.Decoding() {
		n.Entries = make([]SymbolEntry, count)
	}
	for i := range n.Entries {
		c.Sub(&n.Entries[i])
	}
	if !c.Decoding() {
		c.Zeros((2*n.K - len(n.Entries)) * entry)
	}
}
