package h5core_test

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"pgregory.net/rapid"

	"github.com/h5serve/h5serve/h5core"
	"github.com/h5serve/h5serve/h5core/dtype"
	"github.com/h5serve/h5serve/h5core/filter"
	"github.com/h5serve/h5serve/h5core/internal/object"
	"github.com/h5serve/h5serve/h5core/space"
)

// model is a file as it should be, drawn before there is any.
//
//	draw ──▶ model ──write──▶ file ──read──▶ compared with the model
//	                                 └─copy──▶ compared with the model
type model struct {
	objects []*modelObject // the first is the root; parents before members
	user    uint64         // bytes of the user block
	low     h5core.Libver

	file  *h5core.File // that is compared
	found map[*modelObject]uint64
}

// modelObject is a group, a dataset or a committed type.
type modelObject struct {
	path    string
	kind    string // "group", "dataset", "type"
	tracked bool
	attrs   []modelAttribute
	links   []modelLink // of a group

	t     *dtype.Type  // of a dataset or type
	named *modelObject // where a dataset's type is committed
	space space.Space
	modelStorage
	cells []cell // as they should be read; nil for a null space

	node object.Node
}

type modelStorage struct {
	layout  string
	chunk   []uint64
	filters []filter.Step
	bare    bool
	fill    *cell
	wrote   space.Selection // nil: nothing
}

type modelAttribute struct {
	name  string
	t     *dtype.Type
	named *modelObject
	space space.Space
	cells []cell
}

type modelLink struct {
	name       string
	kind       h5core.LinkKind
	to         *modelObject
	file, path string
	class      uint8
}

var bounds = []h5core.Libver{h5core.Earliest, h5core.V108, h5core.V110, h5core.V112, h5core.V200}

func drawModel(r *rapid.T) *model {
	m := &model{low: rapid.SampledFrom(bounds).Draw(r, "low")}
	m.user = rapid.SampledFrom([]uint64{0, 0, 512, 2048}).Draw(r, "user block")
	m.objects = []*modelObject{{path: "/", kind: "group", tracked: rapid.Bool().Draw(r, "tracked")}}
	for i := range rapid.IntRange(1, 10).Draw(r, "objects") {
		o := &modelObject{kind: rapid.SampledFrom([]string{"dataset", "dataset", "group", "type"}).Draw(r, "kind")}
		o.tracked = rapid.Bool().Draw(r, "tracked")
		m.hang(r, o, rapid.SampledFrom([]string{"a", "Z", "ö", "long name "}).Draw(r, "name")+fmt.Sprint(i))
		switch o.kind {
		case "type":
			o.t = drawType(r, 2)
		case "dataset":
			m.drawDataset(r, o)
		}
	}
	m.drawLinks(r)
	make := m.cells(rapid.Uint64().Draw(r, "seed of the values"))
	for _, o := range m.objects {
		for i := range rapid.IntRange(0, 3).Draw(r, "attributes") {
			o.attrs = append(o.attrs, m.drawAttribute(r, fmt.Sprint("attribute ", 9-i, "é"[:2*(i%2)]), make))
		}
		if o.kind == "dataset" {
			o.drawValues(r, make)
		}
	}
	return m
}

// hang gives an object its first link.
func (m *model) hang(r *rapid.T, o *modelObject, name string) {
	groups := m.of("group")
	parent := groups[rapid.IntRange(0, len(groups)-1).Draw(r, "parent")]
	o.path = parent.path + "/" + name
	if parent.path == "/" {
		o.path = "/" + name
	}
	parent.links = append(parent.links, modelLink{name: name, to: o})
	m.objects = append(m.objects, o)
}

func (m *model) of(kind string) (list []*modelObject) {
	for _, o := range m.objects {
		if o.kind == kind {
			list = append(list, o)
		}
	}
	return list
}

// drawLinks adds links of all kinds, hard ones leading up as well as down.
func (m *model) drawLinks(r *rapid.T) {
	groups := m.of("group")
	for i := range rapid.IntRange(0, 5).Draw(r, "links") {
		g := groups[rapid.IntRange(0, len(groups)-1).Draw(r, "group")]
		l := modelLink{name: fmt.Sprint("link", i), kind: rapid.SampledFrom([]h5core.LinkKind{
			h5core.Hard, h5core.Soft, h5core.External, h5core.UserDefined,
		}).Draw(r, "link")}
		switch l.kind {
		case h5core.Hard:
			l.to = rapid.SampledFrom(m.objects).Draw(r, "target")
		case h5core.Soft:
			l.path = rapid.SampledFrom([]string{"/no/where", ".", "a0/ö"}).Draw(r, "path")
		case h5core.External:
			l.file, l.path = "far ü.h5", "/x/y"
		case h5core.UserDefined:
			l.class = rapid.Uint8Range(65, 255).Draw(r, "class")
		}
		g.links = append(g.links, l)
	}
}

