package represent

import (
	"bytes"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/h5serve/h5serve/h5core"
	"github.com/h5serve/h5serve/h5core/dtype"
	"github.com/h5serve/h5serve/h5core/space"
)

// sample makes a file with a cycle, links of all kinds and a forward
// reference, and opens it.
func sample(t *testing.T) *h5core.File {
	t.Helper()
	name := filepath.Join(t.TempDir(), "sample.h5")
	f, err := h5core.Open(t.Context(), name, "w")
	if err != nil {
		t.Fatal(err)
	}
	g, err := f.CreateGroup("g")
	must(t, err)
	must(t, g.HardLink("up", "/"))
	must(t, g.Attributes().Set("units", "K"))
	d, err := f.CreateDataset("g/x", i4, space.Space{Kind: space.Simple, Dims: []uint64{2, 2}, Max: []uint64{space.Unlimited, 2}},
		h5core.Chunks(1, 2), h5core.FillValue(7))
	must(t, err)
	must(t, d.Write(t.Context(), nil, [][]int32{{1, 2}, {3, -4}}))
	must(t, f.HardLink("z", "/g/x"))
	must(t, f.SoftLink("soft", "/nowhere"))
	must(t, f.ExternalLink("ext", "other.h5", "/y"))
	_, err = f.CreateDataset("null", f4, space.Space{Kind: space.Null})
	must(t, err)
	must(t, f.Close())
	if f, err = h5core.Open(t.Context(), name, "r"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// The lines are those of the reference reader for this file.
func TestLines(t *testing.T) {
	var out bytes.Buffer
	faults, err := Lines(t.Context(), &out, sample(t))
	if faults != 0 || err != nil {
		t.Fatalf("%d faults, %v", faults, err)
	}
	got := strings.Split(out.String(), "\n")
	want := strings.Split(wantLines, "\n")
	for i := range max(len(got), len(want)) {
		if i >= len(got) || i >= len(want) || got[i] != want[i] {
			t.Fatalf("line %d of\n%s\nwant\n%s", i+1, out.String(), wantLines)
		}
	}
}

func TestWalk(t *testing.T) {
	f := sample(t)
	var all []string
	visit := func(v Visit) error {
		all = append(all, v.Path+" "+v.SameAs)
		if v.Path == "/g" {
			return ErrSkipMembers
		}
		return nil
	}
	must(t, Walk(t.Context(), f.Group, visit))
	if want := []string{"/ ", "/ext ", "/g ", "/null ", "/soft ", "/z "}; !slices.Equal(all, want) {
		t.Errorf("%q, want %q", all, want)
	}
	stop := errors.New("stop")
	if err := Walk(t.Context(), f.Group, func(Visit) error { return stop }); !errors.Is(err, stop) {
		t.Error(err)
	}
}

// A sequence whose elements are all the sequence of the next level.
func TestEndlessElement(t *testing.T) {
	deep := dtype.Must(dtype.OpaqueOf(16, ""))
	level := strings.Repeat("\x00\x02\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00", 512)
	for range 11 {
		deep = dtype.Must(dtype.VarLenOf(deep))
	}
	canonical, err := NewCanonical(deep)
	must(t, err)
	element, heap := []byte(level[:16]), shelf{parts: []string{level}}
	if _, err := canonical.Append(nil, element, heap); !errors.Is(err, h5core.ErrTooLarge) {
		t.Errorf("canonical: %v", err)
	}
	if _, err := (JSON{}).Append(nil, deep, element, heap); !errors.Is(err, h5core.ErrTooLarge) {
		t.Errorf("JSON: %v", err)
	}
}
