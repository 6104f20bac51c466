package format

import "github.com/h5serve/h5serve/h5core/internal/wire"

// ArrayIndexBlock is an extensible array's first block (specification, III.F,
// "Extensible Array Index Block").
type ArrayIndexBlock struct {
	Array       *ExtensibleArray
	Header      uint64
	Entries     []ChunkEntry
	DataBlocks  []uint64
	SuperBlocks []uint64
}

// Size is the block's bytes.
func (b *ArrayIndexBlock) Size(geo wire.Geometry) uint64 {
	a := b.Array
	return 10 + uint64(geo.OffsetSize)*uint64(1+a.DirectBlocks()+a.SuperBlocksNamed()) +
		uint64(a.IndexCount)*uint64(a.ElementSize)
}

// Fields lists the block's fields.
func (b *ArrayIndexBlock) Fields(c *wire.Codec) {
	c.Name("extensible array index block")
	arrayPrefix(c, "EAIB", b.Array, &b.Header)
	b.Entries = arrayElements(c, b.Array, b.Entries, uint64(b.Array.IndexCount))
	b.DataBlocks = addresses(c, "data block address", b.DataBlocks, uint64(b.Array.DirectBlocks()))
	b.SuperBlocks = addresses(c, "secondary block address", b.SuperBlocks, uint64(b.Array.SuperBlocksNamed()))
	c.Checksum()
}

// arrayPrefix walks what begins each block of an extensible array.
func arrayPrefix(c *wire.Codec, signature string, a *ExtensibleArray, header *uint64) {
	c.Signature(signature)
	version, client := uint8(0), a.Client
	c.Version(&version, 0)
	c.U8("client ID", &client)
	if c.Err() == nil && client != a.Client {
		c.Fail("client ID", "%d, the array has %d", client, a.Client)
	}
	c.Addr("header address", header)
}

func arrayElements(c *wire.Codec, a *ExtensibleArray, list []ChunkEntry, n uint64) []ChunkEntry {
	width, ok := ChunkSizeWidth(c.Geometry(), a.Client, a.ElementSize)
	if c.Err() == nil && !ok {
		c.Fail("element size", "%d bytes are no chunk", a.ElementSize)
	}
	if !c.Count("element", n, int(a.ElementSize)) {
		return nil
	}
	if c.Decoding() {
		list = make([]ChunkEntry, n)
	}
	for i := range list {
		list[i].fields(c, width)
	}
	return list
}

func addresses(c *wire.Codec, field string, list []uint64, n uint64) []uint64 {
	if !c.Count(field, n, int(c.Geometry().OffsetSize)) {
		return nil
	}
	if c.Decoding() {
		list = make([]uint64, n)
	}
	for i := range list {
		c.Addr(field, &list[i])
	}
	return list
}

// ArraySuperBlock names data blocks, and tells which of their pages were
// written (specification, III.F, "Extensible Array Secondary Block"). Super
// must be known, in decoding too.
type ArraySuperBlock struct {
	Array      *ExtensibleArray
	Super      int
	Header     uint64
	Offset     uint64 // of the block's first element among those outside the index block
	Bitmap     []byte // a bit for each page of each data block, highest first
	DataBlocks []uint64
}

// Size is the block's bytes.
func (b *ArraySuperBlock) Size(geo wire.Geometry) uint64 {
	blocks, _ := b.Array.SuperPlace(b.Super)
	return 10 + uint64(geo.OffsetSize)*(1+blocks) + uint64(b.Array.offsetSize()) + b.bitmap()
}

func (b *ArraySuperBlock) bitmap() uint64 {
	blocks, size := b.Array.SuperPlace(b.Super)
	return blocks * ((b.Array.Pages(size) + 7) / 8)
}

// Fields lists the block's fields.
func (b *ArraySuperBlock) Fields(c *wire.Codec) {
	c.Name("extensible array secondary block")
	arrayPrefix(c, "EASB", b.Array, &b.Header)
	c.Uint("block offset", b.Array.offsetSize(), &b.Offset)
	blocks, _ := b.Array.SuperPlace(b.Super)
	c.Bytes("page bitmap", b.bitmap(), &b.Bitmap)
	b.DataBlocks = addresses(c, "data block address", b.DataBlocks, blocks)
	c.Checksum()
}

// Use marks all pages of a data block as written.
func (b *ArraySuperBlock) Use(block int) {
	_, size := b.Array.SuperPlace(b.Super)
	pages := b.Array.Pages(size)
	for bit := uint64(block) * pages; bit < uint64(block+1)*pages; bit++ {
		b.Bitmap[bit/8] |= 0x80 >> (bit % 8)
	}
}

// Written tells whether a page of a data block was written.
func (b *ArraySuperBlock) Written(block int, page uint64) bool {
	_, size := b.Array.SuperPlace(b.Super)
	bit := uint64(block)*b.Array.Pages(size) + page
	return bit/8 < uint64(len(b.Bitmap)) && b.Bitmap[bit/8]&(0x80>>(bit%8)) != 0
}

// ArrayDataBlock holds elements, or is what lies before their pages
// (specification, III.F, "Extensible Array Data Block"). Count must be known,
// in decoding too.
type ArrayDataBlock struct {
	Array   *ExtensibleArray
	Count   uint64 // elements
	Header  uint64
	Offset  uint64
	Entries []ChunkEntry // none in a paged block
}

// Size is the block's bytes, without its pages.
func (b *ArrayDataBlock) Size(geo wire.Geometry) uint64 {
	n := 10 + uint64(geo.OffsetSize) + uint64(b.Array.offsetSize())
	if b.Array.Pages(b.Count) == 0 {
		n += b.Count * uint64(b.Array.ElementSize)
	}
	return n
}

// Fields lists the block's fields.
func (b *ArrayDataBlock) Fields(c *wire.Codec) {
	c.Name("extensible array data block")
	arrayPrefix(c, "EADB", b.Array, &b.Header)
	c.Uint("block offset", b.Array.offsetSize(), &b.Offset)
	if b.Array.Pages(b.Count) == 0 {
		b.Entries = arrayElements(c, b.Array, b.Entries, b.Count)
	}
	c.Checksum()
}

// ArrayPage is a page of a paged data block.
type ArrayPage struct {
	Array   *ExtensibleArray
	Entries []ChunkEntry
}

// Size is the page's bytes.
func (p *ArrayPage) Size() uint64 { return uint64(p.Array.ElementSize)<<p.Array.PageBits + 4 }

// Fields lists the page's fields.
func (p *ArrayPage) Fields(c *wire.Codec) {
	c.Name("extensible array data block page")
	p.Entries = arrayElements(c, p.Array, p.Entries, 1<<p.Array.PageBits)
	c.Checksum()
}
