package reference

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// samples are files that h5py itself made, with its manifest beside them.
func samples(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	script := filepath.Join(checkout(), "e2e", "reference", "samples.py")
	if _, err := run(t.Context(), Current(t), "-B", script, dir); err != nil {
		t.Fatal(err)
	}
	return dir
}

// pythons runs a test once with each reference.
func pythons(t *testing.T, test func(t *testing.T, python string)) {
	t.Helper()
	for name, find := range map[string]func(testing.TB) string{"current": Current, "debian": Debian} {
		t.Run(name, func(t *testing.T) { test(t, find(t)) })
	}
}

func TestSamplesAgree(t *testing.T) {
	dir := samples(t)
	pythons(t, func(t *testing.T, python string) {
		found, err := CheckManifest(t.Context(), python, filepath.Join(dir, "manifest.jsonl"))
		if err != nil || len(found) > 0 {
			t.Fatal(found, err)
		}
	})
}

// Each leaf of the samples' manifest is changed in turn, in a line of its own:
// a leaf whose change went unnoticed would be one that is never compared.
func TestEveryChangedExpectationIsReported(t *testing.T) {
	dir := samples(t)
	text, err := os.ReadFile(filepath.Join(dir, "manifest.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	var lines bytes.Buffer
	var changed []string
	for line := range bytes.Lines(text) {
		var file any
		if err := json.Unmarshal(line, &file); err != nil {
			t.Fatal(err)
		}
		changeLeaves(file, "", func(where string) {
			if where == ".path" {
				return
			}
			changed = append(changed, where)
			if err := json.NewEncoder(&lines).Encode(file); err != nil {
				t.Fatal(err)
			}
		})
	}
	if len(changed) < 200 {
		t.Fatalf("only %d leaves", len(changed))
	}
	manifest := filepath.Join(dir, "changed.jsonl")
	if err := os.WriteFile(manifest, lines.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	pythons(t, func(t *testing.T, python string) {
		found, err := CheckManifest(t.Context(), python, manifest)
		if err != nil {
			t.Fatal(err)
		}
		reported := map[int]bool{}
		for _, m := range found {
			reported[m.Line] = true
		}
		for i, where := range changed {
			if !reported[i+1] {
				t.Errorf("changed and not reported: %s", where)
			}
		}
	})
}

// changeLeaves calls seen with each leaf of v changed in turn, and puts it back.
func changeLeaves(v any, where string, seen func(where string)) {
	change := func(at string, leaf any, set func(any)) {
		switch leaf := leaf.(type) {
		case map[string]any, []any:
			changeLeaves(leaf, at, seen)
			return
		case float64:
			set(leaf + 1)
		case bool:
			set(!leaf)
		case string:
			set(leaf + "?")
		case nil:
			set(1)
		}
		seen(at)
		set(leaf)
	}
	switch v := v.(type) {
	case map[string]any:
		for key, leaf := range v {
			change(where+"."+key, leaf, func(x any) { v[key] = x })
		}
	case []any:
		for i, leaf := range v {
			change(fmt.Sprintf("%s[%d]", where, i), leaf, func(x any) { v[i] = x })
		}
	}
}

// tree is samples.py's tree.h5, said in Go.
func tree() File {
	userblock := sha256.Sum256(append([]byte("hello"), make([]byte, 507)...))
	y := sha256.Sum256([]byte{1, 0, 2, 0})
	return File{
		Path: "tree.h5", Superblock: 3, Userblock: 512, UserblockSHA256: hex.EncodeToString(userblock[:]),
		Objects: map[string]any{
			"/": Group{LinksOrder: Order{3, []string{"größe", "again", "out", "type"}}, AttrsOrder: Order{Flags: 3}},
			"/größe": Group{
				LinksOrder: Order{3, []string{"b", "a"}}, AttrsOrder: Order{3, []string{"z", "y"}},
				Attrs: map[string]Attr{
					"z": {DType: "vstr utf8", Space: "scalar", Shape: []uint64{}, Value: []any{"text"}},
					"y": {DType: ">i2", Shape: []uint64{2}, SHA256: hex.EncodeToString(y[:])},
				},
			},
			"/größe/a": Soft{"/nowhere"},
			"/größe/b": Hard{"/again"},
			"/again":   Dataset{DType: "<f4", Space: "scalar", Shape: []uint64{}, Layout: "contiguous", Value: []any{1.0}},
			"/out":     External{"other.h5", "/x"},
			"/type":    Datatype{DType: "<u2"},
		},
	}
}

func TestCheckFromGo(t *testing.T) {
	dir := samples(t)
	pythons(t, func(t *testing.T, python string) {
		lacking, surplus := tree(), tree()
		delete(lacking.Objects, "/again")
		surplus.Objects["/more"] = Group{}
		found, err := Check(t.Context(), python, dir, []File{tree(), lacking, surplus})
		if err != nil || len(found) != 2 {
			t.Fatal(found, err)
		}
		for i, want := range []string{"tree.h5: /again: kind: expected absent, found dataset", "tree.h5: /more: kind: expected group, found absent"} {
			if found[i].String() != want {
				t.Errorf("got %q, want %q", found[i], want)
			}
		}
	})
}

func TestDamagedFileIsNamed(t *testing.T) {
	dir := samples(t)
	bad := tree()
	bad.Path = "cut.h5"
	bytes, err := os.ReadFile(filepath.Join(dir, "tree.h5"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, bad.Path), bytes[:len(bytes)-9], 0o600); err != nil {
		t.Fatal(err)
	}
	pythons(t, func(t *testing.T, python string) {
		found, err := Check(t.Context(), python, dir, []File{tree(), tree(), bad, tree()})
		mustName(t, err, "cut.h5", "tree.h5:")
		if len(found) > 0 {
			t.Error(found)
		}
	})
	t.Run("h5dump", func(t *testing.T) {
		good := filepath.Join(dir, "tree.h5")
		err := DumpAll(t.Context(), H5dump(t), []string{good, filepath.Join(dir, bad.Path), good})
		mustName(t, err, "cut.h5", "tree.h5")
	})
}

func mustName(t *testing.T, err error, damaged, sound string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), damaged) || strings.Contains(err.Error(), sound) {
		t.Errorf("this should name %s alone: %v", damaged, err)
	}
}

func TestDump(t *testing.T) {
	dir := samples(t)
	h5dump := H5dump(t)
	var files []string
	for _, name := range []string{"numbers", "strings", "nested", "layouts", "fills", "tree"} {
		files = append(files, filepath.Join(dir, name+".h5"))
	}
	if err := DumpAll(t.Context(), h5dump, files); err != nil {
		t.Error(err)
	}
	text, err := Dump(t.Context(), h5dump, filepath.Join(dir, "tree.h5"))
	if err != nil || !strings.Contains(text, `EXTERNAL_LINK "out"`) {
		t.Errorf("%s, %v", text, err)
	}
}

func TestSilenceIsAsked(t *testing.T) {
	if _, err := run(context.Background(), "sh", "-c", "echo word >&2"); err == nil || !strings.Contains(err.Error(), "word") {
		t.Errorf("a word on standard error: %v", err)
	}
}
