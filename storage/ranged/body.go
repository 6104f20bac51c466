package ranged

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"
)

// Source is where a Body comes from.
type Source struct {
	// Fetch asks for the object's bytes first to first+count-1, of the same
	// version. What it returns begins skip bytes before first, may be longer,
	// and ends with the context. Its error is final.
	Fetch func(ctx context.Context, first, count uint64) (body io.ReadCloser, skip uint64, err error)
	// Fail makes the error that a reader sees.
	Fail func(err error) error
	// Patience is how long a read waits for a byte.
	Patience time.Duration
	// Attempts is how often the rest is asked for without a byte in between.
	Attempts int
}

// Stalled says that no byte came for the time of patience.
type Stalled struct{ Patience time.Duration }

func (s *Stalled) Error() string { return fmt.Sprintf("no byte came for %s", s.Patience) }

// Stream is an answer under way: its bytes, and what ends them.
type Stream struct {
	Bytes  io.ReadCloser
	Cancel context.CancelCauseFunc
}

// Body brings the bytes of a window, no fewer and no more, or an error.
type Body struct {
	ctx    context.Context
	source Source
	now    Stream
	at     uint64 // of the object
	left   uint64
	tries  int
	err    error
}

// Open makes a body of the stream that a first answer brought. The stream's
// context is a child of ctx.
func Open(ctx context.Context, now Stream, w Window, source Source) *Body {
	b := &Body{ctx: ctx, source: source, now: now, at: w.First, left: w.Count}
	if w.Skip > 0 {
		if err := b.skip(w.Skip); err != nil {
			b.resume(err)
		}
	}
	return b
}

// skip reads what lies before the window.
func (b *Body) skip(n uint64) error {
	var scratch [16 << 10]byte
	for n > 0 {
		got, err := b.read(scratch[:min(n, uint64(len(scratch)))])
		n -= uint64(got)
		if err != nil && n > 0 {
			return err
		}
	}
	return nil
}

// Read brings the next bytes.
func (b *Body) Read(p []byte) (int, error) {
	for {
		switch {
		case b.err != nil:
			return 0, b.err
		case b.left == 0:
			return 0, io.EOF
		case b.ctx.Err() != nil: // bytes that are there already would come for a while
			b.drop()
			b.err = b.source.Fail(b.ctx.Err())
			return 0, b.err
		case len(p) == 0:
			return 0, nil
		}
		n, err := b.read(p[:min(uint64(len(p)), b.left)])
		b.at += uint64(n)
		b.left -= uint64(n)
		if n > 0 {
			b.tries = 0
		}
		if err != nil && b.left > 0 {
			b.resume(err)
		}
		if n > 0 {
			return n, nil
		}
	}
}

// read reads once from the stream, within the patience.
func (b *Body) read(p []byte) (int, error) {
	var stalled error
	timer := time.AfterFunc(b.source.Patience, func() { b.now.Cancel(&Stalled{b.source.Patience}) })
	n, err := b.now.Bytes.Read(p)
	if !timer.Stop() {
		stalled = &Stalled{b.source.Patience}
	}
	switch {
	case b.ctx.Err() != nil && err != nil:
		return n, b.ctx.Err()
	case stalled != nil:
		return n, stalled
	case errors.Is(err, io.EOF):
		return n, io.ErrUnexpectedEOF // where it was not the last byte
	}
	return n, err
}

// resume asks for the rest, or settles the error.
func (b *Body) resume(cause error) {
	for {
		b.drop()
		b.tries++
		if b.ctx.Err() != nil || b.tries >= b.source.Attempts || !pause(b.ctx, b.tries) {
			b.err = b.source.Fail(cause)
			return
		}
		ctx, cancel := context.WithCancelCause(b.ctx)
		bytes, skip, err := b.source.Fetch(ctx, b.at, b.left)
		if err != nil {
			cancel(nil)
			b.err = err
			return
		}
		b.now = Stream{bytes, cancel}
		if cause = b.skip(skip); cause == nil {
			return
		}
	}
}

func (b *Body) drop() {
	if b.now.Bytes != nil {
		b.now.Cancel(nil)
		b.now.Bytes.Close()
		b.now = Stream{}
	}
}

// Close ends the answer, also one that is not read to its end.
func (b *Body) Close() error {
	b.drop()
	if b.err == nil {
		b.err = errClosed
	}
	return nil
}

var errClosed = errors.New("read of a closed body")

// pause waits before a further try, or until the context ends.
func pause(ctx context.Context, tries int) bool {
	timer := time.NewTimer(time.Duration(tries) * 50 * time.Millisecond)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
