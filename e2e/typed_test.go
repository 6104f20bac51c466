package e2e

import (
	"path/filepath"
	"reflect"
	"slices"
	"testing"

	"github.com/h5serve/h5serve/e2e/reference"
	"github.com/h5serve/h5serve/h5core"
	"github.com/h5serve/h5serve/h5core/space"
)

// TestTypedReading reads what h5py wrote into Go values.
func TestTypedReading(t *testing.T) {
	for name, python := range map[string]string{"current": reference.Current(t), "HDF5 1.10": reference.Debian(t)} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "typed.h5")
			script(t, python, "typed.py", path)
			f, err := h5core.Open(t.Context(), path, "r")
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			holdNumbers(t, f)
			holdOthers(t, f)
			holdTable(t, f)
			holdReferences(t, f)
			holdSelections(t, f)
		})
	}
}

func find(t *testing.T, f *h5core.File, path string) *h5core.Dataset {
	t.Helper()
	o, err := f.Get(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	return o.(*h5core.Dataset)
}

func hold[T any](t *testing.T, f *h5core.File, path string, want ...T) {
	t.Helper()
	got, err := h5core.Read[T](t.Context(), find(t, f, path), nil)
	if err != nil || !slices.EqualFunc(got, want, func(a, b T) bool { return reflect.DeepEqual(a, b) }) {
		t.Errorf("%s: %v, %v; want %v", path, got, err, want)
	}
}

type colour int16

func holdNumbers(t *testing.T, f *h5core.File) {
	hold[int](t, f, "f2", 0, -2, 1<<63-1)
	hold[float64](t, f, "i8", -1, 1<<40)
	hold[int32](t, f, "i8", -1, 1<<31-1)
	hold(t, f, "bool", true, false, true)
	hold[complex128](t, f, "c8", 1+2i, -1i)
	hold[colour](t, f, "enum", 0, 2)
	hold(t, f, "enum", "RED", "BLUE")
	hold[float32](t, f, "empty")
	if v, err := h5core.Value[float64](t.Context(), find(t, f, "scalar")); v != 2.5 || err != nil {
		t.Errorf("scalar: %v, %v", v, err)
	}
}

func holdOthers(t *testing.T, f *h5core.File) {
	hold(t, f, "fixed", "ab", "abcd")
	hold(t, f, "text", "eins", "", "zwei é")
	hold(t, f, "vlen", []int16{1, -2, 3}, nil, []int16{1<<15 - 1})
	hold(t, f, "time", [8]byte{0x00, 0xe1, 0x0b, 0x5e})
	units, err := h5core.AttributeValue[string](t.Context(), find(t, f, "grid").Attributes(), "units")
	if err != nil || units != "K" {
		t.Errorf("units: %q, %v", units, err)
	}
	limits, err := h5core.ReadAttribute[uint8](t.Context(), find(t, f, "grid").Attributes(), "range")
	if err != nil || !slices.Equal(limits, []uint8{0, 255}) {
		t.Errorf("range: %v, %v", limits, err)
	}
}

type inner struct {
	A uint16 `h5:"a"`
	B string `h5:"b"`
}

func holdTable(t *testing.T, f *h5core.File) {
	type entry struct {
		Many []float64  `h5:"many"`
		Name string     `h5:"name"`
		ID   int64      `h5:"id"`
		Pos  [3]float64 `h5:"pos"`
		In   inner      `h5:"in"`
		OK   bool       `h5:"ok"`
	}
	hold(t, f, "table",
		entry{ID: 7, Pos: [3]float64{1, 2, 3}, Name: "seven", In: inner{8, "xyz"}, Many: []float64{1.5, 2.5}, OK: true},
		entry{ID: -9, Pos: [3]float64{4, 5, 6}, In: inner{255, "q"}})
	type plain struct {
		Pos [3]float32 `h5:"pos"`
		ID  int32      `h5:"id"`
	}
	hold(t, f, "table", plain{ID: 7, Pos: [3]float32{1, 2, 3}}, plain{ID: -9, Pos: [3]float32{4, 5, 6}})
}

func holdReferences(t *testing.T, f *h5core.File) {
	hold(t, f, "refs", h5core.ObjectReference{Path: "/grid", Address: find(t, f, "grid").Address()}, h5core.ObjectReference{})
	hold(t, f, "regions", h5core.RegionReference{Path: "/grid", Count: 4, Indices: []uint64{58, 59, 88, 89}}, h5core.RegionReference{})
	regions, err := h5core.Read[h5core.RegionReference](t.Context(), find(t, f, "regions"), nil)
	if err != nil {
		t.Fatal(err)
	}
	sel, err := regions[0].Selection([]uint64{20, 30})
	if err != nil {
		t.Fatal(err)
	}
	got, err := h5core.Read[int](t.Context(), find(t, f, "grid"), sel)
	if err != nil || !slices.Equal(got, []int{58, 59, 88, 89}) {
		t.Errorf("the region holds %v, %v", got, err)
	}
}

// holdSelections selects what typed.py selected.
func holdSelections(t *testing.T, f *h5core.File) {
	grid := find(t, f, "grid")
	dims := grid.Space().Dims
	for i, text := range []string{"::3,4:20:5", "5", "-1,-30:-3:7", "...,29"} {
		sel, shape, err := space.Parse(text, dims)
		if err != nil {
			t.Fatal(err)
		}
		holdSelection(t, f, "selected/"+string(rune('0'+i)), sel, shape)
	}
	for i, axes := range [][]space.Axis{{space.List(1, 4, 18), space.Slice(3, 5, 1)}, {space.Index(2), space.List(0, 3, 29)}} {
		sel, err := space.NewFancy(dims, axes...)
		if err != nil {
			t.Fatal(err)
		}
		holdSelection(t, f, "selected/"+string(rune('4'+i)), sel, sel.Shape())
	}
}

func holdSelection(t *testing.T, f *h5core.File, path string, sel space.Selection, shape []uint64) {
	t.Helper()
	want, err := h5core.Read[int32](t.Context(), find(t, f, path), nil)
	if err != nil {
		t.Fatal(err)
	}
	got, err := h5core.Read[int32](t.Context(), find(t, f, "grid"), sel)
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%s: %v, %v; h5py reads %v", path, got, err, want)
	}
	wanted, err := h5core.ReadAttribute[uint64](t.Context(), find(t, f, path).Attributes(), "shape")
	if err != nil || !slices.Equal(shape, wanted) {
		t.Errorf("%s: shape %v, %v; h5py has %v", path, shape, err, wanted)
	}
	var blocks []int32
	for b, err := range h5core.EachBlock[int32](t.Context(), find(t, f, "grid"), sel, 7) {
		if err != nil {
			t.Fatal(err)
		}
		blocks = append(blocks, b.Values...)
	}
	if !slices.Equal(blocks, want) {
		t.Errorf("%s: in blocks %v, h5py reads %v", path, blocks, want)
	}
}
