package h5core

import (
	"errors"
	"fmt"

	"github.com/h5serve/h5serve/h5core/internal/load"
	"github.com/h5serve/h5serve/h5core/internal/plan"
)

// Kinds of errors, for errors.Is.
var (
	ErrExists      = errors.New("name already exists")
	ErrNotFound    = load.ErrNotFound
	ErrExternal    = load.ErrExternal
	ErrUnsupported = load.ErrUnsupported
	ErrInvalid     = errors.New("invalid")
	ErrBounds      = errors.New("beyond the high libver bound")
	ErrTooLarge    = load.ErrTooLarge
	ErrNotHDF5     = load.ErrNotHDF5
	ErrDamaged     = load.ErrDamaged
	ErrClosed      = errors.New("the file is closed or already planned")
)

// Error says which operation failed on which object of the file. What is
// wrong with a shape or a value lies in the chain, as *space.Error or
// *dtype.RangeError.
type Error struct {
	Op   string // "create dataset", "write", ...
	Path string // of the object in the file
	Kind error  // one of the kinds above
	Err  error  // the cause; nil where the kind says all
}

func (e *Error) Error() string {
	if e.Err == nil {
		return fmt.Sprintf("%s %s: %v", e.Op, e.Path, e.Kind)
	}
	return fmt.Sprintf("%s %s: %v", e.Op, e.Path, e.Err)
}

func (e *Error) Unwrap() []error {
	if e.Err == nil {
		return []error{e.Kind}
	}
	return []error{e.Kind, e.Err}
}

func fail(op, path string, kind error, err error) error {
	return &Error{Op: op, Path: path, Kind: kind, Err: err}
}

func failf(op, path string, kind error, format string, args ...any) error {
	return fail(op, path, kind, fmt.Errorf(format, args...))
}

// planError gives an error of planning the place and the kind that callers
// tell apart; what the driver or the context say passes as it is.
func planError(err error) error {
	var at *plan.PathError
	if !errors.As(err, &at) {
		return err
	}
	var large *plan.TooLarge
	var chunks *plan.TooManyChunks
	var tooNew *plan.TooNew
	kind := ErrInvalid
	if errors.As(err, &tooNew) {
		kind = ErrBounds
	}
	if errors.As(err, &large) || errors.As(err, &chunks) {
		kind = ErrTooLarge
	}
	path := at.Path
	var attribute *plan.AttributeError
	if errors.As(err, &attribute) {
		path += "@" + attribute.Name
	}
	return fail("plan", path, kind, at.Err)
}
