package index

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/h5serve/h5serve/h5core/internal/format"
	"github.com/h5serve/h5serve/h5core/internal/format/message"
	"github.com/h5serve/h5serve/h5core/internal/wire"
	"github.com/h5serve/h5serve/h5core/space"
	"github.com/h5serve/h5serve/h5core/vfd"
)

// memory is a file that begins at an address.
type memory struct {
	start uint64
	data  []byte
	left  int
	waves int
}

func (m *memory) Fetch(_ context.Context, _ vfd.Class, segs []vfd.Segment) error {
	m.waves++
	for _, s := range segs {
		if s.Addr < m.start || s.Addr-m.start > uint64(len(m.data)) || copy(s.Data, m.data[s.Addr-m.start:]) < len(s.Data) {
			return fmt.Errorf("%w: a wave reads what was not written, at %#x", errOutside, s.Addr)
		}
	}
	return nil
}

var (
	errOutside = errors.New("outside")
	errSpent   = errors.New("the budget is used up")
)

func (m *memory) Geometry() wire.Geometry { return wire.Default }
func (m *memory) End() uint64             { return m.start + uint64(len(m.data)) }

func (m *memory) Spend(_ context.Context, nodes int) error {
	if m.left -= nodes; m.left < 0 {
		return errSpent
	}
	return nil
}

func (m *memory) put(t failer, s wire.Structure) (addr uint64) {
	addr = m.End()
	var err error
	if m.data, err = wire.Append(m.data, wire.Default, s); err != nil {
		t.Fatal(err)
	}
	return addr
}

// failer is a *testing.T or *rapid.T.
type failer interface{ Fatal(...any) }

const elementSize = 4

// compare holds a reader to the chunks that were written.
func compare(t failer, r Reader, c chunks, filtered bool, bytes uint64) {
	ctx := context.Background()
	want := func(k int) Stored {
		_, s := c.At(k)
		if !filtered {
			s.Size, s.Mask = bytes, 0
		}
		return s
	}
	seen := 0
	err := r.All(ctx, func(x Chunk) bool {
		k, ok := slices.BinarySearch(c.numbers, c.grid.Linear(x.Coords))
		if !ok || x.Stored != want(k) {
			t.Fatal(fmt.Sprintf("chunk %v: %+v", x.Coords, x.Stored))
		}
		seen++
		return true
	})
	if err != nil || seen != c.Len() {
		t.Fatal(seen, "of", c.Len(), "chunks:", err)
	}
	count, _ := c.grid.Count()
	coords := [][]uint64{c.grid.Coords(count - 1), c.grid.Coords(0), c.grid.Coords(count / 2), c.grid.Coords(0)}
	outside := slices.Clone(c.grid.PerDim())
	outside[0] += 1 << 33
	coords = append(coords, outside)
	for k := range c.Len() {
		x, _ := c.At(k)
		coords = append(coords, x)
	}
	got, err := r.Find(ctx, coords)
	if err != nil || len(got) != len(coords) {
		t.Fatal("find:", err)
	}
	for i, x := range coords {
		s := none
		if i != 4 {
			if k, ok := slices.BinarySearch(c.numbers, c.grid.Linear(x)); ok {
				s = want(k)
			}
		}
		if got[i] != s {
			t.Fatal(fmt.Sprintf("find %v: %+v, want %+v", x, got[i], s))
		}
	}
	ended := 0
	if err := r.All(ctx, func(Chunk) bool { ended++; return false }); err != nil || ended > 1 {
		t.Fatal("a walk that was ended saw", ended, "chunks:", err)
	}
}

func volume(chunk []uint64) uint64 {
	n := uint64(elementSize)
	for _, c := range chunk {
		n *= c
	}
	return n
}

func reader(t failer, m *memory, l *message.Layout, dims, most, chunk []uint64, filtered bool) Reader {
	l.Class, l.Chunk = message.Chunked, append(slices.Clone(chunk), elementSize)
	r, err := Open(m, l, space.Space{Kind: space.Simple, Dims: dims, Max: most}, elementSize, filtered)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// What plans write, readers find.
func TestReadersFindWhatPlansWrite(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c, chunk := draw(t)
		filtered := rapid.Bool().Draw(t, "filtered")
		l := &message.Layout{Version: 3, Addr: wire.Undefined}
		p := NewBTree1(c, append(slices.Clone(chunk), elementSize))
		m := &memory{start: somewhere, left: 1 << 20}
		if p.Piece() != nil {
			m.data = built(t, p)
			p.Describe(l)
		}
		compare(t, reader(t, m, l, c.grid.Dims, nil, chunk, filtered), c, filtered, volume(chunk))

		width := 0
		if filtered {
			width = 3
		}
		p, err := NewFixedArray(c.grid, c, width)
		if err != nil {
			t.Fatal(err)
		}
		m = &memory{start: somewhere, data: built(t, p), left: 1 << 20}
		l = &message.Layout{Version: 4}
		p.Describe(l)
		compare(t, reader(t, m, l, c.grid.Dims, c.grid.Dims, chunk, filtered), c, filtered, volume(chunk))
	})
}

