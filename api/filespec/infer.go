package filespec

import (
	"bytes"
	"fmt"
	"math"

	"github.com/h5serve/h5serve/h5core/dtype"
	"github.com/h5serve/h5serve/h5core/space"
)

// The types that are inferred. Datasets share them.
var (
	int64Type   = dtype.Must(dtype.Int(8, true, dtype.LittleEndian))
	uint64Type  = dtype.Must(dtype.Int(8, false, dtype.LittleEndian))
	float64Type = dtype.Float64(dtype.LittleEndian)
	boolType    = dtype.Bool()
	textType    = dtype.VarString(dtype.UTF8)
)

// leaf is a kind of value that inference tells apart.
type leaf uint8

const (
	integers leaf = iota
	fractions
	booleans
	texts
	words // "NaN", "Infinity", "-Infinity"
	nulls
	objects
	leaves
)

var leafNames = [leaves]string{"an integer", "a number with a fraction", "a boolean", "a text", "a text", "null", "an object"}

// profile is what inline data looks like before its dtype is known: the shape
// that its lists have, and which kinds of values there are. Nothing of the
// values is kept.
type profile struct {
	rank   int // of the lists; -1 before the first value
	dims   [space.MaxRank]uint64
	closed [space.MaxRank]bool // dims of that axis is known
	length uint64              // of the outermost list
	depth  int                 // lists and objects inside each other, at the deepest
	ragged *Problem            // why there is no shape

	seen     [leaves]bool
	kinds    []sighting // in order of appearance
	negative bool
	large    string   // pointer of the first integer beyond int64
	beyond   *Problem // the first integer beyond uint64
}

// sighting is the first value of its kind.
type sighting struct {
	kind    leaf
	pointer string
}

// scan reads one value of any depth.
func (f *profile) scan(s *scanner) {
	f.rank = -1
	f.value(s, 0)
}

func (f *profile) value(s *scanner, depth int) {
	switch c := s.kind(); c {
	case '[':
		f.list(s, depth)
	case '{':
		f.note(s, objects, depth)
		f.depth = max(f.depth, depth+nesting(s))
	case '0':
		f.at(s, depth)
		f.number(s, s.number())
	case '"':
		f.text(s, depth)
	case 't', 'f':
		f.note(s, booleans, depth)
		s.literal()
	case 'n':
		f.note(s, nulls, depth)
		s.literal()
	}
}

// list reads a list that lies in depth others.
func (f *profile) list(s *scanner, depth int) {
	f.depth = max(f.depth, depth+1)
	if depth >= space.MaxRank && f.ragged == nil {
		f.ragged = problem("rank_too_high", Entry{Pointer: s.pointer(), Detail: fmt.Sprintf("more than %d lists inside each other: a shape has at most %d axes", space.MaxRank, space.MaxRank)})
	}
	if f.rank >= 0 && depth >= f.rank {
		f.uneven(s, "a list where others have a value")
	}
	n := uint64(0)
	number := func(text []byte) {
		n++
		f.at(s, depth+1)
		f.number(s, text)
	}
	for s.begin(); ; n++ {
		if s.plainNumbers(number); !s.next() {
			break
		}
		f.value(s, depth+1)
	}
	if depth == 0 {
		f.length = n
	}
	if s.err != nil || f.ragged != nil {
		return
	}
	if f.rank < 0 {
		f.rank = depth + 1 // empty
	}
	if !f.closed[depth] {
		f.closed[depth], f.dims[depth] = true, n
	} else if f.dims[depth] != n {
		f.uneven(s, "%d values where others have %d", n, f.dims[depth])
	}
}

// at holds a value to the depth of the others.
func (f *profile) at(s *scanner, depth int) {
	switch {
	case f.rank < 0:
		f.rank = depth
	case f.rank != depth:
		f.uneven(s, "a value where others have a list")
	}
}

func (f *profile) uneven(s *scanner, format string, args ...any) {
	if f.ragged == nil {
		f.ragged = problem("ragged", Entry{Pointer: s.pointer(), Detail: fmt.Sprintf(format, args...) + `: lists of one depth have one length; for lists of any length give the dtype {"vlen": …}`})
	}
}

// note counts one value of a kind.
func (f *profile) note(s *scanner, kind leaf, depth int) {
	f.at(s, depth)
	f.saw(s, kind)
}

func (f *profile) saw(s *scanner, kind leaf) {
	if !f.seen[kind] {
		f.seen[kind] = true
		f.kinds = append(f.kinds, sighting{kind, s.pointer()})
	}
}

