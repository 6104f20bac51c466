package h5core_test

import (
	"bytes"
	"fmt"
	"slices"
	"testing"

	"github.com/h5serve/h5serve/h5core"
	"github.com/h5serve/h5serve/h5core/space"
)

// What lies beside something damaged is still visited: nodes of a group's tree
// and of a chunk index, attributes, objects.
func TestCheckGoesOnBesideDamage(t *testing.T) {
	members := func() []byte {
		f := inMemory(t)
		for i := range 100 {
			dataset(t, f.Group, fmt.Sprintf("g/member %03d", i), simple(1))
		}
		return whole(t, f)
	}
	many := func() []byte {
		f := inMemory(t)
		d := dataset(t, f.Group, "d", simple(2000), h5core.Chunks(1))
		must(t, d.Write(ctx, nil, make([]int64, 2000)))
		return whole(t, f)
	}
	// indexed is of chunks whose index is the one for the newest format.
	indexed := func(s space.Space) []byte {
		f := inMemory(t, h5core.WithLibver(h5core.Latest, h5core.Latest))
		d := dataset(t, f.Group, "d", s, h5core.Chunks(slices.Repeat([]uint64{1}, len(s.Dims))...))
		must(t, d.Write(ctx, nil, make([]int64, 6000)))
		return whole(t, f)
	}
	grow := func(dims, most []uint64) space.Space { return space.Space{Kind: space.Simple, Dims: dims, Max: most} }
	endless := grow([]uint64{6000}, []uint64{space.Unlimited})
	tests := []struct {
		name, signature string
		nth             int
		file            []byte
		structure       string
		objects, chunks int // at least
	}{
		{"symbol table node", "SNOD", 5, members(), "symbol table node", 90, 0},
		{"node of a chunk tree", "TREE", 9, many(), "version 1 B-tree node", 2, 1900},
		{"leaf of a chunk tree", "BTLF", 9, indexed(grow([]uint64{100, 60}, []uint64{space.Unlimited, space.Unlimited})), "version 2 B-tree leaf node", 2, 5500},
		{"page", "FADB", 1, indexed(grow([]uint64{6000}, nil)), "fixed array data block page", 2, 6000 - 1024},
		{"data block", "EADB", 5, indexed(endless), "extensible array data block", 2, 5900},
		{"super block", "EASB", 3, indexed(endless), "extensible array secondary block", 2, 4000},
	}
	for _, test := range tests {
		p, at := test.file, 0
		for range test.nth {
			at += 1 + bytes.Index(p[at+1:], []byte(test.signature))
		}
		if string(p[at:at+4]) != test.signature {
			t.Fatalf("%s: there are no %d", test.name, test.nth)
		}
		if test.name == "page" { // the third behind the directory, up to its checksum
			at += 4 + 2 + 8 + 1 + 4 + 2*(1024*8+4) + 1024*8
		}
		p[at]++
		r := checked(t, p)
		if r.Sound() || len(r.Findings) != 1 || r.Findings[0].Structure != test.structure || r.Findings[0].Offset != uint64(at) ||
			r.Findings[0].Found == "" || r.Objects < test.objects || r.Chunks < test.chunks {
			t.Errorf("%s at %d: %+v, %d objects, %d chunks", test.name, at, r.Findings, r.Objects, r.Chunks)
		}
	}
}
