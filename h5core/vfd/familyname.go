package vfd

import (
	"fmt"
	"strings"
)

// maxWidth bounds the digits that a number is filled up to.
const maxWidth = 64

// conversion is one printf conversion of a whole number.
type conversion struct {
	zeros bool
	width int
	verb  byte
}

// numbered tells whether a family's name holds the number of its members, once.
func numbered(name string) bool {
	n := 0
	ok := true
	conversions(name, func(string) {}, func(c conversion) {
		n++
		ok = ok && c.verb != 0
	})
	return ok && n == 1
}

// member is the name of a family's member.
func member(name string, i int) string {
	var b strings.Builder
	conversions(name, func(text string) { b.WriteString(text) }, func(c conversion) { b.WriteString(c.format(i)) })
	return b.String()
}

func (c conversion) format(i int) string {
	form := "%"
	if c.zeros {
		form = "%0"
	}
	verb := c.verb
	if verb == 'i' || verb == 'u' {
		verb = 'd'
	}
	return fmt.Sprintf(fmt.Sprintf("%s%d%c", form, c.width, verb), i)
}

// conversions takes a printf format apart, as far as whole numbers go; a conversion of anything else has no verb.
func conversions(name string, text func(string), number func(conversion)) {
	for name != "" {
		plain, rest, found := strings.Cut(name, "%")
		text(plain)
		switch {
		case !found:
			return
		case strings.HasPrefix(rest, "%"):
			text("%")
			name = rest[1:]
			continue
		}
		c, after := parseConversion(rest)
		number(c)
		name = after
	}
}

func parseConversion(s string) (c conversion, rest string) {
	if strings.HasPrefix(s, "0") {
		c.zeros, s = true, s[1:]
	}
	for s != "" && s[0] >= '0' && s[0] <= '9' && c.width <= maxWidth {
		c.width, s = 10*c.width+int(s[0]-'0'), s[1:]
	}
	s = strings.TrimPrefix(strings.TrimPrefix(s, "l"), "l") // lengths: as they are in C
	if s == "" || c.width > maxWidth || !strings.ContainsRune("diuxXo", rune(s[0])) {
		return conversion{}, s
	}
	c.verb = s[0]
	return c, s[1:]
}
