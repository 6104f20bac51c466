package dtype

import (
	"encoding/hex"
	"errors"
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestPutNumber(t *testing.T) {
	for _, c := range []struct {
		t    *Type
		v    any
		want string // the bytes, in hex
	}{
		{i4, int64(-2), "feffffff"},
		{Must(Int(4, true, BigEndian)), int64(-2), "fffffffe"},
		{Must(Int(2, false, BigEndian)), int64(0xabcd), "abcd"},
		{integer(8, false), uint64(math.MaxUint64), "ffffffffffffffff"},
		{i8, int64(math.MinInt64), "0000000000000080"},
		{i4, 7.0, "07000000"},
		{integer(8, false), 0x1p63, "0000000000000080"},
		{int17, int64(-1), "ffff0100"},
		{int17, int64(-65536), "00000100"},
		{uint18, int64(0x3ffff), "01ffff80"},
		{int128, int64(-1), strings.Repeat("ff", 16)},
		{int128, uint64(math.MaxUint64), strings.Repeat("ff", 8) + strings.Repeat("00", 8)},
		{Bool(), true, "01"},
		{u1, true, "01"},
		{f4, 1.0, "0000803f"},
		{f4, int64(16777217), "0000804b"}, // rounded to even
		{Float64(BigEndian), 1.0, "3ff0000000000000"},
		{Float16(LittleEndian), 65519.0, "ff7b"},
		{Float16(LittleEndian), 0x1p-24, "0100"},
		{Float16(LittleEndian), 0x1p-25, "0000"}, // a tie, to even
		{Float16(LittleEndian), 0x1.8p-25, "0100"},
		{Float16(LittleEndian), math.Inf(-1), "00fc"},
		{Float16(LittleEndian), math.NaN(), "007e"},
		{x87, 1.0, "0000000000000080ff3f000000000000"},
		{x87, int64(math.MaxInt64), "feffffffffffffff3d40000000000000"},
		{x87, math.Inf(1), "0000000000000080ff7f000000000000"},
		{x87, math.NaN(), "00000000000000c0ff7f000000000000"},
		{quad, 1.5, "3fff8000000000000000000000000000"},
		{quad, 0.0, "00000000000000000000000000000000"},
		{quad, math.Copysign(0, -1), "80000000000000000000000000000000"},
		{bf16, 1.00390625, "803f"}, // a tie, to even
		{bf16, math.Inf(1), "807f"},
		{vaxG, 1.0, "1040000000000000"},
		{odd20, 1.0, "0000f001"},
		{Must(ComplexOf(8, LittleEndian)), complex(1, -1), "0000803f000080bf"},
		{Must(ComplexOf(8, LittleEndian)), 1.0, "0000803f00000000"},
		{Must(NativeComplex(4, BigEndian)), int64(1), "3c000000"},
		{f4, complex(1, 0), "0000803f"},
		{s10, "abc", "61626300000000000000"},
		{Must(FixedString(4, ASCII, SpacePad)), "ab", "61622020"},
		{Must(FixedString(4, ASCII, NullTerm)), "abc", "61626300"},
		{Must(FixedString(3, UTF8, NullPad)), "é", "c3a900"},
		{Bool(), "TRUE", "01"},
		{Must(OpaqueOf(2, "")), []byte{1, 2}, "0102"},
		{s10, []byte{0xff}, "ff000000000000000000"},
	} {
		dst := []byte(strings.Repeat("\xa5", int(c.t.Size)))
		if err := put(c.t, dst, c.v); err != nil {
			t.Errorf("%v as %s: %v", c.v, c.t, err)
			continue
		}
		if got := hex.EncodeToString(dst); got != c.want {
			t.Errorf("%v as %s: %s, want %s", c.v, c.t, got, c.want)
		}
	}
}

func put(t *Type, dst []byte, v any) error {
	switch v := v.(type) {
	case int64:
		return t.PutInt(dst, v)
	case uint64:
		return t.PutUint(dst, v)
	case float64:
		return t.PutFloat(dst, v)
	case bool:
		return t.PutBool(dst, v)
	case complex128:
		return t.PutComplex(dst, v)
	case string:
		return t.PutString(dst, v)
	}
	return t.PutBytes(dst, v.([]byte))
}

func TestPutErrors(t *testing.T) {
	for _, c := range []struct {
		t      *Type
		v      any
		beyond bool
		want   string
	}{
		{u1, int64(300), true, "300 does not fit uint8 (0 … 255)"},
		{u1, int64(-1), true, "-1 does not fit uint8 (0 … 255)"},
		{i1, int64(-129), true, "-129 does not fit int8 (-128 … 127)"},
		{i8, uint64(1 << 63), true, "9223372036854775808 does not fit int64 (-9223372036854775808 … 9223372036854775807)"},
		{int17, int64(65536), true, "65536 does not fit <i4[0:17] (-65536 … 65535)"},
		{u1, 256.0, true, "256 does not fit uint8 (0 … 255)"},
		{i8, 1e300, true, "1e+300 does not fit int64 (-9223372036854775808 … 9223372036854775807)"},
		{i4, 1.5, false, "1.5 is not an integer"},
		{i4, math.NaN(), false, "NaN is not an integer"},
		{i4, math.Inf(1), false, "+Inf is not an integer"},
		{f4, 1e39, true, "1e+39 does not fit float32 (±3.4028235e+38)"},
		{Float16(LittleEndian), 65520.0, true, "65520 does not fit float16 (±65504)"},
		{Float16(LittleEndian), int64(70000), true, "70000 does not fit float16 (±65504)"},
		{bf16, 3.4e38, true, "3.4e+38 does not fit <f2{16; 15 7 8 0 7 127 0 0}"},
		{s10, "elevenbytes", false, `"elevenbytes" has 11 bytes, S10 nullpad ascii holds 10`},
		{Must(FixedString(3, ASCII, NullTerm)), "abc", false, `"abc" has 3 bytes, S3 nullterm ascii holds 2`},
		{Must(FixedString(3, ASCII, NullTerm)), "a\x00", false, "a NUL at byte 1 would end the string there"},
		{s10, "é", false, `"é" is not ASCII (byte 0)`},
		{Must(FixedString(3, UTF8, NullPad)), "\xff", false, `"\xff" is not valid UTF-8`},
		{Bool(), "MAYBE", false, `"MAYBE" is no member; there are FALSE, TRUE`},
		{i4, "x", false, `the text "x" does not go into int32`},
		{s10, int64(1), false, "the integer 1 does not go into S10 nullpad ascii"},
		{f8, complex(0, 1), false, "a complex number does not go into float64"},
		{Must(OpaqueOf(2, "x")), []byte{1}, false, "1 bytes for the 2 of opaque(2,x)"},
		{VarString(UTF8), "x", false, "a variable-length value needs a heap"},
	} {
		err := put(c.t, make([]byte, c.t.Size), c.v)
		if err == nil || err.Error() != c.want {
			t.Errorf("%v as %s: %v, want %s", c.v, c.t, err, c.want)
			continue
		}
		var r *RangeError
		var v *ValueError
		if errors.As(err, &r) != c.beyond || errors.As(err, &v) == c.beyond {
			t.Errorf("%v as %s: %T", c.v, c.t, err)
		}
	}
}

func TestGetErrors(t *testing.T) {
	full := []byte(strings.Repeat("\xff", 16))
	if v, err := integer(8, false).GetInt(full); err == nil {
		t.Error(v)
	}
	if v, err := i4.GetUint(full); err == nil {
		t.Error(v)
	}
	if v, err := (&Type{Class: Integer, Size: 16, Precision: 128}).GetUint(full); err == nil {
		t.Error(v)
	}
	if v, err := int128.GetInt(full); v != -1 || err != nil {
		t.Error(v, err)
	}
	if v, err := (&Type{Class: Integer, Size: 16, Precision: 128}).GetFloat64(full); v != 0x1p128 || err != nil {
		t.Error(v, err)
	}
	if v, err := Bool().GetString([]byte{2}); err == nil || err.Error() != "2 is no member; there are FALSE, TRUE" {
		t.Error(v, err)
	}
	if v, err := f4.GetString(full); err == nil {
		t.Error(v)
	}
}

func TestGetString(t *testing.T) {
	for _, c := range []struct {
		t    *Type
		in   string
		want string
	}{
		{Must(FixedString(4, ASCII, NullPad)), "a\x00b\x00", "a\x00b"},
		{Must(FixedString(4, ASCII, NullTerm)), "a\x00b\x00", "a"},
		{Must(FixedString(4, ASCII, NullTerm)), "abcd", "abcd"},
		{Must(FixedString(4, ASCII, SpacePad)), "a b ", "a b"},
		{Bool(), "\x01", "TRUE"},
	} {
		if got, err := c.t.GetString([]byte(c.in)); got != c.want || err != nil {
			t.Errorf("%q as %s: %q, %v", c.in, c.t, got, err)
		}
	}
}

// Integers of any place and width come back.
func TestIntegerProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		typ := &Type{Class: Integer, Size: rapid.Uint32Range(1, 20).Draw(t, "size"),
			Order:  rapid.SampledFrom([]Order{LittleEndian, BigEndian}).Draw(t, "order"),
			Signed: rapid.Bool().Draw(t, "signed"), LowPad: rapid.Bool().Draw(t, "low"), HighPad: rapid.Bool().Draw(t, "high")}
		bits := uint16(8 * typ.Size)
		typ.BitOffset = rapid.Uint16Range(0, bits-1).Draw(t, "offset")
		typ.Precision = rapid.Uint16Range(1, bits-typ.BitOffset).Draw(t, "precision")
		if err := typ.Validate(); err != nil {
			t.Fatal(err)
		}
		v := rapid.Int64().Draw(t, "v") >> rapid.IntRange(0, 63).Draw(t, "shift")
		dst := make([]byte, typ.Size)
		err := typ.PutInt(dst, v)
		if (err == nil) != typ.holdsInt(v) {
			t.Fatalf("%d as %s: %v", v, typ, err)
		}
		if err != nil {
			return
		}
		if got, err := typ.GetInt(dst); got != v || err != nil {
			t.Fatalf("%d as %s: %x, %d, %v", v, typ, dst, got, err)
		}
		if typ.BitOffset > 0 && typ.Order.bits(dst, 0, 1) == 1 != typ.LowPad {
			t.Fatalf("%s: padding of %x", typ, dst)
		}
		if end := int(typ.BitOffset + typ.Precision); end < int(bits) && typ.Order.bits(dst, end, 1) == 1 != typ.HighPad {
			t.Fatalf("%s: padding of %x", typ, dst)
		}
	})
}

