package represent_test

import (
	"bytes"
	"encoding/binary"
	"io"
	"testing"

	"github.com/h5serve/h5serve/api/represent"
	"github.com/h5serve/h5serve/h5core/dtype"
)

func bfloat16(order dtype.Order) *dtype.Type {
	t := *dtype.Float16(order)
	t.Float.ExpPos, t.Float.ExpSize, t.Float.MantSize, t.Float.Bias = 7, 8, 7, 127
	return &t
}

func TestMemory(t *testing.T) {
	wideBool := dtype.Must(dtype.EnumOf(dtype.Must(dtype.Int(2, true, dtype.BigEndian)), []string{"TRUE", "FALSE"}, []int64{1, 0}))
	tests := []struct {
		name, descr string
		t           *dtype.Type
		stored      string
		origin      string
		safe        string // "": no numbers
	}{
		{"big float", ">f4", dtype.Float32(dtype.BigEndian), "\x3f\x80\x00\x00", "\x3f\x80\x00\x00", "\x00\x00\x80\x3f"},
		{"half", "<f2", dtype.Float16(dtype.LittleEndian), "\x00\x3e", "\x00\x3e", "\x00\x00\xc0\x3f"},
		{"big half", ">f2", dtype.Float16(dtype.BigEndian), "\x3e\x00", "\x3e\x00", "\x00\x00\xc0\x3f"},
		{"bfloat16", "<f4", bfloat16(dtype.LittleEndian), "\xc0\x3f", "\x00\x00\xc0\x3f", "\x00\x00\xc0\x3f"},
		{"big bfloat16", ">f4", bfloat16(dtype.BigEndian), "\x3f\xc0", "\x3f\xc0\x00\x00", "\x00\x00\xc0\x3f"},
		{"boolean over an integer of 2 bytes", "|b1", wideBool, "\x00\x01\x00\x00", "\x01\x00", "\x01\x00"},
		{"complex", ">c8", dtype.Must(dtype.ComplexOf(8, dtype.BigEndian)), "\x3f\x80\x00\x00\x40\x00\x00\x00", "\x3f\x80\x00\x00\x40\x00\x00\x00", "\x00\x00\x80\x3f\x00\x00\x00\x40"},
		{"HDF5's complex", "<c8", dtype.Must(dtype.NativeComplex(8, dtype.LittleEndian)), "\x00\x00\x80\x3f\x00\x00\x00\x40", "\x00\x00\x80\x3f\x00\x00\x00\x40", "\x00\x00\x80\x3f\x00\x00\x00\x40"},
		{"padded with blanks", "|S4", dtype.Must(dtype.FixedString(4, dtype.ASCII, dtype.SpacePad)), "ab  ", "ab\x00\x00", ""},
		{"array", ">i2", dtype.Must(dtype.ArrayOf(dtype.Must(dtype.Int(2, true, dtype.BigEndian)), 2)), "\x00\x01\x00\x02", "\x00\x01\x00\x02", "\x01\x00\x02\x00"},
		{"compound with a gap and a text", "|V8", dtype.Must(dtype.CompoundOf(8,
			dtype.Member{Name: "a", Type: dtype.Must(dtype.Int(1, true, dtype.LittleEndian))},
			dtype.Member{Name: "b", Offset: 4, Type: dtype.Must(dtype.FixedString(4, dtype.ASCII, dtype.NullTerm))})), "\x07...ab\x00z", "\x07...ab\x00\x00", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			m, err := represent.MemoryOf(test.t)
			if err != nil || m.Descr != test.descr || m.Numeric() != (test.safe != "") {
				t.Fatalf("%+v %v", m, err)
			}
			if got, err := m.Append([]byte("-"), []byte(test.stored)); err != nil || string(got) != "-"+test.origin {
				t.Errorf("%q %v, want %q", got, err, test.origin)
			}
			if test.safe == "" {
				return
			}
			if got, err := m.Safe(test.t).Append(nil, []byte(test.stored)); err != nil || string(got) != test.safe {
				t.Errorf("safe: %q %v, want %q", got, err, test.safe)
			}
		})
	}
	for _, pointing := range []*dtype.Type{dtype.VarString(dtype.UTF8), dtype.ObjectReference()} {
		if m, err := represent.MemoryOf(pointing); err == nil {
			t.Errorf("%s: %+v", pointing, m)
		}
	}
}

