package cached_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/h5serve/h5serve/storage"
	"github.com/h5serve/h5serve/storage/cached"
)

// visit is what a client does: open, follow metadata, read a chunk.
func visit(ctx context.Context, t testing.TB, c *cached.Cache, store storage.Store, want []byte) {
	f, err := c.Open(ctx, store, "k")
	if err != nil {
		t.Error(err)
		return
	}
	defer f.Close()
	fetch(ctx, t, f, want, cached.Metadata, ranges(100, 5*mib))
	fetch(ctx, t, f, want, cached.Metadata, ranges(100, 8*mib, 9*mib+50, 2*mib, 12*mib, 14*mib, 16*mib))
	fetch(ctx, t, f, want, cached.Raw, ranges(5000, 10*mib, 10*mib+6000, 13*mib))
}

func TestHundredClientsCostWhatOneCosts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		want := pattern(20*mib, 1)
		store := newFar(t, want)
		store.latency = 60 * time.Millisecond
		visit(ctx, t, newCache(t, cached.Settings{}), store, want)
		alone := len(store.took())
		c := newCache(t, cached.Settings{})
		begin := time.Now()
		var clients sync.WaitGroup
		var total, shared int64
		var mu sync.Mutex
		for range 100 {
			clients.Go(func() {
				counting, n := cached.WithCounter(ctx)
				visit(counting, t, c, store, want)
				mu.Lock()
				defer mu.Unlock()
				total += n.Counts().GETs
				shared += n.Counts().Shared
				if n.Counts().Rounds != 4 {
					t.Errorf("%+v", n.Counts())
				}
			})
		}
		clients.Wait()
		if together := len(store.took()); together != alone || total != int64(alone) || c.Totals().GETs != int64(alone) || shared == 0 {
			t.Errorf("%d GETs for a hundred, %d for one; counted %d, %+v", together, alone, total, c.Totals())
		}
		if took := time.Since(begin); took != 4*store.latency {
			t.Errorf("%v", took)
		}
	})
}

// Each waits with its own context; the last to leave ends the request.
func TestLastWaiterEndsTheRequest(t *testing.T) {
	for name, act := range map[string]func(context.Context, *cached.Cache, *far, *cached.File) error{
		"open": func(ctx context.Context, c *cached.Cache, s *far, _ *cached.File) error {
			f, err := c.Open(ctx, s, "other")
			if err == nil {
				err = f.Close()
			}
			return err
		},
		"metadata": func(ctx context.Context, _ *cached.Cache, _ *far, f *cached.File) error {
			return f.Fetch(ctx, cached.Metadata, ranges(10, 5*mib))
		},
		"raw": func(ctx context.Context, _ *cached.Cache, _ *far, f *cached.File) error {
			return f.Fetch(ctx, cached.Raw, ranges(10, 5*mib))
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store := newFar(t, pattern(9*mib, 1))
				put(t, store, "other", pattern(9*mib, 2))
				c := newCache(t, cached.Settings{})
				f := open(t, c, store)
				defer f.Close()
				store.latency = time.Second
				store.took()
				start := func(patience time.Duration) chan error {
					done := make(chan error, 1)
					impatient, cancel := context.WithTimeout(ctx, patience)
					go func() { defer cancel(); done <- act(impatient, c, store, f) }()
					synctest.Wait()
					return done
				}
				first, second, third := start(100*time.Millisecond), start(200*time.Millisecond), start(time.Minute)
				for _, early := range []chan error{first, second} {
					if err := <-early; !errors.Is(err, context.DeadlineExceeded) {
						t.Error(err)
					}
				}
				must(t, <-third)
				if gets := len(store.took()); gets != 1 || store.cancelled.Load() != 0 {
					t.Errorf("%d GETs, %d cancelled", gets, store.cancelled.Load())
				}

				c = newCache(t, cached.Settings{}) // nothing known
				store.latency = 0
				f = open(t, c, store)
				defer f.Close()
				store.latency = time.Second
				store.took()
				begin := time.Now()
				first, second = start(100*time.Millisecond), start(200*time.Millisecond)
				<-first
				<-second
				synctest.Wait()
				if store.cancelled.Load() != 1 || time.Since(begin) != 200*time.Millisecond {
					t.Errorf("%d cancelled after %v", store.cancelled.Load(), time.Since(begin))
				}
				must(t, act(ctx, c, store, f)) // who comes later begins anew
				if gets := len(store.took()); gets != 2 {
					t.Errorf("%d GETs", gets)
				}
			})
		})
	}
}

func TestFailureIsEverybodysAndNotKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		want := pattern(9*mib, 1)
		store := newFar(t, want)
		c := newCache(t, cached.Settings{})
		f := open(t, c, store)
		defer f.Close()
		store.latency = 60 * time.Millisecond
		store.before = func(_ int, _ storage.Range, c storage.Conditions) (storage.Conditions, error) {
			return c, &storage.Error{Op: "get", Kind: storage.ErrDenied}
		}
		done := make(chan error)
		for range 10 {
			go func() { done <- f.Fetch(ctx, cached.Metadata, ranges(10, 5*mib, 3*mib)) }()
		}
		for range 10 {
			if err := <-done; !errors.Is(err, storage.ErrDenied) {
				t.Error(err)
			}
		}
		store.before = nil
		fetch(ctx, t, f, want, cached.Metadata, ranges(10, 5*mib, 3*mib))
	})
}

func TestRoundsAreThoseThatDepend(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		want := pattern(9*mib, 1)
		store := newFar(t, want)
		store.latency = 60 * time.Millisecond
		counting, n := cached.WithCounter(ctx)
		f, err := newCache(t, cached.Settings{}).Open(counting, store, "k")
		must(t, err)
		defer f.Close()
		var both sync.WaitGroup
		for i := range uint64(2) { // two at a time are one round
			both.Go(func() { fetch(counting, t, f, want, cached.Raw, ranges(10, (3+i)*mib)) })
		}
		both.Wait()
		fetch(counting, t, f, want, cached.Metadata, ranges(10, 500)) // held: none
		fetch(counting, t, f, want, cached.Raw, ranges(10, 7*mib))
		if got := n.Counts(); got != (cached.Counts{GETs: 4, Rounds: 3, Bytes: mib + 30, Hits: 1, Misses: 3}) {
			t.Errorf("%+v", got)
		}
	})
}
