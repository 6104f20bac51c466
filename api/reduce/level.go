package reduce

import (
	"context"
	"sync"

	"github.com/h5serve/h5serve/h5core/dtype"
)

// Level is a plane reduced to cells.
type Level struct {
	Kind       Kind
	Rows, Cols Axis

	rows, cols uint64
	sum        []float64 // of the finite elements of a cell
	least      []uint64  // keys; where no element is finite, least is above most
	most       []uint64
	lost       []lost // nil: every element is finite
	losing     sync.Once
}

// cellBytes is what a cell takes, lost not counted.
const cellBytes = 24

func newLevel(k Kind, rows, cols Axis) *Level {
	l := &Level{Kind: k, Rows: rows, Cols: cols, rows: rows.Cells(), cols: cols.Cells()}
	n := l.rows * l.cols
	l.sum, l.least, l.most = make([]float64, n), make([]uint64, n), make([]uint64, n)
	for i := range l.least {
		l.least[i] = ^uint64(0)
	}
	return l
}

// size is the memory that it takes.
func (l *Level) size() uint64 { return uint64(len(l.sum))*cellBytes + uint64(len(l.lost))*24 + 512 }

func (l *Level) lose(i uint64, m lost) {
	l.losing.Do(func() { l.lost = make([]lost, len(l.sum)) })
	l.lost[i].add(m)
}

// spare is how many cells a level has that is kept, where its plane has so many.
const spare = 1 << 20

// finer is the plane with smaller cells, as many as may be kept.
func (p *Plane) finer() *Plane {
	f := *p
	for !f.Whole() {
		next := f
		if f.Rows.Cell > f.Cols.Cell {
			next.Rows.Cell /= 2
		} else {
			next.Cols.Cell /= 2
		}
		if next.Cells() > spare {
			break
		}
		f = next
	}
	return &f
}

// read makes the level of a plane from its elements.
func (p *Plane) read(ctx context.Context) (*Level, error) {
	t := p.Dataset.Type()
	k, size, err := kindOf(t)
	if err != nil {
		return nil, err
	}
	l := newLevel(k, p.Rows, p.Cols)
	switch {
	case IsComplex(t):
		return l, fill(ctx, p, l, numbers[float64]{floatKey[float64], true})
	case k == Float32:
		return l, fill(ctx, p, l, numbers[float32]{key: floatKey[float32]})
	case k == Float64:
		return l, fill(ctx, p, l, numbers[float64]{key: floatKey[float64]})
	case k == Int && size == 1:
		return l, fill(ctx, p, l, numbers[int8]{key: intKey[int8]})
	case k == Int && size == 2:
		return l, fill(ctx, p, l, numbers[int16]{key: intKey[int16]})
	case k == Int && size == 4:
		return l, fill(ctx, p, l, numbers[int32]{key: intKey[int32]})
	case k == Int:
		return l, fill(ctx, p, l, numbers[int64]{key: intKey[int64]})
	case size == 1:
		return l, fill(ctx, p, l, numbers[uint8]{key: uintKey[uint8]})
	case size == 2:
		return l, fill(ctx, p, l, numbers[uint16]{key: uintKey[uint16]})
	case size == 4:
		return l, fill(ctx, p, l, numbers[uint32]{key: uintKey[uint32]})
	}
	return l, fill(ctx, p, l, numbers[uint64]{key: uintKey[uint64]})
}

func fill[T number](ctx context.Context, p *Plane, l *Level, n numbers[T]) error {
	to := painter[T]{l, n.key}
	return scan(ctx, p, n, func(int, tile) taker[T] { return to })
}

// painter folds blocks into the cells of a level. Cells of different tiles
// are different cells.
type painter[T number] struct {
	*Level
	key func(T) uint64
}

func (p painter[T]) done() {}

