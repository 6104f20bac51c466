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

// Chunk indexes: layouts up to version 3 have always IndexBTree1, version 4 names
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

// Layout is the data layout message (IV.A.2.i). Versions 1 and 2 state the
// dimensions of all classes, 32 bits each; version 5 has the fields of 4, but
// in its indexes the sizes of filtered chunks take 8 bytes.
type Layout struct {
	Version uint8
	Class   uint8
	Data    []byte   // Compact
	Addr    uint64   // Contiguous: of the data; Chunked: of the index
	Size    uint64   // Contiguous: bytes; versions 1 and 2 leave it to type and space
	Dims    []uint64 // versions 1 and 2, not Chunked: elements, modulo 2^32
	Chunk   []uint64 // Chunked: dimensions, and the element's size last
	Index   uint8    // Chunked
	// BareEdges says that chunks which reach beyond the shape pass no filters.
	BareEdges bool
	// IndexSingle with filters.
	Filtered   bool
	StoredSize uint64
	StoredMask uint32
	PageBits   uint8       // IndexFixedArray
	Array      ArrayParams // IndexExtensibleArray
	Tree       TreeParams  // IndexBTree2
	// Virtual: where in the global heap the mappings lie. The address is
	// undefined or 0 where there are none.
	MappingHeap  uint64
	MappingIndex uint32
}

// ArrayParams are an extensible array's; its header has them too.
type ArrayParams struct {
	MaxBits    uint8 // of the number of an element
	IndexCount uint8 // elements in the index block
	SuperMin   uint8 // data block pointers in the smallest super block
	BlockMin   uint8 // elements in the smallest data block
	PageBits   uint8
}

// TreeParams are a version 2 B-tree's; its header has them too.
type TreeParams struct {
	NodeSize uint32
	Split    uint8 // percent
	Merge    uint8 // percent
}

// Fields lists the message's fields.
func (l *Layout) Fields(c *wire.Codec) {
	c.Name("data layout")
	c.Version(&l.Version, 1, 2, 3, 4, 5)
	if l.Version < 3 {
		l.fields12(c)
		return
	}
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
	case Virtual:
		if l.Version == 3 {
			c.Fail("layout class", "3 needs version 4")
		}
		c.Addr("address of global heap collection", &l.MappingHeap)
		c.U32("index in global heap collection", &l.MappingIndex)
	default:
		c.Fail("layout class", "%d is not 0 to 3", l.Class)
	}
}

func (l *Layout) fields12(c *wire.Codec) {
	dims := &l.Dims
	if l.Class == Chunked {
		dims = &l.Chunk
	}
	rank := uint8(len(*dims))
	c.U8("dimensionality", &rank)
	c.U8("layout class", &l.Class)
	c.Zeros(5)
	least := uint8(1)
	if l.Class == Chunked {
		dims, least = &l.Chunk, 2
	}
	switch {
	case c.Err() != nil:
		return
	case l.Class > Chunked:
		c.Fail("layout class", "%d is not 0, 1 or 2", l.Class)
		return
	case rank < least || rank > 33:
		c.Fail("dimensionality", "%d is not %d to 33", rank, least)
		return
	}
	if l.Class != Compact {
		c.Addr("address", &l.Addr)
	}
	if c.Decoding() {
		*dims = make([]uint64, rank)
	}
	for i := range *dims {
		c.Uint("dimension size", 4, &(*dims)[i])
	}
	l.checkChunk(c)
	if l.Class == Compact {
		n := uint32(len(l.Data))
		c.U32("size", &n)
		c.Bytes("raw data", uint64(n), &l.Data)
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
	l.checkChunk(c)
}

func (l *Layout) checkChunk(c *wire.Codec) {
	for i, n := range l.Chunk {
		if c.Err() == nil && c.Decoding() && n == 0 {
			c.Fail("dimension size", "axis %d of a chunk has length 0", i)
		}
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
	case IndexExtensibleArray:
		a := &l.Array
		c.U8("max bits", &a.MaxBits)
		c.U8("index elements", &a.IndexCount)
		c.U8("min pointers", &a.SuperMin)
		c.U8("min elements", &a.BlockMin)
		c.U8("page bits", &a.PageBits)
	case IndexBTree2:
		c.U32("node size", &l.Tree.NodeSize)
		c.U8("split percent", &l.Tree.Split)
		c.U8("merge percent", &l.Tree.Merge)
	default:
		c.Fail("chunk indexing type", "%d is not known", l.Index)
	}
}
