package h5core_test

import (
	"context"
	"errors"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/h5serve/h5serve/h5core"
	"github.com/h5serve/h5serve/h5core/vfd"
)

// tracing opens files below a folder, and keeps the names of those it opened.
type tracing struct {
	folder string
	mu     sync.Mutex
	opened []string
}

func (tr *tracing) open(ctx context.Context, from, name string) (vfd.File, error) {
	root, err := os.OpenRoot(tr.folder)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	at := path.Join(path.Dir(from), name)
	if _, err := root.Stat(at); err != nil {
		return nil, err
	}
	tr.mu.Lock()
	defer tr.mu.Unlock()
	tr.opened = append(tr.opened, at)
	return vfd.Sec2{}.Open(ctx, filepath.Join(tr.folder, at), vfd.Read)
}

// wanted reads the dataset of a path.
func wanted(f *h5core.File, path string) error {
	o, err := f.Get(ctx, path)
	if d, ok := o.(*h5core.Dataset); err == nil && ok {
		_, err = d.ReadRaw(ctx, nil)
	}
	return err
}

// TestNothingOutsideIsOpened holds the three features that lead to other files
// to the folder that is allowed, however a name is spelled, wherever it stands.
// The one that may be followed is a virtual dataset's own file, by its name.
func TestNothingOutsideIsOpened(t *testing.T) {
	folder, _ := h5py(t, "refused.py")
	folder = filepath.Join(folder, "in")
	refusals := 0
	for _, kind := range []string{"link", "storage", "virtual"} {
		for spelling, shown := range map[string]string{
			"absolute": "out/secret.h5", "up": "../out/secret.h5", "address": "s3://bucket/secret.h5", "share": `host\\share`,
			"drive": "C:/secret.h5", "way": "inside/way/secret.h5", "own": ".h5", "chain": "chain",
		} {
			for _, position := range []string{"", "/soft", "/next"} {
				at := position + "/" + kind + "/" + spelling
				tr := &tracing{folder: folder}
				for _, opt := range []h5core.Option{h5core.WithFollow(folder), h5core.WithFollowFunc(tr.traced(folder))} {
					f, err := h5core.Open(ctx, filepath.Join(folder, "first.h5"), "r", opt)
					must(t, err)
					err = wanted(f, at)
					must(t, f.Close())
					if kind == "virtual" && spelling == "own" {
						must(t, err)
						continue
					}
					deep := spelling == "chain" && errors.Is(err, h5core.ErrTooLarge)
					if !errors.Is(err, h5core.ErrExternal) && !deep || !strings.Contains(err.Error(), shown) {
						t.Errorf("%s: %v", at, err)
					}
					refusals++
				}
				for _, name := range tr.opened {
					if name != "second.h5" && !strings.HasPrefix(name, "chain") {
						t.Errorf("%s: %s was opened", at, name)
					}
				}
			}
		}
	}
	if want := 2 * (3*8*3 - 3); refusals != want {
		t.Errorf("%d refusals, want %d", refusals, want)
	}
}

// traced is open for a first file that is known by its path in the system.
func (tr *tracing) traced(folder string) h5core.FollowFunc {
	return func(ctx context.Context, from, name string) (vfd.File, error) {
		rel, err := filepath.Rel(folder, filepath.FromSlash(from))
		if err != nil {
			return nil, err
		}
		return tr.open(ctx, filepath.ToSlash(rel), name)
	}
}

// Each file is opened once, however often it is led to.
func TestFollowedFilesAreOpenedOnce(t *testing.T) {
	folder, list := h5py(t, "follow.py")
	tr := &tracing{folder: folder}
	f, err := h5core.Open(ctx, filepath.Join(folder, "virtual.h5"), "r", h5core.WithFollowFunc(tr.traced(folder)))
	must(t, err)
	var readers sync.WaitGroup
	for range 4 {
		readers.Go(func() {
			for _, s := range list {
				if s.File == "virtual.h5" {
					if err := wanted(f, s.Path); err != nil {
						t.Errorf("%s: %v", s.Path, err)
					}
				}
			}
		})
	}
	readers.Wait()
	must(t, f.Close())
	times := map[string]int{}
	for _, name := range tr.opened {
		if times[name]++; times[name] > 1 {
			t.Errorf("%s was opened %d times", name, times[name])
		}
	}
	if len(times) < 5 {
		t.Errorf("only %v", times)
	}
}
