package message

import (
	"reflect"
	"slices"
	"testing"

	"github.com/h5serve/h5serve/h5core/dtype"
	"github.com/h5serve/h5serve/h5core/internal/wire"
	"github.com/h5serve/h5serve/h5core/space"
)

var four = wire.Geometry{OffsetSize: 4, LengthSize: 4}

func blankOf(kind uint16) func() wire.Structure { return func() wire.Structure { return New(kind) } }

func blankShared() wire.Structure { return new(SharedMessage) }

var sharedMessages = []layout{
	{
		name: "in the heap", bytes: "03 01 00 ba 00 00 00 00 24 00",
		value: &SharedMessage{Version: 3, Type: SharedInHeap, HeapID: []byte{0, 0xba, 0, 0, 0, 0, 0x24, 0}}, blank: blankShared,
	},
	{
		name: "committed type", bytes: "03 02 00 10 00*6", value: &SharedMessage{Version: 3, Type: SharedCommitted, Header: 0x1000},
		blank: blankShared,
	},
	{
		name: "version 2, whatever its flags", lossy: true, bytes: "02 00 00 10 00*6",
		value: &SharedMessage{Version: 2, Type: SharedCommitted, Header: 0x1000}, blank: blankShared,
	},
	{
		name: "version 1: a symbol table entry", lossy: true, geo: four, bytes: "01 00 00*6 07 00 00 00 00 10 00 00",
		value: &SharedMessage{Version: 1, Type: SharedCommitted, Header: 0x1000}, blank: blankShared,
	},
}

var ofFiles = []layout{
	{
		name: "B-tree K values", bytes: "00 20 00 10 00 04 00", value: &BTreeK{32, 16, 4}, blank: blankOf(TypeBTreeK),
	},
	{
		name: "driver info", bytes: "00 4e 43 53 41 6d 75 6c 74 02 00 aa bb",
		value: &DriverInfo{"NCSAmult", []byte{0xaa, 0xbb}}, blank: blankOf(TypeDriverInfo),
	},
	{
		name: "shared message table", bytes: "00 00 10 00*6 03", value: &SharedTable{0x1000, 3}, blank: blankOf(TypeSharedTable),
	},
	{
		name: "cache image", geo: four, bytes: "00 00 10 00 00 40 00 00 00", value: &CacheImage{0x1000, 64}, blank: blankOf(TypeCacheImage),
	},
	{
		name: "file space, version 1", geo: four,
		bytes: `
			01 01 01 02 00 00 00 00 10 00 00 03 00 | strategy, persistent; threshold, page size, page end
			00 20 00 00                            | end of file before the managers
			10 00 00 00 ff*44                      | managers`,
		value: &FileSpace{
			Version: 1, Strategy: 1, Persist: true, Threshold: 2, PageSize: 4096, PageEnd: 3, End: 0x2000,
			Managers: []uint64{16, wire.Undefined, wire.Undefined, wire.Undefined, wire.Undefined, wire.Undefined, wire.Undefined, wire.Undefined, wire.Undefined, wire.Undefined, wire.Undefined, wire.Undefined},
		},
		blank: blankOf(TypeFileSpace),
	},
	{
		name: "file space, version 0 without managers", geo: four, bytes: "00 03 01 00 00 00",
		value: &FileSpace{Strategy: 3, Threshold: 1}, blank: blankOf(TypeFileSpace),
	},
	{
		name: "file space, version 0 with managers", geo: four, bytes: "00 01 01 00 00 00 10 00 00 00 20 00 00 00 ff*16",
		value: &FileSpace{Strategy: 1, Threshold: 1, Managers: []uint64{16, 32, wire.Undefined, wire.Undefined, wire.Undefined, wire.Undefined}},
		blank: blankOf(TypeFileSpace),
	},
	{
		name: "external data files", geo: four,
		bytes: `
			01 00*3 03 00 02 00 00 10 00 00 | slots, those in use, heap
			08 00 00 00 00 00 00 00 64 00 00 00
			10 00 00 00 05 00 00 00 ff*4`,
		value: &ExternalFiles{Allocated: 3, Heap: 0x1000, Slots: []ExternalSlot{{8, 0, 100}, {16, 5, wire.Undefined}}},
		blank: blankOf(TypeExternalFiles),
	},
	{
		name: "modification time", bytes: "01 00*3 2a 00 00 00", value: &ModificationTime{42}, blank: blankOf(TypeModificationTime),
	},
	{
		name: "old modification time", bytes: "31 39 39 38 30 35 31 32 31 33 35 39 30 31 00 00",
		value: &ModificationTimeOld{"19980512135901"}, blank: blankOf(TypeModificationTimeOld),
	},
	{
		name: "comment", bytes: "68 69 00", value: &Comment{"hi"}, blank: blankOf(TypeComment),
	},
	{
		name: "bogus", bytes: "ef be ad de", value: &Bogus{}, blank: blankOf(TypeBogus),
	},
}

func TestSharedMessage(t *testing.T) {
	run(t, sharedMessages)
	sharedMessages[0].spoil(t, []fault{{0, 4, "version"}, {1, 4, "type"}})
}

func TestMessagesOfFilesAndRemarks(t *testing.T) {
	run(t, ofFiles)
	ofFiles[0].spoil(t, []fault{{0, 1, "version"}})
	ofFiles[1].spoil(t, []fault{{9, 3, "driver information"}})
	ofFiles[7].spoil(t, []fault{{0, 2, "version"}, {6, 3, "used slots"}})
	ofFiles[11].spoil(t, []fault{{0, 0, "bogus value"}})
}

