package load

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/h5serve/h5serve/h5core/convert"
	"github.com/h5serve/h5serve/h5core/dtype"
	"github.com/h5serve/h5serve/h5core/internal/format"
	"github.com/h5serve/h5serve/h5core/internal/transfer"
	"github.com/h5serve/h5serve/h5core/internal/wire"
	"github.com/h5serve/h5serve/h5core/space"
)

// job is a part of a mapping: what one source brings.
type job struct {
	at              place
	mapping         int
	pattern, source func(dims []uint64) (*pattern, error) // by the dims of the virtual dataset, of the source
	box             space.Box                             // around what it brings of the box that is read
}

// readVirtual fills dst with the elements of a box: the fill value, and over
// it what each mapping brings, the later ones over the earlier. Those that
// have nothing in common are read at the same time.
func (d *Data) readVirtual(ctx context.Context, box space.Box, dst []byte) error {
	if d.virtual.refused != nil {
		return d.virtual.refused
	}
	ctx, err := enter(ctx, d)
	if err != nil {
		return err
	}
	fill, err := d.fillElement(ctx)
	if err != nil {
		return err
	}
	transfer.Repeat(dst, fill)
	if box.Size() == 0 {
		return nil
	}
	var wave []job
	err = d.jobs(box, func(j job) error {
		apart := len(wave) < maxJobs && !slices.ContainsFunc(wave, func(o job) bool {
			_, common := o.box.Intersect(j.box)
			return common
		})
		if !apart {
			if err := d.readWave(ctx, wave, box, dst); err != nil {
				return err
			}
			wave = wave[:0]
		}
		wave = append(wave, j)
		return nil
	})
	if err != nil {
		return err
	}
	return d.readWave(ctx, wave, box, dst)
}

// fillElement is the fill value, nil where that is zeros; of a virtual dataset
// in another file than the one that is read, what it leads to comes along.
func (d *Data) fillElement(ctx context.Context) ([]byte, error) {
	if !d.Fill.User {
		return nil, nil
	}
	a := adopted(ctx)
	if a == nil || !d.Type.HasVarLen() {
		return d.Fill.Value, nil
	}
	fill := slices.Clone(d.Fill.Value)
	return fill, a.adopt(ctx, d.file, d.Type, fill)
}

// maxJobs is how many sources make a wave.
const maxJobs = 64

func (d *Data) readWave(ctx context.Context, wave []job, box space.Box, dst []byte) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(max(2, runtime.GOMAXPROCS(0)))
	for _, j := range wave {
		group.Go(func() error { return d.readJob(ctx, j, box, dst) })
	}
	return group.Wait()
}

// jobs lists what may bring elements of a box, in the order of the mappings.
func (d *Data) jobs(box space.Box, yield func(job) error) error {
	for i := range d.virtual.list {
		m := &d.virtual.list[i]
		part, ok := m.touches(box)
		switch {
		case !ok:
			continue
		case m.axis >= 0 && m.along < 0:
			if err := m.numberedJobs(i, part, yield); err != nil {
				return err
			}
			continue
		case m.axis >= 0 && m.elements == 0:
			continue
		}
		if err := yield(job{m.place(0), i, m.virtualPattern, m.sourcePattern, part}); err != nil {
			return err
		}
	}
	return nil
}

// touches is what a box has in common with the bounds of a mapping.
func (m *mapping) touches(box space.Box) (space.Box, bool) {
	if m.Virtual.Kind == format.SelectNone || m.Source.Kind == format.SelectNone {
		return box, false
	}
	if m.low == nil {
		return box, true
	}
	around := space.Box{Start: m.low, Count: make([]uint64, len(m.low))}
	for d := range m.low {
		if m.high[d] <= m.low[d] {
			return box, false
		}
		around.Count[d] = m.high[d] - m.low[d]
	}
	return around.Intersect(box)
}

// numberedJobs lists the blocks of a mapping whose sources have numbers.
func (m *mapping) numberedJobs(i int, part space.Box, yield func(job) error) error {
	a, v := m.axis, &m.Virtual
	start, stride, block := v.Start[a], v.Stride[a], v.Block[a]
	low, high := part.Start[a], part.Start[a]+part.Count[a]
	for k := (low - start) / stride; k < m.blocks && start+k*stride < high; k++ {
		begin := start + k*stride
		from, to := max(begin, low), min(begin+block, high)
		if from >= to {
			continue
		}
		one := *v
		one.Start, one.Count = slices.Clone(v.Start), slices.Clone(v.Count)
		one.Start[a], one.Count[a] = begin, 1
		around := space.Box{Start: slices.Clone(part.Start), Count: slices.Clone(part.Count)}
		around.Start[a], around.Count[a] = from, to-from
		pattern := func([]uint64) (*pattern, error) { return regular(&one, -1, 0) }
		if err := yield(job{m.place(k), i, pattern, m.sourcePattern, around}); err != nil {
			return err
		}
	}
	return nil
}

