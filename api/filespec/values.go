package filespec

import (
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/h5serve/h5serve/h5core/dtype"
)

// encoder stores the value that a scanner stands at as one element of a type.
// What is wrong with it goes to the scanner, which knows where it stands.
type encoder func(s *scanner, dst []byte)

// newEncoder makes the encoder of a type. Variable-length parts go to the
// heap.
func newEncoder(t *dtype.Type, heap dtype.Heap) encoder {
	if t.IsComplex() {
		return complexEncoder(t)
	}
	switch t.Class {
	case dtype.Integer, dtype.Float:
		return numberEncoder(t)
	case dtype.Enum:
		return enumEncoder(t)
	case dtype.String:
		return textEncoder(t)
	case dtype.Opaque:
		if u, ok := timeOf(t); ok {
			return timeEncoder(u)
		}
		return opaqueEncoder(t)
	case dtype.Array:
		return arrayEncoder(newEncoder(t.Base, heap), t.Dims, int(t.Base.Size))
	case dtype.Compound:
		return compoundEncoder(t, heap)
	case dtype.VarLen:
		if t.IsString {
			return varStringEncoder(t, heap)
		}
		return sequenceEncoder(newEncoder(t.Base, heap), int(t.Base.Size), heap)
	}
	return func(s *scanner, _ []byte) {
		s.complain(&complaint{"unsupported_feature", "no values of " + t.String()})
	}
}

// nests is how many lists and objects one element of t is made of.
func nests(t *dtype.Type) int {
	switch {
	case t.IsComplex():
		return 1
	case t.Class == dtype.Array:
		return len(t.Dims) + nests(t.Base)
	case t.Class == dtype.VarLen && !t.IsString:
		return 1 + nests(t.Base)
	case t.Class == dtype.Compound:
		most := 0
		for _, m := range t.Members {
			most = max(most, nests(m.Type))
		}
		return 1 + most
	}
	return 0
}

// complain notes what is wrong with the current value and lets the reading go
// on, as far as there is room for more.
func (s *scanner) complain(err error) {
	if s.err != nil || err == nil {
		return
	}
	if end := s.problems.add(at(s.pointer(), "bad_value", err)); end != nil {
		s.stop(end)
	}
}

// mismatch complains of a value of the wrong kind, and passes it.
func (s *scanner) mismatch(want string) {
	s.complain(complain("bad_value", "expected %s, found %s", want, kindWords[s.kind()]))
	s.skip()
}

func numberEncoder(t *dtype.Type) encoder {
	n := newNumeric(t)
	float := t.Class == dtype.Float
	want := "an integer"
	if float {
		want = `a number, "NaN", "Infinity" or "-Infinity"`
	}
	return func(s *scanner, dst []byte) {
		switch c := s.kind(); {
		case c == '0':
			if text := s.number(); text != nil {
				if err := n.put(dst, text); err != nil {
					s.complain(err)
				}
			}
		case c == '"':
			word := s.str(maxName)
			v, ok := nonFinite(word)
			switch {
			case ok && float:
				s.complain(t.PutFloat(dst, v))
			case ok:
				s.complain(complain("bad_value", "%q is no integer: %s has no such value", word, t))
			default:
				s.complain(complain("bad_value", "expected %s, found the text %q", want, cut(word)))
			}
		case c == 'n' && float:
			s.mismatch(want + `; write "NaN" in quotes`)
		default:
			s.mismatch(want)
		}
	}
}

// complexEncoder takes [re, im], or a real number.
func complexEncoder(t *dtype.Type) encoder {
	part := t.Base
	if t.Class == dtype.Compound {
		part = t.Members[0].Type
	}
	number, n := numberEncoder(part), int(part.Size)
	row := func(s *scanner, dst []byte) {}
	if t.Class == dtype.Compound {
		row = compoundEncoder(t, nil)
	}
	return func(s *scanner, dst []byte) {
		switch s.kind() {
		case '[':
			fixedList(s, dst, number, 2, n, "a complex number is [re, im]")
		case '{':
			row(s, dst)
		default:
			clear(dst[n : 2*n])
			number(s, dst)
		}
	}
}

