package format

import "github.com/h5serve/h5serve/h5core/internal/wire"

// Superblock is the first structure of a file (specification, II.A). Versions
// 0 and 1 hold the root group's symbol table entry, 2 and 3 its header address
// and an extension. Addresses are relative to Base.
type Superblock struct {
	Version        uint8
	OffsetSize     uint8
	LengthSize     uint8
	Flags          uint32 // file consistency flags; one byte from version 2 on
	GroupLeafK     uint16 // versions 0 and 1
	GroupInternalK uint16 // versions 0 and 1
	ChunkK         uint16 // version 1
	Base           uint64
	FreeSpace      uint64 // versions 0 and 1: always undefined
	Extension      uint64 // versions 2 and 3
	EndOfFile      uint64
	DriverInfo     uint64      // versions 0 and 1
	Root           SymbolEntry // versions 0 and 1
	RootHeader     uint64      // versions 2 and 3
}

// Fields lists the superblock's fields. The widths it declares hold from there on.
func (s *Superblock) Fields(c *wire.Codec) {
	c.Name("superblock")
	c.Signature(Signature)
	c.Version(&s.Version, 0, 1, 2, 3)
	if s.Version >= 2 {
		s.fields23(c)
		return
	}
	c.Zeros(3) // versions of free space, root symbol table, and a reserved byte
	c.Zeros(1) // version of the shared header message format
	s.widths(c)
	c.Zeros(1)
	c.U16("group leaf node K", &s.GroupLeafK)
	c.U16("group internal node K", &s.GroupInternalK)
	c.U32("file consistency flags", &s.Flags)
	if s.Version == 1 {
		c.U16("indexed storage internal node K", &s.ChunkK)
		c.Zeros(2)
	}
	c.Addr("base address", &s.Base)
	c.Addr("address of file free space info", &s.FreeSpace)
	c.Addr("end of file address", &s.EndOfFile)
	c.Addr("driver information block address", &s.DriverInfo)
	c.Sub(&s.Root)
}

func (s *Superblock) fields23(c *wire.Codec) {
	s.widths(c)
	c.Sealed(16 + 4*uint64(s.OffsetSize))
	flags := uint8(s.Flags)
	c.U8("file consistency flags", &flags)
	s.Flags = uint32(flags)
	c.Addr("base address", &s.Base)
	c.Addr("superblock extension address", &s.Extension)
	c.Addr("end of file address", &s.EndOfFile)
	c.Addr("root group object header address", &s.RootHeader)
	c.Checksum()
}

func (s *Superblock) widths(c *wire.Codec) {
	c.U8("size of offsets", &s.OffsetSize)
	c.U8("size of lengths", &s.LengthSize)
	for _, n := range []uint8{s.OffsetSize, s.LengthSize} {
		switch n {
		case 2, 4, 8, 16, 32:
		default:
			c.Fail("size of offsets and lengths", "%d is not 2, 4, 8, 16 or 32", n)
		}
	}
	c.SetGeometry(wire.Geometry{OffsetSize: s.OffsetSize, LengthSize: s.LengthSize})
}
