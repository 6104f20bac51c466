package walk

import (
	"context"

	"github.com/h5serve/h5serve/h5core/filter"
	"github.com/h5serve/h5serve/h5core/internal/format"
	"github.com/h5serve/h5serve/h5core/internal/format/message"
	"github.com/h5serve/h5serve/h5core/internal/wire"
	"github.com/h5serve/h5serve/h5core/vfd"
)

// Heap is a fractal heap. It is safe for concurrent use.
type Heap struct {
	Addr    uint64
	Header  format.FractalHeap
	Filters filter.Pipeline // nil without
	src     Source
}

const fractalGuess = 256

// OpenHeap reads a fractal heap's header.
func OpenHeap(ctx context.Context, src Source, addr uint64) (*Heap, error) {
	h := &Heap{Addr: addr, src: src}
	const name = "fractal heap header"
	geo := src.Geometry()
	p, err := grow(ctx, src, vfd.ObjectHeader, name, []uint64{addr}, fractalGuess, func(_ int, head []byte) (uint64, error) {
		if len(head) < 9 {
			return 9, nil
		}
		return format.FractalHeapSize(geo, head), nil
	})
	if err != nil {
		return nil, err
	}
	if _, err := wire.Decode(p[0], geo, addr, &h.Header); err != nil {
		return nil, err
	}
	if h.Header.FilterLength > 0 {
		var f message.Filters
		if _, err := wire.Decode(h.Header.Filters, geo, addr, &f); err != nil {
			return nil, err
		}
		h.Filters = f.Pipeline()
	}
	return h, nil
}

// Object reads one object by its heap ID.
func (h *Heap) Object(ctx context.Context, id []byte) ([]byte, error) {
	all, err := h.Objects(ctx, [][]byte{id})
	if err != nil {
		return nil, err
	}
	return all[0], nil
}

// Objects reads objects by their heap IDs, each block once. Objects may share
// memory with each other and with the IDs. Those whose faults are tolerated
// are nil.
func (h *Heap) Objects(ctx context.Context, ids [][]byte) ([][]byte, error) {
	return Apart(ctx, ids, func(ids [][]byte) ([][]byte, error) { return h.objects(ctx, ids) })
}

func (h *Heap) objects(ctx context.Context, ids [][]byte) ([][]byte, error) {
	out := make([][]byte, len(ids))
	var managed, huge []request
	for i, raw := range ids {
		id := format.HeapID{Heap: &h.Header}
		if _, err := wire.Decode(raw, h.src.Geometry(), h.Addr, &id); err != nil {
			return nil, err
		}
		switch id.Kind {
		case format.TinyObject:
			out[i] = id.Data
		case format.HugeObject:
			huge = append(huge, request{id: id, out: &out[i]})
		default:
			managed = append(managed, request{id: id, out: &out[i]})
		}
	}
	if err := h.managed(ctx, managed); err != nil {
		return nil, err
	}
	return out, h.huge(ctx, huge)
}

// request is an object that is looked for.
type request struct {
	id  format.HeapID
	out *[]byte
	at  block // the block in which it lies, as far as it is known
}

// block is a place of a heap's address space in the file.
type block struct {
	addr, start uint64 // in the file, in the heap's address space
	rows        int    // of an indirect block; 0 = direct
	size        uint64 // direct: bytes of heap space
	stored      uint64 // direct: bytes in the file
	mask        uint32
}

func (h *Heap) fault(field, format string, args ...any) error {
	return Fault("fractal heap", field, h.Addr, format, args...)
}

// root is the block that covers the whole address space.
func (h *Heap) root() block {
	t := &h.Header.Table
	b := block{addr: t.Root, rows: int(t.Rows), size: t.StartBlock, stored: t.StartBlock}
	if h.Filters != nil {
		b.stored, b.mask = h.Header.RootSize, h.Header.RootMask
	}
	return b
}

// managed goes down the doubling table, a level of indirect blocks in a wave,
// and then reads the direct blocks.
func (h *Heap) managed(ctx context.Context, list []request) error {
	for i := range list {
		list[i].at = h.root()
	}
	for range maxDepth {
		var indirect []block
		known := map[uint64]int{}
		for _, r := range list {
			if _, ok := known[r.at.start]; r.at.rows > 0 && !ok {
				known[r.at.start] = len(indirect)
				indirect = append(indirect, r.at)
			}
		}
		if len(indirect) == 0 {
			break
		}
		tables, err := h.indirect(ctx, indirect)
		if err != nil {
			return err
		}
		for i := range list {
			if r := &list[i]; r.at.rows > 0 {
				if r.at, err = h.descend(tables[known[r.at.start]], r.at, r.id.Offset); err != nil {
					return err
				}
			}
		}
	}
	return h.direct(ctx, list)
}

