package format

import (
	"testing"

	"github.com/h5serve/h5serve/h5core/internal/wire"
	"github.com/h5serve/h5serve/h5core/internal/wire/wiretest"
)

func blankSuperblock() wire.Structure { return new(Superblock) }

var superblocks = []wiretest.Layout{
	{
		Name: "version 0", Library: wiretest.Library,
		Bytes: `
			89 48 44 46 0d 0a 1a 0a | signature
			00                      | version
			00 00 00                | versions of free space, root entry; reserved
			00                      | version of shared messages
			08 08 00                | sizes of offsets and lengths; reserved
			04 00 10 00             | leaf K, internal K
			00 00 00 00             | consistency flags
			00*8                    | base
			ff*8                    | free space
			30 28 00 00 00 00 00 00 | end of file
			ff*8                    | driver information
			00*8                    | root entry: name
			60 00 00 00 00 00 00 00 | header
			01 00 00 00 00 00 00 00 | cache type; reserved
			88 00 00 00 00 00 00 00 | B-tree
			a8 02 00 00 00 00 00 00 | heap`,
		Value: &Superblock{
			OffsetSize: 8, LengthSize: 8, GroupLeafK: 4, GroupInternalK: 16, FreeSpace: wire.Undefined, EndOfFile: 0x2830,
			DriverInfo: wire.Undefined, Root: SymbolEntry{Header: 0x60, CacheType: CacheGroup, BTree: 0x88, Heap: 0x2a8},
		},
		Blank: blankSuperblock,
		Text: `
0x001000 superblock signature = "\x89HDF\r\n\x1a\n"
0x001008 superblock version = 0
0x00100d superblock size of offsets = 8
0x00100e superblock size of lengths = 8
0x001010 superblock group leaf node K = 4
0x001012 superblock group internal node K = 16
0x001014 superblock file consistency flags = 0
0x001018 superblock base address = 0
0x001020 superblock address of file free space info = 18446744073709551615
0x001028 superblock end of file address = 10288
0x001030 superblock driver information block address = 18446744073709551615
0x001038 symbol table entry link name offset = 0
0x001040 symbol table entry object header address = 96
0x001048 symbol table entry cache type = 1
0x001050 symbol table entry address of B-tree = 136
0x001058 symbol table entry address of name heap = 680
`,
	},
	{
		Name: "version 0, offsets of 4 bytes, lengths of 2",
		Bytes: `
			89 48 44 46 0d 0a 1a 0a 00 00 00 00 00
			04 02 00                | sizes of offsets and lengths; reserved
			04 00 10 00 01 00 00 00 | K, K, flags
			00 02 00 00             | base
			ff*4                    | free space
			00 10 00 00             | end of file
			ff*4                    | driver information
			00*4 60 00 00 00        | root entry: name, header
			00*8                    | cache type: nothing; reserved
			00*16                   | scratch`,
		Value: &Superblock{
			OffsetSize: 4, LengthSize: 2, GroupLeafK: 4, GroupInternalK: 16, Flags: 1, Base: 512,
			FreeSpace: wire.Undefined, EndOfFile: 4096, DriverInfo: wire.Undefined, Root: SymbolEntry{Header: 0x60},
		},
		Blank: blankSuperblock,
	},
	{
		Name: "version 1, offsets of 2 bytes",
		Bytes: `
			89 48 44 46 0d 0a 1a 0a 01 00 00 00 00
			02 02 00                | sizes of offsets and lengths; reserved
			04 00 10 00 00 00 00 00 | K, K, flags
			20 00 00 00             | chunk K; reserved
			00 00 ff ff 00 08 ff ff | base, free space, end of file, driver information
			00 00 60 00             | root entry: name, header
			01 00 00 00 00 00 00 00 | cache type: group; reserved
			88 00 a8 02 00*12       | B-tree, heap, rest of the scratch`,
		Value: &Superblock{
			Version: 1, OffsetSize: 2, LengthSize: 2, GroupLeafK: 4, GroupInternalK: 16, ChunkK: 32,
			FreeSpace: wire.Undefined, EndOfFile: 2048, DriverInfo: wire.Undefined,
			Root: SymbolEntry{Header: 0x60, CacheType: CacheGroup, BTree: 0x88, Heap: 0x2a8},
		},
		Blank: blankSuperblock,
	},
	{
		Name: "version 2", Library: wiretest.Library,
		Bytes: `
			89 48 44 46 0d 0a 1a 0a 02 | signature, version
			08 08 00                   | sizes, flags
			00*8                       | base
			ff*8                       | extension
			10 08 00 00 00 00 00 00    | end of file
			30 00 00 00 00 00 00 00    | root header
			91 57 a5 12                | checksum`,
		Value: &Superblock{
			Version: 2, OffsetSize: 8, LengthSize: 8, Extension: wire.Undefined, EndOfFile: 0x810, RootHeader: 0x30,
		},
		Blank: blankSuperblock,
		Text: `
0x001000 superblock signature = "\x89HDF\r\n\x1a\n"
0x001008 superblock version = 2
0x001009 superblock size of offsets = 8
0x00100a superblock size of lengths = 8
0x00100b superblock file consistency flags = 0
0x00100c superblock base address = 0
0x001014 superblock superblock extension address = 18446744073709551615
0x00101c superblock end of file address = 2064
0x001024 superblock root group object header address = 48
0x00102c superblock checksum = 312825745
`,
	},
	{
		Name: "version 3, offsets of 4 bytes, open for writing",
		Bytes: `
			89 48 44 46 0d 0a 1a 0a 03
			04 08 05                | sizes, flags: write access, SWMR
			00 02 00 00             | base
			40 00 00 00             | extension
			00 10 00 00             | end of file
			30 00 00 00             | root header
			sum`,
		Value: &Superblock{
			Version: 3, OffsetSize: 4, LengthSize: 8, Flags: 5, Base: 512, Extension: 0x40, EndOfFile: 4096, RootHeader: 0x30,
		},
		Blank: blankSuperblock,
	},
	{
		Name: "version 3, offsets of 16 bytes",
		Bytes: `
			89 48 44 46 0d 0a 1a 0a 03
			10 20 00                | sizes, flags
			00*16 ff*16             | base, extension
			00 10 00*14 30 00*15    | end of file, root header
			sum`,
		Value: &Superblock{
			Version: 3, OffsetSize: 16, LengthSize: 32, Extension: wire.Undefined, EndOfFile: 4096, RootHeader: 0x30,
		},
		Blank: blankSuperblock,
	},
}

