package transfer

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"slices"
	"sync/atomic"
	"testing"

	"pgregory.net/rapid"

	"github.com/h5serve/h5serve/h5core/dtype"
	"github.com/h5serve/h5serve/h5core/filter"
	"github.com/h5serve/h5serve/h5core/internal/object"
	"github.com/h5serve/h5serve/h5core/space"
	"github.com/h5serve/h5serve/h5core/vfd"
)

// row is all elements of a dataset in C order.
type row struct {
	data []byte
	size int
}

func (r row) Read(_ context.Context, first uint64, dst []byte) error {
	if copy(dst, r.data[int(first)*r.size:]) < len(dst) {
		return io.ErrUnexpectedEOF
	}
	return nil
}

// draw draws a dataset of a few hundred elements, with chunks that may reach
// beyond it.
func draw(t *rapid.T) (*object.Dataset, space.Grid) {
	rank := rapid.IntRange(1, 4).Draw(t, "rank")
	most := []uint64{0, 60, 14, 8, 6}[rank]
	dims, chunk := make([]uint64, rank), make([]uint64, rank)
	for d := range rank {
		dims[d] = rapid.Uint64Range(1, most).Draw(t, "dim")
		chunk[d] = rapid.Uint64Range(1, most+2).Draw(t, "chunk")
		if rapid.Bool().Draw(t, "whole") {
			chunk[d] = dims[d]
		}
	}
	grid, err := space.NewGrid(dims, chunk)
	if err != nil {
		t.Fatal(err)
	}
	size := rapid.SampledFrom([]uint32{1, 2, 3, 4, 8, 13}).Draw(t, "size")
	d := &object.Dataset{
		Type: dtype.Must(dtype.OpaqueOf(size, "")), Space: space.Space{Kind: space.Simple, Dims: dims},
		Layout: object.Chunked, Chunk: chunk,
	}
	if rapid.Bool().Draw(t, "fill") {
		d.Fill.Value = make([]byte, size)
		for i := range d.Fill.Value {
			d.Fill.Value[i] = 0xf0 + byte(i)
		}
	}
	count, _ := d.Space.Count()
	values := row{make([]byte, count*uint64(size)), int(size)}
	for i := range values.data {
		values.data[i] = byte(i*7 + i>>8)
	}
	d.Values = values
	return d, grid
}

// naive is a chunk, element by element.
func naive(d *object.Dataset, grid space.Grid, number uint64) []byte {
	size := int(d.Type.Size)
	fill := d.Fill.Value
	if fill == nil {
		fill = make([]byte, size)
	}
	coords := grid.Coords(number)
	n := uint64(1)
	for _, c := range grid.Chunk {
		n *= c
	}
	var out []byte
	for i := range n {
		at, rest, inside := uint64(0), i, true
		where := make([]uint64, len(coords))
		for k := len(coords) - 1; k >= 0; k-- {
			where[k] = coords[k]*grid.Chunk[k] + rest%grid.Chunk[k]
			rest /= grid.Chunk[k]
			inside = inside && where[k] < grid.Dims[k]
		}
		for k := range where {
			at = at*grid.Dims[k] + where[k]
		}
		if inside {
			out = append(out, d.Values.(row).data[int(at)*size:int(at+1)*size]...)
		} else {
			out = append(out, fill...)
		}
	}
	return out
}

func TestEncodeGathersEveryChunk(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d, grid := draw(t)
		c := NewChunks(d, grid, nil)
		count, _ := grid.Count()
		var e Encoder // with what the chunk before left in it
		for i := range count {
			got, mask, err := c.Encode(context.Background(), &e, i)
			if want := naive(d, grid, i); err != nil || mask != 0 || !bytes.Equal(got, want) {
				t.Fatalf("chunk %d of %v in %v: %v\n% x\nwant\n% x", i, grid.Dims, grid.Chunk, err, got, want)
			}
		}
	})
}

// numbers draws some chunks of a grid.
func numbers(t *rapid.T, grid space.Grid) (Numbers, []uint64) {
	count, _ := grid.Count()
	var all, some []uint64
	for i := range count {
		all = append(all, i)
		if rapid.Bool().Draw(t, "there") {
			some = append(some, i)
		}
	}
	if len(some) == 0 {
		return First(int(count)), all
	}
	return Listed(some), some
}

func TestWriteWindowIsASliceOfTheWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d, grid := draw(t)
		if rapid.Bool().Draw(t, "filters") {
			d.Filters = filter.Pipeline{filter.NewShuffle(d.Type.Size), filter.NewFletcher32()}
		}
		list, plain := numbers(t, grid)
		c := NewChunks(d, grid, nil)
		var whole []byte
		for _, i := range plain {
			var e Encoder
			stored, _, err := c.Encode(context.Background(), &e, i)
			if err != nil {
				t.Fatal(err)
			}
			whole = append(whole, stored...)
		}
		size := uint64(len(whole) / len(plain))
		for range 8 {
			off := rapid.Uint64Range(0, uint64(len(whole))).Draw(t, "off")
			n := rapid.Uint64Range(0, uint64(len(whole))-off).Draw(t, "n")
			var got bytes.Buffer
			err := c.WriteWindow(context.Background(), &got, list, size, off, n, rapid.IntRange(1, 5).Draw(t, "workers"))
			if err != nil || !bytes.Equal(got.Bytes(), whole[off:off+n]) {
				t.Fatalf("window %d+%d of %d, chunks of %d: %d bytes, %v", off, n, len(whole), size, got.Len(), err)
			}
		}
	})
}

func TestSpoolKeepsTheOrder(t *testing.T) {
	deflate, err := filter.NewDeflate(1)
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		d, grid := draw(t)
		d.Filters = filter.Pipeline{filter.NewShuffle(d.Type.Size), deflate}
		list, plain := numbers(t, grid)
		memory := vfd.NewMemory(vfd.Settings{BlockSize: 512})
		defer memory.Close()
		spooled, err := NewChunks(d, grid, nil).Spool(context.Background(), memory, list, rapid.IntRange(1, 5).Draw(t, "workers"))
		if err != nil || len(spooled) != len(plain) {
			t.Fatal(len(spooled), err)
		}
		for k, s := range spooled {
			stored := make([]byte, s.Size)
			if err := memory.ReadAt(context.Background(), stored, s.From); err != nil {
				t.Fatal(err)
			}
			want := naive(d, grid, plain[k])
			var buf filter.Buffers
			got, err := d.Filters.Decode(&buf, stored, s.Mask, len(want))
			if err != nil || !bytes.Equal(got, want) {
				t.Fatalf("chunk %d: %v", plain[k], err)
			}
		}
	})
}

// whole hands out chunks by their number.
type whole struct{ row }

func (whole) Filled() []uint64 { return []uint64{1, 3} }

func (whole) Chunk(_ context.Context, i uint64, dst []byte) error {
	Repeat(dst, []byte{byte(i), 0xee})
	return nil
}

func TestKeptChunksAreTakenWhole(t *testing.T) {
	grid, _ := space.NewGrid([]uint64{10}, []uint64{3})
	d := &object.Dataset{Type: dtype.Must(dtype.OpaqueOf(2, "")), Values: whole{}}
	var e Encoder
	got, _, err := NewChunks(d, grid, nil).Encode(context.Background(), &e, 3)
	if err != nil || !bytes.Equal(got, []byte{3, 0xee, 3, 0xee, 3, 0xee}) {
		t.Errorf("% x, %v", got, err)
	}
}

// failing fails from its n-th reading on, after doing what it is told to.
type failing struct {
	row
	left *atomic.Int64
	then func()
}

var errSource = errors.New("the source is gone")

func (f failing) Read(ctx context.Context, first uint64, dst []byte) error {
	if f.left.Add(-1) < 0 {
		f.then()
		return errSource
	}
	return f.row.Read(ctx, first, dst)
}

