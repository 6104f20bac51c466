package dtype

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Types of the tests, by the names they have in String.
var (
	i1  = integer(1, true)
	i4  = integer(4, true)
	u1  = integer(1, false)
	i8  = integer(8, true)
	f4  = Float32(LittleEndian)
	f8  = Float64(LittleEndian)
	s10 = Must(FixedString(10, ASCII, NullPad))

	x87    = &Type{Class: Float, Size: 16, Precision: 80, Float: FloatFormat{SignPos: 79, ExpPos: 64, ExpSize: 15, MantSize: 64, Bias: 16383}}
	quad   = &Type{Class: Float, Size: 16, Precision: 128, Order: BigEndian, Float: FloatFormat{SignPos: 127, ExpPos: 112, ExpSize: 15, MantSize: 112, Bias: 16383, Norm: NormImplied}}
	bf16   = &Type{Class: Float, Size: 2, Precision: 16, Float: FloatFormat{SignPos: 15, ExpPos: 7, ExpSize: 8, MantSize: 7, Bias: 127, Norm: NormImplied}}
	vaxG   = &Type{Class: Float, Size: 8, Precision: 64, Order: VAX, Float: FloatFormat{SignPos: 63, ExpPos: 52, ExpSize: 11, MantSize: 52, Bias: 1025, Norm: NormImplied}}
	odd20  = &Type{Class: Float, Size: 4, BitOffset: 7, Precision: 20, Float: FloatFormat{SignPos: 26, ExpPos: 20, ExpSize: 6, MantPos: 7, MantSize: 13, Bias: 31, Norm: NormImplied}}
	int17  = &Type{Class: Integer, Size: 4, Signed: true, Precision: 17}
	uint18 = &Type{Class: Integer, Size: 4, BitOffset: 7, Precision: 18, Order: BigEndian}
	int128 = &Type{Class: Integer, Size: 16, Signed: true, Precision: 128}
)

