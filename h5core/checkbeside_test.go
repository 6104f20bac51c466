package h5core_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/h5serve/h5serve/h5core"
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
	tests := []struct {
		name, signature string
		nth             int
		file            []byte
		structure       string
		objects, chunks int // at least
	}{
		{"symbol table node", "SNOD", 5, members(), "symbol table node", 90, 0},
		{"node of a chunk tree", "TREE", 9, many(), "version 1 B-tree node", 2, 1900},
	}
	for _, test := range tests {
		p, at := test.file, 0
		for range test.nth {
			at += 1 + bytes.Index(p[at+1:], []byte(test.signature))
		}
		if string(p[at:at+4]) != test.signature {
			t.Fatalf("%s: there are no %d", test.name, test.nth)
		}
		p[at]++
		r := checked(t, p)
		if r.Sound() || len(r.Findings) != 1 || r.Findings[0].Structure != test.structure || r.Findings[0].Offset != uint64(at) ||
			r.Findings[0].Found == "" || r.Objects < test.objects || r.Chunks < test.chunks {
			t.Errorf("%s at %d: %+v, %d objects, %d chunks", test.name, at, r.Findings, r.Objects, r.Chunks)
		}
	}
}
