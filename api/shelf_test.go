package api

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// Those who wait for the same bytes wait for one making.
func TestOneMaking(t *testing.T) {
	h := newHouse(t)
	var made atomic.Int32
	open := make(chan struct{})
	m := &slow{order: h.order(ten), made: &made, open: open}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			l, err := h.shelf.obtain(t.Context(), m.id, m)
			if err != nil {
				t.Error(err)
				return
			}
			l.release()
		})
	}
	for h.waiting(m.id) < 8 {
		time.Sleep(time.Millisecond)
	}
	close(open)
	all.Wait()
	m.recipe.Close()
	if n := made.Load(); n != 1 {
		t.Errorf("made %d times", n)
	}
}

// When all who wait are gone the making stops; who comes later starts anew.
func TestAbandonedMaking(t *testing.T) {
	h := newHouse(t)
	var made atomic.Int32
	m := &slow{order: h.order(ten), made: &made, open: make(chan struct{})}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() {
		_, err := h.shelf.obtain(ctx, m.id, m)
		ended <- err
	}()
	for h.waiting(m.id) < 1 {
		time.Sleep(time.Millisecond)
	}
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	l, err := h.shelf.obtain(t.Context(), m.id, m.order)
	if err != nil {
		t.Fatal(err)
	}
	l.release()
	m.recipe.Close()
}

func (h *house) order(description string) *order {
	h.t.Helper()
	rc := newRecipe(func() error { return nil })
	rc.description = text(description)
	o, err := h.read(h.t.Context(), rc)
	if err != nil {
		h.t.Fatal(err)
	}
	return o
}

func (h *house) waiting(id string) int {
	h.shelf.mu.Lock()
	defer h.shelf.mu.Unlock()
	if p := h.shelf.plans[id]; p != nil && p.making != nil {
		return p.making.waiting
	}
	return 0
}

// slow makes an order once it is told to.
type slow struct {
	*order
	made *atomic.Int32
	open chan struct{}
}

func (m *slow) make(ctx context.Context) (*built, error) {
	m.made.Add(1)
	select {
	case <-m.open:
		return m.order.make(ctx)
	case <-ctx.Done():
		m.recipe.Close()
		return nil, ctx.Err()
	}
}
