package message

import (
	"errors"
	"testing"

	"github.com/h5serve/h5serve/h5core/internal/wire"
	"github.com/h5serve/h5serve/h5core/internal/wire/wiretest"
	"github.com/h5serve/h5serve/h5core/space"
)

func blankSpace() wire.Structure  { return new(Dataspace) }
func blankFill() wire.Structure   { return new(FillValue) }
func blankLayout() wire.Structure { return new(Layout) }
func blankSteps() wire.Structure  { return new(Filters) }

func simple(version uint8, dims, most []uint64) *Dataspace {
	return &Dataspace{Version: version, Space: space.Space{Kind: space.Simple, Dims: dims, Max: most}}
}

var dataspaces = []wiretest.Layout{
	{
		Name: "version 1, may grow for ever", Library: wiretest.Library,
		Bytes: `
			01 01 01 00             | version, rank, flags: maximum stored; reserved
			00*4
			0a 00*7 ff*8            | dimension, its maximum`,
		Value: simple(1, []uint64{10}, []uint64{space.Unlimited}), Blank: blankSpace,
		Text: `
0x001000 dataspace version = 1
0x001001 dataspace dimensionality = 1
0x001002 dataspace flags = 1
0x001008 dataspace dimension size = 10
0x001010 dataspace dimension maximum size = 18446744073709551615
`,
	},
	{
		Name: "version 1, two dimensions of 2 bytes", Geo: wire.Geometry{OffsetSize: 8, LengthSize: 2},
		Bytes: "01 02 01 00*5  03 00 04 00  ff ff 04 00",
		Value: simple(1, []uint64{3, 4}, []uint64{space.Unlimited, 4}), Blank: blankSpace,
	},
	{
		Name: "version 1, scalar", Bytes: "01 00 00 00*5",
		Value: &Dataspace{Version: 1, Space: space.Space{Kind: space.Scalar}}, Blank: blankSpace,
	},
	{
		Name: "version 2", Library: wiretest.Library,
		Bytes: "02 01 01 01  04 00*7  04 00*7", // the fourth byte is the type
		Value: simple(2, []uint64{4}, []uint64{4}), Blank: blankSpace,
	},
	{
		Name: "version 2, scalar", Bytes: "02 00 00 00", Value: &Dataspace{Version: 2}, Blank: blankSpace,
	},
	{
		Name: "version 2, null", Bytes: "02 00 00 02",
		Value: &Dataspace{Version: 2, Space: space.Space{Kind: space.Null}}, Blank: blankSpace,
	},
	{
		Name: "version 2, no dimension", Bytes: "02 00 00 01", Value: simple(2, nil, nil), Blank: blankSpace,
	},
}

func TestDataspace(t *testing.T) {
	wiretest.Run(t, dataspaces)
	dataspaces[0].Spoil(t, []wiretest.Fault{{At: 0, To: 3, Field: "version"}, {At: 1, To: 33, Field: "dimensionality"}, {At: 1, To: 9, Field: "dimension size"}})
	dataspaces[3].Spoil(t, []wiretest.Fault{{At: 3, To: 3, Field: "type"}, {At: 3, To: 0, Field: "type"}, {At: 3, To: 2, Field: "type"}, {At: 12, To: 3, Field: "dimension maximum size"}})
	null := &Dataspace{Version: 1, Space: space.Space{Kind: space.Null}}
	if _, err := wire.Append(nil, wire.Default, null); err == nil {
		t.Error("a null dataspace of version 1 was written")
	}
}

