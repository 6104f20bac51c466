package message

import (
	"errors"
	"testing"

	"github.com/h5serve/h5serve/h5core/dtype"
	"github.com/h5serve/h5serve/h5core/internal/wire"
	"github.com/h5serve/h5serve/h5core/internal/wire/wiretest"
)

func blankType() wire.Structure { return new(Datatype) }

func typed(version uint8, t *dtype.Type) *Datatype { return &Datatype{Version: version, Type: t} }

func integer(size uint32, signed bool, order dtype.Order) *dtype.Type {
	return dtype.Must(dtype.Int(size, signed, order))
}

var (
	i4    = integer(4, true, dtype.LittleEndian)
	f4    = dtype.Float32(dtype.LittleEndian)
	f8    = dtype.Float64(dtype.LittleEndian)
	point = dtype.Must(dtype.CompoundOf(16, dtype.Member{Name: "x", Type: i4}, dtype.Member{Name: "position", Offset: 8, Type: f4}))
	rgb   = dtype.Must(dtype.EnumOf(integer(2, true, dtype.BigEndian), []string{"R", "GREEN"}, []int64{1, -2}))
	grid  = dtype.Must(dtype.ArrayOf(f8, 2, 3))
	table = dtype.Must(dtype.Packed(dtype.Member{Name: "a", Type: i4}, dtype.Member{Name: "b", Type: grid}))
)

const (
	bytesI4 = "\n10 08 00 00 04 00 00 00  00 00 20 00 "
	bytesF4 = "\n11 20 1f 00 04 00 00 00  00 00 20 00 17 08 00 17 7f 00 00 00 "
	bytesF8 = "\n11 20 3f 00 08 00 00 00  00 00 40 00 34 0b 00 34 ff 03 00 00 "
	bytesI2 = "\n10 09 00 00 02 00 00 00  00 00 10 00 "
)

