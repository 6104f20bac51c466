package plan

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strings"

	"github.com/h5serve/h5serve/h5core/dtype"
	"github.com/h5serve/h5serve/h5core/internal/format"
	"github.com/h5serve/h5serve/h5core/internal/format/message"
	"github.com/h5serve/h5serve/h5core/internal/object"
	"github.com/h5serve/h5serve/h5core/internal/piece"
	"github.com/h5serve/h5serve/h5core/internal/wire"
)

type failer interface {
	Helper()
	Fatalf(format string, args ...any)
}

// reader reads a file beside the tree that it was planned from, and keeps
// account of the bytes that belong to something.
type reader struct {
	t     failer
	file  []byte // from the base address on
	made  *maker
	taken [][2]uint64 // first byte, end
	where map[object.Node]uint64
	heaps map[uint64]*format.GlobalHeap
}

// read walks the whole file.
func (r *reader) read(whole []byte, userBlock uint64, root *object.Group) {
	r.t.Helper()
	r.file, r.where, r.heaps = whole[userBlock:], map[object.Node]uint64{}, map[uint64]*format.GlobalHeap{}
	var s format.Superblock
	n := r.decode(0, &s)
	r.take(0, uint64(n))
	if s.Base != userBlock || s.EndOfFile != uint64(len(whole)) {
		r.t.Fatalf("base %d, end %d of a file of %d", s.Base, s.EndOfFile, len(whole))
	}
	addr := s.RootHeader
	if s.Version < 2 {
		addr = s.Root.Header
	}
	r.node(addr, root)
	r.covered()
}

func (r *reader) decode(addr uint64, s wire.Structure) int {
	r.t.Helper()
	if addr >= uint64(len(r.file)) {
		r.t.Fatalf("%T at %#x of %d bytes", s, addr, len(r.file))
	}
	n, err := wire.Decode(r.file[addr:], wire.Default, addr, s)
	if err != nil {
		r.t.Fatalf("%T at %#x: %v", s, addr, err)
	}
	return n
}

func (r *reader) take(addr, n uint64) []byte {
	r.t.Helper()
	if addr > uint64(len(r.file)) || n > uint64(len(r.file))-addr {
		r.t.Fatalf("%d bytes at %#x of %d", n, addr, len(r.file))
	}
	if n > 0 {
		r.taken = append(r.taken, [2]uint64{addr, addr + n})
	}
	return r.file[addr : addr+n]
}

// covered checks that every byte belongs to exactly one thing.
func (r *reader) covered() {
	slices.SortFunc(r.taken, func(a, b [2]uint64) int { return slices.Compare(a[:], b[:]) })
	end := uint64(0)
	for _, part := range r.taken {
		if part[0] != end {
			r.t.Fatalf("a part begins at %#x where the one before ends at %#x", part[0], end)
		}
		end = part[1]
	}
	if end != uint64(len(r.file)) {
		r.t.Fatalf("the last part ends at %#x of %#x", end, len(r.file))
	}
}

func (r *reader) node(addr uint64, n object.Node) {
	if known, ok := r.where[n]; ok {
		if known != addr {
			r.t.Fatalf("an object at %#x and at %#x", known, addr)
		}
		return
	}
	r.where[n] = addr
	m := r.header(addr)
	r.attributes(m, n.Common())
	switch n := n.(type) {
	case *object.Group:
		r.group(m, n)
	case *object.Dataset:
		r.dataset(m, n)
	}
}

// header reads the messages of all chunks.
func (r *reader) header(addr uint64) []format.Message {
	h := format.ObjectHeader{Version: 2}
	if !bytes.HasPrefix(r.file[addr:], []byte("OHDR")) {
		h.Version = 1
	}
	r.take(addr, uint64(r.decode(addr, &h)))
	list := h.Messages
	for i := 0; i < len(list); i++ {
		if list[i].Type == message.TypeContinuation {
			var c message.Continuation
			r.body(list[i], &c)
			more := format.ObjectContinuation{Version: h.Version, Flags: h.Flags, Length: c.Length}
			if n := r.decode(c.Addr, &more); uint64(n) != c.Length {
				r.t.Fatalf("a continuation of %d bytes takes %d", c.Length, n)
			}
			r.take(c.Addr, c.Length)
			list = append(list, more.Messages...)
		}
	}
	if h.Version == 1 && int(h.Count) != len(list) {
		r.t.Fatalf("%d messages, the header says %d", len(list), h.Count)
	}
	return list
}

