package walk

import (
	"cmp"
	"context"
	"slices"

	"github.com/h5serve/h5serve/h5core/internal/format"
	"github.com/h5serve/h5serve/h5core/internal/wire"
	"github.com/h5serve/h5serve/h5core/vfd"
)

// HeapRef names an object of a global heap collection. An address that is 0 or
// undefined, or an index of 0, names nothing.
type HeapRef struct {
	Addr  uint64
	Index uint32
}

// Null says whether it names nothing.
func (r HeapRef) Null() bool { return r.Addr == 0 || r.Addr == wire.Undefined || r.Index == 0 }

// GlobalObjects reads objects of global heap collections, each collection
// once. What names nothing gives nil. The objects share their collections'
// memory.
func GlobalObjects(ctx context.Context, src Source, refs []HeapRef) ([][]byte, error) {
	seen := map[uint64]int{}
	var addrs []uint64
	for _, r := range refs {
		if _, known := seen[r.Addr]; !known && !r.Null() {
			seen[r.Addr] = len(addrs)
			addrs = append(addrs, r.Addr)
		}
	}
	list, err := Collections(ctx, src, addrs)
	if err != nil {
		return nil, err
	}
	out := make([][]byte, len(refs))
	for i, r := range refs {
		if !r.Null() {
			if out[i], err = list[seen[r.Addr]].Object(r); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

// Collection is a global heap collection in memory.
type Collection struct {
	objects []format.HeapObject // ascending by index
	added   [][]byte            // of one that is in no file: by index, from 1 on
}

// Add puts an object into a collection that is in no file, and gives its index.
func (c *Collection) Add(data []byte) uint32 {
	c.added = append(c.added, data)
	return uint32(len(c.added))
}

// Collections reads global heap collections.
func Collections(ctx context.Context, src Source, addrs []uint64) ([]*Collection, error) {
	out := make([]*Collection, 0, len(addrs))
	for len(addrs) > 0 {
		n := min(len(addrs), waveNodes)
		got, err := collections(ctx, src, addrs[:n])
		if err != nil {
			return nil, err
		}
		for k, p := range got {
			c, err := newCollection(src, addrs[k], p)
			if err != nil {
				return nil, err
			}
			out = append(out, c)
		}
		addrs = addrs[n:]
	}
	return out, nil
}

func collections(ctx context.Context, src Source, addrs []uint64) ([][]byte, error) {
	return grow(ctx, src, vfd.GlobalHeap, "global heap collection", addrs, format.MinCollection,
		func(i int, head []byte) (uint64, error) {
			var h format.HeapHeader
			_, err := wire.Decode(head, src.Geometry(), addrs[i], &h)
			return h.Size, err
		})
}

// newCollection decodes a collection. Of two objects with one index the later
// counts, as in the C library.
func newCollection(src Source, addr uint64, p []byte) (*Collection, error) {
	var heap format.GlobalHeap
	if _, err := wire.Decode(p, src.Geometry(), addr, &heap.HeapHeader); err != nil {
		return nil, err
	}
	objects, ok := format.HeapObjects(src.Geometry(), p, heap.Size)
	if !ok {
		if _, err := wire.Decode(p, src.Geometry(), addr, &heap); err != nil {
			return nil, err
		}
		objects = heap.Objects
	}
	byIndex := func(a, b format.HeapObject) int { return cmp.Compare(a.Index, b.Index) }
	list := objects
	if !slices.IsSortedFunc(list, byIndex) {
		slices.SortStableFunc(list, byIndex)
	}
	kept := list[:0]
	for i, o := range list {
		if i+1 == len(list) || list[i+1].Index != o.Index {
			kept = append(kept, o)
		}
	}
	return &Collection{objects: kept}, nil
}

// Object gives the object of a reference to this collection, in its memory.
func (c *Collection) Object(r HeapRef) ([]byte, error) {
	if i := int(r.Index) - 1; i >= 0 && i < len(c.added) {
		return c.added[i], nil
	}
	// Nearly always they are numbered from 1 on without a gap.
	if i := int(r.Index) - 1; i >= 0 && i < len(c.objects) && uint32(c.objects[i].Index) == r.Index {
		return c.objects[i].Data, nil
	}
	i, ok := slices.BinarySearchFunc(c.objects, r.Index, func(o format.HeapObject, want uint32) int {
		return cmp.Compare(uint32(o.Index), want)
	})
	if !ok {
		return nil, Fault("global heap collection", "heap object index", r.Addr, "there is no object %d", r.Index)
	}
	return c.objects[i].Data, nil
}