func (f *profile) number(s *scanner, text []byte) {
	if f.seen[fractions] {
		return // whatever follows, they are floats
	}
	if !s.whole {
		f.saw(s, fractions)
		return
	}
	f.saw(s, integers)
	f.negative = f.negative || (len(text) > 0 && text[0] == '-')
	if len(text) < 19 {
		return
	}
	if _, ok := parseInt(text); ok {
		return
	}
	if f.large == "" {
		f.large = s.pointer()
	}
	if _, ok := parseUint(text); !ok && f.beyond == nil {
		f.beyond = problem("out_of_range", Entry{Pointer: s.pointer(), Detail: fmt.Sprintf("%s does not fit int64 nor uint64 (%d … %d)", cut(text), math.MinInt64, uint64(math.MaxUint64))})
	}
}

func (f *profile) text(s *scanner, depth int) {
	f.at(s, depth)
	if f.seen[texts] && f.seen[words] {
		s.skipString()
		return
	}
	kind := texts
	if rest := s.buf[s.i:s.n]; len(rest) > 1 && (rest[1] == 'N' || rest[1] == 'I' || rest[1] == '-') {
		for _, word := range [...]string{`"NaN"`, `"Infinity"`, `"-Infinity"`} {
			if bytes.HasPrefix(rest, []byte(word)) {
				kind = words
			}
		}
	}
	f.saw(s, kind)
	s.skipString()
}

// nesting reads a value and returns how many lists and objects it has inside
// each other.
func nesting(s *scanner) (depth int) {
	switch s.kind() {
	case '{':
		for s.begin(); s.next(); {
			s.key()
			depth = max(depth, nesting(s))
		}
		return depth + 1
	case '[':
		for s.begin(); s.next(); {
			depth = max(depth, nesting(s))
		}
		return depth + 1
	}
	s.skip()
	return 0
}

// shape is the shape of the lists.
func (f *profile) shape() []uint64 { return f.dims[:min(max(f.rank, 0), len(f.dims))] }

// infer returns the dtype of the values, by the rules of h5py where it has
// any.
func (f *profile) infer() (*dtype.Type, error) {
	if f.ragged != nil {
		return nil, f.ragged
	}
	if err := f.mixed(); err != nil {
		return nil, err
	}
	switch {
	case len(f.kinds) == 0:
		return float64Type, nil // empty, as numpy has it
	case f.seen[objects]:
		return nil, f.refuse("an object among the data: give the dtype of a compound, or one of the forms of data")
	case f.seen[booleans]:
		return boolType, nil
	case f.seen[fractions]:
		return float64Type, nil
	case f.seen[texts] || f.seen[words]:
		return textType, nil
	case f.seen[nulls]:
		return nil, f.refuse(`null has no dtype of its own: give one; among numbers write "NaN" in quotes`)
	case f.beyond != nil:
		return nil, f.beyond
	case f.large != "" && f.negative:
		return nil, problem("out_of_range", Entry{Pointer: f.large, Detail: "beyond int64, and there are negative integers too: give a dtype"})
	}
	if f.large != "" {
		return uint64Type, nil
	}
	return int64Type, nil
}

func (f *profile) refuse(detail string) error {
	return problem("mixed_kinds", Entry{Pointer: f.kinds[0].pointer, Detail: detail})
}

// family is what goes together in one dtype. The words for numbers that JSON
// lacks are numbers among fractions.
func (f *profile) family(k leaf) leaf {
	switch {
	case k == integers, k == words && f.seen[fractions] && !f.seen[texts]:
		return fractions
	case k == words, k == nulls:
		return texts
	}
	return k
}

// mixed names the first value that does not go with what came before.
func (f *profile) mixed() error {
	for i := 1; i < len(f.kinds); i++ {
		now, before := f.kinds[i], f.kinds[0]
		if f.family(now.kind) == f.family(before.kind) {
			continue
		}
		hint := "values of one kind, or a dtype"
		if f.family(before.kind) == fractions && (now.kind == words || now.kind == nulls) {
			hint = `for a number that is none write "NaN" in quotes, with a float dtype such as "<f8"`
		}
		return problem("mixed_kinds", Entry{Pointer: now.pointer, Detail: fmt.Sprintf("%s, where %s is %s; expected %s",
			leafNames[now.kind], before.pointer, leafNames[before.kind], hint)})
	}
	return nil
}
