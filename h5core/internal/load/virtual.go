package load

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/h5serve/h5serve/h5core/internal/format"
	"github.com/h5serve/h5serve/h5core/internal/format/message"
	"github.com/h5serve/h5serve/h5core/internal/transfer"
	"github.com/h5serve/h5serve/h5core/internal/walk"
	"github.com/h5serve/h5serve/h5core/internal/wire"
	"github.com/h5serve/h5serve/h5core/space"
)

// mappings reads where the elements of a virtual dataset come from, and how
// large that makes it where it grows with its sources.
func (d *Data) mappings(ctx context.Context) error {
	if d.Layout.Class != message.Virtual {
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
	d.Sources = m.List
	for _, s := range m.List {
		if axis := unlimited(&s.Virtual); axis >= 0 && axis < len(d.Space.Dims) {
			if err := d.grow(ctx, s, axis); err != nil {
				return err
			}
		}
	}
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

// grow makes the dataset as large as a mapping without end needs, now that its
// source is as large as it is.
func (d *Data) grow(ctx context.Context, m format.Mapping, axis int) error {
	source, err := d.source(ctx, m)
	if err != nil || source == nil {
		return err
	}
	along := unlimited(&m.Source)
	if along < 0 || along >= len(source.Space.Dims) {
		return nil
	}
	there := source.Space.Dims[along]
	start, step, block := m.Source.Start[along], max(m.Source.Stride[along], 1), m.Source.Block[along]
	slices := there - min(there, start)
	if block != wire.Undefined {
		slices = slices/step*block + min(slices%step, block)
	}
	end := m.Virtual.Start[axis] + slices
	if b := m.Virtual.Block[axis]; b != wire.Undefined && b > 0 && slices > 0 {
		whole, rest := slices/b, slices%b
		end = m.Virtual.Start[axis] + whole*m.Virtual.Stride[axis] + rest
		if rest == 0 {
			end = m.Virtual.Start[axis] + (whole-1)*m.Virtual.Stride[axis] + b
		}
	}
	if d.Space.Max != nil {
		end = min(end, d.Space.Max[axis])
	}
	d.Space.Dims[axis] = max(d.Space.Dims[axis], end)
	return damaged(d.Space.Validate(uint64(d.Type.Size)))
}

// source opens the dataset that a mapping takes its elements from; nil where
// there is none, which reads as the fill value.
func (d *Data) source(ctx context.Context, m format.Mapping) (*Data, error) {
	if strings.Contains(m.File+m.Dataset, "%b") {
		return nil, fmt.Errorf("%w: virtual datasets with numbered sources are not read yet", ErrUnsupported)
	}
	f := d.file
	if m.File != "." {
		if d.file.Follow == nil {
			return nil, fmt.Errorf("%w: the elements lie in another file, %q, which is not followed", ErrUnsupported, m.File)
		}
		var err error
		if f, err = d.file.neighbour(ctx, m.File); f == nil || err != nil {
			return nil, err
		}
	}
	return f.sourceAt(ctx, m.Dataset)
}

// neighbour opens another file that virtual datasets draw from, once; nil
// where there is none.
func (f *File) neighbour(ctx context.Context, name string) (*File, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if n := f.neighbours[name]; n != nil {
		return n, nil
	}
	handle, err := f.Follow(ctx, name)
	if err != nil {
		return nil, nil //nolint:nilerr // a missing source reads as the fill value
	}
	n, err := Open(ctx, handle, f.limits)
	if err != nil {
		_ = handle.Close()
		return nil, err
	}
	if f.neighbours == nil {
		f.neighbours = map[string]*File{}
	}
	f.neighbours[name] = n
	return n, nil
}

// Close closes the files that this one led to. Its own handle is the caller's.
func (f *File) Close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, n := range f.neighbours {
		n.Close()
		_ = n.handle.Close()
	}
	f.neighbours = nil
}

// sourceAt walks to a dataset by hard links.
func (f *File) sourceAt(ctx context.Context, path string) (*Data, error) {
	o, err := f.Object(ctx, f.root)
	for name := range strings.SplitSeq(strings.Trim(path, "/"), "/") {
		if err != nil || o.Kind != Group {
			return nil, err
		}
		l, findErr := o.Find(ctx, name)
		if findErr != nil || l == nil || l.Type != message.HardLink {
			return nil, findErr
		}
		o, err = f.Object(ctx, l.Header)
	}
	if err != nil || o.Kind != Dataset {
		return nil, err
	}
	var l message.Layout // looked at first: virtual datasets may lead to each other in a circle
	if _, err := o.find(ctx, message.TypeLayout, &l); err != nil {
		return nil, err
	}
	if l.Class == message.Virtual {
		return nil, fmt.Errorf("%w: a virtual dataset of virtual datasets is not read yet", ErrUnsupported)
	}
	return o.Data(ctx)
}

// readVirtual fills dst with the elements of a box: the fill value, and over
// it what each mapping brings.
func (d *Data) readVirtual(ctx context.Context, box space.Box, dst []byte) error {
	var fill []byte
	if d.Fill.User {
		fill = d.Fill.Value
	}
	transfer.Repeat(dst, fill)
	for _, m := range d.Sources {
		source, err := d.source(ctx, m)
		if err != nil {
			return err
		}
		if source == nil {
			continue
		}
		if err := d.readMapping(ctx, m, source, box, dst); err != nil {
			return err
		}
	}
	return nil
}

func (d *Data) readMapping(ctx context.Context, m format.Mapping, source *Data, box space.Box, dst []byte) error {
	convert, err := converter(source.Type, d.Type)
	if err != nil {
		return err
	}
	to, err := Parts(&m.Virtual, d.Space.Dims)
	if err != nil {
		return err
	}
	from, err := Parts(&m.Source, source.Space.Dims)
	if err != nil {
		return err
	}
	whole := space.Box{Start: make([]uint64, len(source.Space.Dims)), Count: source.Space.Dims}
	size := uint64(source.Type.Size)
	bytes, err := bytesOf(source.Space, size)
	if err != nil {
		return err
	}
	if err := d.file.Allowed(bytes); err != nil {
		return err
	}
	raw := make([]byte, bytes)
	if err := source.ReadBox(ctx, whole, raw); err != nil {
		return err
	}
	next, stop := iter.Pull(elements(from, source.Space.Dims))
	defer stop()
	own := uint64(d.Type.Size)
	for at := range elements(to, d.Space.Dims) {
		i, more := next()
		if !more {
			return nil
		}
		if k, inside := within(at, d.Space.Dims, box); inside {
			if err := convert(dst[k*own:(k+1)*own], raw[i*size:(i+1)*size]); err != nil {
				return err
			}
		}
	}
	return nil
}

// elements yields the row-major numbers of selected elements.
func elements(parts []space.Selection, dims []uint64) iter.Seq[uint64] {
	return func(yield func(uint64) bool) {
		for _, sel := range parts {
			for run := range sel.Runs(dims) {
				for i := range run.Count {
					if !yield(run.Offset + i) {
						return
					}
				}
			}
		}
	}
}

// within turns an element's number into its number in a box.
func within(at uint64, dims []uint64, box space.Box) (k uint64, inside bool) {
	step := uint64(1)
	for d := len(dims) - 1; d >= 0; d-- {
		c := at % dims[d]
		at /= dims[d]
		if c < box.Start[d] || c-box.Start[d] >= box.Count[d] {
			return 0, false
		}
		k += (c - box.Start[d]) * step
		step *= box.Count[d]
	}
	return k, true
}

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
