package index

import (
	"math"
	"math/rand"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/h5serve/h5serve/h5core/internal/format"
	"github.com/h5serve/h5serve/h5core/internal/format/message"
	"github.com/h5serve/h5serve/h5core/internal/wire"
	"github.com/h5serve/h5serve/h5core/space"
)

// somewhere is where the tests put an index.
const somewhere = 0x12340

// chunks are some of the chunks of a grid, each stored where its number says.
type chunks struct {
	grid    space.Grid
	numbers []uint64
}

func (c chunks) Len() int { return len(c.numbers) }

func (c chunks) Coords(k int) []uint64 { return c.grid.Coords(c.numbers[k]) }

func (c chunks) At(k int) ([]uint64, Stored) {
	n := c.numbers[k]
	return c.grid.Coords(n), Stored{Addr: 1000 + 16*n, Size: 1 + n%7, Mask: uint32(n % 3)}
}

// draw draws a grid and which of its chunks are there.
func draw(t *rapid.T) (chunks, []uint64) {
	rank := rapid.IntRange(1, 4).Draw(t, "rank")
	dims, chunk := make([]uint64, rank), make([]uint64, rank)
	most := []uint64{0, 6000, 80, 20, 9}[rank]
	for d := range rank {
		chunk[d] = rapid.Uint64Range(1, 5).Draw(t, "chunk")
		dims[d] = rapid.Uint64Range(1, most*chunk[d]).Draw(t, "dim")
	}
	return present(t, dims, chunk), chunk
}

func present(t *rapid.T, dims, chunk []uint64) chunks {
	grid, err := space.NewGrid(dims, chunk)
	if err != nil {
		t.Fatal(err)
	}
	count, _ := grid.Count()
	c := chunks{grid: grid}
	share := rapid.SampledFrom([]float64{0, 0.01, 0.5, 1}).Draw(t, "share")
	dice := rand.New(rand.NewSource(rapid.Int64().Draw(t, "seed")))
	for n := range count {
		if dice.Float64() < share {
			c.numbers = append(c.numbers, n)
		}
	}
	return c
}

// built places an index and makes its bytes.
func built(t interface{ Fatal(...any) }, p Plan) []byte {
	p.Piece().Place().Set(somewhere)
	out, err := p.Piece().Append(nil)
	if err != nil {
		t.Fatal(err)
	}
	if uint64(len(out)) != p.Piece().Size() {
		t.Fatal(len(out), "bytes, planned", p.Piece().Size())
	}
	return out
}

func TestBTree1HoldsTheChunks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c, chunk := draw(t)
		dims := append(slices.Clone(chunk), 4)
		p := NewBTree1(c, dims)
		if c.Len() == 0 {
			if p.Piece() != nil {
				t.Fatal("a tree without chunks takes room")
			}
			return
		}
		w := &walker{t: t, src: built(t, p), dims: dims, seen: map[uint64]bool{}, right: map[int]uint64{}}
		var l message.Layout
		p.Describe(&l)
		root := w.node(l.Addr)
		if root.Left != wire.Undefined || root.Right != wire.Undefined {
			t.Fatalf("the root has siblings: %+v", root)
		}
		w.walk(l.Addr, int(root.Level))
		if uint64(len(w.seen))*w.size() != uint64(len(w.src)) {
			t.Fatalf("%d nodes of %d bytes in %d", len(w.seen), w.size(), len(w.src))
		}
		for level, right := range w.right {
			if right != wire.Undefined {
				t.Fatalf("the last node of level %d has a right sibling", level)
			}
		}
		w.compare(c)
	})
}

// walker reads a B-tree from its root as a reader does.
type walker struct {
	t     *rapid.T
	src   []byte
	dims  []uint64 // of a chunk, and the element's size
	seen  map[uint64]bool
	right map[int]uint64 // right sibling of the last node seen of each level
	last  map[int]uint64
	keys  []format.ChunkKey
	addrs []uint64
}

func (w *walker) size() uint64 { return 24 + 64*8 + 65*(8+8*uint64(len(w.dims))) }

