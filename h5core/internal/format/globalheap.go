package format

import (
	"encoding/binary"

	"github.com/h5serve/h5serve/h5core/internal/wire"
)

// Limits of a global heap collection: the C library from 2.0 on refuses
// smaller ones, and indices have 16 bits with 0 taken by the free space.
const (
	MinCollection       = 4096
	MaxCollectionObject = 65535
)

// HeapHeader begins a collection (specification, III.E).
type HeapHeader struct {
	Size uint64 // of the whole collection
}

// Fields lists the header's fields.
func (h *HeapHeader) Fields(c *wire.Codec) {
	c.Name("global heap collection")
	c.Signature("GCOL")
	version := uint8(1)
	c.Version(&version, 1)
	c.Zeros(3)
	c.Length("collection size", &h.Size)
	c.Zeros(HeapHeaderSize(c.Geometry()) - unpadded(c.Geometry()))
}

// HeapObject is one value of a collection. Object 0 is the free space, whose
// size counts its own head; in less room than that head there is none.
type HeapObject struct {
	Index    uint16
	RefCount uint16
	Size     uint64 // of Data, or of the free space
	Data     []byte
}

// Fields lists the object's fields.
func (o *HeapObject) Fields(c *wire.Codec) {
	c.Name("global heap object")
	c.U16("heap object index", &o.Index)
	c.U16("reference count", &o.RefCount)
	c.Zeros(4)
	c.Length("object size", &o.Size)
	c.Zeros(HeapHeaderSize(c.Geometry()) - unpadded(c.Geometry()))
	if o.Index == 0 {
		return
	}
	c.Bytes("object data", o.Size, &o.Data)
	c.Zeros(wire.Pad(len(o.Data), 8) - len(o.Data))
}

// GlobalHeap is a collection of variable-length values.
type GlobalHeap struct {
	HeapHeader
	Objects []HeapObject
}

// Fields lists the collection's fields. Whoever writes one has Size cover the
// objects; what they leave becomes the free space.
func (h *GlobalHeap) Fields(c *wire.Codec) {
	h.HeapHeader.Fields(c)
	if c.Decoding() {
		h.decodeObjects(c)
		return
	}
	for i := range h.Objects {
		c.Sub(&h.Objects[i])
	}
	free := int64(h.Size) - int64(c.Walked())
	head := int64(HeapHeaderSize(c.Geometry()))
	if free < 0 {
		c.Fail("collection size", "%d bytes are %d too few for %d objects", h.Size, -free, len(h.Objects))
	} else if free >= head {
		c.Sub(&HeapObject{Size: uint64(free)})
		free -= head
	}
	c.Zeros(int(max(free, 0)))
}

func (h *GlobalHeap) decodeObjects(c *wire.Codec) {
	head := uint64(HeapHeaderSize(c.Geometry()))
	if c.Err() == nil && (h.Size < head || h.Size-head > uint64(c.Left())) {
		c.Fail("collection size", "%d bytes, %d are there", h.Size, head+uint64(c.Left()))
	}
	for c.Err() == nil && uint64(c.Walked())+head <= h.Size {
		var o HeapObject
		if c.Sub(&o); o.Index == 0 {
			return
		}
		if uint64(c.Walked()) > h.Size {
			c.Fail("object size", "object %d ends beyond its collection", o.Index)
		}
		h.Objects = append(h.Objects, o)
	}
}

// HeapObjects decodes the objects of a whole collection in one loop, for there
// may be millions. ok is false where something is wrong, which the field list
// then names.
func HeapObjects(geo wire.Geometry, p []byte, size uint64) (list []HeapObject, ok bool) {
	head, width := HeapHeaderSize(geo), int(geo.LengthSize)
	if size > uint64(len(p)) || size < uint64(head) {
		return nil, false
	}
	for p = p[head:size]; len(p) >= head; {
		o := HeapObject{Index: binary.LittleEndian.Uint16(p), RefCount: binary.LittleEndian.Uint16(p[2:])}
		if o.Index == 0 {
			break
		}
		for i := width - 1; i >= 0; i-- {
			o.Size = o.Size<<8 | uint64(p[8+i])
		}
		if o.Size > uint64(len(p)-head) {
			return nil, false
		}
		end := head + int(o.Size)
		o.Data = p[head:end:end]
		if end = wire.Pad(end, 8); end > len(p) {
			return nil, false
		}
		p = p[end:]
		list = append(list, o)
	}
	return list, true
}

// HeapObjectSize is what a value of n bytes takes in a collection.
func HeapObjectSize(geo wire.Geometry, n int) int { return HeapHeaderSize(geo) + wire.Pad(n, 8) }

// HeapHeaderSize is what a collection takes before its first object, and an
// object before its data: padded to 8 bytes, as the C library has it.
func HeapHeaderSize(geo wire.Geometry) int { return wire.Pad(unpadded(geo), 8) }

func unpadded(geo wire.Geometry) int { return 8 + int(geo.LengthSize) }
