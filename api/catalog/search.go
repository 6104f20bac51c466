package catalog

import (
	"context"
	"encoding/json"
	"errors"
	"strings"

	"github.com/h5serve/h5serve/api/represent"
	"github.com/h5serve/h5serve/h5core"
)

// Match is a place where a text was found.
type Match struct {
	Path      string          `json:"path"`
	Kind      string          `json:"kind"` // as in Node
	In        string          `json:"in"`   // path, attribute (its name), value (of the attribute)
	Attribute string          `json:"attribute,omitempty"`
	Value     json.RawMessage `json:"value,omitempty"`
}

// Found are matches, breadth first.
type Found struct {
	Matches   []Match `json:"matches"`
	Visited   int     `json:"visited"`             // objects and links
	Truncated string  `json:"truncated,omitempty"` // why there may be more
}

// Search finds a text in the paths below a group, in the names of attributes,
// and in their values where these are small. It ends when it has enough. A
// context whose time is up ends it and is no error.
func Search(ctx context.Context, g *h5core.Group, p Pattern, limit int) (*Found, error) {
	s := &searcher{ctx: ctx, pattern: p, limit: limit, found: &Found{Matches: []Match{}}}
	for wave, err := range h5core.Waves(ctx, g) {
		for err == nil && len(wave) > 0 && s.found.Truncated == "" {
			some := wave[:min(len(wave), step)]
			wave = wave[len(some):]
			err = s.wave(some)
		}
		switch {
		case errors.Is(err, context.DeadlineExceeded):
			s.found.Truncated = ByTime
			return s.found, nil
		case err != nil:
			return nil, err
		case s.found.Truncated != "":
			return s.found, nil
		}
	}
	return s.found, nil
}

type searcher struct {
	ctx     context.Context
	pattern Pattern
	limit   int
	found   *Found
}

func (s *searcher) wave(wave []*h5core.Visit) error {
	var objects []h5core.Object
	for _, v := range wave {
		if v.Object != nil {
			objects = append(objects, v.Object)
		}
	}
	lists, errs := attributes(s.ctx, objects, represent.JSON{})
	if err := s.ctx.Err(); err != nil {
		return err
	}
	i := 0
	for _, v := range wave {
		s.found.Visited++
		kind := node(v).Kind
		if s.pattern.MatchPath(v.Path) && !s.add(Match{Path: v.Path, Kind: kind, In: "path"}) {
			return nil
		}
		over := errors.Is(v.Err, h5core.ErrTooLarge)
		if v.Object != nil {
			if !s.attributes(v.Path, kind, lists[i]) {
				return nil
			}
			over = over || errors.Is(errs[i], h5core.ErrTooLarge)
			i++
		}
		if over {
			s.found.Truncated = ByBudget
		}
	}
	return nil
}

func (s *searcher) attributes(path, kind string, list []Attribute) bool {
	for _, a := range list {
		m := Match{Path: path, Kind: kind, Attribute: a.Name, Value: a.Value}
		switch {
		case s.pattern.Match(a.Name):
			m.In = "attribute"
		case s.pattern.Match(readable(a.Value)):
			m.In = "value"
		default:
			continue
		}
		if !s.add(m) {
			return false
		}
	}
	return true
}

// readable is a JSON value as one would type it: a string without its quotes and
// escapes.
func readable(v json.RawMessage) string {
	var text string
	if len(v) > 0 && v[0] == '"' && json.Unmarshal(v, &text) == nil {
		return text
	}
	return string(v)
}

// add tells whether there is room for more.
func (s *searcher) add(m Match) bool {
	if len(s.found.Matches) == s.limit {
		s.found.Truncated = ByLimit
		return false
	}
	s.found.Matches = append(s.found.Matches, m)
	return true
}

// Pattern is what is searched for, in any case: a text that is somewhere inside,
// or, where it has a * or ?, a glob that is the whole, * being any text and ? any
// character.
type Pattern struct {
	text []rune
	glob bool
}

// NewPattern reads a pattern.
func NewPattern(text string) Pattern {
	return Pattern{[]rune(strings.ToLower(text)), strings.ContainsAny(text, "*?")}
}

// MatchPath matches a path, or its last name.
func (p Pattern) MatchPath(path string) bool {
	if p.glob {
		return p.Match(path) || p.Match(path[strings.LastIndexByte(path, '/')+1:])
	}
	return p.Match(path)
}

// Match tells whether a text has what is searched for. It takes time in
// proportion to both lengths.
func (p Pattern) Match(text string) bool {
	text = strings.ToLower(text)
	if !p.glob {
		return strings.Contains(text, string(p.text))
	}
	return glob(p.text, []rune(text))
}

// glob goes back to the last * where it fails: no earlier one has to be tried.
func glob(pattern, text []rune) bool {
	at, star, resume := 0, -1, 0
	for i := 0; i < len(text); {
		switch {
		case at < len(pattern) && pattern[at] == '*':
			star, resume = at, i
			at++
		case at < len(pattern) && (pattern[at] == '?' || pattern[at] == text[i]):
			at++
			i++
		case star >= 0:
			resume++
			at, i = star+1, resume
		default:
			return false
		}
	}
	for at < len(pattern) && pattern[at] == '*' {
		at++
	}
	return at == len(pattern)
}
