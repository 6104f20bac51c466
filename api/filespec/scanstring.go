package filespec

import (
	"unicode/utf16"
	"unicode/utf8"
)

// plain marks the ASCII characters that stand for themselves in a string.
var plain = func() (t [256]bool) {
	for c := 0x20; c < utf8.RuneSelf; c++ {
		t[c] = c != '"' && c != '\\'
	}
	return t
}()

// str reads a string of at most limit bytes; it is valid until the next one.
func (s *scanner) str(limit int) []byte {
	s.openString()
	s.text = s.text[:0]
	for {
		piece, more := s.piece()
		if len(piece) > limit-len(s.text) {
			s.fail("not_json", "byte %d: a text of more than %d bytes", s.offset(), limit)
			return nil
		}
		s.text = append(s.text, piece...)
		if !more {
			return s.text
		}
	}
}

// skipString passes a string.
func (s *scanner) skipString() {
	s.openString()
	for more := true; more; {
		_, more = s.piece()
	}
}

func (s *scanner) openString() {
	if s.peek() != '"' {
		s.unexpected("a text in double quotes")
		return
	}
	s.i++
	if s.digest != nil {
		s.digest.mark('"')
	}
}

// piece returns the next bytes of the string that was opened, and whether
// there are more.
func (s *scanner) piece() (b []byte, more bool) {
	b, more = s.nextPiece()
	if s.digest != nil {
		s.digest.write(b)
		if !more {
			s.digest.mark(endOfText)
		}
	}
	return b, more
}

func (s *scanner) nextPiece() (b []byte, more bool) {
	if s.n-s.i < 16 {
		s.refill()
	}
	if s.err != nil {
		return nil, false
	}
	rest := s.buf[s.i:s.n]
	n := 0
	for n < len(rest) {
		c := rest[n]
		if plain[c] {
			n++
			continue
		}
		if c < utf8.RuneSelf {
			break
		}
		r, size := utf8.DecodeRune(rest[n:])
		if r == utf8.RuneError && size == 1 {
			break
		}
		n += size
	}
	if n > 0 {
		s.i += n
		return rest[:n], true
	}
	return s.special(rest)
}

// special reads what does not stand for itself.
func (s *scanner) special(rest []byte) (b []byte, more bool) {
	switch {
	case len(rest) == 0:
		s.fail("not_json", "byte %d: a text has no closing quote", s.offset())
	case rest[0] == '"':
		s.i++
	case rest[0] == '\\':
		r, n := unescape(rest)
		if n > 0 {
			s.i += n
			return s.rune[:utf8.EncodeRune(s.rune[:], r)], true
		}
		s.fail("not_json", "byte %d: an unknown escape, or half of a surrogate pair", s.offset())
	case rest[0] < 0x20:
		s.fail("not_json", "byte %d: a control character in a text: write \\u%04x", s.offset(), rest[0])
	default:
		s.fail("not_json", "byte %d: invalid UTF-8", s.offset())
	}
	return nil, false
}

// unescape reads one escape; its length is 0 where it is none.
func unescape(b []byte) (rune, int) {
	if len(b) < 2 {
		return 0, 0
	}
	switch b[1] {
	case '"', '\\', '/':
		return rune(b[1]), 2
	case 'b':
		return '\b', 2
	case 'f':
		return '\f', 2
	case 'n':
		return '\n', 2
	case 'r':
		return '\r', 2
	case 't':
		return '\t', 2
	}
	high, ok := hex4(b)
	if !ok {
		return 0, 0
	}
	if !utf16.IsSurrogate(high) {
		return high, 6
	}
	low, ok := hex4(b[6:])
	if r := utf16.DecodeRune(high, low); ok && r != utf8.RuneError {
		return r, 12
	}
	return 0, 0
}

// hex4 reads \uXXXX.
func hex4(b []byte) (r rune, ok bool) {
	if len(b) < 6 || b[0] != '\\' || b[1] != 'u' {
		return 0, false
	}
	for _, c := range b[2:6] {
		switch {
		case c-'0' <= 9:
			c -= '0'
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			c = c | 0x20 - 'a' + 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}
