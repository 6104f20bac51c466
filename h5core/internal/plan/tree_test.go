package plan

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	"github.com/h5serve/h5serve/h5core/dtype"
	"github.com/h5serve/h5serve/h5core/filter"
	"github.com/h5serve/h5serve/h5core/internal/object"
	"github.com/h5serve/h5serve/h5core/internal/piece"
	"github.com/h5serve/h5serve/h5core/internal/transfer"
	"github.com/h5serve/h5serve/h5core/space"
	"github.com/h5serve/h5serve/h5core/vfd"
)

var (
	i4   = dtype.Must(dtype.Int(4, true, dtype.LittleEndian))
	i8   = dtype.Must(dtype.Int(8, true, dtype.LittleEndian))
	vstr = dtype.VarString(dtype.UTF8)
	row  = dtype.Must(dtype.Packed(
		dtype.Member{Name: "id", Type: i4}, dtype.Member{Name: "name", Type: vstr},
		dtype.Member{Name: "xy", Type: dtype.Must(dtype.ArrayOf(dtype.Float64(dtype.BigEndian), 2))}))
)

func simple(dims ...uint64) space.Space { return space.Space{Kind: space.Simple, Dims: dims} }

func settingsAt(low Libver, memory *vfd.Memory) Settings {
	return Settings{
		Low: low, High: Latest, Workers: 2, Memory: memory,
		AttributeHeap: piece.NewGlobalHeap(memory), DataHeap: piece.NewGlobalHeap(memory),
	}
}

func newMemory(t interface{ Cleanup(func()) }) *vfd.Memory {
	m := vfd.NewMemory(vfd.Settings{BlockSize: 4096})
	t.Cleanup(func() { _ = m.Close() })
	return m
}

// elements are the values of a dataset in C order, outside the file's memory.
type elements struct {
	data []byte
	size uint64
}

func (e elements) Read(_ context.Context, first uint64, dst []byte) error {
	if copy(dst, e.data[first*e.size:]) < len(dst) {
		return fmt.Errorf("read beyond the values")
	}
	return nil
}

// inMemory are elements that lie in the file's memory.
type inMemory struct {
	elements
	at uint64
}

func (m inMemory) At() uint64 { return m.at }

// kept are elements of which some chunks were never filled.
type kept struct {
	elements
	d      *object.Dataset
	grid   space.Grid
	filled []uint64
}

func (k kept) Filled() []uint64 { return k.filled }

func (k kept) Chunk(ctx context.Context, i uint64, dst []byte) error {
	var e transfer.Encoder
	plain := *k.d
	plain.Values, plain.Filters = k.elements, nil
	raw, _, err := transfer.NewChunks(&plain, k.grid, nil).Encode(ctx, &e, i)
	copy(dst, raw)
	return err
}

// maker makes a tree from choices: pick(n) is any number from 0 to n-1.
type maker struct {
	pick     func(n int) int
	settings Settings
	texts    map[*piece.GlobalHeap]map[[2]uint64]string
	err      error
}

func (m *maker) check(err error) {
	if m.err == nil {
		m.err = err
	}
}

func (m *maker) tree() *object.Group {
	m.texts = map[*piece.GlobalHeap]map[[2]uint64]string{m.settings.AttributeHeap: {}, m.settings.DataHeap: {}}
	root := &object.Group{Object: object.Object{Links: 1, TrackOrder: m.pick(4) == 0}, TrackLinks: m.pick(4) == 0}
	m.attributes(&root.Object)
	nodes, groups := []object.Node{root}, []*object.Group{root}
	for i := range m.pick(30) {
		l := &object.Link{Name: m.name(i), Kind: object.Hard}
		parent := groups[m.pick(len(groups))]
		switch m.pick(9) {
		case 0, 1, 2:
			g := &object.Group{TrackLinks: m.pick(5) == 0}
			m.attributes(&g.Object)
			l.Node, groups = g, append(groups, g)
			nodes = append(nodes, g)
		case 3, 4, 5, 6:
			l.Node = m.dataset()
			nodes = append(nodes, l.Node)
		case 7: // to anything that there is, its own ancestors too
			l.Node = nodes[m.pick(len(nodes))]
		case 8:
			l.Kind, l.Path = object.Soft, "/no/"+strings.Repeat("where", m.pick(5))
			if m.pick(3) == 0 {
				l.Kind, l.File = object.External, "other.h5"
			}
		}
		parent.Add(l)
	}
	return root
}

func (m *maker) name(i int) string {
	switch m.pick(8) {
	case 0:
		return fmt.Sprintf("é%d", i)
	case 1:
		return fmt.Sprintf("%s%d", strings.Repeat("long", m.pick(100)), i)
	}
	return fmt.Sprintf("%c%d", 'a'+rune(m.pick(26)), i)
}

