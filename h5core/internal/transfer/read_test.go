package transfer

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"pgregory.net/rapid"

	"github.com/h5serve/h5serve/h5core/filter"
	"github.com/h5serve/h5serve/h5core/internal/index"
	"github.com/h5serve/h5serve/h5core/internal/object"
	"github.com/h5serve/h5serve/h5core/internal/wire"
	"github.com/h5serve/h5serve/h5core/space"
	"github.com/h5serve/h5serve/h5core/vfd"
)

// disk is a file in memory that counts what is fetched of it.
type disk struct {
	data    []byte
	fetched atomic.Int64
	waves   atomic.Int64
}

func (d *disk) Fetch(ctx context.Context, _ vfd.Class, segs []vfd.Segment) error {
	d.waves.Add(1)
	for _, s := range segs {
		d.fetched.Add(int64(len(s.Data)))
		copy(s.Data, d.data[s.Addr:])
	}
	return ctx.Err()
}

// places is an index in memory.
type places struct {
	grid   space.Grid
	stored map[uint64]index.Stored
}

func (p places) Find(_ context.Context, coords [][]uint64) ([]index.Stored, error) {
	out := make([]index.Stored, len(coords))
	for i, c := range coords {
		var ok bool
		if out[i], ok = p.stored[p.grid.Linear(c)]; !ok {
			out[i].Addr = wire.Undefined
		}
	}
	return out, nil
}

func (places) All(context.Context, func(index.Chunk) bool) error { return nil }

// counted is a filter that counts how often it decodes.
type counted struct {
	decoded *atomic.Int64
	wait    chan struct{} // closed when decoding may go on
}

func (counted) ID() filter.ID                                      { return 300 }
func (counted) Name() string                                       { return "counted" }
func (counted) Extent(in filter.Extent, _ []uint32) filter.Extent  { return in }
func (counted) Encode(dst, src []byte, _ []uint32) ([]byte, error) { return append(dst, src...), nil }
func (c counted) Decode(dst, src []byte, _ []uint32, _ int) ([]byte, error) {
	c.decoded.Add(1)
	if c.wait != nil {
		<-c.wait
	}
	return append(dst, src...), nil
}

// store puts the chunks of a dataset on a disk, without those that leave says.
func store(t testing.TB, d *object.Dataset, grid space.Grid, leave func(i uint64) bool) (*Stored, *disk) {
	t.Helper()
	at := places{grid, map[uint64]index.Stored{}}
	on := &disk{data: make([]byte, 64)}
	var e Encoder
	chunks := NewChunks(d, grid, nil)
	n, err := grid.Count()
	if err != nil {
		t.Fatal(err)
	}
	for i := range n {
		if leave(i) {
			continue
		}
		raw, mask, err := chunks.Encode(context.Background(), &e, i)
		if err != nil {
			t.Fatal(err)
		}
		at.stored[i] = index.Stored{Addr: uint64(len(on.data)), Size: uint64(len(raw)), Mask: mask}
		on.data = append(on.data, raw...)
	}
	return &Stored{
		File: on, Room: func(addr uint64) uint64 { return uint64(len(on.data)) - min(addr, uint64(len(on.data))) }, Dims: grid.Dims, Size: int(d.Type.Size), Fill: d.Fill.Value, Workers: 2,
		Chunk: grid.Chunk, Index: at, Filters: d.Filters, Cache: NewCache(DefaultCache),
	}, on
}

