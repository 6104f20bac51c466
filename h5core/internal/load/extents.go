package load

import (
	"cmp"
	"context"
	"encoding/binary"
	"slices"
	"sync"

	"github.com/h5serve/h5serve/h5core/internal/format"
	"github.com/h5serve/h5serve/h5core/internal/format/message"
	"github.com/h5serve/h5serve/h5core/internal/walk"
	"github.com/h5serve/h5serve/h5core/internal/wire"
	"github.com/h5serve/h5serve/h5core/vfd"
)

// Extent is a place that something takes. The address is relative to the
// file's base.
type Extent struct {
	Addr, Size uint64
	Structure  string
	Owner      string // path of the object on whose way it was found
}

// Extents gathers the places that a walk comes by. Headers and elements are
// told to it; trees, heaps and arrays it knows by their signatures, in what is
// fetched. Of trees and lists that take the room of more entries than they
// have, it takes the whole room where the file says how much that is.
type Extents struct {
	geo               wire.Geometry
	end               uint64
	leaf, group, tree uint64 // K of symbol table nodes, of group trees and of chunk trees

	mu    sync.Mutex
	root  owner // of what no object is known for
	seen  map[placeKey]int
	rests map[uint64]bool // where the second read of a place begins
	list  []Extent
}

type placeKey struct {
	structure string
	addr      uint64
}

// owner is the object on whose way a walk comes by places.
type owner struct {
	path  string
	rank  int               // of the dataset whose chunk tree is walked
	array format.FixedArray // whose data block comes next
}

type ownerKey struct{}

// Watch gathers the places of all that is read from here on. It is called
// before the file is used.
func (f *File) Watch(ctx context.Context) (*Extents, error) {
	x := &Extents{
		geo: f.geo, end: f.end, leaf: format.GroupLeafK, group: format.GroupInternalK, tree: format.ChunkK,
		root: owner{path: "/"}, seen: map[placeKey]int{}, rests: map[uint64]bool{},
	}
	size, err := wire.Size(f.geo, &f.super)
	if err != nil {
		return nil, damaged(err)
	}
	x.metadata(&x.root, "superblock", 0, uint64(size))
	f.extents = x
	clear(f.headers)
	if f.super.Version < 2 {
		x.setK(f.super.GroupLeafK, f.super.GroupInternalK, f.super.ChunkK)
		return x, nil
	}
	if f.super.Extension == wire.Undefined {
		return x, nil
	}
	h, err := f.header(ctx, f.super.Extension)
	if err != nil {
		return nil, err
	}
	for _, m := range h.Messages {
		var k message.BTreeK
		if m.Type == message.TypeBTreeK && f.decode(m, &k) == nil {
			x.setK(k.GroupLeafK, k.GroupInternalK, k.ChunkK)
		}
	}
	return x, nil
}

func (x *Extents) setK(leaf, group, tree uint16) {
	for _, k := range []struct {
		to   *uint64
		from uint16
	}{{&x.leaf, leaf}, {&x.group, group}, {&x.tree, tree}} {
		if k.from > 0 {
			*k.to = uint64(k.from)
		}
	}
}

// Own gives a context for walks on the way of an object, which has a chunk
// tree of a rank.
func (x *Extents) Own(ctx context.Context, path string, rank int) context.Context {
	return context.WithValue(ctx, ownerKey{}, &owner{path: path, rank: rank})
}

func (x *Extents) owner(ctx context.Context) *owner {
	if o, ok := ctx.Value(ownerKey{}).(*owner); ok {
		return o
	}
	return &x.root
}

// Raw takes in a place of elements. Nothing else may have it.
func (x *Extents) Raw(ctx context.Context, structure string, addr, size uint64) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.add(Extent{addr, size, structure, x.owner(ctx).path})
}

func (x *Extents) add(e Extent) bool {
	if e.Addr >= x.end || e.Size == 0 {
		return false
	}
	e.Size = min(e.Size, x.end-e.Addr)
	x.list = append(x.list, e)
	return true
}

// metadata takes in a structure, once however often it is read. Of several
// owners the first by the bytes of its path has it, whoever came first.
func (x *Extents) metadata(o *owner, structure string, addr, size uint64) {
	p := placeKey{structure, addr}
	if i, known := x.seen[p]; known {
		x.list[i].Owner = min(x.list[i].Owner, o.path)
	} else if x.add(Extent{addr, size, structure, o.path}) {
		x.seen[p] = len(x.list) - 1
	}
}