var fillValues = []wiretest.Layout{
	{
		Name: "version 1, defined", Bytes: "01 02 02 01 04 00 00 00 00 00 80 bf",
		Value: &FillValue{Version: 1, AllocTime: AllocLate, FillTime: FillIfSet, User: true, Value: []byte{0, 0, 0x80, 0xbf}}, Blank: blankFill,
	},
	{
		Name: "version 1, undefined", Bytes: "01 02 02 00 00 00 00 00",
		Value: &FillValue{Version: 1, AllocTime: AllocLate, FillTime: FillIfSet, Undefined: true}, Blank: blankFill,
	},
	{
		Name: "version 1, undefined, by a size of -1", Bytes: "01 02 02 01 ff ff ff ff",
		Value: &FillValue{Version: 1, AllocTime: AllocLate, FillTime: FillIfSet, Undefined: true}, Blank: blankFill, Lossy: true,
	},
	{
		Name: "version 2, the library's own", Library: wiretest.Library,
		Bytes: `
			02                | version
			03 02             | space taken chunk by chunk, values written if set
			01 00 00 00 00    | defined, of no bytes`,
		Value: &FillValue{Version: 2, AllocTime: AllocIncremental, FillTime: FillIfSet}, Blank: blankFill,
		Text: `
0x001000 fill value version = 2
0x001001 fill value space allocation time = 3
0x001002 fill value fill value write time = 2
0x001003 fill value fill value defined = 1
0x001004 fill value size = 0
0x001008 fill value fill value = 
`,
	},
	{
		Name: "version 2, a user's", Bytes: "02 01 00 01 02 00 00 00 07 08",
		Value: &FillValue{Version: 2, AllocTime: AllocEarly, FillTime: FillOnAlloc, User: true, Value: []byte{7, 8}}, Blank: blankFill,
	},
	{
		Name: "version 2, undefined", Bytes: "02 02 01 00",
		Value: &FillValue{Version: 2, AllocTime: AllocLate, FillTime: FillNever, Undefined: true}, Blank: blankFill,
	},
	{
		Name: "version 3, the library's own", Library: wiretest.Library, Bytes: "03 0b",
		Value: &FillValue{Version: 3, AllocTime: AllocIncremental, FillTime: FillIfSet}, Blank: blankFill,
	},
	{
		Name: "version 3, a user's", Bytes: "03 2a 02 00 00 00 07 08",
		Value: &FillValue{Version: 3, AllocTime: AllocLate, FillTime: FillIfSet, User: true, Value: []byte{7, 8}}, Blank: blankFill,
	},
	{
		Name: "version 3, undefined", Bytes: "03 16",
		Value: &FillValue{Version: 3, AllocTime: AllocLate, FillTime: FillNever, Undefined: true}, Blank: blankFill,
	},
	{
		Name: "old", Bytes: "02 00 00 00 07 08",
		Value: &FillValueOld{Value: []byte{7, 8}}, Blank: func() wire.Structure { return new(FillValueOld) },
	},
}

func TestFillValue(t *testing.T) {
	wiretest.Run(t, fillValues)
	fillValues[4].Spoil(t, []wiretest.Fault{{At: 0, To: 4, Field: "version"}, {At: 7, To: 0x80, Field: "fill value"}})
	fillValues[7].Spoil(t, []wiretest.Fault{{At: 1, To: 0x3a, Field: "flags"}, {At: 2, To: 9, Field: "fill value"}})
}

