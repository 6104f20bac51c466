package load

import (
	"context"
	"errors"
	"fmt"

	"github.com/h5serve/h5serve/h5core/internal/format"
	"github.com/h5serve/h5serve/h5core/internal/wire"
)

// grow makes the dataset as large as its mappings without end need, now that
// their sources are as large as they are (H5D__virtual_set_extent_unlim): the
// stored length of such an axis counts for nothing.
func (d *Data) grow(ctx context.Context) error {
	dims := make(map[int]uint64)
	for i := range d.virtual.list {
		m := &d.virtual.list[i]
		if m.axis < 0 {
			continue
		}
		inner, err := enter(ctx, d)
		if err != nil {
			return err
		}
		var end uint64
		if m.along < 0 {
			end, err = d.numbered(inner, m)
		} else {
			end, err = d.growing(inner, m)
		}
		if errors.Is(err, ErrExternal) {
			d.virtual.refused = err // it is as long as it was when it was made
			return nil
		}
		if err != nil {
			return err
		}
		dims[m.axis] = max(dims[m.axis], end)
	}
	for axis, n := range dims {
		n = max(n, d.least(axis))
		if d.Space.Max != nil {
			n = min(n, d.Space.Max[axis])
		}
		d.Space.Dims[axis] = n
	}
	return damaged(d.Space.Validate(uint64(d.Type.Size)))
}

// least is how long an axis is for what has an end along it.
func (d *Data) least(axis int) (n uint64) {
	for i := range d.virtual.list {
		if m := &d.virtual.list[i]; m.high != nil && m.axis != axis && m.high[axis] != wire.Undefined {
			n = max(n, m.high[axis])
		}
	}
	return n
}

// growing finds out how many elements a source has along its axis without end,
// and where that ends in the virtual dataset.
func (d *Data) growing(ctx context.Context, m *mapping) (end uint64, err error) {
	source, err := d.source(ctx, m.place(0))
	if err != nil || source == nil {
		return 0, err
	}
	s, dims := &m.Source, source.Space.Dims
	if int(s.Rank) != len(dims) {
		return 0, damaged(fmt.Errorf("a selection of %d axes in a source of %d", s.Rank, len(dims)))
	}
	m.elements = available(s, m.along, dims[m.along])
	end, ok := reach(&m.Virtual, m.axis, m.elements)
	if !ok {
		return 0, errPattern(m.axis)
	}
	return end, nil
}

// available is how many elements of a selection without end there are along an
// axis of so many.
func available(s *format.Selection, axis int, length uint64) uint64 {
	stride, block := s.Stride[axis], s.Block[axis]
	room := length - min(length, s.Start[axis])
	if block == wire.Undefined || block >= stride || stride == 0 {
		return room
	}
	return room/stride*block + min(room%stride, block)
}

// reach is where so many elements of a selection without end have their end.
func reach(s *format.Selection, axis int, n uint64) (end uint64, ok bool) {
	start, stride, block := s.Start[axis], s.Stride[axis], s.Block[axis]
	switch {
	case n == 0:
		return 0, true
	case block == 0:
		return 0, false
	case block == wire.Undefined || block == stride:
		end = start + n
		return end, end > start
	}
	p, err := repeated(axis, start, stride, n/block, block, n%block, nil)
	if err != nil {
		return 0, false
	}
	return p.end(), true
}

// numbered counts the sources from 0 on, up to the first that is missing.
func (d *Data) numbered(ctx context.Context, m *mapping) (end uint64, err error) {
	m.blocks, err = counted(func(i uint64) (bool, error) {
		if err := d.file.Spend(ctx, 1); err != nil {
			return false, err
		}
		o, err := d.find(ctx, m.place(i))
		return o != nil, err
	})
	if err != nil || m.blocks == 0 {
		return 0, err
	}
	v := &m.Virtual
	p, err := repeated(m.axis, v.Start[m.axis], v.Stride[m.axis], m.blocks, v.Block[m.axis], 0, nil)
	if err != nil {
		return 0, err
	}
	return p.end(), nil
}

// counted is how many there are from 0 on, without a gap.
func counted(there func(i uint64) (bool, error)) (n uint64, err error) {
	for ; n <= maxNumbered; n++ {
		if ok, err := there(n); err != nil || !ok {
			return n, err
		}
	}
	return 0, fmt.Errorf("%w: a virtual dataset of over %d numbered sources", ErrTooLarge, maxNumbered)
}

// visit is a virtual dataset that is being read, for another one or not.
type visit struct {
	above *visit
	file  *File
	heap  uint64 // with index, what tells its mappings
	index uint32
	depth int
	left  *budget // of sources that are looked at
}

type visiting struct{} // the context's key of a *visit

// What bounds virtual datasets of virtual datasets.
const (
	maxVirtualDepth = 8
	maxVisits       = 1 << 20
)

var errCircle = errors.New("a virtual dataset takes its elements from itself")

// enter goes into a virtual dataset: an error where that leads back to it, or
// too deep. The context of what is done for it tells of it.
func enter(ctx context.Context, d *Data) (context.Context, error) {
	v := &visit{file: d.file, heap: d.Layout.MappingHeap, index: d.Layout.MappingIndex, depth: 1, left: &budget{}}
	if v.above, _ = ctx.Value(visiting{}).(*visit); v.above != nil {
		v.depth, v.left = v.above.depth+1, v.above.left
	}
	for up := v.above; up != nil; up = up.above {
		if up.file == v.file && up.heap == v.heap && up.index == v.index {
			return nil, damaged(errCircle)
		}
	}
	if v.depth > maxVirtualDepth {
		return nil, fmt.Errorf("%w: virtual datasets of virtual datasets, over %d deep", ErrTooLarge, maxVirtualDepth)
	}
	if v.left.used.Add(1) > maxVisits {
		return nil, fmt.Errorf("%w: one read of over %d virtual datasets", ErrTooLarge, maxVisits)
	}
	return context.WithValue(ctx, visiting{}, v), nil
}
