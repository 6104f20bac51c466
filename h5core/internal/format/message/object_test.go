package message

import (
	"strings"
	"testing"

	"github.com/h5serve/h5serve/h5core/dtype"
	"github.com/h5serve/h5serve/h5core/internal/wire"
	"github.com/h5serve/h5serve/h5core/internal/wire/wiretest"
	"github.com/h5serve/h5serve/h5core/space"
)

func blankLink() wire.Structure      { return new(Link) }
func blankAttribute() wire.Structure { return new(Attribute) }
func blankLinkInfo() wire.Structure  { return new(LinkInfo) }
func blankGroup() wire.Structure     { return new(GroupInfo) }
func blankAttrInfo() wire.Structure  { return new(AttributeInfo) }

var narrow = wire.Geometry{OffsetSize: 4, LengthSize: 2}

var links = []wiretest.Layout{
	{
		Name: "hard", Library: wiretest.Library, Bytes: "01 00 01 64  b3 00*7",
		Value: &Link{Name: "d", Header: 0xb3}, Blank: blankLink,
	},
	{
		Name: "hard, in order of creation", Library: wiretest.Library,
		Bytes: `
			01 04                   | version, flags: order stored
			01 00*7                 | order
			03 6f 6e 65             | name
			53 02 00*6              | header`,
		Value: &Link{Name: "one", Tracked: true, Order: 1, Header: 0x253}, Blank: blankLink,
		Text: `
0x001000 link version = 1
0x001001 link flags = 4
0x001002 link creation order = 1
0x00100a link length of link name = 3
0x00100b link link name = "one"
0x00100e link object header address = 595
`,
	},
	{
		Name: "soft, name in UTF-8", Library: wiretest.Library,
		Bytes: `
			01 1c 01                | version, flags: order, type and character set stored; soft
			03 00*7                 | order
			01                      | UTF-8
			02 c3 a9                | name
			03 00 2f 66 61          | value`,
		Value: &Link{Type: SoftLink, Tracked: true, Order: 3, CharSet: dtype.UTF8, Name: "é", Target: "/fa"}, Blank: blankLink,
	},
	{
		Name: "external", Library: wiretest.Library, Bytes: "01 0c 40 04 00*7 01 78  09 00  00 6f 2e 68 35 00 2f 79 00",
		Value: &Link{Type: ExternalLink, Tracked: true, Order: 4, Name: "x", Data: External("o.h5", "/y")}, Blank: blankLink,
	},
	{
		Name: "of a user's type, without data", Bytes: "01 08 ff 01 78 00 00",
		Value: &Link{Type: 255, Name: "x"}, Blank: blankLink,
	},
	{
		Name: "name of 256 bytes, offsets of 4", Geo: narrow, Bytes: "01 01 00 01 61*256 60 00 00 00",
		Value: &Link{Name: strings.Repeat("a", 256), Header: 0x60}, Blank: blankLink,
	},
	{
		Name: "name of 65,536 bytes", Bytes: "01 02 00 00 01 00 61*65536 60 00*7",
		Value: &Link{Name: strings.Repeat("a", 65536), Header: 0x60}, Blank: blankLink,
	},
}

func TestLink(t *testing.T) {
	wiretest.Run(t, links)
	links[0].Spoil(t, []wiretest.Fault{{At: 0, To: 2, Field: "version"}, {At: 2, To: 0, Field: "length of link name"}, {At: 2, To: 0xff, Field: "link name"}})
	links[2].Spoil(t, []wiretest.Fault{{At: 2, To: 2, Field: "link type"}, {At: 2, To: 63, Field: "link type"}, {At: 11, To: 2, Field: "link name character set"}, {At: 15, To: 4, Field: "soft link value"}})
	links[3].Spoil(t, []wiretest.Fault{{At: 13, To: 0xff, Field: "user-defined data"}})
	long := &Link{Type: SoftLink, Name: "x", Target: string(make([]byte, 1<<16))}
	if _, err := wire.Append(nil, wire.Default, long); err == nil {
		t.Error("a soft link of 65,536 bytes was written")
	}
}

