package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/h5serve/h5serve/e2e/reference"
)

// choice is a difference between how the C library stores an object and how
// h5serve does.
type choice struct {
	File, Object, What string
	H5py, Ours         any
}

// exception names a difference that is meant, and why.
type exception struct {
	what       string
	h5py, ours any // nil stands for a fact that is absent
	why        string
}

var exceptions = []exception{
	{"links", "dense", "in the header", "more than 8 links stay in the header until dense storage is written"},
	{"attribute", nil, 3.0, "an attribute in dense storage is no message of the header"},
	{"attributes", "dense", "in the header", "more than 8 attributes stay in the header until dense storage is written"},
}

// TestFormatChoices builds a hundred descriptions with h5py and with h5serve,
// and compares how every object is stored.
func TestFormatChoices(t *testing.T) {
	python, dir := reference.Current(t), t.TempDir()
	tool := filepath.Join("reference", "choices.py")
	command(t, python, "-B", tool, "make", dir)
	for n := range 100 {
		stem := filepath.Join(dir, fmt.Sprintf("%03d", n))
		command(t, program(t), "build", stem+".json", "-o", stem+".ours.h5")
	}
	used := map[string]int{}
	for line := range bytes.Lines(pythonOutput(t, python, tool, "compare", dir)) {
		var c choice
		if err := json.Unmarshal(line, &c); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		if c.What == "" {
			t.Logf("%s", bytes.TrimSpace(line))
			continue
		}
		if why := excused(c); why != "" {
			used[c.What+": "+why]++
			continue
		}
		t.Errorf("%s %s: %s is %v by h5py, %v by h5serve", c.File, c.Object, c.What, c.H5py, c.Ours)
	}
	for why, n := range used {
		t.Logf("%d × %s", n, why)
	}
}

func excused(c choice) string {
	for _, e := range exceptions {
		if e.what == c.What && e.h5py == c.H5py && e.ours == c.Ours {
			return e.why
		}
	}
	return ""
}

func pythonOutput(t *testing.T, python string, args ...string) []byte {
	t.Helper()
	return []byte(command(t, python, append([]string{"-B"}, args...)...))
}
