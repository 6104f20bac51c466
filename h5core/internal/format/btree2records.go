package format

import "github.com/h5serve/h5serve/h5core/internal/wire"

// Types of version 2 B-trees: what their records are (specification, III.A.2).
const (
	HugeIndirect          = 1
	HugeIndirectFiltered  = 2
	HugeDirect            = 3
	HugeDirectFiltered    = 4
	LinkNames             = 5
	LinkOrders            = 6
	SharedMessageHashes   = 7
	AttributeNames        = 8
	AttributeOrders       = 9
	ChunkRecords          = 10
	ChunkRecordsFiltered  = 11
	linkHeapID            = 7 // bytes of the heap ID of a link
	attributeHeapID       = 8 // of an attribute or shared message
	sharedMessageInHeap   = 0
	sharedMessageInHeader = 1
)

// HugeRecord is a huge object of a fractal heap, types 1 to 4.
type HugeRecord struct {
	Type   uint8
	Addr   uint64
	Length uint64 // as stored
	Mask   uint32 // filtered types
	Memory uint64 // filtered types: bytes when decoded
	Number uint64 // indirect types: what heap IDs say
}

// Fields lists the record's fields.
func (r *HugeRecord) Fields(c *wire.Codec) {
	c.Name("huge object record")
	c.Addr("huge object address", &r.Addr)
	c.Length("huge object length", &r.Length)
	if r.Type == HugeIndirectFiltered || r.Type == HugeDirectFiltered {
		c.U32("filter mask", &r.Mask)
		c.Length("huge object memory size", &r.Memory)
	}
	if r.Type == HugeIndirect || r.Type == HugeIndirectFiltered {
		c.Length("huge object ID", &r.Number)
	}
}

// LinkRecord is a link of a group, by name (type 5) or order (type 6).
type LinkRecord struct {
	Type  uint8
	Hash  uint32 // LinkNames: lookup3 of the name
	Order int64  // LinkOrders
	ID    []byte // heap ID of the link message
}

// Fields lists the record's fields.
func (r *LinkRecord) Fields(c *wire.Codec) {
	c.Name("link record")
	if r.Type == LinkNames {
		c.U32("hash of name", &r.Hash)
	} else {
		order := uint64(r.Order)
		c.U64("creation order", &order)
		r.Order = int64(order)
	}
	c.Bytes("ID", linkHeapID, &r.ID)
}

// AttributeRecord is an attribute of an object, by name (type 8) or order
// (type 9).
type AttributeRecord struct {
	Type  uint8
	ID    []byte // heap ID of the attribute message, or of a shared one
	Flags uint8  // of the message: Shared says that the heap is that of shared messages
	Order uint32
	Hash  uint32 // AttributeNames: lookup3 of the name
}

// Fields lists the record's fields.
func (r *AttributeRecord) Fields(c *wire.Codec) {
	c.Name("attribute record")
	c.Bytes("heap ID", attributeHeapID, &r.ID)
	c.U8("message flags", &r.Flags)
	c.U32("creation order", &r.Order)
	if r.Type == AttributeNames {
		c.U32("hash of name", &r.Hash)
	}
}

// SharedRecord is a shared message (type 7, and an element of a shared message
// list): it lies in the heap of its index, or in an object's header.
type SharedRecord struct {
	InHeader bool
	Hash     uint32
	RefCount uint32 // in the heap
	ID       []byte // in the heap
	Type     uint8  // in a header: type of the message
	Index    uint16 // in a header: creation index of the message
	Header   uint64 // in a header: its address
}

// SharedRecordSize is the bytes of a shared message record: those of the
// larger kind.
func SharedRecordSize(geo wire.Geometry) int {
	return 5 + max(4+attributeHeapID, 4+int(geo.OffsetSize))
}

// Fields lists the record's fields.
func (r *SharedRecord) Fields(c *wire.Codec) {
	c.Name("shared message record")
	begin := c.Walked()
	where := uint8(sharedMessageInHeap)
	if r.InHeader {
		where = sharedMessageInHeader
	}
	c.U8("message location", &where)
	r.InHeader = where == sharedMessageInHeader
	c.U32("hash value", &r.Hash)
	switch where {
	case sharedMessageInHeap:
		c.U32("reference count", &r.RefCount)
		c.Bytes("heap ID", attributeHeapID, &r.ID)
	case sharedMessageInHeader:
		c.Zeros(1)
		c.U8("message type", &r.Type)
		c.U16("object header index", &r.Index)
		c.Addr("object header address", &r.Header)
	default:
		c.Fail("message location", "%d is not 0 or 1", where)
	}
	c.Zeros(max(0, SharedRecordSize(c.Geometry())-(c.Walked()-begin)))
}

// ChunkRecord is a chunk of a dataset, without (type 10) or with filters
// (type 11).
type ChunkRecord struct {
	SizeWidth int // bytes of the stored size, 0 without filters
	ChunkEntry
	Scaled []uint64 // coordinates in chunks; their number must be known
}

// Fields lists the record's fields.
func (r *ChunkRecord) Fields(c *wire.Codec) {
	c.Name("chunk record")
	r.ChunkEntry.fields(c, r.SizeWidth)
	for i := range r.Scaled {
		c.U64("dimension offset", &r.Scaled[i])
	}
}