// Every binary16 comes back, and each point half way to the next goes to the
// even one.
func TestFloat16(t *testing.T) {
	typ := Float16(LittleEndian)
	for h := range uint16(0x7c00) {
		b := []byte{byte(h), byte(h >> 8)}
		v, _ := typ.GetFloat64(b)
		if half16(v) != h || half16(-v) != h|0x8000 {
			t.Fatalf("%#x is %v, stored as %#x", h, v, half16(v))
		}
		next, _ := typ.GetFloat64([]byte{byte(h + 1), byte((h + 1) >> 8)})
		if middle := (v + next) / 2; h < 0x7bff && half16(middle) != h+h&1 {
			t.Fatalf("%v between %#x and the next went to %#x", middle, h, half16(middle))
		}
	}
}

// The general encoder and decoder agree with the machine's.
func TestFloatFormats(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := rapid.Float64().Draw(t, "v")
		if rapid.Bool().Draw(t, "near the least float32") {
			v = math.Ldexp(rapid.Float64Range(-1, 1).Draw(t, "fraction"), rapid.IntRange(-160, -120).Draw(t, "exp"))
		}
		b := make([]byte, 4)
		finite := f4.putOther(b, v)
		if got := math.Float32frombits(uint32(LittleEndian.bits(b, 0, 32))); got != float32(v) || finite == math.IsInf(float64(got), 0) {
			t.Fatalf("%v became %v (%v), want %v", v, got, finite, float32(v))
		}
		if got := f4.getOther(b); got != float64(float32(v)) {
			t.Fatalf("%v read as %v", float32(v), got)
		}
		h := make([]byte, 2)
		Float16(LittleEndian).putOther(h, v)
		if got := uint16(LittleEndian.bits(h, 0, 16)); got != half16(v) {
			t.Fatalf("%v became %#x, want %#x", v, got, half16(v))
		}
		for _, typ := range []*Type{x87, quad} {
			wide := make([]byte, 16)
			if err := typ.PutFloat(wide, v); err != nil {
				t.Fatal(err)
			}
			if got, _ := typ.GetFloat64(wide); got != v {
				t.Fatalf("%v came back from %s as %v", v, typ, got)
			}
		}
	})
}

// Whatever bits a float has, it can be read, and what was read comes back.
func FuzzFloat(f *testing.F) {
	f.Add([]byte("\x00\x00\x00\x00\x00\x00\x00\x80\xff\x3f\x00\x00\x00\x00\x00\x00"), uint8(0))
	f.Add([]byte("\x10\x40\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"), uint8(3))
	types := []*Type{x87, quad, bf16, vaxG, odd20, f4, f8, Float16(BigEndian)}
	f.Fuzz(func(t *testing.T, b []byte, which uint8) {
		typ := types[int(which)%len(types)]
		if len(b) < int(typ.Size) {
			return
		}
		v := typ.getFloat(b[:typ.Size])
		again := make([]byte, typ.Size)
		if err := typ.PutFloat(again, v); err != nil && typ.Float.MantSize <= 52 {
			t.Fatalf("%s %x is %v: %v", typ, b[:typ.Size], v, err)
		} else if err == nil {
			if got := typ.getFloat(again); got != v && !(math.IsNaN(got) && math.IsNaN(v)) {
				t.Fatalf("%s %x is %v, came back as %v", typ, b[:typ.Size], v, got)
			}
		}
	})
}
