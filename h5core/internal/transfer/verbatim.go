package transfer

import (
	"context"
	"fmt"
	"io"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/h5serve/h5serve/h5core/internal/object"
	"github.com/h5serve/h5serve/h5core/vfd"
)

// Verbatim writes stored chunks of another file as they are: no filter runs
// over them. Memory stays the same however many there are.
type Verbatim struct {
	Fetch func(ctx context.Context, segs []vfd.Segment) error
}

// verbatimWave is how many bytes are read at a time, two times over: while one
// wave is written the next is read.
const (
	verbatimWave   = 4 << 20
	verbatimRanges = 4096
)

var waves = sync.Pool{New: func() any { p := make([]byte, verbatimWave); return &p }}

// WriteWindow writes n bytes from off on of the chunks in a row.
func (v Verbatim) WriteWindow(ctx context.Context, w io.Writer, chunks []object.Source, off, n uint64) error {
	parts := cut(chunks, off, n)
	now, later := waves.Get().(*[]byte), waves.Get().(*[]byte)
	defer func() { waves.Put(now); waves.Put(later) }()
	ready, err := v.read(ctx, *now, &parts)
	for err == nil && len(ready) > 0 {
		var following []byte
		group, inner := errgroup.WithContext(ctx)
		group.Go(func() (err error) {
			following, err = v.read(inner, *later, &parts)
			return err
		})
		_, err = w.Write(ready)
		if failed := group.Wait(); err == nil {
			err = failed
		}
		ready, now, later = following, later, now
	}
	return err
}

// stretch is a part of the other file.
type stretch struct{ addr, size uint64 }

// cut lists the stretches of a window, neighbours joined.
func cut(chunks []object.Source, off, n uint64) []stretch {
	var parts []stretch
	start, end := uint64(0), off+n
	for _, c := range chunks {
		from, to := max(off, start), min(end, start+c.Size)
		if from < to {
			p := stretch{c.Addr + from - start, to - from}
			if k := len(parts) - 1; k >= 0 && parts[k].addr+parts[k].size == p.addr {
				parts[k].size += p.size
			} else {
				parts = append(parts, p)
			}
		}
		start += c.Size
	}
	return parts
}

// read fills a buffer with the next stretches, in one wave.
func (v Verbatim) read(ctx context.Context, buf []byte, parts *[]stretch) ([]byte, error) {
	var wave []vfd.Segment
	used := uint64(0)
	for len(*parts) > 0 && used < uint64(len(buf)) && len(wave) < verbatimRanges {
		p := &(*parts)[0]
		n := min(p.size, uint64(len(buf))-used)
		wave = append(wave, vfd.Segment{Addr: p.addr, Data: buf[used : used+n]})
		used += n
		if p.addr, p.size = p.addr+n, p.size-n; p.size == 0 {
			*parts = (*parts)[1:]
		}
	}
	if used == 0 {
		return nil, nil
	}
	if err := v.Fetch(ctx, wave); err != nil {
		return nil, fmt.Errorf("reading the chunks to be copied: %w", err)
	}
	return buf[:used], nil
}
