// Package matrix is the model of the files that h5core can write: every
// combination of datatype, layout, filters, libver bound and chunk index that
// makes sense, each as a file to make and what a reference must find in it.
//
//	Cases ──▶ Case ─┬─ Write   the file, by h5core
//	                └─ Expect  the manifest line, from the model alone
package matrix

import (
	"fmt"
	"math/rand/v2"

	"github.com/h5serve/h5serve/h5core"
)

// The values of the factors beside the datatype.
var (
	Layouts = []string{
		"null", "scalar", "zero-size", "compact", "contiguous", "contiguous unfilled",
		"chunked", "chunked in part", "chunked unfilled",
	}
	Filters = []string{
		"none", "gzip", "gzip 0", "gzip 9", "shuffle", "fletcher32",
		"shuffle gzip", "shuffle fletcher32", "gzip fletcher32", "shuffle gzip fletcher32",
	}
	Bounds  = []h5core.Libver{h5core.Earliest, h5core.V108, h5core.V110, h5core.V112, h5core.V114, h5core.V200}
	Indexes = []string{
		"none", "btree1", "btree1 deep", "single", "fixed array", "fixed array paged",
		"extensible array", "extensible array deep", "btree2", "btree2 deep",
	}
)

// Case is one file of the matrix.
type Case struct {
	Kind   Kind
	Layout string
	Filter string
	Bound  h5core.Libver
	Index  string
	Number int
}

// Name is the case's file name.
func (c Case) Name() string { return fmt.Sprintf("m%05d.h5", c.Number) }

func (c Case) chunked() bool { return len(c.Layout) >= 7 && c.Layout[:7] == "chunked" }

// possible tells whether the factors can meet: only chunks have filters and an
// index, and the bound and the shape decide on the index.
func (c Case) possible() bool {
	if !c.chunked() {
		return c.Filter == "none" && c.Index == "none"
	}
	switch c.Index {
	case "btree1", "btree1 deep":
		return c.Bound < h5core.V110 && (c.Index == "btree1" || c.Layout != "chunked unfilled")
	case "extensible array", "extensible array deep", "btree2", "btree2 deep":
		return c.Bound >= h5core.V110
	case "single", "fixed array", "fixed array paged":
		return c.Bound >= h5core.V110 && (c.Layout == "chunked" || c.Index == "fixed array" ||
			c.Layout == "chunked unfilled" && c.Index == "single")
	}
	return false
}

// Cases lists all that is possible.
func Cases() []Case {
	var all []Case
	for _, kind := range Kinds() {
		for _, layout := range Layouts {
			for _, filter := range Filters {
				for _, bound := range Bounds {
					for _, index := range Indexes {
						c := Case{kind, layout, filter, bound, index, len(all)}
						if c.possible() {
							all = append(all, c)
						}
					}
				}
			}
		}
	}
	return all
}

// factors names the case's value of every factor.
func (c Case) factors() [5]string {
	return [5]string{c.Kind.Name, c.Layout, c.Filter, c.Bound.String(), c.Index}
}

// Factors names the factors.
var Factors = [5]string{"type", "layout", "filter", "bound", "index"}

// Pair is two factors' values that meet in a case.
type Pair struct {
	A, B   int // which factors
	VA, VB string
}

// Pairs lists the pairs that meet in a case.
func (c Case) Pairs() []Pair {
	var out []Pair
	f := c.factors()
	for a := range f {
		for b := a + 1; b < len(f); b++ {
			out = append(out, Pair{a, b, f[a], f[b]})
		}
	}
	return out
}

// Thin chooses cases by a seed: enough that every pair which is possible at
// all occurs, then others up to n.
func Thin(all []Case, n int, seed uint64) []Case {
	rng := rand.New(rand.NewPCG(seed, 0))
	order := rng.Perm(len(all))
	seen := map[Pair]bool{}
	var chosen, rest []Case
	for _, i := range order {
		fresh := false
		for _, p := range all[i].Pairs() {
			fresh = fresh || !seen[p]
			seen[p] = true
		}
		if fresh {
			chosen = append(chosen, all[i])
		} else {
			rest = append(rest, all[i])
		}
	}
	return append(chosen, rest[:max(0, min(len(rest), n-len(chosen)))]...)
}
