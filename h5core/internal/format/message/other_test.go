package message

import (
	"reflect"
	"slices"
	"testing"

	"github.com/h5serve/h5serve/h5core/dtype"
	"github.com/h5serve/h5serve/h5core/internal/wire"
	"github.com/h5serve/h5serve/h5core/internal/wire/wiretest"
	"github.com/h5serve/h5serve/h5core/space"
)

var four = wire.Geometry{OffsetSize: 4, LengthSize: 4}

func blankOf(kind uint16) func() wire.Structure { return func() wire.Structure { return New(kind) } }

func blankShared() wire.Structure { return new(SharedMessage) }

var sharedMessages = []wiretest.Layout{
	{
		Name: "in the heap", Bytes: "03 01 00 ba 00 00 00 00 24 00",
		Value: &SharedMessage{Version: 3, Type: SharedInHeap, HeapID: []byte{0, 0xba, 0, 0, 0, 0, 0x24, 0}}, Blank: blankShared,
	},
	{
		Name: "committed type", Bytes: "03 02 00 10 00*6", Value: &SharedMessage{Version: 3, Type: SharedCommitted, Header: 0x1000},
		Blank: blankShared,
	},
	{
		Name: "version 2, whatever its flags", Lossy: true, Bytes: "02 00 00 10 00*6",
		Value: &SharedMessage{Version: 2, Type: SharedCommitted, Header: 0x1000}, Blank: blankShared,
	},
	{
		Name: "version 1: a symbol table entry", Lossy: true, Geo: four, Bytes: "01 00 00*6 07 00 00 00 00 10 00 00",
		Value: &SharedMessage{Version: 1, Type: SharedCommitted, Header: 0x1000}, Blank: blankShared,
	},
}

var ofFiles = []wiretest.Layout{
	{
		Name: "B-tree K values", Bytes: "00 20 00 10 00 04 00", Value: &BTreeK{32, 16, 4}, Blank: blankOf(TypeBTreeK),
	},
	{
		Name: "driver info", Bytes: "00 4e 43 53 41 6d 75 6c 74 02 00 aa bb",
		Value: &DriverInfo{"NCSAmult", []byte{0xaa, 0xbb}}, Blank: blankOf(TypeDriverInfo),
	},
	{
		Name: "shared message table", Bytes: "00 00 10 00*6 03", Value: &SharedTable{0x1000, 3}, Blank: blankOf(TypeSharedTable),
	},
	{
		Name: "cache image", Geo: four, Bytes: "00 00 10 00 00 40 00 00 00", Value: &CacheImage{0x1000, 64}, Blank: blankOf(TypeCacheImage),
	},
	{
		Name: "file space, version 1", Geo: four,
		Bytes: `
			01 01 01 02 00 00 00 00 10 00 00 03 00 | strategy, persistent; threshold, page size, page end
			00 20 00 00                            | end of file before the managers
			10 00 00 00 ff*44                      | managers`,
		Value: &FileSpace{
			Version: 1, Strategy: 1, Persist: true, Threshold: 2, PageSize: 4096, PageEnd: 3, End: 0x2000,
			Managers: []uint64{16, wire.Undefined, wire.Undefined, wire.Undefined, wire.Undefined, wire.Undefined, wire.Undefined, wire.Undefined, wire.Undefined, wire.Undefined, wire.Undefined, wire.Undefined},
		},
		Blank: blankOf(TypeFileSpace),
	},
	{
		Name: "file space, version 0 without managers", Geo: four, Bytes: "00 03 01 00 00 00",
		Value: &FileSpace{Strategy: 3, Threshold: 1}, Blank: blankOf(TypeFileSpace),
	},
	{
		Name: "file space, version 0 with managers", Geo: four, Bytes: "00 01 01 00 00 00 10 00 00 00 20 00 00 00 ff*16",
		Value: &FileSpace{Strategy: 1, Threshold: 1, Managers: []uint64{16, 32, wire.Undefined, wire.Undefined, wire.Undefined, wire.Undefined}},
		Blank: blankOf(TypeFileSpace),
	},
	{
		Name: "external data files", Geo: four,
		Bytes: `
			01 00*3 03 00 02 00 00 10 00 00 | slots, those in use, heap
			08 00 00 00 00 00 00 00 64 00 00 00
			10 00 00 00 05 00 00 00 ff*4`,
		Value: &ExternalFiles{Allocated: 3, Heap: 0x1000, Slots: []ExternalSlot{{8, 0, 100}, {16, 5, wire.Undefined}}},
		Blank: blankOf(TypeExternalFiles),
	},
	{
		Name: "modification time", Bytes: "01 00*3 2a 00 00 00", Value: &ModificationTime{42}, Blank: blankOf(TypeModificationTime),
	},
	{
		Name: "old modification time", Bytes: "31 39 39 38 30 35 31 32 31 33 35 39 30 31 00 00",
		Value: &ModificationTimeOld{"19980512135901"}, Blank: blankOf(TypeModificationTimeOld),
	},
	{
		Name: "comment", Bytes: "68 69 00", Value: &Comment{"hi"}, Blank: blankOf(TypeComment),
	},
	{
		Name: "bogus", Bytes: "ef be ad de", Value: &Bogus{}, Blank: blankOf(TypeBogus),
	},
}

