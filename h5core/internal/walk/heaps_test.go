package walk

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/h5serve/h5serve/h5core/filter"
	"github.com/h5serve/h5serve/h5core/internal/format"
	"github.com/h5serve/h5serve/h5core/internal/format/message"
	"github.com/h5serve/h5serve/h5core/internal/wire"
)

// wireSmall gives files of odd length narrow addresses, so that fuzzing sees
// both.
func wireSmall(n int) wire.Geometry {
	if n%2 == 1 {
		return wire.Geometry{OffsetSize: 4, LengthSize: 4}
	}
	return wire.Default
}

// tower writes a fractal heap whose root is an indirect block with an indirect
// block in it: rows of 2 blocks of 64, 64, 128 (direct), 256 (indirect) bytes. It gives
// objects and their IDs.
func tower(t testing.TB, filtered bool) (m *memory, ids, want [][]byte) {
	m = newMemory(0xc00)
	table := format.DoublingTable{Width: 2, StartBlock: 64, MaxDirect: 128, MaxBits: 16, StartRows: 1, Root: 0x200, Rows: 4}
	h := &format.FractalHeap{
		IDLength: 24, Flags: format.HeapChecksums, MaxManaged: 60, HugeTree: 0x2000, FreeManager: wire.Undefined, Table: table,
	}
	var pipeline filter.Pipeline
	if filtered {
		f := &message.Filters{Version: 2, Steps: []message.FilterStep{{ID: uint16(filter.IDDeflate), Params: []uint32{6}}}}
		pipeline = f.Pipeline()
		h.Filters, _ = wire.Append(nil, m.geo, f)
		h.FilterLength = uint16(len(h.Filters))
	}
	m.put(t, 0x100, h)
	next := uint64(0x500)
	prefix := h.HeapDirectPrefix(m.geo)
	direct := func(row int, start uint64) (e format.HeapEntry) {
		size := int(table.BlockSize(row))
		text := fmt.Sprintf("object at %d", start)
		want = append(want, []byte(text))
		data := append([]byte(text), make([]byte, size-prefix-len(text))...)
		p, err := wire.Append(nil, m.geo, &format.HeapDirectBlock{Heap: h, Address: 0x100, Offset: start, Data: data})
		if err != nil {
			t.Fatal(err)
		}
		id, err := wire.Append(nil, m.geo, &format.HeapID{Heap: h, Offset: start + uint64(prefix), Length: uint64(len(text))})
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
		e.Addr = next
		if filtered {
			var buf filter.Buffers
			if p, _, err = pipeline.Encode(&buf, p); err != nil {
				t.Fatal(err)
			}
			e.Size = uint64(len(p))
		}
		copy(m.data[next:], p)
		next += uint64(len(p))
		return e
	}
	none := format.HeapEntry{Addr: wire.Undefined}
	root := &format.HeapIndirectBlock{Heap: h, Rows: 4, Address: 0x100, Entries: []format.HeapEntry{
		direct(0, 0), none, direct(1, 128), direct(1, 192), direct(2, 256), none, none, {Addr: 0x400},
	}}
	m.put(t, 0x200, root)
	// The second block of row 3 begins at 512 + 256; it has two rows of 64 bytes each.
	m.put(t, 0x400, &format.HeapIndirectBlock{Heap: h, Rows: 2, Address: 0x100, Offset: 768, Entries: []format.HeapEntry{
		direct(0, 768), none, none, direct(1, 960),
	}})
	return m, ids, want
}

func TestFractalHeapManaged(t *testing.T) {
	for _, filtered := range []bool{false, true} {
		m, ids, want := tower(t, filtered)
		ctx := context.Background()
		h, err := OpenHeap(ctx, m, 0x100)
		if err != nil {
			t.Fatal(err)
		}
		m.waves = 0
		got, err := h.Objects(ctx, append(ids, ids...))
		if err != nil {
			t.Fatal(err)
		}
		for i := range got {
			if w := want[i%len(want)]; !bytes.Equal(got[i], w) {
				t.Errorf("filtered %v, object %d: %q, want %q", filtered, i, got[i], w)
			}
		}
		if m.waves != 3 {
			t.Errorf("filtered %v: %d waves for two levels and the blocks", filtered, m.waves)
		}
	}
}

