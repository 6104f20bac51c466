package load

import (
	"context"

	"github.com/h5serve/h5serve/h5core/space"
)

// maxStrips bounds what is gathered at once.
const maxStrips = 1 << 14

// runs copies what a mapping brings of a box, whatever its selections: strips
// of elements that lie side by side on both sides, as many at a time as lie in
// a box of the source that is not too large.
func (g *gather) runs(ctx context.Context, to, from *pattern, box space.Box) error {
	at := make([]uint64, max(g.rank, 1))
	most := max(g.limit/g.size, 1) // elements of a strip
	err := to.within(box, func(n, offset, count uint64) error {
		return from.from(n, count, at, func(count uint64) error {
			for count > 0 {
				if err := ctx.Err(); err != nil {
					return err
				}
				took := min(count, most)
				if err := g.strip(ctx, at[:g.rank], strip{took, offset}); err != nil {
					return err
				}
				offset, count = offset+took, count-took
				if g.rank > 0 {
					at[g.rank-1] += took
				}
			}
			return nil
		})
	})
	if err != nil {
		return err
	}
	return g.flush(ctx)
}

// strip takes one more, after what there is was brought where the box around
// all of them would be too large.
func (g *gather) strip(ctx context.Context, at []uint64, s strip) error {
	if len(g.strips) > 0 && (len(g.strips) == maxStrips || !g.widened(at, s.count)) {
		if err := g.flush(ctx); err != nil {
			return err
		}
	}
	if len(g.strips) == 0 {
		g.around = space.Box{Start: append(g.around.Start[:0], at...), Count: g.around.Count[:0]}
		for range at {
			g.around.Count = append(g.around.Count, 1)
		}
		if g.rank > 0 {
			g.around.Count[g.rank-1] = s.count
		}
	}
	g.strips = append(g.strips, s)
	g.starts = append(g.starts, at...)
	return nil
}

// widened makes the box hold one strip more, unless it gets too large.
func (g *gather) widened(at []uint64, count uint64) bool {
	var start, length [space.MaxRank]uint64
	bytes := g.size
	for d, x := range at {
		n := uint64(1)
		if d == len(at)-1 {
			n = count
		}
		start[d] = min(g.around.Start[d], x)
		length[d] = max(g.around.Start[d]+g.around.Count[d], x+n) - start[d]
		if length[d] > g.limit {
			return false
		}
		if bytes *= length[d]; bytes > g.limit {
			return false
		}
	}
	copy(g.around.Start, start[:])
	copy(g.around.Count, length[:])
	return true
}

// flush brings the strips.
func (g *gather) flush(ctx context.Context) error {
	if len(g.strips) == 0 {
		return nil
	}
	if err := g.inside(g.around); err != nil {
		return err
	}
	elements := uint64(1)
	for _, n := range g.around.Count {
		elements *= n
	}
	raw := g.room(elements * g.size)
	if err := g.read(ctx, g.around, raw); err != nil {
		return err
	}
	for i, s := range g.strips {
		k := uint64(0)
		for d := range g.rank {
			k = k*g.around.Count[d] + g.starts[i*g.rank+d] - g.around.Start[d]
		}
		to := g.dst[s.to*g.own : (s.to+s.count)*g.own]
		if g.convert.Identical() {
			copy(to, raw[k*g.size:])
			continue
		}
		if err := g.convert.Convert(to, raw[k*g.size:], int(s.count)); err != nil {
			return err
		}
	}
	g.strips, g.starts = g.strips[:0], g.starts[:0]
	return nil
}
