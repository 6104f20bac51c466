package h5core_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/h5serve/h5serve/h5core"
	"github.com/h5serve/h5serve/h5core/vfd"
	"github.com/h5serve/h5serve/h5core/vfd/vfdtest"
)

// scattered writes the file of a stranger: libhdf5's defaults, groups of gzip
// datasets, their metadata all over the file.
const scattered = `
import sys, h5py, numpy as np
name, groups, datasets, rows, libver = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]), sys.argv[5]
rng = np.random.default_rng(1)
with h5py.File(name, "w", libver=libver) as f:
    for g in range(groups):
        group = f.create_group(f"gt{g:02}")
        for v in range(datasets):
            x = rng.normal(size=rows).astype("<f4")
            d = group.create_dataset(f"v{v:02}", data=x, chunks=(rows // 20,), compression="gzip", shuffle=True)
            d.attrs["units"], d.attrs["long_name"], d.attrs["scale"], d.attrs["valid"] = "m", f"variable {v} of {g}", 0.5, [0, v]
`

func stranger(t testing.TB, groups, datasets, rows int, libver string) string {
	t.Helper()
	python := filepath.Join("..", ".venv", "bin", "python")
	if _, err := os.Stat(python); err != nil {
		t.Skip("there is no .venv with h5py; make test brings it")
	}
	name := filepath.Join(t.TempDir(), "stranger.h5")
	run := exec.Command(python, "-c", scattered, name, fmt.Sprint(groups), fmt.Sprint(datasets), fmt.Sprint(rows), libver)
	if out, err := run.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return name
}

// blocks counts what a cache of whole blocks would have to get.
type blocks struct {
	vfd.File
	size         uint64
	have         map[uint64]bool
	gets, rounds int
}

func (b *blocks) ReadAt(ctx context.Context, p []byte, addr uint64) error {
	return b.ReadVector(ctx, vfd.ObjectHeader, []vfd.Segment{{Addr: addr, Data: p}})
}

func (b *blocks) ReadVector(ctx context.Context, class vfd.Class, segs []vfd.Segment) error {
	var missing []uint64
	for _, s := range segs {
		for k := s.Addr / b.size; len(s.Data) > 0 && k <= (s.Addr+uint64(len(s.Data))-1)/b.size; k++ {
			if !b.have[k] {
				b.have[k] = true
				missing = append(missing, k)
			}
		}
	}
	if slices.Sort(missing); len(missing) > 0 {
		b.rounds++
	}
	for i, k := range missing {
		if i == 0 || missing[i-1]+1 != k {
			b.gets++
		}
	}
	return vfd.Fetch(ctx, b.File, class, segs)
}

// listed opens a file, lists all of it and reads every attribute's value.
func listed(t testing.TB, name string, wrap func(vfd.File) vfd.File) (datasets int) {
	t.Helper()
	f, err := h5core.Open(ctx, name, "r", h5core.WithDriver(vfdtest.Wrap(vfd.Sec2{}, wrap)))
	must(t, err)
	defer f.Close()
	for visits, err := range h5core.Waves(ctx, f.Group) {
		must(t, err)
		var objects []h5core.Object
		for _, v := range visits {
			must(t, v.Err)
			objects = append(objects, v.Object)
		}
		lists, errs := h5core.AttributesOf(ctx, objects)
		must(t, errors.Join(errs...))
		for i, o := range objects {
			if d, ok := o.(*h5core.Dataset); ok {
				datasets++
				if len(d.Space().Dims) != 1 || d.Type().Size != 4 || len(lists[i]) != 4 {
					t.Fatalf("%s: %v, %v, %d attributes", d.Name(), d.Type(), d.Space(), len(lists[i]))
				}
			}
		}
		_, errs = h5core.ReadAttributes(ctx, slices.Concat(lists...))
		must(t, errors.Join(errs...))
	}
	return datasets
}

// Listing costs rounds in proportion to the depth of the tree, whatever it holds.
func TestListingGoesInWaves(t *testing.T) {
	groups, datasets, rows := 20, 50, 400
	if os.Getenv("FULL") != "" {
		rows = 20_000
	}
	for libver, most := range map[string]int64{"earliest": 10, "latest": 15} {
		name := stranger(t, groups, datasets, rows, libver)
		info, err := os.Stat(name)
		must(t, err)
		var c *vfdtest.Counting
		if n := listed(t, name, func(f vfd.File) vfd.File { c = &vfdtest.Counting{File: f}; return c }); n != groups*datasets {
			t.Fatalf("%d datasets", n)
		}
		t.Logf("%s, %.1f MB: %d waves, %d segments, %d bytes", libver, float64(info.Size())/1e6,
			c.Rounds.Load(), c.Segments.Load(), c.BytesRead.Load())
		if got := c.Rounds.Load(); got > most {
			t.Errorf("%s: %d waves, the depth of the tree takes %d", libver, got, most)
		}
		for _, size := range []uint64{64 << 10, 1 << 20} {
			var b *blocks
			listed(t, name, func(f vfd.File) vfd.File { b = &blocks{File: f, size: size, have: map[uint64]bool{}}; return b })
			t.Logf("%s behind blocks of %d KiB: %d rounds, %d GETs", libver, size>>10, b.rounds, b.gets)
			if size == 1<<20 && (b.rounds > 8 || b.gets > 75) {
				t.Errorf("%s behind blocks of %d KiB: %d rounds, %d GETs", libver, size>>10, b.rounds, b.gets)
			}
		}
	}
}