// A fixed array of which only some pages were ever written: the others hold
// what does not even have a checksum.
func TestFixedArrayPagesThatWereNotWritten(t *testing.T) {
	grid, _ := space.NewGrid([]uint64{2600}, []uint64{1})
	c := chunks{grid: grid, numbers: []uint64{3, 1030}}
	p, err := NewFixedArray(grid, c, 0)
	if err != nil {
		t.Fatal(err)
	}
	m := &memory{start: somewhere, data: built(t, p), left: 1 << 20}
	l := &message.Layout{Version: 4}
	p.Describe(l)
	block := m.data[28:] // prefix of 14 bytes, a bitmap of 1, a checksum
	block[14] = 0xc0
	sum := wire.Lookup3(block[:15], 0)
	copy(block[15:], []byte{byte(sum), byte(sum >> 8), byte(sum >> 16), byte(sum >> 24)})
	clear(block[19+2*8196:])
	compare(t, reader(t, m, l, grid.Dims, nil, grid.Chunk, false), c, false, elementSize)
	m.waves = 0
	r := reader(t, m, l, grid.Dims, nil, grid.Chunk, false)
	if _, err := r.Find(context.Background(), [][]uint64{{0}, {1}, {2000}}); err != nil || m.waves != 3 {
		t.Errorf("%v, %d waves for header, directory and pages", err, m.waves)
	}
	block[30]++
	_, err = r.Find(context.Background(), [][]uint64{{0}})
	var f *wire.Fault
	if !errors.As(err, &f) || f.Field != "checksum" {
		t.Errorf("a spoiled page: %v", err)
	}
}

// extend writes an extensible array with small blocks and pages: numbers are
// those of the elements.
func extend(t failer, c chunks, number func(coords []uint64) uint64, filtered bool) (*memory, *message.Layout) {
	a := &format.ExtensibleArray{ElementSize: 8, MaxBits: 20, IndexCount: 3, BlockMin: 2, SuperMin: 2, PageBits: 3}
	if filtered {
		a.Client, a.ElementSize = 1, 8+4+4
	}
	m := &memory{start: somewhere, left: 1 << 20, data: make([]byte, 16+6*8+8)}
	entries := map[uint64]format.ChunkEntry{}
	for k := range c.Len() {
		coords, s := c.At(k)
		entries[number(coords)] = format.ChunkEntry{Addr: s.Addr, Size: s.Size, Mask: s.Mask}
		a.MaxSet = max(a.MaxSet, number(coords)+1)
	}
	run := func(first, n uint64) (list []format.ChunkEntry, any bool) {
		for i := first; i < first+n; i++ {
			e, ok := entries[i]
			if any = any || ok; !ok {
				e.Addr = wire.Undefined
			}
			list = append(list, e)
		}
		return list, any
	}
	index := &format.ArrayIndexBlock{Array: a, Header: somewhere}
	index.Entries, _ = run(0, uint64(a.IndexCount))
	for i := range a.DirectBlocks() {
		first, n := a.DirectPlace(i)
		addr := wire.Undefined
		if list, any := run(first, n); any {
			addr = m.put(t, &format.ArrayDataBlock{Array: a, Count: n, Header: somewhere, Entries: list})
		}
		index.DataBlocks = append(index.DataBlocks, addr)
	}
	for s := range a.SuperBlocksNamed() {
		index.SuperBlocks = append(index.SuperBlocks, superBlock(t, m, a, s, run))
	}
	a.IndexBlock = m.put(t, index)
	head, err := wire.Append(nil, wire.Default, a)
	if err != nil {
		t.Fatal(err)
	}
	copy(m.data, head)
	return m, &message.Layout{Version: 4, Index: message.IndexExtensibleArray, Addr: somewhere}
}

func superBlock(t failer, m *memory, a *format.ExtensibleArray, s int, run func(first, n uint64) ([]format.ChunkEntry, bool)) uint64 {
	if a.First(s, 0) >= a.MaxSet {
		return wire.Undefined
	}
	blocks, n := a.SuperPlace(s)
	super := &format.ArraySuperBlock{Array: a, Super: s, Header: somewhere}
	pages := a.Pages(n)
	super.Bitmap = make([]byte, blocks*((pages+7)/8))
	for i := range int(blocks) {
		first := a.First(s, i)
		list, any := run(first, n)
		if !any {
			super.DataBlocks = append(super.DataBlocks, wire.Undefined)
			continue
		}
		block := &format.ArrayDataBlock{Array: a, Count: n, Header: somewhere}
		if pages == 0 {
			block.Entries = list
		}
		super.DataBlocks = append(super.DataBlocks, m.put(t, block))
		for p := range pages {
			page := &format.ArrayPage{Array: a}
			if page.Entries, any = run(first+p<<a.PageBits, 1<<a.PageBits); !any {
				m.data = append(m.data, make([]byte, page.Size())...)
				continue
			}
			m.put(t, page)
			bit := uint64(i)*pages + p
			super.Bitmap[bit/8] |= 0x80 >> (bit % 8)
		}
	}
	return m.put(t, super)
}

