package h5core_test

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/h5serve/h5serve/h5core"
	"github.com/h5serve/h5serve/h5core/space"
	"github.com/h5serve/h5serve/h5core/vfd"
)

// seeds are files that we write in every family of the format, and small files
// of the corpus where it is there.
func seeds(f *testing.F) {
	for _, low := range versions {
		file := inMemory(f, h5core.WithLibver(low, h5core.Latest))
		rich(f, file)
		f.Add(whole(f, file))
	}
	if _, err := os.Stat(filepath.Join("..", "..", "shared", "corpus", "MANIFEST.tsv")); err != nil && os.Getenv("H5SERVE_CORPUS") == "" {
		return
	}
	all := manifest(f, corpus(f))
	for _, kind := range []string{"ok", "error", "partial"} {
		for _, name := range all[kind] {
			if info, err := os.Stat(name); err != nil || info.Size() > 64<<10 {
				continue
			}
			p, err := os.ReadFile(name)
			must(f, err)
			f.Add(p)
		}
	}
}

// FuzzOpen reads everything in a file: an answer or a typed error, within the
// limits.
func FuzzOpen(f *testing.F) {
	seeds(f)
	limits := h5core.WithLimits(h5core.Limits{Nodes: 5000, Fetched: 8 << 20, Decoded: 8 << 20, Read: 1 << 20})
	f.Fuzz(func(t *testing.T, p []byte) {
		if len(p) > 256<<10 {
			return
		}
		driver := h5core.WithDriver(image(p))
		if _, err := h5core.Check(ctx, "fuzz.h5", driver, limits); err != nil {
			t.Errorf("check: %v", err)
		}
		file, err := h5core.Open(ctx, "fuzz.h5", "r", driver, limits, h5core.WithFollowFunc(itself(p)))
		if err != nil {
			if !typed(err) {
				t.Errorf("open: an error of no kind: %v", err)
			}
			return
		}
		defer file.Close()
		for wave, err := range h5core.Waves(ctx, file.Group) {
			must(t, err)
			for _, err := range everything(wave) {
				if err != nil && !typed(err) {
					t.Errorf("an error of no kind: %v", err)
				}
			}
		}
	})
}

// itself is what a file leads to under any of the first few names: that file
// again.
func itself(p []byte) h5core.FollowFunc {
	var opened atomic.Int32
	return func(context.Context, string, string) (vfd.File, error) {
		if opened.Add(1) > 4 {
			return nil, fs.ErrNotExist
		}
		return image(p), nil
	}
}

// everything reads the attributes of a wave's objects, and the first elements
// of its datasets.
func everything(wave []*h5core.Visit) (errs []error) {
	var objects []h5core.Object
	for _, v := range wave {
		errs = append(errs, v.Err)
		if v.Object != nil {
			objects = append(objects, v.Object)
		}
	}
	lists, bad := h5core.AttributesOf(ctx, objects)
	errs = append(errs, bad...)
	for _, list := range lists {
		_, bad := h5core.ReadAttributes(ctx, list)
		errs = append(errs, bad...)
	}
	for _, o := range objects {
		d, ok := o.(*h5core.Dataset)
		if !ok || d.Space().Kind == space.Null {
			continue
		}
		dims := d.Space().Dims
		one := space.Hyperslab{Start: make([]uint64, len(dims)), Stride: make([]uint64, len(dims)), Count: make([]uint64, len(dims))}
		for k, n := range dims {
			one.Stride[k], one.Count[k] = 1, min(n, 3)
		}
		e, err := d.ReadRaw(ctx, one)
		errs = append(errs, err)
		if err == nil { // most types do not become these
			_, _ = h5core.As[float64](e)
			_, _ = h5core.As[string](e)
			_, _ = h5core.As[[]string](e)
		}
		_, err = d.Storage(ctx)
		errs = append(errs, err)
	}
	return errs
}
