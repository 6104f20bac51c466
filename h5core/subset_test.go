package h5core_test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/h5serve/h5serve/h5core"
	"github.com/h5serve/h5serve/h5core/filter"
	"github.com/h5serve/h5serve/h5core/space"
)

// A chunk of one plane is the chunk of the copy, where the index drops its axis.
func TestSubsetDropsAxes(t *testing.T) {
	register()
	f := inMemory(t)
	d := dataset(t, f.Group, "g/d", simple(6, 8, 10), h5core.Chunks(1, 4, 5), h5core.Filters(filter.Step{Filter: counting{&codecRuns}}))
	must(t, d.Write(ctx, nil, numbers(480)))
	must(t, d.Attributes().Set("units", "K"))
	must(t, f.SoftLink("soft", "/g"))
	src := reopened(t, f)
	for _, tc := range []struct {
		sel      string
		verbatim bool
		rank     int
	}{
		{"", true, 3}, {"...", true, 3}, {"3", true, 2}, {"3,0:4", true, 2}, {"2:5", true, 3}, {"3,1:5", false, 2},
		{":,2", false, 2}, {"1,2,3", false, 0}, {"::2,::3,::4", false, 3}, {"2:2", true, 3}, {"-1,...,-1", false, 1},
	} {
		dst := inMemory(t)
		before := codecRuns.Load()
		must(t, h5core.Subset(ctx, src, dst, h5core.Part{Path: "/g/d", Select: tc.sel}))
		_, err := dst.Plan(ctx)
		must(t, err)
		whole(t, dst)
		if got := codecRuns.Load() == before; got != tc.verbatim {
			t.Errorf("%q: verbatim %v", tc.sel, got)
		}
		sel, shape, err := space.Parse(tc.sel, []uint64{6, 8, 10})
		must(t, err)
		want, err := open(t, src, "g/d").ReadRaw(ctx, sel)
		must(t, err)
		copied := open(t, reopened(t, dst), "g/d")
		got, err := copied.ReadRaw(ctx, nil)
		must(t, err)
		if !bytes.Equal(got.Data, want.Data) || len(got.Shape) != tc.rank || len(shape) != tc.rank {
			t.Errorf("%q: shape %v", tc.sel, got.Shape)
		}
		if units, err := h5core.AttributeValue[string](ctx, copied.Attributes(), "units"); err != nil || units != "K" {
			t.Errorf("%q: units %q, %v", tc.sel, units, err)
		}
	}
	dst := inMemory(t)
	must(t, h5core.Subset(ctx, src, dst, h5core.Part{Path: "/soft/d", Select: "0"}, h5core.Part{Path: "soft"}))
	open(t, reopened(t, dst), "soft/d")
	for _, parts := range [][]h5core.Part{
		{{Path: "/g", Select: "0"}}, {{Path: "/g/d", Select: "0"}, {Path: "soft/d", Select: "1"}}, {{Path: "/g/d", Select: "9"}},
		{{Path: "/g/d", Select: "0,0,0,0"}},
	} {
		if err := h5core.Subset(ctx, src, inMemory(t), parts...); !errors.Is(err, h5core.ErrInvalid) {
			t.Errorf("%v: %v", parts, err)
		}
	}
	if err := h5core.Subset(ctx, src, inMemory(t), h5core.Part{Path: "/none"}); !errors.Is(err, h5core.ErrNotFound) {
		t.Error(err)
	}
}

// The dimension scales of a copy are cut as the axes that they stand on.
func TestSubsetScales(t *testing.T) {
	python := filepath.Join("..", ".venv", "bin", "python")
	if _, err := os.Stat(python); err != nil {
		t.Skip("there is no .venv with h5py; make test brings it")
	}
	run := func(args ...string) string {
		t.Helper()
		out, err := exec.Command(python, append([]string{"testdata/scales.py"}, args...)...).CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		return string(out)
	}
	name, copied := filepath.Join(t.TempDir(), "scales.h5"), filepath.Join(t.TempDir(), "copy.h5")
	run(name, "new")
	src, err := h5core.Open(ctx, name, "r")
	must(t, err)
	t.Cleanup(func() { must(t, src.Close()) })
	for want, parts := range map[string][]h5core.Part{
		`g/hidden|(2,)|['']|['']|['/g/t.0']|
g/t|(2, 2)|['time', 'lon']|['/time=[3.0, 4.5]+/g/hidden=[2, 3]', '/lon=[0.0, 6.0]']|[]|
lon|(2,)|['']|['']|['/g/t.1']|ulon
time|(2,)|['']|['']|['/g/t.0']|utime
`: {{Path: "/g/t", Select: "2:4,1,::4"}},
		`cov|(2, 3)|['', '']|['/lon=[0.0, 1.5]', '']|[]|
lon|(2,)|['']|['']|['/cov.0']|ulon
`: {{Path: "cov", Select: ":2,:3"}},
		`cov|(2, 2)|['', '']|['/lon=[0.0, 1.5]', '/lon=[0.0, 1.5]']|[]|
g/hidden|(0,)|['']|['']|['/g/t.0']|
g/t|(0, 1, 2)|['time', 'lat', 'lon']|['/g/hidden=[]', '/lat=[0.0]', '/lon=[0.0, 1.5]']|[]|
lat|(1,)|['']|['']|['/g/t.1']|ulat
lon|(2,)|['']|['']|['/cov.0', '/cov.1', '/g/t.2']|ulon
time|(3,)|['']|['']|[]|utime
`: {{Path: "cov", Select: ":2,:2"}, {Path: "/g/t", Select: "20:,:1,:2"}, {Path: "time", Select: "3:6"}},
		"g/t|()|[]|[]|[]|\n":              {{Path: "/g/t", Select: "0,0,0"}},
		"time|(20,)|['']|['']|[]|utime\n": {{Path: "time"}},
	} {
		dst := inMemory(t)
		must(t, h5core.Subset(ctx, src, dst, parts...))
		must(t, os.WriteFile(copied, whole(t, dst), 0o600))
		if got := run(copied); got != want {
			t.Errorf("%v:\n%s\nwant\n%s", parts, got, want)
		}
	}
	dst := inMemory(t)
	must(t, h5core.Subset(ctx, src, dst, h5core.Part{Path: "/"}))
	must(t, os.WriteFile(copied, whole(t, dst), 0o600))
	if got, want := run(copied), run(name); got != want {
		t.Errorf("the whole:\n%s\nwant\n%s", got, want)
	}
}
