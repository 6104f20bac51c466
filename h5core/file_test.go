package h5core_test

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/h5serve/h5serve/h5core"
	"github.com/h5serve/h5serve/h5core/dtype"
	"github.com/h5serve/h5serve/h5core/filter"
	"github.com/h5serve/h5serve/h5core/space"
	"github.com/h5serve/h5serve/h5core/vfd"
)

var (
	ctx = context.Background()
	i8  = dtype.Must(dtype.Int(8, true, dtype.LittleEndian))
)

func simple(dims ...uint64) space.Space { return space.Space{Kind: space.Simple, Dims: dims} }

// inMemory opens a file that no disk sees.
func inMemory(t testing.TB, opts ...h5core.Option) *h5core.File {
	t.Helper()
	f, err := h5core.Open(ctx, "memory.h5", "w", append([]h5core.Option{h5core.WithDriver(vfd.Core{})}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.Discard)
	return f
}

func dataset(t testing.TB, g *h5core.Group, name string, s space.Space, opts ...h5core.DatasetOption) *h5core.Dataset {
	t.Helper()
	d, err := g.CreateDataset(name, i8, s, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func whole(t testing.TB, f *h5core.File) []byte {
	t.Helper()
	p, err := f.Plan(ctx)
	must(t, err)
	var b bytes.Buffer
	if n, err := p.WriteTo(&b); err != nil || uint64(n) != p.Size() || b.Len() != int(n) {
		t.Fatalf("WriteTo = %d, %v; the plan has %d bytes", n, err, p.Size())
	}
	return b.Bytes()
}

// rich fills a file with some of everything.
func rich(t testing.TB, f *h5core.File) {
	t.Helper()
	gz, err := filter.NewDeflate(4)
	must(t, err)
	must(t, dataset(t, f.Group, "contiguous", simple(1000)).Write(ctx, nil, make([]int64, 1000)))
	d := dataset(t, f.Group, "a/b/chunked", simple(500, 30), h5core.Chunks(64, 7), h5core.Filters(gz, filter.NewShuffle(8)))
	v := make([]int64, 500*30)
	for i := range v {
		v[i] = int64(i * i)
	}
	must(t, d.Write(ctx, nil, v))
	d = dataset(t, f.Group, "a/fixed", simple(500, 30), h5core.Chunks(64, 7), h5core.Filters(filter.NewFletcher32()))
	must(t, d.Write(ctx, nil, v))
	text, err := f.CreateDataset("text", dtype.VarString(dtype.UTF8), simple(3))
	must(t, err)
	must(t, text.Write(ctx, nil, []string{"one", "", "drei"}))
	must(t, f.Attributes().Set("names", []string{"x", "y"}))
	must(t, f.SoftLink("soft", "/a/b"))
	must(t, f.ExternalLink("far", "other.h5", "/x"))
	must(t, f.HardLink("loop/self", "/"))
}

func TestWindowsEqualWhole(t *testing.T) {
	for low, windows := range map[h5core.Libver]int{h5core.Earliest: 1000, h5core.V108: 100, h5core.V110: 100} {
		f := inMemory(t, h5core.WithLibver(low, h5core.Latest), h5core.WithUserBlock(512, []byte("user")))
		rich(t, f)
		all := whole(t, f)
		p, err := f.Plan(ctx)
		must(t, err)
		for range windows {
			off := rand.Uint64N(p.Size() + 1)
			n := rand.Uint64N(p.Size() - off + 1)
			var b bytes.Buffer
			must(t, p.WriteWindow(ctx, &b, off, n))
			if !bytes.Equal(b.Bytes(), all[off:off+n]) {
				t.Fatalf("%v: the window of %d bytes at %d differs", low, n, off)
			}
		}
		if err := p.WriteWindow(ctx, &bytes.Buffer{}, p.Size(), 1); err == nil {
			t.Error("a window beyond the file was written")
		}
	}
}

func TestSameTreeSameBytes(t *testing.T) {
	one, two := inMemory(t), inMemory(t, h5core.WithWorkers(1))
	rich(t, one)
	rich(t, two)
	if !bytes.Equal(whole(t, one), whole(t, two)) {
		t.Error("two files of the same tree differ")
	}
}

func TestDriversStoreThePlan(t *testing.T) {
	f := inMemory(t)
	rich(t, f)
	want := whole(t, f)
	for name, driver := range map[string]vfd.Driver{"sec2": vfd.Sec2{}, "core": vfd.Core{BackingStore: true, BlockSize: 1000}} {
		path := filepath.Join(t.TempDir(), name+".h5")
		f, err := h5core.Open(ctx, path, "x", h5core.WithDriver(driver))
		must(t, err)
		rich(t, f)
		must(t, f.Close())
		must(t, f.Close())
		got, err := os.ReadFile(path)
		must(t, err)
		if !bytes.Equal(got, want) {
			t.Errorf("%s stored %d bytes that differ from the plan's %d", name, len(got), len(want))
		}
		if _, err := h5core.Open(ctx, path, "x", h5core.WithDriver(driver)); !errors.Is(err, os.ErrExist) {
			t.Errorf("%s: making an existing file exclusively: %v", name, err)
		}
	}
}

func TestEstimate(t *testing.T) {
	f := inMemory(t)
	must(t, dataset(t, f.Group, "x", simple(10)).Write(ctx, nil, make([]int64, 10)))
	size, exact, err := f.Estimate(ctx)
	must(t, err)
	if n := len(whole(t, f)); !exact || size != uint64(n) {
		t.Errorf("estimated %d (exact: %v), it has %d", size, exact, n)
	}
	g := inMemory(t)
	rich(t, g)
	size, exact, err = g.Estimate(ctx)
	must(t, err)
	if n := len(whole(t, g)); exact || size < uint64(n) {
		t.Errorf("estimated %d (exact: %v), it has %d", size, exact, n)
	}
}

func TestMemoryComesBack(t *testing.T) {
	budget := vfd.NewBudget(64 << 20)
	f, err := h5core.Open(ctx, "m", "w", h5core.WithDriver(vfd.Core{Budget: budget}))
	must(t, err)
	rich(t, f)
	whole(t, f)
	if budget.Used() == 0 {
		t.Error("the file took nothing from the budget")
	}
	must(t, f.Close())
	if n := budget.Used(); n != 0 {
		t.Errorf("%d bytes of the budget are still taken", n)
	}
}

func TestRefusals(t *testing.T) {
	f := inMemory(t)
	dataset(t, f.Group, "d", simple(4))
	must(t, f.SoftLink("soft", "/nowhere"))
	in := func(err error) error { return err }
	create := func(name string, s space.Space, opts ...h5core.DatasetOption) error {
		_, err := f.CreateDataset(name, i8, s, opts...)
		return err
	}
	group := func(name string) error { _, err := f.CreateGroup(name); return err }
	gz, err := filter.NewDeflate(1)
	must(t, err)
	unlimited := space.Space{Kind: space.Simple, Dims: []uint64{4}, Max: []uint64{space.Unlimited}}
	for name, tc := range map[string]struct {
		err  error
		kind error
	}{
		"a name twice":               {create("d", simple(1)), h5core.ErrExists},
		"another spelling":           {create("/.//d", simple(1)), h5core.ErrExists},
		"a group where a dataset is": {group("d"), h5core.ErrExists},
		"through a dataset":          {create("d/x", simple(1)), h5core.ErrInvalid},
		"through a soft link":        {group("soft/x"), h5core.ErrInvalid},
		"no name":                    {create("", simple(1)), h5core.ErrInvalid},
		"a dot":                      {group("./."), h5core.ErrInvalid},
		"a NUL":                      {group("a\x00b"), h5core.ErrInvalid},
		"a link to nothing":          {f.HardLink("h", "nowhere"), h5core.ErrNotFound},
		"an empty soft link":         {f.SoftLink("s", ""), h5core.ErrInvalid},
		"33 axes":                    {create("x", simple(make([]uint64, 33)...)), h5core.ErrInvalid},
		"too many elements":          {create("x", simple(1<<62, 1<<62)), h5core.ErrInvalid},
		"chunks of nothing":          {create("x", simple(4), h5core.Chunks(0)), h5core.ErrInvalid},
		"chunks of another rank":     {create("x", simple(4), h5core.Chunks(1, 1)), h5core.ErrInvalid},
		"chunks of 4 GiB":            {create("x", unlimited, h5core.Chunks(1<<29)), h5core.ErrInvalid},
		"filters of a scalar":        {create("x", space.Space{}, h5core.Filters(gz)), h5core.ErrInvalid},
		"compact and chunked":        {create("x", simple(4), h5core.Compact(), h5core.Chunks(2)), h5core.ErrInvalid},
		"a fill value of another":    {create("x", simple(4), h5core.FillValue("text")), h5core.ErrInvalid},
		"an attribute twice":         {errors.Join(in(f.Attributes().Set("a", 1)), f.Attributes().Set("a", 2)), h5core.ErrExists},
		"an attribute of no name":    {f.Attributes().Set("", 1), h5core.ErrInvalid},
	} {
		if !errors.Is(tc.err, tc.kind) {
			t.Errorf("%s: %v, expected %v", name, tc.err, tc.kind)
		}
	}
	if _, err := f.CreateGroup("still/works"); err != nil {
		t.Error(err)
	}
}

func TestTooLargeAttribute(t *testing.T) {
	f := inMemory(t)
	must(t, f.Attributes().Set("large", make([]int64, 9000)))
	_, err := f.Plan(ctx)
	var at *h5core.Error
	if !errors.Is(err, h5core.ErrTooLarge) || !errors.As(err, &at) || at.Path != "/@large" {
		t.Errorf("72,000 bytes in an attribute: %v", err)
	}
}

func TestBounds(t *testing.T) {
	native := dtype.Must(dtype.NativeComplex(16, dtype.LittleEndian))
	f := inMemory(t, h5core.WithLibver(h5core.Earliest, h5core.V114))
	_, err := f.CreateDataset("z", native, simple(2))
	must(t, err)
	if _, err := f.Plan(ctx); !errors.Is(err, h5core.ErrBounds) {
		t.Errorf("native complex below v200: %v", err)
	}
	for _, pair := range [][2]h5core.Libver{{h5core.V110, h5core.V108}, {h5core.Earliest, h5core.Earliest}} {
		if _, err := h5core.Open(ctx, "x", "w", h5core.WithDriver(vfd.Core{}), h5core.WithLibver(pair[0], pair[1])); err == nil {
			t.Errorf("libver %v to %v was accepted", pair[0], pair[1])
		}
	}
}

func TestNothingAfterThePlan(t *testing.T) {
	f := inMemory(t)
	d := dataset(t, f.Group, "d", simple(4))
	whole(t, f)
	if err := d.Write(ctx, nil, make([]int64, 4)); !errors.Is(err, h5core.ErrClosed) {
		t.Errorf("a write after the plan: %v", err)
	}
	if _, err := f.CreateGroup("g"); !errors.Is(err, h5core.ErrClosed) {
		t.Errorf("a group after the plan: %v", err)
	}
	must(t, f.Close())
	if _, err := f.Plan(ctx); !errors.Is(err, h5core.ErrClosed) {
		t.Errorf("a plan after the close: %v", err)
	}
}
