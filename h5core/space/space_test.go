package space

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func simple(dims, max []uint64) Space { return Space{Kind: Simple, Dims: dims, Max: max} }

func TestCount(t *testing.T) {
	for _, c := range []struct {
		space Space
		want  uint64
		fails bool
	}{
		{Space{Kind: Scalar}, 1, false},
		{Space{Kind: Null}, 0, false},
		{simple(nil, nil), 1, false},
		{simple([]uint64{3, 4, 5}, nil), 60, false},
		{simple([]uint64{1 << 32, 1 << 31}, nil), 1 << 63, false},
		{simple([]uint64{1 << 32, 1 << 32}, nil), 0, true},
		{simple([]uint64{1 << 63, 2, 0}, nil), 0, false},
		{simple([]uint64{0, 1 << 63, 2}, nil), 0, false},
	} {
		n, err := c.space.Count()
		if n != c.want || (err != nil) != c.fails {
			t.Errorf("%v: %d, %v", c.space, n, err)
		}
	}
}

// axisOf returns what and where an *Error complains of.
func axisOf(t *testing.T, err error) (string, int) {
	t.Helper()
	if err == nil {
		return "", 0
	}
	var e *Error
	if !errors.As(err, &e) {
		t.Fatalf("%v is no *Error", err)
	}
	return e.What, e.Axis
}

func TestValidate(t *testing.T) {
	for name, c := range map[string]struct {
		space Space
		item  uint64
		what  string
		axis  int
	}{
		"scalar":           {Space{Kind: Scalar}, 8, "", 0},
		"null":             {Space{Kind: Null}, 8, "", 0},
		"scalar with dims": {Space{Kind: Scalar, Dims: []uint64{1}}, 8, "space", -1},
		"unknown kind":     {Space{Kind: 3}, 8, "space", -1},
		"empty":            {simple([]uint64{0}, nil), 8, "", 0},
		"rank 32":          {simple(make([]uint64, 32), nil), 8, "", 0},
		"rank 33":          {simple(make([]uint64, 33), nil), 8, "shape", -1},
		"grows":            {simple([]uint64{2, 3}, []uint64{Unlimited, 3}), 8, "", 0},
		"max too short":    {simple([]uint64{2, 3}, []uint64{2}), 8, "maxshape", -1},
		"max below":        {simple([]uint64{2, 3}, []uint64{2, 2}), 8, "maxshape", 1},
		"unlimited length": {simple([]uint64{1, Unlimited}, nil), 8, "shape", 1},
		"2^63 bytes":       {simple([]uint64{1 << 60}, nil), 8, "", 0},
		"2^64 bytes":       {simple([]uint64{1 << 61}, nil), 8, "shape", -1},
	} {
		what, axis := axisOf(t, c.space.Validate(c.item))
		if what != c.what || axis != c.axis {
			t.Errorf("%s: %q %d", name, what, axis)
		}
	}
}

func TestValidateChunk(t *testing.T) {
	for name, c := range map[string]struct {
		space Space
		chunk []uint64
		item  uint64
		what  string
		axis  int
	}{
		"fits":                  {simple([]uint64{10, 10}, nil), []uint64{10, 1}, 4, "", 0},
		"scalar":                {Space{Kind: Scalar}, nil, 4, "chunks", -1},
		"rank":                  {simple([]uint64{10}, nil), []uint64{1, 1}, 4, "chunks", -1},
		"zero":                  {simple([]uint64{10, 10}, nil), []uint64{1, 0}, 4, "chunks", 1},
		"beyond the shape":      {simple([]uint64{10}, nil), []uint64{11}, 4, "chunks", 0},
		"beyond the max":        {simple([]uint64{10}, []uint64{20}), []uint64{21}, 4, "chunks", 0},
		"the max leaves room":   {simple([]uint64{10}, []uint64{20}), []uint64{20}, 4, "", 0},
		"unlimited":             {simple([]uint64{10}, []uint64{Unlimited}), []uint64{1000}, 4, "", 0},
		"2^32-1 bytes":          {simple([]uint64{1 << 40}, nil), []uint64{1<<32 - 1}, 1, "", 0},
		"2^32 bytes":            {simple([]uint64{1 << 40}, nil), []uint64{1 << 30}, 4, "chunks", -1},
		"2^32 along an axis":    {simple([]uint64{1 << 40}, nil), []uint64{1 << 32}, 1, "chunks", 0},
		"the product overflows": {simple([]uint64{1 << 31, 1 << 31, 1 << 31}, nil), []uint64{1 << 31, 1 << 31, 1 << 31}, 1, "chunks", -1},
		"an empty axis":         {simple([]uint64{0}, nil), []uint64{5}, 1, "", 0},
	} {
		what, axis := axisOf(t, c.space.ValidateChunk(c.chunk, c.item))
		if what != c.what || axis != c.axis {
			t.Errorf("%s: %q %d", name, what, axis)
		}
	}
}

func TestErrorText(t *testing.T) {
	err := simple([]uint64{2, 3}, []uint64{2, 2}).Validate(1)
	if got, want := err.Error(), "maxshape: axis 1: 2 is less than the length 3"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestIntersect(t *testing.T) {
	a := Box{Start: []uint64{0, 5}, Count: []uint64{4, 5}}
	b := Box{Start: []uint64{2, 0}, Count: []uint64{9, 7}}
	common, ok := a.Intersect(b)
	if diff := cmp.Diff(Box{Start: []uint64{2, 5}, Count: []uint64{2, 2}}, common); !ok || diff != "" {
		t.Error(ok, diff)
	}
	if _, ok := a.Intersect(Box{Start: []uint64{4, 5}, Count: []uint64{1, 1}}); ok {
		t.Error("boxes that only touch have something in common")
	}
}

// The vectors were made with h5py.
func TestGuessChunk(t *testing.T) {
	for _, c := range []struct {
		shape []uint64
		item  uint64
		want  []uint64
	}{
		{nil, 8, nil},
		{[]uint64{100}, 8, []uint64{100}},
		{[]uint64{10_000_000}, 8, []uint64{9766}},
		{[]uint64{1000, 1000}, 8, []uint64{63, 63}},
		{[]uint64{1024, 1024, 1024}, 4, []uint64{32, 32, 64}},
		{[]uint64{0}, 4, []uint64{1024}},
		{[]uint64{2048, 2048}, 1, []uint64{128, 256}},
		{[]uint64{0, 10}, 4, []uint64{512, 5}},
		{[]uint64{1, 1_000_000}, 16, []uint64{1, 1954}},
		{[]uint64{100, 100, 100}, 4, []uint64{13, 25, 25}},
		{[]uint64{365, 721, 1440}, 4, []uint64{12, 46, 90}},
		{[]uint64{5}, 2_000_000, []uint64{1}},
	} {
		if diff := cmp.Diff(c.want, GuessChunk(c.shape, nil, c.item)); diff != "" {
			t.Errorf("%v of %d: %s", c.shape, c.item, diff)
		}
	}
	if got := GuessChunk([]uint64{0}, []uint64{7}, 4); got[0] != 7 {
		t.Errorf("a bounded empty axis: %v", got)
	}
}
