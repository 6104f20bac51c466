package walk

import (
	"context"

	"github.com/h5serve/h5serve/h5core/internal/format"
	"github.com/h5serve/h5serve/h5core/internal/wire"
	"github.com/h5serve/h5serve/h5core/vfd"
)

// huge reads objects that lie in the file on their own.
func (h *Heap) huge(ctx context.Context, list []request) error {
	if err := h.number(ctx, list); err != nil {
		return err
	}
	for len(list) > 0 {
		n := Wave(list, func(r request) uint64 { return r.id.Length })
		spans := make([]Span, n)
		for i, r := range list[:n] {
			spans[i] = Span{r.id.Addr, r.id.Length}
		}
		got, err := Read(ctx, h.src, vfd.Raw, "huge object", spans)
		if err != nil {
			return err
		}
		for i, r := range list[:n] {
			if *r.out, err = h.decode(got[i], r.id.Mask, r.id.Memory); err != nil {
				return err
			}
		}
		list = list[n:]
	}
	return nil
}

// number looks up where huge objects lie whose IDs are numbers.
func (h *Heap) number(ctx context.Context, list []request) error {
	if len(list) == 0 || !list[0].id.ByNumber(h.src.Geometry()) {
		return nil
	}
	wanted := make(map[uint64][]int, len(list))
	low, high := list[0].id.Number, list[0].id.Number
	for i, r := range list {
		wanted[r.id.Number] = append(wanted[r.id.Number], i)
		low, high = min(low, r.id.Number), max(high, r.id.Number)
	}
	tree, err := OpenTree2(ctx, h.src, h.Header.HugeTree, format.HugeIndirect, format.HugeIndirectFiltered)
	if err != nil {
		return err
	}
	record := func(raw []byte) (r format.HugeRecord) {
		r.Type = tree.Header.Type
		_, err2 := wire.Decode(raw, h.src.Geometry(), h.Header.HugeTree, &r)
		if err2 != nil && err == nil {
			err = err2
		}
		return r
	}
	between := func(after, before []byte) bool {
		return (after == nil || record(after).Number <= high) && (before == nil || record(before).Number >= low)
	}
	err2 := tree.Records(ctx, between, func(raw []byte) bool {
		r := record(raw)
		for _, i := range wanted[r.Number] {
			id := &list[i].id
			id.Addr, id.Length, id.Mask, id.Memory = r.Addr, r.Length, r.Mask, r.Memory
		}
		delete(wanted, r.Number)
		return len(wanted) > 0
	})
	switch {
	case err2 != nil:
		return err2
	case err != nil:
		return err
	case len(wanted) > 0:
		return h.fault("heap ID", "%d huge objects are not in its B-tree", len(wanted))
	}
	return nil
}
