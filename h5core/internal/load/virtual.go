package load

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"

	"github.com/h5serve/h5serve/h5core/internal/format"
	"github.com/h5serve/h5serve/h5core/internal/format/message"
	"github.com/h5serve/h5serve/h5core/internal/walk"
	"github.com/h5serve/h5serve/h5core/internal/wire"
)

// virtual is where the elements of a virtual dataset come from.
//
//	mapping      virtual            source             its elements
//	limited      selection     ◀──  selection
//	growing      ∞ blocks      ◀──  ∞ blocks           as many as the source has
//	numbered     ∞ blocks      ◀──  selection of       block i from the source
//	                                "frame-%b" …       whose name has i
//
// It is seen as the C library sees it by default: up to the last element that
// is available (H5D_VDS_LAST_AVAILABLE), numbers without a gap.
type virtual struct {
	list    []mapping
	refused error // why its length is not known, if it is not

	mu      sync.Mutex
	sources map[place]*Data // that were opened
}

// place says where a source is.
type place struct{ file, dataset string }

// mapping is one entry of the list.
type mapping struct {
	*format.Mapping
	file, dataset name
	axis, along   int      // that go on for ever, in the virtual space and in the source; -1: none
	low, high     []uint64 // bounds of the virtual selection, nil: all
	elements      uint64   // growing: along the axis
	blocks        uint64   // numbered: sources that there are

	mu   sync.Mutex
	kept [2]*pattern // irregular ones, virtual and source: made once
}

const (
	maxMappings = 1 << 16
	maxNumbered = 1 << 20 // sources of one mapping
	keptSources = 1024
)

// mappings reads where the elements of a virtual dataset come from, and how
// large that makes it where it grows with its sources.
func (d *Data) mappings(ctx context.Context) error {
	if d.Layout.Class != message.Virtual {
		return nil
	}
	d.virtual = &virtual{sources: map[place]*Data{}}
	if d.Layout.MappingHeap == 0 || d.Layout.MappingHeap == wire.Undefined {
		return nil
	}
	got, err := d.file.Objects(ctx, []walk.HeapRef{{Addr: d.Layout.MappingHeap, Index: d.Layout.MappingIndex}})
	if err != nil || got[0] == nil {
		return err
	}
	var m format.Mappings
	if _, err := wire.Decode(got[0], d.file.geo, d.Layout.MappingHeap, &m); err != nil {
		return damaged(err)
	}
	if err := d.prepare(m.List); err != nil {
		return err
	}
	return d.grow(ctx)
}

func (d *Data) prepare(list []format.Mapping) error {
	if len(list) > maxMappings {
		return fmt.Errorf("%w: a virtual dataset of %d mappings, at most %d are read", ErrTooLarge, len(list), maxMappings)
	}
	d.Sources = list
	d.virtual.list = make([]mapping, len(list))
	for i := range list {
		if err := d.virtual.list[i].prepare(&list[i], len(d.Space.Dims)); err != nil {
			return damaged(fmt.Errorf("mapping %d: %w", i, err))
		}
	}
	return nil
}

// prepare finds out which kind a mapping is.
func (m *mapping) prepare(s *format.Mapping, rank int) (err error) {
	m.Mapping = s
	if m.file, err = parseName(s.File); err != nil {
		return err
	}
	if m.dataset, err = parseName(s.Dataset); err != nil {
		return err
	}
	v := &s.Virtual
	if v.Kind == format.SelectPoints || s.Source.Kind == format.SelectPoints {
		return fmt.Errorf("%w: a virtual dataset of single elements", ErrUnsupported)
	}
	if v.Kind == format.SelectHyperslab && int(v.Rank) != rank {
		return fmt.Errorf("a selection of %d axes in a space of %d", v.Rank, rank)
	}
	m.axis, m.along = unlimited(v), unlimited(&s.Source)
	numbers := m.file.numbers() + m.dataset.numbers()
	switch {
	case m.axis < 0 && m.along >= 0:
		return fmt.Errorf("a source without end for a selection that has one")
	case m.axis < 0 && numbers > 0, m.along >= 0 && numbers > 0:
		return fmt.Errorf("a numbered source, %q in %q, for a selection that has no block for each", s.Dataset, s.File)
	case m.axis >= 0 && m.along < 0 && (numbers == 0 || v.Count[m.axis] != wire.Undefined || v.Block[m.axis] == wire.Undefined):
		return fmt.Errorf("a selection without end for a source that has one")
	case m.axis >= 0 && m.along < 0 && (v.Block[m.axis] == 0 || v.Stride[m.axis] < v.Block[m.axis]):
		return fmt.Errorf("blocks of %d at a stride of %d", v.Block[m.axis], v.Stride[m.axis])
	}
	m.bounds(v)
	return nil
}

// unlimited is the axis along which a selection goes on for ever, or -1.
func unlimited(s *format.Selection) int {
	for i := range s.Start {
		if s.Count[i] == wire.Undefined || s.Block[i] == wire.Undefined {
			return i
		}
	}
	return -1
}

// bounds finds the box around a virtual selection; without end it ends at the
// largest number.
func (m *mapping) bounds(v *format.Selection) {
	if v.Kind != format.SelectHyperslab {
		return
	}
	m.low, m.high = make([]uint64, v.Rank), make([]uint64, v.Rank)
	for d := range m.low {
		if v.Regular {
			m.low[d], m.high[d] = v.Start[d], wire.Undefined
			if p, err := repeated(d, v.Start[d], v.Stride[d], v.Count[d], v.Block[d], 0, nil); err == nil && d != m.axis {
				m.high[d] = p.end() // one that is not sound is refused when it is read
			}
			continue
		}
		m.low[d] = wire.Undefined
		for i := range v.First {
			m.low[d], m.high[d] = min(m.low[d], v.First[i][d]), max(m.high[d], v.Last[i][d]+1)
		}
	}
}

// name is a source's name, in which "%b" stands for a number and "%%" for a
// percent sign (H5Pset_virtual).
type name []string // what stands between the numbers

func parseName(s string) (name, error) {
	parts := name{""}
	for {
		plain, rest, found := strings.Cut(s, "%")
		parts[len(parts)-1] += plain
		switch {
		case !found:
			return parts, nil
		case strings.HasPrefix(rest, "b"):
			parts = append(parts, "")
		case strings.HasPrefix(rest, "%"):
			parts[len(parts)-1] += "%"
		default:
			return nil, fmt.Errorf("the name %q has a %%%.1s, which is neither %%b nor %%%%", s, rest)
		}
		s = rest[1:]
	}
}

func (n name) numbers() int { return len(n) - 1 }

func (n name) with(i uint64) string {
	if len(n) == 1 {
		return n[0]
	}
	return strings.Join(n, strconv.FormatUint(i, 10))
}

// place is where a mapping's source is, or that of block i.
func (m *mapping) place(i uint64) place { return place{m.file.with(i), m.dataset.with(i)} }
