package filter

import (
	"fmt"
	"slices"
	"sync"
)

// window is what an LZ77 codec has decoded so far: it grows by new bytes and by repeats of earlier ones.
type window struct {
	out   []byte
	start int
	limit int
}

// newWindow appends to dst at most limit bytes, of which likely get their room at once.
func newWindow(dst []byte, limit, likely int) *window {
	return &window{slices.Grow(dst, max(min(limit, likely), 0)), len(dst), limit}
}

func (w *window) size() int { return len(w.out) - w.start }

func (w *window) literal(p []byte) error {
	if len(p) > w.limit-w.size() {
		return w.full()
	}
	w.out = append(w.out, p...)
	return nil
}

// repeat appends n bytes that begin distance back; they may run into themselves.
func (w *window) repeat(distance, n int) error {
	if distance <= 0 || distance > w.size() {
		return fmt.Errorf("%w: a repeat from %d bytes back, %d are there", ErrCorrupt, distance, w.size())
	}
	if n > w.limit-w.size() {
		return w.full()
	}
	out := w.out
	for ; n > distance; distance *= 2 {
		out = append(out, out[len(out)-distance:]...)
		n -= distance
	}
	from := len(out) - distance
	w.out = append(out, out[from:from+n]...)
	return nil
}

func (w *window) full() error {
	return fmt.Errorf("%w: more than the %d bytes that fit", ErrLimit, w.limit)
}

// scratch is a buffer for what lies between two steps of one codec.
type scratch struct{ bytes []byte }

var scratches = sync.Pool{New: func() any { return new(scratch) }}

// borrow gives a buffer of n bytes of any value.
func borrow(n int) *scratch {
	s := scratches.Get().(*scratch)
	s.bytes = slices.Grow(s.bytes[:0], n)[:n]
	return s
}

func (s *scratch) giveBack() { scratches.Put(s) }

// cut says that the encoded bytes end within something.
func cut(what string) error { return fmt.Errorf("%w: cut off within %s", ErrCorrupt, what) }
