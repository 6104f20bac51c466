package h5core_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"testing"

	"pgregory.net/rapid"

	"github.com/h5serve/h5serve/h5core"
	"github.com/h5serve/h5serve/h5core/filter"
	"github.com/h5serve/h5serve/h5core/space"
)

// TestSelectionsEqualAModel writes random boxes into contiguous and chunked
// datasets. A second file is written whole with what a model says came of it:
// the raw data at both files' ends must be the same, or, where only some
// chunks were touched, hold the same touched chunks.
func TestSelectionsEqualAModel(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		dims := []uint64{rapid.Uint64Range(1, 12).Draw(rt, "rows"), rapid.Uint64Range(1, 12).Draw(rt, "columns")}
		chunk := []uint64{rapid.Uint64Range(1, dims[0]).Draw(rt, "chunk"), rapid.Uint64Range(1, dims[1]).Draw(rt, "chunk")}
		var opts []h5core.DatasetOption
		if rapid.Bool().Draw(rt, "chunked") {
			opts = append(opts, h5core.Chunks(chunk...))
		}
		opts = append(opts, h5core.FillValue(int64(-7)))
		model := make([]int64, dims[0]*dims[1])
		for i := range model {
			model[i] = -7
		}
		f, g := inMemory(t), inMemory(t)
		d := dataset(t, f.Group, "d", simple(dims...), opts...)
		corner := space.Box{Start: []uint64{0, 0}, Count: dims} // touches every chunk
		for n := range rapid.IntRange(0, 5).Draw(rt, "writes") {
			box := randomBox(rt, dims)
			writeBox(t, d, box, int64(n*1000), model, dims)
		}
		writeColumns(t, d, corner, model, dims)
		e := dataset(t, g.Group, "d", simple(dims...), opts...)
		must(t, e.Write(ctx, nil, model))
		if !bytes.Equal(whole(t, f), whole(t, g)) {
			rt.Fatal("the files differ")
		}
	})
}

func randomBox(rt *rapid.T, dims []uint64) space.Box {
	b := space.Box{Start: make([]uint64, 2), Count: make([]uint64, 2)}
	for i, n := range dims {
		b.Start[i] = rapid.Uint64Range(0, n-1).Draw(rt, "start")
		b.Count[i] = rapid.Uint64Range(1, n-b.Start[i]).Draw(rt, "count")
	}
	return b
}

func writeBox(t testing.TB, d *h5core.Dataset, b space.Box, first int64, model []int64, dims []uint64) {
	t.Helper()
	var v []int64
	for r := range b.Count[0] {
		for c := range b.Count[1] {
			v = append(v, first+int64(len(v)))
			model[(b.Start[0]+r)*dims[1]+b.Start[1]+c] = v[len(v)-1]
		}
	}
	must(t, d.Write(ctx, space.Slab(b), v))
}

// writeColumns writes every element as the model has it, column by column.
func writeColumns(t testing.TB, d *h5core.Dataset, b space.Box, model []int64, dims []uint64) {
	t.Helper()
	for c := range b.Count[1] {
		v := make([]int64, dims[0])
		for r := range v {
			v[r] = model[uint64(r)*dims[1]+c]
		}
		column := space.Box{Start: []uint64{0, c}, Count: []uint64{dims[0], 1}}
		must(t, d.Write(ctx, space.Slab(column), v))
	}
}

func TestUntouchedChunksTakeNoRoom(t *testing.T) {
	f := inMemory(t)
	d := dataset(t, f.Group, "d", simple(1<<40, 1<<20), h5core.Chunks(10, 10))
	must(t, d.Write(ctx, space.Slab(space.Box{Start: []uint64{1 << 39, 77}, Count: []uint64{1, 3}}), []int64{1, 2, 3}))
	if n := len(whole(t, f)); n > 10_000 {
		t.Errorf("three elements of 2^60 made a file of %d bytes", n)
	}
}

func TestElementWriter(t *testing.T) {
	raw := make([]byte, 8*100_000)
	for i := range 100_000 {
		binary.LittleEndian.PutUint64(raw[8*i:], uint64(i))
	}
	gz, err := filter.NewDeflate(1)
	must(t, err)
	write := func(d *h5core.Dataset, step int) error {
		w, err := d.Writer(ctx)
		must(t, err)
		for i := 0; i < len(raw); i += step {
			if _, err := w.Write(raw[i:min(i+step, len(raw))]); err != nil {
				return err
			}
		}
		return w.Close()
	}
	a := inMemory(t)
	must(t, write(dataset(t, a.Group, "plain", simple(100_000)), 7))
	must(t, write(dataset(t, a.Group, "packed", simple(100_000), h5core.Chunks(999), h5core.Filters(gz)), 1<<20))
	b := inMemory(t)
	must(t, dataset(t, b.Group, "plain", simple(100_000)).WriteRaw(ctx, nil, raw))
	must(t, dataset(t, b.Group, "packed", simple(100_000), h5core.Chunks(999), h5core.Filters(gz)).WriteRaw(ctx, nil, raw))
	if !bytes.Equal(whole(t, a), whole(t, b)) {
		t.Error("written in pieces and at once, the files differ")
	}

	c := inMemory(t)
	if err := write(dataset(t, c.Group, "short", simple(99_999)), 1000); !errors.Is(err, h5core.ErrInvalid) {
		t.Errorf("too many bytes: %v", err)
	}
	if err := write(dataset(t, c.Group, "long", simple(100_001)), 1000); !errors.Is(err, h5core.ErrInvalid) {
		t.Errorf("too few bytes: %v", err)
	}
}

func TestWriteRefusesWhatDoesNotFit(t *testing.T) {
	f := inMemory(t)
	d := dataset(t, f.Group, "d", simple(4))
	outside := space.Slab(space.Box{Start: []uint64{3}, Count: []uint64{2}})
	for name, err := range map[string]error{
		"five for four":      d.Write(ctx, nil, make([]int64, 5)),
		"outside":            d.Write(ctx, outside, []int64{1, 2}),
		"text":               d.Write(ctx, nil, []string{"a", "b", "c", "d"}),
		"half an element":    d.WriteRaw(ctx, nil, make([]byte, 31)),
		"a ragged selection": d.Write(ctx, space.Slab(space.Box{Start: []uint64{0, 0}, Count: []uint64{1, 1}}), []int64{1}),
	} {
		if !errors.Is(err, h5core.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
