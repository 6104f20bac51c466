package format

import (
	"testing"

	"github.com/h5serve/h5serve/h5core/internal/wire"
	"github.com/h5serve/h5serve/h5core/internal/wire/wiretest"
)

// Serialized selections and lists of mappings, as the C library writes them.
var (
	selections = []string{
		"00 00 00 00 01 00 00 00 00*8",                                         // none
		"03 00 00 00 01 00 00 00 00*8",                                         // all
		"01 00 00 00 01 00 00 00 00*8 01 00 00 00 02 00 00 00 05 00*3 07 00*3", // two points
		"01 00 00 00 02 00 00 00 02 02 00 00 00 01 00 03 00 04 00",             // a point of two axes, of 2 bytes each
		"02 00 00 00 01 00 00 00 00*8 01 00 00 00 01 00 00 00 02 00*3 04 00*3",
		"02 00 00 00 02 00 00 00 01 24 00*3 01 00*3 00*8 01 00*7 01 00*7 05 00*7",
		"02 00 00 00 03 00 00 00 01 02 02 00*3 00 00 01 00 ff ff 03 00 02 00 04 00 01 00 03 00", // without end along axis 0
		"02 00 00 00 03 00 00 00 00 02 02 00*3 01 00 00 00 01 00 02 00 03 00",
	}
	mappings = []string{
		"00 01 00*7 61 2e 68 35 00 64 00 03 00 00 00 01 00 00 00 00*8 03 00 00 00 01 00 00 00 00*8 sum",
		"01 02 00*7 04 64 25 62 00 03 00 00 00 01 00 00 00 00*8 03 00 00 00 01 00 00 00 00*8 " +
			"06 00*8 03 00 00 00 01 00 00 00 00*8 03 00 00 00 01 00 00 00 00*8 sum",
	}
)

func TestMappings(t *testing.T) {
	for i, want := range [][]string{{"a.h5", "d"}, {".", "d%b", ".", "d%b"}} {
		var m Mappings
		if _, err := wire.Decode(wiretest.Unhex(t, mappings[i]), wire.Default, 0, &m); err != nil {
			t.Fatalf("%d: %v", i, err)
		}
		for k, e := range m.List {
			if len(m.List) != len(want)/2 || e.File != want[2*k] || e.Dataset != want[2*k+1] || e.Virtual.Kind != SelectAll {
				t.Errorf("%d: mapping %d is %+v", i, k, e)
			}
		}
	}
	for i, text := range selections {
		var s Selection
		if _, err := wire.Decode(wiretest.Unhex(t, text), wire.Default, 0, &s); err != nil {
			t.Errorf("selection %d: %v", i, err)
		}
	}
}

// FuzzMappings decodes what nobody writes: as many coordinates and entries as
// the bytes hold, no more.
func FuzzMappings(f *testing.F) {
	for _, text := range append(append([]string{}, selections...), mappings...) {
		f.Add(wiretest.Unhex(f, text))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		for _, geo := range []wire.Geometry{wire.Default, small} {
			var s Selection
			if n, err := wire.Decode(src, geo, 0, &s); err == nil {
				soundSelection(t, &s, n)
			}
			var m Mappings
			n, err := wire.Decode(src, geo, 0, &m)
			if err != nil {
				continue
			}
			if len(m.List) > n {
				t.Errorf("%d mappings in %d bytes", len(m.List), n)
			}
			for i := range m.List {
				soundSelection(t, &m.List[i].Source, n)
				soundSelection(t, &m.List[i].Virtual, n)
			}
		}
	})
}

func soundSelection(t *testing.T, s *Selection, bytes int) {
	t.Helper()
	if len(s.First) != len(s.Last) || len(s.Points)+len(s.First)+len(s.Start) > bytes {
		t.Errorf("%d points, %d blocks in %d bytes", len(s.Points), len(s.First), bytes)
	}
	for i := range s.First {
		for d := range s.First[i] {
			if s.Last[i][d] < s.First[i][d] || len(s.Last[i]) != int(s.Rank) {
				t.Errorf("a block from %d to %d", s.First[i], s.Last[i])
			}
		}
	}
	if s.Regular && s.Kind == SelectHyperslab && len(s.Start)+len(s.Stride)+len(s.Count)+len(s.Block) != 4*int(s.Rank) {
		t.Errorf("%d axes of %d", len(s.Start), s.Rank)
	}
}
