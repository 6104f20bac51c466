package load

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"

	"github.com/h5serve/h5serve/h5core/vfd"
	"github.com/h5serve/h5serve/h5core/vfd/vfdtest"
)

// steps is a File over zeros whose reads are counted.
func steps(t *testing.T) (*File, *vfdtest.Counting) {
	h, err := vfd.Core{}.Open(context.Background(), "zeros", vfd.Truncate)
	if err != nil {
		t.Fatal(err)
	}
	if err := h.WriteAt(context.Background(), make([]byte, 1<<16), 0); err != nil {
		t.Fatal(err)
	}
	c := &vfdtest.Counting{File: h}
	return &File{handle: c, end: 1 << 16}, c
}

func TestTogether(t *testing.T) {
	f, c := steps(t)
	fetch := func(ctx context.Context, addr uint64) error {
		return f.Fetch(ctx, vfd.ObjectHeader, []vfd.Segment{{Addr: addr, Data: make([]byte, 8)}})
	}
	var failed atomic.Int64
	f.Together(context.Background(), 100, func(ctx context.Context, i int) {
		for k := range 1 + i%3 { // so that some end before others
			err := f.several(ctx, func(ctx context.Context) error { return fetch(ctx, uint64(8*i)) },
				func(ctx context.Context) error { return fetch(ctx, uint64(k)<<12) })
			if err != nil {
				failed.Add(1)
			}
		}
		if i == 7 && fetch(ctx, 1<<20) == nil { // its own fault alone
			failed.Add(1)
		}
	})
	if got := c.Rounds.Load(); got != 3 || failed.Load() > 0 {
		t.Errorf("%d rounds for walks of three, %d failures", got, failed.Load())
	}
	if got := c.Segments.Load(); got > 100+67+34 {
		t.Errorf("%d segments: what several want is fetched once", got)
	}
}

func TestTogetherEnds(t *testing.T) {
	f, c := steps(t)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	var ended atomic.Int64
	f.Together(ctx, 10, func(ctx context.Context, _ int) {
		if errors.Is(f.Fetch(ctx, vfd.Raw, []vfd.Segment{{Data: make([]byte, 1)}}), context.Canceled) {
			ended.Add(1)
		}
	})
	if ended.Load() != 10 || c.Rounds.Load() != 0 {
		t.Errorf("%d of 10 ended, after %d rounds", ended.Load(), c.Rounds.Load())
	}
	defer func() {
		if recover() == nil {
			t.Error("a panic was lost")
		}
	}()
	f.Together(context.Background(), 10, func(ctx context.Context, i int) {
		if i == 3 {
			panic("three")
		}
		_ = f.Fetch(ctx, vfd.Raw, []vfd.Segment{{Data: make([]byte, 1)}}) // must not wait for it
	})
}