// The length of a TIFF is known before it is written.
func TestTIFFSize(t *testing.T) {
	for _, typ := range []*dtype.Type{dtype.Bool(), dtype.Float16(dtype.BigEndian), dtype.Float64(dtype.LittleEndian), dtype.Must(dtype.ComplexOf(8, dtype.LittleEndian))} {
		for _, shape := range [][]uint64{{1}, {9}, {2, 9}, {3, 2, 9}, {2, 3, 1, 17}, {5000, 1, 1}} {
			p, err := represent.NewTIFF(typ, shape)
			if err != nil {
				t.Fatal(err)
			}
			var out bytes.Buffer
			w, err := p.New(&out)
			if err != nil {
				t.Fatal(err)
			}
			count := uint64(1)
			for _, d := range shape {
				count *= d
			}
			data := make([]byte, count*uint64(typ.Size))
			half := len(data) / 2 / int(typ.Size) * int(typ.Size)
			for _, part := range [][]byte{data[:half], data[half:]} {
				if err := w.Write(part, nil); err != nil {
					t.Fatal(err)
				}
			}
			if err := w.Close(); err != nil || uint64(out.Len()) != p.Size() {
				t.Errorf("%s %v: %d bytes, said %d: %v", typ, shape, out.Len(), p.Size(), err)
			}
		}
	}
}

func TestTIFFBooleans(t *testing.T) {
	p, err := represent.NewTIFF(dtype.Bool(), []uint64{2, 9})
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	w, err := p.New(&out)
	if err == nil {
		err = w.Write([]byte{1, 0, 0, 0, 0, 0, 0, 1, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0}, nil)
	}
	if want := "\x81\x80\x40\x00"; err != nil || !bytes.HasSuffix(out.Bytes(), []byte(want)) {
		t.Errorf("%v: %q", err, out.Bytes())
	}
}

func TestBigTIFF(t *testing.T) {
	p, err := represent.NewTIFF(dtype.Float64(dtype.LittleEndian), []uint64{3, 1 << 15, 1 << 15})
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if _, err := p.New(&out); err != nil || !bytes.HasPrefix(out.Bytes(), []byte("II+\x00\x08\x00\x00\x00\x10")) {
		t.Errorf("%v: %q", err, out.Bytes())
	}
	if want := uint64(out.Len()) + 3<<33; p.Size() != want {
		t.Errorf("%d bytes, want %d", p.Size(), want)
	}
	for _, shape := range [][]uint64{nil, {0}, {1 << 33}, {1 << 33, 1, 1}} {
		if _, err := represent.NewTIFF(dtype.Float64(dtype.LittleEndian), shape); err == nil {
			t.Errorf("%v makes a picture", shape)
		}
	}
}

func TestGroveTimes(t *testing.T) {
	for _, test := range []struct {
		unit string
		v    int64
		want string
	}{
		{"s", 981173106, `"2001-02-03T04:05:06"`}, {"ns", 1_000_001_500, `"1970-01-01T00:00:01.000001"`}, {"us", -1, `"1969-12-31T23:59:59.999999"`},
		{"D", 31, `"1970-02-01T00:00:00"`}, {"M", -1, `"1969-12-01T00:00:00"`}, {"Y", 31, `"2001-01-01T00:00:00"`}, {"ms", -1 << 63, `null`}, {"Y", 9000, `9000`},
	} {
		typ := dtype.Must(dtype.Datetime('M', test.unit, dtype.LittleEndian))
		var out bytes.Buffer
		w, err := represent.Grove{}.New(&out, typ, nil)
		if err == nil {
			err = w.Write(binary.LittleEndian.AppendUint64(nil, uint64(test.v)), nil)
		}
		if err != nil || out.String() != test.want {
			t.Errorf("%d %s: %s %v, want %s", test.v, test.unit, out.String(), err, test.want)
		}
	}
}

func BenchmarkMemory(b *testing.B) {
	data := make([]byte, 8<<20)
	typ := dtype.Float32(dtype.BigEndian)
	m, err := represent.MemoryOf(typ)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		if err := represent.NewMemory(io.Discard, m.Safe(typ)).Write(data, nil); err != nil {
			b.Fatal(err)
		}
	}
}
