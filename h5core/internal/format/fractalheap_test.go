package format

import (
	"testing"

	"github.com/h5serve/h5serve/h5core/internal/wire"
	"github.com/h5serve/h5serve/h5core/internal/wire/wiretest"
)

var (
	plainHeap = &FractalHeap{
		IDLength: 7, Flags: HeapChecksums, MaxManaged: 4096, NextHuge: 5, HugeTree: 0x15e2e, Free: 0x2a67c, FreeManager: 0x1dc,
		Managed: HeapUsage{0x40000, 3000}, Allocated: 0x18000, Iterator: 0x18000, Huge: HeapUsage{0x75a8, 5},
		Table: DoublingTable{Width: 4, StartBlock: 512, MaxDirect: 65536, MaxBits: 32, StartRows: 1, Root: 0x5409b, Rows: 8},
	}
	// smallHeap has 2 blocks in a row, of 16 bytes and up to 32, and filters.
	smallHeap = &FractalHeap{
		IDLength: 24, FilterLength: 2, Flags: HeapChecksums, MaxManaged: 30, HugeTree: 1, FreeManager: 2,
		Table:    DoublingTable{Width: 2, StartBlock: 16, MaxDirect: 32, MaxBits: 16, StartRows: 1, Root: 3},
		RootSize: 9, RootMask: 1, Filters: []byte{2, 0},
	}
	small = wire.Geometry{OffsetSize: 2, LengthSize: 2}
)

func blankFractal() wire.Structure { return new(FractalHeap) }

var fractalHeaps = []wiretest.Layout{
	{
		Name: "links, root indirect", Library: wiretest.Library,
		Bytes: `
			46 52 48 50 00 07 00 00 00 02   | signature, version, ID length, no filters, flags
			00 10 00 00 05 00*7             | largest managed object, next huge ID
			2e 5e 01 00*5 7c a6 02 00*5     | huge objects' tree, free space
			dc 01 00*6                      | free space manager
			00 00 04 00*5 00 80 01 00*5     | managed bytes, allocated bytes
			00 80 01 00*5 b8 0b 00*6        | iterator, managed objects
			a8 75 00*6 05 00*7 00*16        | huge, tiny
			04 00 00 02 00*6 00 00 01 00*5  | width, first block, largest direct block
			20 00 01 00 9b 40 05 00*5 08 00 | bits, first rows, root, rows
			b7 b4 1a c8`,
		Value: func() wire.Structure {
			h := *plainHeap
			h.Table.Root = 0x5409b
			return &h
		}(),
		Blank: blankFractal,
	},
	{
		Name: "filters, root direct", Geo: small,
		Bytes: `
			46 52 48 50 00 18 00 02 00 02
			1e 00 00 00 00 00 01 00 00 00 02 00
			00*16
			02 00 10 00 20 00 10 00 01 00 03 00 00 00
			09 00 01 00 00 00 02 00         | root's stored size, its mask, the pipeline
			sum`,
		Value: smallHeap, Blank: blankFractal,
	},
}

var heapBlocks = []wiretest.Layout{
	{
		Name: "direct", Geo: small,
		Bytes: "46 48 44 42 00 34 12 20 00 00*4 aa bb cc", // the checksum is put in by directBytes
		Value: &HeapDirectBlock{Heap: smallHeap, Address: 0x1234, Offset: 0x20, Data: []byte{0xaa, 0xbb, 0xcc}},
		Blank: func() wire.Structure { return &HeapDirectBlock{Heap: smallHeap} },
	},
	{
		Name: "indirect, two direct rows and one of indirect blocks", Geo: small,
		Bytes: `
			46 48 49 42 00 34 12 00 00
			01 01 11 00 00 00 00 00 | child, stored size, mask
			ff ff 00*6
			03 01 13 00 00 00 00 00
			04 01 14 00 00 00 00 00
			05 01 15 00 00 00 00 00
			06 01 16 00 01 00 00 00
			07 01 ff ff             | indirect blocks have neither
			sum`,
		Value: &HeapIndirectBlock{Heap: smallHeap, Rows: 4, Address: 0x1234, Entries: []HeapEntry{
			{Addr: 0x101, Size: 0x11}, {Addr: wire.Undefined}, {Addr: 0x103, Size: 0x13}, {Addr: 0x104, Size: 0x14},
			{Addr: 0x105, Size: 0x15}, {Addr: 0x106, Size: 0x16, Mask: 1}, {Addr: 0x107}, {Addr: wire.Undefined},
		}},
		Blank: func() wire.Structure { return &HeapIndirectBlock{Heap: smallHeap, Rows: 4} },
	},
}

func blankID(h *FractalHeap) func() wire.Structure {
	return func() wire.Structure { return &HeapID{Heap: h} }
}

var heapIDs = []wiretest.Layout{
	{
		Name: "managed", Bytes: "00 09 01 00 00 2a 00", Value: &HeapID{Heap: plainHeap, Offset: 0x109, Length: 42},
		Blank: blankID(plainHeap),
	},
	{
		Name: "huge, by number", Bytes: "10 05 00 00 00 00 00", Value: &HeapID{Heap: plainHeap, Kind: HugeObject, Number: 5},
		Blank: blankID(plainHeap),
	},
	{
		Name: "tiny", Bytes: "22 61 62 63 00*3", Value: &HeapID{Heap: plainHeap, Kind: TinyObject, Data: []byte("abc")},
		Blank: blankID(plainHeap),
	},
	{
		Name: "huge, by address, filtered", Geo: small, Bytes: "10 34 12 07 00 01 00 00 00 09 00 00*13",
		Value: &HeapID{Heap: smallHeap, Kind: HugeObject, Addr: 0x1234, Length: 7, Mask: 1, Memory: 9}, Blank: blankID(smallHeap),
	},
	{
		Name: "tiny, with a length of 12 bits", Geo: small, Bytes: "20 14 61*21 00",
		Value: &HeapID{Heap: smallHeap, Kind: TinyObject, Data: []byte("aaaaaaaaaaaaaaaaaaaaa")}, Blank: blankID(smallHeap),
	},
}

