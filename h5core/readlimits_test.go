package h5core_test

import (
	"bytes"
	"errors"
	"sync"
	"testing"

	"github.com/h5serve/h5serve/h5core"
	"github.com/h5serve/h5serve/h5core/dtype"
	"github.com/h5serve/h5serve/h5core/space"
)

// sharing is a file with a dataset of n texts, all of which are one object of
// so many bytes.
func sharing(t *testing.T, n, size int) []byte {
	t.Helper()
	f := inMemory(t)
	d, err := f.CreateDataset("text", dtype.VarString(dtype.UTF8), simple(uint64(n)))
	must(t, err)
	one, err := dtype.VarString(dtype.UTF8).AppendSlice(nil, string(bytes.Repeat([]byte("x"), size)), d.Heap())
	must(t, err)
	must(t, d.WriteRaw(ctx, nil, bytes.Repeat(one, n)))
	return whole(t, f)
}

// TestSharedTextsHaveABudget reads a hundred thousand texts of 1 MiB that are
// one: what they would be apart is too much, what they take together is not.
func TestSharedTextsHaveABudget(t *testing.T) {
	p := sharing(t, 100_000, 1<<20)
	for _, c := range []struct {
		limits h5core.Limits
		want   error
	}{{h5core.Limits{}, nil}, {h5core.Limits{Read: 1 << 30}, h5core.ErrTooLarge}, {h5core.Limits{Fetched: 1 << 20}, h5core.ErrTooLarge}} {
		f, err := h5core.Open(ctx, "image", "r", h5core.WithDriver(image(p)), h5core.WithLimits(c.limits))
		must(t, err)
		e, err := open(t, f, "text").ReadRaw(ctx, nil)
		if !errors.Is(err, c.want) {
			t.Errorf("%+v: %v, want %v", c.limits, err, c.want)
		}
		if err == nil && len(e.VarLen(e.Data[16*99_999:])) != 1<<20 {
			t.Error("the last text is not whole")
		}
		must(t, f.Close())
	}
}

func TestChunkCacheOptions(t *testing.T) {
	f := inMemory(t)
	v := make([]int64, 10_000)
	for i := range v {
		v[i] = int64(i)
	}
	must(t, dataset(t, f.Group, "d", simple(100, 100), h5core.Chunks(10, 100)).Write(ctx, nil, v))
	p := whole(t, f)
	for _, bad := range []struct {
		slots int
		w0    float64
	}{{-1, 0}, {1, -0.1}, {1, 1.1}} {
		if _, err := h5core.Open(ctx, "image", "r", h5core.WithDriver(image(p)), h5core.WithChunkCache(bad.slots, 0, bad.w0)); !errors.Is(err, h5core.ErrInvalid) {
			t.Errorf("%+v: %v", bad, err)
		}
	}
	r, err := h5core.Open(ctx, "image", "r", h5core.WithDriver(image(p)), h5core.WithChunkCache(3, 20_000, 1), h5core.WithWorkers(2))
	must(t, err)
	defer r.Close()
	d := open(t, r, "d")
	var readers sync.WaitGroup
	for g := range 8 {
		readers.Go(func() {
			if g == 4 {
				if err := d.SetChunkCache(0, 0, 0); err != nil {
					t.Error(err)
				}
			}
			for i := range uint64(200) {
				row, column := (i*7+uint64(g))%100, i%100
				e, err := d.ReadRaw(ctx, space.Slab(space.Box{Start: []uint64{row, column}, Count: []uint64{1, 1}}))
				if err != nil || int64(e.Data[0])|int64(e.Data[1])<<8 != int64(row*100+column) {
					t.Errorf("element %d,%d: %v", row, column, err)
					return
				}
			}
		})
	}
	readers.Wait()
	if err := d.SetChunkCache(1, 1, 2); !errors.Is(err, h5core.ErrInvalid) {
		t.Error(err)
	}
}