func (p painter[T]) take(b block[T]) {
	firstRow, firstCol := p.Rows.first()/p.Rows.Cell, p.Cols.first()/p.Cols.Cell
	for i := range b.rows {
		line := ((b.top+uint64(i))/p.Rows.Cell - firstRow) * p.cols
		row := b.values[i*b.cols : (i+1)*b.cols]
		for at := b.left; len(row) > 0; {
			n := int(min(p.Cols.Cell-at%p.Cols.Cell, uint64(len(row))))
			p.cell(line+at/p.Cols.Cell-firstCol, row[:n])
			row = row[n:]
			at += uint64(n)
		}
	}
}

func (p painter[T]) cell(i uint64, values []T) {
	low, high, sum, finite, lost := fold(values)
	if finite > 0 {
		p.sum[i] += sum
		p.least[i] = min(p.least[i], p.key(low))
		p.most[i] = max(p.most[i], p.key(high))
	}
	if finite < len(values) {
		p.lose(i, lost)
	}
}

// fold gives the extremes and the sum of the finite values.
func fold[T number](values []T) (low, high T, sum float64, finite int, l lost) {
	for i, v := range values {
		if v-v == 0 {
			low, high = v, v
			values = values[i:]
			break
		}
		l.note(float64(v))
		if i == len(values)-1 {
			return low, high, 0, 0, l
		}
	}
	for _, v := range values {
		if v-v != 0 {
			l.note(float64(v))
			continue
		}
		low, high = min(low, v), max(high, v)
		sum += float64(v)
		finite++
	}
	return low, high, sum, finite, l
}

// coarsen makes the level of a plane from one that holds it.
func (l *Level) coarsen(rows, cols Axis) *Level {
	out := newLevel(l.Kind, rows, cols)
	ways := func(from, to Axis) (start, n uint64, way func(uint64) uint64) {
		first := from.first() / from.Cell
		start = to.first()/from.Cell - first
		return start, (to.end()-1)/from.Cell - first + 1 - start, func(i uint64) uint64 {
			return max((first+i)*from.Cell, to.first())/to.Cell - to.first()/to.Cell
		}
	}
	top, height, row := ways(l.Rows, rows)
	left, width, col := ways(l.Cols, cols)
	for i := top; i < top+height; i++ {
		for j := left; j < left+width; j++ {
			from, to := i*l.cols+j, row(i)*out.cols+col(j)
			out.sum[to] += l.sum[from]
			out.least[to] = min(out.least[to], l.least[from])
			out.most[to] = max(out.most[to], l.most[from])
			if l.lost != nil && l.lost[from] != (lost{}) {
				out.lose(to, l.lost[from])
			}
		}
	}
	return out
}

// finite is the number of finite elements in a cell.
func (l *Level) finite(i uint64) uint64 {
	n := l.Rows.width(i/l.cols) * l.Cols.width(i%l.cols)
	if l.lost != nil {
		n -= l.lost[i].count()
	}
	return n
}

// Total is what is known of all elements of a level.
type Total struct {
	Finite, NaN, PositiveInfinite, NegativeInfinite uint64
	Min, Max                                        uint64 // keys
}

// Total adds up the cells.
func (l *Level) Total() Total {
	t := Total{Min: ^uint64(0), Finite: l.Rows.Count * l.Cols.Count}
	for i := range l.sum {
		t.Min, t.Max = min(t.Min, l.least[i]), max(t.Max, l.most[i])
	}
	for _, m := range l.lost {
		t.NaN, t.PositiveInfinite, t.NegativeInfinite = t.NaN+m.nan, t.PositiveInfinite+m.above, t.NegativeInfinite+m.below
	}
	t.Finite -= t.NaN + t.PositiveInfinite + t.NegativeInfinite
	return t
}

// exact is the type that has room for every number of a kind.
func (k Kind) exact() *dtype.Type {
	switch k {
	case Float32:
		return dtype.Float32(dtype.LittleEndian)
	case Int, Uint:
		return dtype.Must(dtype.Int(8, k == Int, dtype.LittleEndian))
	}
	return dtype.Float64(dtype.LittleEndian)
}
