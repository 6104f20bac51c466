package load

import (
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/h5serve/h5serve/h5core/internal/format"
	"github.com/h5serve/h5serve/h5core/internal/format/message"
	"github.com/h5serve/h5serve/h5core/internal/wire"
	"github.com/h5serve/h5serve/h5core/internal/wire/wiretest"
	"github.com/h5serve/h5serve/h5core/space"
)

// FuzzPattern holds the patterns of stored selections against the selections
// themselves, element by element.
func FuzzPattern(f *testing.F) {
	for _, text := range []string{
		"03 00 00 00 01 00 00 00 00*8",
		"02 00 00 00 01 00 00 00 00*8 02 00 00 00 02 00 00 00 00*8 01 00*3 02 00*3 01 00*3 01 00*3 03 00*3 04 00*3",
		"02 00 00 00 03 00 00 00 01 02 02 00*3 01 00 02 00 01 00 01 00 00 00 03 00 02 00 02 00",
		"02 00 00 00 03 00 00 00 01 02 01 00*3 00 00 02 00 ff ff 01 00",
	} {
		f.Add(wiretest.Unhex(f, text), uint8(5), uint8(6), uint64(7))
	}
	f.Fuzz(func(t *testing.T, src []byte, rows, columns uint8, elements uint64) {
		var s format.Selection
		if _, err := wire.Decode(src, wire.Default, 0, &s); err != nil || s.Kind == format.SelectPoints || s.Kind == format.SelectNone {
			return
		}
		dims := []uint64{uint64(rows % 8), uint64(columns % 8)}
		if s.Rank == 1 {
			dims = dims[:1]
		}
		p, err := patternOf(&s, dims, unlimited(&s), elements)
		if err != nil {
			return
		}
		found := walked(t, p, dims)
		list, err := Parts(&s, dims)
		if err != nil || s.Kind != format.SelectAll && unlimited(&s) >= 0 {
			return
		}
		var want []uint64
		for _, sel := range list {
			for run := range sel.Runs(dims) {
				for i := range run.Count {
					want = append(want, run.Offset+i)
				}
			}
		}
		slices.Sort(want)
		if want = slices.Compact(want); !slices.Equal(found, want) || p.size != uint64(len(want)) {
			t.Errorf("%+v of %v selects %v, its pattern has %d: %v", s, dims, want, p.size, found)
		}
	})
}

// walked lists the elements of a pattern in a space, which it finds both ways.
func walked(t *testing.T, p *pattern, dims []uint64) (offsets []uint64) {
	box := space.Box{Start: make([]uint64, len(dims)), Count: dims}
	at := make([]uint64, len(dims))
	_ = p.within(box, func(n, offset, count uint64) error {
		for i := range count {
			offsets = append(offsets, offset+i)
			_ = p.from(n+i, 1, at, func(uint64) error {
				k := uint64(0)
				for d := range dims {
					k = k*dims[d] + at[d]
				}
				if k != offset+i {
					t.Errorf("element %d lies at %d, or at %v of %v", n+i, offset+i, at, dims)
				}
				return nil
			})
		}
		return nil
	})
	if !slices.IsSorted(offsets) {
		t.Errorf("not in order: %v", offsets)
	}
	return offsets
}

// FuzzNames takes names of files and datasets that stand in a file apart. None
// that is followed leaves the folder.
func FuzzNames(f *testing.F) {
	for _, s := range []string{"frame-%b.h5", "%%b", "%", "../x", "/etc/passwd", "a/./b", `\\host\x`, "s3://b/k", "c:x", ".", "a\x00b"} {
		f.Add(s, "run/master.h5")
	}
	f.Fuzz(func(t *testing.T, s, from string) {
		if n, err := parseName(s); err == nil {
			if n.numbers() != strings.Count(strings.ReplaceAll(s, "%%", ""), "%b") {
				t.Errorf("%q has %d numbers", s, n.numbers())
			}
			if !strings.Contains(s, "%") && n.with(7) != s {
				t.Errorf("%q became %q", s, n.with(7))
			}
		}
		file, inside := ExternalTarget(&message.Link{Data: []byte(s)})
		if len(file)+len(inside) > len(s) {
			t.Errorf("%q leads to %q in %q", s, inside, file)
		}
		from = path.Clean(filepath.ToSlash(from))
		if spelling(s) != "" || !filepath.IsLocal(from) {
			return
		}
		at := path.Join(path.Dir(from), s)
		if !filepath.IsLocal(at) || path.Dir(from) != "." && !strings.HasPrefix(at, path.Dir(from)+"/") {
			t.Errorf("%q from %q is %q", s, from, at)
		}
	})
}
