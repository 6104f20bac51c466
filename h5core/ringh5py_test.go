package h5core_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/h5serve/h5serve/h5core"
)

// made is a file that h5py made, and what it wrote: for each path some keys of
// that path's canonical line.
type made struct {
	File      string
	UserBlock float64
	Bounds    []string
	Lines     map[string]map[string]any
}

// TestRingFromH5py reads seeded random files of h5py, current and of HDF5
// 1.10, at all of their bounds: everything is what h5py was told to write. The
// files written anew are so, too.
func TestRingFromH5py(t *testing.T) {
	seed, number := sweepSeed(t), 20
	if os.Getenv("FULL") != "" {
		number = 200
	}
	ran, unwritten := 0, map[string]int{}
	for _, python := range []string{filepath.Join("..", ".venv", "bin", "python"), "/usr/bin/python3"} {
		if exec.Command(python, "-c", "import h5py").Run() != nil {
			t.Logf("%s has no h5py", python)
			continue
		}
		for _, m := range makeRandom(t, python, seed, number) {
			if err := m.check(m.File); err != nil {
				t.Errorf("%s %s %v: %v", python, m.File, m.Bounds, err)
				continue
			}
			again := m.File + ".again"
			ran++
			switch err := rewrite(t, m.File, again, bounds[ran%len(bounds)]); {
			case errors.Is(err, h5core.ErrUnsupported):
				unwritten[err.Error()[strings.LastIndex(err.Error(), ": ")+2:]]++
				continue
			case err != nil:
				t.Errorf("%s %s: %v", python, m.File, err)
				continue
			}
			m.UserBlock = 0
			if err := m.check(again); err != nil {
				t.Errorf("%s %s written anew: %v", python, m.File, err)
			}
		}
	}
	if ran == 0 && !t.Failed() {
		t.Skip("there is no Python with h5py; make test brings one")
	}
	t.Logf("%d files are read, and all written anew but for %v", ran, unwritten)
}

func makeRandom(t *testing.T, python string, seed uint64, number int) (list []made) {
	t.Helper()
	cmd := exec.Command(python, filepath.Join("testdata", "ring.py"), t.TempDir(), fmt.Sprint(seed), fmt.Sprint(number))
	var faults bytes.Buffer
	cmd.Stderr = &faults
	said, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, faults.Bytes())
	}
	for d := json.NewDecoder(bytes.NewReader(said)); d.More(); {
		var m made
		must(t, d.Decode(&m))
		list = append(list, m)
	}
	if len(list) != number {
		t.Fatalf("%d files, want %d", len(list), number)
	}
	return list
}

// check holds a file's canonical lines to what was written.
func (m *made) check(name string) error {
	f, err := h5core.Open(ctx, name, "r")
	if err != nil {
		return err
	}
	defer f.Close()
	if float64(f.UserBlock()) != m.UserBlock {
		return fmt.Errorf("a user block of %d bytes, want %v", f.UserBlock(), m.UserBlock)
	}
	lines, err := linesOfFile(f)
	if err != nil {
		return err
	}
	if len(lines) != len(m.Lines) {
		return fmt.Errorf("%d objects and links, want %d", len(lines), len(m.Lines))
	}
	for _, text := range lines {
		var line map[string]any
		if err := json.Unmarshal([]byte(text), &line); err != nil {
			return err
		}
		line["filter_ids"] = filterIDs(line["filters"])
		want := m.Lines[line["path"].(string)]
		if at := differing(want, line, true); at != "" {
			return fmt.Errorf("%s of\n  %s\nwant\n  %v", at, text, want)
		}
	}
	return nil
}

func filterIDs(filters any) any {
	ids := []any{}
	list, _ := filters.([]any)
	for _, f := range list {
		ids = append(ids, f.([]any)[0])
	}
	return ids
}

// differing names the first key of which a line says otherwise than it should;
// lines say more, but have no more attributes.
func differing(want, got map[string]any, more bool) string {
	if want == nil || !more && len(want) != len(got) {
		return "what there is"
	}
	for key, w := range want {
		g := got[key]
		if inner, ok := w.(map[string]any); ok {
			there, _ := g.(map[string]any)
			if at := differing(inner, there, key != "attrs"); at != "" {
				return key + " " + at
			}
		} else if !reflect.DeepEqual(g, w) {
			return key
		}
	}
	return ""
}
