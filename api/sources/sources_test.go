package sources_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/h5serve/h5serve/api/sources"
	"github.com/h5serve/h5serve/h5core"
	"github.com/h5serve/h5serve/h5core/dtype"
	"github.com/h5serve/h5serve/h5core/space"
	"github.com/h5serve/h5serve/h5core/vfd"
	"github.com/h5serve/h5serve/storage"
	"github.com/h5serve/h5serve/storage/cached"
	"github.com/h5serve/h5serve/storage/mem"
	"github.com/h5serve/h5serve/storage/storagetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// file makes a file of n datasets a0, a1 … of a hundred elements that are all v,
// and an attribute v at the root.
func file(t testing.TB, n int, v int64) []byte { return sized(t, n, 100, v) }

func sized(t testing.TB, n, elements int, v int64) []byte {
	t.Helper()
	f, err := h5core.Open(t.Context(), "x", "w", h5core.WithDriver(vfd.Core{}))
	must(t, err)
	defer f.Discard()
	must(t, f.Attributes().Set("v", v))
	for i := range n {
		d, err := f.CreateDataset(fmt.Sprintf("a%d", i), dtype.Must(dtype.Int(8, true, dtype.LittleEndian)), space.Space{Kind: space.Simple, Dims: []uint64{uint64(elements)}})
		must(t, err)
		values := make([]int64, elements)
		for k := range values {
			values[k] = v
		}
		must(t, d.Write(t.Context(), nil, values))
	}
	p, err := f.Plan(t.Context())
	must(t, err)
	var out bytes.Buffer
	_, err = p.WriteTo(&out)
	must(t, err)
	return out.Bytes()
}

func put(t testing.TB, s storage.Writer, key string, b []byte) {
	t.Helper()
	_, err := s.Put(context.Background(), key, bytes.NewReader(b), int64(len(b)), storage.PutOptions{})
	must(t, err)
}

func open(t testing.TB, change ...func(*sources.Settings)) *sources.Sources {
	t.Helper()
	c, err := cached.New(cached.Settings{})
	must(t, err)
	set := sources.Settings{Cache: c}
	for _, f := range change {
		f(&set)
	}
	s := sources.New(set)
	t.Cleanup(s.Close)
	return s
}

func named(s storage.Store, key string) sources.Name {
	return sources.Name{Store: s, Label: "demo", Key: key}
}

// sum reads all that a file has and says whether it is all of one value.
func sum(ctx context.Context, f *sources.File) (int64, error) {
	want, err := h5core.AttributeValue[int64](ctx, f.HDF5.Attributes(), "v")
	if err != nil {
		return 0, err
	}
	links, err := f.HDF5.Links(ctx)
	if err != nil {
		return 0, err
	}
	objects, errs := f.HDF5.Members(ctx, links)
	for i, o := range objects {
		if errs[i] != nil {
			return 0, errs[i]
		}
		values, err := h5core.Read[int64](ctx, o.(*h5core.Dataset), nil)
		if err != nil {
			return 0, err
		}
		for _, v := range values {
			if v != want {
				return 0, fmt.Errorf("%d among %d: two versions are mixed", v, want)
			}
		}
	}
	return want, nil
}

func TestWarmFileCostsOneRound(t *testing.T) {
	store := mem.New("demo")
	put(t, store, "x.h5", file(t, 3, 7))
	s := open(t)
	put(t, store, "big.h5", sized(t, 1, 400_000, 7)) // its elements do not come with the first GET
	for i, want := range []struct {
		key          string
		read         bool
		gets, rounds int64
	}{
		{"x.h5", false, 1, 1}, // cold: the first GET brings it
		{"x.h5", false, 1, 1}, // warm: nothing but to confirm
		{"x.h5", true, 1, 1},
		{"big.h5", false, 1, 1},
		{"big.h5", true, 1, 1}, // elements are fetched with If-Match, which confirms
		{"big.h5", true, 1, 1},
	} {
		ctx, counter := cached.WithCounter(t.Context())
		must(t, s.Do(ctx, named(store, want.key), func(ctx context.Context, f *sources.File) error {
			if want.read {
				_, err := sum(ctx, f)
				return err
			}
			_, err := f.HDF5.Links(ctx)
			return err
		}))
		if c := counter.Counts(); c.GETs != want.gets || c.Rounds != want.rounds {
			t.Errorf("%d: %d GETs in %d rounds, want %+v", i, c.GETs, c.Rounds, want)
		}
	}
	if files, held := s.Held(); files != 2 || held == 0 {
		t.Errorf("%d files hold %d bytes", files, held)
	}
}

