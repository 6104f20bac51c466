package convert

import (
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"github.com/h5serve/h5serve/h5core/dtype"
)

func named(name string) *dtype.Type { return dtype.Must(dtype.Parse(name)) }

var (
	// Bits 3 to 19 of four bytes, ones around them.
	odd = &dtype.Type{Class: dtype.Integer, Size: 4, Signed: true, BitOffset: 3, Precision: 17, LowPad: true, HighPad: true}
	// 128 bits, big-endian.
	i16 = &dtype.Type{Class: dtype.Integer, Size: 16, Order: dtype.BigEndian, Signed: true, Precision: 128}
	x87 = &dtype.Type{Class: dtype.Float, Size: 16, Precision: 80, Float: dtype.FloatFormat{
		SignPos: 79, ExpPos: 64, ExpSize: 15, MantSize: 64, Bias: 16383}}
	quad = &dtype.Type{Class: dtype.Float, Size: 16, Order: dtype.BigEndian, Precision: 128, Float: dtype.FloatFormat{
		SignPos: 127, ExpPos: 112, ExpSize: 15, MantSize: 112, Bias: 16383, Norm: dtype.NormImplied}}
	bf16 = &dtype.Type{Class: dtype.Float, Size: 2, Precision: 16, Float: dtype.FloatFormat{
		SignPos: 15, ExpPos: 7, ExpSize: 8, MantSize: 7, Bias: 127, Norm: dtype.NormImplied}}
	vaxF = &dtype.Type{Class: dtype.Float, Size: 4, Order: dtype.VAX, Precision: 32, Float: dtype.FloatFormat{
		SignPos: 31, ExpPos: 23, ExpSize: 8, MantSize: 23, Bias: 129, Norm: dtype.NormImplied}}
	bits12 = &dtype.Type{Class: dtype.Bitfield, Size: 2, BitOffset: 2, Precision: 12, LowPad: true}
	bits8  = &dtype.Type{Class: dtype.Bitfield, Size: 1, Precision: 8}
)

func fixed(n uint32, p dtype.Padding) *dtype.Type {
	return dtype.Must(dtype.FixedString(n, dtype.ASCII, p))
}

func enum(base string, names []string, values ...int64) *dtype.Type {
	return dtype.Must(dtype.EnumOf(named(base), names, values))
}

