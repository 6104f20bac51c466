package h5core

import (
	"errors"
	"strings"
)

// split cuts a path into the names of its links as h5py does: "." parts
// vanish, "//" collapses, ".." is a name like any other. What remains must be
// at least one name; a NUL would end a name early in every reader.
func split(path string) ([]string, error) {
	if strings.IndexByte(path, 0) >= 0 {
		return nil, errors.New("a name cannot contain a NUL")
	}
	var names []string
	for part := range strings.SplitSeq(path, "/") {
		if part != "" && part != "." {
			names = append(names, part)
		}
	}
	if len(names) == 0 {
		return nil, errors.New("a name is needed; an empty one or \".\" is none")
	}
	return names, nil
}

// linkText checks where a soft or external link leads.
func linkText(text string) error {
	if text == "" {
		return errors.New("a link must lead somewhere; its path or file name is empty")
	}
	if strings.IndexByte(text, 0) >= 0 {
		return errors.New("where a link leads cannot contain a NUL")
	}
	return nil
}