// directBytes puts the checksum in the middle of a direct block.
func directBytes(t testing.TB, l wiretest.Layout) wiretest.Layout {
	src := wiretest.Unhex(t, l.Bytes)
	sum := wire.Lookup3(src, 0)
	copy(src[9:], []byte{byte(sum), byte(sum >> 8), byte(sum >> 16), byte(sum >> 24)})
	l.Bytes = ""
	for _, b := range src {
		l.Bytes += string("0123456789abcdef"[b>>4]) + string("0123456789abcdef"[b&15]) + " "
	}
	return l
}

func TestFractalHeap(t *testing.T) {
	wiretest.Run(t, fractalHeaps)
	fractalHeaps[0].Spoil(t, []wiretest.Fault{{At: 0, To: 'X', Field: "signature"}, {At: 4, To: 1, Field: "version"}, {At: 30, To: 1, Field: "checksum"}, {At: -1, To: 0, Field: "checksum"}})
	wiretest.Run(t, heapBlocks[1:])
	wiretest.Run(t, heapIDs)
	heapIDs[0].Spoil(t, []wiretest.Fault{{At: 0, To: 0x40, Field: "version, type and length"}, {At: 0, To: 0x30, Field: "version, type and length"}})
	heapIDs[2].Spoil(t, []wiretest.Fault{{At: 0, To: 0x2f, Field: "data"}})
}

// A direct block has no length of its own: it takes all there is, and any cut
// spoils its checksum.
func TestHeapDirectBlock(t *testing.T) {
	l := directBytes(t, heapBlocks[0])
	l.Check(t)
	l.Spoil(t, []wiretest.Fault{{At: 0, To: 'X', Field: "signature"}, {At: -1, To: 0, Field: "checksum"}, {At: 9, To: 0, Field: "checksum"}})
}

func TestDoublingTable(t *testing.T) {
	d := &plainHeap.Table
	if d.DirectRows() != 9 || d.MaxRows() != 22 || d.OffsetSize() != 4 {
		t.Errorf("%d direct rows, %d rows, offsets of %d bytes", d.DirectRows(), d.MaxRows(), d.OffsetSize())
	}
	for _, tc := range []struct {
		offset       uint64
		row          int
		entry, start uint64
	}{
		{0, 0, 0, 0}, {511, 0, 0, 0}, {512, 0, 1, 512}, {2047, 0, 3, 1536}, {2048, 1, 4, 2048}, {4095, 1, 7, 3584},
		{4096, 2, 8, 4096}, {5120, 2, 9, 5120}, {1<<32 - 1, 21, 87, 1<<32 - 1<<29},
	} {
		row, entry, start := d.Locate(tc.offset)
		if row != tc.row || entry != tc.entry || start != tc.start {
			t.Errorf("offset %d: row %d, entry %d, start %d; want %+v", tc.offset, row, entry, start, tc)
		}
	}
	// The first indirect block has 131,072 Bytes: rows of 2,048, 2,048, 4,096, ... 65,536.
	if d.BlockSize(9) != 131072 || d.BlockRows(9) != 7 {
		t.Errorf("row 9: blocks of %d bytes, %d rows", d.BlockSize(9), d.BlockRows(9))
	}
}

func TestDoublingTableRefuses(t *testing.T) {
	for name, spoil := range map[string]func(*DoublingTable){
		"table width":                              func(d *DoublingTable) { d.Width = 3 },
		"starting block size":                      func(d *DoublingTable) { d.StartBlock = 0 },
		"maximum direct block size":                func(d *DoublingTable) { d.MaxDirect = 256 },
		"maximum heap size":                        func(d *DoublingTable) { d.MaxBits = 65 },
		"current # of rows in root indirect block": func(d *DoublingTable) { d.Rows = 23 },
	} {
		h := *plainHeap
		spoil(&h.Table)
		src, err := wire.Append(nil, wire.Default, &h)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := wire.Decode(src, wire.Default, 0, new(FractalHeap)); err == nil || err.(*wire.Fault).Field != name {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzFractalHeap(f *testing.F) {
	for _, l := range append(append(fractalHeaps, directBytes(f, heapBlocks[0]), heapBlocks[1]), heapIDs...) {
		f.Add(wiretest.Unhex(f, l.Bytes))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		for _, geo := range []wire.Geometry{wire.Default, small} {
			wiretest.FixedPoint(t, src, geo, blankFractal)
			for _, h := range []*FractalHeap{plainHeap, smallHeap} {
				wiretest.FixedPoint(t, src, geo, func() wire.Structure { return &HeapDirectBlock{Heap: h} })
				wiretest.FixedPoint(t, src, geo, func() wire.Structure { return &HeapIndirectBlock{Heap: h, Rows: 4} })
				wiretest.FixedPoint(t, src, geo, blankID(h))
			}
		}
	})
}
