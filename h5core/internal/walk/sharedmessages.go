package walk

import (
	"context"
	"sync"

	"github.com/h5serve/h5serve/h5core/internal/format"
	"github.com/h5serve/h5serve/h5core/internal/format/message"
	"github.com/h5serve/h5serve/h5core/internal/wire"
	"github.com/h5serve/h5serve/h5core/vfd"
)

// SharedMessages are the messages that objects of a file share. They are safe
// for concurrent use.
type SharedMessages struct {
	Addr  uint64
	Table format.SharedMessages
	src   Source
	mu    sync.Mutex
	heaps map[int]*Heap // by index, as they are needed
}

// OpenSharedMessages reads the table that the superblock extension names.
func OpenSharedMessages(ctx context.Context, src Source, m *message.SharedTable) (*SharedMessages, error) {
	n := int(m.Indexes)
	s := &SharedMessages{Addr: m.Addr, src: src, heaps: map[int]*Heap{}}
	s.Table.Indexes = make([]format.SharedIndex, n)
	size := uint64(format.SharedMessagesSize(src.Geometry(), n))
	p, err := fetchOne(ctx, src, vfd.ObjectHeader, "shared message table", Span{m.Addr, size})
	if err != nil {
		return nil, err
	}
	_, err = wire.Decode(p, src.Geometry(), m.Addr, &s.Table)
	return s, err
}

// Messages reads the bodies of shared messages of one type by their heap IDs.
func (s *SharedMessages) Messages(ctx context.Context, kind uint16, ids [][]byte) ([][]byte, error) {
	h, err := s.Heap(ctx, kind)
	if err != nil {
		return nil, err
	}
	return h.Objects(ctx, ids)
}

// Heap opens the heap in which shared messages of a type lie.
func (s *SharedMessages) Heap(ctx context.Context, kind uint16) (*Heap, error) {
	for i := range s.Table.Indexes {
		if s.Table.Indexes[i].Holds(kind) {
			return s.heap(ctx, i)
		}
	}
	return nil, Fault("shared message table", "message type flags", s.Addr, "no index holds messages of type %#x", kind)
}

func (s *SharedMessages) heap(ctx context.Context, i int) (*Heap, error) {
	s.mu.Lock()
	h := s.heaps[i]
	s.mu.Unlock()
	if h != nil {
		return h, nil
	}
	h, err := OpenHeap(ctx, s.src, s.Table.Indexes[i].Heap)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	s.heaps[i] = h
	s.mu.Unlock()
	return h, nil
}

// Records yields what an index lists, from its list or its tree.
func (s *SharedMessages) Records(ctx context.Context, i int, yield func(r *format.SharedRecord) bool) error {
	x := &s.Table.Indexes[i]
	if x.Addr == wire.Undefined {
		return nil
	}
	if x.Kind == format.SharedList {
		return s.list(ctx, x, yield)
	}
	t, err := OpenTree2(ctx, s.src, x.Addr, format.SharedMessageHashes)
	if err != nil {
		return err
	}
	var wrong error
	err = t.Records(ctx, nil, func(raw []byte) bool {
		var r format.SharedRecord
		_, wrong = wire.Decode(raw, s.src.Geometry(), x.Addr, &r)
		return wrong == nil && yield(&r)
	})
	if err == nil {
		err = wrong
	}
	return err
}

func (s *SharedMessages) list(ctx context.Context, x *format.SharedIndex, yield func(r *format.SharedRecord) bool) error {
	if x.Messages > x.ListMost {
		return Fault("shared message table", "number of messages", s.Addr, "%d, its list has room for %d", x.Messages, x.ListMost)
	}
	geo := s.src.Geometry()
	size := 8 + uint64(x.Messages)*uint64(format.SharedRecordSize(geo))
	p, err := fetchOne(ctx, s.src, vfd.BTree, "shared message list", Span{x.Addr, size})
	if err != nil {
		return err
	}
	l := format.SharedMessageList{Records: make([]format.SharedRecord, x.Messages)}
	if _, err := wire.Decode(p, geo, x.Addr, &l); err != nil {
		return err
	}
	for i := range l.Records {
		if !yield(&l.Records[i]) {
			return nil
		}
	}
	return nil
}
