package transfer

import (
	"context"
	"io"
	"sync"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/h5serve/h5serve/h5core/vfd"
)

// inFlight bounds the bytes of chunks that are being made at a time.
const inFlight = 64 << 20

// Spooled is a stored chunk in the file's memory.
type Spooled struct {
	From uint64 // where it lies there
	Size uint64
	Mask uint32
}

// workers is how many goroutines may make chunks at once, of at most limit.
func (c *Chunks) workers(limit int) int {
	return max(1, min(limit, inFlight/(3*max(c.bytes, 1))))
}

// Spool encodes the chunks of the given numbers into memory, by up to limit
// goroutines. The answer is in the order of the numbers.
func (c *Chunks) Spool(ctx context.Context, memory *vfd.Memory, numbers Numbers, limit int) ([]Spooled, error) {
	out := make([]Spooled, numbers.Len())
	var taken atomic.Int64
	group, ctx := errgroup.WithContext(ctx)
	for range min(c.workers(limit), len(out)) {
		group.Go(func() error {
			e := encoders.Get().(*Encoder)
			defer encoders.Put(e)
			for {
				k := int(taken.Add(1)) - 1
				if k >= len(out) {
					return nil
				}
				if err := ctx.Err(); err != nil {
					return err
				}
				stored, mask, err := c.Encode(ctx, e, numbers.At(k))
				if err != nil {
					return err
				}
				from, err := memory.Append(ctx, stored)
				if err != nil {
					return err
				}
				out[k] = Spooled{from, uint64(len(stored)), mask}
			}
		})
	}
	return out, group.Wait()
}

// Numbers lists chunks by their number in C order of the grid, ascending:
// either the first n, or the ones given.
type Numbers struct {
	n    int
	list []uint64
}

// First is the numbers 0 to n-1.
func First(n int) Numbers { return Numbers{n: n} }

// Listed is the given numbers.
func Listed(list []uint64) Numbers { return Numbers{n: len(list), list: list} }

// Len is how many there are.
func (n Numbers) Len() int { return n.n }

// At gives the k-th.
func (n Numbers) At(k int) uint64 {
	if n.list == nil {
		return uint64(k)
	}
	return n.list[k]
}

// encoders are kept for the next window: windows may be many and small.
var encoders = sync.Pool{New: func() any { return new(Encoder) }}

func borrow(n int) []*Encoder {
	out := make([]*Encoder, n)
	for i := range out {
		out[i] = encoders.Get().(*Encoder)
	}
	return out
}

func giveBack(all []*Encoder) {
	for _, e := range all {
		encoders.Put(e)
	}
}

// WriteWindow writes n bytes from off on of the chunks in a row, each stored
// in exactly size bytes. While some are written the next are made.
func (c *Chunks) WriteWindow(ctx context.Context, w io.Writer, numbers Numbers, size, off, n uint64, limit int) error {
	if n == 0 {
		return nil
	}
	k, last := int(off/size), int((off+n-1)/size)
	workers := min(c.workers(limit), last-k+1)
	now, later := borrow(workers), borrow(workers)
	defer func() { giveBack(now); giveBack(later) }()
	ready, err := c.batch(ctx, now, numbers, k, last)
	for err == nil && len(ready) > 0 {
		var following [][]byte
		group, inner := errgroup.WithContext(ctx)
		start := k + len(ready)
		if start <= last {
			group.Go(func() (err error) {
				following, err = c.batch(inner, later, numbers, start, last)
				return err
			})
		}
		for i, chunk := range ready {
			at := uint64(k+i) * size
			from, to := max(off, at)-at, min(off+n, at+size)-at
			if _, err = w.Write(chunk[from:to]); err != nil {
				break
			}
		}
		if failed := group.Wait(); err == nil {
			err = failed
		}
		k, ready, now, later = start, following, later, now
	}
	return err
}

// batch makes chunks from the k-th on, one for each encoder, none after last.
func (c *Chunks) batch(ctx context.Context, encoders []*Encoder, numbers Numbers, k, last int) ([][]byte, error) {
	out := make([][]byte, max(0, min(len(encoders), last-k+1)))
	group, ctx := errgroup.WithContext(ctx)
	for i := range out {
		group.Go(func() (err error) {
			if err := ctx.Err(); err != nil {
				return err
			}
			out[i], _, err = c.Encode(ctx, encoders[i], numbers.At(k+i))
			return err
		})
	}
	return out, group.Wait()
}
