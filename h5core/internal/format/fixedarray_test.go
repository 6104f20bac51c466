package format

import (
	"testing"

	"github.com/h5serve/h5serve/h5core/internal/wire"
	"github.com/h5serve/h5serve/h5core/internal/wire/wiretest"
)

func blankArray() wire.Structure { return new(FixedArray) }

func blankBlock(pageBits uint8, width, entries int) func() wire.Structure {
	return func() wire.Structure {
		return &FixedArrayBlock{PageBits: pageBits, SizeWidth: width, Entries: make([]ChunkEntry, entries)}
	}
}

var arrays = []wiretest.Layout{
	{
		Name: "filtered", Library: wiretest.Library,
		Bytes: `
			46 41 48 44 00 01 0e 0a | signature, version, client, entry size, page bits
			03 00*7                 | entries
			17 02 00*6              | data block
			bb 4e c2 91`,
		Value: &FixedArray{Client: 1, EntrySize: 14, PageBits: 10, Entries: 3, DataBlock: 0x217},
		Blank: blankArray,
		Text: `
0x001000 fixed array header signature = "FAHD"
0x001004 fixed array header version = 0
0x001005 fixed array header client ID = 1
0x001006 fixed array header entry size = 14
0x001007 fixed array header page bits = 10
0x001008 fixed array header max number of entries = 3
0x001010 fixed array header data block address = 535
0x001018 fixed array header checksum = 2445430459
`,
	},
	{
		Name: "unfiltered", Library: wiretest.Library,
		Bytes: `
			46 41 48 44 00 00 08 0a  b8 0b 00*6  00 10 00*6
			4f 47 80 c0`,
		Value: &FixedArray{EntrySize: 8, PageBits: 10, Entries: 3000, DataBlock: 0x1000},
		Blank: blankArray,
	},
}

var blocks = []wiretest.Layout{
	{
		Name: "filtered, not paged", Library: wiretest.Library,
		Bytes: `
			46 41 44 42 00 01       | signature, version, client
			fb 01 00*6              | header
			00 08 00*6 12 00 00*4   | chunk, its size in 2 bytes, filter mask
			12 08 00*6 15 00 00*4
			27 08 00*6 12 00 00*4
			9c b6 42 fc`,
		Value: &FixedArrayBlock{Client: 1, Header: 0x1fb, PageBits: 10, SizeWidth: 2, Entries: []ChunkEntry{
			{Addr: 0x800, Size: 0x12}, {Addr: 0x812, Size: 0x15}, {Addr: 0x827, Size: 0x12},
		}},
		Blank: blankBlock(10, 2, 3),
	},
	{
		Name: "filtered, sizes of 8 bytes as layout version 5 has them", Library: wiretest.Library,
		Bytes: `
			46 41 44 42 00 01 bf 01 00*6
			00 08 00*6 12 00*7 00*4
			12 08 00*6 15 00*7 00*4
			27 08 00*6 12 00*7 00*4
			26 92 d5 d3`,
		Value: &FixedArrayBlock{Client: 1, Header: 0x1bf, PageBits: 10, SizeWidth: 8, Entries: []ChunkEntry{
			{Addr: 0x800, Size: 0x12}, {Addr: 0x812, Size: 0x15}, {Addr: 0x827, Size: 0x12},
		}},
		Blank: blankBlock(10, 8, 3),
	},
	{
		Name: "unfiltered, exactly a page", Geo: wire.Geometry{OffsetSize: 4, LengthSize: 8},
		Bytes: `
			46 41 44 42 00 00 30 00 00 00
			00 01 00 00 ff*4        | a chunk, and none
			sum`,
		Value: &FixedArrayBlock{Header: 0x30, PageBits: 1, Entries: []ChunkEntry{{Addr: 256}, {Addr: wire.Undefined}}},
		Blank: blankBlock(1, 0, 2),
	},
	{
		Name: "paged, the last page short", Geo: wire.Geometry{OffsetSize: 4, LengthSize: 8},
		Bytes: `
			46 41 44 42 00 00 30 00 00 00
			ff 80                   | bits of nine pages
			sum
			apart 00 01 00 00 00 02 00 00 sum
			apart ff*4 ff*4 sum     apart ff*4 ff*4 sum     apart ff*4 ff*4 sum
			apart ff*4 ff*4 sum     apart ff*4 ff*4 sum     apart ff*4 ff*4 sum
			apart ff*4 ff*4 sum
			apart 00 03 00 00 sum`,
		Value: &FixedArrayBlock{Header: 0x30, PageBits: 1, Entries: []ChunkEntry{
			{Addr: 0x100}, {Addr: 0x200}, {Addr: wire.Undefined}, {Addr: wire.Undefined}, {Addr: wire.Undefined},
			{Addr: wire.Undefined}, {Addr: wire.Undefined}, {Addr: wire.Undefined}, {Addr: wire.Undefined}, {Addr: wire.Undefined},
			{Addr: wire.Undefined}, {Addr: wire.Undefined}, {Addr: wire.Undefined}, {Addr: wire.Undefined}, {Addr: wire.Undefined},
			{Addr: wire.Undefined}, {Addr: 0x300},
		}},
		Blank: blankBlock(1, 0, 17),
	},
	{
		Name: "paged, filtered, pages never written", Geo: wire.Geometry{OffsetSize: 4, LengthSize: 8},
		Bytes: `
			46 41 44 42 00 01 30 00 00 00
			40                      | the second of three pages
			sum
			aa*26                   | never written: two entries and a checksum of anything
			apart
			00 01 00 00 11 22 33 01 00 00 00
			00 02 00 00 44 55 66 00 00 00 00
			sum
			bb*15`,
		Value: &FixedArrayBlock{Client: 1, Header: 0x30, PageBits: 1, SizeWidth: 3, Entries: []ChunkEntry{
			{Addr: wire.Undefined}, {Addr: wire.Undefined},
			{Addr: 0x100, Size: 0x332211, Mask: 1}, {Addr: 0x200, Size: 0x665544}, {Addr: wire.Undefined},
		}},
		Blank: blankBlock(1, 3, 5),
		Lossy: true,
		Text: `
0x001000 fixed array data block signature = "FADB"
0x001004 fixed array data block version = 0
0x001005 fixed array data block client ID = 1
0x001006 fixed array data block header address = 48
0x00100a fixed array data block page bitmap = 40
0x00100b fixed array data block checksum = 337856182
0x001029 fixed array data block page chunk address = 256
0x00102d fixed array data block page chunk size = 3351057
0x001030 fixed array data block page filter mask = 1
0x001034 fixed array data block page chunk address = 512
0x001038 fixed array data block page chunk size = 6706500
0x00103b fixed array data block page filter mask = 0
0x00103f fixed array data block page checksum = 1195759136
`,
	},
}

