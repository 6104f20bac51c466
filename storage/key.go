package storage

import "unicode/utf8"

// MaxKey is the length of the longest key, in bytes (Amazon S3 User Guide,
// "Naming Amazon S3 objects").
const MaxKey = 1024

// ValidKey tells whether a key is one that a store may have: 1 to MaxKey bytes
// of UTF-8.
func ValidKey(key string) bool {
	return key != "" && len(key) <= MaxKey && utf8.ValidString(key)
}
