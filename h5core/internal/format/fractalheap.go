package format

import (
	"encoding/binary"
	"math/bits"

	"github.com/h5serve/h5serve/h5core/internal/wire"
)

// HeapChecksums is the flag of a fractal heap whose direct blocks have
// checksums.
const HeapChecksums = 0x02

// FractalHeap is the header of the heap that holds links, attributes and
// shared messages of the newer formats (specification, III.G). Small objects
// are managed: they lie in the blocks of the doubling table. Huge ones lie in
// the file on their own, tiny ones in their IDs.
type FractalHeap struct {
	IDLength     uint16
	FilterLength uint16 // bytes of Filters
	Flags        uint8
	MaxManaged   uint32 // bytes of the largest managed object
	NextHuge     uint64
	HugeTree     uint64 // version 2 B-tree of huge objects
	Free         uint64
	FreeManager  uint64
	Managed      HeapUsage
	Allocated    uint64 // bytes of managed space with blocks behind
	Iterator     uint64
	Huge         HeapUsage
	Tiny         HeapUsage
	Table        DoublingTable
	RootSize     uint64 // of a filtered direct root block, as stored
	RootMask     uint32
	Filters      []byte // filter pipeline message
}

// HeapUsage counts bytes and objects of a kind.
type HeapUsage struct{ Bytes, Objects uint64 }

// Fields lists the header's fields.
func (h *FractalHeap) Fields(c *wire.Codec) {
	c.Name("fractal heap header")
	c.Signature("FRHP")
	version := uint8(0)
	c.Version(&version, 0)
	c.U16("heap ID length", &h.IDLength)
	c.U16("I/O filters' encoded length", &h.FilterLength)
	c.Sealed(heapHeaderSize(c.Geometry(), h.FilterLength))
	c.U8("flags", &h.Flags)
	c.U32("maximum size of managed objects", &h.MaxManaged)
	c.Length("next huge object ID", &h.NextHuge)
	c.Addr("v2 B-tree address of huge objects", &h.HugeTree)
	c.Length("amount of free space in managed blocks", &h.Free)
	c.Addr("address of managed block free space manager", &h.FreeManager)
	c.Length("amount of managed space in heap", &h.Managed.Bytes)
	c.Length("amount of allocated managed space in heap", &h.Allocated)
	c.Length("offset of direct block allocation iterator", &h.Iterator)
	c.Length("number of managed objects in heap", &h.Managed.Objects)
	c.Length("size of huge objects in heap", &h.Huge.Bytes)
	c.Length("number of huge objects in heap", &h.Huge.Objects)
	c.Length("size of tiny objects in heap", &h.Tiny.Bytes)
	c.Length("number of tiny objects in heap", &h.Tiny.Objects)
	h.Table.Fields(c)
	if h.FilterLength > 0 {
		c.Length("size of filtered root direct block", &h.RootSize)
		c.U32("I/O filter mask", &h.RootMask)
		c.Bytes("I/O filter information", uint64(h.FilterLength), &h.Filters)
	}
	c.Checksum()
	if c.Err() == nil && h.Table.Width == 0 {
		c.Fail("table width", "0")
	}
}

// FractalHeapSize tells the bytes of a header from its first nine.
func FractalHeapSize(geo wire.Geometry, head []byte) uint64 {
	return heapHeaderSize(geo, binary.LittleEndian.Uint16(head[7:]))
}

func heapHeaderSize(geo wire.Geometry, filters uint16) uint64 {
	o, l := uint64(geo.OffsetSize), uint64(geo.LengthSize)
	n := 26 + 3*o + 12*l
	if filters > 0 {
		n += l + 4 + uint64(filters)
	}
	return n
}

// lengthSize is the bytes of a managed object's length in its ID.
func (h *FractalHeap) lengthSize() int {
	block := (bits.Len64(h.Table.MaxDirect) - 1 + 7) / 8
	return min(block, limitSize(uint64(h.MaxManaged)))
}

// limitSize is the bytes that a number up to limit takes.
func limitSize(limit uint64) int { return max(1, (bits.Len64(limit)+7)/8) }

