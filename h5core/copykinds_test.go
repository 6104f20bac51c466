package h5core_test

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"testing"

	"github.com/h5serve/h5serve/h5core"
	"github.com/h5serve/h5serve/h5core/dtype"
	"github.com/h5serve/h5serve/h5core/filter"
	"github.com/h5serve/h5serve/h5core/space"
)

// modelOf is a model of a dataset of a type, once in each layout, and an
// attribute; the target of references is beside it.
func modelOf(t *dtype.Type, low h5core.Libver) *model {
	m := &model{low: low}
	target := &modelObject{path: "/target", kind: "dataset", t: i8, space: simple(4, 3), modelStorage: modelStorage{layout: "contiguous"}}
	target.cells = slices.Repeat([]cell{zero(i8)}, 12)
	root := &modelObject{path: "/", kind: "group"}
	named := &modelObject{path: "/type", kind: "type", t: t}
	m.objects = []*modelObject{root, target, named}
	for i, s := range []modelStorage{
		{layout: "compact"}, {layout: "contiguous"}, {layout: "chunked", chunk: []uint64{3}},
		{layout: "chunked", chunk: []uint64{4}, filters: []filter.Step{filter.NewFletcher32()}},
	} {
		s.wrote = space.All([]uint64{9})
		d := &modelObject{path: fmt.Sprint("/", i), kind: "dataset", t: t, named: named, space: simple(9), modelStorage: s}
		m.objects = append(m.objects, d)
	}
	values := m.cells(uint64(t.Size))
	for _, o := range m.objects[1:] {
		root.links = append(root.links, modelLink{name: o.path[1:], to: o})
		if o.named != nil {
			o.cells = values.list(t, 9)
			o.attrs = []modelAttribute{{name: "a", t: t, named: named, space: simple(2), cells: values.list(t, 2)}}
		}
	}
	return m
}

// TestRingOfWhatLeadsElsewhere takes every kind of pointer, and pointers behind
// pointers, through all bounds and layouts: the type is committed throughout.
func TestRingOfWhatLeadsElsewhere(t *testing.T) {
	sequence := func(of *dtype.Type) *dtype.Type { return dtype.Must(dtype.VarLenOf(of)) }
	text, ref, region := dtype.VarString(dtype.UTF8), dtype.ObjectReference(), dtype.RegionReference()
	mixed := dtype.Must(dtype.CompoundOf(60, dtype.Member{Name: "n", Offset: 1, Type: i8}, dtype.Member{Name: "text", Offset: 11, Type: text},
		dtype.Member{Name: "ref", Offset: 28, Type: ref}, dtype.Member{Name: "region", Offset: 40, Type: region}))
	for name, kind := range map[string]*dtype.Type{
		"text": text, "reference": ref, "region": region, "compound": mixed,
		"sequence of numbers":    sequence(i8),
		"sequence of texts":      sequence(text),
		"sequence of references": sequence(ref),
		"sequence of regions":    sequence(region),
		"sequences in sequences": sequence(sequence(sequence(mixed))),
		"array":                  dtype.Must(dtype.ArrayOf(sequence(dtype.Must(dtype.ArrayOf(mixed, 2))), 2)),
	} {
		for _, low := range bounds {
			m := modelOf(kind, low)
			f, err := m.write()
			for i := 0; i < len(bounds) && err == nil; i++ {
				f, err = m.around(f, bounds[i])
			}
			if err != nil {
				t.Errorf("%s at %v: %v", name, low, err)
				continue
			}
			f.Discard()
		}
	}
}

// withReferences is a file with references from the group g to what lies in it
// and outside.
func withReferences(t *testing.T) *h5core.File {
	t.Helper()
	f := inMemory(t)
	inside, outside := dataset(t, f.Group, "g/inside", simple(3)), dataset(t, f.Group, "far/outside", simple(3))
	must(t, outside.Write(ctx, nil, numbers(3)))
	must(t, outside.Attributes().Set("a", int64(1)))
	for name, kind := range map[string]*dtype.Type{"refs": dtype.ObjectReference(), "regions": dtype.RegionReference()} {
		d, err := f.CreateDataset("g/"+name, kind, simple(3))
		must(t, err)
		list := make([]cell, 3)
		for i, to := range []*h5core.Dataset{inside, outside} {
			list[i] = cell{to: &modelObject{node: h5core.NodeOf(to), space: simple(3)}, indices: []uint64{1, 2}}
		}
		raw, _, err := encoder{f, f.DataHeap()}.elements(kind, list)
		must(t, err)
		must(t, d.WriteRaw(ctx, nil, raw))
	}
	return reopened(t, f)
}