func TestFixedArray(t *testing.T) {
	wiretest.Run(t, arrays)
	arrays[0].Spoil(t, []wiretest.Fault{{At: 3, To: 'X', Field: "signature"}, {At: 4, To: 1, Field: "version"}, {At: 7, To: 32, Field: "page bits"}, {At: 8, To: 4, Field: "checksum"}, {At: -1, To: 0, Field: "checksum"}})
	wiretest.Run(t, blocks)
	blocks[0].Spoil(t, []wiretest.Fault{{At: 0, To: 'X', Field: "signature"}, {At: 4, To: 1, Field: "version"}, {At: 20, To: 9, Field: "checksum"}})
	blocks[3].Spoil(t, []wiretest.Fault{{At: 10, To: 0x7f, Field: "checksum"}, {At: 16, To: 0xee, Field: "checksum"}, {At: -1, To: 0, Field: "checksum"}})
}

// Pages of 2^64 entries would never end.
func TestFixedArrayPageBits(t *testing.T) {
	for _, bits := range []uint8{32, 63, 64, 255} {
		b := blankBlock(bits, 0, 3)()
		if _, err := wire.Decode(wiretest.Unhex(t, blocks[0].Bytes), wire.Default, 0, b); err == nil {
			t.Errorf("page bits %d were accepted", bits)
		}
	}
}

func FuzzFixedArray(f *testing.F) {
	for _, l := range append(arrays, blocks...) {
		f.Add(wiretest.Unhex(f, l.Bytes), uint8(1), uint8(3), uint8(5))
	}
	f.Fuzz(func(t *testing.T, src []byte, pageBits, width, entries uint8) {
		wiretest.FixedPoint(t, src, wire.Default, blankArray)
		wiretest.FixedPoint(t, src, wire.Geometry{OffsetSize: 4, LengthSize: 8}, blankBlock(pageBits, int(width%9), int(entries)))
	})
}
