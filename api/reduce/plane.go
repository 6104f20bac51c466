package reduce

import (
	"slices"

	"github.com/h5serve/h5serve/h5core"
	"github.com/h5serve/h5serve/h5core/space"
)

// Axis is what is selected of an axis, every Step-th element from Start on, and
// how many elements, of those that every such selection could have, a cell has.
type Axis struct {
	Number             int // of the dataset; -1: there is none
	Start, Step, Count uint64
	Cell               uint64 // a power of two
}

// An element has the coordinate index / Step; cells begin at multiples of Cell.
func (a Axis) first() uint64 { return a.Start / a.Step }
func (a Axis) end() uint64   { return a.first() + a.Count }

// Cells is the number of cells.
func (a Axis) Cells() uint64 {
	if a.Count == 0 {
		return 0
	}
	return (a.end()-1)/a.Cell - a.first()/a.Cell + 1
}

// Stop is the index behind the last element.
func (a Axis) Stop() uint64 {
	if a.Count == 0 {
		return a.Start
	}
	return a.Start + (a.Count-1)*a.Step + 1
}

// First is the number of elements in the first cell. All others have Cell, but
// for the last, which has what is left.
func (a Axis) First() uint64 { return min(a.Cell-a.first()%a.Cell, a.Count) }

// fit enlarges the cells until there are at most so many; 2 where an end of an
// axis is beyond all powers of two.
func (a *Axis) fit(most uint64) {
	for a.Cells() > max(most, 1) && a.Cell < 1<<62 {
		a.Cell *= 2
	}
}

// width is the number of elements in cell i.
func (a Axis) width(i uint64) uint64 {
	at := a.first()/a.Cell + i
	return min((at+1)*a.Cell, a.end()) - max(at*a.Cell, a.first())
}

// holds tells whether the cells of b, with its ends, are made of cells of a.
func (a Axis) holds(b Axis) bool {
	inner := func(at, end uint64) bool { return at == end || at%a.Cell == 0 }
	return a.Number == b.Number && a.Step == b.Step && a.Start%a.Step == b.Start%b.Step && b.Cell >= a.Cell &&
		b.first() >= a.first() && b.end() <= a.end() && inner(b.first(), a.first()) && inner(b.end(), a.end())
}

// Plane is a selection with at most two axes.
type Plane struct {
	Dataset    *h5core.Dataset
	Rows, Cols Axis // Rows has Number -1 where there is one axis alone

	slab space.Hyperslab
}

// NewPlane reads a selection, as space.Parse does. Axes before the last two
// are an index, or have one element; else it is an *AxisError. Its cells are
// the elements.
func NewPlane(d *h5core.Dataset, text string) (*Plane, error) {
	dims := d.Space().Dims
	slab, _, err := space.Parse(text, dims)
	if err != nil {
		return nil, err
	}
	dropped, err := space.Dropped(text, len(dims))
	if err != nil {
		return nil, err
	}
	var axes []int
	for i := range dims {
		if !dropped[i] {
			axes = append(axes, i)
		}
	}
	for len(axes) > 2 {
		if n := slab.Count[axes[0]]; n != 1 {
			return nil, &AxisError{axes[0], n}
		}
		axes = axes[1:]
	}
	p := &Plane{Dataset: d, Rows: single, Cols: single, slab: slab}
	if len(axes) > 0 {
		p.Cols = axisOf(slab, axes[len(axes)-1])
	}
	if len(axes) == 2 {
		p.Rows = axisOf(slab, axes[0])
	}
	return p, nil
}

// single is an axis that is not there.
var single = Axis{Number: -1, Step: 1, Count: 1, Cell: 1}

func axisOf(s space.Hyperslab, i int) Axis {
	return Axis{Number: i, Start: s.Start[i], Step: max(s.Stride[i], 1), Count: s.Count[i], Cell: 1}
}

// Fit enlarges the cells until there are at most so many along each axis, and
// in all.
func (p *Plane) Fit(rows, cols, most uint64) {
	p.Cols.fit(cols)
	p.Rows.fit(rows)
	for p.Cells() > max(most, 1) && (p.Rows.Cells() > 1 || p.Cols.Cells() > 1) {
		longer := &p.Cols
		if p.Rows.Cells() > p.Cols.Cells() {
			longer = &p.Rows
		}
		if longer.Cell >= 1<<62 {
			return
		}
		longer.Cell *= 2
	}
}

// Cells is the number of cells, which is that of the elements before Fit.
func (p *Plane) Cells() uint64 {
	rows, cols := p.Rows.Cells(), p.Cols.Cells()
	if cols > 0 && rows > ^uint64(0)/cols {
		return ^uint64(0)
	}
	return rows * cols
}

// Whole tells whether every cell is one element.
func (p *Plane) Whole() bool { return p.Rows.Cell == 1 && p.Cols.Cell == 1 }

// shapeOf is the shape of cells: one number for each axis that is there.
func shapeOf(rows, cols Axis) []uint64 {
	switch {
	case rows.Number >= 0:
		return []uint64{rows.Cells(), cols.Cells()}
	case cols.Number >= 0:
		return []uint64{cols.Cells()}
	}
	return nil
}

// window selects the elements of coordinates in a tile.
func (p *Plane) window(t tile) space.Hyperslab {
	s := space.Hyperslab{Start: slices.Clone(p.slab.Start), Stride: slices.Clone(p.slab.Stride), Count: slices.Clone(p.slab.Count)}
	cut := func(a Axis, from, to uint64) {
		if a.Number >= 0 {
			s.Start[a.Number] = from*a.Step + a.Start%a.Step
			s.Count[a.Number] = to - from
		}
	}
	cut(p.Rows, t.top, t.bottom)
	cut(p.Cols, t.left, t.right)
	return s
}
