package space

import (
	"errors"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestParse(t *testing.T) {
	dims := []uint64{4, 10, 6}
	for text, want := range map[string]struct {
		start, stride, count, shape []uint64
	}{
		"":                      {[]uint64{0, 0, 0}, []uint64{1, 1, 1}, []uint64{4, 10, 6}, []uint64{4, 10, 6}},
		"...":                   {[]uint64{0, 0, 0}, []uint64{1, 1, 1}, []uint64{4, 10, 6}, []uint64{4, 10, 6}},
		"3":                     {[]uint64{3, 0, 0}, []uint64{1, 1, 1}, []uint64{1, 10, 6}, []uint64{10, 6}},
		"-1,...,-2":             {[]uint64{3, 0, 4}, []uint64{1, 1, 1}, []uint64{1, 10, 1}, []uint64{10}},
		"1,2,3":                 {[]uint64{1, 2, 3}, []uint64{1, 1, 1}, []uint64{1, 1, 1}, []uint64{}},
		"1,...,2,3":             {[]uint64{1, 2, 3}, []uint64{1, 1, 1}, []uint64{1, 1, 1}, []uint64{}},
		"...,::2":               {[]uint64{0, 0, 0}, []uint64{1, 1, 2}, []uint64{4, 10, 3}, []uint64{4, 10, 3}},
		":,2:9:3":               {[]uint64{0, 2, 0}, []uint64{1, 3, 1}, []uint64{4, 3, 6}, []uint64{4, 3, 6}},
		"1:99,-3:,:-2":          {[]uint64{1, 7, 0}, []uint64{1, 1, 1}, []uint64{3, 3, 4}, []uint64{3, 3, 4}},
		"2:1,5:5,-99:1":         {[]uint64{2, 5, 0}, []uint64{1, 1, 1}, []uint64{0, 0, 1}, []uint64{0, 0, 1}},
		"[0, 1:2]":              {[]uint64{0, 1, 0}, []uint64{1, 1, 1}, []uint64{1, 1, 6}, []uint64{1, 6}},
		"%5B0%2C1%3A2%5D":       {[]uint64{0, 1, 0}, []uint64{1, 1, 1}, []uint64{1, 1, 6}, []uint64{1, 6}},
		"::9223372036854775807": {[]uint64{0, 0, 0}, []uint64{1<<63 - 1, 1, 1}, []uint64{1, 10, 6}, []uint64{1, 10, 6}},
	} {
		sel, shape, err := Parse(text, dims)
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		if !slices.Equal(sel.Start, want.start) || !slices.Equal(sel.Stride, want.stride) ||
			!slices.Equal(sel.Count, want.count) || !slices.Equal(shape, want.shape) {
			t.Errorf("%q: %v, shape %v", text, sel, shape)
		}
		if err := sel.Check(dims); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestParseErrors(t *testing.T) {
	dims := []uint64{4, 10, 0}
	for text, want := range map[string]string{
		"4":                    "selection: axis 0: the index 4 is out of range: the axis has length 4",
		":,-11":                "selection: axis 1: the index -11 is out of range: the axis has length 10",
		"0,0,0":                "selection: axis 2: the index 0 is out of range: the axis has length 0",
		"0,0,:,0":              "selection: 4 members, the space has 3 axes",
		"...,...":              `selection: "...,..." has more than one "..."`,
		"::0":                  "selection: axis 0: the step 0 is not above 0",
		":,::-1":               "selection: axis 1: the step -1 is not above 0",
		"1:2:3:4":              `selection: axis 0: "1:2:3:4" has more than start:stop:step`,
		"x":                    `selection: axis 0: "x" is no index and no start:stop:step`,
		"1,,2":                 "selection: axis 1: an empty member",
		"1.5":                  `selection: axis 0: "1.5" is no index and no start:stop:step`,
		"%zz":                  `selection: "%zz" is not percent-encoded`,
		"99999999999999999999": `selection: axis 0: "99999999999999999999" is no index and no start:stop:step`,
	} {
		_, _, err := Parse(text, dims)
		var e *Error
		if !errors.As(err, &e) || err.Error() != want {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

// FuzzParse: what is parsed fits the space and has the shape that it says.
func FuzzParse(f *testing.F) {
	f.Add("1:2,...,-1", uint64(4), uint64(10))
	f.Add("[::3, 0]", uint64(1), uint64(0))
	f.Add("-9223372036854775808:9223372036854775807:2", uint64(1<<63), uint64(2))
	f.Fuzz(func(t *testing.T, text string, a, b uint64) {
		dims := []uint64{a, b}
		sel, shape, err := Parse(text, dims)
		if err != nil {
			return
		}
		if err := sel.Check(dims); err != nil {
			t.Fatalf("%q of %v: %v", text, dims, err)
		}
		n, ok := product(shape)
		m, all := product(sel.Count)
		if n != m || ok != all {
			t.Fatalf("%q of %v: shape %v, counts %v", text, dims, shape, sel.Count)
		}
	})
}

// offsets lists what a selection's runs lead to.
func offsets(sel Selection, dims []uint64) (all []uint64) {
	for run := range sel.Runs(dims) {
		for i := range run.Count {
			all = append(all, run.Offset+i)
		}
	}
	return all
}

// TestFancyIsTheProduct picks the elements of random axes one by one.
func TestFancyIsTheProduct(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		dims := rapid.SliceOfN(rapid.Uint64Range(1, 6), 1, 4).Draw(rt, "dims")
		var axes []Axis
		var shape []uint64
		want := []uint64{0}
		for i, d := range dims {
			axis, taken, keeps := anAxis(rt, d)
			if i < len(dims)-1 || rapid.Bool().Draw(rt, "named") {
				axes = append(axes, axis)
			} else {
				taken, keeps = upTo(d), true
			}
			if keeps {
				shape = append(shape, uint64(len(taken)))
			}
			var next []uint64
			for _, before := range want {
				for _, k := range taken {
					next = append(next, before*d+k)
				}
			}
			want = next
		}
		f, err := NewFancy(dims, axes...)
		if err != nil {
			rt.Fatal(err)
		}
		if got := offsets(f, dims); !slices.Equal(got, want) || f.Size() != uint64(len(want)) || !slices.Equal(f.Shape(), shape) {
			rt.Fatalf("%v of %v: %v, want %v; shape %v, want %v", axes, dims, got, want, f.Shape(), shape)
		}
		holdBounds(rt, f, dims, want)
		var blocks []uint64
		for part := range Blocks(f, dims, nil, 5) {
			blocks = append(blocks, offsets(part, dims)...)
		}
		if !slices.Equal(blocks, want) {
			rt.Fatalf("in blocks: %v, want %v", blocks, want)
		}
	})
}

func holdBounds(t rapid.TB, sel Selection, dims, want []uint64) {
	t.Helper()
	if len(want) == 0 {
		return
	}
	var coords []uint64
	for _, at := range want {
		first := len(coords)
		coords = append(coords, dims...)
		for k := len(dims) - 1; k >= 0; k-- {
			coords[first+k] = at % dims[k]
			at /= dims[k]
		}
	}
	p, err := Points(len(dims), coords)
	if err != nil || !reflect.DeepEqual(sel.Bounds(), p.Bounds()) {
		t.Fatalf("bounds %v, want %v (%v)", sel.Bounds(), p.Bounds(), err)
	}
}

func upTo(n uint64) (all []uint64) {
	for k := range n {
		all = append(all, k)
	}
	return all
}

// anAxis draws an axis, what it takes, and whether the result keeps it.
func anAxis(rt *rapid.T, d uint64) (Axis, []uint64, bool) {
	switch rapid.IntRange(0, 3).Draw(rt, "kind") {
	case 0:
		at := rapid.Int64Range(-int64(d), int64(d)-1).Draw(rt, "index")
		return Index(at), []uint64{uint64(at+int64(d)) % d}, false
	case 1:
		start, stop := rapid.Int64Range(0, int64(d)).Draw(rt, "start"), rapid.Int64Range(0, int64(d)+3).Draw(rt, "stop")
		step := rapid.Int64Range(1, 4).Draw(rt, "step")
		var taken []uint64
		for k := start; k < min(stop, int64(d)); k += step {
			taken = append(taken, uint64(k))
		}
		return Slice(start, stop, step), taken, true
	case 2:
		list := rapid.SliceOfN(rapid.Uint64Range(0, d-1), 0, 7).Draw(rt, "list")
		return List(list...), list, true
	}
	mask := rapid.SliceOfN(rapid.Bool(), int(d), int(d)).Draw(rt, "mask")
	var taken []uint64
	for k, on := range mask {
		if on {
			taken = append(taken, uint64(k))
		}
	}
	return Mask(mask), taken, true
}

func TestFancyErrors(t *testing.T) {
	dims := []uint64{4, 3}
	for want, axes := range map[string][]Axis{
		"selection: axis 0: the index 4 is out of range: the axis has length 4": {Index(4)},
		"selection: axis 1: the index 3 is out of range: the axis has length 3": {Whole(), List(0, 3)},
		"selection: axis 0: the mask has 1 elements: the axis has length 4":     {Mask([]bool{true})},
		"selection: axis 0: the step 0 is not above 0":                          {Slice(0, 1, 0)},
		"selection: 3 axes, the space has 2":                                    {Whole(), Whole(), Whole()},
	} {
		if _, err := NewFancy(dims, axes...); err == nil || err.Error() != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
	f, err := NewFancy(dims, List(3))
	if err != nil || f.Check([]uint64{3, 3}) == nil {
		t.Error("a selection of 4 × 3 fits 3 × 3")
	}
}

func TestMaskPoints(t *testing.T) {
	p, err := MaskPoints([]uint64{2, 2}, []bool{false, true, true, false})
	if err != nil || !slices.Equal(offsets(p, []uint64{2, 2}), []uint64{1, 2}) {
		t.Errorf("%v, %v", p, err)
	}
	if _, err := MaskPoints([]uint64{2, 2}, []bool{true}); err == nil {
		t.Error("a mask of one element for four")
	}
}

// TestBlocksAreTheWhole cuts random hyperslabs and puts them together.
func TestBlocksAreTheWhole(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		dims := rapid.SliceOfN(rapid.Uint64Range(1, 12), 0, 3).Draw(rt, "dims")
		var h Hyperslab
		var chunk []uint64
		for _, d := range dims {
			start := rapid.Uint64Range(0, d-1).Draw(rt, "start")
			block := rapid.Uint64Range(1, min(3, d-start)).Draw(rt, "block")
			stride := rapid.Uint64Range(block, block+2).Draw(rt, "stride")
			h.Start, h.Block, h.Stride = append(h.Start, start), append(h.Block, block), append(h.Stride, stride)
			h.Count = append(h.Count, rapid.Uint64Range(1, (d-start-block)/stride+1).Draw(rt, "count"))
			chunk = append(chunk, rapid.Uint64Range(1, d).Draw(rt, "chunk"))
		}
		most := rapid.Uint64Range(1, 40).Draw(rt, "most")
		var got []uint64
		for part, shape := range Blocks(h, dims, chunk, most) {
			if err := part.Check(dims); err != nil || part.Size() > most || part.Size() == 0 {
				rt.Fatalf("%v: %d elements, %v", part, part.Size(), err)
			}
			if n, _ := product(shape); shape != nil && n != part.Size() {
				rt.Fatalf("%v has the shape %v", part, shape)
			}
			got = append(got, offsets(part, dims)...)
		}
		if want := offsets(h, dims); !slices.Equal(got, want) {
			rt.Fatalf("%v in blocks of %d: %v, want %v", h, most, got, want)
		}
	})
}

func TestBlocksEndWithChunks(t *testing.T) {
	dims := []uint64{10, 4}
	sel := Hyperslab{Start: []uint64{1, 0}, Count: []uint64{9, 4}}
	var rows []uint64
	for part := range Blocks(sel, dims, []uint64{3, 4}, 16) {
		rows = append(rows, part.(Hyperslab).Start[0])
	}
	if !slices.Equal(rows, []uint64{1, 3, 6, 9}) {
		t.Errorf("blocks from rows %v on", rows)
	}
}
