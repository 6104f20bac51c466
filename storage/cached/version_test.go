package cached_test

import (
	"bytes"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/h5serve/h5serve/storage"
	"github.com/h5serve/h5serve/storage/cached"
	"github.com/h5serve/h5serve/storage/pinned"
)

// The warm case: one round of GETs that carry If-Match, nothing else.
func TestWarmIsOneRound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		want := pattern(30*mib, 1)
		store := newFar(t, want)
		store.latency = 60 * time.Millisecond
		c := newCache(t, cached.Settings{})
		f := open(t, c, store)
		fetch(ctx, t, f, want, cached.Metadata, ranges(10, 5*mib))
		must(t, f.Close())
		store.took()
		time.Sleep(time.Hour)

		counting, n := cached.WithCounter(ctx)
		since := time.Now()
		time.Sleep(time.Nanosecond)
		f, known := c.Known(store, "k")
		if !known {
			t.Fatal("forgotten")
		}
		fetch(counting, t, f, want, cached.Metadata, ranges(10, 5*mib, 300))
		fetch(counting, t, f, want, cached.Raw, ranges(1000, 10*mib, 20*mib))
		must(t, f.Confirm(counting, since))
		if got := n.Counts(); got.GETs != 2 || got.Rounds != 1 {
			t.Errorf("%+v", got)
		}
		for _, g := range store.took() {
			if g.IfMatch != f.ETag() {
				t.Errorf("%+v", g)
			}
		}

		// Where all was held, it is one conditional GET without a body.
		time.Sleep(time.Hour)
		counting, n = cached.WithCounter(ctx)
		since = time.Now()
		fetch(counting, t, f, want, cached.Metadata, ranges(10, 5*mib))
		must(t, f.Confirm(counting, since))
		if got, gets := n.Counts(), store.took(); got.GETs != 1 || got.Bytes != 0 || gets[0].IfNoneMatch != f.ETag() {
			t.Errorf("%+v %+v", got, gets)
		}
		must(t, f.Close())
	})
}

func TestOpenAsksWhetherItIsTheSame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		one, two := pattern(3*mib, 1), pattern(2*mib, 2)
		store := newFar(t, one)
		store.latency = 60 * time.Millisecond
		c := newCache(t, cached.Settings{Fresh: time.Minute})
		must(t, open(t, c, store).Close())
		store.took()
		time.Sleep(30 * time.Second)
		f := open(t, c, store) // trusted
		defer f.Close()
		expect(t, store.took())
		time.Sleep(31 * time.Second)
		must(t, open(t, c, store).Close()) // asked
		if gets := store.took(); len(gets) != 1 || gets[0].IfNoneMatch != f.ETag() {
			t.Errorf("%+v", gets)
		}
		put(t, store, "k", two)
		time.Sleep(2 * time.Minute)
		g := open(t, c, store) // another one: its first bytes came with the answer
		defer g.Close()
		fetch(ctx, t, g, two, cached.Metadata, ranges(10, 5))
		expect(t, store.took(), [2]uint64{0, mib})
		if !f.Changed() || g.Changed() || g.ETag() == f.ETag() {
			t.Error("the file does not know that it was replaced")
		}
		if err := f.Fetch(ctx, cached.Metadata, ranges(10, 5)); !errors.Is(err, storage.ErrChanged) {
			t.Error(err)
		}
		if held, _ := c.Held(); held != mib {
			t.Errorf("%d bytes are held", held)
		}
	})
}

func TestReplacedObjectIsChanged(t *testing.T) {
	for _, kind := range []cached.Kind{cached.Metadata, cached.Raw} {
		for _, blind := range []bool{false, true} { // a store that ignores conditions
			store := newFar(t, pattern(9*mib, 1))
			if blind {
				store.before = func(int, storage.Range, storage.Conditions) (storage.Conditions, error) {
					return storage.Conditions{}, nil
				}
			}
			c := newCache(t, cached.Settings{})
			f := open(t, c, store)
			put(t, store, "k", pattern(9*mib, 2))
			if err := f.Fetch(ctx, kind, ranges(10, 5*mib)); !errors.Is(err, storage.ErrChanged) || !f.Changed() {
				t.Error(err)
			}
			if err := f.Confirm(ctx, time.Now()); !errors.Is(err, storage.ErrChanged) {
				t.Error(err)
			}
			must(t, f.Close())
			f = open(t, c, store)
			must(t, f.Fetch(ctx, kind, ranges(10, 5*mib)))
			before := f.ETag()
			again := open(t, c, store) // the same, also where conditions are ignored
			if again.ETag() != before || again.Changed() || f.Changed() {
				t.Errorf("blind %v: the same version was taken for another", blind)
			}
			must(t, f.Close())
			must(t, again.Close())
			if err := store.Delete(ctx, "k", storage.Conditions{}); err != nil {
				t.Fatal(err)
			}
			if _, err := c.Open(ctx, store, "k"); !errors.Is(err, storage.ErrNotFound) {
				t.Error(err)
			}
			if _, known := c.Known(store, "k"); known {
				t.Error("a missing object is known")
			}
		}
	}
}

// Every answer is of one version, while a writer replaces the object.
func TestReplacedUnderLoad(t *testing.T) {
	const size, versions = 300 * kib, 1000
	content := make([][]byte, versions)
	store := newFar(t, bytes.Repeat([]byte{0, 0}, size/2))
	for i := range content {
		content[i] = bytes.Repeat([]byte{byte(i), byte(i >> 8)}, size/2)
	}
	c := newCache(t, cached.Settings{First: 16 * kib, Page: 4 * kib, Block: 16 * kib, MetadataBudget: 200 * kib, RawBudget: 50 * kib,
		Pinned: pinned.Settings{Pause: 1}})
	over := make(chan struct{})
	var readers sync.WaitGroup
	var mu sync.Mutex
	answered, gaveUp := 0, 0
	for reader := range 4 {
		readers.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-over:
					return
				default:
				}
				err := pinned.Retry(func() error { return oneVersion(c, store, uint64(reader+i)) })
				mu.Lock()
				switch {
				case err == nil:
					answered++
				case errors.Is(err, storage.ErrChanged):
					gaveUp++
				default:
					t.Error(err)
				}
				mu.Unlock()
			}
		})
	}
	for _, p := range content {
		put(t, store, "k", p)
	}
	close(over)
	readers.Wait()
	must(t, oneVersion(c, store, 1))
	if answered == 0 {
		t.Error("nobody got an answer")
	}
	t.Logf("%d answers, %d times replaced twice", answered, gaveUp)
}

func oneVersion(c *cached.Cache, store storage.Store, seed uint64) error {
	f, err := c.Open(ctx, store, "k")
	if err != nil {
		return err
	}
	defer f.Close()
	meta := ranges(2, 0, 20*kib+seed%7*32*kib, 290*kib)
	raw := ranges(4*kib, 100*kib, 200*kib+seed%5*8*kib)
	if err := f.Fetch(ctx, cached.Metadata, meta); err != nil {
		return err
	}
	if err := f.Fetch(ctx, cached.Raw, raw); err != nil {
		return err
	}
	for _, r := range append(meta, raw...) {
		if !bytes.Equal(r.Data, bytes.Repeat(meta[0].Data, len(r.Data)/2)) {
			return fmt.Errorf("a mixed answer at %d", r.Off)
		}
	}
	return nil
}
