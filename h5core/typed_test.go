package h5core_test

import (
	"errors"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/h5serve/h5serve/h5core"
	"github.com/h5serve/h5serve/h5core/dtype"
	"github.com/h5serve/h5serve/h5core/space"
)

// created makes a dataset of Go values, with the type that they are stored as.
func created(t testing.TB, f *h5core.File, name string, v any) *h5core.Dataset {
	t.Helper()
	typ, shape, err := dtype.Of(v)
	must(t, err)
	d, err := f.CreateDataset(name, typ, simple(shape...))
	must(t, err)
	must(t, d.Write(ctx, nil, v))
	return d
}

// typedSet makes a dataset of a given type from Go values.
func typedSet(t testing.TB, f *h5core.File, name string, typ *dtype.Type, n uint64, v any) {
	t.Helper()
	d, err := f.CreateDataset(name, typ, simple(n))
	must(t, err)
	must(t, d.Write(ctx, nil, v))
}

func holdRead[T any](t *testing.T, f *h5core.File, path string, want ...T) {
	t.Helper()
	got, err := h5core.Read[T](ctx, open(t, f, path), nil)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%s as %T: %v, %v; want %v", path, want, got, err, want)
	}
}

func TestReadNumbers(t *testing.T) {
	f := inMemory(t)
	typedSet(t, f, "i2", dtype.Must(dtype.Parse(">i2")), 3, []int16{-1, 300, math.MaxInt16})
	typedSet(t, f, "f8", dtype.Float64(dtype.LittleEndian), 4, []float64{-1.9, 1e300, math.Inf(-1), 0.5})
	typedSet(t, f, "c16", dtype.Must(dtype.ComplexOf(16, dtype.BigEndian)), 1, []complex128{1 - 2i})
	typedSet(t, f, "bool", dtype.Bool(), 2, []bool{true, false})
	typedSet(t, f, "bits", &dtype.Type{Class: dtype.Bitfield, Size: 2, BitOffset: 2, Precision: 12}, 1, []int{0xfff})
	r := reopened(t, f)
	holdRead[int16](t, r, "i2", -1, 300, math.MaxInt16)
	holdRead[int](t, r, "i2", -1, 300, math.MaxInt16)
	holdRead[uint8](t, r, "i2", 0, 255, 255) // clamped
	holdRead[float32](t, r, "i2", -1, 300, math.MaxInt16)
	holdRead[complex64](t, r, "i2", -1, 300, math.MaxInt16)
	holdRead[bool](t, r, "i2", true, true, true)
	holdRead(t, r, "f8", -1.9, 1e300, math.Inf(-1), 0.5)
	holdRead[int8](t, r, "f8", -1, 127, -128, 0)
	holdRead[float32](t, r, "f8", -1.9, float32(math.Inf(1)), float32(math.Inf(-1)), 0.5)
	holdRead[complex64](t, r, "c16", 1-2i)
	holdRead(t, r, "bool", true, false)
	holdRead[uint32](t, r, "bool", 1, 0)
	holdRead(t, r, "bool", "TRUE", "FALSE")
	holdRead[uint16](t, r, "bits", 0xfff)
	holdRead(t, r, "bits", []byte{0xfc, 0x3f})
}

