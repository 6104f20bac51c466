package cached_test

import (
	"errors"
	"io/fs"
	"testing"
	"testing/synctest"
	"time"

	"github.com/h5serve/h5serve/storage"
	"github.com/h5serve/h5serve/storage/cached"
)

// Nothing set: the real sizes.
func TestColdOpenIsOneGET(t *testing.T) {
	want := pattern(3<<20+5, 1)
	store := newFar(t, want)
	c, err := cached.New(cached.Settings{})
	must(t, err)
	f := open(t, c, store)
	defer f.Close()
	expect(t, store.took(), [2]uint64{0, 1 << 20})
	if f.Size() != uint64(len(want)) || f.ETag() == "" {
		t.Errorf("%+v", f.Info())
	}
	fetch(ctx, t, f, want, cached.Metadata, ranges(100, 0, 1<<20-100, 5))
	fetch(ctx, t, f, want, cached.Raw, ranges(200<<10, 500<<10))
	expect(t, store.took())
	fetch(ctx, t, f, want, cached.Metadata, ranges(100, 2<<20+5))
	expect(t, store.took(), [2]uint64{2<<20 - 384<<10, 1 << 20})
}

func TestMetadataBlocks(t *testing.T) {
	want := pattern(40*mib+70*kib, 1)
	store := newFar(t, want)
	f := open(t, newCache(t, cached.Settings{}), store)
	defer f.Close()
	store.took()
	for _, step := range []struct {
		at   uint64
		gets [][2]uint64
	}{
		{20*mib + 300*kib, [][2]uint64{{19*mib + 896*kib, mib}}},      // the block around
		{20*mib + 896*kib - 50, [][2]uint64{{20*mib + 896*kib, mib}}}, // over its edge: one miss in a row
		{21*mib + 896*kib, [][2]uint64{{21*mib + 896*kib, 2 * mib}}},  // two
		{22*mib + 5, nil}, // came along
		{23*mib + 900*kib, [][2]uint64{{23*mib + 896*kib, 4 * mib}}},         // three
		{28*mib + 100*kib, [][2]uint64{{27*mib + 896*kib, 8 * mib}}},         // four, not quite where the last ended
		{35*mib + 900*kib, [][2]uint64{{35*mib + 896*kib, 4*mib + 198*kib}}}, // to the end
		{10*mib + 5, [][2]uint64{{9*mib + 640*kib, mib}}},                    // a jump
		{12*mib - 1, [][2]uint64{{11*mib + 576*kib, mib}}},                   // both sides of a page's edge: one GET
		{40*mib + 1, nil}, // held
		{10*mib + 700*kib, [][2]uint64{{10*mib + 640*kib, 960 * kib}}}, // from what is held up to what is held
		{5 * mib, [][2]uint64{{4*mib + 640*kib, mib}}},
		{9*mib + 300*kib, [][2]uint64{{8*mib + 896*kib, 768 * kib}}},
	} {
		fetch(ctx, t, f, want, cached.Metadata, ranges(100, step.at))
		expect(t, store.took(), step.gets...)
	}
}

func TestScatteredWaveIsOneRoundOfWindows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		want := pattern(64*mib, 1)
		store := newFar(t, want)
		store.latency = 60 * time.Millisecond
		c := newCache(t, cached.Settings{})
		f := open(t, c, store)
		defer f.Close()
		store.took()
		counting, n := cached.WithCounter(ctx)
		begin := time.Now()
		fetch(counting, t, f, want, cached.Metadata, ranges(300, 3*mib+7, 60*mib, 3*mib+300*kib, 30*mib-1, 10*mib, 20*mib, 20*mib+400*kib))
		expect(t, store.took(), [2]uint64{3 * mib, 320 * kib}, [2]uint64{10 * mib, 64 * kib}, [2]uint64{20 * mib, 64 * kib},
			[2]uint64{20*mib + 384*kib, 64 * kib}, [2]uint64{30*mib - 64*kib, 128 * kib}, [2]uint64{60 * mib, 64 * kib})
		if got := n.Counts(); time.Since(begin) != store.latency || got.Rounds != 1 || got.GETs != 6 || got.Misses != 7 {
			t.Errorf("%v, %+v", time.Since(begin), got)
		}
		// A wave of a thousand places over the whole file: few GETs, all at once.
		var all []uint64
		for i := range uint64(1000) {
			all = append(all, i*65*kib)
		}
		begin = time.Now()
		fetch(ctx, t, f, want, cached.Metadata, ranges(300, all...))
		if gets := len(store.took()); gets > 12 || time.Since(begin) != store.latency {
			t.Errorf("%d GETs in %v", gets, time.Since(begin))
		}
	})
}

