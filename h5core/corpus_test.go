package h5core_test

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/h5serve/h5serve/h5core"
	"github.com/h5serve/h5serve/h5core/space"
)

// corpus is the folder of real files that lies beside the checkout, or that
// H5SERVE_CORPUS names.
func corpus(t testing.TB) string {
	t.Helper()
	if dir := os.Getenv("H5SERVE_CORPUS"); dir != "" {
		return dir
	}
	dir := filepath.Join("..", "..", "shared", "corpus")
	if _, err := os.Stat(filepath.Join(dir, "MANIFEST.tsv")); err != nil {
		t.Skip("there is no corpus: no ../shared/corpus beside the checkout, and H5SERVE_CORPUS is not set")
	}
	return dir
}

// manifest lists the corpus's files by what a reader is expected to make of them.
func manifest(t testing.TB, dir string) map[string][]string {
	t.Helper()
	f, err := os.Open(filepath.Join(dir, "MANIFEST.tsv"))
	must(t, err)
	defer f.Close()
	r := csv.NewReader(f)
	r.Comma, r.LazyQuotes, r.FieldsPerRecord = '\t', true, -1
	rows, err := r.ReadAll()
	must(t, err)
	files := map[string][]string{}
	for _, row := range rows[1:] {
		files[row[6]] = append(files[row[6]], filepath.Join(dir, "files", row[0]))
	}
	if len(files["ok"]) == 0 || len(files["error"]) == 0 {
		t.Fatal("the corpus's manifest is not understood")
	}
	return files
}

// strict are limits under which any file may be opened.
var strict = h5core.Limits{Nodes: 100_000, Fetched: 64 << 20, Read: 16 << 20}

// readAll opens a file and reads everything that it holds. Objects that cannot
// be read give errors; anything that is no typed error fails.
func readAll(name string, limits h5core.Limits, opts ...h5core.Option) (objects int, errs []error) {
	f, err := h5core.Open(context.Background(), name, "r", append(opts, h5core.WithLimits(limits))...)
	if err != nil {
		return 0, []error{err}
	}
	defer f.Close()
	w := walker{seen: map[uint64]bool{}}
	w.visit(f.Group)
	return len(w.seen), w.errs
}

type walker struct {
	seen map[uint64]bool
	errs []error
}

func (w *walker) note(err error) bool {
	if err != nil {
		w.errs = append(w.errs, err)
	}
	return err == nil
}

func (w *walker) visit(o h5core.Object) {
	if w.seen[o.Address()] || len(w.errs) > 100 {
		return
	}
	w.seen[o.Address()] = true
	list, err := o.Attributes().All(context.Background())
	w.note(err)
	for _, a := range list {
		_, err := a.Read(context.Background())
		w.note(err)
	}
	switch o := o.(type) {
	case *h5core.Group:
		w.members(o)
	case *h5core.Dataset:
		if count, err := o.Space().Count(); err == nil && count < 4_000_000 && o.Space().Kind != space.Null {
			_, err := o.ReadRaw(context.Background(), nil)
			w.note(err)
		}
	}
}

func (w *walker) members(g *h5core.Group) {
	links, err := g.Links(context.Background())
	if !w.note(err) {
		return
	}
	for _, l := range links {
		if l.Kind != h5core.Hard {
			continue
		}
		if m, err := g.Member(context.Background(), l); w.note(err) {
			w.visit(m)
		}
	}
}

// typed tells whether an error is one that callers can tell apart.
func typed(err error) bool {
	for _, kind := range []error{
		h5core.ErrNotHDF5, h5core.ErrDamaged, h5core.ErrUnsupported, h5core.ErrTooLarge, h5core.ErrNotFound,
		h5core.ErrExternal,
	} {
		if errors.Is(err, kind) {
			return true
		}
	}
	return false
}

// TestCorpusReads counts the sound files of which everything can be read. What
// cannot is unsupported, never damaged, save in the files that the list names.
func TestCorpusReads(t *testing.T) {
	dir := corpus(t)
	files, whole, unsupported := manifest(t, dir)["ok"], 0, 0
	for _, name := range files {
		_, errs := readAll(name, h5core.Limits{Read: 256 << 20})
		damaged := error(nil)
		for _, err := range errs {
			if !errors.Is(err, h5core.ErrUnsupported) && !errors.Is(err, h5core.ErrExternal) {
				damaged = err
			}
		}
		rel, err := filepath.Rel(filepath.Join(dir, "files"), name)
		must(t, err)
		_, excused := notYet[filepath.ToSlash(rel)]
		switch {
		case len(errs) == 0:
			whole++
		case damaged == nil:
			unsupported++
		case !excused:
			t.Errorf("%s: %v", rel, damaged)
		}
		if excused && damaged == nil {
			t.Errorf("%s is read: take it off the list", rel)
		}
	}
	t.Logf("%d of %d files are read whole, %d more but for what is not supported yet", whole, len(files), unsupported)
}

// TestHostileFiles opens every file that the C library refuses, and those that
// made it crash: a typed error or an answer, quickly and within the limits.
func TestHostileFiles(t *testing.T) {
	dir := corpus(t)
	all := manifest(t, dir)
	files := append(all["error"], all["partial"]...)
	for _, name := range files {
		holdHostile(t, name, func() []error { _, errs := readAll(name, strict); return errs })
	}
	t.Logf("%d files", len(files))
}

// holdHostile runs a reading and holds its errors, its time and its memory.
func holdHostile(t *testing.T, name string, read func() []error) {
	t.Helper()
	defer func() {
		if p := recover(); p != nil {
			t.Errorf("%s: panic: %v", name, p)
		}
	}()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	start := time.Now()
	for _, err := range read() {
		if !typed(err) {
			t.Errorf("%s: an error of no kind: %v", name, err)
		}
	}
	runtime.ReadMemStats(&after)
	if took := time.Since(start); took > 20*time.Second {
		t.Errorf("%s took %v", name, took)
	}
	if got := after.TotalAlloc - before.TotalAlloc; got > 512<<20 {
		t.Errorf("%s allocated %s in all", name, fmt.Sprintf("%d MiB", got>>20))
	}
}

// notYet lists sound files of which something is taken for damaged, and why.
var notYet = map[string]string{
	"HDFGroup+cve_hdf5/cvefiles/cve-2024-29161.h5": "an attribute's float type has bits outside its own bytes",
	"HDFGroup+cve_hdf5/cvefiles/cve-2025-2309.h5":  "an attribute's float type has bits outside its own bytes",
	"HDFGroup+cve_hdf5/cvefiles/cve-2024-33877.h5": "a fill value has another size than an element",
	"HDFGroup+hdf5/test/family_v16-000000.h5":      "the first of a family, which nothing in it says",
}