var attributes = []wiretest.Layout{
	{
		Name: "version 1: all parts padded",
		Bytes: `
			01 00                   | version; reserved
			03 00 0c 00 08 00       | sizes of name, type, space
			61 62 00 00*5           | name
			10 08 00 00 04 00 00 00 00 00 20 00 00*4
			01 00 00 00*5           | scalar
			07 00 00 00`,
		Value: &Attribute{
			Version: 1, Name: "ab", Type: *typed(1, i4), Space: Dataspace{Version: 1, Space: space.Space{Kind: space.Scalar}},
			Data: []byte{7, 0, 0, 0},
		},
		Blank: blankAttribute, Least: 8 + 8 + 16 + 8,
		Text: `
0x001000 attribute version = 1
0x001001 attribute flags = 0
0x001002 attribute name size = 3
0x001004 attribute datatype size = 12
0x001006 attribute dataspace size = 8
0x001008 attribute name = 61 62 00
0x001010 datatype class and version = 16
0x001011 datatype class bit field = 8
0x001014 datatype size = 4
0x001018 datatype bit offset = 0
0x00101a datatype bit precision = 32
0x001020 dataspace version = 1
0x001021 dataspace dimensionality = 0
0x001022 dataspace flags = 0
0x001028 attribute data = 07 00 00 00
`,
	},
	{
		Name: "version 2: nothing padded",
		Bytes: `
			02 00 02 00 0c 00 10 00
			61 00
			10 08 00 00 04 00 00 00 00 00 20 00
			01 01 00 00*5 02 00*7
			01 00 00 00 02 00 00 00`,
		Value: &Attribute{
			Version: 2, Name: "a", Type: *typed(1, i4), Space: *simple(1, []uint64{2}, nil), Data: []byte{1, 0, 0, 0, 2, 0, 0, 0},
		},
		Blank: blankAttribute, Least: 8 + 2 + 12 + 16,
	},
	{
		Name: "version 3, name in UTF-8, a variable string", Library: wiretest.Library,
		Bytes: `
			03 00                   | version, flags
			03 00 14 00 04 00       | sizes of name, type, space
			01                      | UTF-8
			c3 bc 00
			19 01 01 00 10 00 00 00 10 00 00 00 01 00 00 00 00 00 08 00
			02 00 00 00             | scalar
			02 00 00 00 df 6d 00 00 00 00 00 00 01 00 00 00`,
		Value: &Attribute{
			Version: 3, Name: "ü", CharSet: dtype.UTF8,
			Type: *typed(1, &dtype.Type{
				Class: dtype.VarLen, Size: 16, Order: dtype.NoOrder, IsString: true, CharSet: dtype.UTF8,
				Base: integer(1, false, dtype.LittleEndian),
			}),
			Space: Dataspace{Version: 2},
			Data:  []byte{2, 0, 0, 0, 0xdf, 0x6d, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0},
		},
		Blank: blankAttribute, Least: 9 + 3 + 20 + 4,
	},
	{
		Name: "version 3, null", Bytes: "03 00 02 00 0c 00 04 00 00  61 00  10 08 00 00 04 00 00 00 00 00 20 00  02 00 00 02",
		Value: &Attribute{Version: 3, Name: "a", Type: *typed(1, i4), Space: Dataspace{Version: 2, Space: space.Space{Kind: space.Null}}},
		Blank: blankAttribute,
	},
}

func TestAttribute(t *testing.T) {
	wiretest.Run(t, attributes)
	attributes[0].Spoil(t, []wiretest.Fault{{At: 0, To: 4, Field: "version"}, {At: 3, To: 0xff, Field: "name"}, {At: 4, To: 3, Field: "datatype"}})
	attributes[2].Spoil(t, []wiretest.Fault{{At: 1, To: 4, Field: "flags"}, {At: 1, To: 0x80, Field: "flags"}, {At: 4, To: 19, Field: "datatype"}, {At: 6, To: 3, Field: "dataspace"}})
	long := &Attribute{Version: 3, Name: string(make([]byte, 1<<16)), Type: *typed(1, i4), Space: Dataspace{Version: 2}}
	if _, err := wire.Append(nil, wire.Default, long); err == nil {
		t.Error("a name of 65,536 bytes was written")
	}
}