func (m *model) cells(seed uint64) cells {
	c := cells{rng: rand.New(rand.NewPCG(seed, 0)), targets: m.objects}
	for _, d := range m.of("dataset") {
		if len(d.space.Dims) > 0 && product(d.space.Dims) > 0 {
			c.datasets = append(c.datasets, d)
		}
	}
	return c
}

// drawTyped draws a type, or takes one that is committed.
func (m *model) drawTyped(r *rapid.T, depth int) (*dtype.Type, *modelObject) {
	if known := m.of("type"); len(known) > 0 && rapid.IntRange(0, 2).Draw(r, "committed") == 0 {
		named := rapid.SampledFrom(known).Draw(r, "committed type")
		return named.t, named
	}
	return drawType(r, depth), nil
}

func (m *model) drawAttribute(r *rapid.T, name string, make cells) modelAttribute {
	a := modelAttribute{name: name}
	a.t, a.named = m.drawTyped(r, 2)
	a.space = drawSpace(r, 4)
	if a.space.Kind != space.Null {
		a.cells = make.list(a.t, int(product(a.space.Dims)))
	}
	return a
}

func drawSpace(r *rapid.T, side uint64) space.Space {
	switch rapid.IntRange(0, 9).Draw(r, "space") {
	case 0:
		return space.Space{Kind: space.Null}
	case 1:
		return space.Space{Kind: space.Scalar}
	}
	least := uint64(1)
	if rapid.IntRange(0, 9).Draw(r, "empty") == 0 {
		least = 0
	}
	return simple(rapid.SliceOfN(rapid.Uint64Range(least, side), 1, 3).Draw(r, "shape")...)
}

func (m *model) drawDataset(r *rapid.T, o *modelObject) {
	o.t, o.named = m.drawTyped(r, 3)
	o.space, o.layout = drawSpace(r, 7), "contiguous"
	kinds := []string{"contiguous", "compact", "chunked", "chunked"}
	if len(o.space.Dims) == 0 {
		kinds = kinds[:2]
	}
	o.layout = rapid.SampledFrom(kinds).Draw(r, "layout")
	switch {
	case o.layout == "compact" && product(o.space.Dims)*uint64(o.t.Size) > 30_000:
		o.layout = "contiguous"
	case o.layout == "chunked":
		o.drawChunks(r, m.low)
	}
}

func (o *modelObject) drawChunks(r *rapid.T, low h5core.Libver) {
	for _, n := range o.space.Dims {
		o.chunk = append(o.chunk, rapid.Uint64Range(1, max(n, 1)).Draw(r, "chunk"))
	}
	if rapid.Bool().Draw(r, "resizable") {
		for i, n := range o.space.Dims {
			o.space.Max = append(o.space.Max, rapid.SampledFrom([]uint64{max(n, o.chunk[i]), n + 10, space.Unlimited}).Draw(r, "maximum"))
		}
	}
	shuffle := filter.NewShuffle(o.t.Size)
	deflate, _ := filter.NewDeflate(rapid.IntRange(0, 9).Draw(r, "level"))
	for _, f := range []filter.Step{shuffle, deflate, filter.NewFletcher32()} {
		if rapid.Bool().Draw(r, "filter") {
			o.filters = append(o.filters, f)
		}
	}
	o.bare = low >= h5core.V110 && len(o.filters) > 0 && rapid.Bool().Draw(r, "bare edges")
}

// drawValues draws the elements: those that are written, and the others.
func (o *modelObject) drawValues(r *rapid.T, make cells) {
	if o.space.Kind == space.Null {
		return
	}
	blank := zero(o.t)
	if rapid.IntRange(0, 2).Draw(r, "fill value") == 0 {
		blank = make.of(o.t)
		o.fill = &blank
	}
	n := int(product(o.space.Dims))
	o.cells = slices.Repeat([]cell{blank}, n)
	if n == 0 {
		return
	}
	switch rapid.IntRange(0, 2).Draw(r, "written") {
	case 0:
		return
	case 1:
		o.wrote = space.All(o.space.Dims)
	default:
		o.wrote = space.Slab(drawBox(r, o.space.Dims))
	}
	for run := range o.wrote.Runs(o.space.Dims) {
		for i := range run.Count {
			o.cells[run.Offset+i] = make.of(o.t)
		}
	}
}

func drawBox(r *rapid.T, dims []uint64) (b space.Box) {
	for _, n := range dims {
		start := rapid.Uint64Range(0, n-1).Draw(r, "start")
		b.Start = append(b.Start, start)
		b.Count = append(b.Count, rapid.Uint64Range(1, n-start).Draw(r, "count"))
	}
	return b
}
