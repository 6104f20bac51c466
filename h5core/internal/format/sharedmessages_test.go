package format

import (
	"testing"

	"github.com/h5serve/h5serve/h5core/internal/wire"
)

var wholeFile = []layout{
	{
		name: "shared message table", library: library,
		bytes: `
			53 4d 54 42                     | signature
			00 00 03 00 08 00 00 00 32 00   | version, list, types, least size, most of a list
			19 00 09 00 62 02 00*6          | least of a tree, messages, list
			bc 05 00*6                      | heap
			00 00 0c 00 08 00 00 00 32 00 19 00 03 00 4e 06 00*6 a8 09 00*6
			00 00 10 00 14 00 00 00 32 00 19 00 00 00 ff*16
			f3 da 3b 90`,
		value: &SharedMessages{Indexes: []SharedIndex{
			{Types: 3, MinSize: 8, ListMost: 50, TreeMin: 25, Messages: 9, Addr: 0x262, Heap: 0x5bc},
			{Types: 12, MinSize: 8, ListMost: 50, TreeMin: 25, Messages: 3, Addr: 0x64e, Heap: 0x9a8},
			{Types: 16, MinSize: 20, ListMost: 50, TreeMin: 25, Addr: wire.Undefined, Heap: wire.Undefined},
		}},
		blank: func() wire.Structure { return &SharedMessages{Indexes: make([]SharedIndex, 3)} },
	},
	{
		name: "shared message list",
		bytes: `
			53 4d 4c 49
			00 8f 35 21 b6 02 00 00 00 00 ba 00 00 00 00 24 00
			sum`,
		value: &SharedMessageList{Records: []SharedRecord{{Hash: 0xb621358f, RefCount: 2, ID: []byte{0, 0xba, 0, 0, 0, 0, 0x24, 0}}}},
		blank: func() wire.Structure { return &SharedMessageList{Records: make([]SharedRecord, 1)} },
	},
	{
		name:  "driver information block",
		bytes: "00 00*3 03 00 00 00 4e 43 53 41 66 61 6d 69 01 02 03",
		value: &DriverInfo{Name: "NCSAfami", Data: []byte{1, 2, 3}},
		blank: func() wire.Structure { return new(DriverInfo) },
	},
	{
		name: "metadata cache image", geo: small,
		bytes: `
			4d 44 43 49 00 00 22 00 01 00 00 00 | signature, version, flags, length, entries
			16 01 02 03 00 00 00 00 01 00       | type, flags, ring, age, children, dirty ones, parents
			ff ff ff ff 34 12 03 00             | rank, place, size
			11 01 aa bb cc                      | parent, bytes
			sum`,
		value: &CacheImage{Length: 34, Entries: []CachedStructure{{
			Type: 0x16, Flags: 1, Ring: 2, Age: 3, Rank: 1<<32 - 1, Addr: 0x1234, Size: 3, Parents: []uint64{0x111}, Data: []byte{0xaa, 0xbb, 0xcc},
		}}},
		blank: func() wire.Structure { return new(CacheImage) },
	},
}

func TestStructuresOfTheWholeFile(t *testing.T) {
	run(t, wholeFile)
	wholeFile[0].spoil(t, []fault{{0, 'X', "signature"}, {4, 1, "version"}, {5, 2, "index type"}, {-1, 0, "checksum"}})
	wholeFile[1].spoil(t, []fault{{4, 2, "message location"}})
	wholeFile[2].spoil(t, []fault{{0, 1, "version"}, {4, 4, "driver information"}})
	wholeFile[3].spoil(t, []fault{{8, 9, "number of entries in image"}, {20, 9, "dependency parent offset"}})
	if n, want := SharedMessagesSize(wire.Default, 3), len(unhex(t, wholeFile[0].bytes)); n != want {
		t.Errorf("a table of 3 indexes has %d bytes, not %d", want, n)
	}
	if x := wholeFile[0].value.(*SharedMessages).Indexes[0]; !x.Holds(0) || !x.Holds(1) || x.Holds(3) || x.Holds(17) {
		t.Errorf("types of messages in %+v", x)
	}
}

func FuzzStructuresOfTheWholeFile(f *testing.F) {
	for _, l := range wholeFile {
		f.Add(unhex(f, l.bytes))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		for _, l := range wholeFile {
			fixedPoint(t, src, wire.Default, l.blank)
			fixedPoint(t, src, small, l.blank)
		}
	})
}