// drawSelection draws a box, a strided hyperslab or points.
func drawSelection(t *rapid.T, dims []uint64) space.Selection {
	rank := len(dims)
	if rapid.Bool().Draw(t, "points") {
		n := rapid.IntRange(1, 40).Draw(t, "how many")
		coords := make([]uint64, 0, n*rank)
		for range n {
			for _, d := range dims {
				coords = append(coords, rapid.Uint64Range(0, d-1).Draw(t, "x"))
			}
		}
		p, err := space.Points(rank, coords)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	h := space.Hyperslab{Start: make([]uint64, rank), Stride: make([]uint64, rank), Count: make([]uint64, rank), Block: make([]uint64, rank)}
	whole := rapid.Bool().Draw(t, "whole axes")
	for i, d := range dims {
		h.Start[i] = rapid.Uint64Range(0, d-1).Draw(t, "start")
		h.Block[i] = rapid.Uint64Range(1, d-h.Start[i]).Draw(t, "block")
		h.Stride[i] = h.Block[i] + rapid.Uint64Range(0, 3).Draw(t, "gap")
		h.Count[i] = rapid.Uint64Range(1, (d-h.Start[i]-h.Block[i])/h.Stride[i]+1).Draw(t, "count")
		if whole && i > 0 {
			h.Start[i], h.Stride[i], h.Count[i], h.Block[i] = 0, d, 1, d
		}
	}
	return h
}

// TestReadLikeBruteForce reads selections of datasets of any layout, filters
// and cache, some of whose chunks nobody wrote, and picks the same elements
// one by one.
func TestReadLikeBruteForce(t *testing.T) {
	deflate, err := filter.NewDeflate(4)
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(rt *rapid.T) {
		d, grid := draw(rt)
		for _, step := range []filter.Step{filter.NewShuffle(d.Type.Size), deflate, filter.NewFletcher32()} {
			if rapid.Bool().Draw(rt, step.Filter.Name()) {
				d.Filters = append(d.Filters, step)
			}
		}
		holes := rapid.Uint64Range(1, 5).Draw(rt, "holes")
		s, on := store(t, d, grid, func(i uint64) bool { return i%holes == 1 })
		s.Far = rapid.Bool().Draw(rt, "far")
		s.Workers = rapid.IntRange(1, 3).Draw(rt, "workers")
		s.Cache.Set(CacheSettings{rapid.IntRange(0, 3).Draw(rt, "slots"), rapid.Uint64Range(0, 2000).Draw(rt, "bytes"), 0.75})
		all := d.Values.(row).data
		size := int(d.Type.Size)
		want := bytes.Repeat(d.Fill.Value, len(all)/size)
		if d.Fill.Value == nil {
			want = make([]byte, len(all))
		}
		for i := range len(all) / size {
			if chunkOf(grid, uint64(i))%holes != 1 {
				copy(want[i*size:(i+1)*size], all[i*size:])
			}
		}
		if rapid.Bool().Draw(rt, "contiguous") {
			s.Chunk, s.Addr, want = nil, uint64(len(on.data)), all
			on.data = append(on.data, all...)
		}
		for range 3 {
			sel := drawSelection(rt, grid.Dims)
			var picked []byte
			for r := range sel.Runs(grid.Dims) {
				picked = append(picked, want[int(r.Offset)*size:int(r.Offset+r.Count)*size]...)
			}
			got := make([]byte, len(picked))
			if err := s.Read(context.Background(), sel, got); err != nil {
				rt.Fatal(err)
			}
			if !bytes.Equal(got, picked) {
				rt.Fatalf("%+v of %v in %v:\n%x\nwant\n%x", sel, grid.Dims, grid.Chunk, got, picked)
			}
		}
	})
}

func chunkOf(grid space.Grid, element uint64) uint64 {
	number, _, _ := cutter{grid}.locate(element, 1)
	return number
}

// line is a dataset of one axis, of n chunks with m words of 8 bytes each.
func line(t testing.TB, n, m uint64, steps ...filter.Step) (*Stored, *disk) {
	t.Helper()
	grid, err := space.NewGrid([]uint64{n * m}, []uint64{m})
	if err != nil {
		t.Fatal(err)
	}
	data := make([]byte, 8*n*m)
	for i := range n * m {
		binary.LittleEndian.PutUint64(data[8*i:], i)
	}
	d := &object.Dataset{Type: words, Values: row{data, 8}, Filters: steps}
	return store(t, d, grid, func(uint64) bool { return false })
}

func readWords(t testing.TB, s *Stored, first, n uint64) {
	t.Helper()
	got := make([]byte, 8*n)
	if err := s.Read(context.Background(), space.Slab(space.Box{Start: []uint64{first}, Count: []uint64{n}}), got); err != nil {
		t.Error(err)
		return
	}
	for i := range n {
		if v := binary.LittleEndian.Uint64(got[8*i:]); v != first+i {
			t.Errorf("element %d is %d", first+i, v)
			return
		}
	}
}

// TestDecodedOnceForAllWhoWait has sixteen goroutines want chunks while the
// first of them still decodes: parts that are kept, and whole chunks of a read
// that passes the cache by.
func TestDecodedOnceForAllWhoWait(t *testing.T) {
	for name, c := range map[string]struct {
		cache    CacheSettings
		first, n uint64
	}{
		"part":              {DefaultCache, 3, 50},
		"whole":             {DefaultCache, 0, 400},
		"not kept":          {CacheSettings{}, 0, 100},
		"part, not kept":    {CacheSettings{}, 7, 60},
		"too large to keep": {CacheSettings{100, 799, 0}, 0, 100},
	} {
		f := counted{new(atomic.Int64), make(chan struct{})}
		s, _ := line(t, 4, 100, filter.Step{Filter: f})
		s.Cache.Set(c.cache)
		var readers sync.WaitGroup
		for range 16 {
			readers.Go(func() { readWords(t, s, c.first, c.n) })
		}
		for !s.Cache.awaited(0, 15) { // all others wait for the first chunk
			runtime.Gosched()
		}
		close(f.wait)
		readers.Wait()
		if got, want := f.decoded.Load(), int64((c.n+99)/100); got != want {
			t.Errorf("%s: %d chunks decoded, want %d", name, got, want)
		}
	}
}

// awaited says whether so many wait for a chunk.
func (c *Cache) awaited(number uint64, users int) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	k := c.chunks[number]
	return k != nil && k.users >= users
}

// TestGivenUpChunkIsReadByOthers cancels who decodes while another one waits.
func TestGivenUpChunkIsReadByOthers(t *testing.T) {
	s, _ := line(t, 2, 100, filter.Step{Filter: counted{decoded: new(atomic.Int64)}})
	k, lead, _ := s.Cache.acquire(0)
	if !lead {
		t.Fatal("a chunk that nobody has leads nobody")
	}
	var reader sync.WaitGroup
	reader.Go(func() { readWords(t, s, 0, 60) })
	for !s.Cache.awaited(0, 1) {
		runtime.Gosched()
	}
	s.Cache.fail(k)
	reader.Wait()
}

