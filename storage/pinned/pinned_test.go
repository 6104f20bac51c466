package pinned_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"github.com/h5serve/h5serve/storage"
	"github.com/h5serve/h5serve/storage/mem"
	"github.com/h5serve/h5serve/storage/pinned"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var ctx = context.Background()

// broken is a store whose n-th answer, from 1 on, may be spoiled.
type broken struct {
	*mem.Store
	gets  []storage.Range
	conds []storage.Conditions
	spoil func(n int, r storage.Range, part *storage.Part) error
	blind bool // conditions are ignored
}

func (b *broken) Get(ctx context.Context, key string, r storage.Range, c storage.Conditions) (*storage.Part, error) {
	b.gets, b.conds = append(b.gets, r), append(b.conds, c)
	if b.blind {
		c = storage.Conditions{}
	}
	part, err := b.Store.Get(ctx, key, r, c)
	if err == nil && b.spoil != nil {
		err = b.spoil(len(b.gets), r, part)
	}
	return part, err
}

func pattern(n int, seed uint64) []byte {
	p := make([]byte, n)
	r := rand.New(rand.NewPCG(seed, 1))
	for i := range p {
		p[i] = byte(r.Uint32())
	}
	return p
}

func put(t testing.TB, s *mem.Store, p []byte) {
	t.Helper()
	if _, err := s.Put(ctx, "k", bytes.NewReader(p), int64(len(p)), storage.PutOptions{}); err != nil {
		t.Fatal(err)
	}
}

func store(t testing.TB, p []byte) *broken {
	b := &broken{Store: mem.New("test")}
	put(t, b.Store, p)
	return b
}

// cut ends a body early, without an error if err is nil.
func cut(part *storage.Part, n int64, err error) {
	rest := io.Reader(strings.NewReader(""))
	if err != nil {
		rest = failing{err}
	}
	part.Body = io.NopCloser(io.MultiReader(io.LimitReader(part.Body, n), rest))
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func TestFirstAnswerPins(t *testing.T) {
	want := pattern(1000, 1)
	b := store(t, want)
	o := pinned.Open(b, "k")
	if _, known := o.Info(); known || len(b.gets) != 0 {
		t.Fatal("opening asked something")
	}
	got := make([]byte, 600)
	if n, err := o.ReadUpTo(ctx, got, 0); err != nil || n != 600 {
		t.Fatal(n, err)
	}
	info, _ := o.Info()
	if n, err := o.ReadUpTo(ctx, got, 700); err != nil || n != 300 || !bytes.Equal(got[:n], want[700:]) {
		t.Fatal(n, err)
	}
	if info.Size != 1000 || b.conds[0] != (storage.Conditions{}) || b.conds[1].IfMatch != info.ETag {
		t.Fatalf("%+v %+v", info, b.conds)
	}
	if b.gets[1] != (storage.Range{First: 700, Length: 300}) {
		t.Errorf("the size is known, yet %+v was asked for", b.gets[1])
	}
	if err := o.ReadAt(ctx, got, 401); !errors.Is(err, storage.ErrRange) {
		t.Error(err)
	}
	if err := o.ReadAt(ctx, got[:1], 2000); !errors.Is(err, storage.ErrRange) || len(b.gets) != 2 {
		t.Error(err, b.gets)
	}
}

func TestSpoiledAnswers(t *testing.T) {
	want := pattern(1<<20, 2)
	reset := errors.New("connection reset")
	for name, c := range map[string]struct {
		spoil func(n int, r storage.Range, part *storage.Part) error
		gets  int
		err   error
	}{
		"short body once": {func(n int, _ storage.Range, p *storage.Part) error {
			if n == 1 {
				cut(p, 1000, nil)
			}
			return nil
		}, 2, nil},
		"reset twice": {func(n int, _ storage.Range, p *storage.Part) error {
			if n <= 2 {
				cut(p, 5000, reset)
			}
			return nil
		}, 3, nil},
		"always reset": {func(_ int, _ storage.Range, p *storage.Part) error { cut(p, 10, reset); return nil }, 3, storage.ErrUnavailable},
		"short by its own account": {func(n int, _ storage.Range, p *storage.Part) error {
			if n == 1 {
				p.Count = 77
				cut(p, 77, nil)
			}
			return nil
		}, 2, nil},
		"long body once": {func(n int, _ storage.Range, p *storage.Part) error {
			if n == 1 {
				p.Body = io.NopCloser(io.MultiReader(bytes.NewReader(make([]byte, p.Count)), strings.NewReader("!")))
			}
			return nil
		}, 2, nil},
		"another range once": {func(n int, _ storage.Range, p *storage.Part) error {
			if n == 1 {
				p.First += 10
				p.Count -= 10
			}
			return nil
		}, 2, nil},
		"a range that ends before": {func(_ int, _ storage.Range, p *storage.Part) error {
			p.First, p.Count = 0, 10
			return nil
		}, 3, storage.ErrUnavailable},
		"more than the object": {func(_ int, _ storage.Range, p *storage.Part) error { p.Count += 1 << 30; return nil }, 3, storage.ErrUnavailable},
		"503 once": {func(n int, _ storage.Range, _ *storage.Part) error {
			if n == 1 {
				return &storage.Error{Op: "get", Kind: storage.ErrUnavailable}
			}
			return nil
		}, 2, nil},
		"denied": {func(int, storage.Range, *storage.Part) error {
			return &storage.Error{Op: "get", Kind: storage.ErrDenied}
		}, 1, storage.ErrDenied},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := store(t, want)
				b.spoil = c.spoil
				got := make([]byte, 60_000)
				err := pinned.Open(b, "k").ReadAt(ctx, got, 3000)
				if !errors.Is(err, c.err) || len(b.gets) != c.gets {
					t.Fatalf("%d requests, %v", len(b.gets), err)
				}
				if err == nil && !bytes.Equal(got, want[3000:63_000]) {
					t.Fatal("other bytes")
				}
				if name == "reset twice" && (b.gets[2].First != 13_000 || b.conds[2].IfMatch == "") {
					t.Errorf("resumed by %+v %+v", b.gets[2], b.conds[2])
				}
			})
		})
	}
}