func TestExtensibleArrayReader(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c, chunk := draw(t)
		filtered := rapid.Bool().Draw(t, "filtered")
		endless := rapid.IntRange(0, len(chunk)-1).Draw(t, "unlimited axis")
		most := slices.Clone(c.grid.Dims)
		most[endless] = space.Unlimited
		// The unlimited axis goes first, the others follow in their order.
		number := func(coords []uint64) uint64 {
			n := coords[endless]
			for d, x := range coords {
				if d != endless {
					n = n*c.grid.PerDim()[d] + x
				}
			}
			return n
		}
		m, l := extend(t, c, number, filtered)
		compare(t, reader(t, m, l, c.grid.Dims, most, chunk, filtered), c, filtered, volume(chunk))
	})
}

// plant writes a version 2 B-tree of chunks with one level above its leaves.
func plant(t failer, c chunks, filtered bool) (*memory, *message.Layout) {
	rank := len(c.grid.Dims)
	record := &format.ChunkRecord{}
	tree := &format.BTree2{Type: format.ChunkRecords, NodeSize: 4096, RecordSize: uint16(8 + 8*rank), Root: wire.Undefined}
	if filtered {
		record.SizeWidth = 3
		tree.Type, tree.RecordSize = format.ChunkRecordsFiltered, tree.RecordSize+3+4
	}
	m := &memory{start: somewhere, left: 1 << 20}
	raw := func(k int) []byte {
		coords, s := c.At(k)
		record.ChunkEntry, record.Scaled = format.ChunkEntry{Addr: s.Addr, Size: s.Size, Mask: s.Mask}, coords
		p, err := wire.Append(nil, wire.Default, record)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	root := &format.BTree2Node{Tree: tree, Level: 1}
	tree.Depth = 1
	const perLeaf = 60
	for lo := 0; lo < c.Len() || lo == 0 && c.Len() > 0; lo += perLeaf + 1 {
		leaf := &format.BTree2Node{Tree: tree}
		for k := lo; k < min(lo+perLeaf, c.Len()); k++ {
			leaf.Records = append(leaf.Records, raw(k))
		}
		leaf.Count = len(leaf.Records)
		root.Children = append(root.Children, format.BTree2Child{Addr: m.put(t, leaf), Records: uint64(leaf.Count)})
		if lo+perLeaf < c.Len() {
			root.Records = append(root.Records, raw(lo+perLeaf))
		}
	}
	if root.Count = len(root.Records); root.Count > 0 {
		if len(root.Children) == root.Count { // the last record has no leaf behind it
			root.Children = append(root.Children, format.BTree2Child{Addr: m.put(t, &format.BTree2Node{Tree: tree})})
		}
		tree.Root, tree.RootRecords = m.put(t, root), uint16(root.Count)
	} else if c.Len() > 0 {
		tree.Depth, tree.Root, tree.RootRecords = 0, root.Children[0].Addr, uint16(root.Children[0].Records)
	}
	return m, &message.Layout{Version: 4, Index: message.IndexBTree2, Addr: m.put(t, tree)}
}

func TestBTree2Reader(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c, chunk := draw(t)
		c.numbers = c.numbers[:min(len(c.numbers), 3000)]
		filtered := rapid.Bool().Draw(t, "filtered")
		m, l := plant(t, c, filtered)
		compare(t, reader(t, m, l, c.grid.Dims, nil, chunk, filtered), c, filtered, volume(chunk))
	})
}

