package filespec

// number reads a number; the text is valid until the next token.
func (s *scanner) number() []byte {
	s.peek()
	b := s.buf[s.i:s.n]
	n, whole := numberLength(b)
	s.whole = whole
	switch {
	case n == 0:
		s.badValue()
		return nil
	case n == len(b) && s.offset()+int64(n) < s.end:
		s.fail("not_json", "a number of more than %d characters", n)
		return nil
	}
	s.i += n
	if s.digest != nil {
		s.digest.number(b[:n])
	}
	return b[:n]
}

// plainNumbers reads numbers in a list as long as they stand as most do, in
// the window and with the comma right behind, and gives each to take. What is
// left goes on with next. It does in one loop what next, kind and number do.
func (s *scanner) plainNumbers(take func(text []byte)) {
	if s.err != nil {
		return
	}
	l := &s.levels[len(s.levels)-1]
	for s.err == nil {
		if s.n-s.i < 2*ahead {
			if s.refill(); s.n-s.i < 2*ahead {
				return
			}
		}
		b := s.buf[s.i:s.n]
		i := 0
		if l.index >= 0 {
			if b[0] != ',' {
				return
			}
			i = 1
		}
		for i < ahead && (b[i] == ' ' || b[i] == '\n' || b[i] == '\r' || b[i] == '\t') {
			i++
		}
		n, whole := numberLength(b[i : i+ahead])
		if n == 0 || n == ahead {
			return
		}
		s.whole = whole
		l.index++
		s.i += i + n
		text := b[i : i+n]
		if s.digest != nil {
			s.digest.number(text)
		}
		take(text)
	}
}

// numberLength returns the length of the number that b starts with, 0 for
// none, and whether it has neither a fraction nor an exponent.
func numberLength(b []byte) (n int, whole bool) {
	i := 0
	if len(b) > 0 && b[0] == '-' {
		i = 1
	}
	begin := i
	for i < len(b) && b[i]-'0' <= 9 {
		i++
	}
	if i == begin {
		return 0, false
	}
	if b[begin] == '0' {
		i = begin + 1 // what follows is no part of it
	}
	if i == len(b) || (b[i] != '.' && b[i]|0x20 != 'e') {
		return i, true
	}
	if b[i] == '.' {
		n := digits(b[i+1:])
		if n == 0 {
			return 0, false
		}
		i += 1 + n
	}
	if i < len(b) && b[i]|0x20 == 'e' {
		j := i + 1
		if j < len(b) && (b[j] == '+' || b[j] == '-') {
			j++
		}
		n := digits(b[j:])
		if n == 0 {
			return 0, false
		}
		i = j + n
	}
	return i, false
}

func digits(b []byte) int {
	for i, c := range b {
		if c-'0' > 9 {
			return i
		}
	}
	return len(b)
}
