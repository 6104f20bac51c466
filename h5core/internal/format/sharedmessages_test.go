package format

import (
	"testing"

	"github.com/h5serve/h5serve/h5core/internal/wire"
	"github.com/h5serve/h5serve/h5core/internal/wire/wiretest"
)

var wholeFile = []wiretest.Layout{
	{
		Name: "shared message table", Library: wiretest.Library,
		Bytes: `
			53 4d 54 42                     | signature
			00 00 03 00 08 00 00 00 32 00   | version, list, types, least size, most of a list
			19 00 09 00 62 02 00*6          | least of a tree, messages, list
			bc 05 00*6                      | heap
			00 00 0c 00 08 00 00 00 32 00 19 00 03 00 4e 06 00*6 a8 09 00*6
			00 00 10 00 14 00 00 00 32 00 19 00 00 00 ff*16
			f3 da 3b 90`,
		Value: &SharedMessages{Indexes: []SharedIndex{
			{Types: 3, MinSize: 8, ListMost: 50, TreeMin: 25, Messages: 9, Addr: 0x262, Heap: 0x5bc},
			{Types: 12, MinSize: 8, ListMost: 50, TreeMin: 25, Messages: 3, Addr: 0x64e, Heap: 0x9a8},
			{Types: 16, MinSize: 20, ListMost: 50, TreeMin: 25, Addr: wire.Undefined, Heap: wire.Undefined},
		}},
		Blank: func() wire.Structure { return &SharedMessages{Indexes: make([]SharedIndex, 3)} },
	},
	{
		Name: "shared message list",
		Bytes: `
			53 4d 4c 49
			00 8f 35 21 b6 02 00 00 00 00 ba 00 00 00 00 24 00
			sum`,
		Value: &SharedMessageList{Records: []SharedRecord{{Hash: 0xb621358f, RefCount: 2, ID: []byte{0, 0xba, 0, 0, 0, 0, 0x24, 0}}}},
		Blank: func() wire.Structure { return &SharedMessageList{Records: make([]SharedRecord, 1)} },
	},
	{
		Name:  "driver information block",
		Bytes: "00 00*3 03 00 00 00 4e 43 53 41 66 61 6d 69 01 02 03",
		Value: &DriverInfo{Name: "NCSAfami", Data: []byte{1, 2, 3}},
		Blank: func() wire.Structure { return new(DriverInfo) },
	},
	{
		Name: "metadata cache image", Geo: small,
		Bytes: `
			4d 44 43 49 00 00 22 00 01 00 00 00 | signature, version, flags, length, entries
			16 01 02 03 00 00 00 00 01 00       | type, flags, ring, age, children, dirty ones, parents
			ff ff ff ff 34 12 03 00             | rank, place, size
			11 01 aa bb cc                      | parent, bytes
			sum`,
		Value: &CacheImage{Length: 34, Entries: []CachedStructure{{
			Type: 0x16, Flags: 1, Ring: 2, Age: 3, Rank: 1<<32 - 1, Addr: 0x1234, Size: 3, Parents: []uint64{0x111}, Data: []byte{0xaa, 0xbb, 0xcc},
		}}},
		Blank: func() wire.Structure { return new(CacheImage) },
	},
}

func TestStructuresOfTheWholeFile(t *testing.T) {
	wiretest.Run(t, wholeFile)
	wholeFile[0].Spoil(t, []wiretest.Fault{{At: 0, To: 'X', Field: "signature"}, {At: 4, To: 1, Field: "version"}, {At: 5, To: 2, Field: "index type"}, {At: -1, To: 0, Field: "checksum"}})
	wholeFile[1].Spoil(t, []wiretest.Fault{{At: 4, To: 2, Field: "message location"}})
	wholeFile[2].Spoil(t, []wiretest.Fault{{At: 0, To: 1, Field: "version"}, {At: 4, To: 4, Field: "driver information"}})
	wholeFile[3].Spoil(t, []wiretest.Fault{{At: 8, To: 9, Field: "number of entries in image"}, {At: 20, To: 9, Field: "dependency parent offset"}})
	if n, want := SharedMessagesSize(wire.Default, 3), len(wiretest.Unhex(t, wholeFile[0].Bytes)); n != want {
		t.Errorf("a table of 3 indexes has %d bytes, not %d", want, n)
	}
	if x := wholeFile[0].Value.(*SharedMessages).Indexes[0]; !x.Holds(0) || !x.Holds(1) || x.Holds(3) || x.Holds(17) {
		t.Errorf("types of messages in %+v", x)
	}
}

func FuzzStructuresOfTheWholeFile(f *testing.F) {
	for _, l := range wholeFile {
		f.Add(wiretest.Unhex(f, l.Bytes))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		for _, l := range wholeFile {
			wiretest.FixedPoint(t, src, wire.Default, l.Blank)
			wiretest.FixedPoint(t, src, small, l.Blank)
		}
	})
}
