package h5core_test

import (
	"bytes"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/h5serve/h5serve/h5core"
	"github.com/h5serve/h5serve/h5core/dtype"
	"github.com/h5serve/h5serve/h5core/filter"
	"github.com/h5serve/h5serve/h5core/space"
)

// counting is a filter that counts how often it runs: it turns every bit.
type counting struct{ runs *atomic.Int64 }

var (
	codecRuns atomic.Int64
	register  = sync.OnceFunc(func() { filter.Register(counting{&codecRuns}) })
)

func (counting) ID() filter.ID                                     { return 40001 }
func (counting) Name() string                                      { return "counting" }
func (counting) Extent(in filter.Extent, _ []uint32) filter.Extent { return filter.Extent{Max: in.Max} }

func (c counting) Encode(dst, src []byte, _ []uint32) ([]byte, error) {
	c.runs.Add(1)
	for _, b := range src {
		dst = append(dst, ^b)
	}
	return dst, nil
}

func (c counting) Decode(dst, src []byte, p []uint32, _ int) ([]byte, error) {
	return c.Encode(dst, src, p)
}

func numbers(n int) []int64 {
	list := make([]int64, n)
	for i := range list {
		list[i] = int64(i)
	}
	return list
}

func TestCopyVerbatim(t *testing.T) {
	register()
	f := inMemory(t)
	d := dataset(t, f.Group, "g/d", simple(40, 30), h5core.Chunks(10, 7),
		h5core.Filters(filter.Step{Filter: counting{&codecRuns}}), h5core.FillValue(int64(5)))
	must(t, d.Write(ctx, nil, numbers(1200)))
	must(t, f.HardLink("again", "g/d"))
	must(t, f.SoftLink("soft", "/g/d"))
	src := reopened(t, f)
	before := codecRuns.Load()
	dst := inMemory(t)
	must(t, h5core.CopyAll(ctx, src, dst))
	image := whole(t, dst)
	if got := codecRuns.Load(); got != before {
		t.Errorf("the filter ran %d times", got-before)
	}
	p, err := dst.Plan(ctx)
	must(t, err)
	for off := uint64(0); off < p.Size(); off += 97 {
		var b bytes.Buffer
		n := min(131, p.Size()-off)
		must(t, p.WriteWindow(ctx, &b, off, n))
		if !bytes.Equal(b.Bytes(), image[off:off+n]) {
			t.Fatalf("the window at %d is otherwise", off)
		}
	}
	if diff := sameLines(linesIn(t, src), linesIn(t, reopened(t, dst))); diff != "" {
		t.Error(diff)
	}
}

func TestCopyOptions(t *testing.T) {
	f := inMemory(t)
	dataset(t, f.Group, "g/inner/d", simple(3))
	must(t, dataset(t, f.Group, "g/e", simple(3)).Attributes().Set("a", int64(1)))
	dataset(t, f.Group, "far", simple(2))
	must(t, f.SoftLink("g/soft", "/far"))
	src := reopened(t, f)
	g, err := src.Get(ctx, "g")
	must(t, err)
	for _, c := range []struct {
		name     string
		opts     []h5core.CopyOption
		has, not []string
		soft     bool
	}{
		{"all", nil, []string{"g/inner/d", "g/e"}, nil, true},
		{"shallow", []h5core.CopyOption{h5core.Shallow()}, []string{"g/inner", "g/e"}, []string{"g/inner/d"}, true},
		{"soft", []h5core.CopyOption{h5core.ExpandSoft(), h5core.WithoutAttributes()}, []string{"g/soft"}, nil, false},
	} {
		dst := inMemory(t)
		must(t, h5core.Copy(ctx, g, dst.Group, "g", c.opts...))
		if err := h5core.Copy(ctx, g, dst.Group, "g"); !errors.Is(err, h5core.ErrExists) {
			t.Errorf("%s: a second copy: %v", c.name, err)
		}
		r := reopened(t, dst)
		for _, path := range c.has {
			if _, err := r.Get(ctx, path); err != nil {
				t.Errorf("%s: %v", c.name, err)
			}
		}
		for _, path := range c.not {
			if _, err := r.Get(ctx, path); err == nil {
				t.Errorf("%s: %s is there", c.name, path)
			}
		}
		copied, err := r.Get(ctx, "g")
		must(t, err)
		links, err := copied.(*h5core.Group).Links(ctx)
		must(t, err)
		if got := links[len(links)-1].Kind == h5core.Soft; got != c.soft {
			t.Errorf("%s: links %+v", c.name, links)
		}
		attrs, err := open(t, r, "g/e").Attributes().All(ctx)
		must(t, err)
		if (len(attrs) == 1) != c.soft {
			t.Errorf("%s: attributes %v", c.name, attrs)
		}
	}
}

func TestCopySelection(t *testing.T) {
	register()
	f := inMemory(t)
	for name, opts := range map[string][]h5core.DatasetOption{
		"rows": nil, "chunks": {h5core.Chunks(10, 7), h5core.Filters(filter.Step{Filter: counting{&codecRuns}})},
	} {
		must(t, dataset(t, f.Group, name, simple(40, 30), opts...).Write(ctx, nil, numbers(1200)))
	}
	text, err := f.CreateDataset("text", dtype.VarString(dtype.UTF8), simple(4), h5core.Chunks(2))
	must(t, err)
	must(t, text.Write(ctx, nil, []string{"a", "b", "c", "d"}))
	src := reopened(t, f)
	for _, sel := range []space.Hyperslab{
		{Start: []uint64{0, 0}, Count: []uint64{40, 30}},
		{Start: []uint64{10, 7}, Count: []uint64{20, 14}},
		{Start: []uint64{3, 1}, Count: []uint64{30, 9}},
		{Start: []uint64{1, 2}, Stride: []uint64{3, 13}, Count: []uint64{13, 3}},
		{Start: []uint64{39, 29}, Count: []uint64{1, 1}},
		{Start: []uint64{0, 0}, Count: []uint64{0, 3}},
	} {
		dst := inMemory(t)
		must(t, h5core.CopyAll(ctx, src, dst, h5core.Select("/rows", sel), h5core.Select("/chunks", sel),
			h5core.Select("/text", space.Hyperslab{Start: []uint64{1}, Count: []uint64{2}, Stride: []uint64{2}})))
		r := reopened(t, dst)
		for _, name := range []string{"rows", "chunks"} {
			want, err := open(t, src, name).ReadRaw(ctx, sel)
			must(t, err)
			got, err := open(t, r, name).ReadRaw(ctx, nil)
			must(t, err)
			if !bytes.Equal(got.Data, want.Data) || !slices.Equal(got.Shape, sel.Shape()) {
				t.Errorf("%s of %v: shape %v, %d bytes", name, sel, got.Shape, len(got.Data))
			}
		}
		e, err := open(t, r, "text").ReadRaw(ctx, nil)
		must(t, err)
		if a, b := string(e.VarLen(e.Data[:16])), string(e.VarLen(e.Data[16:])); a != "b" || b != "d" {
			t.Errorf("texts %q, %q", a, b)
		}
	}
}
