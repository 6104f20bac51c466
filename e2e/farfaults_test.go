package e2e

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/h5serve/h5serve/h5core"
	"github.com/h5serve/h5serve/h5core/vfd"
	"github.com/h5serve/h5serve/h5core/vfd/ros3"
	"github.com/h5serve/h5serve/storage"
	"github.com/h5serve/h5serve/storage/cached"
	"github.com/h5serve/h5serve/storage/pinned"
	"github.com/h5serve/h5serve/storage/s3"
)

// impatient is a driver of a store's objects whose requests soon count as failed.
type impatient struct {
	store *s3.Store
	cache *cached.Cache
}

func (impatient) Name() string { return "ros3" }

func (d impatient) Open(ctx context.Context, name string, _ vfd.Mode) (vfd.File, error) {
	f, err := d.cache.Open(ctx, d.store, name)
	if err != nil {
		return nil, err
	}
	return ros3.File(name, f), nil
}

// readFar opens the file, lists it, and reads one of its datasets.
func readFar(ctx context.Context, name string, d vfd.Driver) error {
	f, err := h5core.Open(ctx, name, "r", h5core.WithDriver(d))
	if err != nil {
		return err
	}
	defer f.Close()
	found := 0
	err = h5core.Walk(ctx, f.Group, func(v *h5core.Visit) error {
		found++
		return v.Err
	})
	if err != nil {
		return err
	}
	o, err := f.Get(ctx, "gt03/v11")
	if err != nil {
		return err
	}
	got, err := h5core.Read[float32](ctx, o.(*h5core.Dataset), nil)
	if err == nil && (found != 53 || len(got) != 20000 || got[19000] != 3011) {
		err = fmt.Errorf("%d objects, %d elements, one is %v", found, len(got), got[19000])
	}
	return err
}

// wireFaults are what a network does, as toxiproxy's README writes them.
var wireFaults = []struct {
	toxic string
	right bool // the values must come
	hangs bool // it is read with a deadline too
}{
	{`{"type": "latency", "attributes": {"latency": 50, "jitter": 30}}`, true, false},
	{`{"type": "slicer", "attributes": {"average_size": 20000, "size_variation": 9000, "delay": 10}}`, true, false},
	{`{"type": "bandwidth", "attributes": {"rate": 20000}}`, true, false},
	{`{"type": "slow_close", "attributes": {"delay": 50}}`, true, false},
	{`{"type": "limit_data", "attributes": {"bytes": 700000}}`, true, false}, // every connection ends after that much
	{`{"type": "limit_data", "attributes": {"bytes": 300}}`, false, false},
	{`{"type": "limit_data", "attributes": {"bytes": 0}}`, false, false},
	{`{"type": "reset_peer", "attributes": {"timeout": 0}}`, false, false},
	{`{"type": "reset_peer", "toxicity": 0.4, "attributes": {"timeout": 5}}`, false, false},
	{`{"type": "timeout", "attributes": {"timeout": 0}}`, false, true},
	{`{"type": "timeout", "stream": "upstream", "attributes": {"timeout": 0}}`, false, true},
}

// trickle goes on for an hour; only a deadline ends it.
const trickle = `{"type": "bandwidth", "attributes": {"rate": 1}}`

// TestWireFaults wants the right values, or a clear error in time, and nothing
// left behind.
func TestWireFaults(t *testing.T) {
	content := strangerFile(t, 4, 12)
	leaks := itself()
	t.Run("server", func(t *testing.T) {
		b := farBucket(t)
		b.server.Put(b.name, "stranger.h5", content)
		for _, c := range wireFaults {
			t.Run(c.toxic, func(t *testing.T) {
				endpoint := poisoned(t, b.server, c.toxic)
				if c.hangs {
					holdDeadline(t, b, endpoint)
				}
				holdFault(t, b, endpoint, c.right)
			})
		}
		t.Run(trickle, func(t *testing.T) { holdDeadline(t, b, poisoned(t, b.server, trickle)) })
	})
	goleak.VerifyNone(t, leaks...)
}

// holdFault reads with little patience.
func holdFault(t *testing.T, b *bucket, endpoint string, right bool) {
	t.Helper()
	config := s3Config(b.server, b.name)
	config.Endpoint, config.MaxAttempts, config.Timeouts = endpoint, 2, s3.Timeouts{Patience: time.Second}
	cache, err := cached.New(cached.Settings{Pinned: pinned.Settings{Pause: 10 * time.Millisecond, Stall: time.Second}})
	must(t, err)
	defer cache.Close()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	err = readFar(ctx, "stranger.h5", impatient{openS3(t, config), cache})
	switch {
	case errors.Is(err, context.DeadlineExceeded), right && err != nil:
		t.Errorf("got %v", err)
	case err != nil:
		refused(t, b.server, err, storage.ErrUnavailable)
	}
}

// holdDeadline reads with a deadline, and the patience that is usual.
func holdDeadline(t *testing.T, b *bucket, endpoint string) {
	t.Helper()
	d := b.driver(t, cached.Settings{})
	d.Endpoint = endpoint
	const deadline = 300 * time.Millisecond
	ctx, cancel := context.WithTimeout(t.Context(), deadline)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- readFar(ctx, b.url("stranger.h5"), d) }()
	select {
	case err := <-done:
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
	case <-time.After(patience):
		t.Fatal("it goes on past its deadline")
	}
}
