package objects

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"strconv"
	"sync"
	"time"

	"github.com/h5serve/h5serve/storage"
)

// pieces is how much is taken from a store at once.
const pieces = 128 << 10

var buffers = sync.Pool{New: func() any { return new([pieces]byte) }}

// flow ends a context when nothing flows for too long.
type flow struct {
	patience time.Duration
	timer    *time.Timer
	cancel   context.CancelCauseFunc
}

func (o *Object) watch(ctx context.Context) (context.Context, *flow) {
	ctx, cancel := context.WithCancelCause(ctx)
	return ctx, &flow{o.Patience, time.AfterFunc(o.Patience, func() { cancel(errStalled) }), cancel}
}

// paused lets the store wait while the client takes its time.
func (f *flow) paused() { f.timer.Stop() }

func (f *flow) moved() { f.timer.Reset(f.patience) }

func (f *flow) stop() {
	f.timer.Stop()
	f.cancel(nil)
}

// send answers with one part. The header leaves when the first bytes are here.
func (o *Object) send(ctx context.Context, w http.ResponseWriter, part *storage.Part, ranged bool, flow *flow) error {
	defer part.Body.Close()
	buf := buffers.Get().(*[pieces]byte)
	defer buffers.Put(buf)
	n, err := o.begin(part, buf[:], flow)
	if err != nil {
		return err
	}
	o.describe(w.Header(), part.Info)
	w.Header().Set("Content-Type", Type(part.Info))
	w.Header().Set("Content-Length", strconv.FormatUint(part.Count, 10))
	status := http.StatusOK
	if ranged {
		w.Header().Set("Content-Range", contentRange(span{part.First, part.Count}, part.Size))
		status = http.StatusPartialContent
	}
	w.WriteHeader(status)
	if err := o.carry(w, part, buf[:], n, flow); err != nil {
		o.Abort(ctx, err)
	}
	return nil
}

// begin reads the first bytes of a part.
func (o *Object) begin(part *storage.Part, buf []byte, flow *flow) (int, error) {
	if part.Count == 0 {
		return 0, nil
	}
	n, err := io.ReadAtLeast(part.Body, buf[:min(part.Count, uint64(len(buf)))], 1)
	flow.moved()
	if errors.Is(err, io.EOF) {
		return 0, o.broken(storage.ErrUnavailable, errShort)
	}
	return n, err
}

// carry writes the first n bytes, which are in buf, and the rest of a part.
func (o *Object) carry(w io.Writer, part *storage.Part, buf []byte, n int, flow *flow) error {
	for left := part.Count; ; {
		flow.paused()
		if _, err := w.Write(buf[:n]); err != nil {
			return err
		}
		flow.moved()
		if left -= uint64(n); left == 0 {
			return nil
		}
		var err error
		n, err = part.Body.Read(buf[:min(left, uint64(len(buf)))])
		flow.moved()
		switch {
		case n > 0: // an error comes back with the next Read
		case errors.Is(err, io.EOF):
			return o.broken(storage.ErrUnavailable, errShort)
		case err != nil:
			return err
		}
	}
}

// several answers with multipart/byteranges. Every part is pinned to the same object.
func (o *Object) several(ctx context.Context, w http.ResponseWriter, info storage.Info, spans []span, flow *flow) error {
	buf := buffers.Get().(*[pieces]byte)
	defer buffers.Put(buf)
	part, n, err := o.next(ctx, info, spans[0], buf[:], flow)
	if err != nil {
		return err
	}
	out := multipart.NewWriter(w)
	o.describe(w.Header(), info)
	w.Header().Set("Content-Type", "multipart/byteranges; boundary="+out.Boundary())
	w.Header().Set("Content-Length", strconv.FormatUint(length(info, spans, out.Boundary()), 10))
	w.WriteHeader(http.StatusPartialContent)
	for i, s := range spans {
		if i > 0 {
			part, n, err = o.next(ctx, info, s, buf[:], flow)
		}
		if err == nil {
			err = o.carryPart(out, info, s, part, buf[:], n, flow)
		}
		if err != nil {
			o.Abort(ctx, err)
			return nil
		}
	}
	if err := out.Close(); err != nil {
		o.Abort(ctx, err)
	}
	return nil
}

func (o *Object) next(ctx context.Context, info storage.Info, s span, buf []byte, flow *flow) (*storage.Part, int, error) {
	part, err := o.pinned(ctx, info, storage.Range{First: s.first, Length: s.count})
	if err != nil {
		return nil, 0, err
	}
	n, err := o.begin(part, buf, flow)
	if err != nil {
		_ = part.Body.Close()
		return nil, 0, err
	}
	return part, n, nil
}

func (o *Object) carryPart(out *multipart.Writer, info storage.Info, s span, part *storage.Part, buf []byte, n int, flow *flow) error {
	defer part.Body.Close()
	w, err := out.CreatePart(partHeader(info, s))
	if err != nil {
		return err
	}
	return o.carry(w, part, buf, n, flow)
}

func partHeader(info storage.Info, s span) textproto.MIMEHeader {
	return textproto.MIMEHeader{"Content-Type": {Type(info)}, "Content-Range": {contentRange(s, info.Size)}}
}

func contentRange(s span, size uint64) string {
	return fmt.Sprintf("bytes %d-%d/%d", s.first, s.first+s.count-1, size)
}

// length is that of a multipart answer.
func length(info storage.Info, spans []span, boundary string) uint64 {
	var total counter
	out := multipart.NewWriter(&total)
	_ = out.SetBoundary(boundary) // is one already
	for _, s := range spans {
		_, _ = out.CreatePart(partHeader(info, s)) // a counter takes all
		total += counter(s.count)
	}
	_ = out.Close()
	return uint64(total)
}

type counter uint64

func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}
