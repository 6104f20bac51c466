package h5core

import (
	"fmt"
	"reflect"
	"slices"

	"github.com/h5serve/h5serve/h5core/dtype"
	"github.com/h5serve/h5serve/h5core/space"
)

// ObjectReference is where an object reference leads: a path to the object,
// and the address of its header. A null one is zero; one that leads to nothing
// that can be reached has an address and no path.
type ObjectReference struct {
	Path    string
	Address uint64
}

// RegionReference is what a region reference selects: Count elements of the
// dataset at Path, and their offsets in C order, ascending, unless they are
// over 100,000. A null one, and one that leads to nothing, is zero.
type RegionReference struct {
	Path    string
	Count   uint64
	Indices []uint64
}

// Selection gives the elements as points of the dataset, whose dimensions are
// dims. Where Indices are missing it is an error.
func (r RegionReference) Selection(dims []uint64) (space.Selection, error) {
	if uint64(len(r.Indices)) != r.Count {
		return nil, fmt.Errorf("%w: a region of %d elements, which are not listed", ErrTooLarge, r.Count)
	}
	if slices.Contains(dims, 0) {
		return nil, fmt.Errorf("%w: a region of a dataset without elements", ErrInvalid)
	}
	coords := make([]uint64, len(r.Indices)*len(dims))
	for i, at := range r.Indices {
		locate(coords[i*len(dims):(i+1)*len(dims)], at, dims)
	}
	return space.Points(len(dims), coords)
}

func setObject(rt reflect.Type, t *dtype.Type) (setter, error) {
	if t.Class != dtype.Reference || t.Ref != dtype.ObjectRef {
		return nil, mismatch(t, rt, "it holds no object references")
	}
	return func(r *run, src []byte, v reflect.Value) error {
		path, _ := r.elements.Reference(src)
		v.Set(reflect.ValueOf(ObjectReference{Path: path, Address: little(src)}))
		return nil
	}, nil
}

func setRegion(rt reflect.Type, t *dtype.Type) (setter, error) {
	if t.Class != dtype.Reference || t.Ref != dtype.RegionRef {
		return nil, mismatch(t, rt, "it holds no region references")
	}
	return func(r *run, src []byte, v reflect.Value) error {
		path, count, indices, _ := r.elements.Region(src)
		if err := r.make(8 * uint64(len(indices))); err != nil {
			return err
		}
		region := RegionReference{Path: path, Count: count, Indices: append([]uint64(nil), indices...)}
		v.Set(reflect.ValueOf(region))
		return nil
	}, nil
}
