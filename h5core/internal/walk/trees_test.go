package walk

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/h5serve/h5serve/h5core/internal/format"
	"github.com/h5serve/h5serve/h5core/internal/format/message"
	"github.com/h5serve/h5serve/h5core/internal/wire"
)

// group writes an old-style group of n links with few children to a node, so
// that its tree has levels, and gives the root.
func group(t testing.TB, n int) (*memory, uint64) {
	const perLeaf, fan = 3, 4
	m := newMemory(0x200)
	segment := make([]byte, 8)
	var offsets []uint64
	for i := range n {
		offsets = append(offsets, uint64(len(segment)))
		segment = append(segment, fmt.Sprintf("name %05d\x00\x00\x00\x00\x00\x00", i)...)
	}
	next := uint64(0x200)
	type below struct{ addr, first, last uint64 }
	var level []below
	for i := 0; i < n; i += perLeaf {
		node := &format.SymbolNode{K: format.GroupLeafK}
		for _, o := range offsets[i:min(i+perLeaf, n)] {
			node.Entries = append(node.Entries, format.SymbolEntry{NameOffset: o, Header: 1000 + o})
		}
		first := uint64(0)
		if i > 0 {
			first = offsets[i-1]
		}
		level = append(level, below{next, first, node.Entries[len(node.Entries)-1].NameOffset})
		next = m.put(t, next, node)
	}
	for depth := uint8(0); ; depth++ {
		var above []below
		for some := range slices.Chunk(level, fan) {
			node := &format.BTree1{Type: format.GroupTree, Level: depth, Left: wire.Undefined, Right: wire.Undefined, K: 16, Names: []uint64{some[0].first}}
			for _, b := range some {
				node.Children = append(node.Children, b.addr)
				node.Names = append(node.Names, b.last)
			}
			above = append(above, below{next, some[0].first, some[len(some)-1].last})
			next = m.put(t, next, node)
		}
		if level = above; len(level) == 1 {
			m.put(t, 0x100, &format.LocalHeap{SegmentSize: uint64(len(segment)), FreeList: format.NoFreeBlock, Segment: uint64(len(m.data))})
			m.data = append(m.data, segment...)
			return m, level[0].addr
		}
	}
}

func TestSymbols(t *testing.T) {
	ctx := context.Background()
	for _, n := range []int{1, 3, 12, 700} {
		m, root := group(t, n)
		heap, err := OpenLocalHeap(ctx, m, 0x100)
		if err != nil {
			t.Fatal(err)
		}
		m.waves = 0
		entries, err := Symbols(ctx, m, root)
		names, err2 := heap.Names(ctx, NameOffsets(entries))
		if err != nil || err2 != nil || len(names) != n || m.waves > 8 {
			t.Fatalf("%d of %d links in %d waves: %v, %v", len(names), n, m.waves, err, err2)
		}
		for i, name := range names {
			if e := entries[i]; name != fmt.Sprintf("name %05d", i) || e.Header != 1000+e.NameOffset {
				t.Errorf("link %d: %q, %+v", i, name, e)
			}
		}
		for _, k := range []int{0, n / 2, n - 1} {
			name := fmt.Sprintf("name %05d", k)
			if e, err := FindSymbol(ctx, m, root, heap, name); err != nil || e == nil || e.NameOffset != 8+16*uint64(k) {
				t.Errorf("%q: %+v, %v", name, e, err)
			}
		}
		for _, name := range []string{"", "name", "name 00000x", "zzz"} {
			if e, err := FindSymbol(ctx, m, root, heap, name); e != nil || err != nil {
				t.Errorf("%q: %+v, %v", name, e, err)
			}
		}
	}
}

// Finding one link of many reads a bounded number of bytes.
func TestFindSymbolReadsLittle(t *testing.T) {
	ctx := context.Background()
	m, root := group(t, 20000)
	heap, err := OpenLocalHeap(ctx, m, 0x100)
	if err != nil {
		t.Fatal(err)
	}
	m.bytes = 0
	if e, err := FindSymbol(ctx, m, root, heap, "name 12345"); e == nil || err != nil || m.bytes > 16<<10 {
		t.Errorf("%+v, %v, %d bytes", e, err, m.bytes)
	}
}