var layouts = []wiretest.Layout{
	{
		Name: "version 3, compact", Bytes: "03 00 03 00 01 02 03",
		Value: &Layout{Version: 3, Class: Compact, Data: []byte{1, 2, 3}}, Blank: blankLayout,
	},
	{
		Name: "version 3, contiguous", Library: wiretest.Library,
		Bytes: "03 01  00 08 00*6  10 00*7",
		Value: &Layout{Version: 3, Class: Contiguous, Addr: 0x800, Size: 16}, Blank: blankLayout,
	},
	{
		Name: "version 3, contiguous, no storage yet, narrow", Geo: wire.Geometry{OffsetSize: 4, LengthSize: 2},
		Bytes: "03 01  ff*4  10 00",
		Value: &Layout{Version: 3, Class: Contiguous, Addr: wire.Undefined, Size: 16}, Blank: blankLayout,
	},
	{
		Name: "version 3, chunked", Library: wiretest.Library,
		Bytes: `
			03 02 02                | version, class, dimensions and one
			00 10 00*6              | B-tree
			04 00 00 00 04 00 00 00 | chunk, element`,
		Value: &Layout{Version: 3, Class: Chunked, Addr: 0x1000, Chunk: []uint64{4, 4}}, Blank: blankLayout,
	},
	{
		Name: "version 4, compact, empty", Bytes: "04 00 00 00", Value: &Layout{Version: 4}, Blank: blankLayout,
	},
	{
		Name: "version 4, fixed array", Library: wiretest.Library,
		Bytes: `
			04 02 00                | version, class, flags
			02 01 04 04             | dimensions and one, in one byte each
			03 0a                   | fixed array, page bits
			fb 01 00*6`,
		Value: &Layout{Version: 4, Class: Chunked, Addr: 0x1fb, Chunk: []uint64{4, 4}, Index: IndexFixedArray, PageBits: 10},
		Blank: blankLayout,
		Text: `
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
		Name: "version 4, single chunk with filters", Library: wiretest.Library,
		Bytes: `
			04 02 02                | filtered
			02 01 0a 04
			01                      | single chunk
			23 00*7 00 00 00 00     | its stored size, filter mask
			39 08 00*6`,
		Value: &Layout{Version: 4, Class: Chunked, Addr: 0x839, Chunk: []uint64{10, 4}, Index: IndexSingle, Filtered: true, StoredSize: 0x23},
		Blank: blankLayout,
	},
	{
		Name: "version 4, single chunk, dimensions of 3 bytes", Bytes: "04 02 00 02 03  00 00 01  08 00 00  01  39 08 00*6",
		Value: &Layout{Version: 4, Class: Chunked, Addr: 0x839, Chunk: []uint64{65536, 8}, Index: IndexSingle}, Blank: blankLayout,
	},
	{
		Name: "version 4, implicit, edges without filters", Bytes: "04 02 01 02 01 0a 04  02  39 08 00*6",
		Value: &Layout{Version: 4, Class: Chunked, Addr: 0x839, Chunk: []uint64{10, 4}, Index: IndexImplicit, BareEdges: true}, Blank: blankLayout,
	},
	{
		Name: "version 5, fixed array", Library: wiretest.Library, Bytes: "05 02 00 02 01 04 04  03 0a  bf 01 00*6",
		Value: &Layout{Version: 5, Class: Chunked, Addr: 0x1bf, Chunk: []uint64{4, 4}, Index: IndexFixedArray, PageBits: 10},
		Blank: blankLayout,
	},
}

func TestLayout(t *testing.T) {
	wiretest.Run(t, layouts)
	layouts[1].Spoil(t, []wiretest.Fault{{At: 0, To: 0, Field: "version"}, {At: 0, To: 6, Field: "version"}, {At: 1, To: 3, Field: "layout class"}})
	layouts[3].Spoil(t, []wiretest.Fault{{At: 2, To: 1, Field: "dimensionality"}, {At: 2, To: 34, Field: "dimensionality"}})
	layouts[5].Spoil(t, []wiretest.Fault{{At: 3, To: 1, Field: "dimensionality"}, {At: 4, To: 0, Field: "dimension size encoded length"}, {At: 4, To: 9, Field: "dimension size encoded length"}, {At: 7, To: 6, Field: "chunk indexing type"}})
}

var pipelines = []wiretest.Layout{
	{
		Name: "version 1, three filters", Library: wiretest.Library,
		Bytes: `
			01 03 00*6                | version, filters; reserved
			02 00 08 00 01 00 01 00   | shuffle, length of its name, flags: optional, parameters
			73 68 75 66 66 6c 65 00
			04 00 00 00 00 00 00 00   | parameter, padded
			01 00 08 00 01 00 01 00   | deflate
			64 65 66 6c 61 74 65 00
			04 00 00 00 00 00 00 00
			03 00 10 00 00 00 00 00   | fletcher32
			66 6c 65 74 63 68 65 72 33 32 00*6`,
		Value: &Filters{Version: 1, Steps: []FilterStep{
			{ID: 2, Name: "shuffle", Flags: 1, Params: []uint32{4}}, {ID: 1, Name: "deflate", Flags: 1, Params: []uint32{4}},
			{ID: 3, Name: "fletcher32"},
		}},
		Blank: blankSteps,
		Text: `
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
		Name: "version 1, no name, two parameters", Bytes: "01 01 00*6  07 00 00 00 00 00 02 00  01 00 00 00 02 00 00 00",
		Value: &Filters{Version: 1, Steps: []FilterStep{{ID: 7, Params: []uint32{1, 2}}}}, Blank: blankSteps,
	},
	{
		Name: "version 2, deflate", Library: wiretest.Library, Bytes: "02 01  01 00 01 00 01 00  04 00 00 00",
		Value: &Filters{Version: 2, Steps: []FilterStep{{ID: 1, Flags: 1, Params: []uint32{4}}}}, Blank: blankSteps,
	},
	{
		Name: "version 2, a registered filter and shuffle",
		Bytes: `
			02 02
			00 7d 04 00 01 00 01 00  6c 7a 66 00  09 00 00 00 | number 32,000, "lzf"
			02 00 00 00 01 00                                 | no name below 256
			08 00 00 00`,
		Value: &Filters{Version: 2, Steps: []FilterStep{
			{ID: 32000, Name: "lzf", Flags: 1, Params: []uint32{9}}, {ID: 2, Params: []uint32{8}},
		}},
		Blank: blankSteps,
	},
}

func TestFilters(t *testing.T) {
	wiretest.Run(t, pipelines)
	pipelines[0].Spoil(t, []wiretest.Fault{{At: 0, To: 3, Field: "version"}, {At: 1, To: 33, Field: "number of filters"}, {At: 10, To: 0xff, Field: "name"}})
	pipelines[2].Spoil(t, []wiretest.Fault{{At: 7, To: 0xff, Field: "number of client data values"}, {At: 6, To: 2, Field: "number of client data values"}})
	var f *wire.Fault
	long := &Filters{Version: 1, Steps: []FilterStep{{ID: 300, Name: string(make([]byte, 1<<16))}}}
	if _, err := wire.Append(nil, wire.Default, long); !errors.As(err, &f) || f.Field != "name" {
		t.Errorf("a name of 65,536 Bytes: %v", err)
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
