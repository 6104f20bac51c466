package filespec

import (
	"context"
	"fmt"
	"io"
	"strings"
)

const (
	window  = 64 << 10 // bytes of the source in memory
	ahead   = 1 << 10  // how much of it lies there before a token is read: the longest number
	maxName = 64 << 10 // bytes of a key, and of any text that is no value
)

// scanner reads JSON (RFC 8259, in UTF-8) from a byte range of a source, token
// by token, in the caller's order:
//
//	for s.begin(); s.next(); {    // [ or {, then one element after the other
//		key := s.key()            // in an object
//		text := s.number()        // or str, literal, skip, or begin again
//	}
//
// It holds one window of the source, and never a whole value. The first error
// sticks: from then on there is nothing more to read.
type scanner struct {
	ctx    context.Context
	src    io.ReaderAt
	buf    []byte
	i, n   int   // buf[i:n] is unread
	base   int64 // where buf[0] lies in the source
	end    int64 // where the range ends
	err    error
	digest *digest // takes every token; may be nil
	hide   string  // a key of the outermost object that the digest does not take

	prefix string // pointer of the value that the range holds
	depth  int    // objects and lists that the range lies in
	limit  int
	levels []level
	text   []byte
	rune   [4]byte
	whole  bool // the number at hand has no fraction and no exponent

	problems *problems // takes what is wrong with values
}

// level is one open object or list.
type level struct {
	close byte // ] or }
	index int64
	named bool // the key of the current member was read
	key   []byte
}

// span is a range of bytes of the description.
type span struct{ begin, end int64 }

func newScanner(ctx context.Context, src io.ReaderAt, at span, prefix string, limit int) *scanner {
	size := min(window, at.end-at.begin)
	return &scanner{ctx: ctx, src: src, buf: make([]byte, size), base: at.begin, end: at.end, prefix: prefix, limit: limit}
}

// refill makes at least ahead bytes lie in the window, or all that are left.
func (s *scanner) refill() {
	at := s.base + int64(s.n)
	if at >= s.end || s.err != nil {
		return
	}
	if err := s.ctx.Err(); err != nil {
		s.stop(err)
		return
	}
	s.base += int64(s.i)
	s.n = copy(s.buf, s.buf[s.i:s.n])
	s.i = 0
	n, err := s.src.ReadAt(s.buf[s.n:min(int64(len(s.buf)), int64(s.n)+s.end-at)], at)
	s.n += n
	if n == 0 && err != nil {
		s.stop(fmt.Errorf("the description at byte %d: %w", at, err))
	}
}

// stop makes err stick and drops what is unread.
func (s *scanner) stop(err error) {
	if s.err == nil {
		s.err = err
	}
	s.base, s.i, s.n = s.base+int64(s.i), 0, 0
}

// offset is where the next unread byte lies in the source.
func (s *scanner) offset() int64 { return s.base + int64(s.i) }

// peek passes blanks and returns the byte that follows, 0 at the end.
func (s *scanner) peek() byte {
	for {
		if s.n-s.i < ahead {
			s.refill()
		}
		if s.i == s.n {
			return 0
		}
		switch c := s.buf[s.i]; c {
		case ' ', '\t', '\n', '\r':
			s.i++
		default:
			return c
		}
	}
}

// kind tells what value follows: one of { [ " t f n 0, where 0 stands for all
// numbers; 0 the byte is the end, after an error.
func (s *scanner) kind() byte {
	c := s.peek()
	switch c {
	case '{', '[', '"', 't', 'f', 'n':
		return c
	case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		return '0'
	}
	if s.err == nil {
		s.badValue()
	}
	return 0
}

// begin enters the list or object that follows.
func (s *scanner) begin() {
	c := s.peek()
	if c != '[' && c != '{' {
		s.badValue()
		return
	}
	if s.depth+len(s.levels) >= s.limit {
		s.stop(tooDeep(s.limit, s.pointer()))
		return
	}
	s.i++
	if s.digest != nil {
		s.digest.mark(c)
	}
	// Levels are used again with the room of their keys.
	if n := len(s.levels); n < cap(s.levels) {
		s.levels = s.levels[:n+1]
	} else {
		s.levels = append(s.levels, level{})
	}
	l := &s.levels[len(s.levels)-1]
	l.close, l.index, l.named = c+2, -1, false // ] and } follow [ and { by two
}

func tooDeep(limit int, pointer string) *Problem {
	return problem("too_deep", Entry{Pointer: pointer, Detail: fmt.Sprintf("more than %d lists and objects inside each other", limit)})
}

// next moves to the next element of the innermost list or object. At its end
// it leaves it and returns false, as it does after an error.
func (s *scanner) next() bool {
	c := s.peek()
	if s.err != nil {
		return false
	}
	l := &s.levels[len(s.levels)-1]
	if c == l.close {
		s.i++
		s.levels = s.levels[:len(s.levels)-1]
		if s.digest != nil {
			s.digest.hidden = s.digest.hidden && len(s.levels) > 0
			s.digest.mark(c)
		}
		return false
	}
	if l.index >= 0 {
		if c != ',' {
			s.unexpected("a comma or " + string(l.close))
			return false
		}
		s.i++
		if s.peek() == l.close {
			s.unexpected("a value after the comma")
			return false
		}
	}
	l.index++
	l.named = false
	return s.err == nil
}

// key reads the key of a member of an object, and its colon. It is valid until
// the next key of that object.
func (s *scanner) key() []byte {
	if s.peek() != '"' {
		s.unexpected("a key in double quotes")
		return nil
	}
	sum := s.digest
	s.digest = nil
	key := s.str(maxName)
	l := &s.levels[max(len(s.levels)-1, 0)]
	l.key, l.named = append(l.key[:0], key...), true
	if s.digest = sum; sum != nil {
		if len(s.levels) == 1 {
			sum.hidden = s.hide != "" && string(key) == s.hide
		}
		sum.text(l.key)
	}
	if s.peek() != ':' {
		s.unexpected("a colon after the key")
		return nil
	}
	s.i++
	return l.key
}

// literal reads true, false or null, and returns its first letter.
func (s *scanner) literal() byte {
	c := s.peek()
	for _, word := range [...]string{"true", "false", "null"} {
		if c == word[0] && strings.HasPrefix(string(s.buf[s.i:min(s.i+5, s.n)]), word) {
			s.i += len(word)
			if s.digest != nil {
				s.digest.mark(c)
			}
			return c
		}
	}
	s.badValue()
	return 0
}

// skip passes any value, and holds it to the grammar.
func (s *scanner) skip() {
	switch s.kind() {
	case '{':
		for s.begin(); s.next(); {
			s.key()
			s.skip()
		}
	case '[':
		for s.begin(); s.next(); {
			s.skip()
		}
	case '"':
		s.skipString()
	case '0':
		s.number()
	case 't', 'f', 'n':
		s.literal()
	}
}

// finish holds the source to having nothing after the value.
func (s *scanner) finish() {
	if s.peek(); s.i < s.n && s.err == nil {
		s.unexpected("the end, after the closing " + string('}'))
	}
}
