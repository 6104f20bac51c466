package format

import (
	"testing"

	"github.com/h5serve/h5serve/h5core/internal/wire"
	"github.com/h5serve/h5serve/h5core/internal/wire/wiretest"
)

func blankTree2() wire.Structure { return new(BTree2) }

var (
	deepTree = &BTree2{Type: LinkNames, NodeSize: 512, RecordSize: 11, Depth: 2, Split: 100, Merge: 40, Root: 0x7a2e, RootRecords: 3, Records: 3005}
	tinyTree = &BTree2{Type: 10, NodeSize: 64, RecordSize: 2, Depth: 2, Root: 1, RootRecords: 1, Records: 9}
)

var trees2 = []wiretest.Layout{
	{
		Name: "links by name", Library: wiretest.Library,
		Bytes: `
			42 54 48 44 00 05 00 02 00 00 0b 00 | signature, version, type, node size, record size
			02 00 64 28 2e 7a 00*6              | depth, split, merge, root
			03 00 bd 0b 00*6                    | records in the root, in all
			d4 cc 55 fc`,
		Value: deepTree, Blank: blankTree2,
	},
	{
		Name: "lengths of 4 bytes", Library: wiretest.Library, Geo: wire.Geometry{OffsetSize: 4, LengthSize: 4},
		Bytes: `42 54 48 44 00 05 00 02 00 00 0b 00 00 00 64 28 ed 1d 00 00 14 00 14 00 00 00 49 58 c0 cf`,
		Value: &BTree2{Type: LinkNames, NodeSize: 512, RecordSize: 11, Split: 100, Merge: 40, Root: 0x1ded, RootRecords: 20, Records: 20},
		Blank: blankTree2,
	},
}

func blankNode2(tree *BTree2, level, count int) func() wire.Structure {
	return func() wire.Structure { return &BTree2Node{Tree: tree, Level: level, Count: count} }
}

var nodes2 = []wiretest.Layout{
	{
		Name: "leaf", Geo: small, Bytes: "42 54 4c 46 00 0a 11 12 21 22 sum",
		Value: &BTree2Node{Tree: tinyTree, Count: 2, Records: [][]byte{{0x11, 0x12}, {0x21, 0x22}}},
		Blank: blankNode2(tinyTree, 0, 2),
	},
	{
		Name: "above leaves", Geo: small,
		Bytes: `
			42 54 49 4e 00 0a 11 12
			34 12 07 36 12 08       | children, and their records
			sum`,
		Value: &BTree2Node{Tree: tinyTree, Level: 1, Count: 1, Records: [][]byte{{0x11, 0x12}}, Children: []BTree2Child{
			{Addr: 0x1234, Records: 7}, {Addr: 0x1236, Records: 8},
		}},
		Blank: blankNode2(tinyTree, 1, 1),
	},
	{
		Name: "above nodes", Geo: small,
		Bytes: `
			42 54 49 4e 00 0a 11 12
			34 12 07 10 01 ff ff 08 01 00 | all below them too: 2 bytes, there can be 296
			sum`,
		Value: &BTree2Node{Tree: tinyTree, Level: 2, Count: 1, Records: [][]byte{{0x11, 0x12}}, Children: []BTree2Child{
			{Addr: 0x1234, Records: 7, Total: 0x110}, {Addr: wire.Undefined, Records: 8, Total: 1},
		}},
		Blank: blankNode2(tinyTree, 2, 1),
	},
}