func TestHostileFractalHeap(t *testing.T) {
	ctx := context.Background()
	m, ids, _ := tower(t, false)
	h, err := OpenHeap(ctx, m, 0x100)
	if err != nil {
		t.Fatal(err)
	}
	id := func(offset, length uint64) []byte {
		p, _ := wire.Append(nil, m.geo, &format.HeapID{Heap: &h.Header, Offset: offset, Length: length})
		return p
	}
	for _, c := range []struct {
		name  string
		id    []byte
		field string
	}{
		{"no block", id(80, 1), "offset"},
		{"behind the last row", id(40000, 1), "offset"},
		{"longer than its block", id(30, 60), "heap ID"},
		{"in the prefix", id(3, 1), "heap ID"},
		{"no block further down", id(840, 1), "offset"},
		{"short ID", []byte{0, 1}, "offset"},
	} {
		_, err := h.Object(ctx, c.id)
		faulty(t, c.name, err, c.field)
	}
	m.data[0x206]++ // the address of the heap in the root block
	_, err = h.Object(ctx, ids[0])
	faulty(t, "spoiled root", err, "checksum")
	m, ids, _ = tower(t, false)
	m.put(t, 0x400, &format.HeapIndirectBlock{Heap: &h.Header, Rows: 2, Address: 0x100, Offset: 512, Entries: make([]format.HeapEntry, 4)})
	_, err = (&Heap{Addr: 0x100, Header: h.Header, src: m}).Object(ctx, ids[5])
	faulty(t, "block of another place", err, "block offset")
}