// attributes adds none, a few, or more than a header's first chunk holds.
func (m *maker) attributes(o *object.Object) {
	n, most := m.pick(4), 20
	if m.pick(6) == 0 {
		n, most = 2+m.pick(12), 15000
	}
	for i := range n {
		a := &object.Attribute{Name: fmt.Sprintf("%s%d", []string{"a", "ü"}[m.pick(2)], i)}
		switch m.pick(4) {
		case 0:
			a.Type, a.Space = vstr, space.Space{Kind: space.Scalar}
		case 1:
			a.Type, a.Space = row, simple(uint64(m.pick(3)))
		case 2:
			a.Type, a.Space = i4, space.Space{Kind: space.Null}
		case 3:
			a.Type, a.Space = i4, simple(uint64(m.pick(most)))
		}
		a.Data = m.values(a.Type, a.Space, m.settings.AttributeHeap)
		o.Attributes = append(o.Attributes, a)
	}
}

// values makes the elements of a space; their texts go to a heap.
func (m *maker) values(t *dtype.Type, s space.Space, heap *piece.GlobalHeap) []byte {
	count, err := s.Count()
	m.check(err)
	data := make([]byte, count*uint64(t.Size))
	for i := range data {
		data[i] = byte(i>>3 + m.pick(2))
	}
	for ; t.HasVarLen() && count > 0; count-- {
		element := data[(count-1)*uint64(t.Size):][:t.Size]
		for off := range dtype.Fields(t.Pointers()) {
			m.text(element[off:], heap)
		}
	}
	return data
}

func (m *maker) text(descriptor []byte, heap *piece.GlobalHeap) {
	clear(descriptor[:16])
	if m.pick(5) == 0 {
		return // the null descriptor
	}
	text := strings.Repeat("text", m.pick(40)) + "."
	if m.pick(50) == 0 {
		text = strings.Repeat("text", 20000)
	}
	token, index, err := heap.Put([]byte(text))
	m.check(err)
	m.texts[heap][[2]uint64{token, uint64(index)}] = text
	binary.LittleEndian.PutUint32(descriptor, uint32(len(text)))
	binary.LittleEndian.PutUint64(descriptor[4:], token)
	binary.LittleEndian.PutUint32(descriptor[12:], index)
}

func (m *maker) dataset() *object.Dataset {
	d := &object.Dataset{
		Object: object.Object{TrackOrder: m.pick(5) == 0}, Type: []*dtype.Type{i4, i8, vstr, row}[m.pick(4)],
		Layout: object.Layout(m.pick(3)),
	}
	d.Space = []space.Space{{Kind: space.Scalar}, {Kind: space.Null}, simple(0), simple(7), simple(40), simple(9, 11), simple(3, 4, 5)}[m.pick(7)]
	m.attributes(&d.Object)
	if !d.Type.HasVarLen() && m.pick(3) == 0 {
		d.Fill.Value = bytes.Repeat([]byte{0xfe}, int(d.Type.Size))
	}
	if d.Space.Kind != space.Simple {
		d.Layout = object.Layout(m.pick(2))
	}
	if d.Layout == object.Chunked {
		m.chunks(d)
	}
	if m.pick(5) == 0 {
		return d // nobody filled any element
	}
	e := elements{m.values(d.Type, d.Space, m.settings.DataHeap), uint64(d.Type.Size)}
	d.Values = e
	switch {
	case d.Layout == object.Contiguous && m.pick(2) == 0:
		at, err := m.settings.Memory.Append(context.Background(), e.data)
		m.check(err)
		d.Values = inMemory{e, at}
	case d.Layout == object.Chunked && !d.Type.HasVarLen() && m.pick(2) == 0:
		grid, err := space.NewGrid(d.Space.Dims, d.Chunk)
		m.check(err)
		k := kept{elements: e, d: d, grid: grid}
		count, _ := grid.Count()
		for i := range count {
			if m.pick(3) == 0 {
				k.filled = append(k.filled, i)
			}
		}
		d.Values = k
	}
	return d
}

func (m *maker) chunks(d *object.Dataset) {
	grows := m.pick(3)
	for i, n := range d.Space.Dims {
		d.Chunk = append(d.Chunk, uint64(1+m.pick(int(n)+1)))
		if m.pick(3) == 0 {
			d.Chunk[i] = max(n, 1)
		}
		switch grows {
		case 1:
			d.Space.Max = append(d.Space.Max, n+uint64(m.pick(30)))
		case 2:
			d.Space.Max = append(d.Space.Max, space.Unlimited)
		}
		if d.Space.Max != nil {
			d.Space.Max[i] = max(d.Space.Max[i], d.Chunk[i])
		}
	}
	if deflate, err := filter.NewDeflate(1 + m.pick(3)); m.pick(2) == 0 {
		m.check(err)
		d.Filters = [...]filter.Pipeline{
			{filter.NewShuffle(d.Type.Size), filter.NewFletcher32()}, {deflate}, {filter.NewShuffle(d.Type.Size), deflate, filter.NewFletcher32()},
		}[m.pick(3)]
	}
}

// written gives a planned file's bytes.
func written(t interface{ Fatal(...any) }, p *Plan) []byte {
	var b bytes.Buffer
	if err := p.WriteWindow(context.Background(), &b, 0, p.Size()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// built plans a tree at a low bound and writes it.
func built(t testing.TB, root *object.Group, low Libver) []byte {
	t.Helper()
	p, err := Build(context.Background(), root, settingsAt(low, newMemory(t)))
	if err != nil {
		t.Fatal(err)
	}
	return written(t, p)
}