func TestNewKnowsEveryType(t *testing.T) {
	for kind := uint16(0); kind < 0x20; kind++ {
		if known := kind > TypeNil && kind <= TypeCacheImage; known != (New(kind) != nil) {
			t.Errorf("message %#x: %T", kind, New(kind))
		}
	}
}

var otherLayouts = []layout{
	{
		name: "version 1, contiguous", geo: four, bytes: "01 02 01 00*5 00 10 00 00 03 00 00 00 04 00 00 00",
		value: &Layout{Version: 1, Class: Contiguous, Addr: 0x1000, Dims: []uint64{3, 4}}, blank: blankLayout,
	},
	{
		name: "version 2, chunked", bytes: "02 03 02 00*5 00 10 00*6 05 00 00 00 06 00 00 00 04 00 00 00",
		value: &Layout{Version: 2, Class: Chunked, Addr: 0x1000, Chunk: []uint64{5, 6, 4}}, blank: blankLayout,
	},
	{
		name: "version 2, compact", bytes: "02 01 00 00*5 03 00 00 00 03 00 00 00 aa bb cc",
		value: &Layout{Version: 2, Dims: []uint64{3}, Data: []byte{0xaa, 0xbb, 0xcc}}, blank: blankLayout,
	},
	{
		name: "extensible array", bytes: "04 02 00 02 01 01 04 04 20 04 04 10 0a 00 10 00*6",
		value: &Layout{
			Version: 4, Class: Chunked, Chunk: []uint64{1, 4}, Index: IndexExtensibleArray, Addr: 0x1000,
			Array: ArrayParams{MaxBits: 32, IndexCount: 4, SuperMin: 4, BlockMin: 16, PageBits: 10},
		},
		blank: blankLayout,
	},
	{
		name: "version 2 B-tree", bytes: "04 02 00 02 01 01 04 05 00 08 00 00 64 28 00 10 00*6",
		value: &Layout{
			Version: 4, Class: Chunked, Chunk: []uint64{1, 4}, Index: IndexBTree2, Addr: 0x1000, Tree: TreeParams{2048, 100, 40},
		},
		blank: blankLayout,
	},
	{
		name: "virtual", bytes: "04 03 00 10 00*6 01 00 00 00",
		value: &Layout{Version: 4, Class: Virtual, MappingHeap: 0x1000, MappingIndex: 1}, blank: blankLayout,
	},
}

func TestLayoutsThatAreOnlyRead(t *testing.T) {
	run(t, otherLayouts)
	otherLayouts[0].spoil(t, []fault{{1, 0, "dimensionality"}, {1, 34, "dimensionality"}, {2, 3, "layout class"}})
	otherLayouts[1].spoil(t, []fault{{1, 1, "dimensionality"}, {16, 0, "dimension size"}})
	otherLayouts[5].spoil(t, []fault{{0, 3, "layout class"}})
}

func blankAttributeMessage() wire.Structure { return new(Attribute) }

var sharedParts = []layout{
	{
		name: "committed type",
		bytes: `
			03 01 02 00 0a 00 04 00 00 | version, flags; sizes; ASCII
			61 00
			03 02 00 10 00*6           | shared: a header's
			02 00 00 00                | scalar
			2a 00`,
		value: &Attribute{
			Version: 3, Name: "a", SharedType: &SharedMessage{Version: 3, Type: SharedCommitted, Header: 0x1000},
			Space: Dataspace{Version: 2, Space: space.Space{Kind: space.Scalar}}, Data: []byte{42, 0},
		},
		blank: blankAttributeMessage, least: 25,
	},
	{
		name: "shared space",
		bytes: `
			03 02 02 00 0c 00 0a 00 01
			61 00
			10 00 00 00 01 00 00 00 00 00 08 00 | u1
			03 01 00 ba 00 00 00 00 24 00
			2a`,
		value: &Attribute{
			Version: 3, Name: "a", CharSet: dtype.UTF8,
			Type:        Datatype{Version: 1, Type: &dtype.Type{Class: dtype.Integer, Size: 1, Precision: 8}},
			SharedSpace: &SharedMessage{Version: 3, Type: SharedInHeap, HeapID: []byte{0, 0xba, 0, 0, 0, 0, 0x24, 0}},
			Data:        []byte{42},
		},
		blank: blankAttributeMessage, least: 33,
	},
}

func TestAttributeWithSharedParts(t *testing.T) {
	run(t, sharedParts)
	sharedParts[0].spoil(t, []fault{{1, 5, "flags"}, {4, 9, "datatype"}, {11, 0, "version"}})
}

func FuzzOtherMessages(f *testing.F) {
	for _, l := range slices.Concat(sharedMessages, ofFiles, otherLayouts, sharedParts) {
		kind := uint16(0)
		for kind <= TypeCacheImage && reflect.TypeOf(New(kind)) != reflect.TypeOf(l.value) {
			kind++
		}
		f.Add(unhex(f, l.bytes), kind)
	}
	f.Fuzz(func(t *testing.T, src []byte, kind uint16) {
		if New(kind) == nil {
			everywhere(t, src, blankShared)
		} else {
			everywhere(t, src, blankOf(kind))
		}
	})
}
