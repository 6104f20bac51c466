package inspect

import (
	"context"
	"errors"
	"math"
	"math/bits"

	"github.com/h5serve/h5serve/h5core"
	"github.com/h5serve/h5serve/h5core/dtype"
	"github.com/h5serve/h5serve/h5core/filter"
	"github.com/h5serve/h5serve/h5core/space"
)

// walk counts objects and describes datasets.
func (l *look) walk(ctx context.Context) error {
	for wave, err := range h5core.Waves(ctx, l.file.HDF5.Group) {
		if err != nil {
			return err
		}
		for _, v := range wave {
			if err := l.visit(v); err != nil {
				return err
			}
		}
		if err := l.attributes(ctx, openedIn(wave)); err != nil {
			return err
		}
		if err := l.datasets(ctx, wave); err != nil {
			return err
		}
	}
	return nil
}

func (l *look) visit(v *h5core.Visit) error {
	n := &l.report.Counts
	switch v.Object.(type) {
	case *h5core.Group:
		n.Groups++
	case *h5core.Dataset:
		n.Datasets++
	case *h5core.NamedType:
		n.Types++
	case nil:
		if v.Link.Kind != h5core.Hard {
			n.Links++
		} else if v.Err != nil {
			n.Unreadable++
		}
	}
	return l.passing(v.Err)
}

// passing takes in what is wrong with an object; what is no fault of the file
// ends the walk.
func (l *look) passing(err error) error {
	switch {
	case err == nil:
	case !faulty(err):
		return err
	case len(l.found) >= 10*l.Findings:
		l.missing++
	default:
		l.found = append(l.found, h5core.FindingOf(err))
	}
	return nil
}

// faulty tells whether it is the file that an error is about.
func faulty(err error) bool {
	for _, kind := range []error{h5core.ErrDamaged, h5core.ErrUnsupported, h5core.ErrTooLarge, h5core.ErrNotFound, h5core.ErrExternal} {
		if errors.Is(err, kind) {
			return true
		}
	}
	return false
}

func (l *look) attributes(ctx context.Context, objects []h5core.Object) error {
	lists, errs := h5core.AttributesOf(ctx, objects)
	for i, list := range lists {
		l.report.Counts.Attributes += len(list)
		if err := l.passing(errs[i]); err != nil {
			return err
		}
	}
	return nil
}

func (l *look) datasets(ctx context.Context, wave []*h5core.Visit) error {
	var some []*h5core.Dataset
	for _, v := range wave {
		if d, ok := v.Object.(*h5core.Dataset); ok {
			some = append(some, d)
		}
	}
	stored, errs := h5core.StoragesOf(ctx, some)
	for i, d := range some {
		if err := l.passing(errs[i]); err != nil {
			return err
		}
		l.dataset(d, stored[i], errs[i])
	}
	return nil
}

// dataset describes one; what advice needs of it is kept of all.
func (l *look) dataset(d *h5core.Dataset, s h5core.Storage, err error) {
	t := d.Type()
	out := Dataset{
		Path: d.Name(), DType: t.String(), Shape: shape(d.Space()), Layout: d.Layout(), Index: s.Index, Chunk: d.Chunks(),
		Chunks: s.Chunks, Smallest: s.Smallest, Largest: s.Largest, Stored: s.Stored, Elements: elementBytes(d),
		VarLen: t.HasVarLen(), chunkBytes: times(uint64(t.Size), d.Chunks()...), external: len(d.External()) > 0,
	}
	for _, f := range d.Filters() {
		_, known := filter.Lookup(filter.ID(f.ID))
		out.Filters = append(out.Filters, Filter{f.ID, f.Name, known})
	}
	if s.Chunks > 0 && s.Stored > 0 {
		out.Ratio = math.Round(1000*float64(out.chunkBytes)*float64(s.Chunks)/float64(s.Stored)) / 1000
	}
	if err != nil {
		out.Error = err.Error()
	}
	l.version(t, s, d.Layout())
	n := &l.report.Counts
	n.Chunks, n.Stored, n.Elements = plus(n.Chunks, s.Chunks), plus(n.Stored, s.Stored), plus(n.Elements, out.Elements)
	l.advice.see(&out)
	if len(l.report.Datasets) < l.Datasets {
		l.report.Datasets = append(l.report.Datasets, out)
	} else {
		l.report.Omitted++
	}
}

// version raises the oldest library that reads all that was seen: layouts of
// version 4 came with 1.10, those of version 5 and complex numbers with 2.0.
func (l *look) version(t *dtype.Type, s h5core.Storage, layout string) {
	switch {
	case s.Version >= 5 || t.Class == dtype.Complex:
		l.libver = max(l.libver, h5core.V200)
	case s.Version == 4 || layout == "virtual":
		l.libver = max(l.libver, h5core.V110)
	}
}

func shape(s space.Space) []uint64 {
	switch {
	case s.Kind == space.Null:
		return nil
	case s.Dims == nil:
		return []uint64{}
	}
	return s.Dims
}

func elementBytes(d *h5core.Dataset) uint64 {
	if d.Space().Kind == space.Null {
		return 0
	}
	return times(uint64(d.Type().Size), d.Space().Dims...)
}

// times multiplies, up to the largest number there is.
func times(n uint64, factors ...uint64) uint64 {
	for _, f := range factors {
		high, low := bits.Mul64(n, f)
		if n = low; high != 0 {
			return math.MaxUint64
		}
	}
	return n
}

func plus(a, b uint64) uint64 { return a + min(b, math.MaxUint64-a) }
