package filespec

import (
	"fmt"
	"slices"
	"strings"
)

// keySet is what keys an object may have. Later ones belong to features that
// are still to come: they are understood, and refused as such.
type keySet struct {
	what         string // the object, in words
	known, later []string
}

// members reads an object whose keys are known, and calls value for each,
// which reads the value or skips it.
func (p *parser) members(set keySet, value func(key string)) {
	if !p.expect('{', set.what) {
		return
	}
	var seen uint64
	for p.s.begin(); p.s.next(); {
		key := string(p.s.key())
		i := slices.Index(set.known, key)
		switch {
		case i < 0:
			p.unknownKey(set, key)
			p.s.skip()
		case seen&(1<<i) != 0:
			p.note("duplicate_key", "the key %q is there twice", key)
			p.s.skip()
		default:
			seen |= 1 << i
			value(key)
		}
	}
}

func (p *parser) unknownKey(set keySet, key string) {
	if p.s.err != nil {
		return
	}
	if slices.Contains(set.later, key) {
		p.note("unsupported_feature", "%q is not supported yet", key)
		return
	}
	e := Entry{Pointer: p.s.pointer(), Detail: fmt.Sprintf("unknown key in %s: known are %s", set.what, strings.Join(set.known, ", "))}
	e.DidYouMean = nearest(key, append(slices.Clone(set.known), set.later...))
	p.noteProblem(problem("unknown_key", e))
}

// nearest returns the candidate that a slip of the hand away is key, "" for
// none.
func nearest(key string, candidates []string) string {
	if len(key) > 64 {
		return ""
	}
	best, least := "", max(1, min(3, len(key)/2))+1
	for _, c := range candidates {
		if d := distance(strings.ToLower(key), strings.ToLower(c)); d < least {
			best, least = c, d
		}
	}
	return best
}

// distance is the number of letters to insert, delete, replace or swap with
// their neighbour (the optimal string alignment of Damerau and Levenshtein).
func distance(a, b string) int {
	row := make([][]int, len(a)+1)
	for i := range row {
		row[i] = make([]int, len(b)+1)
		row[i][0] = i
	}
	for j := range row[0] {
		row[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			d := min(row[i-1][j]+1, row[i][j-1]+1, row[i-1][j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				d = min(d, row[i-2][j-2]+1)
			}
			row[i][j] = d
		}
	}
	return row[len(a)][len(b)]
}

// note adds a problem at the current value.
func (p *parser) note(code, format string, args ...any) {
	if p.s.err == nil {
		p.noteProblem(problem(code, Entry{Pointer: p.s.pointer(), Detail: fmt.Sprintf(format, args...)}))
	}
}

// noteAt adds what err says of the value at a pointer.
func (p *parser) noteAt(pointer, code string, err error) {
	if !mendable(err) {
		p.s.stop(err)
		return
	}
	p.noteProblem(at(pointer, code, err))
}

func (p *parser) noteProblem(found *Problem) {
	if p.s.err == nil {
		if err := p.problems.add(found); err != nil {
			p.s.stop(err)
		}
	}
}

var kindWords = map[byte]string{'{': "an object", '[': "a list", '"': "a text", '0': "a number", 't': "true", 'f': "false", 'n': "null"}

// expect tells whether a value of the wanted kind follows; another one is
// noted and skipped.
func (p *parser) expect(want byte, what string) bool {
	found := p.s.kind()
	if found == want || found == 0 {
		return found == want
	}
	p.note("wrong_type", "expected %s (%s), found %s", kindWords[want], what, kindWords[found])
	p.s.skip()
	return false
}

// text reads a text.
func (p *parser) text(what string) (string, bool) {
	if !p.expect('"', what) {
		return "", false
	}
	text := string(p.s.str(maxName))
	return text, p.s.err == nil
}

// boolean reads true or false; null stands for false.
func (p *parser) boolean(what string) bool {
	switch p.s.kind() {
	case 't', 'f', 'n':
		return p.s.literal() == 't'
	}
	p.note("wrong_type", "expected true or false (%s), found %s", what, kindWords[p.s.kind()])
	p.s.skip()
	return false
}

// count reads an integer that is not negative; another number has the given
// code.
func (p *parser) count(code, what string) (uint64, bool) {
	if !p.expect('0', what) {
		return 0, false
	}
	pointer := p.s.pointer()
	v, ok := parseUint(p.s.number())
	if !ok {
		p.noteProblem(problem(code, Entry{Pointer: pointer, Detail: "expected an integer from 0 to 2^64-1: " + what}))
	}
	return v, ok && p.s.err == nil
}

// null passes a null, which stands for a key that was left out.
func (p *parser) null() bool {
	if p.s.kind() != 'n' {
		return false
	}
	return p.s.literal() == 'n'
}
