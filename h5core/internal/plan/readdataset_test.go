package plan

import (
	"bytes"
	"context"
	"slices"

	"github.com/h5serve/h5serve/h5core/filter"
	"github.com/h5serve/h5serve/h5core/internal/format"
	"github.com/h5serve/h5serve/h5core/internal/format/message"
	"github.com/h5serve/h5serve/h5core/internal/index"
	"github.com/h5serve/h5serve/h5core/internal/object"
	"github.com/h5serve/h5serve/h5core/internal/transfer"
	"github.com/h5serve/h5serve/h5core/internal/wire"
	"github.com/h5serve/h5serve/h5core/space"
	"github.com/h5serve/h5serve/h5core/vfd"
)

func (r *reader) dataset(list []format.Message, d *object.Dataset) {
	var s message.Dataspace
	var t message.Datatype
	var f message.FillValue
	var l message.Layout
	for kind, body := range map[uint16]wire.Structure{
		message.TypeDataspace: &s, message.TypeDatatype: &t, message.TypeFillValue: &f, message.TypeLayout: &l,
	} {
		found := find(list, kind)
		if len(found) != 1 {
			r.t.Fatalf("%d messages %#x", len(found), kind)
		}
		r.body(found[0], body)
	}
	if !t.Type.Equal(d.Type) || s.Kind != d.Space.Kind || !slices.Equal(s.Dims, d.Space.Dims) || !slices.Equal(s.Max, d.Space.Max) ||
		!bytes.Equal(f.Value, d.Fill.Value) || f.User != (d.Fill.Value != nil) {
		r.t.Fatalf("%v %+v %+v, want %+v", t.Type, s, f, d)
	}
	r.filters(list, d)
	r.storage(&l, d)
}

func (r *reader) filters(list []format.Message, d *object.Dataset) {
	var m message.Filters
	if found := find(list, message.TypeFilters); len(found) > 0 {
		r.body(found[0], &m)
	}
	if len(m.Steps) != len(d.Filters) {
		r.t.Fatalf("%d filters of %d", len(m.Steps), len(d.Filters))
	}
	for i, s := range m.Steps {
		if want := d.Filters[i]; s.ID != uint16(want.Filter.ID()) || s.Flags != want.Flags || !slices.Equal(s.Params, want.Params) {
			r.t.Fatalf("filter %+v, want %+v", s, want)
		}
	}
}

// unwrapped gives the dataset's elements without the wrapping.
func unwrapped(v object.Values) []byte {
	switch v := v.(type) {
	case elements:
		return v.data
	case inMemory:
		return v.data
	case kept:
		return v.data
	}
	return nil
}

func (r *reader) storage(l *message.Layout, d *object.Dataset) {
	want := unwrapped(d.Values)
	heap := r.made.settings.DataHeap
	switch d.Layout {
	case object.Compact:
		if d.Values == nil {
			want = make([]byte, len(l.Data))
			transfer.Repeat(want, d.Fill.Value)
		}
		r.elements(l.Data, want, d.Type, heap)
	case object.Contiguous:
		if l.Addr != wire.Undefined {
			r.elements(r.take(l.Addr, l.Size), want, d.Type, heap)
		} else if len(want) > 0 {
			r.t.Fatalf("elements without a place")
		}
	case object.Chunked:
		r.chunks(l, d)
	}
}

func (r *reader) chunks(l *message.Layout, d *object.Dataset) {
	grid, err := space.NewGrid(d.Space.Dims, d.Chunk)
	if err != nil {
		r.t.Fatalf("%v", err)
	}
	if !slices.Equal(l.Chunk, append(slices.Clone(d.Chunk), uint64(d.Type.Size))) {
		r.t.Fatalf("chunks of %v, want %v", l.Chunk, d.Chunk)
	}
	stored := r.index(l, d, grid)
	var wanted []uint64
	if k, ok := d.Values.(kept); ok {
		wanted = k.filled
	} else if count, _ := grid.Count(); d.Values != nil {
		for i := range count {
			wanted = append(wanted, i)
		}
	}
	if len(stored) != len(wanted) {
		r.t.Fatalf("%d chunks are stored, want %d", len(stored), len(wanted))
	}
	plain := *d
	plain.Values, plain.Filters = elements{unwrapped(d.Values), uint64(d.Type.Size)}, nil
	for _, i := range wanted {
		e, ok := stored[i]
		if !ok {
			r.t.Fatalf("chunk %d is not stored", i)
		}
		var coder transfer.Encoder
		want, _, _ := transfer.NewChunks(&plain, grid, nil).Encode(context.Background(), &coder, i)
		var buf filter.Buffers
		got, err := d.Filters.Decode(&buf, r.take(e.Addr, e.Size), e.Mask, len(want))
		if err != nil {
			r.t.Fatalf("chunk %d: %v", i, err)
		}
		r.elements(got, want, d.Type, r.made.settings.DataHeap)
	}
}

