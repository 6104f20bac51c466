package format

import "github.com/h5serve/h5serve/h5core/internal/wire"

// FixedArrayDirectory is what a paged data block begins with, for those who
// read single pages. Pages must be known, in decoding too.
type FixedArrayDirectory struct {
	Client uint8
	Header uint64
	Pages  uint64
	Bitmap []byte
}

// FixedArrayDirectorySize is the bytes of a data block before its elements or
// pages; that of a block without pages lacks the checksum here.
func FixedArrayDirectorySize(geo wire.Geometry, pages uint64) uint64 {
	n := 6 + uint64(geo.OffsetSize)
	if pages > 0 {
		n += pages/8 + min(pages%8, 1) + 4
	}
	return n
}

// Fields lists the directory's fields.
func (d *FixedArrayDirectory) Fields(c *wire.Codec) {
	c.Name("fixed array data block")
	c.Signature("FADB")
	version := uint8(0)
	c.Version(&version, 0)
	c.U8("client ID", &d.Client)
	c.Addr("header address", &d.Header)
	c.Bytes("page bitmap", d.Pages/8+min(d.Pages%8, 1), &d.Bitmap)
	c.Checksum()
}

// Written tells whether a page was ever written.
func (d *FixedArrayDirectory) Written(page uint64) bool {
	return d.Bitmap[page/8]&(0x80>>(page%8)) != 0
}

// FixedArrayPage is one page. Entries must have its length, in decoding too.
type FixedArrayPage struct {
	SizeWidth int
	Entries   []ChunkEntry
}

// Fields lists the page's fields.
func (p *FixedArrayPage) Fields(c *wire.Codec) {
	c.Name("fixed array data block page")
	for i := range p.Entries {
		p.Entries[i].fields(c, p.SizeWidth)
	}
	c.Checksum()
}
