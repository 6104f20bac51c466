package format

import (
	"slices"
	"testing"

	"github.com/h5serve/h5serve/h5core/internal/wire"
	"github.com/h5serve/h5serve/h5core/internal/wire/wiretest"
)

var (
	linkArray = &ExtensibleArray{
		ElementSize: 8, MaxBits: 32, IndexCount: 4, BlockMin: 16, SuperMin: 4, PageBits: 10,
		SuperBlocks: ArrayUsage{7, 0x35a}, DataBlocks: ArrayUsage{0x59, 0x3b726}, MaxSet: 30000, Realized: 0x75f4, IndexBlock: 0x207,
	}
	// tinyArray has filters, an index block of 1 element, data blocks from 1
	// element on and pages of 2.
	tinyArray = &ExtensibleArray{Client: 1, ElementSize: 8, MaxBits: 6, IndexCount: 1, BlockMin: 1, SuperMin: 2, PageBits: 1}
)

func blankExtensible() wire.Structure { return new(ExtensibleArray) }

var extensibles = []wiretest.Layout{
	{
		Name: "unfiltered", Library: wiretest.Library,
		Bytes: `
			45 41 48 44 00 00 08 20 04 10 04 0a  | signature, version, client, element size, five parameters
			07 00*7 5a 03 00*6                   | super blocks, their bytes
			59 00*7 26 b7 03 00*5                | data blocks, their bytes
			30 75 00*6 f4 75 00*6 07 02 00*6     | set, realized, index block
			fc 7b 03 c0`,
		Value: linkArray, Blank: blankExtensible,
	},
}

var arrayBlocks = []wiretest.Layout{
	{
		Name: "index block", Geo: small,
		Bytes: `
			45 41 49 42 00 01 34 12
			01 01 07 00 03 00 00 00 | element: address, size, mask
			11 01 ff ff             | data blocks
			13 01 14 01 15 01 16 01 ff ff | super blocks
			sum`,
		Value: &ArrayIndexBlock{
			Array: tinyArray, Header: 0x1234, Entries: []ChunkEntry{{0x101, 7, 3}},
			DataBlocks: []uint64{0x111, wire.Undefined}, SuperBlocks: []uint64{0x113, 0x114, 0x115, 0x116, wire.Undefined},
		},
		Blank: func() wire.Structure { return &ArrayIndexBlock{Array: tinyArray} },
	},
	{
		Name: "super block without pages", Geo: small,
		Bytes: "45 41 53 42 00 01 34 12 03 01 01 02 01 sum",
		Value: &ArraySuperBlock{Array: tinyArray, Super: 0, Header: 0x1234, Offset: 3, DataBlocks: []uint64{0x101, 0x102}},
		Blank: func() wire.Structure { return &ArraySuperBlock{Array: tinyArray} },
	},
	{
		Name: "super block with pages", Geo: small,
		Bytes: `
			45 41 53 42 00 01 34 12 0f
			d0 00 00 00             | 11 01: of blocks 0 and 1
			01 01 02 01 03 01 04 01
			sum`,
		Value: &ArraySuperBlock{Array: tinyArray, Super: 2, Header: 0x1234, Offset: 15, Bitmap: []byte{0xd0, 0, 0, 0}, DataBlocks: []uint64{0x101, 0x102, 0x103, 0x104}},
		Blank: func() wire.Structure { return &ArraySuperBlock{Array: tinyArray, Super: 2} },
	},
	{
		Name: "data block", Geo: small, Bytes: "45 41 44 42 00 01 34 12 01 01 01 07 00 03 00 00 00 ff ff 00*6 sum",
		Value: &ArrayDataBlock{Array: tinyArray, Count: 2, Header: 0x1234, Offset: 1, Entries: []ChunkEntry{{0x101, 7, 3}, {Addr: wire.Undefined}}},
		Blank: func() wire.Structure { return &ArrayDataBlock{Array: tinyArray, Count: 2} },
	},
	{
		Name: "data block with pages", Geo: small, Bytes: "45 41 44 42 00 01 34 12 0f sum",
		Value: &ArrayDataBlock{Array: tinyArray, Count: 4, Header: 0x1234, Offset: 15},
		Blank: func() wire.Structure { return &ArrayDataBlock{Array: tinyArray, Count: 4} },
	},
	{
		Name: "page", Geo: small, Bytes: "01 01 07 00 03 00 00 00 ff ff 00*6 sum",
		Value: &ArrayPage{Array: tinyArray, Entries: []ChunkEntry{{0x101, 7, 3}, {Addr: wire.Undefined}}},
		Blank: func() wire.Structure { return &ArrayPage{Array: tinyArray} },
	},
}

var pagedBlocks = []wiretest.Layout{
	{
		Name: "directory", Geo: small, Bytes: "46 41 44 42 00 01 34 12 a0 80 sum",
		Value: &FixedArrayDirectory{Client: 1, Header: 0x1234, Pages: 9, Bitmap: []byte{0xa0, 0x80}},
		Blank: func() wire.Structure { return &FixedArrayDirectory{Pages: 9} },
	},
	{
		Name: "page", Geo: small, Bytes: "01 01 07 03 00 00 00 ff ff 00*5 sum",
		Value: &FixedArrayPage{SizeWidth: 1, Entries: []ChunkEntry{{0x101, 7, 3}, {Addr: wire.Undefined}}},
		Blank: func() wire.Structure { return &FixedArrayPage{SizeWidth: 1, Entries: make([]ChunkEntry, 2)} },
	},
}

