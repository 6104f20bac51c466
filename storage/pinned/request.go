package pinned

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"time"

	"github.com/h5serve/h5serve/storage"
)

// errWhole is an answer that asking again does not make better.
var errWhole = errors.New("the store sends the whole object instead of a range")

// request makes one request for p and tells how many bytes of it are good,
// whatever happened to the rest.
func (o *Object) request(ctx context.Context, p []byte, offset uint64) (n int, err error) {
	ctx, watch := watched(ctx, o.settings.Stall)
	defer watch.stop()
	pinned := o.pin.Load()
	part, err := o.store.Get(ctx, o.key, storage.Range{First: offset, Length: uint64(len(p))}, o.conditions(pinned))
	if pinned == nil && offset == 0 && errors.Is(err, storage.ErrRange) {
		// No range lies in an empty object, but all of it can be had.
		part, err = o.store.Get(ctx, o.key, storage.Range{}, o.conditions(pinned))
	}
	if err != nil {
		return 0, o.classify(err, pinned, watch)
	}
	defer part.Body.Close()
	watch.progress()
	if err := o.check(part, offset); err != nil {
		return 0, err
	}
	if err := o.pinTo(part.Info); err != nil {
		return 0, err
	}
	return o.take(part, p, offset, watch)
}

func (o *Object) conditions(pinned *storage.Info) storage.Conditions {
	if pinned == nil {
		return storage.Conditions{IfNoneMatch: o.unless}
	}
	return storage.Conditions{IfMatch: pinned.ETag}
}

// classify says what a refusal means to somebody who reads one version.
func (o *Object) classify(err error, pinned *storage.Info, watch *watch) error {
	switch {
	case watch.stalled():
		return o.fail(storage.ErrUnavailable, fmt.Errorf("no byte came for %v", o.settings.Stall))
	case pinned == nil:
		return err
	case errors.Is(err, storage.ErrNotFound), errors.Is(err, storage.ErrRange):
		// The version had these bytes: another one, or none, is there now.
		return o.fail(storage.ErrChanged, err)
	}
	return err
}

// check looks at whether an answer can hold the byte that was asked for first.
func (o *Object) check(part *storage.Part, offset uint64) error {
	bad := func(format string, args ...any) error {
		return o.fail(storage.ErrUnavailable, fmt.Errorf(format, args...))
	}
	switch {
	case part.First > offset:
		return bad("bytes from %d on were wanted, they came from %d on", offset, part.First)
	case part.First > part.Size || part.Count > part.Size-part.First:
		return bad("%d bytes from %d on came of an object of %d", part.Count, part.First, part.Size)
	case offset > part.Size:
		return &storage.Error{Op: "get", Key: o.key, Kind: storage.ErrRange, Size: part.Size}
	case offset-part.First > o.settings.Skip:
		return bad("%w: %d bytes before those that were wanted", errWhole, offset-part.First)
	case offset-part.First >= part.Count && offset < part.Size:
		return bad("bytes from %d on were wanted, %d from %d on came", offset, part.Count, part.First)
	}
	return nil
}

// pinTo holds the object to the version of the first answer.
func (o *Object) pinTo(info storage.Info) error {
	info.Key = o.key
	o.pin.CompareAndSwap(nil, &info)
	pin := o.pin.Load()
	switch {
	case pin.ETag != info.ETag, pin.ETag == "" && (pin.Size != info.Size || !pin.Modified.Equal(info.Modified)):
		return o.fail(storage.ErrChanged, nil)
	case pin.Size != info.Size:
		return o.fail(storage.ErrUnavailable, fmt.Errorf("one ETag for %d and for %d bytes", pin.Size, info.Size))
	}
	return nil
}

// take reads what was wanted of a body and tells how much of it is good.
func (o *Object) take(part *storage.Part, p []byte, offset uint64, watch *watch) (int, error) {
	body := &progressing{part.Body, watch}
	broken := func(err error) error {
		if watch.stalled() {
			err = fmt.Errorf("no byte came for %v", o.settings.Stall)
		}
		return o.fail(storage.ErrUnavailable, err)
	}
	if _, err := io.CopyN(io.Discard, body, int64(offset-part.First)); err != nil {
		return 0, broken(err)
	}
	want := int(min(uint64(len(p)), part.Size-offset))
	have := int(min(uint64(want), part.Count-(offset-part.First)))
	n, err := io.ReadFull(body, p[:have])
	switch {
	case errors.Is(err, storage.ErrChanged):
		return n, o.fail(storage.ErrChanged, err)
	case err != nil:
		return n, broken(err)
	case have < want:
		return n, broken(fmt.Errorf("%d bytes were wanted, the answer had %d", want, have))
	case part.First == offset && part.Count == uint64(have):
		// The end lets the connection be used again; more is no answer to trust.
		if more, _ := io.ReadFull(body, make([]byte, 1)); more > 0 {
			return 0, broken(fmt.Errorf("more came than the %d bytes that were told", part.Count))
		}
	}
	return n, nil
}

// watch ends a request that makes no progress.
type watch struct {
	ctx   context.Context
	end   context.CancelCauseFunc
	timer *time.Timer
	limit time.Duration
}

var errStalled = errors.New("stalled")

func watched(ctx context.Context, limit time.Duration) (context.Context, *watch) {
	ctx, end := context.WithCancelCause(ctx)
	return ctx, &watch{ctx, end, time.AfterFunc(limit, func() { end(errStalled) }), limit}
}

func (w *watch) progress()     { w.timer.Reset(w.limit) }
func (w *watch) stalled() bool { return errors.Is(context.Cause(w.ctx), errStalled) }

func (w *watch) stop() {
	w.timer.Stop()
	w.end(nil)
}

// progressing tells the watch of every byte.
type progressing struct {
	io.Reader
	watch *watch
}

func (r *progressing) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	if n > 0 {
		r.watch.progress()
	}
	return n, err
}

// sleep waits for half of the pause and a random part of the other half.
func sleep(ctx context.Context, pause time.Duration) error {
	timer := time.NewTimer(pause/2 + rand.N(pause/2+1))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
