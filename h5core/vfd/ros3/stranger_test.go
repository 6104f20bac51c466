package ros3_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/h5serve/h5serve/h5core"
	"github.com/h5serve/h5serve/h5core/space"
	"github.com/h5serve/h5serve/h5core/vfd"
	"github.com/h5serve/h5serve/h5core/vfd/ros3"
	"github.com/h5serve/h5serve/storage"
	"github.com/h5serve/h5serve/storage/cached"
	"github.com/h5serve/h5serve/storage/mem"
)

// script writes a file that nobody laid out for reading from afar: gzip
// datasets of 20 chunks with 4 attributes each, in groups, libhdf5's defaults.
const script = `
import sys, h5py, numpy as np
name, groups, datasets = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
rng = np.random.default_rng(1)
with h5py.File(name, "w") as f:
    for g in range(groups):
        group = f.create_group(f"gt{g:02}")
        for v in range(datasets):
            x = rng.normal(size=20000).astype("<f4")
            x[:3] = g, v, -1
            d = group.create_dataset(f"v{v:02}", data=x, chunks=(1000,), compression="gzip", shuffle=True)
            d.attrs["units"], d.attrs["long_name"], d.attrs["scale"], d.attrs["valid"] = "m", f"variable {v} of {g}", 0.5, [0, v]
`

// stranger is such a file in a store.
func stranger(t testing.TB, groups, datasets int) *mem.Store {
	t.Helper()
	python := filepath.Join("..", "..", "..", ".venv", "bin", "python")
	if _, err := os.Stat(python); err != nil {
		t.Skip("there is no .venv with h5py; make test brings it")
	}
	name := filepath.Join(t.TempDir(), "stranger.h5")
	run := exec.Command(python, "-c", script, name, fmt.Sprint(groups), fmt.Sprint(datasets))
	if out, err := run.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	p, err := os.ReadFile(name)
	must(t, err)
	s := mem.New("mem")
	_, err = s.Put(ctx, "stranger.h5", bytes.NewReader(p), int64(len(p)), storage.PutOptions{})
	must(t, err)
	return s
}

// far is a driver of objects in a store.
type far struct {
	cache *cached.Cache
	store storage.Store
}

func (far) Name() string { return "ros3" }

func (d far) Open(ctx context.Context, name string, _ vfd.Mode) (vfd.File, error) {
	f, err := d.cache.Open(ctx, d.store, name)
	if err != nil {
		return nil, err
	}
	return ros3.File(name, f), nil
}

func newCache(t testing.TB, s cached.Settings) *cached.Cache {
	t.Helper()
	c, err := cached.New(s)
	must(t, err)
	t.Cleanup(func() { must(t, c.Close()) })
	return c
}

// slice opens the file, resolves a path and reads one chunk.
func slice(ctx context.Context, t testing.TB, d vfd.Driver, g, v int) *h5core.File {
	t.Helper()
	f, err := h5core.Open(ctx, "stranger.h5", "r", h5core.WithDriver(d))
	must(t, err)
	o, err := f.Get(ctx, fmt.Sprintf("/gt%02d/v%02d", g, v))
	must(t, err)
	e, err := o.(*h5core.Dataset).ReadRaw(ctx, space.Hyperslab{Start: []uint64{0}, Stride: []uint64{1}, Count: []uint64{1000}})
	must(t, err)
	for i, want := range []float32{float32(g), float32(v), -1} {
		if got := math.Float32frombits(binary.LittleEndian.Uint32(e.Data[4*i:])); got != want {
			t.Fatalf("element %d is %v, not %v", i, got, want)
		}
	}
	return f
}

// list visits every object and reads its type, shape and attributes.
func list(ctx context.Context, t testing.TB, d vfd.Driver) (datasets int) {
	t.Helper()
	f, err := h5core.Open(ctx, "stranger.h5", "r", h5core.WithDriver(d))
	must(t, err)
	defer f.Close()
	for visits, err := range h5core.Waves(ctx, f.Group) {
		must(t, err)
		var objects []h5core.Object
		for _, v := range visits {
			must(t, v.Err)
			if d, ok := v.Object.(*h5core.Dataset); ok {
				objects = append(objects, d)
			}
		}
		attrs, errs := h5core.AttributesOf(ctx, objects)
		for i, list := range attrs {
			must(t, errs[i])
			if len(list) != 4 {
				t.Fatalf("%s has %d attributes", objects[i].Name(), len(list))
			}
		}
		datasets += len(objects)
	}
	return datasets
}

func TestStranger(t *testing.T) {
	groups, datasets := 4, 12
	if os.Getenv("FULL") != "" {
		groups, datasets = 20, 50
	}
	store := stranger(t, groups, datasets)
	info, err := store.Stat(ctx, "stranger.h5", storage.Conditions{})
	must(t, err)
	t.Logf("%.1f MB", float64(info.Size)/1e6)

	d := far{newCache(t, cached.Settings{}), store}
	counting, n := cached.WithCounter(ctx)
	f := slice(counting, t, d, groups*13/20, datasets*37/50)
	defer f.Close()
	cold := n.Counts()
	t.Logf("open and slice, cold: %+v", cold)
	if cold.GETs > 8 || cold.Rounds > 6 || cold.Bytes > 8_000_000 {
		t.Errorf("open and slice, cold: %+v", cold)
	}

	counting, n = cached.WithCounter(ctx)
	must(t, slice(counting, t, d, groups*13/20, datasets*37/50).Close())
	warm := n.Counts()
	t.Logf("open and slice, warm: %+v", warm)
	if warm.GETs > 2 || warm.Rounds > 2 {
		t.Errorf("open and slice, warm: %+v", warm)
	}

	counting, n = cached.WithCounter(ctx)
	if got := list(counting, t, far{newCache(t, cached.Settings{}), store}); got != groups*datasets {
		t.Errorf("%d datasets", got)
	}
	t.Logf("list, cold: %+v", n.Counts())
	if got := n.Counts(); got.GETs > 75 || got.Rounds > 8 || got.Bytes > int64(info.Size)+2<<20 {
		t.Errorf("list, cold: %+v", got)
	}
}
