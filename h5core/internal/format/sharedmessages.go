package format

import "github.com/h5serve/h5serve/h5core/internal/wire"

// Kinds of shared message indexes.
const (
	SharedList = 0
	SharedTree = 1
)

// SharedMessages is the file's table of shared message indexes (specification,
// III.H). Their number stands in the superblock extension and must be known,
// in decoding too.
type SharedMessages struct{ Indexes []SharedIndex }

// SharedIndex is one index: which messages it holds, and where.
type SharedIndex struct {
	Kind     uint8
	Types    uint16 // a bit for each type of message: bit 1 dataspace, 3 datatype, 5 fill value, 11 filters, 12 attribute
	MinSize  uint32
	ListMost uint16 // messages in a list; more make it a tree
	TreeMin  uint16
	Messages uint16
	Addr     uint64 // of the list or tree
	Heap     uint64 // fractal heap
}

// Holds tells whether messages of a type lie in the index.
func (x *SharedIndex) Holds(kind uint16) bool { return kind < 16 && x.Types>>kind&1 == 1 }

// SharedMessagesSize is the bytes of a table of n indexes.
func SharedMessagesSize(geo wire.Geometry, n int) int { return 8 + n*(14+2*int(geo.OffsetSize)) }

// Fields lists the table's fields.
func (t *SharedMessages) Fields(c *wire.Codec) {
	c.Name("shared message table")
	c.Signature("SMTB")
	c.Sealed(uint64(SharedMessagesSize(c.Geometry(), len(t.Indexes))))
	for i := range t.Indexes {
		x := &t.Indexes[i]
		version := uint8(0)
		c.Version(&version, 0)
		c.U8("index type", &x.Kind)
		if c.Err() == nil && x.Kind > SharedTree {
			c.Fail("index type", "%d is not 0 or 1", x.Kind)
		}
		c.U16("message type flags", &x.Types)
		c.U32("minimum message size", &x.MinSize)
		c.U16("list cutoff", &x.ListMost)
		c.U16("v2 B-tree cutoff", &x.TreeMin)
		c.U16("number of messages", &x.Messages)
		c.Addr("index address", &x.Addr)
		c.Addr("fractal heap address", &x.Heap)
	}
	c.Checksum()
}

// SharedMessageList is an index that is a list. The number of records is the
// index's and must be known, in decoding too.
type SharedMessageList struct{ Records []SharedRecord }

// Fields lists the list's fields.
func (l *SharedMessageList) Fields(c *wire.Codec) {
	c.Name("shared message list")
	c.Signature("SMLI")
	c.Sealed(8 + uint64(len(l.Records))*uint64(SharedRecordSize(c.Geometry())))
	for i := range l.Records {
		c.Sub(&l.Records[i])
	}
	c.Checksum()
}
