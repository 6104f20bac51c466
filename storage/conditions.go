package storage

// Reading says whether an object with this ETag may be read: nil, ErrChanged or
// ErrNotModified.
func (c Conditions) Reading(etag string) error {
	if c.IfMatch != "" && c.IfMatch != "*" && c.IfMatch != etag {
		return ErrChanged
	}
	if c.IfNoneMatch != "" && (c.IfNoneMatch == "*" || c.IfNoneMatch == etag) {
		return ErrNotModified
	}
	return nil
}

// Writing says whether an object may be replaced or removed: nil, ErrChanged or
// ErrExists. The etag is "" where there is no object.
func (c Conditions) Writing(etag string) error {
	if c.IfMatch != "" && (etag == "" || c.IfMatch != "*" && c.IfMatch != etag) {
		return ErrChanged
	}
	if etag != "" && (c.IfNoneMatch == "*" || c.IfNoneMatch == etag) {
		return ErrExists
	}
	return nil
}
