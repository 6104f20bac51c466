package filespec

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/h5serve/h5serve/h5core/space"
)

// npyFile makes a .npy file.
func npyFile(version byte, descr string, fortran bool, shape string, data []byte) []byte {
	order := "False"
	if fortran {
		order = "True"
	}
	header := fmt.Sprintf("{'descr': %s, 'fortran_order': %s, 'shape': %s, }", descr, order, shape)
	file := append([]byte("\x93NUMPY"), version, 0)
	size := 10
	if version > 1 {
		size = 12
	}
	header += strings.Repeat(" ", 63-(size+len(header))%64) + "\n"
	if version > 1 {
		file = binary.LittleEndian.AppendUint32(file, uint32(len(header)))
	} else {
		file = binary.LittleEndian.AppendUint16(file, uint16(len(header)))
	}
	return append(append(file, header...), data...)
}

func partOf(name string, body []byte) Part { return Part{Name: name, Body: bytes.NewReader(body)} }

func TestNPY(t *testing.T) {
	for _, test := range []struct {
		name, descr, shape string
		fortran            bool
		data               string // hexadecimal
		members            string // of the dataset
		dtype, dims, bytes string
		heap               string
	}{
		{"verbatim", `'<i2'`, "(2,)", false, "0100 0200", ``, "<i2", "[2]", "0100 0200", ""},
		{"scalar", `'>i2'`, "()", false, "0001", ``, ">i2", "[]", "0001", ""},
		{"other order", `'>i2'`, "(2,)", false, "0001 0002", `"dtype":"<i2",`, "<i2", "[2]", "0100 0200", ""},
		{"narrower", `'<i8'`, "(2,)", false, "0100000000000000 ffffffffffffffff", `"dtype":"i1",`, "<i1", "[2]", "01 ff", ""},
		{"to float", `'<u2'`, "(1,)", false, "0300", `"dtype":">f4",`, ">f4", "[1]", "40400000", ""},
		{"boolean", `'|b1'`, "(2,)", false, "0100", ``, "enum(<i1){FALSE=0,TRUE=1}", "[2]", "0100", ""},
		{"complex", `'<c8'`, "(1,)", false, "0000803f 00000040", `"dtype":">c8",`, "compound(8){r@0:>f4;i@4:>f4}", "[1]", "3f800000 40000000", ""},
		{"texts", `'<U2'`, "(2,)", false, "61000000 00000000 e9000000 62000000", ``, "vstr utf8", "[2]", "01000000 0000000000000000 01000000 03000000 0100000000000000 01000000", "aéb"},
		{"big texts", `'>U1'`, "(1,)", false, "0001f600", `"dtype":{"string":4},`, "S4 nullpad utf8", "[1]", "f09f9880", ""},
		{"bytes", `'|S2'`, "(1,)", false, "6100", ``, "S2 nullpad ascii", "[1]", "6100", ""},
		{"time", `'<M8[ns]'`, "(1,)", false, "0100000000000000", ``, "opaque(8,NUMPY:<M8[ns])", "[1]", "0100000000000000", ""},
		{"structured", `[('a', '|i1'), ('b', '>i2', (2,))]`, "(1,)", false, "01 0002 0003", ``, "compound(5){a@0:<i1;b@1:array(2)(>i2)}", "[1]", "01 0002 0003", ""},
		{"aligned", `[('a', '|i1'), ('', '|V3'), ('b', '<i4')]`, "(1,)", false, "01 ffffff 02000000", ``, "compound(8){a@0:<i1;b@4:<i4}", "[1]", "01 ffffff 02000000", ""},
		{"titled", `[(('the title', 'a'), '|i1')]`, "(1,)", false, "01", ``, "compound(1){a@0:<i1}", "[1]", "01", ""},
		{"structured texts", `[('a', '<U1'), ('', '|V1'), ('b', '|i1')]`, "(1,)", false, "78000000 00 05", ``, "compound(17){a@0:vstr utf8;b@16:<i1}", "[1]", "01000000 0000000000000000 01000000 05", "x"},
		{"Fortran", `'|i1'`, "(2, 3)", true, "00 01 02 03 04 05", ``, "<i1", "[2 3]", "00 02 04 01 03 05", ""},
		{"Fortran vector", `'|i1'`, "(1, 3)", true, "000102", ``, "<i1", "[1 3]", "000102", ""},
		{"Fortran cube", `'|i1'`, "(2, 1, 2)", true, "00 01 02 03", `"dtype":"<i2",`, "<i2", "[2 1 2]", "0000 0200 0100 0300", ""},
		{"empty", `'<f8'`, "(0, 3)", true, "", ``, "<f8", "[0 3]", "", ""},
	} {
		data, err := hex.DecodeString(strings.ReplaceAll(test.data, " ", ""))
		if err != nil {
			t.Fatal(err)
		}
		for _, version := range []byte{1, 2, 3} {
			file := npyFile(version, test.descr, test.fortran, test.shape, data)
			ds, raw, heap := elementsOf(t, one(test.members+`"data":{"part":"p"}`), partOf("p", file))
			if want := strings.ReplaceAll(test.bytes, " ", ""); ds.t.String() != test.dtype || fmt.Sprint(ds.space.Dims) != test.dims || hex.EncodeToString(raw) != want || heap != test.heap {
				t.Errorf("%s, version %d:\n got %s %v %x %q\nwant %s %s %s %q", test.name, version, ds.t, ds.space.Dims, raw, heap, test.dtype, test.dims, want, test.heap)
			}
		}
	}
}