// Walks of what h5core writes: order, revisits, links that lead away.
func TestWalk(t *testing.T) {
	for _, low := range versions {
		f := inMemory(t, h5core.WithLibver(low, h5core.Latest))
		rich(t, f)
		must(t, f.HardLink("a/b/again", "/a"))
		must(t, f.SoftLink("softer", "/a/b"))
		must(t, f.ExternalLink("zz", "other.h5", "/x"))
		r, err := h5core.Open(ctx, "memory.h5", "r", h5core.WithDriver(image(whole(t, f))))
		must(t, err)
		var paths []string
		var links []h5core.Link
		err = h5core.Walk(ctx, r.Group, func(v *h5core.Visit) error {
			paths = append(paths, v.Path)
			hard := v.Link.Kind == h5core.Hard
			if v.Err != nil || (v.Object == nil) != (!hard || v.Before != "") {
				t.Errorf("%+v", v)
			}
			if v.Path == "/a/b/again" && v.Before != "/a" {
				t.Errorf("%+v", v)
			}
			if hard && v.Path != "/" && v.Before == "" && v.Link.Name == v.Path[1:] {
				links = append(links, v.Link)
			}
			return nil
		})
		must(t, err)
		if !slices.Contains(paths, "/zz") || !slices.Contains(paths, "/a/b/chunked") || slices.Index(paths, "/zz") > slices.Index(paths, "/a/b") {
			t.Errorf("%v: %q", low, paths)
		}
		wrong := h5core.Link{Name: "none", Address: 1 << 40}
		objects, errs := r.Members(ctx, append(links, wrong))
		for i, o := range objects {
			if (i == len(links)) != (errs[i] != nil) || (o == nil) != (errs[i] != nil) {
				t.Errorf("%v: %v, %v", low, o, errs[i])
			}
		}
		if !errors.Is(errs[len(links)], h5core.ErrDamaged) {
			t.Error(errs[len(links)])
		}
		stop := errors.New("stop")
		if err := h5core.Walk(ctx, r.Group, func(*h5core.Visit) error { return stop }); !errors.Is(err, stop) {
			t.Error(err)
		}
	}
}

// What is asked for when the context has ended costs nothing.
func TestEndedContext(t *testing.T) {
	f := inMemory(t, h5core.WithLibver(h5core.V110, h5core.Latest))
	rich(t, f)
	var c *vfdtest.Counting
	driver := vfdtest.Wrap(image(whole(t, f)), func(f vfd.File) vfd.File { c = &vfdtest.Counting{File: f}; return c })
	r, err := h5core.Open(ctx, "memory.h5", "r", h5core.WithDriver(driver))
	must(t, err)
	o, err := r.Get(ctx, "/a/fixed")
	must(t, err)
	ended, cancel := context.WithCancel(ctx)
	cancel()
	before := c.Rounds.Load()
	for what, run := range map[string]func() error{
		"walk":   func() error { return h5core.Walk(ended, r.Group, func(*h5core.Visit) error { return nil }) },
		"read":   func() error { _, err := o.(*h5core.Dataset).ReadRaw(ended, nil); return err },
		"get":    func() error { _, err := r.Get(ended, "/contiguous"); return err },
		"check":  func() error { _, err := r.Check(ended); return err },
		"values": func() error { _, errs := h5core.AttributesOf(ended, []h5core.Object{r.Group}); return errs[0] },
	} {
		if err := run(); !errors.Is(err, context.Canceled) && what != "values" {
			t.Errorf("%s: %v", what, err)
		}
	}
	if got := c.Rounds.Load() - before; got > 1 { // the superblock, by Check
		t.Errorf("%d reads", got)
	}
	// A walk ends where its context does.
	ended, cancel = context.WithCancel(ctx)
	n := 0
	err = h5core.Walk(ended, r.Group, func(*h5core.Visit) error { n++; cancel(); return nil })
	if !errors.Is(err, context.Canceled) || n > 1 {
		t.Errorf("%d visits, %v", n, err)
	}
}
