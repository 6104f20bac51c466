package format

import (
	"testing"

	"github.com/h5serve/h5serve/h5core/internal/wire"
	"github.com/h5serve/h5serve/h5core/internal/wire/wiretest"
)

var narrow = wire.Geometry{OffsetSize: 4, LengthSize: 2}

func blankSymbolNode(k int) func() wire.Structure {
	return func() wire.Structure { return &SymbolNode{K: k} }
}

func blankTree(kind uint8, k, rank int) func() wire.Structure {
	return func() wire.Structure { return &BTree1{Type: kind, K: k, Rank: rank} }
}

var symbolNodes = []wiretest.Layout{
	{
		Name: "datasets and a soft link", Library: wiretest.Library,
		Bytes: `
			53 4e 4f 44 01 00 04 00 | signature, version; reserved; symbols
			10 00*7 78 05 00*6      | "c": name, header
			00*8 00*16              | nothing cached; reserved; scratch
			08 00*7 20 03 00*6      | "d"
			00*8 00*16
			18 00*7 ff*8            | "s": name, no header
			02 00*7 20 00*15        | soft link; reserved; offset of its value
			28 00*7 88 06 00*6      | "v"
			00*8 00*16
			00*160                  | room for four more`,
		Value: &SymbolNode{K: 4, Entries: []SymbolEntry{
			{NameOffset: 0x10, Header: 0x578}, {NameOffset: 8, Header: 0x320},
			{NameOffset: 0x18, Header: wire.Undefined, CacheType: CacheSoft, SoftOffset: 0x20},
			{NameOffset: 0x28, Header: 0x688},
		}},
		Blank: blankSymbolNode(4), Least: 8 + 4*40,
		Text: `
0x001000 symbol table node signature = "SNOD"
0x001004 symbol table node version = 1
0x001006 symbol table node number of symbols = 4
0x001008 symbol table entry link name offset = 16
0x001010 symbol table entry object header address = 1400
0x001018 symbol table entry cache type = 0
0x001030 symbol table entry link name offset = 8
0x001038 symbol table entry object header address = 800
0x001040 symbol table entry cache type = 0
0x001058 symbol table entry link name offset = 24
0x001060 symbol table entry object header address = 18446744073709551615
0x001068 symbol table entry cache type = 2
0x001070 symbol table entry offset to link value = 32
0x001080 symbol table entry link name offset = 40
0x001088 symbol table entry object header address = 1672
0x001090 symbol table entry cache type = 0
`,
	},
	{
		Name: "full, a group with its B-tree and heap cached, offsets of 4 bytes", Geo: narrow,
		Bytes: `
			53 4e 4f 44 01 00 02 00
			08 00 00 00 60 00 00 00 01 00*7
			88 00 00 00 a8 02 00 00 00*8
			10 00 00 00 ff*4 02 00*7
			18 00*15`,
		Value: &SymbolNode{K: 1, Entries: []SymbolEntry{
			{NameOffset: 8, Header: 0x60, CacheType: CacheGroup, BTree: 0x88, Heap: 0x2a8},
			{NameOffset: 16, Header: wire.Undefined, CacheType: CacheSoft, SoftOffset: 24},
		}},
		Blank: blankSymbolNode(1),
	},
	{
		Name: "empty", Bytes: "53 4e 4f 44 01 00 00 00  00*80",
		Value: &SymbolNode{K: 1}, Blank: blankSymbolNode(1), Least: 8,
	},
}

func TestSymbolNode(t *testing.T) {
	wiretest.Run(t, symbolNodes)
	symbolNodes[0].Spoil(t, []wiretest.Fault{
		{At: 0, To: 's', Field: "signature"}, {At: 4, To: 2, Field: "version"}, {At: 6, To: 9, Field: "number of symbols"}, {At: 7, To: 0xff, Field: "number of symbols"}, {At: 24, To: 3, Field: "cache type"},
	})
	if _, err := wire.Append(nil, wire.Default, &SymbolNode{K: 1, Entries: make([]SymbolEntry, 3)}); err == nil {
		t.Error("three symbols in a node for two were written")
	}
}

var localHeaps = []wiretest.Layout{
	{
		Name: "with free space", Library: wiretest.Library,
		Bytes: `
			48 45 41 50 00 00 00 00 | signature, version; reserved
			58 00*7                 | size of the segment
			30 00*7                 | first free block
			c8 02 00*6              | segment`,
		Value: &LocalHeap{SegmentSize: 0x58, FreeList: 0x30, Segment: 0x2c8},
		Blank: func() wire.Structure { return new(LocalHeap) },
	},
	{
		Name: "full, narrow", Geo: narrow,
		Bytes: "48 45 41 50 00 00 00 00  10 00 01 00 20 00 00 00",
		Value: &LocalHeap{SegmentSize: 16, FreeList: NoFreeBlock, Segment: 32},
		Blank: func() wire.Structure { return new(LocalHeap) },
	},
}

func TestLocalHeap(t *testing.T) {
	wiretest.Run(t, localHeaps)
	localHeaps[0].Spoil(t, []wiretest.Fault{{At: 1, To: 'X', Field: "signature"}, {At: 4, To: 1, Field: "version"}})
}