func TestColdFileIsOpenedOnceForAll(t *testing.T) {
	body := file(t, 10, 7)
	count := func(clients int) (gets int) {
		synctest.Test(t, func(t *testing.T) {
			inner := mem.New("demo")
			put(t, inner, "x.h5", body)
			store := &storagetest.Counting{Store: inner, Latency: time.Second}
			s := open(t)
			var all sync.WaitGroup
			for range clients {
				all.Go(func() {
					if err := s.Do(t.Context(), named(store, "x.h5"), func(ctx context.Context, f *sources.File) error {
						_, err := sum(ctx, f)
						return err
					}); err != nil {
						t.Error(err)
					}
				})
			}
			all.Wait()
			gets = store.Counts().Gets
			s.Close()
		})
		return gets
	}
	if one, many := count(1), count(100); one != many {
		t.Errorf("%d GETs for one, %d for a hundred", one, many)
	}
}

// Objects that are replaced all the time are read as one version or not at all.
func TestReplacedUnderLoad(t *testing.T) {
	store := mem.New("demo")
	bodies := make([][]byte, 10)
	for i := range bodies {
		bodies[i] = file(t, 4, int64(i))
	}
	put(t, store, "x.h5", bodies[0])
	s := open(t)
	stop := make(chan struct{})
	var answers atomic.Int64
	var writer, readers sync.WaitGroup
	writer.Go(func() {
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
				put(t, store, "x.h5", bodies[i%len(bodies)])
				time.Sleep(200 * time.Microsecond)
			}
		}
	})
	for range 8 {
		readers.Go(func() {
			for range 125 {
				err := s.Do(t.Context(), named(store, "x.h5"), func(ctx context.Context, f *sources.File) error {
					_, err := sum(ctx, f)
					return err
				})
				if err == nil {
					answers.Add(1)
				} else if !errors.Is(err, storage.ErrChanged) {
					t.Error(err)
				}
			}
		})
	}
	readers.Wait()
	close(stop)
	writer.Wait()
	if answers.Load() == 0 {
		t.Error("nobody got an answer")
	}
	t.Logf("%d of 1000 got an answer", answers.Load())
}

func TestReplacedFileIsLookedAtAnew(t *testing.T) {
	store := mem.New("demo")
	put(t, store, "x.h5", file(t, 1, 1))
	s := open(t)
	get := func() (v int64, runs int) {
		must(t, s.Do(t.Context(), named(store, "x.h5"), func(ctx context.Context, f *sources.File) (err error) {
			runs++
			v, err = h5core.AttributeValue[int64](ctx, f.HDF5.Attributes(), "v")
			return err
		}))
		return v, runs
	}
	if v, runs := get(); v != 1 || runs != 1 {
		t.Errorf("%d after %d runs", v, runs)
	}
	put(t, store, "x.h5", []byte("no HDF5 file any more, for now"))
	err := s.Do(t.Context(), named(store, "x.h5"), func(context.Context, *sources.File) error { return nil })
	if !errors.Is(err, h5core.ErrNotHDF5) {
		t.Error(err)
	}
	put(t, store, "x.h5", file(t, 1, 2)) // the known version is none; this one is
	if v, _ := get(); v != 2 {
		t.Error(v)
	}
	put(t, store, "x.h5", file(t, 2, 3))
	if v, runs := get(); v != 3 || runs != 2 {
		t.Errorf("%d after %d runs", v, runs)
	}
	if files, _ := s.Held(); files != 1 {
		t.Errorf("%d files are kept", files)
	}
	changing := 0
	err = s.Do(t.Context(), named(store, "x.h5"), func(context.Context, *sources.File) error {
		changing++
		put(t, store, "x.h5", file(t, 1, int64(10+changing)))
		return nil
	})
	if !errors.Is(err, storage.ErrChanged) || changing != 2 || !strings.HasPrefix(err.Error(), "demo/x.h5: ") {
		t.Errorf("%v after %d runs", err, changing)
	}
	must(t, store.Delete(t.Context(), "x.h5", storage.Conditions{}))
	err = s.Do(t.Context(), named(store, "x.h5"), func(context.Context, *sources.File) error { return nil })
	if !errors.Is(err, storage.ErrNotFound) {
		t.Error(err)
	}
}

