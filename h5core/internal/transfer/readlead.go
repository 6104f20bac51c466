package transfer

import (
	"context"
	"fmt"
	"slices"

	"github.com/h5serve/h5serve/h5core/filter"
	"github.com/h5serve/h5serve/h5core/internal/wire"
	"github.com/h5serve/h5serve/h5core/vfd"
)

// lead decodes a chunk into the destination, and into the cache if it is to be
// kept or others wait for it.
func (r *reading) lead(ctx context.Context, l *lead) error {
	completed := false
	defer func() {
		if !completed {
			r.Cache.fail(l.chunk)
		}
		giveBackBuffer(l.pooled)
	}()
	if err := ctx.Err(); err != nil {
		return err
	}
	fetched := l.raw != nil
	if !fetched {
		if err := r.place(ctx, l); err != nil {
			return err
		}
	}
	if l.at.Addr == wire.Undefined {
		r.fill(l.number, l.want)
		completed = true
		r.Cache.completeAbsent(l.chunk)
		return nil
	}
	if l.raw == nil {
		return r.piecemeal(ctx, l)
	}
	if !fetched {
		if err := r.File.Fetch(ctx, vfd.Raw, []vfd.Segment{{Addr: l.at.Addr, Data: l.raw}}); err != nil {
			return err
		}
	}
	buf := decoders.Get().(*filter.Buffers)
	defer func() {
		if buf.Size() <= retained {
			decoders.Put(buf)
		}
	}()
	elements, err := r.decode(ctx, l, buf)
	if err != nil {
		return &ChunkError{Coords: r.grid.Coords(l.number), Addr: l.at.Addr, Err: err}
	}
	completed = true
	if l.keep {
		r.Cache.complete(l.chunk, elements, l.want.bytes)
	} else {
		r.Cache.lend(l.chunk, elements)
	}
	return nil
}

// place finds out where a chunk's stored bytes go: into the destination, into
// the cache, or beside them until the filters ran; nowhere if there are none,
// or if only a part of them need be read.
func (r *reading) place(ctx context.Context, l *lead) error {
	l.want = r.to.want(l.number)
	if l.at.Addr == unknown {
		stored, err := r.Index.Find(ctx, [][]uint64{r.grid.Coords(l.number)})
		if err != nil {
			return err
		}
		l.at = stored[0]
	}
	if l.at.Addr == wire.Undefined {
		return nil
	}
	if room := r.Room(l.at.Addr); l.at.Size > room {
		return &ChunkError{Coords: r.grid.Coords(l.number), Addr: l.at.Addr, Err: fmt.Errorf(
			"needs %d bytes, the file has %d from there on", l.at.Size, room)}
	}
	l.bare = len(r.Filters) == 0 || r.BareEdges && r.edge(l.number)
	size, straight := int(l.at.Size), l.want.straight
	l.keep = r.kept && (!l.want.whole || r.few && !(l.bare && straight != nil))
	switch {
	case l.bare && !l.keep && straight != nil && len(straight) == size:
		l.raw = straight
	case l.bare && l.keep && size <= r.bytes:
		l.raw = r.Cache.buffer(r.bytes)[:size]
	case l.bare && !l.keep && l.want.bytes < size/4:
	default:
		l.pooled = borrowBuffer(size)
		l.raw = *l.pooled
	}
	return nil
}

// edge says whether a chunk reaches beyond the shape.
func (r *reading) edge(number uint64) bool {
	return !slices.Equal(r.grid.Box(number).Count, r.Chunk)
}

// piecemeal reads some runs of a large chunk without filters.
func (r *reading) piecemeal(ctx context.Context, l *lead) error {
	if l.at.Size < uint64(l.want.least) {
		return &ChunkError{Coords: r.grid.Coords(l.number), Addr: l.at.Addr, Err: fmt.Errorf(
			"has %d bytes, of which %d are wanted", l.at.Size, l.want.least)}
	}
	var runs []run
	var err error
	r.to.each(l.number, func(at int, to []byte) {
		if runs = append(runs, run{l.at.Addr + uint64(at), to}); len(runs) == waveRuns && err == nil {
			err = r.fetchRuns(ctx, runs)
			runs = runs[:0]
		}
	})
	if err != nil {
		return err
	}
	return r.fetchRuns(ctx, runs)
}

// decode runs the filters and brings the wanted elements to their place. What
// it gives is the whole chunk, to be kept if the lead says so.
func (r *reading) decode(ctx context.Context, l *lead, buf *filter.Buffers) ([]byte, error) {
	elements, straight := l.raw, l.want.straight
	room := straight
	switch {
	case l.keep && l.bare && l.pooled != nil:
		elements = append(r.Cache.buffer(r.bytes), elements[:min(len(elements), r.bytes)]...)
	case l.bare:
	default:
		if r.Spend != nil {
			if err := r.Spend(ctx, r.bytes); err != nil {
				return nil, err
			}
		}
		if l.keep {
			room = nil
			if plausible(len(l.raw), r.bytes) {
				room = r.Cache.buffer(r.bytes)[:r.bytes]
			}
		}
		out, err := r.Filters.DecodeInto(buf, l.raw, l.at.Mask, r.bytes, room)
		if err != nil {
			return nil, err
		}
		if elements = out; l.keep && !same(out, room) {
			elements = append(room[:0], out...)
		}
	}
	if err := enough(elements, l.want); err != nil {
		return nil, err
	}
	switch {
	case straight == nil:
		put(r.to, l.number, elements)
	case !same(straight, elements):
		copy(straight, elements)
	}
	return elements, nil
}

// plausible says whether so many stored bytes may well make a whole chunk:
// deflate, the densest of the common filters, makes 1032 of one.
func plausible(stored, bytes int) bool { return bytes <= 1<<16 || bytes/1100 <= stored }

// same says whether two slices begin at one place.
func same(a, b []byte) bool { return len(a) > 0 && len(b) > 0 && &a[0] == &b[0] }