func TestPausesGrowAndVary(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := store(t, pattern(100, 1))
		var times []time.Time
		b.spoil = func(int, storage.Range, *storage.Part) error {
			times = append(times, time.Now())
			return &storage.Error{Op: "get", Kind: storage.ErrUnavailable}
		}
		s := pinned.Settings{Tries: 5, Pause: 100 * time.Millisecond}
		if err := s.Open(b, "k").ReadAt(ctx, make([]byte, 10), 0); !errors.Is(err, storage.ErrUnavailable) {
			t.Fatal(err)
		}
		for i := 1; i < len(times); i++ {
			full := s.Pause << (i - 1)
			if pause := times[i].Sub(times[i-1]); pause < full/2 || pause > full {
				t.Errorf("pause %d is %v", i, pause)
			}
		}
		gone, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
		defer cancel()
		if err := s.Open(b, "k").ReadAt(gone, make([]byte, 10), 0); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
	})
}

// silent sends nothing until its context ends.
type silent struct{ ctx context.Context }

func (s silent) Read([]byte) (int, error) { <-s.ctx.Done(); return 0, s.ctx.Err() }
func (s silent) Close() error             { return nil }

type stalling struct{ *broken }

func (s stalling) Get(ctx context.Context, key string, r storage.Range, c storage.Conditions) (*storage.Part, error) {
	part, err := s.broken.Get(ctx, key, r, c)
	if err == nil && len(s.gets) == 1 {
		part.Body = io.NopCloser(io.MultiReader(io.LimitReader(part.Body, 10), silent{ctx}))
	}
	return part, err
}

func TestStalledBodyIsAskedForAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		want, begin := pattern(100, 1), time.Now()
		s, got := stalling{store(t, want)}, make([]byte, 100)
		if err := pinned.Open(s, "k").ReadAt(ctx, got, 0); err != nil || !bytes.Equal(got, want) {
			t.Fatal(err)
		}
		if took := time.Since(begin); took < 30*time.Second || took > 31*time.Second || s.gets[1].First != 10 {
			t.Errorf("%v, then %+v", took, s.gets[1:])
		}
	})
}

func TestReplacedObject(t *testing.T) {
	for _, blind := range []bool{false, true} {
		for name, change := range map[string]func(t *testing.T, s *mem.Store){
			"same length": func(t *testing.T, s *mem.Store) { put(t, s, pattern(1000, 2)) },
			"longer":      func(t *testing.T, s *mem.Store) { put(t, s, pattern(2000, 2)) },
			"shorter":     func(t *testing.T, s *mem.Store) { put(t, s, pattern(10, 2)) },
			"gone": func(t *testing.T, s *mem.Store) {
				if err := s.Delete(ctx, "k", storage.Conditions{}); err != nil {
					t.Fatal(err)
				}
			},
		} {
			b := store(t, pattern(1000, 1))
			b.blind = blind
			o := pinned.Open(b, "k")
			if err := o.ReadAt(ctx, make([]byte, 10), 0); err != nil {
				t.Fatal(err)
			}
			change(t, b.Store)
			for range 2 {
				if err := o.ReadAt(ctx, make([]byte, 10), 500); !errors.Is(err, storage.ErrChanged) {
					t.Errorf("%s, conditions ignored %v: %v", name, blind, err)
				}
			}
		}
	}
}

