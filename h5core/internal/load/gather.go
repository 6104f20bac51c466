package load

import (
	"context"
	"fmt"
	"slices"

	"github.com/h5serve/h5serve/h5core/convert"
	"github.com/h5serve/h5serve/h5core/space"
)

// gather copies elements of a source to where a virtual dataset has them.
type gather struct {
	source    *Data
	convert   *convert.Converter
	dst       []byte
	size, own uint64 // bytes of an element, in the source and in dst
	rank      int    // of the source
	limit     uint64 // bytes of the source in memory at once

	strips  []strip
	starts  []uint64 // of the strips in the source
	around  space.Box
	scratch []byte
}

// strip is elements that lie side by side in the source and in dst.
type strip struct{ count, to uint64 }

// boxPair is a box of a virtual dataset that is a box of its source.
type boxPair struct {
	from, to  space.Box // to counts from the start of what is read
	within    []uint64  // shape of what is read
	alongside []int     // for each axis of from that is longer than 1, that of to
}

// asBoxes finds out whether all that a mapping brings of a box is one box of
// the source, axis by axis, but for axes of length 1.
func asBoxes(to, from *pattern, box space.Box, rank int) (pair boxPair, ok bool) {
	virtual, ok1 := to.box(len(box.Start))
	source, ok2 := from.box(max(rank, 1))
	if !ok1 || !ok2 {
		return pair, false
	}
	part, ok := virtual.Intersect(box)
	if !ok {
		return pair, false
	}
	pair = boxPair{from: space.Box{Start: source.Start[:rank], Count: slices.Clone(source.Count[:rank])}, to: part, within: box.Count}
	k := 0
	for d, n := range pair.from.Count {
		if n == 1 {
			continue
		}
		for k < len(virtual.Count) && virtual.Count[k] == 1 {
			k++
		}
		if k == len(virtual.Count) || virtual.Count[k] != n {
			return pair, false
		}
		pair.from.Start[d] += part.Start[k] - virtual.Start[k]
		pair.from.Count[d] = part.Count[k]
		pair.alongside = append(pair.alongside, k)
		k++
	}
	for ; k < len(virtual.Count); k++ {
		if virtual.Count[k] != 1 {
			return pair, false
		}
	}
	for d := range part.Start {
		pair.to.Start[d] -= box.Start[d]
	}
	return pair, true
}

// boxes reads a box into a box: straight to its place where it lies there in
// one stretch, else in parts.
func (g *gather) boxes(ctx context.Context, p boxPair) error {
	if err := g.inside(p.from); err != nil {
		return err
	}
	at, whole := stretchOf(p.to, p.within)
	n := p.to.Size()
	if whole && g.convert.Identical() {
		return g.read(ctx, p.from, g.dst[at*g.own:(at+n)*g.own])
	}
	if axis := p.longest(); n*g.size > g.limit && axis >= 0 {
		for _, half := range p.halves(axis) {
			if err := g.boxes(ctx, half); err != nil {
				return err
			}
		}
		return nil
	}
	raw := g.room(n * g.size)
	if err := g.read(ctx, p.from, raw); err != nil {
		return err
	}
	if whole {
		return g.convert.Convert(g.dst[at*g.own:(at+n)*g.own], raw, int(n))
	}
	if !g.convert.Identical() {
		converted := make([]byte, n*g.own)
		if err := g.convert.Convert(converted, raw, int(n)); err != nil {
			return err
		}
		raw = converted
	}
	space.CopyBox(g.dst, p.within, p.to.Start, raw, p.to.Count, make([]uint64, len(p.within)), p.to.Count, int(g.own))
	return nil
}

// read reads a box of the source. What lies in the heaps of another file comes
// along; where the source is virtual itself, it came with its elements.
func (g *gather) read(ctx context.Context, box space.Box, raw []byte) error {
	if err := g.source.ReadBox(ctx, box, raw); err != nil {
		return err
	}
	if a := adopted(ctx); a != nil && g.source.virtual == nil && g.source.Type.HasVarLen() {
		return a.adopt(ctx, g.source.file, g.source.Type, raw)
	}
	return nil
}

// stretchOf is where a box begins in a C-order buffer; whole says that it lies
// there in one stretch.
func stretchOf(b space.Box, dims []uint64) (at uint64, whole bool) {
	whole = true
	inner := true // all axes so far are there from end to end
	for d := len(dims) - 1; d >= 0; d-- {
		whole = whole && (inner || b.Count[d] == 1)
		inner = inner && b.Count[d] == dims[d]
	}
	for d := range dims {
		at = at*dims[d] + b.Start[d]
	}
	return at, whole
}

// longest is the outermost axis of the source that can be cut, or -1.
func (p *boxPair) longest() int {
	return slices.IndexFunc(p.from.Count, func(n uint64) bool { return n > 1 })
}

// halves cuts both boxes along an axis of the source.
func (p *boxPair) halves(axis int) [2]boxPair {
	k := 0
	for d := range axis {
		if p.from.Count[d] > 1 {
			k++
		}
	}
	along := p.axes()[k]
	var out [2]boxPair
	half := p.from.Count[axis] / 2
	for i := range out {
		out[i] = *p
		out[i].from = space.Box{Start: slices.Clone(p.from.Start), Count: slices.Clone(p.from.Count)}
		out[i].to = space.Box{Start: slices.Clone(p.to.Start), Count: slices.Clone(p.to.Count)}
		for _, b := range []struct {
			box  *space.Box
			axis int
		}{{&out[i].from, axis}, {&out[i].to, along}} {
			if i == 0 {
				b.box.Count[b.axis] = half
			} else {
				b.box.Start[b.axis] += half
				b.box.Count[b.axis] -= half
			}
		}
	}
	return out
}

// axes lists those of to that are longer than 1: they are those of from.
func (p *boxPair) axes() (list []int) {
	for d, n := range p.to.Count {
		if n > 1 {
			list = append(list, d)
		}
	}
	return list
}

// inside holds a box to the source: a selection may reach beyond it.
func (g *gather) inside(b space.Box) error {
	for d, n := range g.source.Space.Dims {
		if b.Start[d] > n || b.Count[d] > n-b.Start[d] {
			return damaged(fmt.Errorf("elements %d to %d of axis %d are wanted, which has %d", b.Start[d], b.Start[d]+b.Count[d], d, n))
		}
	}
	return nil
}

func (g *gather) room(n uint64) []byte {
	if uint64(cap(g.scratch)) < n {
		g.scratch = make([]byte, n)
	}
	return g.scratch[:n]
}
