package represent

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"github.com/h5serve/h5serve/h5core/dtype"
)

// shelf is a heap whose descriptors number its contents from 1, in their last
// four bytes; references are numbers too.
type shelf struct {
	parts []string
	paths []string
}

func (s shelf) at(list []string, n uint32) (string, bool) {
	if n == 0 || int(n) > len(list) {
		return "", n == 0
	}
	return list[n-1], true
}

func (s shelf) VarLen(d []byte) []byte {
	n := binary.LittleEndian.Uint32(d[len(d)-4:])
	if part, ok := s.at(s.parts, n); ok && n > 0 {
		return []byte(part)
	}
	return nil
}

func (s shelf) Reference(ref []byte) (string, bool) {
	return s.at(s.paths, binary.LittleEndian.Uint32(ref))
}

func (s shelf) Region(ref []byte) (string, uint64, []uint64, bool) {
	path, ok := s.at(s.paths, binary.LittleEndian.Uint32(ref))
	if ref[4] == 1 {
		return path, 100_001, []uint64{1}, ok
	}
	return path, 2, []uint64{3, 258}, ok
}

var (
	i4    = dtype.Must(dtype.Int(4, true, dtype.LittleEndian))
	u2be  = dtype.Must(dtype.Int(2, false, dtype.BigEndian))
	f4    = dtype.Float32(dtype.LittleEndian)
	vstr  = dtype.VarString(dtype.UTF8)
	point = dtype.Must(dtype.CompoundOf(8, dtype.Member{Name: "a", Type: u2be}, dtype.Member{Name: "b", Offset: 4, Type: i4}))
)

func odd(t *dtype.Type, offset, precision uint16) *dtype.Type {
	c := *t
	c.BitOffset, c.Precision = offset, precision
	return &c
}

func sized(class dtype.Class, size uint32, order dtype.Order) *dtype.Type {
	return &dtype.Type{Class: class, Size: size, Order: order, Precision: uint16(8 * size)}
}

// extended is x87's 80-bit float in 16 bytes.
var extended = &dtype.Type{Class: dtype.Float, Size: 16, Precision: 80, Float: dtype.FloatFormat{
	SignPos: 79, ExpPos: 64, ExpSize: 15, MantPos: 0, MantSize: 64, Bias: 16383, Norm: dtype.NormNone}}

// Bytes are given in hexadecimal; blanks set parts apart.
func TestCanonical(t *testing.T) {
	heap := shelf{[]string{"ab\x00c", "\x01\x00\x00\x00\xff\xff\xff\xff"}, []string{"/x"}}
	for name, c := range map[string]struct {
		t                       *dtype.Type
		stored, canonical, json string
	}{
		"integer":             {i4, "ffffffff", "ffffffff", "-1"},
		"big-endian":          {u2be, "0102", "0201", "258"},
		"three bytes":         {&dtype.Type{Class: dtype.Integer, Size: 3, Precision: 24, Signed: true}, "feffff", "feffff", "-2"},
		"three bytes big":     {&dtype.Type{Class: dtype.Integer, Size: 3, Precision: 24, Order: dtype.BigEndian}, "010203", "030201", "66051"},
		"64 bits":             {sized(dtype.Integer, 8, 0), "ffffffffffffffff", "ffffffffffffffff", "18446744073709551615"},
		"17 bits of 32":       {odd(i4, 0, 17), "ffff0180", "ffffffff", "-1"},
		"bits 4 to 12":        {odd(i4, 4, 8), "f5070000", "7f000000", "127"},
		"enumeration":         {dtype.Bool(), "01", "01", "1"},
		"bitfield":            {odd(sized(dtype.Bitfield, 2, dtype.BigEndian), 4, 8), "0ff5", "ff00", `"ff00"`},
		"whole bitfield":      {sized(dtype.Bitfield, 2, dtype.BigEndian), "0102", "0201", `"0201"`},
		"time":                {sized(dtype.Time, 4, dtype.BigEndian), "01020304", "04030201", `"04030201"`},
		"float":               {f4, "0000c03f", "0000c03f", "1.5"},
		"negative zero":       {f4, "00000080", "00000080", "-0.0"},
		"NaN with a payload":  {f4, "010080ff", "0000c07f", `"nan"`},
		"infinity":            {f4, "000080ff", "000080ff", `"-inf"`},
		"half NaN big-endian": {dtype.Float16(dtype.BigEndian), "fe01", "007e", `"nan"`},
		"double big-endian":   {dtype.Float64(dtype.BigEndian), "3fb999999999999a", "9a9999999999b93f", "0.1"},
		"signalling double":   {dtype.Float64(dtype.LittleEndian), "010000000000f0ff", "000000000000f87f", `"nan"`},
		"long double":         {extended, "0000000000000080ffbf 000000000000", "000000000000f0bf", "-1.0"},
		"complex":             {dtype.Must(dtype.NativeComplex(4, dtype.BigEndian)), "3c00 fe00", "003c 007e", `[1.0,"nan"]`},
		"null-terminated":     {dtype.Must(dtype.FixedString(4, dtype.ASCII, dtype.NullTerm)), "61006200", "01000000 61", `"a"`},
		"null-padded":         {dtype.Must(dtype.FixedString(4, dtype.ASCII, dtype.NullPad)), "61006200", "03000000 610062", `"a\u0000b"`},
		"space-padded":        {dtype.Must(dtype.FixedString(4, dtype.UTF8, dtype.SpacePad)), "61ff2020", "02000000 61ff", `"a\udcff"`},
		"variable string":     {vstr, "04000000 0000000000000000 01000000", "02000000 6162", `"ab"`},
		"null string":         {vstr, "00000000 0000000000000000 00000000", "00000000", `""`},
		"sequence":            {dtype.Must(dtype.VarLenOf(i4)), "02000000 0000000000000000 02000000", "02000000 01000000 ffffffff", "[1,-1]"},
		"array":               {dtype.Must(dtype.ArrayOf(u2be, 2, 1)), "00010002", "0100 0200", "[1,2]"},
		"opaque":              {dtype.Must(dtype.OpaqueOf(2, "tag")), "beef", "beef", `"beef"`},
		"compound with a gap": {point, "0001 eeee 02000000", "0100 02000000", "[1,2]"},
		"object":              {dtype.ObjectReference(), "0100000000000000", "02000000 2f78", `"/x"`},
		"null object":         {dtype.ObjectReference(), "0000000000000000", "00000000", `""`},
		"lost object":         {dtype.ObjectReference(), "0900000000000000", "01000000 3f", `"?"`},
		"region":              {dtype.RegionReference(), "010000000000000000000000", "02000000 2f78 02000000 0300000000000000 0201000000000000", `["/x",2]`},
		"large region":        {dtype.RegionReference(), "010000000100000000000000", "02000000 2f78 a1860100", `["/x",100001]`},
		"null region":         {dtype.RegionReference(), "000000000000000000000000", "00000000", `["",0]`},
	} {
		t.Run(name, func(t *testing.T) {
			canonical, err := NewCanonical(c.t)
			if err != nil {
				t.Fatal(err)
			}
			one := unhex(c.stored)
			twice := append(bytes.Clone(one), one...)
			got, err := canonical.Append([]byte{0xee}, twice, heap)
			if want := append(append([]byte{0xee}, unhex(c.canonical)...), unhex(c.canonical)...); err != nil || !bytes.Equal(got, want) {
				t.Errorf("%x, want %x (%v)", got, want, err)
			}
			var stream bytes.Buffer
			if _, err := canonical.WriteTo(&stream, bytes.Repeat(one, 9_000), nil, heap); err != nil ||
				!bytes.Equal(stream.Bytes(), bytes.Repeat(unhex(c.canonical), 9_000)) {
				t.Errorf("a stream of many is other than one (%v)", err)
			}
			value, err := canonical.AppendValue(nil, one, heap)
			if string(value) != c.json || err != nil {
				t.Errorf("%s, want %s (%v)", value, c.json, err)
			}
		})
	}
}

