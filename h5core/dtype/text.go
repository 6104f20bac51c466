package dtype

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// PutString stores text: in a fixed string, padded as the type says; in an
// enumeration, as the number of the member of that name. It must be valid in
// the type's character set; a null-terminated string has room for one byte
// less than its size, and no NUL.
func (t *Type) PutString(dst []byte, s string) error {
	switch t.Class {
	case String:
		if err := t.checkText(s); err != nil {
			return err
		}
		return putText(t, dst, s)
	case Enum:
		i := slices.Index(t.Names, s)
		if i < 0 {
			return wrong(t, s, "%q is no member; there are %s", s, t.memberNames())
		}
		copy(dst[:t.Size], t.enumValue(i))
		return nil
	case VarLen:
		return wrong(t, s, "a variable-length value needs a heap")
	}
	return misfit(t, s, fmt.Sprintf("the text %q", s))
}

// PutBytes stores bytes as they are: in a fixed string, padded as the type
// says, whatever its character set; in an opaque type, which they fill.
func (t *Type) PutBytes(dst, b []byte) error {
	switch t.Class {
	case String:
		return putText(t, dst, b)
	case Opaque:
		if uint64(len(b)) != uint64(t.Size) {
			return wrong(t, b, "%d bytes for the %d of %s", len(b), t.Size, t)
		}
		copy(dst[:t.Size], b)
		return nil
	}
	return misfit(t, b, fmt.Sprintf("a value of %d bytes", len(b)))
}

// GetString returns the text in src: of a fixed string without its padding,
// of an enumeration the member's name.
func (t *Type) GetString(src []byte) (string, error) {
	switch t.Class {
	case String:
		return string(t.unpadded(src[:t.Size])), nil
	case Enum:
		if name, ok := t.Name(src[:t.Size]); ok {
			return name, nil
		}
		return "", wrong(t, nil, "%s is no member; there are %s", t.Base.intText(src), t.memberNames())
	}
	return "", wrong(t, nil, "%s holds no text", t.name())
}

// GetBytes returns the bytes of a fixed string without its padding, or those
// of any other element as stored. They lie in src.
func (t *Type) GetBytes(src []byte) []byte {
	if t.Class == String {
		return t.unpadded(src[:t.Size])
	}
	return src[:t.Size]
}

// Name returns the name of the member of an enumeration that src holds.
func (t *Type) Name(src []byte) (string, bool) {
	if t.Class == Enum {
		for i, name := range t.Names {
			if bytes.Equal(t.enumValue(i), src[:t.Size]) {
				return name, true
			}
		}
	}
	return "", false
}

func putText[S string | []byte](t *Type, dst []byte, s S) error {
	dst = dst[:t.Size]
	room := len(dst)
	if t.Padding == NullTerm {
		room--
		if i := slices.Index([]byte(s), 0); i >= 0 {
			return wrong(t, s, "a NUL at byte %d would end the string there", i)
		}
	}
	if len(s) > room {
		return wrong(t, s, "%s has %d bytes, %s holds %d", quote(string(s)), len(s), t, room)
	}
	rest := dst[copy(dst, s):]
	if t.Padding != SpacePad {
		clear(rest)
		return nil
	}
	for i := range rest {
		rest[i] = ' '
	}
	return nil
}

func (t *Type) unpadded(src []byte) []byte {
	switch t.Padding {
	case NullTerm:
		if i := bytes.IndexByte(src, 0); i >= 0 {
			return src[:i]
		}
		return src
	case SpacePad:
		return bytes.TrimRight(src, " ")
	}
	return bytes.TrimRight(src, "\x00")
}

// checkText holds text to the type's character set.
func (t *Type) checkText(s string) error {
	if t.CharSet == UTF8 {
		if !utf8.ValidString(s) {
			return wrong(t, s, "%s is not valid UTF-8", quote(s))
		}
		return nil
	}
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return wrong(t, s, "%s is not ASCII (byte %d)", quote(s), i)
		}
	}
	return nil
}

// checkVarText is checkText for variable strings, which a NUL would cut off.
func (t *Type) checkVarText(s string) error {
	if i := strings.IndexByte(s, 0); i >= 0 {
		return wrong(t, s, "a variable string cannot hold a NUL (byte %d)", i)
	}
	return t.checkText(s)
}

func quote(s string) string {
	if len(s) > 40 {
		return fmt.Sprintf("%q…", s[:40])
	}
	return fmt.Sprintf("%q", s)
}

func (t *Type) memberNames() string {
	if len(t.Names) > 20 {
		return strings.Join(t.Names[:20], ", ") + fmt.Sprintf(" and %d more", len(t.Names)-20)
	}
	return strings.Join(t.Names, ", ")
}