func TestFailuresComeThrough(t *testing.T) {
	grid, _ := space.NewGrid([]uint64{100}, []uint64{10})
	for _, left := range []int64{0, 1, 5, 9} {
		for _, workers := range []int{1, 2, 20} {
			values := failing{row{make([]byte, 100), 1}, new(atomic.Int64), func() {}}
			c := NewChunks(&object.Dataset{Type: dtype.Must(dtype.OpaqueOf(1, "")), Values: values}, grid, nil)
			values.left.Store(left)
			if err := c.WriteWindow(context.Background(), io.Discard, First(10), 10, 0, 100, workers); !errors.Is(err, errSource) {
				t.Errorf("WriteWindow, %d chunks, %d workers: %v", left, workers, err)
			}
			values.left.Store(left)
			memory := vfd.NewMemory(vfd.Settings{})
			if _, err := c.Spool(context.Background(), memory, First(10), workers); !errors.Is(err, errSource) {
				t.Errorf("Spool, %d chunks, %d workers: %v", left, workers, err)
			}
			_ = memory.Close()
		}
	}
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

func TestReceiverFails(t *testing.T) {
	grid, _ := space.NewGrid([]uint64{100}, []uint64{10})
	c := NewChunks(&object.Dataset{Type: dtype.Must(dtype.OpaqueOf(1, "")), Values: row{make([]byte, 100), 1}}, grid, nil)
	if err := c.WriteWindow(context.Background(), broken{}, First(10), 10, 5, 90, 3); !errors.Is(err, io.ErrClosedPipe) {
		t.Error(err)
	}
}

func TestCancelled(t *testing.T) {
	grid, _ := space.NewGrid([]uint64{1000}, []uint64{1})
	values := row{make([]byte, 1000), 1}
	c := NewChunks(&object.Dataset{Type: dtype.Must(dtype.OpaqueOf(1, "")), Values: values}, grid, nil)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	memory := vfd.NewMemory(vfd.Settings{})
	defer memory.Close()
	if _, err := c.Spool(ctx, memory, First(1000), 2); !errors.Is(err, context.Canceled) {
		t.Errorf("Spool: %v", err)
	}
	if err := c.WriteWindow(ctx, io.Discard, First(1000), 1, 0, 1000, 2); !errors.Is(err, context.Canceled) {
		t.Errorf("WriteWindow: %v", err)
	}
	ctx, cancel = context.WithCancel(context.Background())
	var out bytes.Buffer
	err := c.WriteWindow(ctx, writer(func(p []byte) (int, error) { cancel(); return out.Write(p) }), First(1000), 1, 0, 1000, 2)
	if !errors.Is(err, context.Canceled) || out.Len() >= 1000 {
		t.Errorf("cancelled at the first chunk: %d bytes, %v", out.Len(), err)
	}
}

type writer func([]byte) (int, error)

func (w writer) Write(p []byte) (int, error) { return w(p) }

func TestPointersTranslate(t *testing.T) {
	vlen := dtype.Must(dtype.VarLenOf(dtype.Float32(dtype.LittleEndian)))
	i4 := dtype.Must(dtype.Int(4, true, dtype.LittleEndian))
	pair := dtype.Must(dtype.CompoundOf(40, dtype.Member{Name: "n", Type: i4}, dtype.Member{Name: "v", Offset: 8, Type: vlen}))
	mixed := dtype.Must(dtype.Packed(
		dtype.Member{Name: "r", Type: dtype.ObjectReference()}, dtype.Member{Name: "s", Type: dtype.VarString(dtype.UTF8)},
		dtype.Member{Name: "a", Type: dtype.Must(dtype.ArrayOf(vlen, 2))}))
	for _, tc := range []struct {
		name    string
		typ     *dtype.Type
		want    []int // where descriptors begin in an element
		objects []int // where references to objects do
	}{
		{"vlen", vlen, []int{0}, nil},
		{"string", dtype.VarString(dtype.ASCII), []int{0}, nil},
		{"compound with vlen", pair, []int{8}, nil},
		{"array of vlen", dtype.Must(dtype.ArrayOf(vlen, 2, 2)), []int{0, 16, 32, 48}, nil},
		{"array of compounds with vlen", dtype.Must(dtype.ArrayOf(pair, 3)), []int{8, 48, 88}, nil},
		{"compound with reference, string and array of vlen", mixed, []int{8, 24, 40}, []int{0}},
	} {
		const elements = 3
		size := int(tc.typ.Size)
		raw := bytes.Repeat([]byte{0xcc}, elements*size)
		want := slices.Clone(raw)
		for e := range elements {
			for _, off := range tc.want {
				binary.LittleEndian.PutUint64(raw[e*size+off+4:], uint64(e))
				binary.LittleEndian.PutUint64(want[e*size+off+4:], uint64(e)+1000)
			}
			for _, off := range tc.objects {
				binary.LittleEndian.PutUint64(raw[e*size+off:], uint64(e))
				binary.LittleEndian.PutUint64(want[e*size+off:], uint64(e)+5000)
			}
		}
		add := func(n uint64) func([]byte) {
			return func(p []byte) { binary.LittleEndian.PutUint64(p, binary.LittleEndian.Uint64(p)+n) }
		}
		NewPointers(tc.typ, add(1000), add(5000)).Translate(raw)
		if !bytes.Equal(raw, want) {
			t.Errorf("%s:\n% x\nwant\n% x", tc.name, raw, want)
		}
	}
	if p := NewPointers(dtype.Float32(dtype.LittleEndian), nil, nil); p != nil {
		t.Error("a number holds no token")
	}
	var none *Pointers
	none.Translate([]byte{1}) // no tokens: nothing happens
}

func TestRepeat(t *testing.T) {
	for n := range 20 {
		got := bytes.Repeat([]byte{9}, 3*n)
		Repeat(got, []byte{1, 2, 3})
		if !bytes.Equal(got, bytes.Repeat([]byte{1, 2, 3}, n)) {
			t.Errorf("%d elements: % x", n, got)
		}
		if Repeat(got, nil); !bytes.Equal(got, make([]byte, 3*n)) {
			t.Errorf("%d elements of zeros: % x", n, got)
		}
	}
}