func unhex(s string) []byte {
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		panic(err)
	}
	return b
}

func TestCanonicalErrors(t *testing.T) {
	for _, c := range []struct {
		t     *dtype.Type
		wants string
	}{
		{sized(dtype.Integer, 16, 0), "an integer of 16 bytes"},
		{sized(dtype.Bitfield, 3, 0), "a bitfield of 3 bytes"},
		{dtype.Must(dtype.ArrayOf(&dtype.Type{Class: dtype.Reference, Size: 64, Ref: dtype.StdRef}, 2)), "H5T_STD_REF"},
		{&dtype.Type{Class: 12, Size: 1}, "unknown class"},
	} {
		_, err := NewCanonical(c.t)
		if typed := (*TypeError)(nil); !errors.As(err, &typed) || !strings.Contains(err.Error(), c.wants) {
			t.Errorf("%s: %v, want %s", c.t, err, c.wants)
		}
	}
	canonical, err := NewCanonical(dtype.Must(dtype.VarLenOf(i4)))
	if err != nil {
		t.Fatal(err)
	}
	short := unhex("02000000 0000000000000000 01000000")
	if _, err := canonical.Append(nil, short, shelf{parts: []string{"1234"}}); err == nil {
		t.Error("two elements were read from four bytes")
	}
}

func TestInMemory(t *testing.T) {
	c := dtype.Must(dtype.CompoundOf(60,
		dtype.Member{Name: "n", Offset: 40, Type: i4},
		dtype.Member{Name: "s", Offset: 0, Type: vstr},
		dtype.Member{Name: "l", Offset: 16, Type: dtype.Must(dtype.ArrayOf(vstr, 1))}))
	want := "compound(44){s@0:vstr utf8;l@8:array(1)(vstr utf8);n@24:<i4}"
	if got := InMemory(c).String(); got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if InMemory(point) != point {
		t.Error("a type without pointers changed")
	}
}

// The numbers are Python's repr of them.
func TestAppendFloat(t *testing.T) {
	for want, v := range map[string]float64{
		"0.0": 0, "1.0": 1, "0.0001": 1e-4, "1e-05": 1e-5, "1e+16": 1e16, "9999999999999998.0": 9999999999999998,
		"5e-324": 5e-324, "1.7976931348623157e+308": 1.7976931348623157e308, "123456.789": 123456.789,
	} {
		if got := string(appendFloat(nil, v, 64)); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	if got := string(appendFloat(nil, float64(float32(0.1)), 32)); got != "0.1" {
		t.Error(got)
	}
}

// The texts are those of Python's json.dumps after a decoding with
// surrogateescape.
func TestAppendString(t *testing.T) {
	for text, want := range map[string]string{
		"a\"\\/": `"a\"\\/"`, "\n\r\t\b\f\x00\x7f": `"\n\r\t\b\f\u0000\u007f"`, "é日\U0001f600": `"\u00e9\u65e5\ud83d\ude00"`,
		"\xe2\x82": `"\udce2\udc82"`, "\xed\xa0\x80": `"\udced\udca0\udc80"`, "\ufffd": `"\ufffd"`,
	} {
		if got := string(appendString(nil, text)); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}