func TestSharedMessage(t *testing.T) {
	wiretest.Run(t, sharedMessages)
	sharedMessages[0].Spoil(t, []wiretest.Fault{{At: 0, To: 4, Field: "version"}, {At: 1, To: 4, Field: "type"}})
}

func TestMessagesOfFilesAndRemarks(t *testing.T) {
	wiretest.Run(t, ofFiles)
	ofFiles[0].Spoil(t, []wiretest.Fault{{At: 0, To: 1, Field: "version"}})
	ofFiles[1].Spoil(t, []wiretest.Fault{{At: 9, To: 3, Field: "driver information"}})
	ofFiles[7].Spoil(t, []wiretest.Fault{{At: 0, To: 2, Field: "version"}, {At: 6, To: 3, Field: "used slots"}})
	ofFiles[11].Spoil(t, []wiretest.Fault{{At: 0, To: 0, Field: "bogus value"}})
}

func TestNewKnowsEveryType(t *testing.T) {
	for kind := uint16(0); kind < 0x20; kind++ {
		if known := kind > TypeNil && kind <= TypeCacheImage; known != (New(kind) != nil) {
			t.Errorf("message %#x: %T", kind, New(kind))
		}
	}
}

var otherLayouts = []wiretest.Layout{
	{
		Name: "version 1, contiguous", Geo: four, Bytes: "01 02 01 00*5 00 10 00 00 03 00 00 00 04 00 00 00",
		Value: &Layout{Version: 1, Class: Contiguous, Addr: 0x1000, Dims: []uint64{3, 4}}, Blank: blankLayout,
	},
	{
		Name: "version 2, chunked", Bytes: "02 03 02 00*5 00 10 00*6 05 00 00 00 06 00 00 00 04 00 00 00",
		Value: &Layout{Version: 2, Class: Chunked, Addr: 0x1000, Chunk: []uint64{5, 6, 4}}, Blank: blankLayout,
	},
	{
		Name: "version 2, compact", Bytes: "02 01 00 00*5 03 00 00 00 03 00 00 00 aa bb cc",
		Value: &Layout{Version: 2, Dims: []uint64{3}, Data: []byte{0xaa, 0xbb, 0xcc}}, Blank: blankLayout,
	},
	{
		Name: "extensible array", Bytes: "04 02 00 02 01 01 04 04 20 04 04 10 0a 00 10 00*6",
		Value: &Layout{
			Version: 4, Class: Chunked, Chunk: []uint64{1, 4}, Index: IndexExtensibleArray, Addr: 0x1000,
			Array: ArrayParams{MaxBits: 32, IndexCount: 4, SuperMin: 4, BlockMin: 16, PageBits: 10},
		},
		Blank: blankLayout,
	},
	{
		Name: "version 2 B-tree", Bytes: "04 02 00 02 01 01 04 05 00 08 00 00 64 28 00 10 00*6",
		Value: &Layout{
			Version: 4, Class: Chunked, Chunk: []uint64{1, 4}, Index: IndexBTree2, Addr: 0x1000, Tree: TreeParams{2048, 100, 40},
		},
		Blank: blankLayout,
	},
	{
		Name: "virtual", Bytes: "04 03 00 10 00*6 01 00 00 00",
		Value: &Layout{Version: 4, Class: Virtual, MappingHeap: 0x1000, MappingIndex: 1}, Blank: blankLayout,
	},
}