func TestSuperblock(t *testing.T) {
	wiretest.Run(t, superblocks)
	superblocks[0].Spoil(t, []wiretest.Fault{
		{At: 0, To: 'h', Field: "signature"}, {At: 7, To: 0, Field: "signature"}, {At: 8, To: 4, Field: "version"}, {At: 13, To: 3, Field: "size of offsets and lengths"},
		{At: 14, To: 0, Field: "size of offsets and lengths"}, {At: 72, To: 3, Field: "cache type"},
	})
	superblocks[3].Spoil(t, []wiretest.Fault{
		{At: 4, To: 0, Field: "signature"}, {At: 8, To: 9, Field: "version"}, {At: 10, To: 5, Field: "size of offsets and lengths"}, {At: 30, To: 1, Field: "checksum"}, {At: -1, To: 0, Field: "checksum"},
	})
	superblocks[5].Spoil(t, []wiretest.Fault{{At: 12 + 8, To: 1, Field: "base address"}, {At: 12 + 16 + 8, Field: "superblock extension address"}})
}

func FuzzSuperblock(f *testing.F) {
	for _, l := range superblocks {
		f.Add(wiretest.Unhex(f, l.Bytes))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		wiretest.FixedPoint(t, src, wire.Default, func() wire.Structure { return new(Superblock) })
	})
}