func TestHostileTree1(t *testing.T) {
	ctx := context.Background()
	node := func(level uint8, child uint64) *format.BTree1 {
		key := format.ChunkKey{Offset: make([]uint64, 2)}
		return &format.BTree1{Type: format.ChunkTree, Level: level, K: 32, Rank: 1, Chunks: []format.ChunkKey{key, key}, Children: []uint64{child}}
	}
	for _, c := range []struct {
		name  string
		nodes []*format.BTree1 // at 0, 4096, ...
		field string
	}{
		{"its own child", []*format.BTree1{node(1, 0)}, "address"},
		{"outside", []*format.BTree1{node(1, 1<<30)}, "address"},
		{"undefined", []*format.BTree1{node(1, wire.Undefined)}, "address"},
		{"a level left out", []*format.BTree1{node(2, 4096), node(0, 0)}, "node level"},
		{"a level that grows", []*format.BTree1{node(1, 4096), node(3, 0)}, "node level"},
		{"too deep", []*format.BTree1{node(200, 4096)}, "node level"},
		{"no node", []*format.BTree1{node(1, 8192)}, "signature"},
	} {
		m := newMemory(16384)
		for i, n := range c.nodes {
			m.put(t, uint64(i)*4096, n)
		}
		err := Chunks(ctx, m, 0, 1, nil, func(*format.ChunkKey, uint64) bool { return true })
		faulty(t, c.name, err, c.field)
	}
}

// forest writes a version 2 B-tree of n records, big-endian numbers with even
// hashes, and gives its header's address.
func forest(t testing.TB, n int) *memory {
	m := newMemory(0x100)
	tree := &format.BTree2{Type: format.LinkNames, NodeSize: 128, RecordSize: 11, Split: 100, Merge: 40, Records: uint64(n), Root: wire.Undefined}
	next := uint64(0x100)
	// build puts records lo to hi under one node of a level.
	var build func(lo, hi, level int) format.BTree2Child
	record := func(i int) []byte {
		r := binary.LittleEndian.AppendUint32(nil, uint32(i/2*2))
		return binary.LittleEndian.AppendUint32(append(r, 0, 0, 0), uint32(i))
	}
	capacity := func(level int) int {
		n := 8
		for range level {
			n = 4*n + 3
		}
		return n
	}
	build = func(lo, hi, level int) format.BTree2Child {
		node := &format.BTree2Node{Tree: tree, Level: level}
		if level == 0 {
			for i := lo; i < hi; i++ {
				node.Records = append(node.Records, record(i))
			}
		} else {
			parts := max(2, (hi-lo+capacity(level-1))/(capacity(level-1)+1))
			at := lo
			for k := range parts {
				end := lo + (hi-lo+1)*(k+1)/parts - 1
				node.Children = append(node.Children, build(at, end, level-1))
				if k < parts-1 {
					node.Records = append(node.Records, record(end))
				}
				at = end + 1
			}
		}
		node.Count = len(node.Records)
		child := format.BTree2Child{Addr: next, Records: uint64(node.Count), Total: uint64(hi - lo)}
		next = m.put(t, next, node)
		return child
	}
	if n > 0 {
		for capacity(int(tree.Depth)) < n {
			tree.Depth++
		}
		root := build(0, n, int(tree.Depth))
		tree.Root, tree.RootRecords = root.Addr, uint16(root.Records)
	}
	m.put(t, 0, tree)
	return m
}

func TestTree2(t *testing.T) {
	ctx := context.Background()
	for _, n := range []int{0, 1, 8, 9, 35, 36, 2000} {
		m := forest(t, n)
		tree, err := OpenTree2(ctx, m, 0, format.LinkNames, format.LinkOrders)
		if err != nil {
			t.Fatal(err)
		}
		m.waves = 0
		i := 0
		err = tree.Records(ctx, nil, func(r []byte) bool {
			if got := int(binary.LittleEndian.Uint32(r[7:])); got != i {
				t.Errorf("record %d is %d", i, got)
			}
			i++
			return true
		})
		if err != nil || i != n || m.waves > int(tree.Header.Depth)+1 {
			t.Errorf("%d of %d records in %d waves: %v", i, n, m.waves, err)
		}
		for _, hash := range []int{0, 1, 6, n / 2 * 2, n + 5} {
			var got, want []int
			for k := range n {
				if k/2*2 == hash {
					want = append(want, k)
				}
			}
			m.bytes = 0
			err := tree.Hashed(ctx, uint32(hash), func(r []byte) bool {
				got = append(got, int(binary.LittleEndian.Uint32(r[7:])))
				return true
			})
			if err != nil || !slices.Equal(got, want) {
				t.Errorf("%d records, hash %d: %v, want %v; %v", n, hash, got, want, err)
			}
			if m.bytes > 128*3*int(tree.Header.Depth+1) {
				t.Errorf("%d records, hash %d: %d bytes read", n, hash, m.bytes)
			}
		}
	}
}