var simpleTypes = []wiretest.Layout{
	{
		Name: "integer", Library: wiretest.Library,
		Bytes: `
			10                | class 0, version 1
			08 00 00          | little-endian, signed
			04 00 00 00       | size
			00 00 20 00       | bit offset, precision`,
		Value: typed(1, i4), Blank: blankType,
		Text: `
0x001000 datatype class and version = 16
0x001001 datatype class bit field = 8
0x001004 datatype size = 4
0x001008 datatype bit offset = 0
0x00100a datatype bit precision = 32
`,
	},
	{
		Name: "integer, big-endian, unsigned, some of its bits, padded with ones",
		Bytes: `
			10 07 00 00 02 00 00 00
			03 00 0a 00`,
		Value: typed(1, &dtype.Type{
			Class: dtype.Integer, Size: 2, Order: dtype.BigEndian, BitOffset: 3, Precision: 10, LowPad: true, HighPad: true,
		}),
		Blank: blankType,
	},
	{
		Name: "float", Library: wiretest.Library,
		Bytes: `
			11 20 1f 00       | class, version; mantissa's first bit implied, sign at 31
			04 00 00 00       | size
			00 00 20 00       | bit offset, precision
			17 08 00 17       | exponent at, of; mantissa at, of
			7f 00 00 00       | bias`,
		Value: typed(1, f4), Blank: blankType,
	},
	{
		Name: "float, big-endian", Bytes: "11 21 3f 00 08 00 00 00  00 00 40 00 34 0b 00 34 ff 03 00 00",
		Value: typed(1, dtype.Float64(dtype.BigEndian)), Blank: blankType,
	},
	{
		Name: "float of a VAX, padded with ones", Bytes: "31 5f 1f 00 04 00 00 00  00 00 20 00 17 08 00 17 81 00 00 00",
		Value: typed(1, &dtype.Type{
			Class: dtype.Float, Size: 4, Order: dtype.VAX, Precision: 32,
			Float: dtype.FloatFormat{
				SignPos: 31, ExpPos: 23, ExpSize: 8, MantSize: 23, Bias: 129, Norm: dtype.NormSet,
				LowPad: true, HighPad: true, InnerPad: true,
			},
		}),
		Blank: blankType,
	},
	{
		Name: "time", Bytes: "12 01 00 00 04 00 00 00  20 00",
		Value: typed(1, &dtype.Type{Class: dtype.Time, Size: 4, Order: dtype.BigEndian, Precision: 32}), Blank: blankType,
	},
	{
		Name: "string, null-padded, UTF-8", Bytes: "13 11 00 00 0a 00 00 00",
		Value: typed(1, dtype.Must(dtype.FixedString(10, dtype.UTF8, dtype.NullPad))), Blank: blankType,
	},
	{
		Name: "bit field", Bytes: "14 06 00 00 01 00 00 00  02 00 03 00",
		Value: typed(1, &dtype.Type{Class: dtype.Bitfield, Size: 1, BitOffset: 2, Precision: 3, LowPad: true, HighPad: true}),
		Blank: blankType,
	},
	{
		Name: "opaque, tag of exactly 8 Bytes: no NUL", Bytes: `
			15 08 00 00 02 00 00 00
			65 69 67 68 74 6c 65 74`,
		Value: typed(1, dtype.Must(dtype.OpaqueOf(2, "eightlet"))), Blank: blankType,
	},
	{
		Name: "opaque, tag padded", Bytes: "15 10 00 00 08 00 00 00  4e 55 4d 50 59 3a 3c 4d 38 5b 6e 73 5d 00 00 00",
		Value: typed(1, dtype.Must(dtype.Datetime('M', "ns", dtype.LittleEndian))), Blank: blankType,
	},
	{
		Name: "opaque without a tag", Bytes: "15 00 00 00 10 00 00 00",
		Value: typed(1, dtype.Must(dtype.OpaqueOf(16, ""))), Blank: blankType,
	},
	{
		Name: "object reference", Bytes: "17 00 00 00 08 00 00 00", Value: typed(1, dtype.ObjectReference()), Blank: blankType,
	},
	{
		Name: "region reference", Bytes: "17 01 00 00 0c 00 00 00", Value: typed(1, dtype.RegionReference()), Blank: blankType,
	},
	{
		Name: "variable string", Library: wiretest.Library,
		Bytes: `
			19 01 01 00 10 00 00 00 | a string, null-terminated, UTF-8
			10 00 00 00 01 00 00 00 00 00 08 00`,
		Value: typed(1, &dtype.Type{
			Class: dtype.VarLen, Size: 16, Order: dtype.NoOrder, IsString: true, CharSet: dtype.UTF8,
			Base: integer(1, false, dtype.LittleEndian), // the C library says so
		}),
		Blank: blankType,
	},
	{
		Name: "variable string, padded with spaces", Bytes: "19 21 00 00 10 00 00 00  13 00 00 00 01 00 00 00",
		Value: typed(1, &dtype.Type{
			Class: dtype.VarLen, Size: 16, Order: dtype.NoOrder, IsString: true, Padding: dtype.SpacePad,
			Base: dtype.Must(dtype.FixedString(1, dtype.ASCII, dtype.NullTerm)),
		}),
		Blank: blankType,
	},
	{
		Name: "sequence", Bytes: "19 00 00 00 10 00 00 00" + bytesI4, Value: typed(1, dtype.Must(dtype.VarLenOf(i4))), Blank: blankType,
	},
	{
		Name: "complex",
		Bytes: `
			5b 01 00 00 08 00 00 00 | class 11, version 5; parts alike, rectangular` + bytesF4,
		Value: typed(5, dtype.Must(dtype.NativeComplex(8, dtype.LittleEndian))), Blank: blankType,
	},
}

