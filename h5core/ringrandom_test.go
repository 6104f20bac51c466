package h5core_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"testing"

	"pgregory.net/rapid"

	"github.com/h5serve/h5serve/h5core"
	"github.com/h5serve/h5serve/h5core/vfd"
)

// checks runs a property with a seed that is printed: 100 times, or as often
// as full says where FULL is set.
func checks(t *testing.T, full int, property func(*rapid.T)) {
	t.Helper()
	number := 100
	if os.Getenv("FULL") != "" {
		number = full
	}
	for name, value := range map[string]any{"rapid.seed": sweepSeed(t), "rapid.checks": number} {
		f := flag.Lookup(name)
		was := f.Value.String()
		must(t, f.Value.Set(fmt.Sprint(value)))
		defer func() { must(t, f.Value.Set(was)) }()
	}
	rapid.Check(t, property)
	t.Logf("%d random files", number)
}

// TestRingOfRandomTrees writes random trees, reads them, copies them at other
// bounds, and copies the copies: each is what the model says, and sound.
func TestRingOfRandomTrees(t *testing.T) {
	checks(t, 5000, func(r *rapid.T) {
		m := drawModel(r)
		f, err := m.write()
		for i := 0; i < 3 && err == nil; i++ {
			low := rapid.SampledFrom(bounds).Draw(r, "low of the copy")
			f, err = m.around(f, low)
		}
		if err != nil {
			r.Fatal(err)
		}
		f.Discard()
	})
}

// around reads a file that was made, holds it to the model, and copies it.
func (m *model) around(f *h5core.File, low h5core.Libver) (*h5core.File, error) {
	defer f.Discard()
	read, err := written(f)
	if err != nil {
		return nil, err
	}
	if err := m.verify(read); err != nil {
		return nil, err
	}
	if report, err := read.Check(ctx); err != nil || !report.Sound() {
		return nil, fmt.Errorf("%w, %+v", err, report)
	}
	out, err := h5core.Open(ctx, "copy.h5", "w", h5core.WithDriver(vfd.Core{}),
		h5core.WithLibver(low, h5core.Latest), h5core.WithUserBlock(m.user, nil))
	if err != nil {
		return nil, err
	}
	return out, h5core.CopyAll(ctx, read, out)
}

// written opens the bytes of a file that was made; it stays open.
func written(f *h5core.File) (*h5core.File, error) {
	p, err := f.Plan(ctx)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if _, err := p.WriteTo(&b); err != nil {
		return nil, err
	}
	return h5core.Open(ctx, "image", "r", h5core.WithDriver(image(b.Bytes())))
}
