package message

import (
	"math/bits"

	"github.com/h5serve/h5serve/h5core/internal/wire"
)

// Layout classes (IV.A.2.i).
const (
	Compact    = 0
	Contiguous = 1
	Chunked    = 2
	Virtual    = 3
)

// Chunk indexes: a layout of version 3 has always IndexBTree1, version 4 names
// one of the others (IV.A.2.i).
const (
	IndexBTree1          = 0
	IndexSingle          = 1
	IndexImplicit        = 2
	IndexFixedArray      = 3
	IndexExtensibleArray = 4
	IndexBTree2          = 5
)

// Flags of a chunked layout of version 4.
const (
	bareEdges           = 0x01
	singleChunkFiltered = 0x02
)

// Layout is the data layout message, versions 3 to 5 (IV.A.2.i). Version 5 has
// the fields of 4; in its indexes the sizes of filtered chunks take 8 bytes.
type Layout struct {
	Version uint8
	Class   uint8
	Data    []byte   // Compact
	Addr    uint64   // Contiguous: of the data; Chunked: of the index
	Size    uint64   // Contiguous: bytes
	Chunk   []uint64 // Chunked: dimensions, and the element's size last
	Index   uint8    // Chunked
	// BareEdges says that chunks which reach beyond the shape pass no filters.
	BareEdges bool
	// IndexSingle with filters.
	Filtered   bool
	StoredSize uint64
	StoredMask uint32
	PageBits   uint8 // IndexFixedArray
}

// Fields lists the message's fields.
func (l *Layout) Fields(c *wire.Codec) {
	c.Name("data layout")
	c.Version(&l.Version, 3, 4, 5)
	c.U8("layout class", &l.Class)
	switch l.Class {
	case Compact:
		n := uint16(len(l.Data))
		c.U16("size", &n)
		c.Bytes("raw data", uint64(n), &l.Data)
	case Contiguous:
		c.Addr("address", &l.Addr)
		c.Length("size", &l.Size)
	case Chunked:
		if l.Version == 3 {
			l.chunked3(c)
		} else {
			l.chunked4(c)
		}
	default:
		c.Fail("layout class", "%d is not 0, 1 or 2", l.Class)
	}
}

func (l *Layout) chunked3(c *wire.Codec) {
	l.rank(c)
	c.Addr("address of v1 B-tree", &l.Addr)
	l.dims(c, 4)
}

func (l *Layout) chunked4(c *wire.Codec) {
	flags := uint8(0)
	if l.BareEdges {
		flags |= bareEdges
	}
	if l.Filtered {
		flags |= singleChunkFiltered
	}
	c.U8("flags", &flags)
	l.BareEdges, l.Filtered = flags&bareEdges != 0, flags&singleChunkFiltered != 0
	l.rank(c)
	width := uint8(1)
	for _, n := range l.Chunk {
		width = max(width, uint8(bits.Len64(n)+7)/8)
	}
	c.U8("dimension size encoded length", &width)
	if c.Err() == nil && (width < 1 || width > 8) {
		c.Fail("dimension size encoded length", "%d is not 1 to 8", width)
		return
	}
	l.dims(c, int(width))
	c.U8("chunk indexing type", &l.Index)
	l.indexing(c)
	c.Addr("address", &l.Addr)
}

func (l *Layout) rank(c *wire.Codec) {
	n := uint8(len(l.Chunk))
	c.U8("dimensionality", &n)
	if c.Err() == nil && (n < 2 || n > 33) {
		c.Fail("dimensionality", "%d is not 2 to 33", n)
		return
	}
	if c.Decoding() && c.Err() == nil {
		l.Chunk = make([]uint64, n)
	}
}

func (l *Layout) dims(c *wire.Codec, width int) {
	for i := range l.Chunk {
		c.Uint("dimension size", width, &l.Chunk[i])
	}
}

func (l *Layout) indexing(c *wire.Codec) {
	switch l.Index {
	case IndexSingle:
		if l.Filtered {
			c.Length("size of filtered chunk", &l.StoredSize)
			c.U32("filters for chunk", &l.StoredMask)
		}
	case IndexImplicit:
	case IndexFixedArray:
		c.U8("page bits", &l.PageBits)
	default:
		c.Fail("chunk indexing type", "%d is not known", l.Index)
	}
}
