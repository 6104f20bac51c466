package objects

import (
	"net/url"
	"strings"
)

// Split cuts a path into the name of a store and a key, each percent-decoded once and not cleaned: "a//b", "a/../b"
// and "a%2Fb" stay what they are, a plus is a plus. The path is URL.EscapedPath behind its prefix, without the first
// slash. A path without a second slash names a store alone.
func Split(escaped string) (store, key string, ok bool) {
	first, rest, _ := strings.Cut(escaped, "/")
	store, err := url.PathUnescape(first)
	if err != nil {
		return "", "", false
	}
	key, err = url.PathUnescape(rest)
	return store, key, err == nil
}

// Join is the path that Split cuts into these.
func Join(store, key string) string {
	segments := strings.Split(key, "/")
	for i, s := range segments {
		segments[i] = url.PathEscape(s)
	}
	return url.PathEscape(store) + "/" + strings.Join(segments, "/")
}
