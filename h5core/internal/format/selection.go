package format

import "github.com/h5serve/h5serve/h5core/internal/wire"

// Kinds of serialized selections (specification III.H, "Dataspace Selection").
const (
	SelectNone      = 0
	SelectPoints    = 1
	SelectHyperslab = 2
	SelectAll       = 3
)

// Selection is a selection as region references and virtual datasets store it.
type Selection struct {
	Kind    uint32
	Version uint32
	Rank    uint32
	Points  [][]uint64 // SelectPoints
	// SelectHyperslab: either a regular one, or blocks of first and last
	// elements.
	Regular                     bool
	Start, Stride, Count, Block []uint64
	First, Last                 [][]uint64
}

const maxSelectionRank = 32

// Fields lists the selection's fields; it is decoded only.
func (s *Selection) Fields(c *wire.Codec) {
	c.Name("dataspace selection")
	c.U32("selection type", &s.Kind)
	c.U32("version", &s.Version)
	switch {
	case c.Err() != nil:
	case s.Kind == SelectNone || s.Kind == SelectAll:
		c.Zeros(8)
	case s.Kind == SelectPoints && s.Version <= 2:
		s.points(c)
	case s.Kind == SelectHyperslab && s.Version <= 3:
		s.hyperslab(c)
	default:
		c.Fail("selection type", "type %d of version %d is not known", s.Kind, s.Version)
	}
}

// rank walks the number of axes.
func (s *Selection) rank(c *wire.Codec) {
	c.U32("rank", &s.Rank)
	if c.Err() == nil && (s.Rank < 1 || s.Rank > maxSelectionRank) {
		c.Fail("rank", "%d is not 1 to 32", s.Rank)
	}
}

func (s *Selection) points(c *wire.Codec) {
	width := uint8(4)
	if s.Version == 1 {
		c.Zeros(8) // reserved, and the length of what follows
	} else {
		c.U8("encode size", &width)
	}
	s.rank(c)
	n := uint64(0)
	c.Uint("number of points", int(width), &n)
	if !c.Count("number of points", n, int(s.Rank)*int(width)) {
		return
	}
	s.Points = make([][]uint64, n)
	for i := range s.Points {
		s.Points[i] = s.coordinates(c, "coordinate", int(width))
	}
}

func (s *Selection) coordinates(c *wire.Codec, field string, width int) []uint64 {
	v := make([]uint64, s.Rank)
	for d := range v {
		c.Uint(field, width, &v[d])
		if width < 8 && v[d] == 1<<(8*width)-1 {
			v[d] = wire.Undefined
		}
	}
	return v
}

func (s *Selection) hyperslab(c *wire.Codec) {
	width := uint8(4)
	if s.Version == 1 {
		c.Zeros(8)
		s.rank(c)
		s.blocks(c, 4)
		return
	}
	flags := uint8(0)
	c.U8("flags", &flags)
	s.Regular = flags&1 != 0
	if s.Version == 2 {
		c.Zeros(4) // the length of what follows
		width, s.Regular = 8, true
	} else {
		c.U8("encode size", &width)
	}
	s.rank(c)
	if !s.Regular {
		s.blocks(c, int(width))
		return
	}
	if !c.Count("rank", uint64(s.Rank), 4*int(width)) {
		return
	}
	for _, part := range []*[]uint64{&s.Start, &s.Stride, &s.Count, &s.Block} {
		*part = make([]uint64, s.Rank)
	}
	for d := range s.Start {
		for _, part := range [][]uint64{s.Start, s.Stride, s.Count, s.Block} {
			c.Uint("start, stride, count, block", int(width), &part[d])
			if width < 8 && part[d] == 1<<(8*width)-1 {
				part[d] = wire.Undefined
			}
		}
	}
}

func (s *Selection) blocks(c *wire.Codec, width int) {
	n := uint64(0)
	c.Uint("number of blocks", width, &n)
	if !c.Count("number of blocks", n, 2*int(s.Rank)*width) {
		return
	}
	s.First, s.Last = make([][]uint64, n), make([][]uint64, n)
	for i := range n {
		s.First[i] = s.coordinates(c, "start of block", width)
		s.Last[i] = s.coordinates(c, "end of block", width)
		for d := range s.First[i] {
			if c.Err() == nil && s.Last[i][d] < s.First[i][d] {
				c.Fail("end of block", "axis %d ends at %d, before its start %d", d, s.Last[i][d], s.First[i][d])
			}
		}
	}
}