func (r *reader) body(m format.Message, s wire.Structure) {
	r.t.Helper()
	if _, err := wire.Decode(m.Raw, wire.Default, 0, s); err != nil {
		r.t.Fatalf("message %#x: %v", m.Type, err)
	}
}

func find(list []format.Message, kind uint16) []format.Message {
	return slices.DeleteFunc(slices.Clone(list), func(m format.Message) bool { return m.Type != kind })
}

func (r *reader) attributes(list []format.Message, o *object.Object) {
	found := find(list, message.TypeAttribute)
	if len(found) != len(o.Attributes) {
		r.t.Fatalf("%d attributes of %d", len(found), len(o.Attributes))
	}
	for i, m := range found {
		var a message.Attribute
		r.body(m, &a)
		want := o.Attributes[i]
		if a.Name != want.Name || !a.Type.Equal(want.Type) || a.Space.Kind != want.Space.Kind || o.TrackOrder && int(m.Order) != i {
			r.t.Fatalf("attribute %d: %+v, want %+v", i, a, want)
		}
		r.elements(a.Data[:len(want.Data)], want.Data, want.Type, r.made.settings.AttributeHeap)
	}
}

// elements compares stored elements with those of the tree, whose descriptors
// hold tokens.
func (r *reader) elements(got, want []byte, t *dtype.Type, heap *piece.GlobalHeap) {
	r.t.Helper()
	got, want = slices.Clone(got), slices.Clone(want)
	if len(got) != len(want) {
		r.t.Fatalf("%d bytes of elements, want %d", len(got), len(want))
	}
	for at := 0; t.HasVarLen() && at < len(got); at += int(t.Size) {
		for off := range dtype.Fields(t.Pointers()) {
			r.descriptor(got[at+int(off):][:16], want[at+int(off):][:16], heap)
		}
	}
	if !bytes.Equal(got, want) {
		r.t.Fatalf("elements\n% x\nwant\n% x", got, want)
	}
}

// descriptor compares what two descriptors lead to, and makes them equal.
func (r *reader) descriptor(got, want []byte, heap *piece.GlobalHeap) {
	index := binary.LittleEndian.Uint32(want[12:])
	if index == 0 {
		return
	}
	text := r.made.texts[heap][[2]uint64{binary.LittleEndian.Uint64(want[4:]), uint64(index)}]
	stored := r.text(binary.LittleEndian.Uint64(got[4:]), binary.LittleEndian.Uint32(got[12:]))
	if stored != text || int(binary.LittleEndian.Uint32(got)) != len(text) {
		r.t.Fatalf("a text of %d bytes, want %d", len(stored), len(text))
	}
	copy(got, want)
}

func (r *reader) text(addr uint64, index uint32) string {
	h := r.heaps[addr]
	if h == nil {
		h = new(format.GlobalHeap)
		r.decode(addr, h)
		r.take(addr, h.Size)
		r.heaps[addr] = h
	}
	for _, o := range h.Objects {
		if uint32(o.Index) == index {
			return string(o.Data)
		}
	}
	r.t.Fatalf("no object %d in the heap at %#x", index, addr)
	return ""
}

