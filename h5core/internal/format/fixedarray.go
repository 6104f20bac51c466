package format

import "github.com/h5serve/h5serve/h5core/internal/wire"

// FixedArrayPageBits is the C library's choice: more than 1,024 elements are
// kept in pages of that many.
const FixedArrayPageBits = 10

// FixedArray is the header of a chunk index that is an array of known length
// (specification, III.F, "Fixed Array Index").
type FixedArray struct {
	Client    uint8 // 0 without filters, 1 with
	EntrySize uint8
	PageBits  uint8
	Entries   uint64
	DataBlock uint64
}

// Fields lists the header's fields.
func (a *FixedArray) Fields(c *wire.Codec) {
	c.Name("fixed array header")
	c.Signature("FAHD")
	version := uint8(0)
	c.Version(&version, 0)
	c.Sealed(12 + uint64(c.Geometry().OffsetSize) + uint64(c.Geometry().LengthSize))
	c.U8("client ID", &a.Client)
	c.U8("entry size", &a.EntrySize)
	c.U8("page bits", &a.PageBits)
	checkPageBits(c, a.PageBits)
	c.Length("max number of entries", &a.Entries)
	c.Addr("data block address", &a.DataBlock)
	c.Checksum()
}

// ChunkEntry is one element of an array index. Size and Mask are stored only
// where the dataset has filters.
type ChunkEntry struct {
	Addr uint64
	Size uint64
	Mask uint32
}

// ChunkEntrySize gives the bytes of an entry; sizeWidth is 0 without filters.
func ChunkEntrySize(geo wire.Geometry, sizeWidth int) int {
	if sizeWidth == 0 {
		return int(geo.OffsetSize)
	}
	return int(geo.OffsetSize) + sizeWidth + 4
}

// ChunkSizeWidth is ChunkEntrySize's inverse, by the client ID and entry size
// of an array; ok is false where they are no chunks.
func ChunkSizeWidth(geo wire.Geometry, client, entry uint8) (width int, ok bool) {
	width = int(entry) - int(geo.OffsetSize)
	switch client {
	case 0:
		return 0, width == 0
	case 1:
		width -= 4
		return width, width >= 1 && width <= 8
	}
	return 0, false
}

// Fields lists an entry's fields; sizeWidth is 0 without filters.
func (e *ChunkEntry) fields(c *wire.Codec, sizeWidth int) {
	c.Addr("chunk address", &e.Addr)
	if sizeWidth > 0 {
		c.Uint("chunk size", sizeWidth, &e.Size)
		c.U32("filter mask", &e.Mask)
	}
}

// FixedArrayBlock is the data block: all elements, or a bitmap of the pages
// that follow it, each with its own checksum.
type FixedArrayBlock struct {
	Client    uint8
	Header    uint64
	PageBits  uint8
	SizeWidth int // bytes of a stored chunk size, 0 without filters
	Entries   []ChunkEntry
}

// maxPageBits bounds what a page may hold: the C library writes 10.
const maxPageBits = 31

func checkPageBits(c *wire.Codec, n uint8) {
	if c.Err() == nil && n > maxPageBits {
		c.Fail("page bits", "%d is over %d", n, maxPageBits)
	}
}

func (b *FixedArrayBlock) paged() bool { return len(b.Entries) > 1<<b.PageBits }

// Fields lists the block's fields. Entries must have the array's length, in
// decoding too.
func (b *FixedArrayBlock) Fields(c *wire.Codec) {
	c.Name("fixed array data block")
	c.Signature("FADB")
	version := uint8(0)
	c.Version(&version, 0)
	c.U8("client ID", &b.Client)
	c.Addr("header address", &b.Header)
	if checkPageBits(c, b.PageBits); c.Err() != nil {
		return
	}
	if !b.paged() {
		b.elements(c, b.Entries)
		c.Checksum()
		return
	}
	bitmap := b.bitmap()
	c.Bytes("page bitmap", uint64(len(bitmap)), &bitmap)
	c.Checksum()
	per := 1 << b.PageBits
	for i, p := 0, 0; i < len(b.Entries); i, p = i+per, p+1 {
		page := &fixedArrayPage{block: b, entries: b.Entries[i:min(i+per, len(b.Entries))]}
		if bitmap[p/8]&(0x80>>(p%8)) == 0 { // never written: its bytes mean nothing
			page.skip(c)
			continue
		}
		c.Apart(page)
	}
}

// bitmap marks every page as in use: h5core writes them all.
func (b *FixedArrayBlock) bitmap() []byte {
	pages := (len(b.Entries) + 1<<b.PageBits - 1) >> b.PageBits
	m := make([]byte, (pages+7)/8)
	for p := range pages {
		m[p/8] |= 0x80 >> (p % 8)
	}
	return m
}

func (b *FixedArrayBlock) elements(c *wire.Codec, entries []ChunkEntry) {
	for i := range entries {
		entries[i].fields(c, b.SizeWidth)
	}
}

type fixedArrayPage struct {
	block   *FixedArrayBlock
	entries []ChunkEntry
}

func (p *fixedArrayPage) Fields(c *wire.Codec) {
	c.Name("fixed array data block page")
	p.block.elements(c, p.entries)
	c.Checksum()
}

func (p *fixedArrayPage) skip(c *wire.Codec) {
	for i := range p.entries {
		p.entries[i] = ChunkEntry{Addr: wire.Undefined}
	}
	c.Zeros(len(p.entries)*ChunkEntrySize(c.Geometry(), p.block.SizeWidth) + 4)
}