func TestReadOthers(t *testing.T) {
	f := inMemory(t)
	typedSet(t, f, "fixed", dtype.Must(dtype.FixedString(5, dtype.UTF8, dtype.SpacePad)), 2, []string{"ab", "é"})
	typedSet(t, f, "opaque", dtype.Must(dtype.OpaqueOf(2, "tag")), 1, [][]byte{{1, 2}})
	created(t, f, "text", []string{"one", "", "drei"})
	vlen := dtype.Must(dtype.VarLenOf(dtype.Must(dtype.Parse(">i4"))))
	typedSet(t, f, "vlen", vlen, 3, [][]int32{{1, -2, 3}, nil, {4}})
	array := dtype.Must(dtype.ArrayOf(dtype.Float32(dtype.BigEndian), 2, 3))
	typedSet(t, f, "array", array, 1, [][2][3]float32{{{1, 2, 3}, {4, 5, 6}}})
	r := reopened(t, f)
	holdRead(t, r, "fixed", "ab", "é")
	holdRead(t, r, "fixed", []byte("ab"), []byte("é"))
	holdRead(t, r, "fixed", [3]byte{'a', 'b'}, [3]byte{0xc3, 0xa9})
	holdRead(t, r, "opaque", []byte{1, 2})
	holdRead(t, r, "opaque", [2]byte{1, 2})
	holdRead(t, r, "text", "one", "", "drei")
	holdRead(t, r, "text", []byte("one"), nil, []byte("drei"))
	one, three := "one", "drei"
	holdRead(t, r, "text", &one, nil, &three)
	holdRead(t, r, "vlen", []int32{1, -2, 3}, nil, []int32{4})
	holdRead(t, r, "vlen", []float64{1, -2, 3}, nil, []float64{4})
	holdRead(t, r, "vlen", []byte{1, 0, 3}, nil, []byte{4})
	holdRead(t, r, "array", [2][3]float32{{1, 2, 3}, {4, 5, 6}})
	holdRead(t, r, "array", [2][3]int8{{1, 2, 3}, {4, 5, 6}})
	holdRead(t, r, "array", [][]float64{{1, 2, 3}, {4, 5, 6}})
}

type point struct{ X, Y float64 }

type row struct {
	Name    string `h5:"name"`
	At      point
	Count   uint16    `h5:"n"`
	History []float32 `h5:"history"`
	Grid    [2][2]int8
	OK      bool
	Labels  [2]string
	Phase   complex64
	Ignored int `h5:"-"`
	_       int
}

func someRows() []row {
	return []row{
		{Name: "a", At: point{1, 2}, Count: 3, History: []float32{4, 5}, Grid: [2][2]int8{{6, 7}, {8, 9}}, OK: true, Labels: [2]string{"x", "yy"}, Phase: 1i},
		{Name: "", At: point{-1, math.Pi}, Count: 65535, Labels: [2]string{"", "z"}},
	}
}

func TestReadStructs(t *testing.T) {
	f := inMemory(t)
	created(t, f, "table", someRows())
	must(t, f.Attributes().Set("row", someRows()[0]))
	r := reopened(t, f)
	holdRead(t, r, "table", someRows()...)
	type some struct {
		Count int32 `h5:"n"`
		At    struct{ Y float32 }
		More  string // the file has none
	}
	holdRead(t, r, "table", some{Count: 3, At: struct{ Y float32 }{2}}, some{Count: 65535, At: struct{ Y float32 }{math.Pi}})
	got, err := h5core.AttributeValue[row](ctx, r.Attributes(), "row")
	if err != nil || !reflect.DeepEqual(got, someRows()[0]) {
		t.Errorf("attribute: %+v, %v", got, err)
	}
	kept := []some{{More: "kept"}, {More: "too"}}
	must(t, h5core.ReadInto(ctx, open(t, r, "table"), nil, kept))
	if kept[0].More != "kept" || kept[1].Count != 65535 {
		t.Errorf("read into %+v", kept)
	}
}