var records2 = []wiretest.Layout{
	{
		Name: "huge object by number, filtered", Geo: small, Bytes: "34 12 07 00 01 00 00 00 09 00 05 00",
		Value: &HugeRecord{Type: HugeIndirectFiltered, Addr: 0x1234, Length: 7, Mask: 1, Memory: 9, Number: 5},
		Blank: func() wire.Structure { return &HugeRecord{Type: HugeIndirectFiltered} },
	},
	{
		Name: "huge object by address", Geo: small, Bytes: "34 12 07 00", Value: &HugeRecord{Type: HugeDirect, Addr: 0x1234, Length: 7},
		Blank: func() wire.Structure { return &HugeRecord{Type: HugeDirect} },
	},
	{
		Name: "link by name", Bytes: "01 02 03 04 00 09 01 00 00 2a 00",
		Value: &LinkRecord{Type: LinkNames, Hash: 0x04030201, ID: []byte{0, 9, 1, 0, 0, 0x2a, 0}},
		Blank: func() wire.Structure { return &LinkRecord{Type: LinkNames} },
	},
	{
		Name: "link by order", Bytes: "03 00*7 00 09 01 00 00 2a 00",
		Value: &LinkRecord{Type: LinkOrders, Order: 3, ID: []byte{0, 9, 1, 0, 0, 0x2a, 0}},
		Blank: func() wire.Structure { return &LinkRecord{Type: LinkOrders} },
	},
	{
		Name: "attribute by name", Bytes: "00 01 02 03 04 05 06 07 02 05 00 00 00 01 02 03 04",
		Value: &AttributeRecord{Type: AttributeNames, ID: []byte{0, 1, 2, 3, 4, 5, 6, 7}, Flags: 2, Order: 5, Hash: 0x04030201},
		Blank: func() wire.Structure { return &AttributeRecord{Type: AttributeNames} },
	},
	{
		Name: "attribute by order", Bytes: "00 01 02 03 04 05 06 07 00 05 00 00 00",
		Value: &AttributeRecord{Type: AttributeOrders, ID: []byte{0, 1, 2, 3, 4, 5, 6, 7}, Order: 5},
		Blank: func() wire.Structure { return &AttributeRecord{Type: AttributeOrders} },
	},
	{
		Name: "shared message in the heap", Bytes: "00 8f 35 21 b6 02 00 00 00 00 ba 00 00 00 00 24 00",
		Value: &SharedRecord{Hash: 0xb621358f, RefCount: 2, ID: []byte{0, 0xba, 0, 0, 0, 0, 0x24, 0}},
		Blank: func() wire.Structure { return new(SharedRecord) },
	},
	{
		Name: "shared message in a header", Geo: wire.Geometry{OffsetSize: 4, LengthSize: 4},
		Bytes: "01 8f 35 21 b6 00 03 07 00 00 10 00 00 00*4",
		Value: &SharedRecord{InHeader: true, Hash: 0xb621358f, Type: 3, Index: 7, Header: 0x1000},
		Blank: func() wire.Structure { return new(SharedRecord) },
	},
	{
		Name: "chunk", Geo: small, Bytes: "34 12 01 00*7 02 00*7",
		Value: &ChunkRecord{ChunkEntry: ChunkEntry{Addr: 0x1234}, Scaled: []uint64{1, 2}},
		Blank: func() wire.Structure { return &ChunkRecord{Scaled: make([]uint64, 2)} },
	},
	{
		Name: "filtered chunk", Geo: small, Bytes: "34 12 07 00 00 01 00 00 00 09 00*7",
		Value: &ChunkRecord{SizeWidth: 3, ChunkEntry: ChunkEntry{0x1234, 7, 1}, Scaled: []uint64{9}},
		Blank: func() wire.Structure { return &ChunkRecord{SizeWidth: 3, Scaled: make([]uint64, 1)} },
	},
}

func TestBTree2(t *testing.T) {
	wiretest.Run(t, trees2)
	trees2[0].Spoil(t, []wiretest.Fault{{At: 0, To: 'X', Field: "signature"}, {At: 4, To: 1, Field: "version"}, {At: 7, To: 9, Field: "checksum"}})
	wiretest.Run(t, nodes2)
	nodes2[0].Spoil(t, []wiretest.Fault{{At: 0, To: 'X', Field: "signature"}, {At: 5, To: 11, Field: "type"}, {At: 6, To: 0, Field: "checksum"}})
	wiretest.Run(t, records2)
	records2[6].Spoil(t, []wiretest.Fault{{At: 0, To: 2, Field: "message location"}})
}

func TestBTree2Refuses(t *testing.T) {
	for field, tree := range map[string]BTree2{
		"record size": {NodeSize: 512},
		"depth":       {NodeSize: 512, RecordSize: 1, Depth: 65},
		"node size":   {NodeSize: 20, RecordSize: 11},
	} {
		src, err := wire.Append(nil, wire.Default, &tree)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := wire.Decode(src, wire.Default, 0, new(BTree2)); err == nil || err.(*wire.Fault).Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
	full := BTree2Node{Tree: tinyTree, Count: 28, Records: make([][]byte, 28)} // (64 - 10) / 2 = 27
	if _, err := wire.Decode(make([]byte, 64), small, 0, &full); err == nil {
		t.Error("a node of more records than it has room for was accepted")
	}
}

func FuzzBTree2(f *testing.F) {
	for _, l := range append(append(trees2, nodes2...), records2...) {
		f.Add(wiretest.Unhex(f, l.Bytes), uint8(1), uint8(1))
	}
	f.Fuzz(func(t *testing.T, src []byte, level, count uint8) {
		for _, geo := range []wire.Geometry{wire.Default, small} {
			wiretest.FixedPoint(t, src, geo, blankTree2)
			wiretest.FixedPoint(t, src, geo, blankNode2(tinyTree, int(level%4), int(count)))
			for _, l := range records2 {
				wiretest.FixedPoint(t, src, geo, l.Blank)
			}
		}
	})
}
