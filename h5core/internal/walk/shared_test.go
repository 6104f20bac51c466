package walk

import (
	"context"
	"errors"
	"testing"

	"github.com/h5serve/h5serve/h5core/internal/format"
	"github.com/h5serve/h5serve/h5core/internal/format/message"
	"github.com/h5serve/h5serve/h5core/internal/wire"
)

// sharing is a file with a table of two indexes, one of which is a list, and a
// cache image.
func sharing(t testing.TB) *memory {
	m := newMemory(0x400)
	m.put(t, 0x40, &format.SharedMessages{Indexes: []format.SharedIndex{
		{Types: 3, MinSize: 8, ListMost: 50, TreeMin: 25, Messages: 2, Addr: 0x100, Heap: 0x300},
		{Kind: format.SharedTree, Types: 12, MinSize: 8, ListMost: 50, TreeMin: 25, Addr: 0x200, Heap: 0x300},
	}})
	m.put(t, 0x100, &format.SharedMessageList{Records: []format.SharedRecord{
		{Hash: 1, RefCount: 2, ID: make([]byte, 8)}, {Hash: 2, RefCount: 1, ID: make([]byte, 8)},
	}})
	m.put(t, 0x200, &format.BTree2{Type: format.SharedMessageHashes, NodeSize: 64, RecordSize: 17, Split: 98, Merge: 40, Root: wire.Undefined})
	m.put(t, 0x280, &format.CacheImage{Length: 60, Entries: []format.CachedStructure{{Type: 1, Addr: 0x40, Size: 3, Data: []byte{1, 2, 3}}}})
	return m
}

// FuzzSharedMessages walks indexes of shared messages and cache images.
func FuzzSharedMessages(f *testing.F) {
	f.Add(sharing(f).data, uint8(2), uint16(0x280), uint16(60), []byte{0, 0, 0, 0, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, data []byte, indexes uint8, image, length uint16, id []byte) {
		ctx := context.Background()
		m := &memory{data: data, geo: wireSmall(len(data)), left: 1000}
		check := func(err error) {
			var fault *wire.Fault
			if err != nil && !errors.As(err, &fault) && !errors.Is(err, errSpent) {
				t.Fatal(err)
			}
		}
		_, err := CacheImage(ctx, m, &message.CacheImage{Addr: uint64(image), Length: uint64(length)})
		check(err)
		s, err := OpenSharedMessages(ctx, m, &message.SharedTable{Addr: 0x40, Indexes: indexes})
		check(err)
		if err != nil {
			return
		}
		for i := range s.Table.Indexes {
			check(s.Records(ctx, i, func(*format.SharedRecord) bool { return true }))
		}
		for _, kind := range []uint16{message.TypeDatatype, message.TypeAttribute} {
			_, _ = s.Messages(ctx, kind, [][]byte{id})
		}
		if m.bytes > 64*len(data)+1<<16 {
			t.Fatalf("%d bytes read of %d", m.bytes, len(data))
		}
	})
}