var compositeTypes = []wiretest.Layout{
	{
		Name: "compound, version 1",
		Bytes: `
			16 02 00 00 10 00 00 00   | two members
			78 00*7                   | name, padded
			00 00 00 00               | byte offset
			00 00*3 00*4 00*4 00*16   | no dimensions; reserved; permutation; reserved; sizes` + bytesI4 + `
			70 6f 73 69 74 69 6f 6e 00*8
			08 00 00 00
			00*28` + bytesF4,
		Value: typed(1, point), Blank: blankType,
	},
	{
		Name: "compound, version 2",
		Bytes: `
			26 02 00 00 10 00 00 00
			78 00*7 00 00 00 00` + bytesI4 + `
			70 6f 73 69 74 69 6f 6e 00*8 08 00 00 00` + bytesF4,
		Value: typed(2, point), Blank: blankType,
		Text: `
0x001000 datatype class and version = 38
0x001001 datatype class bit field = 2
0x001004 datatype size = 16
0x001008 datatype name = "x"
0x001010 datatype byte offset of member = 0
0x001014 datatype class and version = 16
0x001015 datatype class bit field = 8
0x001018 datatype size = 4
0x00101c datatype bit offset = 0
0x00101e datatype bit precision = 32
0x001020 datatype name = "position"
0x001030 datatype byte offset of member = 8
0x001034 datatype class and version = 17
0x001035 datatype class bit field = 7968
0x001038 datatype size = 4
0x00103c datatype bit offset = 0
0x00103e datatype bit precision = 32
0x001040 datatype exponent location = 23
0x001041 datatype exponent size = 8
0x001042 datatype mantissa location = 0
0x001043 datatype mantissa size = 23
0x001044 datatype exponent bias = 127
`,
	},
	{
		Name: "compound with an array, version 3", Library: wiretest.Library,
		Bytes: `
			36 02 00 00 34 00 00 00
			61 00 00` + bytesI4 + `
			62 00 04
			3a 00 00 00 30 00 00 00   | array
			02 02 00 00 00 03 00 00 00 | rank, dimensions` + bytesF8,
		Value: typed(3, table), Blank: blankType,
	},
	{
		Name: "compound of 300 bytes, version 3: offsets of 2 bytes",
		Bytes: `
			36 01 00 00 2c 01 00 00
			61 00 28 01` + bytesI4,
		Value: typed(3, dtype.Must(dtype.CompoundOf(300, dtype.Member{Name: "a", Offset: 296, Type: i4}))), Blank: blankType,
	},
	{
		Name: "compound of 256 bytes, version 3: offsets of 2 bytes too",
		Bytes: `
			36 01 00 00 00 01 00 00
			61 00 fc 00` + bytesI4,
		Value: typed(3, dtype.Must(dtype.CompoundOf(256, dtype.Member{Name: "a", Offset: 252, Type: i4}))), Blank: blankType,
	},
	{
		Name: "compound of 255 bytes, version 3: offsets of 1 byte",
		Bytes: `
			36 01 00 00 ff 00 00 00
			61 00 fb` + bytesI4,
		Value: typed(3, dtype.Must(dtype.CompoundOf(255, dtype.Member{Name: "a", Offset: 251, Type: i4}))), Blank: blankType,
	},
	{
		Name: "array, version 2",
		Bytes: `
			2a 00 00 00 30 00 00 00
			02 00 00 00             | rank; reserved
			02 00 00 00 03 00 00 00 | dimensions
			00 00 00 00 01 00 00 00 | permutation` + bytesF8,
		Value: typed(2, grid), Blank: blankType,
	},
	{
		Name: "array, version 3", Bytes: "3a 00 00 00 30 00 00 00  02 02 00 00 00 03 00 00 00" + bytesF8,
		Value: typed(3, grid), Blank: blankType,
	},
	{
		Name: "enumeration, version 1",
		Bytes: `
			18 02 00 00 02 00 00 00` + bytesI2 + `
			52 00*7 47 52 45 45 4e 00*3 | names, padded
			00 01 ff fe                 | values`,
		Value: typed(1, rgb), Blank: blankType,
	},
	{
		Name: "enumeration, version 2", Bytes: "28 02 00 00 02 00 00 00" + bytesI2 + "52 00*7 47 52 45 45 4e 00*3  00 01 ff fe",
		Value: typed(2, rgb), Blank: blankType,
	},
	{
		Name: "enumeration, version 3", Bytes: "38 02 00 00 02 00 00 00" + bytesI2 + "52 00 47 52 45 45 4e 00  00 01 ff fe",
		Value: typed(3, rgb), Blank: blankType,
	},
	{
		Name:  "sequence of compounds with a sequence, version 3",
		Bytes: "39 00 00 00 10 00 00 00  36 01 00 00 10 00 00 00  76 00 00  19 00 00 00 10 00 00 00" + bytesI4,
		Value: typed(3, dtype.Must(dtype.VarLenOf(dtype.Must(dtype.Packed(
			dtype.Member{Name: "v", Type: dtype.Must(dtype.VarLenOf(i4))}))))),
		Blank: blankType,
	},
}

// memberWithDims is how files before HDF5 1.4 hold arrays: as dimensions of a
// compound's member. They are read as the array types that they mean.
var memberWithDims = wiretest.Layout{
	Name: "compound, version 1, a member with dimensions",
	Bytes: `
		16 02 00 00 34 00 00 00
		61 00*7 00 00 00 00
		00 00*3 00*4 00*4 00*16                 | no dimensions` + bytesI4 + `
		62 00*7 04 00 00 00
		02 00*3 01 00 00 00 00*4                | two; reserved; permutation; reserved
		02 00 00 00 03 00 00 00 00*8            | sizes` + bytesF8,
	Value: typed(2, table), Blank: blankType, Lossy: true,
}

