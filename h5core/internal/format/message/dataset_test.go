package message

import (
	"errors"
	"testing"

	"github.com/h5serve/h5serve/h5core/internal/wire"
	"github.com/h5serve/h5serve/h5core/space"
)

func blankSpace() wire.Structure  { return new(Dataspace) }
func blankFill() wire.Structure   { return new(FillValue) }
func blankLayout() wire.Structure { return new(Layout) }
func blankSteps() wire.Structure  { return new(Filters) }

func simple(version uint8, dims, most []uint64) *Dataspace {
	return &Dataspace{Version: version, Space: space.Space{Kind: space.Simple, Dims: dims, Max: most}}
}

var dataspaces = []layout{
	{
		name: "version 1, may grow for ever", library: library,
		bytes: `
			01 01 01 00             | version, rank, flags: maximum stored; reserved
			00*4
			0a 00*7 ff*8            | dimension, its maximum`,
		value: simple(1, []uint64{10}, []uint64{space.Unlimited}), blank: blankSpace,
		text: `
0x001000 dataspace version = 1
0x001001 dataspace dimensionality = 1
0x001002 dataspace flags = 1
0x001008 dataspace dimension size = 10
0x001010 dataspace dimension maximum size = 18446744073709551615
`,
	},
	{
		name: "version 1, two dimensions of 2 bytes", geo: wire.Geometry{OffsetSize: 8, LengthSize: 2},
		bytes: "01 02 01 00*5  03 00 04 00  ff ff 04 00",
		value: simple(1, []uint64{3, 4}, []uint64{space.Unlimited, 4}), blank: blankSpace,
	},
	{
		name: "version 1, scalar", bytes: "01 00 00 00*5",
		value: &Dataspace{Version: 1, Space: space.Space{Kind: space.Scalar}}, blank: blankSpace,
	},
	{
		name: "version 2", library: library,
		bytes: "02 01 01 01  04 00*7  04 00*7", // the fourth byte is the type
		value: simple(2, []uint64{4}, []uint64{4}), blank: blankSpace,
	},
	{
		name: "version 2, scalar", bytes: "02 00 00 00", value: &Dataspace{Version: 2}, blank: blankSpace,
	},
	{
		name: "version 2, null", bytes: "02 00 00 02",
		value: &Dataspace{Version: 2, Space: space.Space{Kind: space.Null}}, blank: blankSpace,
	},
	{
		name: "version 2, no dimension", bytes: "02 00 00 01", value: simple(2, nil, nil), blank: blankSpace,
	},
}

func TestDataspace(t *testing.T) {
	run(t, dataspaces)
	dataspaces[0].spoil(t, []fault{{0, 3, "version"}, {1, 33, "dimensionality"}, {1, 9, "dimension size"}})
	dataspaces[3].spoil(t, []fault{{3, 3, "type"}, {3, 0, "type"}, {3, 2, "type"}, {12, 3, "dimension maximum size"}})
	null := &Dataspace{Version: 1, Space: space.Space{Kind: space.Null}}
	if _, err := wire.Append(nil, wire.Default, null); err == nil {
		t.Error("a null dataspace of version 1 was written")
	}
}

var fillValues = []layout{
	{
		name: "version 1, defined", bytes: "01 02 02 01 04 00 00 00 00 00 80 bf",
		value: &FillValue{Version: 1, AllocTime: AllocLate, FillTime: FillIfSet, User: true, Value: []byte{0, 0, 0x80, 0xbf}}, blank: blankFill,
	},
	{
		name: "version 1, undefined", bytes: "01 02 02 00 00 00 00 00",
		value: &FillValue{Version: 1, AllocTime: AllocLate, FillTime: FillIfSet, Undefined: true}, blank: blankFill,
	},
	{
		name: "version 1, undefined, by a size of -1", bytes: "01 02 02 01 ff ff ff ff",
		value: &FillValue{Version: 1, AllocTime: AllocLate, FillTime: FillIfSet, Undefined: true}, blank: blankFill, lossy: true,
	},
	{
		name: "version 2, the library's own", library: library,
		bytes: `
			02                | version
			03 02             | space taken chunk by chunk, values written if set
			01 00 00 00 00    | defined, of no bytes`,
		value: &FillValue{Version: 2, AllocTime: AllocIncremental, FillTime: FillIfSet}, blank: blankFill,
		text: `
0x001000 fill value version = 2
0x001001 fill value space allocation time = 3
0x001002 fill value fill value write time = 2
0x001003 fill value fill value defined = 1
0x001004 fill value size = 0
0x001008 fill value fill value = 
`,
	},
	{
		name: "version 2, a user's", bytes: "02 01 00 01 02 00 00 00 07 08",
		value: &FillValue{Version: 2, AllocTime: AllocEarly, FillTime: FillOnAlloc, User: true, Value: []byte{7, 8}}, blank: blankFill,
	},
	{
		name: "version 2, undefined", bytes: "02 02 01 00",
		value: &FillValue{Version: 2, AllocTime: AllocLate, FillTime: FillNever, Undefined: true}, blank: blankFill,
	},
	{
		name: "version 3, the library's own", library: library, bytes: "03 0b",
		value: &FillValue{Version: 3, AllocTime: AllocIncremental, FillTime: FillIfSet}, blank: blankFill,
	},
	{
		name: "version 3, a user's", bytes: "03 2a 02 00 00 00 07 08",
		value: &FillValue{Version: 3, AllocTime: AllocLate, FillTime: FillIfSet, User: true, Value: []byte{7, 8}}, blank: blankFill,
	},
	{
		name: "version 3, undefined", bytes: "03 16",
		value: &FillValue{Version: 3, AllocTime: AllocLate, FillTime: FillNever, Undefined: true}, blank: blankFill,
	},
	{
		name: "old", bytes: "02 00 00 00 07 08",
		value: &FillValueOld{Value: []byte{7, 8}}, blank: func() wire.Structure { return new(FillValueOld) },
	},
}

