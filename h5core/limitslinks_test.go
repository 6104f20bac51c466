package h5core_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/h5serve/h5serve/h5core"
	"github.com/h5serve/h5serve/h5core/internal/format"
	"github.com/h5serve/h5serve/h5core/internal/format/message"
	"github.com/h5serve/h5serve/h5core/internal/wire"
)

// grouped is a file with a group "x" of so many members.
func grouped(t *testing.T, low h5core.Libver, members int) []byte {
	f := inMemory(t, h5core.WithLibver(low, h5core.Latest))
	for i := range members {
		dataset(t, f.Group, fmt.Sprintf("x/member %03d", i), simple(1))
	}
	return whole(t, f)
}

// last finds a structure by its signature.
func last(t *testing.T, p []byte, signature string) int {
	t.Helper()
	at := bytes.LastIndex(p, []byte(signature))
	if at < 0 {
		t.Fatalf("there is no %s", signature)
	}
	return at
}

func heapNames(t *testing.T) []hostile {
	p := grouped(t, h5core.Earliest, 3)
	node, heap := last(t, p, "SNOD"), last(t, p, "HEAP")
	long := of(message.TypeLink, 1, 0x02, uint32(1<<20), "short", uint64(xAt))
	return []hostile{
		{"as it is", p, nil, ""},
		{"name past the segment", set(p, node+8, cat(uint64(1)<<40)...), h5core.ErrDamaged, "local heap"},
		{"segment past the end", set(p, heap+8, cat(uint64(1)<<40)...), h5core.ErrDamaged, "local heap"},
		{"segment elsewhere", set(p, heap+24, cat(uint64(1)<<62)...), h5core.ErrDamaged, "local heap"},
		{"free list past the end", set(p, heap+16, cat(uint64(1)<<40)...), nil, ""},
		{"name longer than its message", build(t, of(message.TypeLinkInfo, 0, 0, wire.Undefined, wire.Undefined), long).file(), h5core.ErrDamaged, "link"},
	}
}

func linkCycles(t *testing.T) (list []hostile) {
	p := grouped(t, h5core.Earliest, 3)
	node := last(t, p, "TREE")
	self := set(p, node+32, cat(uint64(node))...) // the first child, after a key
	list = append(list,
		hostile{"tree node below itself", set(self, node+5, 1), h5core.ErrDamaged, "version 1 B-tree node"},
		hostile{"tree of 255 levels", set(p, node+5, 255), h5core.ErrDamaged, "node level"})
	for _, hops := range []int{16, 17, 1000} {
		f := inMemory(t)
		dataset(t, f.Group, "end", simple(1))
		for i := range hops {
			to := fmt.Sprintf("/s%d", i+1)
			if i == hops-1 {
				to = "/end"
			}
			name := fmt.Sprintf("s%d", i)
			if i == 0 {
				name = "x"
			}
			must(t, f.SoftLink(name, to))
		}
		want := hostile{fmt.Sprint(hops, " soft links"), whole(t, f), nil, ""}
		if hops > 16 {
			want.kind, want.says = h5core.ErrInvalid, "over 16"
		}
		list = append(list, want)
	}
	f := inMemory(t)
	must(t, f.SoftLink("x", "/x"))
	list = append(list, hostile{"soft link to itself", whole(t, f), h5core.ErrInvalid, "over 16"})
	f = inMemory(t)
	must(t, f.SoftLink("x", strings.Repeat("/y", 10_000)))
	list = append(list, hostile{"soft link of 10,000 parts", whole(t, f), h5core.ErrNotFound, ""})
	info := of(message.TypeLinkInfo, 0, 0, wire.Undefined, wire.Undefined)
	b := build(t, info, of(message.TypeLink, 1, 0, 2, "up", uint64(rootAt)))
	list = append(list, hostile{"hard link to the parent", b.file(), nil, ""})
	b = build(t).header(rootAt, info, of(message.TypeLink, 1, 8, 70, 1, "x", uint16(2), "ab"))
	return append(list, hostile{"user-defined link", b.file(), h5core.ErrUnsupported, "class 70"})
}

