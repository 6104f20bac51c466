package filespec

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// The header of a .npy file is a literal of Python. pyLiteral reads what numpy
// writes there: dicts, lists, tuples, texts, integers, True, False and None.
type pyLiteral struct {
	rest  string
	depth int
}

// pyDict is a dict with texts as keys; pyTuple a tuple. A list is []any.
type (
	pyDict  map[string]any
	pyTuple []any
)

const maxLiteral = 32 // lists, tuples and dicts inside each other

func (p *pyLiteral) bad(want string) error {
	return complain("bad_npy", "the header is no Python literal: expected %s at %q", want, cut([]byte(p.rest)))
}

func (p *pyLiteral) blank() { p.rest = strings.TrimLeft(p.rest, " \t\r\n\f") }

// take passes a character, if it comes next.
func (p *pyLiteral) take(c byte) bool {
	p.blank()
	if p.rest == "" || p.rest[0] != c {
		return false
	}
	p.rest = p.rest[1:]
	return true
}

func (p *pyLiteral) value() (any, error) {
	if p.depth++; p.depth > maxLiteral {
		return nil, p.bad("less nesting")
	}
	defer func() { p.depth-- }()
	p.blank()
	for word, v := range map[string]any{"True": true, "False": false, "None": nil} {
		if rest, ok := strings.CutPrefix(p.rest, word); ok {
			p.rest = rest
			return v, nil
		}
	}
	switch {
	case p.rest == "":
		return nil, p.bad("a value")
	case p.take('{'):
		return p.dict()
	case p.take('['):
		return p.items(']')
	case p.take('('):
		return p.tuple()
	case strings.IndexByte(`'"ub`, p.rest[0]) >= 0:
		return p.text()
	}
	return p.integer()
}

func (p *pyLiteral) dict() (any, error) {
	d := make(pyDict)
	for !p.take('}') {
		key, err := p.value()
		if err != nil {
			return nil, err
		}
		name, ok := key.(string)
		if !ok || !p.take(':') {
			return nil, p.bad("a text and a colon")
		}
		if d[name], err = p.value(); err != nil {
			return nil, err
		}
		if !p.take(',') {
			if !p.take('}') {
				return nil, p.bad("a comma or }")
			}
			break
		}
	}
	return d, nil
}

func (p *pyLiteral) items(end byte) ([]any, error) {
	var list []any
	for !p.take(end) {
		v, err := p.value()
		if err != nil {
			return nil, err
		}
		list = append(list, v)
		if !p.take(',') {
			if !p.take(end) {
				return nil, p.bad("a comma or " + string(end))
			}
			break
		}
	}
	return list, nil
}

// tuple reads a tuple, or a value in brackets: one value is a tuple by its
// comma.
func (p *pyLiteral) tuple() (any, error) {
	start := p.rest
	list, err := p.items(')')
	if err != nil {
		return nil, err
	}
	inside := strings.TrimRight(strings.TrimSuffix(start[:len(start)-len(p.rest)], ")"), " \t\r\n\f")
	if len(list) == 1 && !strings.HasSuffix(inside, ",") {
		return list[0], nil
	}
	return pyTuple(list), nil
}

func (p *pyLiteral) integer() (any, error) {
	n := 0
	if p.rest[0] == '-' {
		n = 1
	}
	n += digits([]byte(p.rest[n:]))
	v, err := strconv.ParseInt(p.rest[:n], 10, 64)
	if err != nil {
		return nil, p.bad("a value")
	}
	p.rest = strings.TrimPrefix(p.rest[n:], "L") // of Python 2
	return v, nil
}

func (p *pyLiteral) text() (any, error) {
	p.rest = strings.TrimLeft(p.rest, "ub")
	if p.rest == "" || (p.rest[0] != '\'' && p.rest[0] != '"') {
		return nil, p.bad("a text")
	}
	quote := p.rest[0]
	var b []byte
	for i := 1; i < len(p.rest); i++ {
		switch c := p.rest[i]; c {
		case quote:
			p.rest = p.rest[i+1:]
			return string(b), nil
		case '\\':
			r, n := pyEscape(p.rest[i:])
			if n == 0 {
				return nil, p.bad("an escape that is known")
			}
			b = utf8.AppendRune(b, r)
			i += n - 1
		default:
			b = append(b, c)
		}
	}
	return nil, p.bad("a closing quote")
}

// pyEscape reads one escape; its length is 0 where it is none.
func pyEscape(s string) (rune, int) {
	if len(s) < 2 {
		return 0, 0
	}
	lengths := map[byte]int{'x': 2, 'u': 4, 'U': 8}
	if n := lengths[s[1]]; n > 0 && len(s) >= 2+n {
		v, err := strconv.ParseUint(s[2:2+n], 16, 32)
		if err != nil {
			return 0, 0
		}
		return rune(v), 2 + n
	}
	plain := map[byte]rune{'\\': '\\', '\'': '\'', '"': '"', 'n': '\n', 't': '\t', 'r': '\r'}
	r, ok := plain[s[1]]
	if !ok {
		return 0, 0
	}
	return r, 2
}
