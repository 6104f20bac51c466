package storage

import "errors"

// Kinds of failure, for errors.Is.
var (
	ErrNotFound    = errors.New("no such object")
	ErrDenied      = errors.New("access denied")
	ErrChanged     = errors.New("the object is not the one that was asked for") // If-Match failed
	ErrExists      = errors.New("the object is there already")                  // If-None-Match failed on writing
	ErrNotModified = errors.New("not modified")                                 // If-None-Match failed on reading
	ErrRange       = errors.New("the range begins beyond the object's end")
	ErrReadOnly    = errors.New("the store is not writable")
	ErrUnsupported = errors.New("the store cannot do this")
	ErrIncomplete  = errors.New("the body did not come whole") // Put: it failed, or was not as long as was said
	ErrNoSpace     = errors.New("no space left in the store")
	ErrUnavailable = errors.New("the store does not answer as it should") // a later try may help
)

// Error tells which operation on which object failed. It never holds a secret:
// no header, no query and no credential of a request.
type Error struct {
	Op    string // "get", "stat", "list", "put", "delete"
	Store string // the store's name as the operator gave it
	Key   string
	Kind  error  // one of the kinds above
	Size  uint64 // ErrRange: of the object
	Err   error  // what lay below, nil where the kind says it all
}

func (e *Error) Error() string {
	s := e.Op + " " + e.Store
	if e.Store != "" && e.Key != "" {
		s += "/"
	}
	s += e.Key
	s += ": " + e.Kind.Error()
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

func (e *Error) Unwrap() []error {
	if e.Err == nil {
		return []error{e.Kind}
	}
	return []error{e.Kind, e.Err}
}
