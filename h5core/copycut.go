package h5core

import (
	"fmt"
	"slices"

	"github.com/h5serve/h5serve/h5core/internal/object"
	"github.com/h5serve/h5serve/h5core/space"
)

// Slice is Select with a text, as [space.Parse] reads it: an index drops its
// axis from the copy, its chunks' too. A text that selects all is no selection.
func Slice(path, text string) CopyOption {
	return func(c *copying) {
		if c.slices == nil {
			c.slices = map[string]string{}
		}
		c.slices[path] = text
	}
}

// cut is what is taken of a dataset; nil is all of it.
type cut struct {
	sel     space.Selection
	dropped []bool // of each axis; nil: none is
}

// parseCut reads a selection of a space.
func parseCut(text string, s space.Space) (*cut, error) {
	sel, _, err := space.Parse(text, s.Dims)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	dropped, err := space.Dropped(text, len(s.Dims))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	if !slices.Contains(dropped, true) {
		dropped = nil
	}
	c := &cut{sel, dropped}
	for i, n := range s.Dims {
		if !c.axis(i).whole(n) {
			return c, nil
		}
	}
	return nil, nil
}

// cutOf tells what is taken of a dataset.
func (c *copier) cutOf(from *Dataset) (*cut, error) {
	if k, known := c.cuts[place{from.file, from.Address()}]; known {
		return k, nil
	}
	if sel, ok := c.selections[from.path]; ok {
		return &cut{sel: sel}, nil
	}
	if text, ok := c.slices[from.path]; ok {
		return parseCut(text, from.data.Space)
	}
	return nil, nil
}

// space is that of the selection with all its axes; those that are dropped
// have one element, for ever.
func (c *cut) space(s space.Space) (space.Space, error) {
	out, err := selectedSpace(s, c.sel)
	if err != nil || out.Max == nil || c.dropped == nil {
		return out, err
	}
	for i, dropped := range c.dropped {
		if dropped {
			out.Max[i] = 1
		}
	}
	if !slices.Contains(out.Max, space.Unlimited) {
		out.Max = nil
	}
	return out, nil
}

// scalar tells whether no axis is left.
func (c *cut) scalar() bool { return c.dropped != nil && !slices.Contains(c.dropped, false) }

// drop takes the dropped axes away, each of which has one element: numbers of
// elements and chunks stay what they are.
func (c *cut) drop(to *object.Dataset) {
	if c.dropped == nil {
		return
	}
	to.Space.Dims = without(to.Space.Dims, c.dropped)
	if to.Space.Max != nil {
		to.Space.Max = without(to.Space.Max, c.dropped)
	}
	if to.Chunk != nil {
		to.Chunk = without(to.Chunk, c.dropped)
	}
	if len(to.Space.Dims) == 0 {
		to.Space, to.Chunk = space.Space{Kind: space.Scalar}, nil
	}
}

func without[T any](list []T, dropped []bool) []T {
	kept := make([]T, 0, len(list))
	for i, v := range list {
		if !dropped[i] {
			kept = append(kept, v)
		}
	}
	return kept
}

// span is what a cut takes of one axis.
type span struct {
	start, stride, count uint64
	dropped              bool
}

// axis is what a cut that was parsed takes of an axis.
func (c *cut) axis(i int) span {
	h := c.sel.(space.Hyperslab)
	s := span{h.Start[i], 1, h.Count[i], c.dropped != nil && c.dropped[i]}
	if h.Stride != nil {
		s.stride = h.Stride[i]
	}
	return s
}

func (s span) whole(n uint64) bool {
	return !s.dropped && s.start == 0 && s.count == n && (s.stride == 1 || n < 2)
}

// clip is the part of a span that lies on an axis of n elements.
func (s span) clip(n uint64) span {
	if s.start >= n {
		return span{start: n, stride: s.stride}
	}
	s.count = min(s.count, (n-s.start-1)/s.stride+1)
	return s
}

// same tells whether two cuts take the same elements.
func (c *cut) same(d *cut) bool {
	if c == nil || d == nil {
		return c == d
	}
	a, b := c.sel.(space.Hyperslab), d.sel.(space.Hyperslab)
	return slices.Equal(a.Start, b.Start) && slices.Equal(a.Stride, b.Stride) && slices.Equal(a.Count, b.Count) && slices.Equal(c.dropped, d.dropped)
}

// axisCut takes a span of the first axis; nil where that is all.
func axisCut(s span, dims []uint64) *cut {
	if s = s.clip(dims[0]); s.whole(dims[0]) {
		return nil
	}
	h := space.Hyperslab{Start: make([]uint64, len(dims)), Stride: slices.Repeat([]uint64{1}, len(dims)), Count: slices.Clone(dims)}
	h.Start[0], h.Stride[0], h.Count[0] = s.start, s.stride, s.count
	return &cut{sel: h}
}