// hugeDirect tells whether huge objects are named by address, not by number.
func (h *FractalHeap) hugeDirect(geo wire.Geometry) bool {
	need := int(geo.OffsetSize) + int(geo.LengthSize)
	if h.FilterLength > 0 {
		need += 4 + int(geo.LengthSize)
	}
	return need < int(h.IDLength)
}

// HeapDirectBlock holds managed objects (specification, III.G, "Fractal Heap
// Direct Block"). Their offsets count from the block's first byte.
type HeapDirectBlock struct {
	Heap    *FractalHeap
	Address uint64 // of the heap's header
	Offset  uint64 // of the block in the heap's address space
	Data    []byte // all after the prefix
}

// HeapDirectPrefix is the bytes of a direct block before its Data.
func (h *FractalHeap) HeapDirectPrefix(geo wire.Geometry) int {
	n := 5 + int(geo.OffsetSize) + h.Table.OffsetSize()
	if h.Flags&HeapChecksums != 0 {
		n += 4
	}
	return n
}

// Fields lists the block's fields; while decoding it is all there is.
func (b *HeapDirectBlock) Fields(c *wire.Codec) {
	c.Name("fractal heap direct block")
	c.Signature("FHDB")
	version := uint8(0)
	c.Version(&version, 0)
	c.Addr("heap header address", &b.Address)
	c.Uint("block offset", b.Heap.Table.OffsetSize(), &b.Offset)
	at := c.Walked()
	if b.Heap.Flags&HeapChecksums != 0 {
		c.Zeros(4)
	}
	c.Rest("object data", &b.Data)
	if b.Heap.Flags&HeapChecksums != 0 {
		c.ChecksumAt(at)
	}
}

// HeapIndirectBlock is a table of further blocks (specification, III.G,
// "Fractal Heap Indirect Block").
type HeapIndirectBlock struct {
	Heap    *FractalHeap
	Rows    int
	Address uint64 // of the heap's header
	Offset  uint64 // of the block in the heap's address space
	Entries []HeapEntry
}

// HeapEntry is where a block of an indirect block lies. Size and Mask are
// stored for direct blocks of a heap with filters.
type HeapEntry struct {
	Addr uint64
	Size uint64
	Mask uint32
}

// HeapIndirectSize is the bytes of an indirect block of that many rows.
func (h *FractalHeap) HeapIndirectSize(geo wire.Geometry, rows int) uint64 {
	entry := uint64(geo.OffsetSize)
	n := 9 + uint64(geo.OffsetSize) + uint64(h.Table.OffsetSize()) + uint64(rows)*uint64(h.Table.Width)*entry
	if h.FilterLength > 0 {
		direct := uint64(min(rows, h.Table.DirectRows()))
		n += direct * uint64(h.Table.Width) * (uint64(geo.LengthSize) + 4)
	}
	return n
}

// Fields lists the block's fields; Rows must be known, in decoding too.
func (b *HeapIndirectBlock) Fields(c *wire.Codec) {
	c.Name("fractal heap indirect block")
	c.Signature("FHIB")
	version := uint8(0)
	c.Version(&version, 0)
	c.Sealed(b.Heap.HeapIndirectSize(c.Geometry(), b.Rows))
	c.Addr("heap header address", &b.Address)
	table := &b.Heap.Table
	c.Uint("block offset", table.OffsetSize(), &b.Offset)
	n := uint64(b.Rows) * uint64(table.Width)
	if !c.Count("child block address", n, int(c.Geometry().OffsetSize)) {
		return
	}
	if c.Decoding() {
		b.Entries = make([]HeapEntry, n)
	}
	direct := table.DirectRows() * int(table.Width)
	for i := range b.Entries {
		e := &b.Entries[i]
		c.Addr("child block address", &e.Addr)
		if b.Heap.FilterLength > 0 && i < direct {
			c.Length("size of filtered direct block", &e.Size)
			c.U32("filter mask for direct block", &e.Mask)
		}
	}
	c.Checksum()
}
