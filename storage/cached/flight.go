package cached

import (
	"context"
	"sync"
)

// flight is work that any number wait for, each with a context of its own. It
// runs on its own, and is cancelled when the last of them has left.
type flight[T any] struct {
	lock    sync.Locker // guards waiters, and the place where the flight is found
	waiters int
	gone    func() // takes the flight from its place; called with the lock held
	cancel  context.CancelFunc
	done    chan struct{}

	result T
	err    error
	asked  bool // a request was made for it
}

// launch prepares a flight with one waiter and starts it. What ctx carries goes
// along, its end does not. The caller holds the lock.
func (f *flight[T]) launch(ctx context.Context, lock sync.Locker, gone func(), work func(context.Context) (T, error)) {
	ctx, f.cancel = context.WithCancel(context.WithoutCancel(ctx))
	f.lock, f.gone, f.waiters, f.done = lock, gone, 1, make(chan struct{})
	go func() {
		defer f.cancel()
		result, err := work(ctx)
		lock.Lock()
		f.result, f.err = result, err
		if f.waiters > 0 {
			gone()
		}
		close(f.done)
		lock.Unlock()
	}()
}

// join adds a waiter. The caller holds the lock and found the flight in its
// place.
func (f *flight[T]) join() { f.waiters++ }

// wait returns what the flight brought, or leaves it when ctx ends.
func (f *flight[T]) wait(ctx context.Context) (T, error) {
	select {
	case <-f.done:
		return f.result, f.err
	case <-ctx.Done():
		f.leave()
		var none T
		return none, ctx.Err()
	}
}

// leave is the end of one waiter's interest.
func (f *flight[T]) leave() {
	f.lock.Lock()
	defer f.lock.Unlock()
	f.waiters--
	select {
	case <-f.done:
	default:
		if f.waiters == 0 {
			f.gone()
			f.cancel()
		}
	}
}