func TestExtensibleArray(t *testing.T) {
	wiretest.Run(t, extensibles)
	extensibles[0].Spoil(t, []wiretest.Fault{{At: 0, To: 'X', Field: "signature"}, {At: 4, To: 1, Field: "version"}, {At: 9, To: 1, Field: "checksum"}})
	wiretest.Run(t, arrayBlocks)
	arrayBlocks[0].Spoil(t, []wiretest.Fault{{At: 5, To: 0, Field: "client ID"}, {At: -1, To: 0, Field: "checksum"}})
	wiretest.Run(t, pagedBlocks)
	if d := pagedBlocks[0].Value.(*FixedArrayDirectory); !d.Written(0) || d.Written(1) || !d.Written(8) {
		t.Error("pages that were written")
	}
	for i, l := range arrayBlocks {
		var size uint64
		switch b := l.Value.(type) {
		case *ArrayIndexBlock:
			size = b.Size(small)
		case *ArraySuperBlock:
			size = b.Size(small)
		case *ArrayDataBlock:
			size = b.Size(small)
		case *ArrayPage:
			size = b.Size()
		}
		if want := len(wiretest.Unhex(t, l.Bytes)); size != uint64(want) {
			t.Errorf("%d: Size = %d, it has %d bytes", i, size, want)
		}
	}
}

func TestExtensibleArrayRefuses(t *testing.T) {
	for field, spoil := range map[string]func(*ExtensibleArray){
		"client ID":                         func(a *ExtensibleArray) { a.Client = 2 },
		"data block min elements":           func(a *ExtensibleArray) { a.BlockMin = 3 },
		"secondary block min data pointers": func(a *ExtensibleArray) { a.SuperMin = 1 },
		"max number of elements bits":       func(a *ExtensibleArray) { a.MaxBits = 63 },
		"max data block page elements bits": func(a *ExtensibleArray) { a.PageBits = 32 },
		"element size":                      func(a *ExtensibleArray) { a.ElementSize = 0 },
	} {
		a := *linkArray
		spoil(&a)
		src, err := wire.Append(nil, wire.Default, &a)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := wire.Decode(src, wire.Default, 0, new(ExtensibleArray)); err == nil || err.(*wire.Fault).Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
}

// Every element has one place, places follow each other, and First and
// DirectPlace are Locate's inverse.
func TestExtensibleArrayPlaces(t *testing.T) {
	for _, a := range []*ExtensibleArray{linkArray, tinyArray} {
		direct, super := -1, [2]int{-1, -1}
		n := uint64(0)
		for ; n < 1<<16; n++ {
			p, ok := a.Locate(n)
			if !ok {
				break
			}
			switch {
			case p.Block < 0:
				if p.Element != n || n >= uint64(a.IndexCount) {
					t.Fatalf("element %d: %+v", n, p)
				}
				continue
			case p.Super < 0:
				if p.Element == 0 {
					direct++
				}
				first, size := a.DirectPlace(p.Block)
				if p.Block != direct || first+p.Element != n || size != p.Size {
					t.Fatalf("element %d: %+v, block %d begins with %d", n, p, direct, first)
				}
			default:
				if p.Element == 0 {
					if super[1]++; p.Super != super[0] {
						super = [2]int{p.Super, 0}
					}
				}
				blocks, size := a.SuperPlace(p.Super)
				if p.Block != super[1] || uint64(p.Block) >= blocks || size != p.Size || a.First(p.Super, p.Block)+p.Element != n {
					t.Fatalf("element %d: %+v, want block %d", n, p, super[1])
				}
			}
		}
		if most := uint64(1)<<a.MaxBits - 1; most < 1<<16 && n < most {
			t.Errorf("%d elements have a place, not %d", n, most)
		}
		if direct != a.DirectBlocks()-1 {
			t.Errorf("%d direct blocks, want %d", direct+1, a.DirectBlocks())
		}
	}
	if b := arrayBlocks[2].Value.(*ArraySuperBlock); !slices.Equal([]bool{b.Written(0, 0), b.Written(0, 1), b.Written(1, 0), b.Written(1, 1)}, []bool{true, true, false, true}) {
		t.Errorf("pages that were written: %+v", b)
	}
}

func FuzzExtensibleArray(f *testing.F) {
	for _, l := range append(append(extensibles, arrayBlocks...), pagedBlocks...) {
		f.Add(wiretest.Unhex(f, l.Bytes))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		for _, geo := range []wire.Geometry{wire.Default, small} {
			wiretest.FixedPoint(t, src, geo, blankExtensible)
			for _, l := range append(arrayBlocks, pagedBlocks...) {
				wiretest.FixedPoint(t, src, geo, l.Blank)
			}
		}
	})
}