var trees = []wiretest.Layout{
	{
		Name: "group, one leaf", Library: wiretest.Library,
		Bytes: `
			54 52 45 45 00 00 01 00 | signature, type, level, children
			ff*8 ff*8               | siblings
			00*8                    | key: the empty name
			30 04 00*6              | leaf
			28 00*7                 | key: "v"
			00*496                  | room for 31 more`,
		Value: &BTree1{
			Type: GroupTree, K: 16, Left: wire.Undefined, Right: wire.Undefined, Names: []uint64{0, 0x28}, Children: []uint64{0x430},
		},
		Blank: blankTree(GroupTree, 16, 0), Least: 48,
	},
	{
		Name: "group without links", Geo: narrow,
		Bytes: `
			54 52 45 45 00 00 00 00 ff*4 ff*4
			00 00                   | key
			00*12                   | room for two`,
		Value: &BTree1{Type: GroupTree, K: 1, Left: wire.Undefined, Right: wire.Undefined, Names: []uint64{0}},
		Blank: blankTree(GroupTree, 1, 0), Least: 18,
	},
	{
		Name: "chunks of one dimension", Library: wiretest.Library,
		Bytes: `
			54 52 45 45 01 00 03 00 | signature, type, level, children
			ff*8 ff*8               | siblings
			16 00 00 00 00 00 00 00 | key: size, filter mask
			00*8 00*8               | offsets: of the chunk, of the element's bytes
			10 08 00*6              | chunk
			16 00*7 04 00*7 00*8
			26 08 00*6
			16 00*7 08 00*7 00*8
			3c 08 00*6
			00*8 0c 00*7 04 00*7    | key after the last
			00*1952                 | room for 61 more`,
		Value: &BTree1{
			Type: ChunkTree, K: 32, Rank: 1, Left: wire.Undefined, Right: wire.Undefined,
			Chunks: []ChunkKey{
				{Size: 22, Offset: []uint64{0, 0}}, {Size: 22, Offset: []uint64{4, 0}},
				{Size: 22, Offset: []uint64{8, 0}}, {Offset: []uint64{12, 4}},
			},
			Children: []uint64{0x810, 0x826, 0x83c},
		},
		Blank: blankTree(ChunkTree, 32, 1), Least: 24 + 3*32 + 24,
	},
	{
		Name: "chunks of two dimensions, level 1, with siblings and masks",
		Bytes: `
			54 52 45 45 01 01 02 00
			00 10 00*6 00 20 00*6
			07 00 00 00 03 00 00 00 00*8 0a 00*7 00*8
			00 30 00*6
			08 00 00 00 00 00 00 00 05 00*7 00*8 00*8
			00 40 00*6
			00*8 0a 00*7 14 00*7 04 00*7`,
		Value: &BTree1{
			Type: ChunkTree, Level: 1, K: 1, Rank: 2, Left: 0x1000, Right: 0x2000,
			Chunks: []ChunkKey{
				{Size: 7, Mask: 3, Offset: []uint64{0, 10, 0}}, {Size: 8, Offset: []uint64{5, 0, 0}}, {Offset: []uint64{10, 20, 4}},
			},
			Children: []uint64{0x3000, 0x4000},
		},
		Blank: blankTree(ChunkTree, 1, 2),
		Text: `
0x001000 version 1 B-tree node signature = "TREE"
0x001004 version 1 B-tree node node type = 1
0x001005 version 1 B-tree node node level = 1
0x001006 version 1 B-tree node entries used = 2
0x001008 version 1 B-tree node address of left sibling = 4096
0x001010 version 1 B-tree node address of right sibling = 8192
0x001018 version 1 B-tree node key: chunk size = 7
0x00101c version 1 B-tree node key: filter mask = 3
0x001020 version 1 B-tree node key: chunk offset = 0
0x001028 version 1 B-tree node key: chunk offset = 10
0x001030 version 1 B-tree node key: chunk offset = 0
0x001038 version 1 B-tree node child = 12288
0x001040 version 1 B-tree node key: chunk size = 8
0x001044 version 1 B-tree node key: filter mask = 0
0x001048 version 1 B-tree node key: chunk offset = 5
0x001050 version 1 B-tree node key: chunk offset = 0
0x001058 version 1 B-tree node key: chunk offset = 0
0x001060 version 1 B-tree node child = 16384
0x001068 version 1 B-tree node key: chunk size = 0
0x00106c version 1 B-tree node key: filter mask = 0
0x001070 version 1 B-tree node key: chunk offset = 10
0x001078 version 1 B-tree node key: chunk offset = 20
0x001080 version 1 B-tree node key: chunk offset = 4
`,
	},
}

func TestBTree1(t *testing.T) {
	wiretest.Run(t, trees)
	trees[0].Spoil(t, []wiretest.Fault{{At: 3, To: 'X', Field: "signature"}, {At: 4, To: 1, Field: "node type"}, {At: 6, To: 33, Field: "entries used"}, {At: 7, To: 1, Field: "entries used"}})
	trees[3].Spoil(t, []wiretest.Fault{{At: 4, To: 0, Field: "node type"}, {At: 6, To: 3, Field: "entries used"}})
}

func FuzzSymbolTable(f *testing.F) {
	for _, l := range append(symbolNodes, localHeaps...) {
		f.Add(wiretest.Unhex(f, l.Bytes), l.Geo == narrow)
	}
	f.Fuzz(func(t *testing.T, src []byte, small bool) {
		geo := wire.Default
		if small {
			geo = narrow
		}
		wiretest.FixedPoint(t, src, geo, blankSymbolNode(4))
		wiretest.FixedPoint(t, src, geo, func() wire.Structure { return new(LocalHeap) })
		wiretest.FixedPoint(t, src, geo, func() wire.Structure { return new(SymbolEntry) })
	})
}

func FuzzBTree1(f *testing.F) {
	for _, l := range trees {
		f.Add(wiretest.Unhex(f, l.Bytes), uint8(1), uint16(32))
	}
	f.Fuzz(func(t *testing.T, src []byte, rank uint8, k uint16) {
		wiretest.FixedPoint(t, src, wire.Default, blankTree(GroupTree, int(k), 0))
		wiretest.FixedPoint(t, src, wire.Default, blankTree(ChunkTree, int(k), int(rank%33)))
	})
}
