package api

import (
	"mime"
	"strings"
	"unicode"
	"unicode/utf8"
)

// hdf5Endings are the endings of file names that stay as they are.
var hdf5Endings = []string{".h5", ".hdf5", ".hdf", ".he5", ".hdf5eos", ".nc", ".nc4", ".nxs", ".h5ad", ".loom", ".mat", ".cxi"}

const maxFilename = 200 // bytes; file systems take 255

// attachment is the Content-Disposition of a file of that name (RFC 6266): the base name only, with ASCII
// in filename and the name itself in filename* (RFC 8187) where the two differ.
func attachment(name string) string {
	name = filename(name)
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

// filename makes a name safe to save under: no folders, no bytes that some system refuses, an HDF5 ending.
func filename(name string) string {
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
	if hasEnding(name) {
		return cut(name, maxFilename)
	}
	return cut(name, maxFilename-len(".h5")) + ".h5"
}

func hasEnding(name string) bool {
	lower := strings.ToLower(name)
	for _, ending := range hdf5Endings {
		if strings.HasSuffix(lower, ending) && len(name) > len(ending) {
			return true
		}
	}
	return false
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
