package h5core

import (
	"context"
	"errors"
	"sync"

	"github.com/h5serve/h5serve/h5core/internal/object"
	"github.com/h5serve/h5serve/h5core/internal/transfer"
	"github.com/h5serve/h5serve/h5core/space"
	"github.com/h5serve/h5serve/h5core/vfd"
)

// Write writes a Go value to the selected elements, in the selection's order;
// a nil selection is the whole dataset. Variable-length values go to the
// file's heap.
func (d *Dataset) Write(ctx context.Context, sel space.Selection, v any) error {
	raw, err := d.node.Type.AppendSlice(nil, v, d.file.data)
	if err != nil {
		return fail("write", d.path, ErrInvalid, err)
	}
	return d.WriteRaw(ctx, sel, raw)
}

// WriteRaw writes elements as stored to the selected elements.
func (d *Dataset) WriteRaw(ctx context.Context, sel space.Selection, raw []byte) error {
	dims := d.node.Space.Dims
	if sel == nil {
		sel = space.All(dims)
	}
	count, err := d.node.Space.Count()
	if err == nil {
		err = sel.Check(dims)
	}
	if err != nil {
		return fail("write", d.path, ErrInvalid, err)
	}
	size := uint64(d.node.Type.Size)
	selected := min(sel.Size(), count)
	if uint64(len(raw)) != selected*size {
		return failf("write", d.path, ErrInvalid, "%d bytes, the selected elements take %d", len(raw), selected*size)
	}
	if len(raw) == 0 {
		return nil
	}
	return d.file.change("write", d.path, func() error { return d.put(ctx, sel, selected == count, raw) })
}

// put moves the bytes to where the dataset's elements are kept. What is
// written whole, or not in chunks, is kept in a row; parts of a chunked
// dataset chunk by chunk, so that the others stay unfilled.
func (d *Dataset) put(ctx context.Context, sel space.Selection, whole bool, raw []byte) error {
	if kept, ok := d.node.Values.(*patchwork); ok {
		return kept.write(ctx, sel, raw)
	}
	row, ok := d.node.Values.(*inRow)
	if !ok {
		if d.node.Values != nil {
			return failf("write", d.path, ErrInvalid, "the dataset's values come from a source")
		}
		if d.node.Layout == object.Chunked && !whole {
			kept, err := newPatchwork(d)
			if err != nil {
				return err
			}
			d.node.Values = kept
			return kept.write(ctx, sel, raw)
		}
		var err error
		if row, err = newInRow(ctx, d, !whole); err != nil {
			return err
		}
		d.node.Values = row
	}
	for run := range sel.Runs(d.node.Space.Dims) {
		n := run.Count * row.size
		if err := row.memory.WriteAt(ctx, raw[:n], row.at+run.Offset*row.size); err != nil {
			return err
		}
		raw = raw[n:]
	}
	return nil
}

// inRow keeps all elements in C order in the file's memory.
type inRow struct {
	memory *vfd.Memory
	at     uint64
	size   uint64 // of an element
}

func newInRow(ctx context.Context, d *Dataset, fill bool) (*inRow, error) {
	count, err := d.node.Space.Count()
	if err != nil {
		return nil, err
	}
	r := &inRow{memory: d.file.memory, size: uint64(d.node.Type.Size)}
	if r.at, err = r.memory.Reserve(count * r.size); err != nil {
		return nil, err
	}
	if fill && d.node.Fill.Value != nil {
		return r, r.fill(ctx, count, d.node.Fill.Value)
	}
	return r, nil
}

func (r *inRow) fill(ctx context.Context, count uint64, element []byte) error {
	per := max(1, (1<<20)/r.size)
	buf := make([]byte, min(per, count)*r.size)
	transfer.Repeat(buf, element)
	for first := uint64(0); first < count; first += per {
		n := min(per, count-first)
		if err := r.memory.WriteAt(ctx, buf[:n*r.size], r.at+first*r.size); err != nil {
			return err
		}
	}
	return nil
}

// Read copies elements out.
func (r *inRow) Read(ctx context.Context, first uint64, dst []byte) error {
	return r.memory.ReadAt(ctx, dst, r.at+first*r.size)
}

// At tells where the elements begin in memory.
func (r *inRow) At() uint64 { return r.at }

// ElementWriter writes all elements of a dataset from the first to the last,
// as stored, in C order.
type ElementWriter struct {
	mu   sync.Mutex
	ctx  context.Context
	d    *Dataset
	row  *inRow
	buf  []byte
	done uint64 // bytes in memory
	size uint64 // bytes that there will be
}

// Writer starts writing the whole dataset. Close must be called, and fails
// where elements are missing.
func (d *Dataset) Writer(ctx context.Context) (*ElementWriter, error) {
	w := &ElementWriter{ctx: ctx, d: d}
	err := d.file.change("write", d.path, func() error {
		if d.node.Values != nil {
			return failf("write", d.path, ErrInvalid, "the dataset has values already")
		}
		count, err := d.node.Space.Count()
		if err != nil {
			return err
		}
		if w.size = count * uint64(d.node.Type.Size); w.size == 0 {
			return nil
		}
		w.row, err = newInRow(ctx, d, false)
		w.buf = make([]byte, 0, min(w.size, 256<<10))
		return err
	})
	if err != nil {
		return nil, err
	}
	return w, nil
}

// Write takes the next bytes; more than the dataset has is an error.
func (w *ElementWriter) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if have := w.done + uint64(len(w.buf)); uint64(len(p)) > w.size-have {
		return 0, failf("write", w.d.path, ErrInvalid, "more than the %d bytes that the dataset has", w.size)
	}
	n := len(p)
	if len(w.buf)+len(p) > cap(w.buf) {
		if err := w.flush(); err != nil {
			return 0, err
		}
	}
	if len(p) >= cap(w.buf) {
		err := w.row.memory.WriteAt(w.ctx, p, w.row.at+w.done)
		w.done += uint64(len(p))
		return n, err
	}
	w.buf = append(w.buf, p...)
	return n, nil
}

func (w *ElementWriter) flush() error {
	if len(w.buf) == 0 {
		return nil
	}
	err := w.row.memory.WriteAt(w.ctx, w.buf, w.row.at+w.done)
	w.done += uint64(len(w.buf))
	w.buf = w.buf[:0]
	return err
}

// Close gives the dataset its elements, all of which must have been written.
func (w *ElementWriter) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.flush(); err != nil {
		return err
	}
	if w.done != w.size {
		return failf("write", w.d.path, ErrInvalid, "%d bytes were written, the dataset has %d", w.done, w.size)
	}
	if w.size == 0 {
		return nil
	}
	return w.d.file.change("write", w.d.path, func() error {
		if w.d.node.Values != nil {
			return errors.New("the dataset has values already")
		}
		w.d.node.Values = w.row
		return nil
	})
}
