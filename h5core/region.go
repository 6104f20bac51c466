package h5core

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/h5serve/h5serve/h5core/dtype"
	"github.com/h5serve/h5serve/h5core/internal/format"
	"github.com/h5serve/h5serve/h5core/internal/load"
	"github.com/h5serve/h5serve/h5core/internal/walk"
	"github.com/h5serve/h5serve/h5core/internal/wire"
	"github.com/h5serve/h5serve/h5core/space"
)

// region is what a region reference leads to: elements of a dataset.
type region struct {
	path    string
	count   uint64
	indices []uint64 // row-major, ascending; nil where they are too many
}

// maxRegion is how many elements of a region are listed.
const maxRegion = 100_000

// Region gives the path of the dataset that a region reference leads to, how
// many elements it selects, and, unless they are over 100,000, which.
func (e *Elements) Region(ref []byte) (path string, count uint64, indices []uint64, ok bool) {
	at := e.file.heapRef(ref)
	if at.Addr == 0 && at.Index == 0 {
		return "", 0, nil, true
	}
	r, ok := e.regions[at]
	return r.path, r.count, r.indices, ok
}

// heapRef reads the place of a global heap object.
func (f *File) heapRef(p []byte) walk.HeapRef {
	width := int(f.stored.Geometry().OffsetSize)
	return walk.HeapRef{Addr: little(p[:width]), Index: uint32(little(p[width : width+4]))}
}

// resolveRegions reads what the region references of a level lead to. One that
// leads to nothing is damage to itself alone: it stays unresolved.
func (e *Elements) resolveRegions(ctx context.Context, l *level) error {
	width := uint32(e.file.stored.Geometry().OffsetSize)
	return l.each(func(f pointing, raw []byte, _ uint64) error {
		if f.t.Class != dtype.Reference || f.t.Ref != dtype.RegionRef || f.t.Size < 4+width {
			return nil
		}
		at := e.file.heapRef(raw)
		if _, known := e.regions[at]; known {
			return nil
		}
		if e.regions == nil {
			e.regions = map[walk.HeapRef]region{}
		}
		object, err := e.regionObject(ctx, at)
		if err == nil && object != nil {
			var r region
			if r, err = e.file.region(ctx, object); err == nil {
				e.regions[at] = r
			}
		}
		if errors.Is(err, ErrDamaged) || errors.Is(err, ErrUnsupported) {
			return nil
		}
		return err
	})
}

// regionObject is the heap object of a region reference.
func (e *Elements) regionObject(ctx context.Context, at walk.HeapRef) ([]byte, error) {
	if at.Null() {
		return nil, nil
	}
	c := e.heap[at.Addr]
	if c == nil {
		list, err := e.file.stored.Collections(ctx, []uint64{at.Addr})
		if err != nil {
			return nil, err
		}
		c = list[0]
		e.heap[at.Addr] = c
	}
	object, err := c.Object(at)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", load.ErrDamaged, err)
	}
	return object, nil
}

// region decodes the heap object of a region reference: the address of a
// dataset, and a selection of it (specification III.E, IV.A.2.d).
func (f *File) region(ctx context.Context, p []byte) (region, error) {
	width := int(f.stored.Geometry().OffsetSize)
	if len(p) < width {
		return region{}, fmt.Errorf("%w: a region reference of %d bytes", load.ErrDamaged, len(p))
	}
	var s format.Selection
	if _, err := wire.Decode(p[width:], f.stored.Geometry(), 0, &s); err != nil {
		return region{}, fmt.Errorf("%w: %w", load.ErrDamaged, err)
	}
	addr := little(p[:width])
	if err := f.paths.build(ctx, f); err != nil {
		return region{}, err
	}
	o, err := f.object(ctx, f.paths.byAddress[addr], addr)
	if err != nil {
		return region{}, err
	}
	d, ok := o.(*Dataset)
	if !ok {
		return region{}, fmt.Errorf("%w: a region of what is no dataset", load.ErrDamaged)
	}
	r := region{path: d.path}
	return r, r.fill(&s, d.Space().Dims)
}

func (r *region) fill(s *format.Selection, dims []uint64) error {
	list, err := load.Parts(s, dims)
	if err != nil {
		return err
	}
	for _, sel := range list {
		r.add(sel, dims)
	}
	slices.Sort(r.indices)
	if r.indices = slices.Compact(r.indices); r.indices != nil {
		r.count = uint64(len(r.indices))
	}
	return nil
}

func (r *region) add(sel space.Selection, dims []uint64) {
	r.count += sel.Size()
	if r.count > maxRegion {
		r.indices = nil
		return
	}
	for run := range sel.Runs(dims) {
		for i := range run.Count {
			r.indices = append(r.indices, run.Offset+i)
		}
	}
}
