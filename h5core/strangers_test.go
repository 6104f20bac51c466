package h5core_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/h5serve/h5serve/h5core"
	"github.com/h5serve/h5serve/h5core/space"
	"github.com/h5serve/h5serve/h5core/vfd"
)

// strange is a dataset that h5py wrote and read.
type strange struct {
	File, Path, Driver, Data string
	Shape                    []uint64
	Values                   json.RawMessage
}

// h5py lets testdata/follow.py make its files in a folder.
func h5py(t *testing.T, script string) (folder string, list []strange) {
	t.Helper()
	python := filepath.Join("..", ".venv", "bin", "python")
	if _, err := os.Stat(python); err != nil {
		t.Skip("there is no .venv with h5py; make test brings it")
	}
	folder = t.TempDir()
	run := exec.Command(python, filepath.Join("testdata", script), folder)
	var faults bytes.Buffer
	run.Stderr = &faults
	out, err := run.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, faults.Bytes())
	}
	must(t, json.Unmarshal(out, &list))
	return folder, list
}

func (s strange) open(t *testing.T, folder string) *h5core.Dataset {
	t.Helper()
	drivers := map[string]vfd.Driver{"sec2": vfd.Sec2{}, "family": vfd.Family{}, "split": vfd.Split{MetaExt: ".meta", RawExt: ".raw"}}
	f, err := h5core.Open(ctx, filepath.Join(folder, s.File), "r", h5core.WithDriver(drivers[s.Driver]), h5core.WithFollow(folder))
	must(t, err)
	t.Cleanup(func() { must(t, f.Close()) })
	return open(t, f, s.Path)
}

// TestReadsAsH5pyDoes reads virtual datasets, external links, external storage
// and sets of files, whole and in part, as h5py reads them.
func TestReadsAsH5pyDoes(t *testing.T) {
	folder, list := h5py(t, "follow.py")
	for _, s := range list {
		t.Run(s.File+" "+s.Path, func(t *testing.T) {
			d := s.open(t, folder)
			want, err := hex.DecodeString(s.Data)
			must(t, err)
			if got := d.Space().Dims; !equalDims(got, s.Shape) {
				t.Fatalf("shape %v, want %v", got, s.Shape)
			}
			e, err := d.ReadRaw(ctx, nil)
			must(t, err)
			if !bytes.Equal(e.Data, want) {
				t.Fatalf("elements\n%x\nwant\n%x", e.Data[:min(400, len(e.Data))], want[:min(400, len(want))])
			}
			if len(want) == 0 {
				return
			}
			size := len(want) / max(1, int((space.Box{Count: s.Shape}).Size()))
			random := rand.New(rand.NewPCG(1, 2))
			for range 20 {
				box := space.Box{Start: make([]uint64, len(s.Shape)), Count: make([]uint64, len(s.Shape))}
				for i, n := range s.Shape {
					box.Start[i] = random.Uint64N(n)
					box.Count[i] = 1 + random.Uint64N(n-box.Start[i])
				}
				part := make([]byte, int(box.Size())*size)
				space.CopyBox(part, box.Count, make([]uint64, len(s.Shape)), want, s.Shape, box.Start, box.Count, size)
				e, err := d.ReadRaw(ctx, space.Slab(box))
				must(t, err)
				if !bytes.Equal(e.Data, part) {
					t.Fatalf("%v: elements\n%x\nwant\n%x", box, e.Data, part)
				}
			}
		})
	}
}

func equalDims(a, b []uint64) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// What may not be followed is shown, and refused where it is wanted.
func TestStrangersAreShownWithoutFollowing(t *testing.T) {
	folder, list := h5py(t, "follow.py")
	for _, s := range list {
		if s.Driver != "sec2" {
			continue
		}
		f, err := h5core.Open(ctx, filepath.Join(folder, s.File), "r")
		must(t, err)
		o, err := f.Get(ctx, s.Path)
		if d, ok := o.(*h5core.Dataset); ok {
			_, err = d.ReadRaw(ctx, nil)
		}
		own := map[string]bool{"own": true, "line": true, "square": true, "irregular": true, "irregular source": true}
		if own[s.Path] != (err == nil) || err != nil && !errors.Is(err, h5core.ErrExternal) {
			t.Errorf("%s %s: %v", s.File, s.Path, err)
		}
		must(t, f.Close())
	}
}