func (x *Extents) header(ctx context.Context, h *walk.Header) {
	x.mu.Lock()
	defer x.mu.Unlock()
	o := x.owner(ctx)
	for i, c := range h.Chunks {
		name := "object header"
		if i > 0 {
			name = "object header continuation"
		}
		x.metadata(o, name, c.Addr, c.Length)
	}
}

// fetched looks for structures in what was read.
func (x *Extents) fetched(ctx context.Context, class vfd.Class, segs []vfd.Segment) {
	if class == vfd.Raw {
		return
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	o := x.owner(ctx)
	for _, s := range segs {
		if len(s.Data) < 8 || x.rests[s.Addr] {
			continue
		}
		name, size := x.structure(o, s.Data)
		if name == "" {
			continue
		}
		if size > uint64(len(s.Data)) {
			x.rests[s.Addr+uint64(len(s.Data))] = true
		}
		x.metadata(o, name, s.Addr, size)
	}
}

// structure tells what begins with some bytes, and its size; "" is not known.
func (x *Extents) structure(by *owner, p []byte) (string, uint64) {
	all, o, l := uint64(len(p)), uint64(x.geo.OffsetSize), uint64(x.geo.LengthSize)
	switch string(p[:4]) {
	case "TREE":
		return x.node(by, p)
	case "SNOD":
		n := max(uint64(binary.LittleEndian.Uint16(p[6:])), 2*x.leaf)
		return "symbol table node", 8 + n*(2*o+24)
	case "HEAP":
		var h format.LocalHeap
		if _, err := wire.Decode(p, x.geo, 0, &h); err == nil {
			x.metadata(by, "local heap data segment", h.Segment, h.SegmentSize)
		}
		return "local heap", 8 + 2*l + o
	case "GCOL":
		var h format.HeapHeader
		if _, err := wire.Decode(p, x.geo, 0, &h); err == nil {
			return "global heap collection", h.Size
		}
	case "FAHD":
		by.array = format.FixedArray{}
		_, _ = wire.Decode(p, x.geo, 0, &by.array) // without it, the block has what is read of it
	case "FADB":
		return read["FADB"], x.arrayBlock(&by.array, all)
	case "FRHP":
		if len(p) > 8 {
			return "fractal heap header", format.FractalHeapSize(x.geo, p)
		}
	}
	return read[string(p[:4])], all
}

// read are the structures that are read at once, in their whole size.
var read = map[string]string{
	"BTHD": "version 2 B-tree header", "BTIN": "version 2 B-tree node", "BTLF": "version 2 B-tree node",
	"FHIB": "fractal heap indirect block", "FHDB": "fractal heap direct block",
	"FAHD": "fixed array header", "FADB": "fixed array data block",
	"EAHD": "extensible array header", "EAIB": "extensible array index block",
	"EASB": "extensible array secondary block", "EADB": "extensible array data block",
	"SMTB": "shared message table", "SMLI": "shared message list",
}

// arrayBlock is the size of a fixed array's data block with its pages, which
// have no signatures; got is what was read of it.
func (x *Extents) arrayBlock(a *format.FixedArray, got uint64) uint64 {
	if a.PageBits > 31 || a.Entries <= 1<<a.PageBits || a.Entries > x.end {
		return got
	}
	pages := (a.Entries-1)>>a.PageBits + 1
	return format.FixedArrayDirectorySize(x.geo, pages) + a.Entries*uint64(a.EntrySize) + 4*pages
}

func (x *Extents) node(by *owner, p []byte) (string, uint64) {
	key, k := uint64(x.geo.LengthSize), x.group
	if p[4] == format.ChunkTree {
		key, k = 8+8*uint64(by.rank+1), x.tree
	}
	children, o := max(uint64(binary.LittleEndian.Uint16(p[6:])), 2*k), uint64(x.geo.OffsetSize)
	return "version 1 B-tree node", 8 + 2*o + children*(key+o) + key
}

// Known sorts the places and counts the bytes that they cover together.
func (x *Extents) Known() (bytes uint64) {
	slices.SortFunc(x.list, func(a, b Extent) int {
		return cmp.Or(cmp.Compare(a.Addr, b.Addr), cmp.Compare(b.Size, a.Size))
	})
	end := uint64(0)
	for _, e := range x.list {
		if to := e.Addr + e.Size; to > end {
			bytes += to - max(end, e.Addr)
			end = to
		}
	}
	return bytes
}

// Overlaps yields every place that begins inside another one, with one of
// those; Known has sorted them.
func (x *Extents) Overlaps(yield func(first, second Extent)) {
	var top Extent
	for _, e := range x.list {
		if e.Addr < top.Addr+top.Size {
			yield(top, e)
		}
		if e.Addr+e.Size > top.Addr+top.Size {
			top = e
		}
	}
}
