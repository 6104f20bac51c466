package ros3_test

import (
	"context"
	"io"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/h5serve/h5serve/h5core"
	"github.com/h5serve/h5serve/h5core/dtype"
	"github.com/h5serve/h5serve/h5core/space"
	"github.com/h5serve/h5serve/h5core/vfd"
	"github.com/h5serve/h5serve/storage"
	"github.com/h5serve/h5serve/storage/cached"
)

// slow is a store of one object, whose requests take a virtual latency, and
// the time of their bytes at 90 MB/s each.
type slow struct {
	storage.Store
	plan *h5core.Plan
	busy chan struct{} // one for each request at once
}

const (
	latency   = 60 * time.Millisecond
	bandwidth = 90e6
	inFlight  = 16
	large     = 8 << 20
)

func (s *slow) Get(ctx context.Context, key string, r storage.Range, _ storage.Conditions) (*storage.Part, error) {
	info := storage.Info{Key: key, Size: s.plan.Size(), ETag: `"1"`}
	n := min(r.Length, info.Size-r.First)
	s.busy <- struct{}{}
	time.Sleep(takes(n))
	<-s.busy
	body, w := io.Pipe()
	go func() { _ = w.CloseWithError(s.plan.WriteWindow(ctx, w, r.First, n)) }()
	return &storage.Part{Info: info, First: r.First, Count: n, Body: body}, nil
}

// takes is how long one request is under way.
func takes(bytes uint64) time.Duration {
	return latency + time.Duration(float64(bytes)/bandwidth*float64(time.Second))
}

// download is the plain parallel download of so many bytes.
func (s *slow) download(t testing.TB, bytes uint64) {
	var group errgroup.Group
	group.SetLimit(inFlight)
	for off := uint64(0); off < bytes; off += large {
		group.Go(func() error {
			part, err := s.Get(ctx, "f", storage.Range{First: off, Length: min(large, bytes-off)}, storage.Conditions{})
			if err != nil {
				return err
			}
			_, err = io.Copy(io.Discard, part.Body)
			return err
		})
	}
	must(t, group.Wait())
}

// zeros is a file with one dataset of so many bytes.
func zeros(t testing.TB, bytes uint64, opts ...h5core.DatasetOption) *h5core.Plan {
	t.Helper()
	f, err := h5core.Open(ctx, "x", "w", h5core.WithDriver(vfd.Core{}), h5core.WithLibver(h5core.V110, h5core.Latest))
	must(t, err)
	t.Cleanup(f.Discard)
	d, err := f.CreateDataset("zeros", dtype.Must(dtype.Int(8, true, dtype.LittleEndian)), space.Space{Kind: space.Simple, Dims: []uint64{bytes / 8}}, opts...)
	must(t, err)
	must(t, d.Write(ctx, nil, make([]int64, bytes/8)))
	p, err := f.Plan(ctx)
	must(t, err)
	return p
}

// A large dataset takes as long as a plain parallel download of its bytes, and
// the rounds before the first of them: 1 GiB within 10 % of it. Chunks that do
// not fill requests cost some more of these, here the time of one.
func TestLargeReadIsADownload(t *testing.T) {
	bytes := uint64(256 << 20)
	if os.Getenv("FULL") != "" {
		bytes = 1 << 30
	}
	for _, c := range []struct {
		name string
		opts []h5core.DatasetOption
		more time.Duration
	}{
		{"contiguous", nil, 0},
		{"chunks of 16 KiB", []h5core.DatasetOption{h5core.Chunks(1 << 11)}, 0},
		{"chunks of 1 MiB", []h5core.DatasetOption{h5core.Chunks(1 << 17)}, 0},
		{"chunks of 1.07 MiB", []h5core.DatasetOption{h5core.Chunks(140_000)}, takes(large)},
	} {
		t.Run(c.name, func(t *testing.T) {
			plan := zeros(t, bytes, c.opts...)
			synctest.Test(t, func(t *testing.T) {
				store := &slow{plan: plan, busy: make(chan struct{}, 64)}
				start := time.Now()
				store.download(t, bytes)
				plain := time.Since(start)

				most := plain + 2*takes(1<<20) + c.more
				if bytes == 1<<30 {
					most = plain + plain/10 + c.more
				}
				ours := store.read(t)
				if t.Logf("%v, the download %v", ours, plain); ours > most {
					t.Errorf("%v, at most %v", ours, most)
				}
			})
		})
	}
}

// read opens the file, cold, and reads all of it.
func (s *slow) read(t *testing.T) time.Duration {
	start := time.Now()
	f, err := h5core.Open(ctx, "f", "r", h5core.WithDriver(far{newCache(t, cached.Settings{}), s}))
	must(t, err)
	defer f.Close()
	o, err := f.Get(ctx, "zeros")
	must(t, err)
	_, err = o.(*h5core.Dataset).ReadRaw(ctx, nil)
	must(t, err)
	return time.Since(start)
}