// patternOf is the pattern of a stored selection.
func patternOf(s *format.Selection, dims []uint64, endless int, elements uint64) (*pattern, error) {
	switch {
	case s.Kind == format.SelectAll:
		return everything(dims), nil
	case int(s.Rank) != len(dims):
		return nil, damaged(fmt.Errorf("a selection of %d axes in a space of %d", s.Rank, len(dims)))
	case s.Regular:
		return regular(s, endless, elements)
	}
	list := make([]block, len(s.First))
	for i := range list {
		list[i] = block{s.First[i], s.Last[i]}
	}
	budget := maxSpans
	return irregular(list, 0, len(dims), &budget)
}

// prepared makes the patterns of irregular selections once.
func (m *mapping) prepared(s *format.Selection, dims []uint64, kept **pattern) (*pattern, error) {
	if s.Kind == format.SelectAll || s.Regular {
		return nil, nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if *kept != nil {
		return *kept, nil
	}
	p, err := patternOf(s, dims, -1, 0)
	*kept = p
	return p, err
}

func (m *mapping) virtualPattern(dims []uint64) (*pattern, error) {
	if p, err := m.prepared(&m.Virtual, dims, &m.kept[0]); p != nil || err != nil {
		return p, err
	}
	return patternOf(&m.Virtual, dims, m.axis, m.elements)
}

func (m *mapping) sourcePattern(dims []uint64) (*pattern, error) {
	if int(m.Source.Rank) == len(dims) {
		if p, err := m.prepared(&m.Source, dims, &m.kept[1]); p != nil || err != nil {
			return p, err
		}
	}
	return patternOf(&m.Source, dims, m.along, m.elements)
}

// readJob brings what a source has of a box.
func (d *Data) readJob(ctx context.Context, j job, box space.Box, dst []byte) error {
	source, err := d.source(ctx, j.at)
	if err == nil && source != nil {
		err = d.readSource(ctx, j, source, box, dst)
	}
	if err != nil {
		return fmt.Errorf("the source %q in %q: %w", j.at.dataset, j.at.file, err)
	}
	return nil
}

func (d *Data) readSource(ctx context.Context, j job, source *Data, box space.Box, dst []byte) error {
	to, err := j.pattern(d.Space.Dims)
	if err != nil {
		return err
	}
	from, err := j.source(source.Space.Dims)
	if err != nil {
		return err
	}
	if to.size != from.size {
		return damaged(fmt.Errorf("mapping %d gives %d elements to %d", j.mapping, from.size, to.size))
	}
	c, err := d.conversion(ctx, source)
	if err != nil {
		return err
	}
	g := &gather{
		source: source, convert: c, dst: dst, size: uint64(source.Type.Size), own: uint64(d.Type.Size),
		rank: len(source.Space.Dims), limit: max(waveBytes, 2*source.chunkBytes()),
	}
	if box, ok := asBoxes(to, from, box, len(source.Space.Dims)); ok {
		return g.boxes(ctx, box)
	}
	return g.runs(ctx, to, from, box)
}

// conversion turns elements of a source into those of the virtual dataset.
func (d *Data) conversion(ctx context.Context, source *Data) (*convert.Converter, error) {
	if source.file != d.file && source.Type.HasVarLen() && adopted(ctx) == nil {
		return nil, fmt.Errorf("%w: variable-length elements of a source in another file", ErrUnsupported)
	}
	c, err := convert.New(source.Type, d.Type)
	var none *convert.Error
	if errors.As(err, &none) {
		return nil, fmt.Errorf("%w: %w", ErrUnsupported, err)
	}
	var bad *dtype.Error
	if errors.As(err, &bad) {
		return nil, damaged(err)
	}
	return c, err
}

// waveBytes is how much of a source is fetched beside what is wanted.
const waveBytes = 4 << 20

// chunkBytes is what a chunk takes, 0 where there are none.
func (d *Data) chunkBytes() uint64 {
	bytes := uint64(d.Type.Size)
	for _, n := range d.Chunks() {
		if bytes *= n; bytes > wire.Undefined>>32 {
			return 0
		}
	}
	if d.Chunks() == nil {
		return 0
	}
	return bytes
}