func TestFillValue(t *testing.T) {
	run(t, fillValues)
	fillValues[4].spoil(t, []fault{{0, 4, "version"}, {7, 0x80, "fill value"}})
	fillValues[7].spoil(t, []fault{{1, 0x3a, "flags"}, {2, 9, "fill value"}})
}

var layouts = []layout{
	{
		name: "version 3, compact", bytes: "03 00 03 00 01 02 03",
		value: &Layout{Version: 3, Class: Compact, Data: []byte{1, 2, 3}}, blank: blankLayout,
	},
	{
		name: "version 3, contiguous", library: library,
		bytes: "03 01  00 08 00*6  10 00*7",
		value: &Layout{Version: 3, Class: Contiguous, Addr: 0x800, Size: 16}, blank: blankLayout,
	},
	{
		name: "version 3, contiguous, no storage yet, narrow", geo: wire.Geometry{OffsetSize: 4, LengthSize: 2},
		bytes: "03 01  ff*4  10 00",
		value: &Layout{Version: 3, Class: Contiguous, Addr: wire.Undefined, Size: 16}, blank: blankLayout,
	},
	{
		name: "version 3, chunked", library: library,
		bytes: `
			03 02 02                | version, class, dimensions and one
			00 10 00*6              | B-tree
			04 00 00 00 04 00 00 00 | chunk, element`,
		value: &Layout{Version: 3, Class: Chunked, Addr: 0x1000, Chunk: []uint64{4, 4}}, blank: blankLayout,
	},
	{
		name: "version 4, compact, empty", bytes: "04 00 00 00", value: &Layout{Version: 4}, blank: blankLayout,
	},
	{
		name: "version 4, fixed array", library: library,
		bytes: `
			04 02 00                | version, class, flags
			02 01 04 04             | dimensions and one, in one byte each
			03 0a                   | fixed array, page bits
			fb 01 00*6`,
		value: &Layout{Version: 4, Class: Chunked, Addr: 0x1fb, Chunk: []uint64{4, 4}, Index: IndexFixedArray, PageBits: 10},
		blank: blankLayout,
		text: `
0x001000 data layout version = 4
0x001001 data layout layout class = 2
0x001002 data layout flags = 0
0x001003 data layout dimensionality = 2
0x001004 data layout dimension size encoded length = 1
0x001005 data layout dimension size = 4
0x001006 data layout dimension size = 4
0x001007 data layout chunk indexing type = 3
0x001008 data layout page bits = 10
0x001009 data layout address = 507
`,
	},
	{
		name: "version 4, single chunk with filters", library: library,
		bytes: `
			04 02 02                | filtered
			02 01 0a 04
			01                      | single chunk
			23 00*7 00 00 00 00     | its stored size, filter mask
			39 08 00*6`,
		value: &Layout{Version: 4, Class: Chunked, Addr: 0x839, Chunk: []uint64{10, 4}, Index: IndexSingle, Filtered: true, StoredSize: 0x23},
		blank: blankLayout,
	},
	{
		name: "version 4, single chunk, dimensions of 3 bytes", bytes: "04 02 00 02 03  00 00 01  08 00 00  01  39 08 00*6",
		value: &Layout{Version: 4, Class: Chunked, Addr: 0x839, Chunk: []uint64{65536, 8}, Index: IndexSingle}, blank: blankLayout,
	},
	{
		name: "version 4, implicit, edges without filters", bytes: "04 02 01 02 01 0a 04  02  39 08 00*6",
		value: &Layout{Version: 4, Class: Chunked, Addr: 0x839, Chunk: []uint64{10, 4}, Index: IndexImplicit, BareEdges: true}, blank: blankLayout,
	},
	{
		name: "version 5, fixed array", library: library, bytes: "05 02 00 02 01 04 04  03 0a  bf 01 00*6",
		value: &Layout{Version: 5, Class: Chunked, Addr: 0x1bf, Chunk: []uint64{4, 4}, Index: IndexFixedArray, PageBits: 10},
		blank: blankLayout,
	},
}