// dense is a file whose member "x" is a group with one link, in a fractal heap.
func dense(t *testing.T) []byte {
	const tree, leaf, block = freeAt + 0x200, freeAt + 0x300, freeAt + 0x400
	heap := &format.FractalHeap{
		IDLength: 7, MaxManaged: 4096, HugeTree: wire.Undefined, FreeManager: wire.Undefined, Managed: format.HeapUsage{Bytes: 512, Objects: 1},
		Table: format.DoublingTable{Width: 4, StartBlock: 512, MaxDirect: 65536, MaxBits: 32, StartRows: 1, Root: block},
	}
	link := cat(1, 0, 2, "up", uint64(rootAt))
	prefix := heap.HeapDirectPrefix(wire.Default)
	id, err := wire.Append(nil, wire.Default, &format.HeapID{Heap: heap, Offset: uint64(prefix), Length: uint64(len(link))})
	must(t, err)
	header := &format.BTree2{Type: format.LinkNames, NodeSize: 512, RecordSize: 11, Split: 100, Merge: 40, Root: leaf, RootRecords: 1, Records: 1}
	record := cat(wire.Lookup3([]byte("up"), 0), id)
	b := build(t, of(message.TypeLinkInfo, 0, 0, uint64(freeAt), uint64(tree)))
	b.put(freeAt, heap).put(tree, header).put(leaf, &format.BTree2Node{Tree: header, Count: 1, Records: [][]byte{record}})
	return b.put(block, &format.HeapDirectBlock{Heap: heap, Address: freeAt, Data: append(link, make([]byte, 512-prefix-len(link))...)}).file()
}

func fractalHeaps(t *testing.T) []hostile {
	const end = 142 // of the header, without its checksum
	p := dense(t)
	const at = freeAt
	with := func(offset int, v ...any) []byte {
		q := set(p, at+offset, cat(v...)...)
		return append(q[:at:at], resum(q[at:], end)...)
	}
	undone := with(110, uint16(0))
	undone[at+end] ^= 1
	return []hostile{
		{"as it is", with(0), nil, ""},
		{"checksum", undone, h5core.ErrDamaged, "checksum"},
		{"width 0", with(110, uint16(0)), h5core.ErrDamaged, "fractal heap"},
		{"starting block 0", with(112, uint64(0)), h5core.ErrDamaged, "fractal heap"},
		{"largest block 2^63", with(120, uint64(1)<<63), h5core.ErrDamaged, "fractal heap"},
		{"heap of 65,535 bits", with(128, uint16(65535)), h5core.ErrDamaged, "fractal heap"},
		{"root past the end", with(132, uint64(1)<<40), h5core.ErrDamaged, "fractal heap"},
		{"root is the heap", with(132, uint64(at)), h5core.ErrDamaged, "fractal heap"},
		{"65,535 rows", with(140, uint16(65535)), h5core.ErrDamaged, "fractal heap"},
		{"IDs of 0 bytes", with(5, uint16(0)), h5core.ErrDamaged, ""},
	}
}

func denseAttributes(t *testing.T) (list []hostile) {
	for _, n := range []int{8, 9, 2000} {
		f := inMemory(t, h5core.WithLibver(h5core.V110, h5core.Latest))
		d := dataset(t, f.Group, "x", simple(1))
		for i := range n {
			must(t, d.Attributes().Set(fmt.Sprintf("a%d", i), i))
		}
		list = append(list, hostile{fmt.Sprint(n), whole(t, f), nil, ""})
	}
	twice := func() []byte {
		a := of(message.TypeAttribute, 3, 0, uint16(2), uint16(12), uint16(4), 0, "a\x00",
			0x10, 8, 0, 0, uint32(8), uint16(0), uint16(64), 2, 0, 0, 0, uint64(7))
		return build(t, int64Type, oneSpace, freeBytes, a, a).file()
	}
	info := of(message.TypeAttributeInfo, 0, 0, uint64(freeAt), uint64(freeAt))
	return append(list,
		hostile{"one name twice", twice(), nil, ""},
		hostile{"no heap there", build(t, []format.Message{int64Type, oneSpace, freeBytes, info}...).file(), h5core.ErrDamaged, "heap"})
}