func TestReplacedWhileResumed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := store(t, pattern(1000, 1))
		b.blind = true
		b.spoil = func(n int, _ storage.Range, p *storage.Part) error {
			if n == 1 {
				cut(p, 300, nil)
				put(t, b.Store, pattern(1000, 2))
			}
			return nil
		}
		if err := pinned.Open(b, "k").ReadAt(ctx, make([]byte, 1000), 0); !errors.Is(err, storage.ErrChanged) {
			t.Error(err)
		}
	})
}

func TestStoreThatIgnoresRanges(t *testing.T) {
	want := pattern(100_000, 1)
	b := store(t, want)
	b.spoil = func(_ int, _ storage.Range, p *storage.Part) error {
		whole, err := b.Store.Get(ctx, "k", storage.Range{}, storage.Conditions{})
		*p = *whole
		return err
	}
	got := make([]byte, 100)
	s := pinned.Settings{Skip: 50_000}
	if err := s.Open(b, "k").ReadAt(ctx, got, 50_000); err != nil || !bytes.Equal(got, want[50_000:50_100]) {
		t.Error(err)
	}
	b.gets = nil
	if err := s.Open(b, "k").ReadAt(ctx, got, 50_001); !errors.Is(err, storage.ErrUnavailable) || len(b.gets) != 1 {
		t.Errorf("%d requests: %v", len(b.gets), err)
	}
}

func TestEmptyObject(t *testing.T) {
	b := store(t, nil)
	b.spoil = func(_ int, r storage.Range, _ *storage.Part) error {
		if !r.Whole() { // as S3 does
			return &storage.Error{Op: "get", Kind: storage.ErrRange}
		}
		return nil
	}
	o := pinned.Open(b, "k")
	n, err := o.ReadUpTo(ctx, make([]byte, 10), 0)
	if info, known := o.Info(); n != 0 || err != nil || !known || info.ETag == "" {
		t.Errorf("%d %v %+v", n, err, info)
	}
}

func TestUnless(t *testing.T) {
	b := store(t, pattern(10, 1))
	info, err := b.Stat(ctx, "k", storage.Conditions{})
	if err != nil {
		t.Fatal(err)
	}
	o := pinned.Settings{}.Unless(b, "k", info.ETag)
	if err := o.ReadAt(ctx, make([]byte, 5), 0); !errors.Is(err, storage.ErrNotModified) {
		t.Error(err)
	}
	put(t, b.Store, pattern(10, 2))
	for range 2 {
		if err := o.ReadAt(ctx, make([]byte, 5), 0); err != nil {
			t.Error(err)
		}
	}
}

func TestRetry(t *testing.T) {
	changed := &storage.Error{Op: "get", Kind: storage.ErrChanged}
	for _, c := range []struct {
		errs  []error
		calls int
		want  error
	}{
		{[]error{nil}, 1, nil},
		{[]error{changed, nil}, 2, nil},
		{[]error{changed, changed, nil}, 2, storage.ErrChanged},
		{[]error{storage.ErrNotFound, nil}, 1, storage.ErrNotFound},
		{[]error{changed, storage.ErrNotFound}, 2, storage.ErrNotFound},
	} {
		calls := 0
		err := pinned.Retry(func() error { calls++; return c.errs[calls-1] })
		if calls != c.calls || !errors.Is(err, c.want) {
			t.Errorf("%v: %d calls, %v", c.errs, calls, err)
		}
	}
}

// TestWhateverIsSpoiled reads through random faults: right bytes or an error.
func TestWhateverIsSpoiled(t *testing.T) {
	want := pattern(10_000, 3)
	rapid.Check(t, func(rt *rapid.T) {
		b := store(t, want)
		faults := rapid.SliceOfN(rapid.IntRange(0, 6), 3, 3).Draw(rt, "faults")
		at := rapid.IntRange(0, 12_000).Draw(rt, "at")
		got := make([]byte, rapid.IntRange(0, 5000).Draw(rt, "length"))
		b.spoil = func(n int, _ storage.Range, p *storage.Part) error {
			some := int64(p.Count / 2)
			switch faults[min(n, 3)-1] {
			case 1:
				cut(p, some, nil)
			case 2:
				cut(p, some, errors.New("reset"))
			case 3:
				p.First++
			case 4:
				p.Count = uint64(some)
			case 5:
				p.Size += 5
			case 6:
				return &storage.Error{Op: "get", Kind: storage.ErrUnavailable, Err: fmt.Errorf("fault %d", n)}
			}
			return nil
		}
		n, err := pinned.Settings{Pause: 1}.Open(b, "k").ReadUpTo(ctx, got, uint64(at))
		if n > 0 && (at+n > len(want) || !bytes.Equal(got[:n], want[at:at+n])) {
			rt.Fatalf("%d bytes that are not the object's, %v", n, err)
		}
		if sizeLies := faults[0] == 5; err == nil && !sizeLies && at <= len(want) && n != min(len(got), len(want)-at) {
			rt.Fatalf("%d bytes without an error", n)
		}
	})
}
