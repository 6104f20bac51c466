package plan

import (
	"context"
	"fmt"
	"io"

	"github.com/h5serve/h5serve/h5core/internal/format/message"
	"github.com/h5serve/h5serve/h5core/internal/object"
	"github.com/h5serve/h5serve/h5core/internal/piece"
	"github.com/h5serve/h5serve/h5core/internal/transfer"
	"github.com/h5serve/h5serve/h5core/internal/wire"
	"github.com/h5serve/h5serve/h5core/vfd"
)

// storage plans where a dataset's elements go, and the layout message that
// says so. Storage that nobody filled takes no room and has no address.
func (b *builder) storage(h *header, d *object.Dataset) error {
	m := &message.Layout{Version: b.versions.layoutOf(d), Addr: wire.Undefined}
	switch d.Layout {
	case object.Compact:
		return b.compact(h, d, m)
	case object.Chunked:
		return b.chunked(h, d, m)
	case object.Virtual:
		return b.virtual(h, d, m)
	}
	if len(d.External) > 0 {
		if err := b.externalFiles(h, d); err != nil {
			return err
		}
	}
	m.Class = message.Contiguous
	count, err := d.Space.Count()
	if err != nil {
		return err
	}
	if m.Size, err = bytesOf(count, d); err != nil {
		return err
	}
	if d.Values != nil && m.Size > 0 {
		s := newContiguous(d, m.Size, b.pointers(d))
		b.raw = append(b.raw, s)
		h.resolve = append(h.resolve, func() { m.Addr = s.Place().Addr() })
	}
	return h.add(message.TypeLayout, 0, m)
}

func bytesOf(count uint64, d *object.Dataset) (uint64, error) {
	size := uint64(d.Type.Size)
	if count > 0 && size > (1<<63-1)/count {
		return 0, fmt.Errorf("%d elements of %d bytes exceed 2^63-1 bytes", count, size)
	}
	return count * size, nil
}

func (b *builder) pointers(d *object.Dataset) *transfer.Pointers {
	return transfer.NewPointers(d.Type, b.dataHeap.Translate, b.refer)
}

// compact puts the elements into the layout message; unfilled ones are the
// fill value, as the C library writes them.
func (b *builder) compact(h *header, d *object.Dataset, m *message.Layout) error {
	m.Class = message.Compact
	count, err := d.Space.Count()
	if err != nil {
		return err
	}
	size, err := bytesOf(count, d)
	if err != nil {
		return err
	}
	if size > 1<<16-1 {
		return &TooLarge{int(min(size, 1<<62))}
	}
	m.Data = make([]byte, size)
	if d.Values == nil {
		transfer.Repeat(m.Data, d.Fill.Value)
	} else if size > 0 {
		if err := d.Values.Read(b.ctx, 0, m.Data); err != nil {
			return err
		}
	}
	if p := b.pointers(d); p != nil && size > 0 {
		h.resolve = append(h.resolve, func() { p.Translate(m.Data) })
	}
	return h.add(message.TypeLayout, 0, m)
}

// contiguous is the storage of a dataset in one stretch.
type contiguous struct {
	piece.Base
	values   object.Values
	element  uint64
	pointers *transfer.Pointers
}

func newContiguous(d *object.Dataset, size uint64, pointers *transfer.Pointers) *contiguous {
	return &contiguous{piece.NewBase(vfd.Raw, size), d.Values, uint64(d.Type.Size), pointers}
}

// window is how many bytes of a contiguous dataset are made at a time.
const window = 1 << 20

// WriteWindow writes n bytes of the elements from off on, which need not
// begin nor end with a whole one.
func (s *contiguous) WriteWindow(ctx context.Context, w io.Writer, off, n uint64) error {
	count := max(1, min(window, n+2*s.element)/s.element)
	buf := make([]byte, count*s.element)
	for first, end := off/s.element, off+n; first*s.element < end; first += count {
		count = min(count, (end-first*s.element+s.element-1)/s.element)
		p := buf[:count*s.element]
		if err := s.values.Read(ctx, first, p); err != nil {
			return err
		}
		s.pointers.Translate(p)
		at := first * s.element
		from, to := max(off, at)-at, min(end, at+uint64(len(p)))-at
		if _, err := w.Write(p[from:to]); err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return nil
}

// extent is the storage as a stretch of the file; what lies in memory as it
// will be stored is written from there.
func (s *contiguous) extent() extent {
	if stored, ok := s.values.(object.Stored); ok && s.pointers == nil {
		return extent{size: s.Size(), from: stored.At()}
	}
	if there, ok := s.values.(object.Stretch); ok && s.pointers == nil {
		v, whole := transfer.Verbatim{Fetch: there.Fetch}, []object.Source{there.Place()}
		return extent{size: s.Size(), make: func(ctx context.Context, w io.Writer, off, n uint64) error {
			return v.WriteWindow(ctx, w, whole, off, n)
		}}
	}
	return extent{size: s.Size(), make: s.WriteWindow}
}
