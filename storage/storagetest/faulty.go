package storagetest

import (
	"context"
	"errors"
	"io"
	"sync/atomic"
	"time"

	"github.com/h5serve/h5serve/storage"
)

// Fault is what befalls one GET. The zero Fault is none.
type Fault struct {
	Delay  time.Duration // before it is answered
	Before func()        // called before it is answered, say to replace the object
	Err    error         // instead of an answer: a kind of storage, or what a network says
	Cut    uint64        // the body breaks after that many bytes, with ErrUnavailable
	Midway func()        // called when the body is at Cut, or at half of it; without Cut nothing breaks
	Whole  bool          // the range is ignored: all of the object comes
	Short  uint64        // the body ends that many bytes early without an error, as no store may
}

// Faulty is a store whose GETs fail as Plan says; n counts them from 0.
type Faulty struct {
	storage.Store
	Plan func(n int, key string, r storage.Range) Fault

	gets atomic.Int64
}

// First makes a plan: the first n GETs meet the fault, the others none.
func First(n int, f Fault) func(int, string, storage.Range) Fault {
	return func(i int, _ string, _ storage.Range) Fault {
		if i < n {
			return f
		}
		return Fault{}
	}
}

// Gets is how many there were.
func (f *Faulty) Gets() int { return int(f.gets.Load()) }

var errBroken = errors.New("connection reset by peer")

// Get reads a range as the plan says.
func (f *Faulty) Get(ctx context.Context, key string, r storage.Range, c storage.Conditions) (*storage.Part, error) {
	fault := f.Plan(int(f.gets.Add(1)-1), key, r)
	fail := func(kind, err error) error {
		return &storage.Error{Op: "get", Store: "faulty", Key: key, Kind: kind, Err: err}
	}
	if !pause(ctx, fault.Delay) {
		return nil, fail(storage.ErrUnavailable, ctx.Err())
	}
	if fault.Before != nil {
		fault.Before()
	}
	var e *storage.Error
	switch {
	case errors.As(fault.Err, &e):
		return nil, fault.Err
	case fault.Err != nil:
		return nil, fail(fault.Err, nil)
	case fault.Whole:
		r = storage.Range{}
	}
	part, err := f.Store.Get(ctx, key, r, c)
	if err != nil {
		return nil, err
	}
	broken := *part
	broken.Body = &brokenBody{ReadCloser: part.Body, fault: fault, count: part.Count, err: fail(storage.ErrUnavailable, errBroken)}
	return &broken, nil
}

type brokenBody struct {
	io.ReadCloser
	fault Fault
	count uint64
	at    uint64
	err   error
}

func (b *brokenBody) Read(p []byte) (int, error) {
	stop := b.count - min(b.fault.Short, b.count)
	if b.fault.Cut > 0 {
		stop = min(stop, b.fault.Cut)
	}
	middle := min(stop, (b.count+1)/2)
	if b.fault.Cut > 0 {
		middle = stop
	}
	if b.fault.Midway != nil && b.at >= middle {
		b.fault.Midway()
		b.fault.Midway = nil
	}
	if b.at >= stop {
		if b.fault.Cut > 0 && b.fault.Cut < b.count {
			return 0, b.err
		}
		return 0, io.EOF
	}
	if b.fault.Midway != nil {
		stop = middle
	}
	n, err := b.ReadCloser.Read(p[:min(uint64(len(p)), stop-b.at)])
	b.at += uint64(n)
	return n, err
}
