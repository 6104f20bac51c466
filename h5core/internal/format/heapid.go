package format

import "github.com/h5serve/h5serve/h5core/internal/wire"

// Kinds of objects in a fractal heap.
const (
	ManagedObject = 0
	HugeObject    = 1
	TinyObject    = 2
)

// HeapID names an object of a fractal heap (specification, III.G, "Fractal
// Heap IDs"). A huge object is named by address and size, or by a number that
// the heap's B-tree knows; a tiny object lies in the ID itself.
type HeapID struct {
	Heap   *FractalHeap
	Kind   uint8
	Offset uint64 // ManagedObject: in the heap's address space
	Length uint64 // ManagedObject, and HugeObject by address: bytes as stored
	Addr   uint64 // HugeObject by address
	Mask   uint32 // HugeObject by address, filtered
	Memory uint64 // HugeObject by address, filtered: bytes when decoded
	Number uint64 // HugeObject by number
	Data   []byte // TinyObject
}

// ByNumber tells whether a huge object has to be looked up in the heap's
// B-tree.
func (id *HeapID) ByNumber(geo wire.Geometry) bool { return !id.Heap.hugeDirect(geo) }

// tinyShort is the longest tiny object whose length has 4 bits.
const tinyShort = 16

// Fields lists the ID's fields; it is padded to the heap's ID length.
func (id *HeapID) Fields(c *wire.Codec) {
	c.Name("fractal heap ID")
	begin := c.Walked()
	head := id.Kind << 4
	wide := int(id.Heap.IDLength) > tinyShort+2
	if id.Kind == TinyObject && !c.Decoding() {
		n := len(id.Data) - 1
		if head |= uint8(n) & 15; wide {
			head = id.Kind<<4 | uint8(n>>8)&15
		}
	}
	c.U8("version, type and length", &head)
	if c.Err() == nil && head>>6 != 0 {
		c.Fail("version, type and length", "version %d is not 0", head>>6)
	}
	id.Kind = head >> 4 & 3
	switch id.Kind {
	case ManagedObject:
		c.Uint("offset", id.Heap.Table.OffsetSize(), &id.Offset)
		c.Uint("length", id.Heap.lengthSize(), &id.Length)
	case HugeObject:
		id.huge(c)
	case TinyObject:
		id.tiny(c, int(head&15), wide)
	default:
		c.Fail("version, type and length", "type %d is not known", id.Kind)
	}
	if rest := int(id.Heap.IDLength) - (c.Walked() - begin); c.Err() == nil && rest < 0 {
		c.Fail("heap ID length", "%d bytes are %d too few", id.Heap.IDLength, -rest)
	} else {
		c.Zeros(max(rest, 0))
	}
}

func (id *HeapID) huge(c *wire.Codec) {
	if id.ByNumber(c.Geometry()) {
		c.Uint("number", min(8, int(id.Heap.IDLength)-1), &id.Number)
		return
	}
	c.Addr("address", &id.Addr)
	c.Length("length", &id.Length)
	if id.Heap.FilterLength > 0 {
		c.U32("filter mask", &id.Mask)
		c.Length("de-filtered size", &id.Memory)
	}
}

func (id *HeapID) tiny(c *wire.Codec, n int, wide bool) {
	if wide {
		low := uint8(len(id.Data) - 1)
		c.U8("length", &low)
		n = n<<8 | int(low)
	}
	c.Bytes("data", uint64(n)+1, &id.Data)
}
