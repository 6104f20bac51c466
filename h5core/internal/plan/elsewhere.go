package plan

import (
	"github.com/h5serve/h5serve/h5core/internal/format"
	"github.com/h5serve/h5serve/h5core/internal/format/message"
	"github.com/h5serve/h5serve/h5core/internal/object"
	"github.com/h5serve/h5serve/h5core/internal/piece"
	"github.com/h5serve/h5serve/h5core/internal/wire"
	"github.com/h5serve/h5serve/h5core/vfd"
)

// virtual plans the layout of a dataset whose elements are others': its
// mappings lie in the heap of elements already.
func (b *builder) virtual(h *header, d *object.Dataset, m *message.Layout) error {
	m.Class = message.Virtual
	h.resolve = append(h.resolve, func() {
		if d.Mappings.Index != 0 {
			m.MappingHeap, m.MappingIndex = b.dataHeap.Place().Addr()+d.Mappings.Token, d.Mappings.Index
		}
	})
	return h.add(message.TypeLayout, 0, m)
}

// externalFiles plans the list of the files that hold a dataset's elements,
// and the heap of their names.
func (b *builder) externalFiles(h *header, d *object.Dataset) error {
	names := make([]byte, emptyNameEnd)
	m := &message.ExternalFiles{Allocated: uint16(len(d.External))}
	for _, f := range d.External {
		m.Slots = append(m.Slots, message.ExternalSlot{NameOffset: uint64(len(names)), Offset: f.Offset, Size: f.Size})
		names = append(names, f.Name...)
		names = append(names, make([]byte, wire.Pad(len(f.Name)+1, 8)-len(f.Name))...)
	}
	var heap *piece.Structure
	heap = piece.NewStructure(vfd.LocalHeap, uint64(heapHeader+len(names)), func() []wire.Structure {
		return []wire.Structure{&format.LocalHeap{
			SegmentSize: uint64(len(names)), FreeList: format.NoFreeBlock, Segment: heap.Place().Addr() + heapHeader,
		}, segment(names)}
	})
	b.front = append(b.front, heap)
	h.resolve = append(h.resolve, func() { m.Heap = heap.Place().Addr() })
	return h.add(message.TypeExternalFiles, message.Constant, m)
}