func TestFailuresLeaveNothingBehind(t *testing.T) {
	s, on := line(t, 8, 100, filter.NewFletcher32())
	good := on.data[100]
	on.data[100] ^= 1
	dst := make([]byte, 8*800)
	all := space.All(s.Dims)
	var at *ChunkError
	if err := s.Read(context.Background(), all, dst); !errors.As(err, &at) || at.Coords[0] != 0 || !errors.Is(err, filter.ErrCorrupt) {
		t.Fatalf("a damaged chunk: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := s.Read(ctx, all, dst); !errors.Is(err, context.Canceled) {
		t.Fatalf("a cancelled read: %v", err)
	}
	if len(s.Cache.chunks) != s.Cache.parts.n+s.Cache.wholes.n {
		t.Error("chunks that failed are still being decoded")
	}
	on.data[100] = good
	readWords(t, s, 0, 800)
}

// TestScatteredPointsTouchTheirChunksOnly reads points all over a dataset of
// exabytes, nearly all of which nobody wrote.
func TestScatteredPointsTouchTheirChunksOnly(t *testing.T) {
	s, on := line(t, 64, 1000)
	s.Dims = []uint64{1 << 57}
	grid, err := space.NewGrid(s.Dims, s.Chunk)
	if err != nil {
		t.Fatal(err)
	}
	s.Index = places{grid, s.Index.(places).stored}
	rng := rand.New(rand.NewPCG(3, 4))
	coords := []uint64{1<<57 - 1, 5_001, 40_002, 5_003}
	for range 10_000 {
		coords = append(coords, 64_000+rng.Uint64N(1<<57-64_000))
	}
	points, err := space.Points(1, coords)
	if err != nil {
		t.Fatal(err)
	}
	got := make([]byte, 8*len(coords))
	if err := s.Read(context.Background(), points, got); err != nil {
		t.Fatal(err)
	}
	for i, want := range []uint64{0, 5_001, 40_002, 5_003} {
		if v := binary.LittleEndian.Uint64(got[8*i:]); v != want {
			t.Errorf("point %d is %d, want %d", i, v, want)
		}
	}
	if n := on.fetched.Load(); n > 2*8000 {
		t.Errorf("%d bytes were fetched for points in two chunks", n)
	}
	strided := space.Hyperslab{Start: []uint64{1}, Stride: []uint64{1 << 50}, Count: []uint64{100}}
	if err := s.Read(context.Background(), strided, got[:800]); err != nil || got[0] != 1 {
		t.Errorf("%d, %v", got[0], err)
	}
}

// TestBudgetOfDecodedBytes ends a read that would decode too much.
func TestBudgetOfDecodedBytes(t *testing.T) {
	s, _ := line(t, 10, 100, filter.Step{Filter: counted{decoded: new(atomic.Int64)}})
	var spent atomic.Int64
	over := errors.New("over")
	s.Spend = func(_ context.Context, n int) error {
		if spent.Add(int64(n)) > 4000 {
			return over
		}
		return nil
	}
	if err := s.Read(context.Background(), space.All(s.Dims), make([]byte, 8000)); !errors.Is(err, over) {
		t.Error(err)
	}
}

// TestFarFilesGetWaves reads 40 chunks in one round.
func TestFarFilesGetWaves(t *testing.T) {
	s, on := line(t, 40, 100, filter.NewFletcher32())
	s.Far = true
	readWords(t, s, 0, 4000)
	if n := on.waves.Load(); n != 1 {
		t.Errorf("%d rounds", n)
	}
}

// TestReadsAllocateLittle reads a large dataset and small parts of one chunk.
func TestReadsAllocateLittle(t *testing.T) {
	s, _ := line(t, 64, 4096, filter.NewFletcher32())
	dst := make([]byte, 8*64*4096)
	all := space.All(s.Dims)
	var before, after runtime.MemStats
	const rounds = 5
	for i := range rounds + 1 {
		if i == 1 { // the buffers are there
			runtime.ReadMemStats(&before)
		}
		if err := s.Read(context.Background(), all, dst); err != nil {
			t.Fatal(err)
		}
	}
	runtime.ReadMemStats(&after)
	if got := int(after.TotalAlloc-before.TotalAlloc) / rounds; got > len(dst)/4 {
		t.Errorf("%d bytes are allocated to read %d", got, len(dst))
	}
}

func BenchmarkSmallReads(b *testing.B) {
	s, _ := line(b, 4, 4096, filter.NewFletcher32())
	dst := make([]byte, 80)
	sel := space.Slab(space.Box{Start: []uint64{100}, Count: []uint64{10}})
	b.ReportAllocs()
	for b.Loop() {
		if err := s.Read(context.Background(), sel, dst); err != nil {
			b.Fatal(err)
		}
	}
}