// Boxes of any size give the same array.
func TestFortranBoxes(t *testing.T) {
	dims := []uint64{3, 4, 2, 5}
	src := make([]byte, 120)
	for i := range src {
		src[i] = byte(i)
	}
	want := make([]byte, 120)
	transpose(want, src, dims, 1)
	for budget := uint64(1); budget < 130; budget++ {
		got := make([]byte, 120)
		next := uint64(0)
		array := fortranArray{convertedPart{partSource{body: bytes.NewReader(src), size: 1}, npyType{t: dtypeOf(t, `"i1"`), size: 1}, 0}, dims}
		err := array.boxes(budget, func(box space.Box, first uint64) error {
			if first != next || box.Size() > max(budget, 1) {
				t.Errorf("budget %d: %d elements from %d, want them from %d", budget, box.Size(), first, next)
			}
			next += box.Size()
			raw, err := array.read(context.Background(), box, first, nil)
			if err != nil {
				return err
			}
			for run := range space.Slab(box).Runs(dims) {
				copy(got[run.Offset:run.Offset+run.Count], raw)
				raw = raw[run.Count:]
			}
			return nil
		})
		if err != nil || !bytes.Equal(got, want) {
			t.Fatalf("budget %d: %v\n got %x\nwant %x", budget, err, got, want)
		}
	}
}

func TestFormatOfPart(t *testing.T) {
	npy := npyFile(1, `'|u1'`, false, "(1,)", []byte{7})
	for _, test := range []struct {
		given, media, file string
		body               []byte
		want               string
	}{
		{"", "", "", npy, "npy"},
		{"raw", "application/x-npy", "a.npy", npy, "raw"},
		{"", "application/x-npy", "a.bin", []byte("abc"), "npy"},
		{"", "application/octet-stream", "a.npy", []byte("abc"), "npy"},
		{"", "text/plain; charset=utf-8", "a.dat", npy, "npy"},
		{"", "application/vnd.ms-excel", "", []byte("abc"), "raw"},
		{"", "", "x.PARQUET", []byte("abc"), "parquet"},
		{"", "", "", []byte("PAR1...."), "parquet"},
		{"", "", "", []byte("ARROW1.."), "arrow"},
		{"", "", "", []byte("\x89HDF\r\n\x1a\n"), "hdf5"},
		{"", "", "", nil, "raw"},
	} {
		one := &part{Part: Part{Name: "p", ContentType: test.media, FileName: test.file, Body: bytes.NewReader(test.body)}}
		if got, err := one.formatOf(test.given); got != test.want || err != nil {
			t.Errorf("%+v: got %q, %v", test, got, err)
		}
	}
}

