package space

import "iter"

// Runs yields the selected elements in C order. Whole inner axes, and blocks
// that touch, make one run.
func (h Hyperslab) Runs(dims []uint64) iter.Seq[Run] {
	return func(yield func(Run) bool) {
		if h.Size() == 0 {
			return
		}
		w := walk{yield: yield, axes: h.axes(dims)}
		if w.axis(0, 0) && w.run.Count > 0 {
			yield(w.run)
		}
	}
}

// axis is what is selected along one or several merged axes.
type axis struct {
	start, stride, count, block uint64 // in elements of this axis
	unit                        uint64 // elements of the space in one of those
}

// axes returns the selection with its inner axes merged as far as they are
// selected whole, and with blocks merged that touch.
func (h Hyperslab) axes(dims []uint64) []axis {
	unit, length := uint64(1), uint64(1) // of what is merged so far
	var inner []axis                     // innermost first
	for i := len(dims) - 1; i >= 0; i-- {
		a := axis{start: h.Start[i], stride: h.stride(i), count: h.Count[i], block: h.block(i), unit: unit}
		if a.count == 1 || a.stride == a.block {
			a.block, a.count = a.count*a.block, 1
		}
		if a.count == 1 && a.block == dims[i] && len(inner) == 0 {
			unit *= dims[i]
			length = unit
			continue
		}
		inner = append(inner, a)
		unit *= dims[i]
	}
	if len(inner) == 0 {
		return []axis{{stride: 1, count: 1, block: length, unit: 1}}
	}
	axes := make([]axis, 0, len(inner))
	for i := len(inner) - 1; i >= 0; i-- {
		axes = append(axes, inner[i])
	}
	return axes
}

// walk goes through the axes, joining runs that touch.
type walk struct {
	axes  []axis
	run   Run
	yield func(Run) bool
}

func (w *walk) axis(i int, offset uint64) bool {
	a := w.axes[i]
	last := i == len(w.axes)-1
	for k := range a.count {
		first := a.start + k*a.stride
		if last {
			if !w.add(Run{Offset: offset + first*a.unit, Count: a.block * a.unit}) {
				return false
			}
			continue
		}
		for j := range a.block {
			if !w.axis(i+1, offset+(first+j)*a.unit) {
				return false
			}
		}
	}
	return true
}

func (w *walk) add(r Run) bool {
	if w.run.Count > 0 && w.run.Offset+w.run.Count == r.Offset {
		w.run.Count += r.Count
		return true
	}
	before := w.run
	w.run = r
	return before.Count == 0 || w.yield(before)
}

// PointList is a selection of single elements, in any order, also more than
// once.
type PointList struct {
	rank   int
	coords []uint64 // rank numbers for each point
}

// Points selects the elements at coords: rank numbers for each.
func Points(rank int, coords []uint64) (PointList, error) {
	if rank < 1 || rank > MaxRank || len(coords)%rank != 0 {
		return PointList{}, bad("selection", -1, "%d coordinates for points of %d axes", len(coords), rank)
	}
	return PointList{rank, coords}, nil
}

// Shape returns one axis, of as many elements as there are points.
func (p PointList) Shape() []uint64 { return []uint64{p.Size()} }

// Size returns the number of points.
func (p PointList) Size() uint64 { return uint64(len(p.coords) / p.rank) }

// Bounds returns the smallest box that holds every point.
func (p PointList) Bounds() Box {
	b := Box{Start: make([]uint64, p.rank), Count: make([]uint64, p.rank)}
	if len(p.coords) == 0 {
		return b
	}
	copy(b.Start, p.coords)
	copy(b.Count, p.coords) // the last ones, until the end
	for i, x := range p.coords {
		b.Start[i%p.rank] = min(b.Start[i%p.rank], x)
		b.Count[i%p.rank] = max(b.Count[i%p.rank], x)
	}
	for i := range b.Count {
		b.Count[i] -= b.Start[i] - 1
	}
	return b
}

// Check returns an *Error for the first point that lies beyond dims.
func (p PointList) Check(dims []uint64) error {
	if err := checkRank("selection", p.rank, len(dims)); err != nil {
		return err
	}
	for i, x := range p.coords {
		if x >= dims[i%p.rank] {
			return bad("selection", i%p.rank, "point %d lies at %d: the axis has length %d",
				i/p.rank, x, dims[i%p.rank])
		}
	}
	return nil
}

// Runs yields the points in their order.
func (p PointList) Runs(dims []uint64) iter.Seq[Run] {
	return func(yield func(Run) bool) {
		w := walk{yield: yield}
		for at := 0; at < len(p.coords); at += p.rank {
			offset := uint64(0)
			for i, d := range dims {
				offset = offset*d + p.coords[at+i]
			}
			if !w.add(Run{Offset: offset, Count: 1}) {
				return
			}
		}
		if w.run.Count > 0 {
			yield(w.run)
		}
	}
}