func TestFractalHeapHugeAndTiny(t *testing.T) {
	ctx := context.Background()
	m := newMemory(0x4000)
	h := &format.FractalHeap{
		IDLength: 7, MaxManaged: 60, HugeTree: 0x2000, FreeManager: wire.Undefined,
		Table: format.DoublingTable{Width: 2, StartBlock: 64, MaxDirect: 128, MaxBits: 16, Root: wire.Undefined},
	}
	m.put(t, 0x100, h)
	tree := &format.BTree2{Type: format.HugeIndirect, NodeSize: 512, RecordSize: 24, Split: 100, Merge: 40, Root: 0x2100, RootRecords: 3, Records: 3}
	m.put(t, 0x2000, tree)
	leaf := &format.BTree2Node{Tree: tree, Count: 3}
	for i := range uint64(3) {
		r, _ := wire.Append(nil, m.geo, &format.HugeRecord{Type: format.HugeIndirect, Addr: 0x3000 + 16*i, Length: 3 + i, Number: i + 1})
		leaf.Records = append(leaf.Records, r)
		copy(m.data[0x3000+16*i:], "abcdef")
	}
	m.put(t, 0x2100, leaf)
	heap, err := OpenHeap(ctx, m, 0x100)
	if err != nil {
		t.Fatal(err)
	}
	id := func(x format.HeapID) []byte {
		x.Heap = &heap.Header
		p, err := wire.Append(nil, m.geo, &x)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	got, err := heap.Objects(ctx, [][]byte{
		id(format.HeapID{Kind: format.HugeObject, Number: 3}), id(format.HeapID{Kind: format.TinyObject, Data: []byte("tiny")}),
		id(format.HeapID{Kind: format.HugeObject, Number: 1}),
	})
	if err != nil || string(got[0]) != "abcde" || string(got[1]) != "tiny" || string(got[2]) != "abc" {
		t.Errorf("%q, %v", got, err)
	}
	_, err = heap.Object(ctx, id(format.HeapID{Kind: format.HugeObject, Number: 9}))
	faulty(t, "unknown number", err, "heap ID")
	_, err = heap.Object(ctx, id(format.HeapID{Offset: 30, Length: 1}))
	faulty(t, "no root block", err, "address")
}

func TestGlobalObjects(t *testing.T) {
	ctx := context.Background()
	m := newMemory(0x100)
	object := func(i uint16, text string) format.HeapObject {
		return format.HeapObject{Index: i, RefCount: 1, Size: uint64(len(text)), Data: []byte(text)}
	}
	big := strings.Repeat("x", 6000)
	m.put(t, 0x100, &format.GlobalHeap{HeapHeader: format.HeapHeader{Size: 4096}, Objects: []format.HeapObject{object(1, "one"), object(2, "two")}})
	m.put(t, 0x2000, &format.GlobalHeap{HeapHeader: format.HeapHeader{Size: 8192}, Objects: []format.HeapObject{object(7, big), object(7, "later")}})
	refs := []HeapRef{{0x2000, 7}, {0x100, 2}, {0, 0}, {0x100, 1}, {wire.Undefined, 3}, {0x100, 2}}
	got, err := GlobalObjects(ctx, m, refs)
	if err != nil || fmt.Sprintf("%s", got) != "[later two  one  two]" || got[2] != nil {
		t.Errorf("%q, %v", got, err)
	}
	if m.waves != 2 {
		t.Errorf("%d waves for two collections, one of them large", m.waves)
	}
	_, err = GlobalObjects(ctx, m, []HeapRef{{0x100, 3}})
	faulty(t, "no such object", err, "heap object index")
	_, err = GlobalObjects(ctx, m, []HeapRef{{0x3ff8, 3}})
	faulty(t, "no collection", err, "signature")
	_, err = GlobalObjects(ctx, m, []HeapRef{{1 << 40, 3}})
	faulty(t, "outside", err, "address")
}

func TestLocalHeap(t *testing.T) {
	ctx := context.Background()
	long := strings.Repeat("n", 1000)
	for name, size := range map[string]uint64{"read whole": 2048, "read in pieces": 1 << 20} {
		m := newMemory(int(size) + 0x1000)
		m.put(t, 0x100, &format.LocalHeap{SegmentSize: size, FreeList: format.NoFreeBlock, Segment: 0x1000})
		copy(m.data[0x1000:], "\x00\x00\x00\x00\x00\x00\x00\x00first\x00\x00\x00"+long+"\x00")
		copy(m.data[0x1000+size-4:], "last")
		h, err := OpenLocalHeap(ctx, m, 0x100)
		if err != nil {
			t.Fatal(err)
		}
		got, err := h.Names(ctx, []uint64{0, 8, 16, 10})
		if err != nil || got[0] != "" || got[1] != "first" || got[2] != long || got[3] != "rst" {
			t.Errorf("%s: %q, %v", name, got, err)
		}
		if size > 1<<19 && m.bytes > 10000 {
			t.Errorf("%s: %d bytes read for four names", name, m.bytes)
		}
		_, err = h.Names(ctx, []uint64{size - 4})
		faulty(t, name+": no end", err, "name")
		_, err = h.Names(ctx, []uint64{size + 1})
		faulty(t, name+": outside", err, "offset")
	}
	m := newMemory(0x200)
	m.put(t, 0x100, &format.LocalHeap{SegmentSize: 1 << 60, Segment: 0x180})
	_, err := OpenLocalHeap(ctx, m, 0x100)
	faulty(t, "a segment larger than the file", err, "address")
}

func FuzzHeaps(f *testing.F) {
	for _, filtered := range []bool{false, true} {
		m, ids, _ := tower(f, filtered)
		for _, id := range ids {
			f.Add(m.data, id)
		}
	}
	f.Fuzz(func(t *testing.T, data, id []byte) {
		ctx := context.Background()
		m := &memory{data: data, geo: wireSmall(len(data)), left: 1000}
		if h, err := OpenHeap(ctx, m, 0x100); err == nil {
			_, _ = h.Objects(ctx, [][]byte{id, id})
		}
		_, _ = GlobalObjects(ctx, m, []HeapRef{{0x100, 1}, {0x200, 1}})
		if h, err := OpenLocalHeap(ctx, m, 0x100); err == nil {
			_, err = h.Names(ctx, []uint64{0, 8})
			var fault *wire.Fault
			if err != nil && !errors.As(err, &fault) && !errors.Is(err, errSpent) {
				t.Fatal(err)
			}
		}
		if m.bytes > 16*len(data)+1<<16 {
			t.Fatalf("%d bytes read of %d", m.bytes, len(data))
		}
	})
}
