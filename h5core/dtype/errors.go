package dtype

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Error says why a datatype cannot be.
type Error struct {
	Part   string // what is wrong: "size", `member "x"`, "dims", ...
	Reason string
}

func (e *Error) Error() string { return "datatype: " + e.Part + ": " + e.Reason }

func bad(part, format string, args ...any) error {
	return &Error{Part: part, Reason: fmt.Sprintf(format, args...)}
}

// within puts the part that holds it in front of an error.
func within(part string, err error) error {
	if e, ok := err.(*Error); ok {
		return &Error{Part: part + ": " + e.Part, Reason: e.Reason}
	}
	return err
}

// ParseError says why a text names no datatype.
type ParseError struct {
	Text, Reason string
}

func (e *ParseError) Error() string {
	return fmt.Sprintf("dtype %q: %s", e.Text, e.Reason)
}

// RangeError says that a number lies beyond what a type can hold.
type RangeError struct {
	Value any
	Type  *Type
}

func (e *RangeError) Error() string {
	return fmt.Sprintf("%v does not fit %s%s", e.Value, e.Type.name(), e.Type.limits())
}

// ValueError says that a value is of no kind that a type can hold.
type ValueError struct {
	Value  any
	Type   *Type
	Reason string
}

func (e *ValueError) Error() string { return e.Reason }

func wrong(t *Type, v any, format string, args ...any) error {
	return &ValueError{Value: v, Type: t, Reason: fmt.Sprintf(format, args...)}
}

func misfit(t *Type, v any, what string) error {
	return wrong(t, v, "%s does not go into %s", what, t.name())
}

// ElementError places an error of one element in a slice of values.
type ElementError struct {
	Index []int // from the outermost axis inwards
	Err   error
}

func (e *ElementError) Error() string {
	at := make([]string, len(e.Index))
	for i, x := range e.Index {
		at[i] = strconv.Itoa(x)
	}
	return fmt.Sprintf("element [%s]: %v", strings.Join(at, ","), e.Err)
}

func (e *ElementError) Unwrap() error { return e.Err }

// at adds the index of one more axis in front.
func at(i int, err error) error {
	if e, ok := err.(*ElementError); ok {
		return &ElementError{Index: append([]int{i}, e.Index...), Err: e.Err}
	}
	return &ElementError{Index: []int{i}, Err: err}
}

// name is the type in the words of a message: numpy's name where it has one.
func (t *Type) name() string {
	switch {
	case t.standardInt() && t.Signed:
		return fmt.Sprintf("int%d", t.Precision)
	case t.standardInt():
		return fmt.Sprintf("uint%d", t.Precision)
	case t.ieee() != 0:
		return fmt.Sprintf("float%d", t.Precision)
	case t.IsBool():
		return "bool"
	case t.IsComplex():
		return fmt.Sprintf("complex%d", 8*t.Size)
	}
	return t.String()
}

func (t *Type) limits() string {
	switch t.Class {
	case Integer, Bitfield, Time:
		if t.Precision == 0 || t.Precision > 64 {
			return ""
		}
		if t.Signed {
			least := int64(math.MinInt64) >> (64 - t.Precision)
			return fmt.Sprintf(" (%d … %d)", least, ^least)
		}
		return fmt.Sprintf(" (0 … %d)", uint64(math.MaxUint64)>>(64-t.Precision))
	case Float:
		switch t.ieee() {
		case 2:
			return " (±65504)"
		case 4:
			return " (±3.4028235e+38)"
		}
	case Enum:
		return t.Base.limits()
	}
	return ""
}