func TestDatatype(t *testing.T) {
	wiretest.Run(t, simpleTypes)
	wiretest.Run(t, compositeTypes)
	memberWithDims.Check(t)
	simpleTypes[0].Spoil(t, []wiretest.Fault{{At: 0, To: 0x00, Field: "class and version"}, {At: 0, To: 0x60, Field: "class and version"}, {At: 0, To: 0x1c, Field: "class and version"}})
	simpleTypes[2].Spoil(t, []wiretest.Fault{{At: 1, To: 0x60, Field: "class bit field"}, {At: 12, To: 31, Field: "class"}})
	simpleTypes[6].Spoil(t, []wiretest.Fault{{At: 1, To: 0x13, Field: "class bit field"}, {At: 1, To: 0x21, Field: "class bit field"}, {At: 4, To: 0, Field: "class"}})
	simpleTypes[11].Spoil(t, []wiretest.Fault{{At: 1, To: 5, Field: "class bit field"}})
	simpleTypes[16].Spoil(t, []wiretest.Fault{{At: 1, To: 0, Field: "class bit field"}, {At: 1, To: 3, Field: "class bit field"}, {At: 4, To: 9, Field: "class"}})
	compositeTypes[0].Spoil(t, []wiretest.Fault{{At: 20, To: 5, Field: "dimensionality"}, {At: 2, To: 0xff, Field: "number of members"}, {At: 1, To: 0, Field: "class"}})
	compositeTypes[6].Spoil(t, []wiretest.Fault{{At: 8, To: 0, Field: "dimensionality"}, {At: 8, To: 33, Field: "dimensionality"}, {At: 4, To: 1, Field: "class"}})
	compositeTypes[8].Spoil(t, []wiretest.Fault{{At: 2, To: 0xff, Field: "number of members"}})
}

// Types nest at most MaxTypeDepth deep: a chain of sequences costs a reader
// eight bytes a level.
func TestDatatypeDepth(t *testing.T) {
	chain := func(n int) []byte {
		var src []byte
		for range n {
			src = append(src, wiretest.Unhex(t, "19 00 00 00 10 00 00 00")...)
		}
		return append(src, wiretest.Unhex(t, bytesI4)...)
	}
	if _, err := wire.Decode(chain(dtype.MaxDepth-1), wire.Default, 0, new(Datatype)); err != nil {
		t.Error(err)
	}
	var f *wire.Fault
	if _, err := wire.Decode(chain(10000), wire.Default, 0, new(Datatype)); !errors.As(err, &f) || f.Field != "class" {
		t.Errorf("10,000 types in each other: %v", err)
	}
}

func TestDatatypeTagTooLong(t *testing.T) {
	long := typed(1, &dtype.Type{Class: dtype.Opaque, Size: 1, Order: dtype.NoOrder, Tag: string(make([]byte, 255))})
	if _, err := wire.Append(nil, wire.Default, long); err == nil {
		t.Error("a tag of 255 bytes was written")
	}
}

// A type is shared freely: writing it must not write to it. The race detector
// looks on.
func TestWritingSharesTypes(t *testing.T) {
	all := append(append([]wiretest.Layout(nil), simpleTypes...), compositeTypes...)
	for range 4 {
		t.Run("", func(t *testing.T) {
			t.Parallel()
			for _, l := range all {
				v := l.Value.(*Datatype)
				if _, err := wire.Append(nil, wire.Default, &Datatype{Version: v.Version, Type: v.Type}); err != nil {
					t.Errorf("%s: %v", l.Name, err)
				}
			}
		})
	}
}

func FuzzDatatype(f *testing.F) {
	for _, l := range append(append(simpleTypes, compositeTypes...), memberWithDims) {
		f.Add(wiretest.Unhex(f, l.Bytes))
	}
	f.Add(wiretest.Unhex(f, "30 00 00 00 04 00 00 00 00 00 20 00")) // an integer of version 3
	f.Add(wiretest.Unhex(f, "15 ff 00 00 01 00 00 00 61*255"))
	f.Fuzz(func(t *testing.T, src []byte) {
		wiretest.FixedPoint(t, src, wire.Default, blankType)
	})
}