// fixedList reads a list of exactly count elements of size bytes each.
func fixedList(s *scanner, dst []byte, element encoder, count, size int, what string) {
	i := 0
	for s.begin(); s.next(); i++ {
		if i < count {
			element(s, dst[i*size:(i+1)*size])
		} else {
			s.skip()
		}
	}
	if i != count && s.err == nil {
		s.complain(complain("shape_mismatch", "%d values, expected %d: %s", i, count, what))
	}
}

// enumEncoder takes names and numbers; for booleans true and false too.
func enumEncoder(t *dtype.Type) encoder {
	index := make(map[string]int, len(t.Names))
	for i, name := range t.Names {
		index[name] = i
	}
	size, isBool := int(t.Size), t.IsBool()
	want := "the name or the number of a member"
	if isBool {
		want = "true or false"
	}
	return func(s *scanner, dst []byte) {
		switch c := s.kind(); {
		case c == '"':
			name := s.str(maxName)
			i, ok := index[string(name)]
			if !ok {
				e := Entry{Pointer: s.pointer(), Detail: fmt.Sprintf("%q is no member of the enumeration", cut(name)), DidYouMean: nearest(string(name), t.Names[:min(len(t.Names), 100)])}
				s.complain(problem("bad_value", e))
				return
			}
			copy(dst, t.Values[i*size:(i+1)*size])
		case c == '0':
			text := s.number()
			if text == nil {
				return
			}
			s.complain(putNumber(t.Base, dst, text))
			if isBool && dst[0] > 1 {
				s.complain(complain("out_of_range", "%s is neither 0 (false) nor 1 (true)", cut(text)))
			}
		case isBool && (c == 't' || c == 'f'):
			dst[0] = 0
			if s.literal() == 't' {
				dst[0] = 1
			}
		default:
			s.mismatch(want)
		}
	}
}

// textEncoder takes texts that fit; any bytes as {"base64": …}.
func textEncoder(t *dtype.Type) encoder {
	return func(s *scanner, dst []byte) {
		switch s.kind() {
		case '"':
			s.complain(t.PutString(dst, string(s.str(int(t.Size)+maxName))))
		case '{':
			if b, ok := base64Object(s, int(t.Size)); ok {
				s.complain(t.PutBytes(dst, b))
			}
		default:
			s.mismatch("a text")
		}
	}
}

// base64Object reads {"base64": text}.
func base64Object(s *scanner, size int) (b []byte, ok bool) {
	for s.begin(); s.next(); {
		if string(s.key()) != "base64" || s.kind() != '"' || ok {
			s.mismatch(`a text, or {"base64": text}`)
			return nil, false
		}
		b, ok = base64Text(s, size)
	}
	if !ok && s.err == nil && b == nil {
		s.complain(complain("bad_base64", `expected {"base64": text}`))
	}
	return b, ok && s.err == nil
}

// base64Text reads a text as base64 (RFC 4648), with or without its padding.
func base64Text(s *scanner, size int) ([]byte, bool) {
	text := s.str(2*size + maxName)
	b, err := decodeBase64(text)
	if err != nil {
		s.complain(err)
	}
	return b, err == nil
}

func decodeBase64(text []byte) ([]byte, error) {
	bare := strings.TrimRight(string(text), "=")
	b, err := base64.RawStdEncoding.DecodeString(bare)
	if err != nil || (len(bare) < len(text) && len(text)%4 != 0) {
		return nil, complain("bad_base64", "%q is not base64: expected letters, digits, + and /", cut(text))
	}
	return b, nil
}

func opaqueEncoder(t *dtype.Type) encoder {
	return func(s *scanner, dst []byte) {
		switch s.kind() {
		case '"':
			b, ok := base64Text(s, int(t.Size))
			if ok {
				s.complain(t.PutBytes(dst, b))
			}
		case '{':
			if b, ok := base64Object(s, int(t.Size)); ok {
				s.complain(t.PutBytes(dst, b))
			}
		default:
			s.mismatch(fmt.Sprintf("%d bytes as a text in base64", t.Size))
		}
	}
}