// indirect reads indirect blocks.
func (h *Heap) indirect(ctx context.Context, blocks []block) ([]*format.HeapIndirectBlock, error) {
	geo := h.src.Geometry()
	size := func(b block) uint64 { return h.Header.HeapIndirectSize(geo, b.rows) }
	var out []*format.HeapIndirectBlock
	for len(blocks) > 0 {
		n := Wave(blocks, size)
		spans := make([]Span, n)
		for i, b := range blocks[:n] {
			spans[i] = Span{b.addr, size(b)}
		}
		got, err := Read(ctx, h.src, vfd.ObjectHeader, "fractal heap indirect block", spans)
		if err != nil {
			return nil, err
		}
		for i, p := range got {
			b := &format.HeapIndirectBlock{Heap: &h.Header, Rows: blocks[i].rows}
			if _, err := wire.Decode(p, geo, blocks[i].addr, b); err != nil {
				return nil, err
			}
			if err := h.owns("fractal heap indirect block", blocks[i], b.Address, b.Offset); err != nil {
				return nil, err
			}
			out = append(out, b)
		}
		blocks = blocks[n:]
	}
	return out, nil
}

// owns checks that a block says of itself what led to it.
func (h *Heap) owns(structure string, b block, header, offset uint64) error {
	if header != h.Addr {
		return Fault(structure, "heap header address", b.addr, "%#x, the heap lies at %#x", header, h.Addr)
	}
	if offset != b.start {
		return Fault(structure, "block offset", b.addr, "%d, its parent says %d", offset, b.start)
	}
	return nil
}

// descend finds the block below an indirect one in which an offset lies.
func (h *Heap) descend(table *format.HeapIndirectBlock, at block, offset uint64) (block, error) {
	t := &h.Header.Table
	if offset < at.start {
		return block{}, h.fault("offset", "%d lies before its block", offset)
	}
	row, entry, start := t.Locate(offset - at.start)
	if row >= at.rows || entry >= uint64(len(table.Entries)) {
		return block{}, h.fault("offset", "%d lies behind the heap's blocks", offset)
	}
	e := table.Entries[entry]
	b := block{addr: e.Addr, start: at.start + start, size: t.BlockSize(row), stored: t.BlockSize(row)}
	if e.Addr == wire.Undefined {
		return b, h.fault("offset", "%d lies in a block that does not exist", offset)
	}
	if row >= t.DirectRows() {
		if b.rows = t.BlockRows(row); b.rows < 1 {
			return b, h.fault("table width", "an indirect block of %d bytes has no rows", b.size)
		}
	} else if h.Filters != nil {
		b.stored, b.mask = e.Size, e.Mask
	}
	return b, nil
}

// direct reads direct blocks, each once, and cuts the objects out of them.
func (h *Heap) direct(ctx context.Context, list []request) error {
	var blocks []block
	inside := map[uint64][]request{}
	for _, r := range list {
		if _, known := inside[r.at.start]; !known {
			blocks = append(blocks, r.at)
		}
		inside[r.at.start] = append(inside[r.at.start], r)
	}
	for len(blocks) > 0 {
		n := Wave(blocks, func(b block) uint64 { return max(b.size, b.stored) })
		spans := make([]Span, n)
		for i, b := range blocks[:n] {
			spans[i] = Span{b.addr, b.stored}
		}
		got, err := Read(ctx, h.src, vfd.LocalHeap, "fractal heap direct block", spans)
		if err != nil {
			return err
		}
		for i, p := range got {
			if err := h.cut(blocks[i], p, inside[blocks[i].start]); err != nil {
				return err
			}
		}
		blocks = blocks[n:]
	}
	return nil
}

// cut decodes one direct block and hands out its objects.
func (h *Heap) cut(b block, p []byte, wanted []request) error {
	p, err := h.decode(p, b.mask, b.size)
	if err != nil {
		return err
	}
	d := format.HeapDirectBlock{Heap: &h.Header}
	if _, err := wire.Decode(p, h.src.Geometry(), b.addr, &d); err != nil {
		return err
	}
	if err := h.owns("fractal heap direct block", b, d.Address, d.Offset); err != nil {
		return err
	}
	for _, r := range wanted {
		from := r.id.Offset - b.start // descend saw to it that it is no less
		prefix := uint64(h.Header.HeapDirectPrefix(h.src.Geometry()))
		if from < prefix || from > b.size || r.id.Length > b.size-from {
			return h.fault("heap ID", "bytes %d to %d of a block of %d", from, from+r.id.Length, b.size)
		}
		*r.out = p[from : from+r.id.Length : from+r.id.Length]
	}
	return nil
}

// decode runs the heap's filters backwards over a block or object that then has
// size bytes.
func (h *Heap) decode(p []byte, mask uint32, size uint64) ([]byte, error) {
	if h.Filters == nil {
		return p, nil
	}
	var buf filter.Buffers
	p, err := h.Filters.Decode(&buf, p, mask, int(min(size, 1<<31)))
	if err != nil {
		return nil, err
	}
	if uint64(len(p)) != size {
		return nil, h.fault("I/O filter information", "%d bytes came out, %d were stored", len(p), size)
	}
	return p, nil
}
