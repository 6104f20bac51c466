package filespec

import (
	"fmt"
	"strconv"
	"strings"
)

// pointer is where the current value stands (RFC 6901).
func (s *scanner) pointer() string {
	b := []byte(s.prefix)
	for i := range s.levels {
		l := &s.levels[i]
		switch {
		case l.close == ']' && l.index >= 0:
			b = strconv.AppendInt(append(b, '/'), l.index, 10)
		case l.named:
			b = append(append(b, '/'), escape(string(l.key))...)
		}
	}
	return string(b)
}

// escape writes a key as a part of a pointer.
func escape(key string) string { return escaper.Replace(key) }

var escaper = strings.NewReplacer("~", "~0", "/", "~1")

// fail ends the reading with a problem at the current value.
func (s *scanner) fail(code, format string, args ...any) {
	if s.err == nil {
		s.stop(problem(code, Entry{Pointer: s.pointer(), Detail: fmt.Sprintf(format, args...)}))
	}
}

func (s *scanner) unexpected(want string) {
	found := "the end"
	if s.i < s.n {
		found = strconv.QuoteRune(rune(s.buf[s.i]))
		if s.buf[s.i] >= 0x80 {
			found = fmt.Sprintf("the byte %#02x", s.buf[s.i])
		}
	}
	s.fail("not_json", "byte %d: expected %s, found %s", s.offset(), want, found)
}

// notJSON are the words that other writers of JSON leave in it.
var notJSON = [...]struct{ found, write string }{
	{"nan", "NaN"}, {"infinity", "Infinity"}, {"-infinity", "-Infinity"}, {"inf", "Infinity"}, {"-inf", "-Infinity"},
}

// badValue explains why what follows is no value.
func (s *scanner) badValue() {
	rest := strings.ToLower(string(s.buf[s.i:min(s.i+9, s.n)]))
	for _, word := range notJSON {
		if strings.HasPrefix(rest, word.found) {
			s.fail("not_json", "byte %d: JSON has no bare %s: write %q in quotes", s.offset(), word.write, word.write)
			return
		}
	}
	s.unexpected("a value")
}
