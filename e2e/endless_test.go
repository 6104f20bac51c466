package e2e

import (
	"path/filepath"
	"testing"

	"github.com/h5serve/h5serve/e2e/reference"
	"github.com/h5serve/h5serve/h5core"
)

// TestEndlessGrow makes datasets whose chunks lie in extensible arrays and
// version 2 B-trees, and lets both C libraries grow, fill and cut them: what
// was built whole must be a tree that others can change.
func TestEndlessGrow(t *testing.T) {
	dir := t.TempDir()
	const spec = `{"libver": ["v110", "v110"], "datasets": {
		"array":    {"dtype": "<i4", "shape": [990], "maxshape": [null], "chunks": [1], "data": {"start": 0, "step": 1}},
		"sideways": {"dtype": "<i4", "shape": [9, 200], "maxshape": [9, null], "chunks": [2, 1], "compression": "gzip", "data": {"start": 0, "step": 1}},
		"tree":     {"dtype": "<i4", "shape": [33, 30], "maxshape": [null, null], "chunks": [1, 1], "data": {"start": 0, "step": 1}},
		"filtered": {"dtype": "<i4", "shape": [62, 30], "maxshape": [null, null], "chunks": [2, 1], "compression": "gzip", "data": {"start": 0, "step": 1}},
		"empty":    {"dtype": "<i4", "shape": [5], "maxshape": [null], "chunks": [1]}}}`
	name := filepath.Join(dir, "endless.h5")
	writeFile(t, name+".json", []byte(spec))
	command(t, program(t), "build", name+".json", "-o", name)
	for _, python := range []string{reference.Current(t), reference.Debian(t)} {
		script(t, python, "grow.py", name)
		if err := reference.DumpAll(t.Context(), reference.H5dump(t), []string{name, name + ".grown"}); err != nil {
			t.Error(err)
		}
		for _, made := range []string{name, name + ".grown"} {
			report, err := h5core.Check(t.Context(), made)
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range report.Findings {
				if f.Severity == h5core.Damaged {
					t.Errorf("%s: %+v", made, f)
				}
			}
		}
	}
}