func TestCopyExpandRefs(t *testing.T) {
	src := withReferences(t)
	g, err := src.Get(ctx, "g")
	must(t, err)
	for _, expand := range []bool{false, true} {
		var opts []h5core.CopyOption
		if expand {
			opts = append(opts, h5core.ExpandRefs())
		}
		dst := inMemory(t)
		must(t, h5core.Copy(ctx, g, dst.Group, "copy", opts...))
		p, err := dst.Plan(ctx)
		must(t, err)
		if got, want := p.Layout().Objects, map[bool]int{false: 5, true: 6}[expand]; int(got) != want {
			t.Errorf("%d objects with ExpandRefs %v, want %d", got, expand, want)
		}
		r := reopened(t, dst)
		refs, err := h5core.Read[h5core.ObjectReference](ctx, open(t, r, "copy/refs"), nil)
		must(t, err)
		if refs[0].Path != "/copy/inside" || refs[2] != (h5core.ObjectReference{}) {
			t.Errorf("references %+v", refs)
		}
		if refs[1].Path != "" || (refs[1].Address != 0) != expand {
			t.Errorf("with ExpandRefs %v the reference to what no link leads to is %+v", expand, refs[1])
		}
		regions, err := h5core.Read[h5core.RegionReference](ctx, open(t, r, "copy/regions"), nil)
		must(t, err)
		if regions[0].Path != "/copy/inside" || !slices.Equal(regions[0].Indices, []uint64{1, 2}) {
			t.Errorf("regions %+v", regions)
		}
		if (regions[1].Count == 2) != expand || regions[2].Count != 0 {
			t.Errorf("with ExpandRefs %v the regions are %+v", expand, regions)
		}
	}
}

func TestCopyExpandExternal(t *testing.T) {
	folder := t.TempDir()
	far, err := h5core.Open(ctx, filepath.Join(folder, "far.h5"), "w")
	must(t, err)
	must(t, dataset(t, far.Group, "g/d", simple(3), h5core.Chunks(2)).Write(ctx, nil, numbers(3)))
	must(t, far.HardLink("again", "g/d"))
	must(t, far.Close())
	f, err := h5core.Open(ctx, filepath.Join(folder, "f.h5"), "w")
	must(t, err)
	dataset(t, f.Group, "own", simple(1))
	must(t, f.ExternalLink("group", "far.h5", "/g"))
	must(t, f.ExternalLink("dataset", "far.h5", "/again"))
	must(t, f.ExternalLink("nowhere", "far.h5", "/none"))
	must(t, f.ExternalLink("gone", "gone.h5", "/"))
	must(t, f.Close())
	src, err := h5core.Open(ctx, filepath.Join(folder, "f.h5"), "r", h5core.WithFollow(folder))
	must(t, err)
	defer src.Close()
	for _, expand := range []bool{false, true} {
		var opts []h5core.CopyOption
		if expand {
			opts = append(opts, h5core.ExpandExternal())
		}
		dst := inMemory(t)
		must(t, h5core.CopyAll(ctx, src, dst, opts...))
		r := reopened(t, dst)
		links, err := r.Links(ctx)
		must(t, err)
		kinds := map[string]h5core.LinkKind{}
		for _, l := range links {
			kinds[l.Name] = l.Kind
		}
		if kinds["nowhere"] != h5core.External || kinds["gone"] != h5core.External || (kinds["group"] == h5core.Hard) != expand {
			t.Errorf("links %v", kinds)
		}
		if !expand {
			continue
		}
		a, b := open(t, r, "group/d"), open(t, r, "dataset")
		if a.Address() != b.Address() {
			t.Error("what two links lead to was copied twice")
		}
		if got, err := h5core.Read[int64](ctx, b, nil); err != nil || !slices.Equal(got, numbers(3)) {
			t.Errorf("%v, %v", got, err)
		}
	}
}

