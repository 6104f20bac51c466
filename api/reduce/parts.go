package reduce

import (
	"context"
	"iter"
	"runtime"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/h5serve/h5serve/h5core"
	"github.com/h5serve/h5serve/h5core/space"
)

// parts cuts a selection of single elements into boxes of about so many, which
// begin and end with chunks as far as that goes; a chunk may be more.
func parts(s space.Hyperslab, chunk []uint64, most uint64) iter.Seq[space.Hyperslab] {
	size := partSize(s, chunk, most)
	return func(yield func(space.Hyperslab) bool) {
		if s.Size() == 0 {
			return
		}
		at := make([]uint64, len(size)) // of the selected elements
		for {
			p := space.Hyperslab{Start: slices.Clone(s.Start), Stride: s.Stride, Count: slices.Clone(s.Count)}
			for i, n := range at {
				first := s.Start[i] / s.Stride[i]
				p.Start[i] += n * s.Stride[i]
				p.Count[i] = following(first+n, size[i], first+s.Count[i]) - first - n
			}
			if !yield(p) {
				return
			}
			i := len(at) - 1
			for ; i >= 0; i-- {
				if at[i] += p.Count[i]; at[i] < s.Count[i] {
					break
				}
				at[i] = 0
			}
			if i < 0 {
				return
			}
		}
	}
}

func partSize(s space.Hyperslab, chunk []uint64, most uint64) []uint64 {
	size, all := make([]uint64, len(s.Start)), uint64(1)
	for i := range size {
		size[i] = 1
		if chunk != nil {
			size[i] = (chunk[i]-1)/s.Stride[i] + 1
		}
		all = product(all, min(size[i], max(s.Count[i], 1)))
	}
	for i := len(size) - 1; i >= 0; i-- {
		for size[i] < s.Start[i]/s.Stride[i]+s.Count[i] && all <= most/2 {
			size[i] *= 2
			all *= 2
		}
	}
	return size
}

func product(a, b uint64) uint64 {
	if b > 0 && a > ^uint64(0)/b {
		return ^uint64(0)
	}
	return a * b
}

// eachPart hands parts of a selection to several workers. Use is called for
// blocks of a part in order, at the same time for different parts; begin for
// every part, in order, before use is called for it.
func eachPart[T number](ctx context.Context, d *h5core.Dataset, s space.Hyperslab, n numbers[T], begin func(part int), use func(part int, values []T)) error {
	most := uint64(blockBytes) / uint64(max(d.Type().Size, 8))
	g, working := errgroup.WithContext(ctx)
	workers := max(2, runtime.GOMAXPROCS(0))
	g.SetLimit(workers)
	rooms := make(chan *room[T], workers)
	i := 0
	for p := range parts(s, d.Chunks(), most) {
		if working.Err() != nil {
			break
		}
		part := i
		begin(part)
		i++
		g.Go(func() error {
			r := take(rooms)
			defer func() { rooms <- r }()
			for some := range space.Blocks(p, d.Space().Dims, d.Chunks(), most) {
				values, err := r.read(working, d, n, some)
				if err != nil {
					return err
				}
				use(part, values)
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	return ctx.Err()
}

// take gives the memory of a worker that has ended, or fresh one.
func take[T number](rooms chan *room[T]) *room[T] {
	select {
	case r := <-rooms:
		return r
	default:
		return &room[T]{}
	}
}
