package e2e

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/h5serve/h5serve/e2e/matrix"
	"github.com/h5serve/h5serve/e2e/reference"
	"github.com/h5serve/h5serve/h5core"
	"github.com/h5serve/h5serve/h5core/vfd"
)

// enough files for `make test`; `make matrix` makes them all.
const matrixFiles = 1200

// TestMatrix writes files for the combinations of type, layout, filters, bound
// and index, and lets the references say what is in them.
func TestMatrix(t *testing.T) {
	all := matrix.Cases()
	cases := all
	if os.Getenv("FULL") == "" {
		cases = matrix.Thin(all, matrixFiles, seed(t))
	}
	t.Logf("%d of %d files", len(cases), len(all))
	holdCovering(t, all, cases)

	dir := t.TempDir()
	var everyone, old []reference.File
	var dumped []string
	for _, c := range cases {
		writeCase(t, dir, c)
		everyone = append(everyone, c.Expect())
		if c.Bound <= h5core.V110 { // later bounds let datatypes be written that 1.10 cannot read
			old = append(old, c.Expect())
			dumped = append(dumped, filepath.Join(dir, c.Name()))
		}
	}
	t.Run("current h5py", func(t *testing.T) { holdCheck(t, reference.Current(t), dir, everyone) })
	t.Run("h5py on HDF5 1.10", func(t *testing.T) { holdCheck(t, reference.Debian(t), dir, old) })
	t.Run("h5dump 1.10", func(t *testing.T) {
		if err := reference.DumpAll(t.Context(), reference.H5dump(t), dumped); err != nil {
			t.Error(err)
		}
	})
}

func writeCase(t *testing.T, dir string, c matrix.Case) {
	t.Helper()
	f, err := c.Make(context.Background(), h5core.WithDriver(vfd.Core{}))
	if err != nil {
		t.Fatalf("%+v: %v", c, err)
	}
	defer f.Discard()
	p, err := f.Plan(context.Background())
	if err != nil {
		t.Fatalf("%s: %v", c.Name(), err)
	}
	out, err := os.Create(filepath.Join(dir, c.Name()))
	if err == nil {
		_, err = p.WriteTo(out)
	}
	if err == nil {
		err = out.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
}

func holdCheck(t *testing.T, python, dir string, files []reference.File) {
	t.Helper()
	found, err := reference.Check(t.Context(), python, dir, files)
	if err != nil {
		t.Error(err)
	}
	for i, m := range found {
		if i == 20 {
			t.Fatalf("and %d more", len(found)-i)
		}
		t.Error(m)
	}
	t.Logf("%d files equal", len(files))
}

// holdCovering prints which pairs of factors occur, and fails where one that
// is possible does not.
func holdCovering(t *testing.T, all, cases []matrix.Case) {
	t.Helper()
	possible, have := count(all), count(cases)
	for p := range possible {
		if have[p] == 0 {
			t.Errorf("no file has %s %q with %s %q", matrix.Factors[p.A], p.VA, matrix.Factors[p.B], p.VB)
		}
	}
	var table strings.Builder
	for a := range matrix.Factors {
		for b := a + 1; b < len(matrix.Factors); b++ {
			printPairs(&table, a, b, possible, have)
		}
	}
	t.Log(table.String())
}

func count(cases []matrix.Case) map[matrix.Pair]int {
	n := map[matrix.Pair]int{}
	for _, c := range cases {
		for _, p := range c.Pairs() {
			n[p]++
		}
	}
	return n
}

// printPairs prints one table: rows are values of a, columns of b, "-" is
// impossible.
func printPairs(w *strings.Builder, a, b int, possible, have map[matrix.Pair]int) {
	rows, columns := map[string]bool{}, map[string]bool{}
	for p := range possible {
		if p.A == a && p.B == b {
			rows[p.VA], columns[p.VB] = true, true
		}
	}
	heads := slices.Sorted(maps.Keys(columns))
	fmt.Fprintf(w, "\n%s × %s: %s\n", matrix.Factors[a], matrix.Factors[b], strings.Join(heads, " | "))
	for _, row := range slices.Sorted(maps.Keys(rows)) {
		fmt.Fprintf(w, "  %-24s", row)
		for _, column := range heads {
			p := matrix.Pair{A: a, B: b, VA: row, VB: column}
			if possible[p] == 0 {
				fmt.Fprintf(w, " %4s", "-")
			} else {
				fmt.Fprintf(w, " %4d", have[p])
			}
		}
		w.WriteByte('\n')
	}
}
