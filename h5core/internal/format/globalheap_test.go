package format

import (
	"errors"
	"testing"

	"github.com/h5serve/h5serve/h5core/internal/wire"
	"github.com/h5serve/h5serve/h5core/internal/wire/wiretest"
)

func blankHeap() wire.Structure { return new(GlobalHeap) }

var heaps = []wiretest.Layout{
	{
		Name: "two strings and free space", Library: wiretest.Library,
		Bytes: `
			47 43 4f 4c 01 00 00 00 | signature, version; reserved
			00 10 00*6              | size of the collection
			01 00 00 00 00 00 00 00 | object 1, no references; reserved
			01 00*7                 | its size
			63 00*7                 | "c", padded
			02 00 00 00 00 00 00 00
			02 00*7
			61 62 00*6
			00*8                    | object 0: the free space
			c0 0f 00*6              | its size, this head counted
			00*4016`,
		Value: &GlobalHeap{HeapHeader: HeapHeader{Size: 4096}, Objects: []HeapObject{
			{Index: 1, Size: 1, Data: []byte("c")}, {Index: 2, Size: 2, Data: []byte("ab")},
		}},
		Blank: blankHeap, Least: 4096,
		Text: `
0x001000 global heap collection signature = "GCOL"
0x001004 global heap collection version = 1
0x001008 global heap collection collection size = 4096
0x001010 global heap object heap object index = 1
0x001012 global heap object reference count = 0
0x001018 global heap object object size = 1
0x001020 global heap object object data = 63
0x001028 global heap object heap object index = 2
0x00102a global heap object reference count = 0
0x001030 global heap object object size = 2
0x001038 global heap object object data = 61 62
0x001040 global heap object heap object index = 0
0x001042 global heap object reference count = 0
0x001048 global heap object object size = 4032
`,
	},
	{
		Name: "free space of nothing but its head",
		Bytes: `
			47 43 4f 4c 01 00 00 00  38 00*7
			07 00 02 00 00 00 00 00  08 00*7  01 02 03 04 05 06 07 08
			00*8 10 00*7`,
		Value: &GlobalHeap{HeapHeader: HeapHeader{Size: 56}, Objects: []HeapObject{
			{Index: 7, RefCount: 2, Size: 8, Data: []byte{1, 2, 3, 4, 5, 6, 7, 8}},
		}},
		Blank: blankHeap,
	},
	{
		Name: "no room for the head of the free space",
		Bytes: `
			47 43 4f 4c 01 00 00 00  28 00*7
			01 00 01 00 00 00 00 00  00*8
			00*8`,
		Value: &GlobalHeap{HeapHeader: HeapHeader{Size: 40}, Objects: []HeapObject{{Index: 1, RefCount: 1}}},
		Blank: blankHeap, Least: 40,
	},
	{
		Name: "full, lengths of 4 bytes", Geo: wire.Geometry{OffsetSize: 8, LengthSize: 4},
		Bytes: `
			47 43 4f 4c 01 00 00 00  28 00 00 00 00*4             | padded to 8 bytes
			01 00 01 00 00 00 00 00  03 00 00 00 00*4  78 79 7a 00*5`,
		Value: &GlobalHeap{HeapHeader: HeapHeader{Size: 40}, Objects: []HeapObject{{Index: 1, RefCount: 1, Size: 3, Data: []byte("xyz")}}},
		Blank: blankHeap,
	},
}

func TestGlobalHeap(t *testing.T) {
	wiretest.Run(t, heaps)
	heaps[0].Spoil(t, []wiretest.Fault{
		{At: 0, To: 'X', Field: "signature"}, {At: 4, To: 2, Field: "version"}, {At: 9, To: 0x20, Field: "collection size"}, {At: 8, To: 1, Field: "collection size"}, {At: 9, To: 0, Field: "collection size"}, {At: 25, To: 0x20, Field: "object data"},
	})
}

func TestGlobalHeapObjectLeavesItsCollection(t *testing.T) {
	src := wiretest.Unhex(t, `
		47 43 4f 4c 01 00 00 00  28 00*7         | 40 bytes
		01 00 01 00 00 00 00 00  10 00*7 aa*16   | an object of 16, which end at 48
		00*32`)
	var f *wire.Fault
	if _, err := wire.Decode(src, wire.Default, 0, new(GlobalHeap)); !errors.As(err, &f) || f.Field != "object size" {
		t.Error(err)
	}
}

func TestGlobalHeapTooSmall(t *testing.T) {
	h := &GlobalHeap{HeapHeader: HeapHeader{Size: 32}, Objects: []HeapObject{{Index: 1, Size: 9, Data: make([]byte, 9)}}}
	if _, err := wire.Append(nil, wire.Default, h); err == nil {
		t.Error("an object beyond its collection was written")
	}
	if got := HeapObjectSize(wire.Default, 9); got != 16+16 {
		t.Errorf("HeapObjectSize(9) = %d", got)
	}
}

func FuzzGlobalHeap(f *testing.F) {
	for _, l := range heaps {
		f.Add(wiretest.Unhex(f, l.Bytes))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		wiretest.FixedPoint(t, src, wire.Default, blankHeap)
		wiretest.FixedPoint(t, src, wire.Geometry{OffsetSize: 8, LengthSize: 4}, blankHeap)
	})
}