func compound(t *testing.T, size uint32, members ...dtype.Member) *dtype.Type {
	t.Helper()
	c, err := dtype.CompoundOf(size, members...)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestConvertNumbers(t *testing.T) {
	for _, c := range []struct {
		from, to *dtype.Type
		in, want string // elements in hex
	}{
		{named("<i2"), named("i1"), "ff7f 0080 7f00 feff", "7f 80 7f fe"},
		{named("<i2"), named("u1"), "ffff 0001 2a00", "00 ff 2a"},
		{named("<u8"), named("<i8"), "ffffffffffffffff", "ffffffffffffff7f"},
		{named(">i4"), named("<u8"), "ffffffff 7fffffff", "0000000000000000 ffffff7f00000000"},
		{named(">u2"), named("<u2"), "0102 0304 0506 0708 090a", "0201 0403 0605 0807 0a09"},
		{named(">f4"), named("<f4"), "3f800000 7f800001 00000001", "0000803f 0100807f 01000000"},
		{named(">f8"), named("<f8"), "3ff0000000000000", "000000000000f03f"},
		{named("<f8"), named("i1"), "000000000000f8bf 0000000000c05fc0 0000000000e06f40 000000000000f87f", "ff 81 7f 00"},
		{named("<f8"), named("<u8"), "000000000000f0bf 000000000000e043 000000000000f043 000000000000f07f",
			"0000000000000000 0000000000000080 ffffffffffffffff ffffffffffffffff"},
		{named("<f4"), named("<i8"), "000080ff 0000c07f 0000007f", "0000000000000080 0000000000000000 ffffffffffffff7f"},
		{named("<i8"), named("<f4"), "0100000100000040", "0000805e"}, // rounded once
		{named("<i4"), named("<f4"), "01000001", "0000804b"},         // a tie, to even
		{named("<f8"), named("<f4"), "000000e0ffffef47 000000f0ffffef47", "ffff7f7f 0000807f"},
		{named("<f8"), named("<f2"), "0000000000fcef40 000000000000703e 000000000000683e", "ff7b 0100 0100"},
		{named("<f2"), named("<f8"), "0100 0080 007c", "000000000000703e 0000000000000080 000000000000f07f"},
	} {
		check(t, c.from, c.to, c.in, c.want, "")
	}
}

func TestConvertOthers(t *testing.T) {
	colours, mixed := []string{"red", "green"}, []string{"green", "blue", "red"}
	ab := compound(t, 8, dtype.Member{Name: "a", Type: named("<i2")}, dtype.Member{Name: "b", Offset: 4, Type: named("<f4")})
	ba := compound(t, 12, dtype.Member{Name: "b", Type: named("<f8")}, dtype.Member{Name: "c", Offset: 8, Type: named("i1")},
		dtype.Member{Name: "a", Offset: 9, Type: named("u1")})
	for _, c := range []struct {
		from, to        *dtype.Type
		in, want, known string // in hex: known is what dst holds before
	}{
		{named("<i8"), i16, "feffffffffffffff", "fffffffffffffffffffffffffffffffe", ""},
		{i16, named("<i4"), "80000000000000000000000000000000 0000000000000000000000000000002a", "00000080 2a000000", ""},
		{named("<f8"), x87, "000000000000f0bf 000000000000f0ff", "0000000000000080ffbf000000000000 0000000000000080ffff000000000000", ""},
		{x87, quad, "0100000000000080ff3f000000000000", "3fff0000000000000002000000000000", ""}, // exact
		{quad, named("<f8"), "3fff0000000000000800000000000000 3fff0000000000001800000000000000",
			"000000000000f03f 020000000000f03f", ""}, // ties, to even
		{quad, named("<f4"), "00000000000000000000000000000001", "00000000", ""},
		{named("<f4"), bf16, "0080803f 0180803f 0000c07f ffff7f7f", "803f 813f c07f 807f", ""},
		{bf16, named("<f4"), "803f 80ff 0100", "0000803f 000080ff 00000100", ""},
		{vaxF, named("<f4"), "80400000 80c00000", "0000803f 000080bf", ""}, // ±1
		{named("<f4"), vaxF, "0000803f", "80400000", ""},
		{x87, named("i1"), "0000000000000080ff7f000000000000 00000000000000a0ffff000000000000 0000000000000080fe3f000000000000", "7f 00 00", ""},
		{bits12, bits8, "ff3f f03f", "ff fc", ""},
		{bits8, bits12, "ff", "ff03", ""},
		{fixed(4, dtype.NullTerm), fixed(6, dtype.SpacePad), "61620078", "616220202020", ""},
		{fixed(4, dtype.SpacePad), fixed(3, dtype.NullTerm), "61626364 61202020", "616200 610000", ""},
		{fixed(4, dtype.NullPad), fixed(2, dtype.NullPad), "61626364", "6162", ""},
		{enum("i1", colours, 1, 2), enum(">i2", mixed, 10, 11, 12), "01 02 03", "000c 000a ffff", ""},
		{enum("i1", colours, 1, 2), named("<f4"), "02 05", "00000040 0000a040", ""},
		{dtype.Must(dtype.ArrayOf(named(">i2"), 2)), dtype.Must(dtype.ArrayOf(named("<i4"), 2)), "00010002 ffff0003", "0100000002000000 ffffffff03000000", ""},
		{ab, ba, "0200 eeee 0000803f ffff eeee 000000c0", "000000000000f03f aa 02 aaaa 00000000000000c0 aa 00 aaaa", strings.Repeat("aa", 24)},
		{ab, ab, "0200 eeee 0000803f", "0200 aaaa 0000803f", strings.Repeat("aa", 8)}, // gaps stay
		{dtype.Must(dtype.ComplexOf(8, dtype.LittleEndian)), dtype.Must(dtype.NativeComplex(16, dtype.BigEndian)),
			"0000803f 000000c0", "3ff0000000000000 c000000000000000", ""},
		{named("i1"), dtype.Must(dtype.NativeComplex(8, dtype.LittleEndian)), "01 ff", "0000803f00000000 000080bf00000000", ""},
		{dtype.Must(dtype.NativeComplex(8, dtype.LittleEndian)), named("i1"), "000080400000803f", "04", ""},
		{dtype.ObjectReference(), dtype.ObjectReference(), "0102030405060708", "0102030405060708", ""},
	} {
		check(t, c.from, c.to, c.in, c.want, c.known)
	}
}

// TestOddInteger stores numbers in the middle of an element, ones around them.
func TestOddInteger(t *testing.T) {
	// 17 bits from bit 3 on: 0xfff00007 is the padding.
	check(t, named("<i4"), odd, "00000000 ffffffff 00000100 00000080 2a000000",
		"0700f0ff ffffffff ffff f7ff 0700 f8ff 5701f0ff", "")
	check(t, odd, named("<i4"), "0700f0ff ffffffff fffff7ff 0700f8ff 5701f0ff",
		"00000000 ffffffff ffff0000 0000ffff 2a000000", "")
}

func check(t *testing.T, from, to *dtype.Type, in, want, known string) {
	t.Helper()
	c, err := New(from, to)
	if err != nil {
		t.Errorf("%s into %s: %v", from, to, err)
		return
	}
	src, wanted, dst := unhex(t, in), unhex(t, want), unhex(t, known)
	n := len(src) / int(from.Size)
	if known == "" {
		dst = make([]byte, n*int(to.Size))
	}
	if err := c.Convert(dst, src, n); err != nil {
		t.Errorf("%s into %s: %v", from, to, err)
	}
	if string(dst) != string(wanted) {
		t.Errorf("%s into %s: %s becomes %x, not %x", from, to, in, dst, wanted)
	}
}

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestNoConversion(t *testing.T) {
	in := func(name string, typ *dtype.Type) *dtype.Type {
		return compound(t, 0, dtype.Member{Name: name, Type: typ})
	}
	vlen := dtype.Must(dtype.VarLenOf(named("<i4")))
	for _, c := range []struct {
		from, to *dtype.Type
		member   string
		want     string
	}{
		{fixed(4, dtype.NullPad), named("<i4"), "", "no conversion of S4 nullpad ascii into <i4: their classes differ"},
		{dtype.Must(dtype.FixedString(4, dtype.UTF8, dtype.NullPad)), fixed(4, dtype.NullPad), "", "their character sets differ"},
		{in("a", in("b", named("<i4"))), in("a", in("b", dtype.VarString(dtype.UTF8))), "a.b", `member "a.b": no conversion of <i4 into vstr utf8`},
		{dtype.Must(dtype.ArrayOf(named("<i4"), 2, 3)), dtype.Must(dtype.ArrayOf(named("<i4"), 3, 2)), "", "their dimensions differ"},
		{dtype.Must(dtype.OpaqueOf(4, "a")), dtype.Must(dtype.OpaqueOf(4, "b")), "", "only identical types"},
		{dtype.ObjectReference(), dtype.RegionReference(), "", "only identical types"},
		{enum("i1", []string{"a", "b"}, 1, 2), enum("i1", []string{"a"}, 1), "", `the target has no member "b"`},
		{named("<i4"), enum("<i4", []string{"a"}, 1), "", "their classes differ"},
		{vlen, dtype.Must(dtype.VarLenOf(named("<i8"))), "", "what lies in the heap is not converted"},
		{&dtype.Type{Class: dtype.Integer, Size: 65, Precision: 8}, named("i1"), "", "a number of over 64 bytes"},
	} {
		_, err := New(c.from, c.to)
		var e *Error
		if !errors.As(err, &e) || e.Member != c.member || !strings.Contains(e.Error(), c.want) {
			t.Errorf("%s into %s: %v", c.from, c.to, err)
		}
	}
	if _, err := New(&dtype.Type{Class: dtype.Integer}, named("i1")); err == nil {
		t.Error("an integer of no bytes")
	}
}

func TestShortBuffers(t *testing.T) {
	c, err := New(named("<i4"), named("<i8"))
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct{ dst, src, n int }{{8, 7, 2}, {15, 8, 2}, {8, 4, -1}, {8, 4, 1 << 62}} {
		if err := c.Convert(make([]byte, tc.dst), make([]byte, tc.src), tc.n); err == nil {
			t.Errorf("%+v is no error", tc)
		}
	}
}

func TestConvertAllocatesNothing(t *testing.T) {
	for _, c := range [][2]*dtype.Type{{named("<f4"), named(">f8")}, {x87, quad}, {enum("i1", []string{"a"}, 1), enum("i2", []string{"a"}, 1)}} {
		conv, err := New(c[0], c[1])
		if err != nil {
			t.Fatal(err)
		}
		src, dst := make([]byte, 300*16), make([]byte, 300*16)
		if n := testing.AllocsPerRun(10, func() { _ = conv.Convert(dst, src, 300) }); n > 0 {
			t.Errorf("%s into %s: %v allocations", c[0], c[1], n)
		}
	}
}