func TestBadParts(t *testing.T) {
	npy := func(descr, shape string, data ...byte) []byte { return npyFile(1, descr, false, shape, data) }
	for _, test := range []struct {
		name, members string
		body          []byte
		status        int
		code          string
	}{
		{"raw without a dtype", `"shape":[2],"data":{"part":"p"}`, []byte("ab"), 422, "missing_dtype"},
		{"raw without a shape", `"dtype":"u1","data":{"part":"p"}`, []byte("ab"), 422, "missing_shape"},
		{"raw too short", `"dtype":"u1","shape":[3],"data":{"part":"p"}`, []byte("ab"), 422, "part_length"},
		{"raw too long", `"dtype":"u1","shape":[1],"data":{"part":"p"}`, []byte("ab"), 422, "part_length"},
		{"raw texts", `"dtype":"str","shape":[1],"data":{"part":"p"}`, []byte("ab"), 422, "bad_dtype"},
		{"unknown format", `"data":{"part":"p","format":"csv"}`, []byte("ab"), 422, "bad_format"},
		{"later format", `"data":{"part":"p"}`, []byte("PAR1"), 501, "unsupported_feature"},
		{"missing", `"data":{"part":"q"}`, []byte("ab"), 422, "missing_part"},
		{"surplus", `"data":1`, []byte("ab"), 422, "surplus_part"},
		{"npy cut off", `"data":{"part":"p"}`, npy(`'<i2'`, "(2,)", 1, 2, 3), 422, "part_length"},
		{"npy too long", `"data":{"part":"p"}`, npy(`'<i2'`, "(1,)", 1, 2, 3), 422, "part_length"},
		{"npy of another shape", `"shape":[2],"data":{"part":"p"}`, npy(`'|i1'`, "(1,)", 1), 422, "shape_mismatch"},
		{"npy pickled", `"data":{"part":"p"}`, npy(`'|O'`, "(1,)", 1), 422, "npy_pickle"},
		{"npy pickled field", `"data":{"part":"p"}`, npy(`[('a', '|O')]`, "(1,)", 1), 422, "npy_pickle"},
		{"npy long double", `"data":{"part":"p"}`, npy(`'<f16'`, "(1,)", 1), 422, "bad_npy"},
		{"npy header", `"data":{"part":"p","format":"npy"}`, []byte("nothing of the kind"), 422, "bad_npy"},
		{"npy version", `"data":{"part":"p"}`, npyFile(9, `'<i2'`, false, "(1,)", nil), 422, "bad_npy"},
		{"npy literal", `"data":{"part":"p"}`, npy(`'<i2'`, "(1,) + ()", 1, 2), 422, "bad_npy"},
		{"npy negative", `"data":{"part":"p"}`, npy(`'<i2'`, "(-1,)"), 422, "bad_npy"},
		{"npy overflow", `"data":{"part":"p"}`, npy(`'<i2'`, "(4294967296, 4294967296)"), 422, "bad_shape"},
		{"npy rank", `"data":{"part":"p"}`, npy(`'|i1'`, "("+strings.Repeat("1,", 33)+")", 1), 422, "rank_too_high"},
		{"lossy float", `"dtype":"<f4","data":{"part":"p"}`, npy(`'<f8'`, "(1,)", 0x9a, 0x99, 0x99, 0x99, 0x99, 0x99, 0xb9, 0x3f), 422, "lossy_conversion"},
		{"lossy integer", `"dtype":"i1","data":{"part":"p"}`, npy(`'<i2'`, "(1,)", 0, 1), 422, "lossy_conversion"},
		{"lossy kind", `"dtype":"str","data":{"part":"p"}`, npy(`'<i2'`, "(1,)", 0, 1), 422, "lossy_conversion"},
		{"no character", `"data":{"part":"p"}`, npy(`'<U1'`, "(1,)", 0, 0xd8, 0, 0), 422, "bad_npy"},
	} {
		err := build(t, one(test.members), partOf("p", test.body))
		var p *Problem
		if !errors.As(err, &p) || p.Status != test.status || p.Code != test.code {
			t.Errorf("%s: got %v (%+v), want %d %s", test.name, err, p, test.status, test.code)
		} else if e := p.Errors[0]; e.Part == "" && e.Pointer == "" {
			t.Errorf("%s: it does not say where", test.name)
		}
	}
	var p *Problem
	_, err := Parse(context.Background(), strings.NewReader(`{}`), []Part{partOf("p", nil), partOf("p", nil)}, testLimits)
	if !errors.As(err, &p) || p.Code != "duplicate_part" {
		t.Errorf("two parts of a name: %v", err)
	}
}

func TestPartsWithoutDescription(t *testing.T) {
	parts := []Part{partOf("raw/t", npyFile(1, `'<i2'`, false, "(2,)", []byte{1, 0, 2, 0})), partOf("raw/p", npyFile(1, `'|b1'`, false, "()", []byte{1}))}
	spec, err := Parse(context.Background(), nil, parts, testLimits)
	if err != nil {
		t.Fatal(err)
	}
	if d := spec.tree.lookup("/raw/t").dataset; d == nil || d.t.String() != "<i2" || fmt.Sprint(d.space.Dims) != "[2]" {
		t.Errorf("got %+v", d)
	}
	if _, err := write(spec); err != nil {
		t.Error(err)
	}
	var p *Problem
	_, err = Parse(context.Background(), nil, []Part{partOf("a", []byte("raw"))}, testLimits)
	if !errors.As(err, &p) || p.Code != "missing_dtype" || p.Errors[0].Part != "a" {
		t.Errorf("raw bytes: %v", err)
	}
	_, err = Parse(context.Background(), nil, []Part{parts[0], partOf("raw//t", npyFile(1, `'|b1'`, false, "()", []byte{1}))}, testLimits)
	if !errors.As(err, &p) || p.Code != "duplicate_path" || p.Errors[0].Part != "raw//t" {
		t.Errorf("two spellings: %v", err)
	}
}