func (r *reader) group(list []format.Message, g *object.Group) {
	if tables := find(list, message.TypeSymbolTable); len(tables) > 0 {
		var m message.SymbolTable
		r.body(tables[0], &m)
		r.symbols(m, g)
		return
	}
	found := find(list, message.TypeLink)
	if len(found) != len(g.Links()) {
		r.t.Fatalf("%d links of %d", len(found), len(g.Links()))
	}
	for i, m := range found {
		var l message.Link
		r.body(m, &l)
		want := g.Links()[i]
		soft, external := want.Kind == object.Soft, want.Kind == object.External
		if l.Name != want.Name || soft && l.Target != want.Path || external && !bytes.Equal(l.Data, message.External(want.File, want.Path)) ||
			l.Tracked != g.TrackLinks || l.Tracked && l.Order != int64(i) {
			r.t.Fatalf("link %+v, want %+v", l, want)
		}
		if want.Kind == object.Hard {
			r.node(l.Header, want.Node)
		}
	}
}

// symbols reads an old-style group, in order.
func (r *reader) symbols(m message.SymbolTable, g *object.Group) {
	table := r.table(m)
	r.take(m.Heap, 32)
	r.take(table.heap.Segment, table.heap.SegmentSize)
	var entries []format.SymbolEntry
	table.leaves(m.BTree, true, func(n *format.SymbolNode) { entries = append(entries, n.Entries...) })
	want := slices.Clone(g.Links())
	slices.SortFunc(want, func(a, b *object.Link) int { return strings.Compare(a.Name, b.Name) })
	if len(entries) != len(want) {
		r.t.Fatalf("%d symbols of %d", len(entries), len(want))
	}
	for i, e := range entries {
		if table.name(e.NameOffset) != want[i].Name {
			r.t.Fatalf("symbol %d is %q, want %q", i, table.name(e.NameOffset), want[i].Name)
		}
		if want[i].Kind == object.Soft {
			if e.CacheType != format.CacheSoft || table.name(uint64(e.SoftOffset)) != want[i].Path {
				r.t.Fatalf("soft link %+v, want %+v", e, want[i])
			}
			continue
		}
		r.node(e.Header, want[i].Node)
	}
}

// table is an old-style group as a reader sees it.
type table struct {
	r     *reader
	root  uint64
	heap  format.LocalHeap
	names []byte
}

func (r *reader) table(m message.SymbolTable) *table {
	t := &table{r: r, root: m.BTree}
	r.decode(m.Heap, &t.heap)
	t.names = r.file[t.heap.Segment:][:t.heap.SegmentSize]
	return t
}

func (t *table) name(offset uint64) string {
	name, _, ok := bytes.Cut(t.names[offset:], []byte{0})
	if !ok {
		t.r.t.Fatalf("no NUL behind the name at %d", offset)
	}
	return string(name)
}

func (t *table) node(addr uint64) *format.BTree1 {
	n := &format.BTree1{Type: format.GroupTree, K: format.GroupInternalK}
	t.r.decode(addr, n)
	return n
}

func (t *table) leaf(addr uint64) *format.SymbolNode {
	n := &format.SymbolNode{K: format.GroupLeafK}
	t.r.decode(addr, n)
	return n
}

// leaves visits the leaves under a node from left to right.
func (t *table) leaves(addr uint64, take bool, visit func(*format.SymbolNode)) {
	n := t.node(addr)
	if take {
		t.r.take(addr, groupNode)
	}
	for _, child := range n.Children {
		if n.Level > 0 {
			t.leaves(child, take, visit)
			continue
		}
		if take {
			t.r.take(child, symbolNode)
		}
		visit(t.leaf(child))
	}
}

// find looks a name up as the C library does: a child holds the names above
// its left key and up to its right one.
func (t *table) find(name string) (format.SymbolEntry, bool) {
	for addr := t.root; ; {
		n := t.node(addr)
		i := 0
		for i < len(n.Children) && (name <= t.name(n.Names[i]) || name > t.name(n.Names[i+1])) {
			i++
		}
		if i == len(n.Children) {
			return format.SymbolEntry{}, false
		}
		if addr = n.Children[i]; n.Level > 0 {
			continue
		}
		for _, e := range t.leaf(addr).Entries {
			if t.name(e.NameOffset) == name {
				return e, true
			}
		}
		return format.SymbolEntry{}, false
	}
}
