package h5core_test

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"github.com/h5serve/h5serve/h5core"
	"github.com/h5serve/h5serve/h5core/filter"
)

// TestRingOfRandomTrees writes random trees, copies them at other bounds, and
// copies the copies: all have the same canonical lines.
func TestRingOfRandomTrees(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		low := rapid.SampledFrom([]h5core.Libver{h5core.Earliest, h5core.V108, h5core.V110, h5core.V200})
		f := inMemory(t, h5core.WithLibver(low.Draw(r, "low"), h5core.Latest))
		groups := []*h5core.Group{f.Group}
		for i := range rapid.IntRange(0, 12).Draw(r, "objects") {
			g := groups[rapid.IntRange(0, len(groups)-1).Draw(r, "group")]
			name := fmt.Sprint("ö", i)
			switch rapid.IntRange(0, 4).Draw(r, "kind") {
			case 0:
				made, err := g.CreateGroup(name, h5core.TrackOrder())
				must(t, err)
				must(t, made.Attributes().Set("texts", []string{"a", "", name}))
				groups = append(groups, made)
			case 1:
				must(t, g.SoftLink(name, "/no/where"))
				must(t, g.ExternalLink(name+"x", "file.h5", "/path"))
			case 2:
				must(t, g.HardLink(name, groups[rapid.IntRange(0, len(groups)-1).Draw(r, "target")].Name()))
			default:
				randomDataset(t, r, g, name)
			}
		}
		src := reopened(t, f)
		want := linesIn(t, src)
		for range 2 {
			dst := inMemory(t, h5core.WithLibver(low.Draw(r, "copy's low"), h5core.Latest))
			must(t, h5core.CopyAll(ctx, src, dst))
			src = reopened(t, dst)
			if diff := sameLines(want, linesIn(t, src)); diff != "" {
				r.Fatal(diff)
			}
		}
	})
}

func randomDataset(t *testing.T, r *rapid.T, g *h5core.Group, name string) {
	n := rapid.Uint64Range(1, 50).Draw(r, "rows")
	s := simple(n, 3)
	var opts []h5core.DatasetOption
	if rapid.Bool().Draw(r, "chunked") {
		shuffle, _ := filter.Lookup(filter.IDShuffle)
		opts = append(opts, h5core.Chunks(rapid.Uint64Range(1, n).Draw(r, "chunk"), 2),
			h5core.Filters(filter.Step{Filter: shuffle, Params: []uint32{8}}), h5core.FillValue(int64(7)))
	}
	d := dataset(t, g, name, s, opts...)
	if rapid.Bool().Draw(r, "filled") {
		must(t, d.Write(ctx, nil, numbers(int(3*n))))
	}
	must(t, d.Attributes().Set("n", int64(n)))
}