func (w *walker) node(addr uint64) *format.BTree1 {
	n := &format.BTree1{Type: format.ChunkTree, K: format.ChunkK, Rank: len(w.dims) - 1}
	if addr < somewhere || (addr-somewhere)%w.size() != 0 || addr-somewhere >= uint64(len(w.src)) {
		w.t.Fatalf("no node begins at %#x", addr)
	}
	if _, err := wire.Decode(w.src[addr-somewhere:], wire.Default, addr, n); err != nil {
		w.t.Fatal(err)
	}
	return n
}

// walk visits the subtree and returns its first key and the one behind it.
func (w *walker) walk(addr uint64, level int) (first, end format.ChunkKey) {
	n := w.node(addr)
	if w.seen[addr] || int(n.Level) != level || len(n.Children) == 0 {
		w.t.Fatalf("node %#x of level %d, expected %d: %+v", addr, n.Level, level, n)
	}
	if right, ok := w.right[level]; ok && right != addr || !ok && n.Left != wire.Undefined {
		w.t.Fatalf("node %#x is not the right sibling %#x of the one before", addr, right)
	}
	if w.last == nil {
		w.last = map[int]uint64{}
	}
	if left, ok := w.last[level]; ok && n.Left != left {
		w.t.Fatalf("left sibling of %#x is %#x, not %#x", addr, n.Left, left)
	}
	w.seen[addr], w.right[level], w.last[level] = true, n.Right, addr
	for i, child := range n.Children {
		if slices.Compare(n.Chunks[i].Offset, n.Chunks[i+1].Offset) >= 0 {
			w.t.Fatalf("keys of %#x: %v is not below %v", addr, n.Chunks[i], n.Chunks[i+1])
		}
		if level == 0 {
			w.keys, w.addrs = append(w.keys, n.Chunks[i]), append(w.addrs, child)
			continue
		}
		from, to := w.walk(child, level-1)
		if !slices.Equal(from.Offset, n.Chunks[i].Offset) || !slices.Equal(to.Offset, n.Chunks[i+1].Offset) {
			w.t.Fatalf("child %#x holds %v to %v, its keys say %v to %v", child, from, to, n.Chunks[i], n.Chunks[i+1])
		}
	}
	return n.Chunks[0], n.Chunks[len(n.Children)]
}

func (w *walker) compare(c chunks) {
	if len(w.keys) != c.Len() {
		w.t.Fatalf("%d chunks in the tree, %d in the dataset", len(w.keys), c.Len())
	}
	for k, key := range w.keys {
		coords, at := c.At(k)
		for d := range coords {
			coords[d] *= w.dims[d]
		}
		if !slices.Equal(key.Offset, append(coords, 0)) || key.Size != uint32(at.Size) || key.Mask != at.Mask || w.addrs[k] != at.Addr {
			w.t.Fatalf("chunk %d: %+v at %d, want %v, %+v", k, key, w.addrs[k], coords, at)
		}
	}
}

func TestFixedArrayHoldsTheChunks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c, chunk := draw(t)
		growth := rapid.Uint64Range(0, 3).Draw(t, "growth")
		extent := slices.Clone(c.grid.Dims)
		extent[0] += growth * chunk[0]
		checkFixedArray(t, c, extent, rapid.Bool().Draw(t, "filtered"), rapid.Uint64Range(1, 1<<60).Draw(t, "bytes"))
	})
}

// Around the size of a page, and of several.
func TestFixedArrayPages(t *testing.T) {
	for _, n := range []uint64{1, 1023, 1024, 1025, 2048, 5000, 8 * 1024, 8*1024 + 1} {
		for _, filtered := range []bool{false, true} {
			rapid.Check(t, func(t *rapid.T) {
				c := present(t, []uint64{n}, []uint64{1})
				checkFixedArray(t, c, c.grid.Dims, filtered, 100)
			})
		}
	}
}