func TestFilesLeastUsedAreClosed(t *testing.T) {
	store := mem.New("demo")
	for i := range 20 {
		put(t, store, fmt.Sprint(i), file(t, 1, int64(i)))
	}
	s := open(t, func(set *sources.Settings) { set.Files = 4 })
	busy, ctx, err := s.Open(t.Context(), named(store, "0"))
	must(t, err)
	for i := range 20 {
		must(t, s.Do(t.Context(), named(store, fmt.Sprint(i)), func(ctx context.Context, f *sources.File) error {
			_, err := sum(ctx, f)
			return err
		}))
		if files, _ := s.Held(); files > 4 {
			t.Fatalf("%d files after %d", files, i)
		}
	}
	if v, err := sum(ctx, busy); v != 0 || err != nil { // it is used, so it stays
		t.Error(v, err)
	}
	must(t, busy.Confirm(ctx))
	s.Close()
	if files, held := s.Held(); files != 1 || held == 0 {
		t.Errorf("%d files hold %d bytes while one is used", files, held)
	}
	busy.Release()
	busy.Release()
	if files, held := s.Held(); files != 0 || held != 0 {
		t.Errorf("%d files hold %d bytes", files, held)
	}
	small := open(t, func(set *sources.Settings) { set.Memory = 1 })
	must(t, small.Do(t.Context(), named(store, "1"), func(context.Context, *sources.File) error { return nil }))
	if files, held := small.Held(); files != 0 || held != 0 {
		t.Errorf("%d files hold %d bytes", files, held)
	}
}

// The budget is the request's: a file serves many, each of whom has its own.
func TestBudget(t *testing.T) {
	store := mem.New("demo")
	put(t, store, "x.h5", file(t, 10, 7))
	s := open(t, func(set *sources.Settings) { set.Limits = h5core.Limits{Fetched: 40_000, Nodes: 1000, Read: 1 << 20} })
	for range 20 {
		must(t, s.Do(t.Context(), named(store, "x.h5"), func(ctx context.Context, f *sources.File) error {
			_, err := sum(ctx, f)
			return err
		}))
	}
	err := s.Do(t.Context(), named(store, "x.h5"), func(ctx context.Context, f *sources.File) (err error) {
		for range 20 {
			if _, err = sum(ctx, f); err != nil {
				break
			}
		}
		if !f.Budget.Exceeded() {
			t.Error("not exceeded")
		}
		return err
	})
	if !errors.Is(err, h5core.ErrTooLarge) {
		t.Error(err)
	}
	slow := open(t, func(set *sources.Settings) { set.Time = time.Millisecond })
	err = slow.Do(t.Context(), named(store, "x.h5"), func(ctx context.Context, _ *sources.File) error {
		<-ctx.Done()
		return ctx.Err()
	})
	if !errors.Is(err, sources.ErrTime) {
		t.Error(err)
	}
}

// Who leaves while a file is opened does not take it from the others.
func TestLeaving(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		inner := mem.New("demo")
		put(t, inner, "x.h5", file(t, 1, 7))
		s := open(t)
		name := named(&storagetest.Counting{Store: inner, Latency: time.Second}, "x.h5")
		gone, leave := context.WithCancel(t.Context())
		var both sync.WaitGroup
		both.Go(func() {
			if err := s.Do(gone, name, func(context.Context, *sources.File) error { return nil }); !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
		})
		both.Go(func() {
			if err := s.Do(t.Context(), name, func(context.Context, *sources.File) error { return nil }); err != nil {
				t.Error(err)
			}
		})
		synctest.Wait()
		leave()
		both.Wait()
		// A file that nobody waits for any more is not opened at all.
		put(t, inner, "y.h5", file(t, 1, 7))
		soon, done := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer done()
		if _, _, err := s.Open(soon, named(name.Store, "y.h5")); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		s.Close()
		if files, held := s.Held(); files != 0 || held != 0 {
			t.Errorf("%d files hold %d bytes", files, held)
		}
	})
}

func TestNames(t *testing.T) {
	s := open(t)
	err := s.Do(t.Context(), sources.Name{Plan: "x"}, nil)
	if !errors.Is(err, sources.ErrNoPlans) || !strings.HasPrefix(err.Error(), "plan:x: ") {
		t.Error(err)
	}
}