func TestImplicitAndSingleReader(t *testing.T) {
	ctx := context.Background()
	m := &memory{start: 1000, data: make([]byte, 6*6*elementSize), left: 100}
	l := &message.Layout{Version: 4, Index: message.IndexImplicit, Addr: 1000}
	r := reader(t, m, l, []uint64{4, 4}, []uint64{4, 9}, []uint64{2, 3}, false)
	var got []Chunk
	if err := r.All(ctx, func(c Chunk) bool {
		got = append(got, Chunk{slices.Clone(c.Coords), c.Stored})
		return true
	}); err != nil || len(got) != 6 || got[4].Addr != 1000+4*24 || got[4].Size != 24 || !slices.Equal(got[4].Coords, []uint64{1, 1}) {
		t.Errorf("%+v, %v", got, err)
	}
	found, err := r.Find(ctx, [][]uint64{{1, 2}, {2, 0}})
	if err != nil || found[0].Addr != 1000+5*24 || found[1] != none {
		t.Errorf("%+v, %v", found, err)
	}
	m.data = m.data[:100]
	if err := r.All(ctx, func(Chunk) bool { return true }); err == nil {
		t.Error("chunks behind the end of the file were given")
	}

	l = &message.Layout{Version: 4, Index: message.IndexSingle, Addr: 1000, Filtered: true, StoredSize: 7, StoredMask: 1}
	r = reader(t, m, l, []uint64{4}, nil, []uint64{4}, true)
	found, err = r.Find(ctx, [][]uint64{{0}, {1}})
	if err != nil || found[0] != (Stored{1000, 7, 1}) || found[1] != none {
		t.Errorf("%+v, %v", found, err)
	}
}

func TestOpenRefuses(t *testing.T) {
	m := &memory{}
	for name, c := range map[string]struct {
		l          message.Layout
		dims, most []uint64
	}{
		"another rank":             {message.Layout{Version: 3, Chunk: []uint64{2, 2, 4}}, []uint64{4}, nil},
		"a scalar":                 {message.Layout{Version: 3, Chunk: []uint64{4}}, nil, nil},
		"a chunk without elements": {message.Layout{Version: 3, Chunk: []uint64{0, 4}}, []uint64{4}, nil},
		"a chunk beyond 64 bits":   {message.Layout{Version: 4, Chunk: []uint64{1 << 63, 4}}, []uint64{4}, nil},
		"an unknown index":         {message.Layout{Version: 4, Index: 6, Chunk: []uint64{2, 4}}, []uint64{4}, nil},
		"a fixed array that grows": {message.Layout{Version: 4, Index: message.IndexFixedArray, Chunk: []uint64{2, 4}}, []uint64{4}, []uint64{space.Unlimited}},
		"no unlimited axis":        {message.Layout{Version: 4, Index: message.IndexExtensibleArray, Chunk: []uint64{2, 4}}, []uint64{4}, nil},
		"two unlimited axes": {
			message.Layout{Version: 4, Index: message.IndexExtensibleArray, Chunk: []uint64{2, 2, 4}}, []uint64{4, 4}, []uint64{space.Unlimited, space.Unlimited},
		},
		"more chunks than numbers": {
			message.Layout{Version: 4, Index: message.IndexFixedArray, Chunk: []uint64{1, 1, 4}}, []uint64{1 << 40, 1 << 40}, nil,
		},
	} {
		c.l.Class = message.Chunked
		var f *wire.Fault
		if _, err := Open(m, &c.l, space.Space{Kind: space.Simple, Dims: c.dims, Max: c.most}, elementSize, false); !errors.As(err, &f) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzReaders(f *testing.F) {
	grid, _ := space.NewGrid([]uint64{40, 3}, []uint64{1, 3})
	c := chunks{grid: grid, numbers: []uint64{0, 1, 2, 5, 17, 30, 39}}
	m, l := extend(f, c, func(x []uint64) uint64 { return x[0] }, true)
	f.Add(m.data, uint16(0), l.Index, true)
	m, l = plant(f, c, true)
	f.Add(m.data, uint16(l.Addr-somewhere), l.Index, true)
	for _, width := range []int{0, 2} {
		p, err := NewFixedArray(grid, c, width)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(built(f, p), uint16(0), uint8(message.IndexFixedArray), width > 0)
	}
	f.Add(built(f, NewBTree1(c, []uint64{1, 3, elementSize})), uint16(0), uint8(message.IndexBTree1), false)
	f.Fuzz(func(t *testing.T, data []byte, at uint16, kind uint8, filtered bool) {
		ctx := context.Background()
		m := &memory{start: somewhere, data: data, left: 1000}
		l := &message.Layout{Version: 4, Class: message.Chunked, Index: kind, Addr: somewhere + uint64(at), Chunk: []uint64{1, 3, elementSize}}
		s := space.Space{Kind: space.Simple, Dims: []uint64{40, 3}}
		if kind == message.IndexExtensibleArray {
			s.Max = []uint64{space.Unlimited, 3}
		}
		r, err := Open(m, l, s, elementSize, filtered)
		if err != nil {
			return
		}
		check := func(err error) {
			var fault *wire.Fault
			if err != nil && !errors.As(err, &fault) && !errors.Is(err, errSpent) && !errors.Is(err, errOutside) {
				t.Fatal(err)
			}
		}
		check(r.All(ctx, func(Chunk) bool { return true }))
		_, err = r.Find(ctx, [][]uint64{{0, 0}, {39, 0}, {17, 0}, {1 << 62, 0}})
		check(err)
	})
}
