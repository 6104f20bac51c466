package api

import (
	"mime"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/h5serve/h5serve/api/objects"
)

const maxFilename = 200 // bytes; file systems take 255

// attachment is the Content-Disposition of a made file of that name.
func attachment(name string) string { return saveAs(filename(name)) }

// saveAs is the Content-Disposition with a safe name (RFC 6266): ASCII in filename and the name itself in
// filename* (RFC 8187) where the two differ.
func saveAs(name string) string {
	plain := strings.Map(func(c rune) rune {
		if c >= utf8.RuneSelf {
			return '_'
		}
		return c
	}, name)
	value := mime.FormatMediaType("attachment", map[string]string{"filename": plain})
	if plain != name {
		extended := mime.FormatMediaType("attachment", map[string]string{"filename": name})
		value += strings.TrimPrefix(extended, "attachment")
	}
	return value
}

// filename makes the name of a made file safe to save under, with an HDF5 ending.
func filename(name string) string {
	name = safeName(name)
	if objects.HasEnding(name) {
		return cut(name, maxFilename)
	}
	return cut(name, maxFilename-len(".h5")) + ".h5"
}

// safeName is the base of a name, without bytes that some system refuses.
func safeName(name string) string {
	if at := strings.LastIndexAny(name, `/\`); at >= 0 {
		name = name[at+1:]
	}
	name = strings.Map(func(c rune) rune {
		if c == utf8.RuneError || unicode.IsControl(c) || unicode.Is(unicode.Cf, c) || strings.ContainsRune(`"*:<>?|%;`, c) {
			return '_'
		}
		return c
	}, name)
	name = strings.TrimLeftFunc(name, func(c rune) bool { return c == '.' || unicode.IsSpace(c) })
	name = strings.TrimRightFunc(name, unicode.IsSpace)
	if name == "" {
		name = "file"
	}
	return name
}

// cut shortens to at most n bytes, before the ending and between characters.
func cut(name string, n int) string {
	if len(name) <= n {
		return name
	}
	ending := ""
	if at := strings.LastIndexByte(name, '.'); at >= 0 && len(name)-at <= 10 {
		ending = name[at:]
	}
	keep := n - len(ending)
	for keep > 0 && !utf8.RuneStart(name[keep]) {
		keep--
	}
	return name[:keep] + ending
}
