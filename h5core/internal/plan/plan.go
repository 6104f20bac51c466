// Package plan turns a tree of objects into a new file, without writing it.
//
//	tree ──▶ pieces ──sizes──▶ places ──▶ chunks encoded ──▶ places of raw data ──▶ bytes
//	          headers, group structures,    (what has no        (now the length
//	          indexes, heaps, storage        fixed size)         is known)
//
// Every piece has its size before any has a place, and every piece has its
// place before any byte of metadata is made; nothing is patched afterwards. So
// a plan knows its length and can produce any window of the file, any number
// of times. Metadata comes first, so that a far reader opens and lists the
// file in one request:
//
//	user block │ superblock │ headers and group structures, breadth first │
//	heap of attributes │ chunk indexes │ heap of elements │ raw data
package plan

import (
	"bufio"
	"context"
	"io"
	"sort"
	"sync"

	"github.com/h5serve/h5serve/h5core/vfd"
)

// Plan is a file that could be written. It is safe for concurrent use.
type Plan struct {
	size    uint64
	extents []extent // ascending, without gaps
	memory  *vfd.Memory
	summary Summary
}

// Summary tells what a plan holds.
type Summary struct {
	Superblock uint8
	Objects    int    // groups, datasets and committed types
	Datasets   int    // of them
	Metadata   uint64 // bytes before the first raw data, the user block among them
	Raw        uint64 // bytes of elements
}

// extent is a stretch of the file: bytes that lie in memory from "from" on, or
// that make produces.
type extent struct {
	start, size uint64
	from        uint64
	make        func(ctx context.Context, w io.Writer, off, n uint64) error
}

// Size is the file's length in bytes.
func (p *Plan) Size() uint64 { return p.size }

// Summary tells what the plan holds.
func (p *Plan) Summary() Summary { return p.summary }

func (p *Plan) add(e extent) {
	if e.size == 0 {
		return
	}
	e.start = p.size
	p.size += e.size
	if n := len(p.extents); n > 0 && e.make == nil && p.extents[n-1].make == nil {
		if last := &p.extents[n-1]; last.from+last.size == e.from {
			last.size += e.size
			return
		}
	}
	p.extents = append(p.extents, e)
}

var writers = sync.Pool{New: func() any { return bufio.NewWriterSize(nil, 64<<10) }}

// WriteWindow writes n bytes of the file from off on.
func (p *Plan) WriteWindow(ctx context.Context, w io.Writer, off, n uint64) error {
	i := sort.Search(len(p.extents), func(i int) bool { return p.extents[i].start+p.extents[i].size > off })
	if i < len(p.extents) && off+n <= p.extents[i].start+p.extents[i].size {
		return p.write(ctx, w, p.extents[i], off, off+n)
	}
	buffered := writers.Get().(*bufio.Writer)
	buffered.Reset(w)
	defer func() { buffered.Reset(nil); writers.Put(buffered) }()
	for ; i < len(p.extents) && p.extents[i].start < off+n; i++ {
		if err := p.write(ctx, buffered, p.extents[i], off, off+n); err != nil {
			return err
		}
	}
	return buffered.Flush()
}

// write writes what of e lies between the file's bytes off and end.
func (p *Plan) write(ctx context.Context, w io.Writer, e extent, off, end uint64) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	from, to := max(off, e.start), min(end, e.start+e.size)
	if e.make != nil {
		return e.make(ctx, w, from-e.start, to-from)
	}
	return p.memory.WriteRange(ctx, w, e.from+from-e.start, to-from)
}
