package filter

import (
	"bytes"
	"errors"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

func mustDeflate(level int) Step {
	s, err := NewDeflate(level)
	if err != nil {
		panic(err)
	}
	return s
}

func noise(n int) []byte {
	random := rand.New(rand.NewPCG(7, 8))
	p := make([]byte, n)
	for i := range p {
		p[i] = byte(random.Uint32())
	}
	return p
}

// A whole chunk as h5py stores it: arange(20) of int32 with shuffle, gzip 4 and fletcher32.
func TestPipelineDecodesC(t *testing.T) {
	stored := []byte(cStream + "\x65\x00\xb6\xec")
	var want []byte
	for i := range byte(20) {
		want = append(want, i, 0, 0, 0)
	}
	p := Pipeline{NewShuffle(4), mustDeflate(4), NewFletcher32()}
	for _, slack := range []int{0, 100} {
		got, err := p.Decode(new(Buffers), stored, 0, len(want)+slack)
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%x, %v", got, err)
		}
	}
}

func TestPipelineExtent(t *testing.T) {
	d, must := mustDeflate(4), mustDeflate(4)
	must.Flags = 0
	cases := []struct {
		name string
		p    Pipeline
		n    uint64
		want Extent
	}{
		{"none", nil, 100, Extent{100, true}},
		{"fixed", Pipeline{NewShuffle(4), NewFletcher32()}, 100, Extent{104, true}},
		{"optional deflate", Pipeline{NewShuffle(4), d}, 1000, Extent{1000, false}},
		{"then a checksum", Pipeline{d, NewFletcher32()}, 1000, Extent{1004, false}},
		{"then an optional checksum", Pipeline{d, {Filter: fletcher32{}, Flags: Optional}}, 1000, Extent{1004, false}},
		{"mandatory deflate", Pipeline{must}, 1024, Extent{1024 + 4 + 64, false}},
		{"no overflow", Pipeline{must, NewFletcher32()}, math.MaxUint64, Extent{math.MaxUint64, false}},
		{"unknown", Pipeline{{Filter: Missing(32000, "lzf")}}, 10, Extent{Unbounded, false}},
	}
	for _, c := range cases {
		if got := c.p.Extent(c.n); got != c.want {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
}

func TestPipelineSkips(t *testing.T) {
	optional, mandatory := mustDeflate(4), mustDeflate(4)
	mandatory.Flags = 0
	unknown := Step{Filter: Missing(32000, "lzf"), Flags: Optional}
	cases := []struct {
		name    string
		p       Pipeline
		data    []byte
		skipped uint32
	}{
		{"worth it", Pipeline{NewShuffle(8), optional, NewFletcher32()}, pattern(8000), 0},
		{"noise", Pipeline{NewShuffle(8), optional, NewFletcher32()}, noise(8000), 0b010},
		{"noise, mandatory", Pipeline{NewShuffle(8), mandatory, NewFletcher32()}, noise(8000), 0},
		{"level 0", Pipeline{mustDeflate(0)}, pattern(8000), 0b1},
		{"not available", Pipeline{unknown, optional}, pattern(8000), 0b01},
		{"nothing applies", Pipeline{unknown, optional}, noise(10), 0b11},
		{"twice", Pipeline{mandatory, mandatory, NewFletcher32(), NewFletcher32()}, noise(8000), 0},
		{"empty", Pipeline{NewShuffle(8), mandatory, NewFletcher32()}, nil, 0},
	}
	var buf Buffers
	for _, c := range cases {
		before := bytes.Clone(c.data)
		coded, skipped, err := c.p.Encode(&buf, c.data)
		if err != nil || skipped != c.skipped || !bytes.Equal(before, c.data) {
			t.Errorf("%s: mask %b, want %b; %v", c.name, skipped, c.skipped, err)
		}
		if e := c.p.Extent(uint64(len(c.data))); uint64(len(coded)) > e.Max {
			t.Errorf("%s: %d bytes, at most %d were promised", c.name, len(coded), e.Max)
		}
		back, err := c.p.Decode(new(Buffers), coded, skipped, len(c.data))
		if err != nil || !bytes.Equal(back, c.data) {
			t.Errorf("%s: back: %v", c.name, err)
		}
	}
}

func TestPipelineErrors(t *testing.T) {
	var buf Buffers
	lzf := Pipeline{NewShuffle(2), {Filter: Missing(32000, "lzf")}}
	_, _, err := lzf.Encode(&buf, pattern(10))
	var at *Error
	if !errors.Is(err, ErrUnavailable) || !errors.As(err, &at) || at.Step != 1 || at.Op != "encode" || !strings.Contains(err.Error(), "lzf") {
		t.Errorf("encode: %v", err)
	}
	_, err = lzf.Decode(&buf, pattern(10), 0, 10)
	if !errors.Is(err, ErrUnavailable) || !strings.Contains(err.Error(), "32000") {
		t.Errorf("decode: %v", err)
	}
	if _, err = lzf.Decode(&buf, pattern(10), 0b10, 10); err != nil {
		t.Errorf("a chunk that left the filter out: %v", err)
	}
	for name, limit := range map[string]int{"short": 9, "none": 0, "negative": -1} {
		if _, err := (Pipeline{}).Decode(&buf, pattern(10), 0, limit); !errors.Is(err, ErrLimit) {
			t.Errorf("%s: %v", name, err)
		}
	}
	long := make(Pipeline, 33)
	if _, _, err := long.Encode(&buf, nil); !errors.Is(err, ErrParams) {
		t.Error(err)
	}
	if _, err := long.Decode(&buf, nil, 0, 0); !errors.Is(err, ErrParams) {
		t.Error(err)
	}
}

// Whatever parameters promise, a step may make only a few times the chunk.
func TestPipelineRoomIsBounded(t *testing.T) {
	var p Pipeline
	for range 30 {
		p = append(p, Step{Filter: lz4Filter{}, Params: []uint32{1}})
	}
	constant := Step{Filter: scaleOffset{}, Params: []uint32{2, 0, 1 << 30, 0, 8, 0, 0, 0}}
	for name, p := range map[string]Pipeline{
		"growing": append(p, constant), "unknown": {{Filter: Missing(40001, "x")}, constant},
		"no parameters": {{Filter: bitshuffle{}}, {Filter: zfp{}}, constant},
	} {
		src := append([]byte{0, 0, 0, 0, 8}, make([]byte, 16)...)
		if _, err := p.Decode(new(Buffers), src, 0, 1000); !errors.Is(err, ErrLimit) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, limit := range []int{0, 1, 1000, math.MaxInt} {
		if room := p.room(limit); room < limit || limit < 10000 && room > 4*limit+maxGrowth {
			t.Errorf("%d bytes for a chunk of %d", room, limit)
		}
	}
}

type other struct{ Filter }

func (other) ID() ID { return 40000 }

func TestRegister(t *testing.T) {
	for id, name := range map[ID]string{IDDeflate: "deflate", IDShuffle: "shuffle", IDFletcher32: "fletcher32"} {
		if f, ok := Lookup(id); !ok || f.Name() != name || f.ID() != id {
			t.Errorf("%d: %v, %v", id, f, ok)
		}
	}
	if _, ok := Lookup(40000); ok {
		t.Fatal("40000 is known before it was registered")
	}
	Register(other{deflate{}})
	if _, ok := Lookup(40000); !ok {
		t.Error("40000 is not known")
	}
	defer func() {
		if recover() == nil {
			t.Error("a second filter of one number was taken")
		}
	}()
	Register(other{deflate{}})
}

// build makes a pipeline from bytes, three per step at most.
func build(shape []byte) Pipeline {
	var p Pipeline
	for _, b := range shape[:min(len(shape), 6)] {
		s := [...]Step{NewShuffle(uint32(b>>2)%20 + 1), mustDeflate(int(b>>2) % 10), NewFletcher32()}[b%3]
		if b&128 != 0 {
			s.Flags ^= Optional
		}
		p = append(p, s)
	}
	return p
}

func FuzzPipelineRoundTrip(f *testing.F) {
	f.Add([]byte{0, 1, 2}, pattern(1000))
	f.Add([]byte{129, 130, 1, 1}, noise(100))
	f.Add([]byte{4, 3}, []byte{})
	f.Fuzz(func(t *testing.T, shape, data []byte) {
		p := build(shape)
		var buf Buffers
		coded, skipped, err := p.Encode(&buf, data)
		if err != nil {
			t.Fatal(err)
		}
		if e := p.Extent(uint64(len(data))); uint64(len(coded)) > e.Max || e.Fixed && uint64(len(coded)) != e.Max {
			t.Errorf("%d bytes became %d, promised was %+v", len(data), len(coded), e)
		}
		got, err := p.Decode(new(Buffers), coded, skipped, len(data))
		if err != nil || !bytes.Equal(got, data) {
			t.Errorf("%+v: %v", p, err)
		}
	})
}

func FuzzPipelineDecode(f *testing.F) {
	f.Add([]byte{8, 17, 2}, []byte(cStream+"\x65\x00\xb6\xec"), uint32(0), 80)
	f.Fuzz(func(t *testing.T, shape, src []byte, skipped uint32, limit int) {
		limit &= 1<<16 - 1
		got, err := build(shape).Decode(new(Buffers), src, skipped, limit)
		if err == nil && len(got) > limit {
			t.Errorf("%d bytes, limit %d", len(got), limit)
		}
	})
}

func BenchmarkPipeline(b *testing.B) {
	p := Pipeline{NewShuffle(8), mustDeflate(4), NewFletcher32()}
	data := pattern(1 << 20)
	var buf, back Buffers
	coded, skipped, err := p.Encode(&buf, data)
	if err != nil {
		b.Fatal(err)
	}
	coded = bytes.Clone(coded)
	b.Run("encode", func(b *testing.B) {
		b.SetBytes(1 << 20)
		b.ReportAllocs()
		for b.Loop() {
			p.Encode(&buf, data)
		}
	})
	b.Run("decode", func(b *testing.B) {
		b.SetBytes(1 << 20)
		b.ReportAllocs()
		for b.Loop() {
			p.Decode(&back, coded, skipped, len(data))
		}
	})
}
