package space

import (
	"iter"
	"slices"
)

// Axis is what a Fancy selection takes of one axis; make it with Index, Slice,
// List or Mask.
type Axis struct {
	start, stop, step int64
	open              bool // Slice: to the end of the axis
	list              []uint64
	mask              []bool
	kind              axisKind
}

type axisKind uint8

const (
	anIndex axisKind = iota
	aSlice
	aList
	aMask
)

// Index takes one element, and drops the axis from the result's shape. It
// counts from the end where it is negative.
func Index(i int64) Axis { return Axis{kind: anIndex, start: i} }

// Slice takes every step-th element from start up to stop, step being above 0.
// As in Python, ends count from the end where they are negative, and are cut to
// the axis.
func Slice(start, stop, step int64) Axis {
	return Axis{kind: aSlice, start: start, stop: stop, step: step}
}

// Whole takes all of an axis.
func Whole() Axis { return Axis{kind: aSlice, step: 1, open: true} }

// List takes elements by their indices, in that order, also more than once.
func List(indices ...uint64) Axis { return Axis{kind: aList, list: indices} }

// Mask takes the elements where it is true; it is as long as the axis.
func Mask(mask []bool) Axis { return Axis{kind: aMask, mask: mask} }

// Fancy is a selection axis by axis: the product of what is taken of each. With
// one list or mask that is h5py's fancy indexing (which wants lists ascending
// and without repeats; here any order will do). More of them select the
// crossings of all, as numpy's ix_ does, and not pairs; for those there are
// Points.
type Fancy struct {
	dims  []uint64
	axes  []taken
	shape []uint64
}

// taken is what is taken of an axis: a progression, or a list.
type taken struct {
	picked
	list []uint64
	low  uint64 // of the list
	high uint64
}

// NewFancy holds the axes to a space; those that are missing are whole. Errors
// are *Error.
func NewFancy(dims []uint64, axes ...Axis) (Fancy, error) {
	if len(axes) > len(dims) {
		return Fancy{}, bad("selection", -1, "%d axes, the space has %d", len(axes), len(dims))
	}
	f := Fancy{dims: slices.Clone(dims), axes: make([]taken, len(dims)), shape: []uint64{}}
	for i, d := range dims {
		a := Whole()
		if i < len(axes) {
			a = axes[i]
		}
		t, err := a.take(i, d)
		if err != nil {
			return Fancy{}, err
		}
		f.axes[i] = t
		if !t.index {
			f.shape = append(f.shape, t.count)
		}
	}
	if _, ok := product(f.shape); !ok {
		return Fancy{}, bad("selection", -1, "%v has more than 2^64-1 elements", f.shape)
	}
	return f, nil
}

func (a Axis) take(i int, length uint64) (taken, error) {
	switch a.kind {
	case anIndex:
		at, err := indexOf(a.start, i, length)
		return taken{picked: picked{start: at, stride: 1, count: 1, index: true}}, err
	case aSlice:
		if a.step < 1 {
			return taken{}, bad("selection", i, "the step %d is not above 0", a.step)
		}
		stop := length
		if !a.open {
			stop = clip(a.stop, length)
		}
		return taken{picked: slice(clip(a.start, length), stop, uint64(a.step))}, nil
	case aMask:
		if uint64(len(a.mask)) != length {
			return taken{}, bad("selection", i, "the mask has %d elements: the axis has length %d", len(a.mask), length)
		}
		for at, on := range a.mask {
			if on {
				a.list = append(a.list, uint64(at))
			}
		}
	}
	t := taken{picked: picked{count: uint64(len(a.list))}, list: slices.Clone(a.list)}
	if len(a.list) == 0 {
		t.list = []uint64{}
		return t, nil
	}
	t.low, t.high = slices.Min(a.list), slices.Max(a.list)
	if t.high >= length {
		return taken{}, bad("selection", i, "the index %d is out of range: the axis has length %d", t.high, length)
	}
	return t, nil
}

// at is the k-th that is taken.
func (t *taken) at(k uint64) uint64 {
	if t.list != nil {
		return t.list[k]
	}
	return t.start + k*t.stride
}

// whole says whether all of an axis is taken, in its order.
func (t *taken) whole(length uint64) bool {
	return t.list == nil && t.start == 0 && t.stride == 1 && t.count == length
}

// Shape returns what is taken of each axis that no Index dropped.
func (f Fancy) Shape() []uint64 { return slices.Clone(f.shape) }

// Size returns the number of elements.
func (f Fancy) Size() uint64 { return Box{Count: f.shape}.Size() }

// Bounds returns the smallest box that holds every element.
func (f Fancy) Bounds() Box {
	b := Box{Start: make([]uint64, len(f.axes)), Count: make([]uint64, len(f.axes))}
	for i, t := range f.axes {
		switch {
		case t.count == 0:
		case t.list != nil:
			b.Start[i], b.Count[i] = t.low, t.high-t.low+1
		default:
			b.Start[i], b.Count[i] = t.start, (t.count-1)*t.stride+1
		}
	}
	return b
}

// Check returns an *Error where dims are not those that it was made for.
func (f Fancy) Check(dims []uint64) error {
	if err := checkRank("selection", len(f.axes), len(dims)); err != nil {
		return err
	}
	for i, d := range dims {
		if d != f.dims[i] {
			return bad("selection", i, "made for the length %d: the axis has length %d", f.dims[i], d)
		}
	}
	return nil
}

// Runs yields the elements in the order of the lists, the last axis running
// fastest.
func (f Fancy) Runs(dims []uint64) iter.Seq[Run] {
	return func(yield func(Run) bool) {
		if f.Size() == 0 {
			return
		}
		unit, last := uint64(1), len(f.axes) // axes from last on are whole
		for last > 0 && f.axes[last-1].whole(dims[last-1]) {
			last--
			unit *= dims[last]
		}
		w := walk{yield: yield}
		if f.runs(&w, dims[:last], unit, 0, 0) && w.run.Count > 0 {
			yield(w.run)
		}
	}
}

func (f Fancy) runs(w *walk, dims []uint64, unit uint64, i int, before uint64) bool {
	if i == len(dims) {
		return w.add(Run{Offset: before * unit, Count: unit})
	}
	t := &f.axes[i]
	if i == len(dims)-1 && t.list == nil && t.stride == 1 {
		return w.add(Run{Offset: (before*dims[i] + t.start) * unit, Count: t.count * unit})
	}
	for k := range t.count {
		if !f.runs(w, dims, unit, i+1, before*dims[i]+t.at(k)) {
			return false
		}
	}
	return true
}

// MaskPoints selects the elements where a mask of a whole space, in C order, is
// true.
func MaskPoints(dims []uint64, mask []bool) (PointList, error) {
	if n, ok := product(dims); !ok || n != uint64(len(mask)) {
		return PointList{}, bad("selection", -1, "the mask has %d elements, the shape is %v", len(mask), dims)
	}
	var coords []uint64
	at := make([]uint64, len(dims))
	for i, on := range mask {
		if !on {
			continue
		}
		rest := uint64(i)
		for k := len(dims) - 1; k >= 0; k-- {
			at[k] = rest % dims[k]
			rest /= dims[k]
		}
		coords = append(coords, at...)
	}
	return Points(len(dims), coords)
}
