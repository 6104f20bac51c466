package h5grove

import (
	"context"
	"math"

	"github.com/h5serve/h5serve/api/represent"
	"github.com/h5serve/h5serve/h5core/dtype"
)

// statistics are h5grove's. What cannot be told is null; mean and deviation of integers are cut to integers.
type statistics struct {
	StrictPositiveMin any `json:"strict_positive_min"`
	PositiveMin       any `json:"positive_min"`
	Min               any `json:"min"`
	Max               any `json:"max"`
	Mean              any `json:"mean"`
	Std               any `json:"std"`
}

// Stats gives extremes, mean and standard deviation of what is selected of a dataset; floats that are not finite are
// left out. The deviation takes a second pass, which is what keeps it exact.
func Stats(ctx context.Context, f *File, path, selection string) (*Answer, error) {
	p, err := f.part(ctx, path, selection)
	if err != nil {
		return nil, err
	}
	var found statistics
	if p.null() || p.size() > 0 {
		m, err := p.memory("")
		if err != nil {
			return nil, err
		}
		if m == nil || !m.Numeric() || m.Kind == 'c' || m.Kind == 'm' {
			return nil, unfit("path", "there are no statistics of %s", p.what())
		}
		if found, err = p.statistics(ctx, m.Kind); err != nil {
			return nil, err
		}
	}
	d := &document{}
	if err := d.put(found); err != nil {
		return nil, err
	}
	return d.answer(), nil
}

func (p *part) statistics(ctx context.Context, kind byte) (statistics, error) {
	t := represent.Item(p.t)
	switch {
	case kind == 'f':
		return summarize(ctx, p, t.GetFloat64, floats{})
	case t.Class == dtype.Enum:
		t = t.Base
	}
	if t.Signed {
		return summarize(ctx, p, t.GetInt, integers[int64]{})
	}
	return summarize(ctx, p, t.GetUint, integers[uint64]{})
}

type number interface{ int64 | uint64 | float64 }

// kind is what differs between floats and integers.
type kind[T number] interface {
	counts(T) bool
	shown(float64) any // mean or deviation
}

type floats struct{}

func (floats) counts(v float64) bool { return v-v == 0 }
func (floats) shown(v float64) any {
	if v-v != 0 {
		return nil
	}
	return v
}

type integers[T int64 | uint64] struct{}

func (integers[T]) counts(T) bool { return true }
func (integers[T]) shown(v float64) any {
	v = math.Trunc(v)
	if v < 0 {
		return int64(v)
	}
	return uint64(v)
}

func summarize[T number](ctx context.Context, p *part, get func([]byte) (T, error), k kind[T]) (statistics, error) {
	var s statistics
	var low, high, positive, strict T
	var count, zeros, above uint64
	var total sum
	size := int(represent.Item(p.t).Size)
	err := each(ctx, p, size, get, func(v T) {
		if !k.counts(v) {
			return
		}
		if count == 0 {
			low, high = v, v
		}
		low, high = min(low, v), max(high, v)
		switch {
		case v > 0 && (above == 0 || v < strict):
			strict = v
			fallthrough
		case v > 0:
			above++
		case v == 0:
			zeros++
		}
		count++
		total.add(float64(v))
	})
	if err != nil || count == 0 {
		return s, err
	}
	s.Min, s.Max = low, high
	if above > 0 {
		s.StrictPositiveMin = strict
		positive = strict
	}
	if zeros > 0 {
		positive = 0
	}
	if above+zeros > 0 {
		s.PositiveMin = positive
	}
	mean := total.value() / float64(count)
	var squares sum
	err = each(ctx, p, size, get, func(v T) {
		if k.counts(v) {
			squares.add((float64(v) - mean) * (float64(v) - mean))
		}
	})
	s.Mean, s.Std = k.shown(mean), k.shown(math.Sqrt(squares.value()/float64(count)))
	return s, err
}

func each[T number](ctx context.Context, p *part, size int, get func([]byte) (T, error), use func(T)) error {
	return p.each(ctx, func(data []byte, _ represent.Heap) error {
		for ; len(data) >= size; data = data[size:] {
			v, err := get(data[:size])
			if err != nil {
				return err
			}
			use(v)
		}
		return nil
	})
}

// sum adds with a correction for what is lost to rounding (Neumaier's).
type sum struct{ total, lost float64 }

func (s *sum) add(v float64) {
	t := s.total + v
	if math.Abs(s.total) >= math.Abs(v) {
		s.lost += (s.total - t) + v
	} else {
		s.lost += (v - t) + s.total
	}
	s.total = t
}

func (s *sum) value() float64 {
	if v := s.total + s.lost; v == v {
		return v
	}
	return s.total
}