func TestString(t *testing.T) {
	rgb := Must(EnumOf(i4, []string{"RED", "GREEN"}, []int64{0, -7}))
	for want, typ := range map[string]*Type{
		"<i4":                                   i4,
		">u2":                                   Must(Int(2, false, BigEndian)),
		"<i4[0:17]":                             int17,
		">u4[7:18]":                             uint18,
		"<f2":                                   Float16(LittleEndian),
		">f4":                                   Float32(BigEndian),
		"S10 nullpad ascii":                     s10,
		"S3 spacepad utf8":                      Must(FixedString(3, UTF8, SpacePad)),
		"S3 nullterm ascii":                     Must(FixedString(3, ASCII, NullTerm)),
		"vstr utf8":                             VarString(UTF8),
		"opaque(8,NUMPY:<M8[s])":                Must(Datetime('M', "1s", LittleEndian)),
		"bits(>,1[0:8])":                        {Class: Bitfield, Size: 1, Order: BigEndian, Precision: 8},
		"time(<,4)":                             {Class: Time, Size: 4, Precision: 32},
		"enum(<i4){RED=0,GREEN=-7}":             rgb,
		"enum(<i1){FALSE=0,TRUE=1}":             Bool(),
		"vlen(<f8)":                             Must(VarLenOf(f8)),
		"array(2,3)(<f4)":                       Must(ArrayOf(f4, 2, 3)),
		"complex(<f4)":                          Must(NativeComplex(8, LittleEndian)),
		"compound(16){r@0:>f8;i@8:>f8}":         Must(ComplexOf(16, BigEndian)),
		"compound(12){a@0:<i4;b@4:<f8}":         Must(Packed(Member{Name: "a", Type: i4}, Member{Name: "b", Type: f8})),
		"ref(object)":                           ObjectReference(),
		"ref(region)":                           RegionReference(),
		"ref(std)":                              {Class: Reference, Size: 18, Ref: StdRef},
		"<f16{80; 79 64 15 0 64 16383 2 0}":     x87,
		">f16{128; 127 112 15 0 112 16383 0 0}": quad,
		"<f2{16; 15 7 8 0 7 127 0 0}":           bf16,
		"Vf8{64; 63 52 11 0 52 1025 0 0}":       vaxG,
		"<f4{20; 26 20 6 7 13 31 0 0}":          odd20,
		"enum(<i16){BIG=170141183460469231731687303715884105727}": {Class: Enum, Size: 16, Base: int128,
			Names: []string{"BIG"}, Values: append(slices.Repeat([]byte{0xff}, 15), 0x7f)},
	} {
		if err := typ.Validate(); err != nil {
			t.Errorf("%s: %v", want, err)
		}
		if got := typ.String(); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

func TestEqual(t *testing.T) {
	types := []*Type{i4, i8, u1, f4, f8, s10, x87, VarString(UTF8), VarString(ASCII), Bool(),
		Must(OpaqueOf(4, "a")), Must(OpaqueOf(4, "b")), Must(ArrayOf(i4, 2)), Must(ArrayOf(i4, 3)),
		Must(Packed(Member{Name: "a", Type: i4})), Must(Packed(Member{Name: "b", Type: i4})),
		Must(Packed(Member{Name: "a", Type: f4})), ObjectReference(), RegionReference()}
	for i, a := range types {
		for j, b := range types {
			clone := *b
			if a.Equal(&clone) != (i == j) {
				t.Errorf("%s and %s", a, b)
			}
		}
	}
}

func TestValidate(t *testing.T) {
	member := func(name string, offset uint32, t *Type) Member { return Member{name, offset, t} }
	deep := i4
	for range MaxDepth {
		deep = &Type{Class: Array, Size: 4, Base: deep, Dims: []uint32{1}}
	}
	wide := i1
	for range 20 { // 2^20 parts in 20 types
		wide = &Type{Class: Compound, Size: 2 * wide.Size,
			Members: []Member{member("a", 0, wide), member("b", wide.Size, wide)}}
	}
	for want, err := range map[string]error{
		"size: it has no bytes":               second(FixedString(0, ASCII, NullPad)),
		"1, 2, 4 or 8 bytes, not 3":           second(Int(3, true, LittleEndian)),
		"neither little- nor big-endian":      second(Int(4, true, VAX)),
		"longer than 248 bytes":               second(OpaqueOf(1, strings.Repeat("x", 249))),
		"0 of them; a compound has":           second(CompoundOf(4)),
		`member "b": overlaps with`:           second(CompoundOf(8, member("a", 0, i4), member("b", 3, i4))),
		`member "a": bytes 5 to 9 of 8`:       second(CompoundOf(8, member("a", 5, i4))),
		`member "a": there are two`:           second(Packed(member("a", 0, i4), member("a", 0, i4))),
		"at least one byte and no NUL":        second(Packed(member("", 0, i4))),
		`member "a": no type`:                 second(Packed(member("a", 0, nil))),
		`member "n": type: there is none`:     second(CompoundOf(8, member("n", 0, nil))),
		`member "a": ends beyond 4 GiB`:       second(CompoundOf(0, member("a", 1<<32-1, i4))),
		`enum member "a": there are two`:      second(EnumOf(i4, []string{"a", "a"}, []int64{0, 1})),
		`enum member "b": has the value of`:   second(EnumOf(i4, []string{"a", "b"}, []int64{1, 1})),
		"300 does not fit uint8":              second(EnumOf(u1, []string{"a"}, []uint64{300})),
		"2 names, 1 values":                   second(EnumOf(u1, []string{"a", "b"}, []uint64{3})),
		"enum: no members":                    second(EnumOf[int64](u1, nil, nil)),
		"no integer type":                     second(EnumOf(f4, []string{"a"}, []uint64{3})),
		"0 of them; an array has 1 to 32":     second(ArrayOf(i4)),
		"axis 1 has length 0":                 second(ArrayOf(i4, 2, 0)),
		"more than 4 GiB":                     second(ArrayOf(i4, 1<<16, 1<<15)),
		"more than 32 types":                  deep.Validate(),
		"more than 65536 parts":               wide.Validate(),
		"a complex number has":                second(ComplexOf(6, LittleEndian)),
		"is neither 'M' nor 'm'":              second(Datetime('x', "s", LittleEndian)),
		"none of numpy's":                     second(Datetime('M', "min", LittleEndian)),
		"bits 7 to 25 of 16":                  (&Type{Class: Integer, Size: 2, BitOffset: 7, Precision: 18}).Validate(),
		"sign, exponent and mantissa overlap": (&Type{Class: Float, Size: 2, Precision: 16, Float: FloatFormat{SignPos: 14, ExpPos: 10, ExpSize: 5, MantSize: 10}}).Validate(),
		"class: 12 is unknown":                (&Type{Class: 12, Size: 1}).Validate(),
		"reference: kind 9 is unknown":        (&Type{Class: Reference, Size: 8, Ref: 9}).Validate(),
	} {
		var e *Error
		if !errors.As(err, &e) || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
	twice := &Type{Class: Enum, Size: 1, Base: u1, Names: []string{"a", "a"}, Values: []byte{0, 0}}
	if err := twice.CheckStored(); err != nil {
		t.Error(err) // libhdf5 reads it
	}
}

func second(_ *Type, err error) error { return err }

func TestParse(t *testing.T) {
	for text, want := range map[string]string{
		"<f4": "<f4", ">i2": ">i2", "u8": "<u8", "=f8": "<f8", "|i1": "<i1", ">i1": "<i1", "f2": "<f2",
		"c8": "compound(8){r@0:<f4;i@4:<f4}", ">c16": "compound(16){r@0:>f8;i@8:>f8}",
		"complex128": "compound(16){r@0:<f8;i@8:<f8}",
		"S10":        "S10 nullpad ascii", "|S10": "S10 nullpad ascii", "a5": "S5 nullpad ascii",
		"V16": "opaque(16,)", "str": "vstr utf8",
		"bool": "enum(<i1){FALSE=0,TRUE=1}", "?": "enum(<i1){FALSE=0,TRUE=1}", "b1": "enum(<i1){FALSE=0,TRUE=1}",
		"M8[ns]": "opaque(8,NUMPY:<M8[ns])", "<m8[us]": "opaque(8,NUMPY:<m8[us])", ">M8[25s]": "opaque(8,NUMPY:>M8[25s])",
		"M8": "opaque(8,NUMPY:<M8)", "M8[1D]": "opaque(8,NUMPY:<M8[D])", "datetime64[ms]": "opaque(8,NUMPY:<M8[ms])",
		"timedelta64": "opaque(8,NUMPY:<m8)",
		"int32":       "<i4", "uint8": "<u1", "float64": "<f8", "int": "<i8", "d": "<f8", "H": "<u2",
	} {
		typ, err := Parse(text)
		if err != nil || typ.String() != want {
			t.Errorf("%s: %v, %v; want %s", text, typ, err, want)
		}
	}
	for text, want := range map[string]string{
		"": "known are", "i3": "unknown size", "f16": "unknown size", "c4": "unknown size", "b2": "unknown size",
		"S0": "the size must be", "S99999999999": "the size must be", "S": "a length is missing",
		"U10": `use "str"`, "<U10": `use "str"`, "O": "Python objects", "M8[min]": "none of numpy's",
		"<<i4": "known are", "int32 ": "known are", "datetime8": "known are",
	} {
		_, err := Parse(text)
		var e *ParseError
		if !errors.As(err, &e) || !strings.Contains(err.Error(), want) || e.Text != text {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"<f4", "S10", ">M8[25s]", "bool", "c16", "V4294967295"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if typ, err := Parse(s); err == nil {
			if err := typ.Validate(); err != nil {
				t.Errorf("%q: %v", s, err)
			}
		}
	})
}

func TestPointers(t *testing.T) {
	text := VarString(UTF8)
	ref := ObjectReference()
	pair := Must(Packed(Member{Name: "t", Type: text}, Member{Name: "n", Type: i4}, Member{Name: "r", Type: ref}))
	for name, c := range map[string]struct {
		t    *Type
		want []Pointer
		at   []uint64
	}{
		"none":     {Must(ArrayOf(i4, 1<<20)), nil, nil},
		"single":   {text, []Pointer{{Count: 1, Stride: 16, Type: text}}, []uint64{0}},
		"compound": {pair, []Pointer{{0, 1, 16, text, nil}, {20, 1, 8, ref, nil}}, []uint64{0, 20}},
		"array of an array": {Must(ArrayOf(Must(ArrayOf(ref, 2)), 1<<20)),
			[]Pointer{{0, 1 << 21, 8, ref, nil}}, nil},
		"array of a compound": {Must(ArrayOf(pair, 2)),
			[]Pointer{{0, 2, 28, nil, pair.Pointers()}}, []uint64{0, 20, 28, 48}},
	} {
		got := c.t.Pointers()
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		var at []uint64
		for offset := range Fields(got) {
			if at = append(at, offset); len(at) == 5 {
				at = nil
				break
			}
		}
		if diff := cmp.Diff(c.at, at); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	if !pair.HasVarLen() || !pair.HasReference() || text.HasReference() || ref.HasVarLen() {
		t.Error("HasVarLen or HasReference is wrong")
	}
}
