package h5core_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"github.com/h5serve/h5serve/h5core"
	"github.com/h5serve/h5serve/h5core/dtype"
	"github.com/h5serve/h5serve/h5core/space"
	"github.com/h5serve/h5serve/h5core/vfd"
	"github.com/h5serve/h5serve/h5core/vfd/vfdtest"
)

// reopened plans a file and opens its bytes for reading.
func reopened(t testing.TB, f *h5core.File) *h5core.File {
	t.Helper()
	r, err := h5core.Open(ctx, "image", "r", h5core.WithDriver(image(whole(t, f))))
	must(t, err)
	t.Cleanup(func() { must(t, r.Close()) })
	return r
}

func open(t testing.TB, f *h5core.File, path string) *h5core.Dataset {
	t.Helper()
	o, err := f.Get(ctx, path)
	must(t, err)
	d, ok := o.(*h5core.Dataset)
	if !ok {
		t.Fatalf("%s is %T", path, o)
	}
	return d
}

func TestReadWhatWasWritten(t *testing.T) {
	for _, low := range []h5core.Libver{h5core.Earliest, h5core.V108, h5core.V110, h5core.V200} {
		f := inMemory(t, h5core.WithLibver(low, h5core.Latest), h5core.WithUserBlock(1024, []byte("user")))
		rich(t, f)
		r := reopened(t, f)
		if r.UserBlock() != 1024 {
			t.Errorf("%v: a user block of %d bytes", low, r.UserBlock())
		}
		links, err := r.Links(ctx)
		must(t, err)
		var names []string
		for _, l := range links {
			names = append(names, l.Name)
		}
		if want := []string{"a", "contiguous", "far", "loop", "soft", "text"}; !slices.Equal(names, want) {
			t.Errorf("%v: links %v", low, names)
		}
		for _, path := range []string{"a/b/chunked", "/soft/chunked", "loop/self/a/fixed"} {
			e, err := open(t, r, path).ReadRaw(ctx, nil)
			must(t, err)
			for i := range 500 * 30 {
				if got := binary.LittleEndian.Uint64(e.Data[8*i:]); got != uint64(i*i) {
					t.Fatalf("%v: %s: element %d is %d", low, path, i, got)
				}
			}
		}
		e, err := open(t, r, "text").ReadRaw(ctx, nil)
		must(t, err)
		for i, want := range []string{"one", "", "drei"} {
			if got := string(e.VarLen(e.Data[16*i : 16*i+16])); got != want {
				t.Errorf("%v: text %d is %q", low, i, got)
			}
		}
		attrs, err := r.Attributes().All(ctx)
		must(t, err)
		if len(attrs) != 1 || attrs[0].Name != "names" || !attrs[0].Type.Equal(dtype.VarString(dtype.UTF8)) {
			t.Errorf("%v: attributes %+v", low, attrs)
		}
	}
}

func TestReadErrorsAreTyped(t *testing.T) {
	f := inMemory(t)
	rich(t, f)
	r := reopened(t, f)
	for path, want := range map[string]error{
		"nothing": h5core.ErrNotFound, "text/below": h5core.ErrNotFound, "far": h5core.ErrExternal, "": h5core.ErrInvalid,
	} {
		if _, err := r.Get(ctx, path); !errors.Is(err, want) {
			t.Errorf("%q: %v", path, err)
		}
	}
	if _, err := r.CreateGroup("new"); !errors.Is(err, vfd.ErrReadOnly) {
		t.Errorf("a group in a file that is read: %v", err)
	}
	for name, p := range map[string][]byte{"empty": nil, "text": bytes.Repeat([]byte("x"), 4096)} {
		if _, err := h5core.Open(ctx, name, "r", h5core.WithDriver(image(p))); !errors.Is(err, h5core.ErrNotHDF5) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestSelectionsReadLikeSlices reads random selections of random datasets and
// picks the same elements from what was written.
func TestSelectionsReadLikeSlices(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		dims := []uint64{rapid.Uint64Range(1, 20).Draw(rt, "rows"), rapid.Uint64Range(1, 20).Draw(rt, "columns")}
		var opts []h5core.DatasetOption
		if rapid.Bool().Draw(rt, "chunked") {
			opts = append(opts, h5core.Chunks(rapid.Uint64Range(1, dims[0]).Draw(rt, "chunk"), rapid.Uint64Range(1, dims[1]).Draw(rt, "chunk")))
		}
		f := inMemory(t)
		v := make([]int64, dims[0]*dims[1])
		for i := range v {
			v[i] = int64(i)
		}
		must(t, dataset(t, f.Group, "d", simple(dims...), opts...).Write(ctx, nil, v))
		var sel space.Hyperslab
		for _, n := range dims {
			start := rapid.Uint64Range(0, n-1).Draw(rt, "start")
			stride := rapid.Uint64Range(1, 4).Draw(rt, "stride")
			sel.Start, sel.Stride = append(sel.Start, start), append(sel.Stride, stride)
			sel.Count = append(sel.Count, rapid.Uint64Range(1, (n-start+stride-1)/stride).Draw(rt, "count"))
		}
		e, err := open(t, reopened(t, f), "d").ReadRaw(ctx, sel)
		must(t, err)
		i := 0
		for run := range sel.Runs(dims) {
			for k := range run.Count {
				if got := binary.LittleEndian.Uint64(e.Data[8*i:]); got != run.Offset+k {
					rt.Fatalf("element %d is %d, not %d", i, got, run.Offset+k)
				}
				i++
			}
		}
		if i*8 != len(e.Data) {
			rt.Fatalf("%d bytes for %d elements", len(e.Data), i)
		}
	})
}

// TestManyReadersOfOneFile is for the race detector.
func TestManyReadersOfOneFile(t *testing.T) {
	f := inMemory(t)
	rich(t, f)
	r := reopened(t, f)
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			for _, path := range []string{"a/b/chunked", "a/fixed", "contiguous", "text"} {
				o, err := r.Get(ctx, path)
				if err == nil {
					_, err = o.(*h5core.Dataset).ReadRaw(ctx, nil)
				}
				if err != nil {
					t.Errorf("%s: %v", path, err)
				}
			}
		})
	}
	all.Wait()
}

// opened is a driver of one file that is open already.
type opened struct{ file vfd.File }

func (opened) Name() string { return "opened" }

func (o opened) Open(context.Context, string, vfd.Mode) (vfd.File, error) { return o.file, nil }

// TestOneOfManyTouchesLittle opens one dataset among 100,000 and counts what
// the driver was asked for.
func TestOneOfManyTouchesLittle(t *testing.T) {
	f := inMemory(t)
	for i := range 100_000 {
		d := dataset(t, f.Group, fmt.Sprintf("dataset%06d", i), space.Space{})
		if i == 77_777 {
			must(t, d.Write(ctx, nil, []int64{42}))
		}
	}
	counting := &vfdtest.Counting{File: image(whole(t, f))}
	r, err := h5core.Open(ctx, "image", "r", h5core.WithDriver(opened{counting}))
	must(t, err)
	defer r.Close()
	e, err := open(t, r, "dataset077777").ReadRaw(ctx, nil)
	must(t, err)
	if e.Data[0] != 42 {
		t.Errorf("read % x", e.Data)
	}
	if n := counting.BytesRead.Load(); n > 256<<10 {
		t.Errorf("%d bytes were read for one of 100,000 datasets", n)
	}
}
