package walk

import (
	"context"

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

func (r HeapRef) null() bool { return r.Addr == 0 || r.Addr == wire.Undefined || r.Index == 0 }

// GlobalObjects reads objects of global heap collections, each collection
// once. What names nothing gives nil. The objects share their collections'
// memory.
func GlobalObjects(ctx context.Context, src Source, refs []HeapRef) ([][]byte, error) {
	wanted := map[uint64][]int{} // by collection
	var addrs []uint64
	for i, r := range refs {
		if r.null() {
			continue
		}
		if _, known := wanted[r.Addr]; !known {
			addrs = append(addrs, r.Addr)
		}
		wanted[r.Addr] = append(wanted[r.Addr], i)
	}
	out := make([][]byte, len(refs))
	for len(addrs) > 0 {
		n := min(len(addrs), waveNodes)
		got, err := collections(ctx, src, addrs[:n])
		if err != nil {
			return nil, err
		}
		for k, p := range got {
			if err := pick(src, addrs[k], p, refs, wanted[addrs[k]], out); err != nil {
				return nil, err
			}
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

// pick finds the wanted objects of one collection. Of two with one index the
// later counts, as in the C library.
func pick(src Source, addr uint64, p []byte, refs []HeapRef, wanted []int, out [][]byte) error {
	var heap format.GlobalHeap
	if _, err := wire.Decode(p, src.Geometry(), addr, &heap); err != nil {
		return err
	}
	objects := make(map[uint32][]byte, len(heap.Objects))
	for _, o := range heap.Objects {
		objects[uint32(o.Index)] = o.Data
	}
	for _, i := range wanted {
		data, ok := objects[refs[i].Index]
		if !ok {
			return Fault("global heap collection", "heap object index", addr, "there is no object %d", refs[i].Index)
		}
		out[i] = data
	}
	return nil
}