func TestLayout(t *testing.T) {
	run(t, layouts)
	layouts[1].spoil(t, []fault{{0, 0, "version"}, {0, 6, "version"}, {1, 3, "layout class"}})
	layouts[3].spoil(t, []fault{{2, 1, "dimensionality"}, {2, 34, "dimensionality"}})
	layouts[5].spoil(t, []fault{{3, 1, "dimensionality"}, {4, 0, "dimension size encoded length"}, {4, 9, "dimension size encoded length"}, {7, 6, "chunk indexing type"}})
}

var pipelines = []layout{
	{
		name: "version 1, three filters", library: library,
		bytes: `
			01 03 00*6                | version, filters; reserved
			02 00 08 00 01 00 01 00   | shuffle, length of its name, flags: optional, parameters
			73 68 75 66 66 6c 65 00
			04 00 00 00 00 00 00 00   | parameter, padded
			01 00 08 00 01 00 01 00   | deflate
			64 65 66 6c 61 74 65 00
			04 00 00 00 00 00 00 00
			03 00 10 00 00 00 00 00   | fletcher32
			66 6c 65 74 63 68 65 72 33 32 00*6`,
		value: &Filters{Version: 1, Steps: []FilterStep{
			{ID: 2, Name: "shuffle", Flags: 1, Params: []uint32{4}}, {ID: 1, Name: "deflate", Flags: 1, Params: []uint32{4}},
			{ID: 3, Name: "fletcher32"},
		}},
		blank: blankSteps,
		text: `
0x001000 filter pipeline version = 1
0x001001 filter pipeline number of filters = 3
0x001008 filter pipeline filter identification value = 2
0x00100a filter pipeline name length = 8
0x00100c filter pipeline flags = 1
0x00100e filter pipeline number of client data values = 1
0x001010 filter pipeline name = 73 68 75 66 66 6c 65 00
0x001018 filter pipeline client data = 4
0x001020 filter pipeline filter identification value = 1
0x001022 filter pipeline name length = 8
0x001024 filter pipeline flags = 1
0x001026 filter pipeline number of client data values = 1
0x001028 filter pipeline name = 64 65 66 6c 61 74 65 00
0x001030 filter pipeline client data = 4
0x001038 filter pipeline filter identification value = 3
0x00103a filter pipeline name length = 16
0x00103c filter pipeline flags = 0
0x00103e filter pipeline number of client data values = 0
0x001040 filter pipeline name = 66 6c 65 74 63 68 65 72 33 32 00 00 00 00 00 00
`,
	},
	{
		name: "version 1, no name, two parameters", bytes: "01 01 00*6  07 00 00 00 00 00 02 00  01 00 00 00 02 00 00 00",
		value: &Filters{Version: 1, Steps: []FilterStep{{ID: 7, Params: []uint32{1, 2}}}}, blank: blankSteps,
	},
	{
		name: "version 2, deflate", library: library, bytes: "02 01  01 00 01 00 01 00  04 00 00 00",
		value: &Filters{Version: 2, Steps: []FilterStep{{ID: 1, Flags: 1, Params: []uint32{4}}}}, blank: blankSteps,
	},
	{
		name: "version 2, a registered filter and shuffle",
		bytes: `
			02 02
			00 7d 04 00 01 00 01 00  6c 7a 66 00  09 00 00 00 | number 32,000, "lzf"
			02 00 00 00 01 00                                 | no name below 256
			08 00 00 00`,
		value: &Filters{Version: 2, Steps: []FilterStep{
			{ID: 32000, Name: "lzf", Flags: 1, Params: []uint32{9}}, {ID: 2, Params: []uint32{8}},
		}},
		blank: blankSteps,
	},
}

func TestFilters(t *testing.T) {
	run(t, pipelines)
	pipelines[0].spoil(t, []fault{{0, 3, "version"}, {1, 33, "number of filters"}, {10, 0xff, "name"}})
	pipelines[2].spoil(t, []fault{{7, 0xff, "number of client data values"}, {6, 2, "number of client data values"}})
	var f *wire.Fault
	long := &Filters{Version: 1, Steps: []FilterStep{{ID: 300, Name: string(make([]byte, 1<<16))}}}
	if _, err := wire.Append(nil, wire.Default, long); !errors.As(err, &f) || f.Field != "name" {
		t.Errorf("a name of 65,536 bytes: %v", err)
	}
}

func FuzzDataspace(f *testing.F) {
	seed(f, dataspaces)
	f.Fuzz(func(t *testing.T, src []byte) { everywhere(t, src, blankSpace) })
}

func FuzzFillValue(f *testing.F) {
	seed(f, fillValues)
	f.Fuzz(func(t *testing.T, src []byte) {
		everywhere(t, src, blankFill)
		everywhere(t, src, func() wire.Structure { return new(FillValueOld) })
	})
}

func FuzzLayout(f *testing.F) {
	seed(f, layouts)
	f.Fuzz(func(t *testing.T, src []byte) { everywhere(t, src, blankLayout) })
}

func FuzzFilters(f *testing.F) {
	seed(f, pipelines)
	f.Fuzz(func(t *testing.T, src []byte) { everywhere(t, src, blankSteps) })
}
