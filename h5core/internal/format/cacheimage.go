package format

import "github.com/h5serve/h5serve/h5core/internal/wire"

// CacheImage is the C library's metadata cache as it was when the file was
// closed (specification, III.J). What it holds may never have been written to
// its place: readers take it from here.
type CacheImage struct {
	Flags   uint8
	Length  uint64 // of the block, without what begins it
	Entries []CachedStructure
}

// CachedStructure is one structure of a cache image.
type CachedStructure struct {
	Type          uint8
	Flags         uint8
	Ring          uint8
	Age           uint8
	Children      uint16 // flush dependencies
	DirtyChildren uint16
	Rank          uint32 // in the order of use
	Addr          uint64 // where it belongs
	Size          uint64 // of Data
	Parents       []uint64
	Data          []byte
}

// Fields lists the block's fields.
func (b *CacheImage) Fields(c *wire.Codec) {
	c.Name("metadata cache image block")
	c.Signature("MDCI")
	version := uint8(0)
	c.Version(&version, 0)
	c.U8("flags", &b.Flags)
	c.Length("image data length", &b.Length)
	n := uint32(len(b.Entries))
	c.U32("number of entries in image", &n)
	if !c.Count("number of entries in image", uint64(n), 14+int(c.Geometry().OffsetSize)+int(c.Geometry().LengthSize)) {
		return
	}
	if c.Decoding() {
		b.Entries = make([]CachedStructure, n)
	}
	for i := range b.Entries {
		b.Entries[i].fields(c)
	}
	c.Checksum()
}

func (e *CachedStructure) fields(c *wire.Codec) {
	c.U8("entry type", &e.Type)
	c.U8("entry flags", &e.Flags)
	c.U8("entry ring", &e.Ring)
	c.U8("entry age", &e.Age)
	c.U16("dependency child count", &e.Children)
	c.U16("dirty dependency child count", &e.DirtyChildren)
	parents := uint16(len(e.Parents))
	c.U16("dependency parent count", &parents)
	c.U32("index in LRU", &e.Rank)
	c.Addr("entry offset", &e.Addr)
	c.Length("entry length", &e.Size)
	if !c.Count("dependency parent offset", uint64(parents), int(c.Geometry().OffsetSize)) {
		return
	}
	if c.Decoding() {
		e.Parents = make([]uint64, parents)
	}
	for i := range e.Parents {
		c.Addr("dependency parent offset", &e.Parents[i])
	}
	c.Bytes("entry image", e.Size, &e.Data)
}