// Windows that nearly fill a stretch: all of it, so that nobody comes back.
func TestDenseWaveFetchesTheStretch(t *testing.T) {
	want := pattern(30*mib, 1)
	store := newFar(t, want)
	f := open(t, newCache(t, cached.Settings{}), store)
	defer f.Close()
	store.took()
	fetch(ctx, t, f, want, cached.Metadata, ranges(700*kib, 5*mib, 6*mib, 7*mib, 8*mib, 9*mib, 10*mib))
	expect(t, store.took(), [2]uint64{5 * mib, 5*mib + 704*kib})
	fetch(ctx, t, f, want, cached.Metadata, ranges(200*kib, 15*mib, 16*mib, 17*mib, 18*mib, 19*mib))
	if gets := store.took(); len(gets) != 5 {
		t.Errorf("%+v", gets)
	}
}

func TestRawIsFetchedExactly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		want := pattern(64*mib, 1)
		store := newFar(t, want)
		store.latency = 60 * time.Millisecond
		f := open(t, newCache(t, cached.Settings{}), store)
		defer f.Close()
		fetch(ctx, t, f, want, cached.Metadata, ranges(10, 50*mib))
		for range 2 { // nothing of it is kept
			store.took()
			counting, n := cached.WithCounter(ctx)
			list := ranges(1000, 40*mib, 30*mib+5, 30*mib+2000, 30*mib+3000+256*kib, 40*mib+1001+256*kib, 500, 50*mib+300, 30*mib+100)
			fetch(counting, t, f, want, cached.Raw, list)
			expect(t, store.took(), [2]uint64{30*mib + 5, 3995 + 256*kib}, [2]uint64{40 * mib, 1000}, [2]uint64{40*mib + 1001 + 256*kib, 1000})
			if got := n.Counts(); got.GETs != 3 || got.Rounds != 1 || got.Hits != 2 || got.Misses != 6 {
				t.Errorf("%+v", got)
			}
		}
		fetch(ctx, t, f, want, cached.Raw, ranges(20*mib, 7*mib))
		expect(t, store.took(), [2]uint64{7 * mib, 8 * mib}, [2]uint64{15 * mib, 8 * mib}, [2]uint64{23 * mib, 4 * mib})
	})
}

func TestRequestsAtOnceAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		want := pattern(50*mib, 1)
		store := newFar(t, want)
		store.latency = 60 * time.Millisecond
		c := newCache(t, cached.Settings{InFlight: 5, Requests: 7})
		put(t, store, "other", pattern(50*mib, 2))
		f := open(t, c, store)
		defer f.Close()
		g, err := c.Open(ctx, store, "other")
		must(t, err)
		defer g.Close()
		var far []uint64
		for i := range uint64(20) {
			far = append(far, (i+2)*2*mib)
		}
		store.took()
		fetch(ctx, t, f, want, cached.Raw, ranges(10, far...))
		if store.most != 5 || len(store.took()) != 20 {
			t.Errorf("%d at once", store.most)
		}
		done := make(chan error)
		for _, file := range []*cached.File{f, g} {
			go func() { done <- file.Fetch(ctx, cached.Raw, ranges(10, far...)) }()
		}
		must(t, <-done)
		must(t, <-done)
		if store.most != 7 {
			t.Errorf("%d at once", store.most)
		}
	})
}

func TestRawBudgetKeepsWhatIsReadAgain(t *testing.T) {
	want := pattern(20*mib, 1)
	store := newFar(t, want)
	c := newCache(t, cached.Settings{RawBudget: 10_000})
	f := open(t, c, store)
	defer f.Close()
	for range 3 {
		fetch(ctx, t, f, want, cached.Raw, ranges(4000, 5*mib, 9*mib))
		fetch(ctx, t, f, want, cached.Raw, ranges(4000, 9*mib))
	}
	if gets := len(store.took()); gets != 3 {
		t.Errorf("%d GETs", gets)
	}
	if _, raw := c.Held(); raw != 8000 {
		t.Errorf("%d bytes held", raw)
	}
}

func TestRangesOutside(t *testing.T) {
	store := newFar(t, pattern(1000, 1))
	f := open(t, newCache(t, cached.Settings{}), store)
	for _, kind := range []cached.Kind{cached.Metadata, cached.Raw} {
		for _, r := range []cached.Range{ranges(2, 999)[0], ranges(0, 1001)[0], ranges(1, 1<<63)[0], ranges(1, 1<<64-1)[0]} {
			if err := f.Fetch(ctx, kind, []cached.Range{r}); !errors.Is(err, storage.ErrRange) {
				t.Errorf("%d from %d: %v", len(r.Data), r.Off, err)
			}
		}
		must(t, f.Fetch(ctx, kind, ranges(0, 0, 1000, 500)))
		must(t, f.Fetch(ctx, kind, nil))
	}
	must(t, f.Close())
	for _, err := range []error{f.Close(), f.Fetch(ctx, cached.Raw, nil), f.Confirm(ctx, time.Now())} {
		if !errors.Is(err, fs.ErrClosed) {
			t.Error(err)
		}
	}
}

func TestEmptyObject(t *testing.T) {
	f := open(t, newCache(t, cached.Settings{}), newFar(t, nil))
	defer f.Close()
	if f.Size() != 0 || f.Fetch(ctx, cached.Metadata, ranges(0, 0)) != nil {
		t.Errorf("%+v", f.Info())
	}
}