func checkFixedArray(t *rapid.T, c chunks, extent []uint64, filtered bool, bytes uint64) {
	grid, err := space.NewGrid(extent, c.grid.Chunk)
	if err != nil {
		t.Fatal(err)
	}
	stored := 0
	if filtered {
		stored = SizeWidth(bytes)
	}
	p, err := NewFixedArray(grid, c, stored)
	if err != nil {
		t.Fatal(err)
	}
	src := built(t, p)
	var l message.Layout
	p.Describe(&l)
	var head format.FixedArray
	if _, err := wire.Decode(src[l.Addr-somewhere:], wire.Default, l.Addr, &head); err != nil || l.Index != message.IndexFixedArray || l.PageBits != head.PageBits {
		t.Fatalf("%+v, %+v, %v", l, head, err)
	}
	count, _ := grid.Count()
	width := 0
	if filtered {
		width = int(head.EntrySize) - 8 - 4
	}
	if head.Entries != count || filtered != (head.Client == 1) || width > 0 != filtered || !filtered && head.EntrySize != 8 {
		t.Fatalf("%d entries, filtered %v: %+v", count, filtered, head)
	}
	block := &format.FixedArrayBlock{PageBits: head.PageBits, SizeWidth: width, Entries: make([]format.ChunkEntry, count)}
	rest := src[head.DataBlock-somewhere:]
	if n, err := wire.Decode(rest, wire.Default, head.DataBlock, block); err != nil || n != len(rest) {
		t.Fatalf("the data block takes %d of %d bytes: %v", n, len(rest), err)
	}
	if block.Header != l.Addr || block.Client != head.Client {
		t.Fatalf("the data block belongs to %#x, client %d", block.Header, block.Client)
	}
	compareEntries(t, c, grid, block.Entries, filtered)
}

func compareEntries(t *rapid.T, c chunks, grid space.Grid, got []format.ChunkEntry, filtered bool) {
	want := make([]format.ChunkEntry, len(got))
	for i := range want {
		want[i].Addr = wire.Undefined
	}
	for k := range c.Len() {
		coords, at := c.At(k)
		want[grid.Linear(coords)].Addr = at.Addr
		if filtered {
			want[grid.Linear(coords)] = format.ChunkEntry{Addr: at.Addr, Size: at.Size, Mask: at.Mask}
		}
	}
	for i := range want {
		if got[i] != want[i] {
			t.Fatalf("entry %d of %d: %+v, want %+v", i, len(want), got[i], want[i])
		}
	}
}

func TestSingle(t *testing.T) {
	grid, _ := space.NewGrid([]uint64{4}, []uint64{4})
	for _, filtered := range []bool{false, true} {
		l := message.Layout{Addr: wire.Undefined}
		NewSingle(chunks{grid, []uint64{0}}, filtered).Describe(&l)
		if l.Index != message.IndexSingle || l.Addr != 1000 || l.StoredSize != 1 || l.Filtered != filtered {
			t.Errorf("%+v", l)
		}
		l = message.Layout{Addr: wire.Undefined}
		p := NewSingle(chunks{grid: grid}, filtered)
		if p.Describe(&l); l.Addr != wire.Undefined || p.Piece() != nil {
			t.Errorf("without the chunk: %+v", l)
		}
	}
}

// The C library computes the width as 1 + (log2(bytes) + 8) / 8, at most 8
// (H5D__farray_crt_context).
func TestSizeWidth(t *testing.T) {
	check := func(n uint64) {
		want := 1 + (int(math.Floor(math.Log2(float64(n))))+8)/8
		if n > 1<<50 { // beyond what a float tells apart
			want = 8
		}
		if got := SizeWidth(n); got != min(want, 8) {
			t.Errorf("SizeWidth(%d) = %d, want %d", n, got, want)
		}
	}
	for n := uint64(1); n < 70000; n++ {
		check(n)
	}
	for shift := 16; shift < 50; shift++ {
		for _, n := range []uint64{1<<shift - 1, 1 << shift, 1<<shift + 1} {
			check(n)
		}
	}
	check(1 << 63)
	check(1<<64 - 1)
}