func TestLayoutsThatAreOnlyRead(t *testing.T) {
	wiretest.Run(t, otherLayouts)
	otherLayouts[0].Spoil(t, []wiretest.Fault{{At: 1, To: 0, Field: "dimensionality"}, {At: 1, To: 34, Field: "dimensionality"}, {At: 2, To: 3, Field: "layout class"}})
	otherLayouts[1].Spoil(t, []wiretest.Fault{{At: 1, To: 1, Field: "dimensionality"}, {At: 16, To: 0, Field: "dimension size"}})
	otherLayouts[5].Spoil(t, []wiretest.Fault{{At: 0, To: 3, Field: "layout class"}})
}

func blankAttributeMessage() wire.Structure { return new(Attribute) }

var sharedParts = []wiretest.Layout{
	{
		Name: "committed type",
		Bytes: `
			03 01 02 00 0a 00 04 00 00 | version, flags; sizes; ASCII
			61 00
			03 02 00 10 00*6           | shared: a header's
			02 00 00 00                | scalar
			2a 00`,
		Value: &Attribute{
			Version: 3, Name: "a", SharedType: &SharedMessage{Version: 3, Type: SharedCommitted, Header: 0x1000},
			Space: Dataspace{Version: 2, Space: space.Space{Kind: space.Scalar}}, Data: []byte{42, 0},
		},
		Blank: blankAttributeMessage, Least: 25,
	},
	{
		Name: "shared space",
		Bytes: `
			03 02 02 00 0c 00 0a 00 01
			61 00
			10 00 00 00 01 00 00 00 00 00 08 00 | u1
			03 01 00 ba 00 00 00 00 24 00
			2a`,
		Value: &Attribute{
			Version: 3, Name: "a", CharSet: dtype.UTF8,
			Type:        Datatype{Version: 1, Type: &dtype.Type{Class: dtype.Integer, Size: 1, Precision: 8}},
			SharedSpace: &SharedMessage{Version: 3, Type: SharedInHeap, HeapID: []byte{0, 0xba, 0, 0, 0, 0, 0x24, 0}},
			Data:        []byte{42},
		},
		Blank: blankAttributeMessage, Least: 33,
	},
}

func TestAttributeWithSharedParts(t *testing.T) {
	wiretest.Run(t, sharedParts)
	sharedParts[0].Spoil(t, []wiretest.Fault{{At: 1, To: 5, Field: "flags"}, {At: 4, To: 9, Field: "datatype"}, {At: 11, To: 0, Field: "version"}})
}

func FuzzOtherMessages(f *testing.F) {
	for _, l := range slices.Concat(sharedMessages, ofFiles, otherLayouts, sharedParts) {
		kind := uint16(0)
		for kind <= TypeCacheImage && reflect.TypeOf(New(kind)) != reflect.TypeOf(l.Value) {
			kind++
		}
		f.Add(wiretest.Unhex(f, l.Bytes), kind)
	}
	f.Fuzz(func(t *testing.T, src []byte, kind uint16) {
		if New(kind) == nil {
			everywhere(t, src, blankShared)
		} else {
			everywhere(t, src, blankOf(kind))
		}
	})
}