// TestCopyCommittedType copies two datasets of one committed type without the
// link to it: both still have one and the same.
func TestCopyCommittedType(t *testing.T) {
	m := modelOf(dtype.VarString(dtype.UTF8), h5core.V108)
	m.objects[2].attrs = []modelAttribute{{name: "of the type", t: i8, space: simple(1), cells: []cell{zero(i8)}}}
	f, err := m.write()
	must(t, err)
	src, dst := reopened(t, f), inMemory(t)
	must(t, h5core.Copy(ctx, open(t, src, "1"), dst.Group, "a"))
	must(t, h5core.Copy(ctx, open(t, src, "2"), dst.Group, "b"))
	r := reopened(t, dst)
	for _, name := range []string{"a", "b"} {
		addr, ok := open(t, r, name).Committed()
		if !ok {
			t.Fatalf("the type of %s is no longer committed", name)
		}
		named, err := r.ObjectAt(addr)
		must(t, err)
		if attrs, err := named.Attributes().All(ctx); err != nil || len(attrs) != 1 {
			t.Errorf("the type's attributes: %v, %v", attrs, err)
		}
	}
}

func TestCopyUserDefinedLink(t *testing.T) {
	m := modelOf(i8, h5core.Earliest)
	m.objects[0].links = append(m.objects[0].links, modelLink{name: "user", kind: h5core.UserDefined, class: 200})
	f, err := m.write()
	must(t, err)
	dst := inMemory(t)
	must(t, h5core.CopyAll(ctx, reopened(t, f), dst))
	must(t, m.verify(reopened(t, dst)))
	if !bytes.Contains(whole(t, dst), []byte("what its class knows")) {
		t.Error("what the class of a link keeps is lost")
	}
	if o, err := reopened(t, dst).Get(ctx, "user"); !errors.Is(err, h5core.ErrUnsupported) {
		t.Errorf("a user-defined link leads to %v: %v", o, err)
	}
}

// TestCopyBareEdges copies chunks that pass no filter where they reach beyond
// the shape: as they are, or encoded anew where a selection makes other edges.
func TestCopyBareEdges(t *testing.T) {
	register()
	m := modelOf(i8, h5core.V110)
	d := m.objects[len(m.objects)-1]
	d.filters, d.bare = []filter.Step{{Filter: counting{&codecRuns}}}, true
	f, err := m.write()
	must(t, err)
	src := reopened(t, f)
	for _, c := range []struct {
		sel      space.Selection
		verbatim bool
	}{
		{nil, true},
		{space.Hyperslab{Start: []uint64{0}, Count: []uint64{8}}, true},  // the edge is left out
		{space.Hyperslab{Start: []uint64{4}, Count: []uint64{5}}, true},  // the edge stays one
		{space.Hyperslab{Start: []uint64{0}, Count: []uint64{7}}, false}, // a whole chunk becomes an edge
		{space.Hyperslab{Start: []uint64{1}, Count: []uint64{8}}, false}, // nothing stays where it was
	} {
		dst := inMemory(t)
		var opts []h5core.CopyOption
		cells := d.cells
		if h, ok := c.sel.(space.Hyperslab); ok {
			opts = append(opts, h5core.Select(d.path, h))
			cells = cells[h.Start[0] : h.Start[0]+h.Count[0]]
		}
		before := codecRuns.Load()
		must(t, h5core.CopyAll(ctx, src, dst, opts...))
		image := reopened(t, dst)
		if got := codecRuns.Load() - before; (got == 0) != c.verbatim {
			t.Errorf("%v: the filter ran %d times", c.sel, got)
		}
		e, err := open(t, image, d.path).ReadRaw(ctx, nil)
		must(t, err)
		if err := m.compare(i8, cells, e, e.Data); err != nil || !open(t, image, d.path).BareEdges() {
			t.Errorf("%v: %v", c.sel, err)
		}
	}
}
