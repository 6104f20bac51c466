package load

import (
	"fmt"
	"slices"

	"github.com/h5serve/h5serve/h5core/internal/format"
	"github.com/h5serve/h5serve/h5core/internal/wire"
	"github.com/h5serve/h5serve/h5core/space"
)

// Parts turns a serialized selection into selections of a space; what goes on
// for ever ends with the space.
func Parts(s *format.Selection, dims []uint64) ([]space.Selection, error) {
	switch {
	case s.Kind == format.SelectNone:
		return nil, nil
	case s.Kind == format.SelectAll:
		return []space.Selection{space.All(dims)}, nil
	case int(s.Rank) != len(dims):
		return nil, damaged(fmt.Errorf("a selection of %d axes in a space of %d", s.Rank, len(dims)))
	}
	list := boxes(s)
	if s.Regular {
		list = clipped(s, dims)
	}
	for _, sel := range list {
		if err := sel.Check(dims); err != nil {
			return nil, damaged(err)
		}
	}
	return list, nil
}

func boxes(s *format.Selection) (list []space.Selection) {
	for i := range s.First {
		count := make([]uint64, s.Rank)
		for d := range count {
			count[d] = s.Last[i][d] - s.First[i][d] + 1
		}
		list = append(list, space.Slab(space.Box{Start: s.First[i], Count: count}))
	}
	for _, at := range s.Points {
		list = append(list, space.Slab(space.Box{Start: at, Count: slices.Repeat([]uint64{1}, int(s.Rank))}))
	}
	return list
}

// clipped is a regular selection in whole blocks; an axis without end gets the
// blocks that the space has, and one more where a part of it is there.
func clipped(s *format.Selection, dims []uint64) []space.Selection {
	h := space.Hyperslab{Start: s.Start, Stride: s.Stride, Count: slices.Clone(s.Count), Block: slices.Clone(s.Block)}
	axis := unlimited(s)
	if axis < 0 {
		return []space.Selection{h}
	}
	room := dims[axis] - min(dims[axis], s.Start[axis])
	if h.Block[axis] == wire.Undefined {
		h.Block[axis], h.Count[axis] = room, min(h.Count[axis], 1)
	} else {
		h.Count[axis] = (room + max(s.Stride[axis], 1) - h.Block[axis]) / max(s.Stride[axis], 1)
	}
	if room == 0 || h.Count[axis] == 0 {
		return nil
	}
	return []space.Selection{h}
}
