package reduce

import (
	"context"
	"math/cmplx"
	"runtime"

	"golang.org/x/sync/errgroup"

	"github.com/h5serve/h5serve/h5core"
	"github.com/h5serve/h5serve/h5core/space"
)

// blockBytes is what a worker reads at once, as Go values.
const blockBytes = 8 << 20

// block is a part of a tile: rows × cols values from a coordinate on.
type block[T number] struct {
	top, left  uint64
	rows, cols int
	values     []T
}

// taker takes the blocks of one tile, in their order. A worker calls done when
// the tile is at its end.
type taker[T number] interface {
	take(b block[T])
	done()
}

// scan reads a plane by several workers, a tile each at a time. Begin is called
// for each tile, in order, before any of it is read; the takers of different
// tiles work at the same time.
func scan[T number](ctx context.Context, p *Plane, n numbers[T], begin func(i int, t tile) taker[T]) error {
	size := uint64(max(p.Dataset.Type().Size, 8))
	g, working := errgroup.WithContext(ctx)
	workers := max(2, runtime.GOMAXPROCS(0))
	g.SetLimit(workers)
	rooms := make(chan *room[T], workers)
	i := 0
	for t := range p.tiles(blockBytes / size) {
		if working.Err() != nil {
			break
		}
		to := begin(i, t)
		i++
		g.Go(func() error {
			r := take(rooms)
			defer func() { rooms <- r }()
			return r.fold(working, p, n, t, blockBytes/size, to)
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	return ctx.Err()
}

// room is the memory of a worker.
type room[T number] struct {
	values  []T
	complex []complex128
}

func (r *room[T]) fold(ctx context.Context, p *Plane, n numbers[T], t tile, most uint64, to taker[T]) error {
	dims := p.Dataset.Space().Dims
	for part, shape := range space.Blocks(p.window(t), dims, p.Dataset.Chunks(), most) {
		if err := ctx.Err(); err != nil {
			return err
		}
		values, err := r.read(ctx, p.Dataset, n, part)
		if err != nil {
			return err
		}
		b := block[T]{rows: 1, cols: 1, values: values}
		start := part.(space.Hyperslab).Start
		if a := p.Rows; a.Number >= 0 {
			b.top, b.rows = start[a.Number]/a.Step, int(shape[a.Number])
		}
		if a := p.Cols; a.Number >= 0 {
			b.left, b.cols = start[a.Number]/a.Step, int(shape[a.Number])
		}
		to.take(b)
	}
	to.done()
	return nil
}

func (r *room[T]) read(ctx context.Context, d *h5core.Dataset, n numbers[T], part space.Selection) ([]T, error) {
	r.values = fresh(r.values, part.Size())
	if !n.magnitude {
		return r.values, h5core.ReadInto(ctx, d, part, r.values)
	}
	r.complex = fresh(r.complex, part.Size())
	if err := h5core.ReadInto(ctx, d, part, r.complex); err != nil {
		return nil, err
	}
	for i, v := range r.complex {
		r.values[i] = T(cmplx.Abs(v))
	}
	return r.values, nil
}

func fresh[T any](s []T, n uint64) []T {
	if uint64(cap(s)) < n {
		return make([]T, n)
	}
	return s[:n]
}
