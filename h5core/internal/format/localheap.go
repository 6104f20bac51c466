package format

import "github.com/h5serve/h5serve/h5core/internal/wire"

// NoFreeBlock ends a local heap's free list.
const NoFreeBlock = 1

// LocalHeap is the header of the heap that holds an old-style group's names
// (specification, III.D). The names lie in its data segment, each ended by a
// NUL and padded to 8 bytes; offset 0 is the empty name.
type LocalHeap struct {
	SegmentSize uint64
	FreeList    uint64 // offset of the first free block, or NoFreeBlock
	Segment     uint64 // address of the data segment
}

// Fields lists the header's fields.
func (h *LocalHeap) Fields(c *wire.Codec) {
	c.Name("local heap")
	c.Signature("HEAP")
	version := uint8(0)
	c.Version(&version, 0)
	c.Zeros(3)
	c.Length("data segment size", &h.SegmentSize)
	c.Length("offset to head of free list", &h.FreeList)
	c.Addr("address of data segment", &h.Segment)
}