var infos = []wiretest.Layout{
	{
		Name: "link info", Library: wiretest.Library, Bytes: "00 00  ff*8 ff*8",
		Value: &LinkInfo{Heap: wire.Undefined, NameTree: wire.Undefined}, Blank: blankLinkInfo,
	},
	{
		Name: "link info, order tracked and indexed", Library: wiretest.Library, Bytes: "00 03  06 00*7  ff*8 ff*8 ff*8",
		Value: &LinkInfo{Tracked: true, Indexed: true, MaxOrder: 6, Heap: wire.Undefined, NameTree: wire.Undefined, OrderTree: wire.Undefined},
		Blank: blankLinkInfo,
		Text: `
0x001000 link info version = 0
0x001001 link info flags = 3
0x001002 link info maximum creation index = 6
0x00100a link info fractal heap address = 18446744073709551615
0x001012 link info address of name index = 18446744073709551615
0x00101a link info address of creation order index = 18446744073709551615
`,
	},
	{
		Name: "link info, narrow", Geo: narrow, Bytes: "00 01 02 00*7  10 00 00 00  20 00 00 00",
		Value: &LinkInfo{Tracked: true, MaxOrder: 2, Heap: 16, NameTree: 32}, Blank: blankLinkInfo,
	},
	{Name: "group info", Library: wiretest.Library, Bytes: "00 00", Value: &GroupInfo{}, Blank: blankGroup},
	{
		Name: "group info, all of it", Bytes: "00 03  08 00 06 00  04 00 08 00",
		Value: &GroupInfo{Phase: true, Compact: 8, Dense: 6, Estimate: true, Entries: 4, NameSize: 8}, Blank: blankGroup,
	},
	{
		Name: "group info, estimates", Bytes: "00 02  04 00 08 00",
		Value: &GroupInfo{Estimate: true, Entries: 4, NameSize: 8}, Blank: blankGroup,
	},
	{
		Name: "attribute info", Library: wiretest.Library, Bytes: "00 00  ff*8 ff*8",
		Value: &AttributeInfo{Heap: wire.Undefined, NameTree: wire.Undefined}, Blank: blankAttrInfo,
	},
	{
		Name: "attribute info, order tracked and indexed", Bytes: "00 03  09 00  ff*8 ff*8 ff*8",
		Value: &AttributeInfo{Tracked: true, Indexed: true, MaxOrder: 9, Heap: wire.Undefined, NameTree: wire.Undefined, OrderTree: wire.Undefined},
		Blank: blankAttrInfo,
	},
	{
		Name: "continuation", Library: wiretest.Library, Bytes: "98 07 00*6  50 00*7",
		Value: &Continuation{Addr: 0x798, Length: 0x50}, Blank: func() wire.Structure { return new(Continuation) },
	},
	{
		Name: "symbol table", Bytes: "88 00*7  a8 02 00*6",
		Value: &SymbolTable{BTree: 0x88, Heap: 0x2a8}, Blank: func() wire.Structure { return new(SymbolTable) },
	},
	{
		Name: "reference count", Bytes: "00 02 00 00 00",
		Value: &RefCount{Links: 2}, Blank: func() wire.Structure { return new(RefCount) },
	},
}

func TestInfos(t *testing.T) {
	wiretest.Run(t, infos)
	for _, i := range []int{0, 3, 6, 10} {
		infos[i].Spoil(t, []wiretest.Fault{{At: 0, To: 1, Field: "version"}})
	}
}

func seed(f *testing.F, layouts []wiretest.Layout) {
	for _, l := range layouts {
		f.Add(wiretest.Unhex(f, l.Bytes))
	}
}

func everywhere(t *testing.T, src []byte, blank func() wire.Structure) {
	wiretest.FixedPoint(t, src, wire.Default, blank)
	wiretest.FixedPoint(t, src, narrow, blank)
}

func FuzzLink(f *testing.F) {
	seed(f, links)
	f.Fuzz(func(t *testing.T, src []byte) { everywhere(t, src, blankLink) })
}

func FuzzAttribute(f *testing.F) {
	seed(f, attributes)
	f.Fuzz(func(t *testing.T, src []byte) { everywhere(t, src, blankAttribute) })
}

func FuzzGroupInfo(f *testing.F) {
	seed(f, infos)
	f.Fuzz(func(t *testing.T, src []byte) {
		for _, l := range infos {
			everywhere(t, src, l.Blank)
		}
	})
}
