package cached

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func drawSpans(rt *rapid.T, most, unit uint64) []span {
	return rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) span {
		off := rapid.Uint64Range(0, most/unit-1).Draw(rt, "off") * unit
		return span{off, min(most, off+unit*rapid.Uint64Range(1, 40).Draw(rt, "length"))}
	}), 1, 30).Draw(rt, "spans")
}

// covered says which span is not covered by disjoint, ascending ones.
func covered(rt *rapid.T, gets, want []span, limit uint64) {
	for i, g := range gets {
		if g.off >= g.end || g.length() > limit || i > 0 && g.off < gets[i-1].end {
			rt.Fatalf("GETs %v with a limit of %d", gets, limit)
		}
	}
	for _, w := range want {
		for at := w.off; at < w.end; {
			i := slices.IndexFunc(gets, func(g span) bool { return g.off <= at && at < g.end })
			if i < 0 {
				rt.Fatalf("%v leaves out %d of %v", gets, at, w)
			}
			at = gets[i].end
		}
	}
}

func TestMerge(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		want := drawSpans(rt, 1000, 1)
		gap, limit := rapid.Uint64Range(0, 50).Draw(rt, "gap"), rapid.Uint64Range(1, 200).Draw(rt, "limit")
		gets := merge(slices.Clone(want), gap, limit)
		covered(rt, gets, want, limit)
		for i, g := range gets {
			if i > 0 && g.off-gets[i-1].end <= gap && g.end-gets[i-1].off <= limit {
				rt.Fatalf("%v and %v could be one", gets[i-1], g)
			}
		}
	})
	far := merge([]span{{math.MaxUint64 - 5, math.MaxUint64}, {0, 3}}, 10, 8)
	if !slices.Equal(far, []span{{0, 3}, {math.MaxUint64 - 5, math.MaxUint64}}) {
		t.Error(far)
	}
}

func TestMetadataGETs(t *testing.T) {
	s := Settings{First: 40, Page: 4, Block: 40, Largest: 160, Gap: 12, Scatter: 3}.orDefaults()
	rapid.Check(t, func(rt *rapid.T) {
		end := rapid.Uint64Range(801, 804).Draw(rt, "end")
		held := map[uint64]bool{}
		for _, page := range rapid.SliceOf(rapid.Uint64Range(0, 200)).Draw(rt, "held") {
			held[4*page] = true
		}
		var pages []span
		for _, p := range drawSpans(rt, 804, 4) {
			for off := p.off; off < p.end; off += 4 {
				if !held[off] {
					pages = append(pages, span{off, off + 4})
				}
			}
		}
		if len(pages) == 0 {
			return
		}
		a := ahead{next: rapid.Uint64Range(0, 200).Draw(rt, "next") * 4}
		gets := s.metadataGETs(slices.Clone(pages), &a, func(off uint64) bool { return held[off] }, end)
		for i := range pages {
			pages[i].end = min(pages[i].end, end)
		}
		covered(rt, gets, pages, s.Largest)
		for _, g := range gets {
			if g.off%s.Page != 0 || g.end%s.Page != 0 && g.end != end || g.end > end {
				rt.Fatalf("%v is not whole pages of %d bytes", g, end)
			}
		}
	})
}

// A wave that takes all of the stretch leaves out what is there.
func TestDenseWaveAroundWhatIsHeld(t *testing.T) {
	s := Settings{First: 40, Page: 4, Block: 40, Largest: 160, Gap: 12, Scatter: 3}.orDefaults()
	var pages []span
	for off := uint64(0); off < 400; off += 20 {
		if off < 200 || off >= 300 {
			pages = append(pages, span{off, off + 12})
		}
	}
	held := func(off uint64) bool { return off >= 200 && off < 300 || off == 160 }
	got := s.metadataGETs(pages, &ahead{}, held, 1000)
	if want := []span{{0, 160}, {160, 192}, {300, 392}}; !slices.Equal(got, want) {
		t.Errorf("GETs %v, wanted %v", got, want)
	}
}

func TestObjectsOfWhichNothingIsHeldAreForgotten(t *testing.T) {
	c, err := New(Settings{})
	if err != nil {
		t.Fatal(err)
	}
	kept := c.object(nil, "kept")
	for i := range 10_000 {
		c.leave(c.object(nil, string(rune(i+0x4e00))))
	}
	if n := len(c.objects); n > 2*minSweep || c.object(nil, "kept") != kept {
		t.Errorf("%d objects are known", n)
	}
}
