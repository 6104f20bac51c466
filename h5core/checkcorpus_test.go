package h5core_test

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/h5serve/h5serve/h5core"
)

// TestCorpusIsSound checks every file that the C library reads: nothing
// overlaps, and nothing is damaged, save in the files that the list names.
func TestCorpusIsSound(t *testing.T) {
	dir := corpus(t)
	count := map[h5core.Severity]int{}
	objects, chunks, unused, size := 0, 0, uint64(0), uint64(0)
	files := manifest(t, dir)["ok"]
	for _, name := range files {
		r, err := h5core.Check(ctx, name)
		rel, err2 := filepath.Rel(filepath.Join(dir, "files"), name)
		must(t, err2)
		rel = filepath.ToSlash(rel)
		if err != nil {
			t.Errorf("%s: %v", rel, err)
			continue
		}
		objects, chunks = objects+r.Objects, chunks+r.Chunks
		unused, size = unused+r.Unused(), size+r.Bytes.Size
		seen := map[h5core.Severity]bool{}
		for _, f := range r.Findings {
			if _, excused := notYet[rel]; f.Severity == h5core.Damaged && !excused {
				t.Errorf("%s: %+v", rel, f)
			}
			if f.Severity == h5core.Overlap {
				t.Errorf("%s: %+v", rel, f)
			}
			seen[f.Severity] = true
		}
		for s := range seen {
			count[s]++
		}
	}
	t.Logf("%d files of %d bytes, %d objects, %d chunks; at most %d bytes are unused; files with findings: %v",
		len(files), size, objects, chunks, unused, count)
}

// TestCheckHostileFiles checks what the C library refuses or stumbles over.
func TestCheckHostileFiles(t *testing.T) {
	dir := corpus(t)
	all := manifest(t, dir)
	unsound := 0
	for _, name := range append(all["error"], all["partial"]...) {
		holdHostile(t, name, func() []error {
			r, err := h5core.Check(ctx, name, h5core.WithLimits(strict))
			if err == nil && !r.Sound() {
				unsound++
			}
			if err != nil {
				return []error{err}
			}
			return nil
		})
	}
	t.Logf("%d are found damaged", unsound)
}

// TestCheckSpoiledFiles sets bytes of small files to others, drawn by the
// seed: a report or an error that is the driver's, and no panic.
func TestCheckSpoiledFiles(t *testing.T) {
	dir := corpus(t)
	rng := rand.New(rand.NewPCG(sweepSeed(t), 2))
	limits := h5core.WithLimits(h5core.Limits{Nodes: 20_000, Fetched: 16 << 20, Read: 4 << 20})
	inputs := 0
	for _, name := range manifest(t, dir)["ok"] {
		p, err := os.ReadFile(name)
		must(t, err)
		if len(p) > 16<<10 {
			continue
		}
		for range 10 {
			at, old := rng.IntN(len(p)), byte(0)
			old, p[at] = p[at], byte(rng.Uint32())
			inputs++
			if _, err := h5core.Check(ctx, name, h5core.WithDriver(image(p)), limits); err != nil {
				t.Errorf("%s: byte %d = %#x: %v", name, at, p[at], err)
			}
			p[at] = old
		}
	}
	t.Logf("%d inputs", inputs)
}