// index gives the stored chunks by their number in the dataset's grid.
func (r *reader) index(l *message.Layout, d *object.Dataset, grid space.Grid) map[uint64]format.ChunkEntry {
	out := map[uint64]format.ChunkEntry{}
	if l.Addr == wire.Undefined {
		return out
	}
	bytes := uint64(1)
	for _, n := range l.Chunk {
		bytes *= n
	}
	switch l.Index {
	case message.IndexBTree1:
		r.chunkTree(l.Addr, l.Chunk, grid, out)
	case message.IndexSingle:
		out[0] = format.ChunkEntry{Addr: l.Addr, Size: bytes}
		if l.Filtered {
			out[0] = format.ChunkEntry{Addr: l.Addr, Size: l.StoredSize, Mask: l.StoredMask}
		}
	case message.IndexFixedArray:
		r.fixedArray(l, d, grid, bytes, out)
	default:
		r.endless(l, d, grid, out)
	}
	return out
}

// endless reads the indexes of datasets that may grow for ever, by their own
// reader, and takes note of what it fetches.
func (r *reader) endless(l *message.Layout, d *object.Dataset, grid space.Grid, out map[uint64]format.ChunkEntry) {
	src := &noting{reader: r, seen: map[uint64]bool{}, node: uint64(l.Tree.NodeSize), header: l.Addr}
	i, err := index.Open(src, l, d.Space, d.Type.Size, len(d.Filters) > 0)
	if err == nil {
		err = i.All(context.Background(), func(c index.Chunk) bool {
			out[grid.Linear(c.Coords)] = format.ChunkEntry{Addr: c.Addr, Size: c.Size, Mask: c.Mask}
			return true
		})
	}
	if err != nil {
		r.t.Fatalf("%v", err)
	}
}

// noting is the file as a source of walks. Nodes of version 2 B-trees take
// their whole size, whatever is fetched of them.
type noting struct {
	*reader
	seen         map[uint64]bool
	node, header uint64
}

func (n *noting) Fetch(_ context.Context, _ vfd.Class, segs []vfd.Segment) error {
	for _, s := range segs {
		size := uint64(len(s.Data))
		if n.node > 0 && s.Addr != n.header {
			size = n.node
		}
		if !n.seen[s.Addr] {
			n.take(s.Addr, size)
		}
		n.seen[s.Addr] = true
		copy(s.Data, n.file[s.Addr:])
	}
	return nil
}

func (n *noting) Geometry() wire.Geometry          { return wire.Default }
func (n *noting) End() uint64                      { return uint64(len(n.file)) }
func (n *noting) Spend(context.Context, int) error { return nil }

func (r *reader) chunkTree(addr uint64, chunk []uint64, grid space.Grid, out map[uint64]format.ChunkEntry) {
	n := &format.BTree1{Type: format.ChunkTree, K: format.ChunkK, Rank: len(chunk) - 1}
	r.decode(addr, n)
	r.take(addr, 24+64*8+65*(8+8*uint64(len(chunk))))
	for i, child := range n.Children {
		if n.Level > 0 {
			r.chunkTree(child, chunk, grid, out)
			continue
		}
		key := n.Chunks[i]
		coords := slices.Clone(key.Offset[:len(chunk)-1])
		for d := range coords {
			coords[d] /= chunk[d]
		}
		out[grid.Linear(coords)] = format.ChunkEntry{Addr: child, Size: uint64(key.Size), Mask: key.Mask}
	}
}

func (r *reader) fixedArray(l *message.Layout, d *object.Dataset, grid space.Grid, bytes uint64, out map[uint64]format.ChunkEntry) {
	var head format.FixedArray
	r.take(l.Addr, uint64(r.decode(l.Addr, &head)))
	block := &format.FixedArrayBlock{PageBits: head.PageBits, Entries: make([]format.ChunkEntry, head.Entries)}
	if len(d.Filters) > 0 {
		block.SizeWidth = int(head.EntrySize) - 12
	}
	r.take(head.DataBlock, uint64(r.decode(head.DataBlock, block)))
	extent := d.Space.Max
	if extent == nil {
		extent = d.Space.Dims
	}
	most, err := space.NewGrid(extent, d.Chunk)
	if err != nil {
		r.t.Fatalf("%v", err)
	}
	for i, e := range block.Entries {
		if e.Addr == wire.Undefined {
			continue
		}
		if block.SizeWidth == 0 {
			e.Size = bytes
		}
		out[grid.Linear(most.Coords(uint64(i)))] = e
	}
}
