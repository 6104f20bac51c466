package filespec

import (
	"cmp"
	"errors"
	"fmt"

	"github.com/h5serve/h5serve/h5core/dtype"
	"github.com/h5serve/h5serve/h5core/space"
)

// maxErrors is how many errors one answer lists.
const maxErrors = 20

// Entry is one thing that is wrong: where, and what was expected.
type Entry struct {
	Pointer    string // RFC 6901, into the description
	Part       string // or the name of a part
	Detail     string
	DidYouMean string // for an unknown key: the nearest known one
}

// Problem says why no file can be made of a description. Status is the HTTP
// status that belongs to Code; Limit and Size are set where a limit was passed.
type Problem struct {
	Status      int
	Code        string // one of Codes
	Detail      string
	Limit, Size int64
	Errors      []Entry // at most 20
}

func (p *Problem) Error() string { return p.Detail }

// problem makes a Problem of one entry.
func problem(code string, e Entry) *Problem {
	return &Problem{Status: codes[code].Status, Code: code, Detail: e.text(), Errors: []Entry{e}}
}

// tooMuch makes a Problem of a limit that was passed.
func tooMuch(code string, limit, size int64, e Entry) *Problem {
	p := problem(code, e)
	p.Limit, p.Size = limit, size
	return p
}

func (e Entry) text() string {
	switch {
	case e.Part != "":
		return fmt.Sprintf("part %q: %s", e.Part, e.Detail)
	case e.Pointer != "":
		return e.Pointer + ": " + e.Detail
	}
	return e.Detail
}

// problems collects what is wrong while the reading goes on. The first gives
// the answer its status and code.
type problems struct {
	first *Problem
}

// add notes one more error. It returns what was found when there is no room
// for more: reading on would be for nothing.
func (p *problems) add(found *Problem) error {
	switch {
	case p.first == nil:
		p.first = found
	case len(p.first.Errors) < maxErrors:
		p.first.Errors = append(p.first.Errors, found.Errors...)
	}
	if found.Status == 413 {
		return found
	}
	if len(p.first.Errors) >= maxErrors {
		return p.first
	}
	return nil
}

// count is how many were found so far.
func (p *problems) count() int {
	if p.first == nil {
		return 0
	}
	return len(p.first.Errors)
}

// err is the outcome. What ended the reading comes before what was noted on
// the way: bytes that are no JSON need no advice on their meaning.
func (p *problems) err(end error) error {
	switch {
	case end != nil:
		return end
	case p.first != nil:
		return p.first
	}
	return nil
}

// complaint is an error of one value that does not know yet where it stands.
type complaint struct {
	code, detail string
}

func (c *complaint) Error() string { return c.detail }

func complain(code, format string, args ...any) error {
	return &complaint{code, fmt.Sprintf(format, args...)}
}

// at places any error: a Problem stays what it is, a complaint keeps its
// code, a number that does not fit has its own, everything else takes the
// given one.
func at(pointer, code string, err error) *Problem {
	var known *Problem
	var c *complaint
	var beyond *dtype.RangeError
	detail := err.Error()
	switch {
	case errors.As(err, &known):
		return known
	case errors.As(err, &c):
		code, detail = c.code, c.detail
	case errors.As(err, &beyond):
		code, detail = "out_of_range", beyond.Error()
	}
	return problem(code, Entry{Pointer: pointer, Detail: detail})
}

// mendable says whether an error is about what was asked for, and not about
// reading or storing it.
func mendable(err error) bool {
	var (
		known  *Problem
		c      *complaint
		beyond *dtype.RangeError
		kind   *dtype.ValueError
		parse  *dtype.ParseError
		t      *dtype.Error
		shape  *space.Error
	)
	return errors.As(err, &known) || errors.As(err, &c) || errors.As(err, &beyond) || errors.As(err, &kind) ||
		errors.As(err, &parse) || errors.As(err, &t) || errors.As(err, &shape)
}

// inPart names the part in a problem of its content.
func inPart(name string, err error) error {
	if !mendable(err) {
		return fmt.Errorf("part %q: %w", name, err)
	}
	found := at("", "bad_npy", err)
	for i := range found.Errors {
		found.Errors[i].Part = cmp.Or(found.Errors[i].Part, name)
		found.Detail = found.Errors[i].text()
	}
	return found
}
