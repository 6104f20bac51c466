package transfer

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/h5serve/h5serve/h5core/internal/index"
	"github.com/h5serve/h5serve/h5core/internal/wire"
	"github.com/h5serve/h5serve/h5core/space"
)

// waveBytes bounds the stored bytes that are fetched or promised at a time.
const waveBytes = 16 << 20

// reading is one read of chunks.
type reading struct {
	*Stored
	to    target
	grid  space.Grid
	bytes int    // of a chunk
	kept  bool   // chunks are small enough to be kept
	few   bool   // all that is read is
	limit int    // workers
	most  uint64 // stored bytes of a wave
	group *errgroup.Group
	waits errgroup.Group // of waves that are fetched from a far file
	busy  sync.WaitGroup // leads that are not completed
}

// lead is a chunk that this read decodes.
type lead struct {
	number uint64
	at     index.Stored
	chunk  *chunk
	want   want
	bare   bool // the stored bytes are the elements
	keep   bool // in the cache
	raw    []byte
	pooled *[]byte
}

// readChunks reads what a target wants of its chunks; all bytes are total.
func (s *Stored) readChunks(ctx context.Context, grid space.Grid, t target, total int) error {
	r := &reading{Stored: s, to: t, grid: grid, bytes: s.Size}
	for _, n := range s.Chunk {
		r.bytes *= int(n)
	}
	r.kept = s.Cache.keeps(uint64(r.bytes))
	r.few = uint64(total) <= s.Cache.holds()
	r.limit = max(1, min(s.Workers, inFlight/(3*max(r.bytes, 1))))
	group, inner := errgroup.WithContext(ctx)
	group.SetLimit(r.limit)
	r.group, r.most = group, waveBytes
	if s.Far {
		r.most = farWaveBytes
	}
	r.waits.SetLimit(farWaves)
	if err := r.waves(inner); err != nil {
		group.Go(func() error { return err }) // unless that came of another's, it stops the others
	}
	_ = r.waits.Wait() // their errors are the group's
	return group.Wait()
}

// waves finds chunks, so many at a time.
func (r *reading) waves(ctx context.Context) error {
	var numbers []uint64
	for number := range r.to.chunks() {
		if numbers = append(numbers, number); len(numbers) == maxWave {
			if err := r.wave(ctx, numbers); err != nil {
				return err
			}
			numbers = numbers[:0]
		}
	}
	return r.wave(ctx, numbers)
}

// find looks up the chunks that the cache does not have.
func (r *reading) find(ctx context.Context, numbers []uint64) (map[uint64]index.Stored, error) {
	var missing []uint64
	var coords [][]uint64
	for _, number := range numbers {
		if !r.Cache.has(number) {
			missing = append(missing, number)
			coords = append(coords, r.grid.Coords(number))
		}
	}
	if len(missing) == 0 {
		return nil, nil
	}
	stored, err := r.Index.Find(ctx, coords)
	if err != nil {
		return nil, err
	}
	places := make(map[uint64]index.Stored, len(missing))
	for i, number := range missing {
		places[number] = stored[i]
	}
	return places, nil
}

// wave reads some chunks: those that are there, then those that this read
// leads, in parts as memory allows, and last those that others lead.
func (r *reading) wave(ctx context.Context, numbers []uint64) error {
	places, err := r.find(ctx, numbers)
	if err != nil {
		return err
	}
	var leads []*lead
	var others []*chunk
	var bytes, size uint64 // of the wave, and of a chunk
	for i, number := range numbers {
		k, mine, done := r.Cache.acquire(number)
		switch {
		case mine:
			at, known := places[number]
			leads = append(leads, &lead{number: number, chunk: k, at: at})
			if !known {
				leads[len(leads)-1].at.Addr = unknown
			} else if at.Addr != wire.Undefined {
				size = at.Size
				bytes += size
			}
		case done:
			if err := r.take(k); err != nil {
				r.drop(leads, others)
				return err
			}
		default:
			others = append(others, k)
		}
		if i < len(numbers)-1 && size <= r.most && bytes <= r.most-size { // the next is likely to be as large
			continue
		}
		if err := r.start(ctx, leads); err != nil {
			r.drop(nil, others)
			return err
		}
		if err := r.await(ctx, others); err != nil {
			return err
		}
		leads, others, bytes = leads[:0], others[:0], 0
	}
	return nil
}

// unknown stands for the address of a chunk that was in the cache when the
// index was asked.
const unknown = wire.Undefined - 1

// drop gives up what was acquired.
func (r *reading) drop(leads []*lead, others []*chunk) {
	for _, l := range leads {
		r.Cache.fail(l.chunk)
	}
	for _, k := range others {
		r.Cache.release(k, 0)
	}
}

// take copies from a chunk that is there, and releases it.
func (r *reading) take(k *chunk) error {
	w := r.to.want(k.number)
	defer r.Cache.release(k, w.bytes)
	if k.absent {
		r.fill(k.number, w)
		return nil
	}
	if err := enough(k.data, w); err != nil {
		return &ChunkError{Coords: r.grid.Coords(k.number), Addr: wire.Undefined, Err: err}
	}
	put(r.to, k.number, k.data)
	return nil
}

// enough holds a chunk to what is wanted of it: some writers leave out what
// lies beyond the shape.
func enough(raw []byte, w want) error {
	if len(raw) < w.least {
		return fmt.Errorf("decodes to %d bytes, of which %d are wanted", len(raw), w.least)
	}
	return nil
}

// fill is what a read finds where nobody wrote.
func (r *reading) fill(number uint64, w want) {
	if w.straight != nil {
		Repeat(w.straight, r.Fill)
		return
	}
	r.to.each(number, func(_ int, to []byte) { Repeat(to, r.Fill) })
}

// await takes the chunks that others decode, once all of this read's own are
// completed.
func (r *reading) await(ctx context.Context, others []*chunk) error {
	if len(others) == 0 {
		return nil
	}
	r.busy.Wait()
	for i, k := range others {
		err := k.wait(ctx)
		if err == nil && !k.failed {
			err = r.take(k)
		} else if r.Cache.release(k, 0); err == nil {
			err = r.alone(ctx, k.number)
		}
		if err != nil {
			r.drop(nil, others[i+1:])
			return err
		}
	}
	return nil
}

// alone reads a chunk that another read gave up.
func (r *reading) alone(ctx context.Context, number uint64) error {
	for {
		k, mine, done := r.Cache.acquire(number)
		switch {
		case mine:
			return r.lead(ctx, &lead{number: number, chunk: k, at: index.Stored{Addr: unknown}})
		case done:
			return r.take(k)
		}
		if err := k.wait(ctx); err != nil || !k.failed {
			if err == nil {
				return r.take(k)
			}
			r.Cache.release(k, 0)
			return err
		}
		r.Cache.release(k, 0)
	}
}

// start has chunks decoded. Each of them is completed, come what may.
func (r *reading) start(ctx context.Context, leads []*lead) error {
	switch {
	case r.Far:
		return r.startFar(ctx, slices.Clone(leads))
	case len(leads) == 1, r.limit == 1:
		for i, l := range leads {
			if err := r.lead(ctx, l); err != nil {
				r.drop(leads[i+1:], nil)
				return err
			}
		}
		return nil
	}
	r.busy.Add(len(leads))
	r.decodeAll(ctx, leads)
	return nil
}

// decodeAll hands chunks to the workers.
func (r *reading) decodeAll(ctx context.Context, leads []*lead) {
	for _, l := range leads {
		r.group.Go(func() error {
			defer r.busy.Done()
			return r.lead(ctx, l)
		})
	}
}