func TestHostileTree2(t *testing.T) {
	ctx := context.Background()
	all := func(m *memory) error {
		tree, err := OpenTree2(ctx, m, 0, format.LinkNames)
		if err != nil {
			return err
		}
		return tree.Records(ctx, nil, func([]byte) bool { return true })
	}
	m := forest(t, 2000)
	_, err := OpenTree2(ctx, m, 0, format.ChunkRecords)
	faulty(t, "another type", err, "type")
	m.left = 5
	if err := all(m); !errors.Is(err, errSpent) {
		t.Errorf("without a budget: %v", err)
	}
	m = newMemory(4096)
	tree := &format.BTree2{Type: format.LinkNames, NodeSize: 128, RecordSize: 11, Depth: 1, Root: 1000, RootRecords: 1, Records: 9}
	m.put(t, 0, tree)
	m.put(t, 1000, &format.BTree2Node{Tree: tree, Level: 1, Count: 1, Records: [][]byte{make([]byte, 11)}, Children: []format.BTree2Child{{Addr: 1000, Records: 1, Total: 1}, {Addr: 1000, Records: 1, Total: 1}}})
	faulty(t, "its own child", all(m), "address")
	m.put(t, 1000, &format.BTree2Node{Tree: tree, Level: 1, Count: 1, Records: [][]byte{make([]byte, 11)}, Children: []format.BTree2Child{{Addr: 2000, Records: 200, Total: 1}, {Addr: 3000, Records: 1, Total: 1}}})
	m.put(t, 2000, &format.BTree2Node{Tree: tree})
	faulty(t, "more records than fit", all(m), "records")
}

func TestSharedMessages(t *testing.T) {
	ctx := context.Background()
	m, ids, want := tower(t, false)
	record := format.SharedRecord{Hash: 7, RefCount: 2, ID: make([]byte, 8)}
	m.put(t, 0x3000, &format.SharedMessageList{Records: []format.SharedRecord{record, record}})
	table := &format.SharedMessages{Indexes: []format.SharedIndex{
		{Types: 1 << message.TypeDataspace, Addr: wire.Undefined, Heap: wire.Undefined},
		{Types: 1 << message.TypeDatatype, ListMost: 5, Messages: 2, Addr: 0x3000, Heap: 0x100},
	}}
	m.put(t, 0x3800, table)
	s, err := OpenSharedMessages(ctx, m, &message.SharedTable{Addr: 0x3800, Indexes: 2})
	if err != nil {
		t.Fatal(err)
	}
	got, err := s.Messages(ctx, message.TypeDatatype, ids[:2])
	if err != nil || string(got[0]) != string(want[0]) || string(got[1]) != string(want[1]) {
		t.Errorf("%q, %v", got, err)
	}
	_, err = s.Messages(ctx, message.TypeDataspace, ids[:1])
	faulty(t, "an index without a heap", err, "address")
	_, err = s.Messages(ctx, message.TypeFilters, ids[:1])
	faulty(t, "no index", err, "message type flags")
	n := 0
	if err := s.Records(ctx, 1, func(r *format.SharedRecord) bool { n++; return r.Hash == 7 }); err != nil || n != 2 {
		t.Errorf("%d records, %v", n, err)
	}
	s.Table.Indexes[1].Messages = 6
	faulty(t, "more than fit", s.Records(ctx, 1, func(*format.SharedRecord) bool { return true }), "number of messages")
}

func TestCacheImage(t *testing.T) {
	ctx := context.Background()
	m := newMemory(0x400)
	end := m.put(t, 0x100, &format.CacheImage{Entries: []format.CachedStructure{{Addr: 0x30, Size: 3, Data: []byte("abc")}}})
	got, err := CacheImage(ctx, m, &message.CacheImage{Addr: 0x100, Length: end - 0x100})
	if err != nil || len(got) != 1 || got[0].Addr != 0x30 || string(got[0].Data) != "abc" {
		t.Errorf("%+v, %v", got, err)
	}
	if got, err := CacheImage(ctx, m, &message.CacheImage{Addr: wire.Undefined}); got != nil || err != nil {
		t.Errorf("without an image: %+v, %v", got, err)
	}
	_, err = CacheImage(ctx, m, &message.CacheImage{Addr: 0x100, Length: 1 << 60})
	faulty(t, "larger than the file", err, "address")
}

func FuzzTrees(f *testing.F) {
	f.Add(forest(f, 12).data, uint16(0), uint8(1))
	g, root := group(f, 7)
	f.Add(g.data, uint16(root), uint8(0))
	f.Fuzz(func(t *testing.T, data []byte, at uint16, rank uint8) {
		ctx := context.Background()
		m := &memory{data: data, geo: wireSmall(len(data)), left: 2000}
		check := func(err error) {
			var fault *wire.Fault
			if err != nil && !errors.As(err, &fault) && !errors.Is(err, errSpent) {
				t.Fatal(err)
			}
		}
		check(Chunks(ctx, m, uint64(at), int(rank%33), nil, func(*format.ChunkKey, uint64) bool { return true }))
		if tree, err := OpenTree2(ctx, m, uint64(at), format.LinkNames, format.AttributeNames); err == nil {
			check(tree.Records(ctx, nil, func([]byte) bool { return true }))
			check(tree.Hashed(ctx, 2, func([]byte) bool { return true }))
		}
		if heap, err := OpenLocalHeap(ctx, m, 0x100); err == nil {
			_, err = Symbols(ctx, m, uint64(at))
			check(err)
			_, err = FindSymbol(ctx, m, uint64(at), heap, "name 00003")
			check(err)
		}
	})
}
