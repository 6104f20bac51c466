package api

import (
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"net/http"
	"sync"
)

// window reads a plan's bytes as http.ServeContent wants them: with a position. Where the bytes go to a
// windowWriter nothing is copied; Read serves answers of several ranges.
//
//	ServeContent ──Seek──▶ window
//	      └──io.CopyN──▶ windowWriter ──ReadFrom(window)──▶ Plan.WriteWindow ──▶ connection
type window struct {
	ctx  context.Context
	from *built // nil: an answer without bytes
	size int64

	mu sync.Mutex // ServeContent's reader of several ranges may outlive it
	at int64
}

var errSeek = errors.New("seek: no such place")

func (c *window) Seek(offset int64, whence int) (int64, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch whence {
	case io.SeekCurrent:
		offset += c.at
	case io.SeekEnd:
		offset += c.size
	}
	if offset < 0 {
		return 0, errSeek
	}
	c.at = offset
	return offset, nil
}

func (c *window) Read(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.from == nil {
		return 0, errors.New("read: the answer is over")
	}
	n := min(int64(len(p)), c.size-c.at)
	if n <= 0 {
		return 0, io.EOF
	}
	into := fixed{p[:0:n]}
	err := c.from.plan.WriteWindow(c.ctx, &into, uint64(c.at), uint64(n))
	c.at += int64(len(into.p))
	return len(into.p), err
}

// close waits for a Read that goes on; later ones fail.
func (c *window) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.from = nil
}

// fixed is a slice that is written to, as far as it goes.
type fixed struct{ p []byte }

func (f *fixed) Write(p []byte) (int, error) {
	if len(p) > cap(f.p)-len(f.p) {
		return 0, io.ErrShortBuffer
	}
	f.p = append(f.p, p...)
	return len(p), nil
}

// windowWriter is the response that http.ServeContent writes to. It takes windows without a copy, keeps back
// the plain text of errors, and remembers what went wrong after the header was sent.
type windowWriter struct {
	http.ResponseWriter
	request *http.Request
	source  *window
	refused int   // 412 or 416: the problem document is still to be written
	broken  error // after the header
}

func (w *windowWriter) WriteHeader(status int) {
	if status == http.StatusPreconditionFailed || status == http.StatusRequestedRangeNotSatisfiable {
		w.refused = status
		return
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *windowWriter) Write(p []byte) (int, error) {
	if w.refused != 0 {
		return len(p), nil
	}
	return w.ResponseWriter.Write(p)
}

// ReadFrom is what io.CopyN comes to.
func (w *windowWriter) ReadFrom(src io.Reader) (int64, error) {
	limited, ok := src.(*io.LimitedReader)
	if !ok || limited.R != io.Reader(w.source) {
		n, err := io.Copy(writerOnly{w}, src)
		if err != nil {
			w.broken = err
		}
		return n, err
	}
	n := min(limited.N, w.source.size-w.source.at)
	if err := send(w.request.Context(), w.ResponseWriter, w.source.from, uint64(w.source.at), uint64(n)); err != nil {
		w.broken = err
		return 0, err
	}
	w.source.at += n
	limited.N -= n
	return n, nil
}

type writerOnly struct{ io.Writer }

// flushAbove is the length from which the header is sent ahead of the bytes: the client then knows the
// length before the first element is produced.
const flushAbove = 64 << 10

// hashUpTo is the length up to which a pass over the whole file finds its SHA-256 on the way.
const hashUpTo = 64 << 20

// send writes a window of the file to a connection.
func send(ctx context.Context, w http.ResponseWriter, b *built, off, n uint64) error {
	if n > flushAbove {
		if err := http.NewResponseController(w).Flush(); err != nil && !errors.Is(err, http.ErrNotSupported) {
			return err
		}
	}
	if size := b.plan.Size(); n != size || size > hashUpTo || b.knownSum() != nil {
		return b.plan.WriteWindow(ctx, w, off, n)
	}
	h := sha256.New()
	if err := b.plan.WriteWindow(ctx, io.MultiWriter(h, w), off, n); err != nil {
		return err
	}
	b.setSum(h.Sum(nil))
	return nil
}
