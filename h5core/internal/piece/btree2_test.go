package piece

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/h5serve/h5serve/h5core/internal/format"
	"github.com/h5serve/h5serve/h5core/internal/wire"
)

// number is a record of eight bytes.
type number uint64

func (n number) Fields(c *wire.Codec) {
	v := uint64(n)
	c.U64("number", &v)
}

// A tree of any size holds its records in order, each node within what it can
// hold, and no node but the root below what the merge percentage asks for.
func TestBTree2(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.SampledFrom([]uint64{0, 1, 2, 5, 60, 61, 62, 200, 1000, 3000, 20000}).Draw(t, "about") + rapid.Uint64Range(0, 40).Draw(t, "more")
		header := format.BTree2{
			Type: format.LinkOrders, NodeSize: rapid.SampledFrom([]uint32{128, 512, 2048}).Draw(t, "node size"),
			RecordSize: 8, Split: 100, Merge: 40,
		}
		tree, err := NewBTree2(header, n, func(k int) wire.Structure { return number(3 * k) })
		if err != nil {
			t.Fatal(err)
		}
		const start = 0x4000
		tree.Place().Set(start)
		raw, err := tree.Append(nil)
		if err != nil {
			t.Fatal(err)
		}
		w := &walker{t: t, raw: raw, start: start}
		if _, err := wire.Decode(raw, wire.Default, start, &w.tree); err != nil {
			t.Fatal(err)
		}
		if w.tree.Records != n || (n == 0) != (w.tree.Root == wire.Undefined) {
			t.Fatalf("%d records: %+v", n, w.tree)
		}
		if n > 0 {
			w.walk(w.tree.Root, uint64(w.tree.RootRecords), int(w.tree.Depth))
		}
		if w.next != n || uint64(len(raw)) != tree.headerSize()+uint64(w.nodes)*uint64(header.NodeSize) {
			t.Fatalf("%d records in %d nodes, %d bytes; want %d", w.next, w.nodes, len(raw), n)
		}
	})
}

type walker struct {
	t     *rapid.T
	raw   []byte
	start uint64
	tree  format.BTree2
	next  uint64 // record expected
	nodes int
}

func (w *walker) walk(addr, count uint64, level int) (total uint64) {
	w.nodes++
	node := &format.BTree2Node{Tree: &w.tree, Level: level, Count: int(count)}
	if _, err := wire.Decode(w.raw[addr-w.start:], wire.Default, addr, node); err != nil {
		w.t.Fatal(err)
	}
	most, _ := w.tree.Capacity(wire.Default, level)
	if addr != w.tree.Root && count < most*uint64(w.tree.Merge)/100 {
		w.t.Fatalf("a node of level %d has %d of %d records", level, count, most)
	}
	total = count
	for i := range count + 1 {
		if level > 0 {
			child := node.Children[i]
			below := w.walk(child.Addr, child.Records, level-1)
			if total += below; level > 1 && below != child.Total {
				w.t.Fatalf("a child has %d records below it, its parent says %d", below, child.Total)
			}
		}
		if i == count {
			break
		}
		var got number
		raw := node.Records[i]
		for k := range raw {
			got |= number(raw[k]) << (8 * k)
		}
		if uint64(got) != 3*w.next {
			w.t.Fatalf("record %d is %d", w.next, got)
		}
		w.next++
	}
	return total
}

func TestBTree2RefusesWhatItCannotHold(t *testing.T) {
	if _, err := NewBTree2(format.BTree2{NodeSize: 64, RecordSize: 60}, 3, nil); err == nil {
		t.Error("records larger than half a node are taken")
	}
}