func TestReadErrorsNameBothTypes(t *testing.T) {
	f := inMemory(t)
	created(t, f, "a/table", someRows())
	created(t, f, "text", []string{"one"})
	created(t, f, "numbers", []int32{1, 2})
	null, err := f.CreateDataset("null", i8, space.Space{Kind: space.Null})
	must(t, err)
	_ = null
	r := reopened(t, f)
	as := func(_ any, err error) error { return err }
	table, text, numbers := open(t, r, "a/table"), open(t, r, "text"), open(t, r, "numbers")
	for want, err := range map[string]error{
		"read /text: the stored type vstr utf8 does not go into the Go type int":             as(h5core.Read[int](ctx, text, nil)),
		"read /numbers: the stored type <i4 does not go into the Go type string":             as(h5core.Read[string](ctx, numbers, nil)),
		`read /a/table: member "At.X": the stored type <f8 does not go into the Go type str`: as(h5core.Read[struct{ At struct{ X string } }](ctx, table, nil)),
		"read /a/table: the stored type comp":                                                as(h5core.Read[struct{ Other int }](ctx, table, nil)),
		"read /numbers: it holds 2 elements, not one":                                        as(h5core.Value[int](ctx, numbers)),
		"read /numbers: there is room for 1 elements, 2 are selected":                        h5core.ReadInto(ctx, numbers, nil, []int{0}),
		"read /numbers: selection: axis 0":                                                   as(h5core.Read[int](ctx, numbers, space.Slab(space.Box{Start: []uint64{1}, Count: []uint64{2}}))),
	} {
		if !errors.Is(err, h5core.ErrInvalid) || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
	var typeError *h5core.TypeError
	if _, err := h5core.Read[int](ctx, text, nil); !errors.As(err, &typeError) || typeError.Go != reflect.TypeFor[int]() {
		t.Errorf("%v is no TypeError", err)
	}
	if _, err := r.Attributes().Get(ctx, "none"); !errors.Is(err, h5core.ErrNotFound) {
		t.Errorf("no attribute: %v", err)
	}
	if v, err := h5core.Read[int](ctx, open(t, r, "null"), nil); err != nil || len(v) != 0 {
		t.Errorf("null: %v, %v", v, err)
	}
}

type sample struct {
	A int32
	B []uint8
	C string
	D [3]float32
	E struct {
		F bool
		G uint64
	}
	H complex128
}

// TestWrittenReadsBack writes random values of many types and reads them.
func TestWrittenReadsBack(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		f := inMemory(t)
		text := rapid.StringMatching(`[a-zé]{0,9}`)
		tables := rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) sample {
			s := sample{A: rapid.Int32().Draw(rt, "A"), B: rapid.SliceOf(rapid.Byte()).Draw(rt, "B"), C: text.Draw(rt, "C"),
				D: [3]float32{rapid.Float32().Draw(rt, "D")}, H: complex(rapid.Float64().Draw(rt, "H"), 1)}
			s.E.F, s.E.G = rapid.Bool().Draw(rt, "F"), rapid.Uint64().Draw(rt, "G")
			if len(s.B) == 0 {
				s.B = nil // an empty sequence is a null one
			}
			return s
		}), 1, 20).Draw(rt, "table")
		texts := rapid.SliceOfN(text, 1, 9).Draw(rt, "texts")
		floats := rapid.SliceOfN(rapid.Float64(), 1, 99).Draw(rt, "floats")
		ints := rapid.SliceOfN(rapid.Int16(), 1, 99).Draw(rt, "ints")
		created(t, f, "table", tables)
		created(t, f, "floats", floats)
		must(t, f.Attributes().Set("texts", texts))
		must(t, f.Attributes().Set("ints", ints))
		r := reopened(t, f)
		holdRead(t, r, "table", tables...)
		holdRead(t, r, "floats", floats...)
		gotTexts, err := h5core.ReadAttribute[string](ctx, r.Attributes(), "texts")
		must(t, err)
		gotInts, err := h5core.ReadAttribute[int16](ctx, r.Attributes(), "ints")
		must(t, err)
		if !slices.Equal(gotTexts, texts) || !slices.Equal(gotInts, ints) {
			rt.Fatalf("attributes %q, %v came back as %q, %v", texts, ints, gotTexts, gotInts)
		}
	})
}

func TestReadByReflection(t *testing.T) {
	h5core.WithoutViews(func() {
		t.Run("numbers", TestReadNumbers)
		t.Run("others", TestReadOthers)
		t.Run("structs", TestReadStructs)
	})
}
