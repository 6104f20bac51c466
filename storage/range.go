package storage

import "fmt"

// Of resolves a range against an object of size bytes. False says that it begins
// beyond the object's end, or that it is the suffix of no bytes. An empty object
// has a beginning: what starts there is an empty part.
func (r Range) Of(size uint64) (first, count uint64, ok bool) {
	if r.Suffix {
		count = min(r.Length, size)
		return size - count, count, r.Length > 0
	}
	if r.First >= size && r.First > 0 {
		return 0, 0, false
	}
	count = size - r.First
	if r.Length > 0 {
		count = min(count, r.Length)
	}
	return r.First, count, true
}

// Whole tells whether the range is all of any object.
func (r Range) Whole() bool { return r == Range{} }

// Header is the range as HTTP says it (RFC 9110, 14.1.2), "" for a whole object.
func (r Range) Header() string {
	switch {
	case r.Whole():
		return ""
	case r.Suffix:
		return fmt.Sprintf("bytes=-%d", r.Length)
	case r.Length == 0:
		return fmt.Sprintf("bytes=%d-", r.First)
	}
	last := r.First + r.Length - 1
	if last < r.First { // no object is that long
		return fmt.Sprintf("bytes=%d-", r.First)
	}
	return fmt.Sprintf("bytes=%d-%d", r.First, last)
}
