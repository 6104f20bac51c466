package message

import "github.com/h5serve/h5serve/h5core/internal/wire"

// Continuation says where a header goes on (IV.A.2.q).
type Continuation struct {
	Addr   uint64
	Length uint64
}

// Fields lists the message's fields.
func (m *Continuation) Fields(c *wire.Codec) {
	c.Name("object header continuation message")
	c.Addr("offset", &m.Addr)
	c.Length("length", &m.Length)
}

// SymbolTable points to an old-style group's links (IV.A.2.r).
type SymbolTable struct {
	BTree uint64
	Heap  uint64
}

// Fields lists the message's fields.
func (m *SymbolTable) Fields(c *wire.Codec) {
	c.Name("symbol table message")
	c.Addr("v1 B-tree address", &m.BTree)
	c.Addr("local heap address", &m.Heap)
}

// RefCount counts the hard links to an object with a version 2 header, where
// there is more than one (IV.A.2.w).
type RefCount struct{ Links uint32 }

// Fields lists the message's fields.
func (m *RefCount) Fields(c *wire.Codec) {
	c.Name("object reference count")
	version := uint8(0)
	c.Version(&version, 0)
	c.U32("reference count", &m.Links)
}
