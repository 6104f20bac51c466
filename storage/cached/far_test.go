package cached_test

import (
	"bytes"
	"context"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/h5serve/h5serve/storage"
	"github.com/h5serve/h5serve/storage/cached"
	"github.com/h5serve/h5serve/storage/mem"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var ctx = context.Background()

// The tests count in a sixteenth of the real units: the policy is the same, and
// there is less to move.
const (
	kib = 1 << 10 / 16
	mib = 1 << 20 / 16
)

// scaled fills in a sixteenth of the defaults.
func scaled(s cached.Settings) cached.Settings {
	for _, f := range []struct {
		field *uint64
		value uint64
	}{{&s.First, mib}, {&s.Page, 64 * kib}, {&s.Block, mib}, {&s.Largest, 8 * mib}, {&s.Gap, 256 * kib}} {
		if *f.field == 0 {
			*f.field = f.value
		}
	}
	return s
}

// far is a store that takes its time and keeps account. Its latency is virtual
// in a bubble of synctest.
type far struct {
	*mem.Store
	latency   time.Duration
	bandwidth uint64 // bytes in a second, 0 without end
	identity  string
	before    func(n int, r storage.Range, c storage.Conditions) (storage.Conditions, error)

	mu        sync.Mutex
	gets      []get
	now, most int
	cancelled atomic.Int64
}

type get struct {
	storage.Range
	storage.Conditions
}

func (f *far) Identity() string { return f.identity }

func (f *far) Get(ctx context.Context, key string, r storage.Range, c storage.Conditions) (*storage.Part, error) {
	f.mu.Lock()
	f.gets = append(f.gets, get{r, c})
	n := len(f.gets)
	f.now++
	f.most = max(f.most, f.now)
	f.mu.Unlock()
	defer func() {
		f.mu.Lock()
		f.now--
		f.mu.Unlock()
	}()
	wait := f.latency
	if f.bandwidth > 0 {
		wait += time.Duration(r.Length * uint64(time.Second) / f.bandwidth)
	}
	if wait > 0 {
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			f.cancelled.Add(1)
			return nil, &storage.Error{Op: "get", Key: key, Kind: storage.ErrUnavailable, Err: ctx.Err()}
		}
	}
	if f.before != nil {
		var err error
		if c, err = f.before(n, r, c); err != nil {
			return nil, err
		}
	}
	return f.Store.Get(ctx, key, r, c)
}

// took returns the requests since the last call.
func (f *far) took() []get {
	f.mu.Lock()
	defer f.mu.Unlock()
	gets := f.gets
	f.gets, f.most = nil, 0
	return gets
}

func pattern(n int, seed uint64) []byte {
	p := make([]byte, n)
	var key [32]byte
	key[0], key[1] = byte(seed), byte(seed>>8)
	_, _ = rand.NewChaCha8(key).Read(p)
	return p
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func put(t testing.TB, s storage.Writer, key string, p []byte) {
	t.Helper()
	_, err := s.Put(ctx, key, bytes.NewReader(p), int64(len(p)), storage.PutOptions{})
	must(t, err)
}

func newFar(t testing.TB, p []byte) *far {
	f := &far{Store: mem.New("far"), identity: "https://far/bucket"}
	put(t, f, "k", p)
	return f
}

func newCache(t testing.TB, s cached.Settings) *cached.Cache {
	t.Helper()
	c, err := cached.New(scaled(s))
	must(t, err)
	t.Cleanup(func() { must(t, c.Close()) })
	return c
}

func open(t testing.TB, c *cached.Cache, s storage.Store) *cached.File {
	t.Helper()
	f, err := c.Open(ctx, s, "k")
	must(t, err)
	return f
}

// ranges are ranges of one length at some offsets.
func ranges(length int, offsets ...uint64) []cached.Range {
	var out []cached.Range
	for _, off := range offsets {
		out = append(out, cached.Range{Off: off, Data: make([]byte, length)})
	}
	return out
}

// fetch reads ranges and looks at what came.
func fetch(ctx context.Context, t testing.TB, f *cached.File, want []byte, kind cached.Kind, list []cached.Range) {
	t.Helper()
	must(t, f.Fetch(ctx, kind, list))
	for _, r := range list {
		if !bytes.Equal(r.Data, want[r.Off:][:len(r.Data)]) {
			t.Fatalf("%d bytes from %d on are others", len(r.Data), r.Off)
		}
	}
}

func expect(t testing.TB, got []get, want ...[2]uint64) {
	t.Helper()
	seen := map[[2]uint64]int{}
	for _, g := range got {
		seen[[2]uint64{g.First, g.Length}]++
	}
	for _, w := range want {
		seen[w]--
	}
	for r, n := range seen {
		if n != 0 {
			t.Errorf("GETs %+v, wanted %v: %v is %+d", got, want, r, n)
			return
		}
	}
}
