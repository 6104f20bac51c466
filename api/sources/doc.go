// Package sources has the HDF5 files that requests look at: objects of stores,
// and plans, which were never made.
//
//	request ─▶ Do ─▶ Open ─▶ known version? ─▶ kept, parsed ──────────┐
//	                            │ no                                  ├─▶ work ─▶ Confirm ─▶ answer
//	                            └──▶ first GET ─▶ h5core.Open, once ──┘              │
//	                 ▲                          for all who wait                     │
//	                 └────────────── once more, if the object was replaced ◀─────────┘
//
// A file is kept by its store, its key and its version, and shared by all
// requests, so that a warm one costs a round at most: its metadata is in memory,
// and a GET of elements, which names the version, tells that it is still the
// object's. Where no such GET was made, Confirm asks. Files that were not used
// for longest are closed when there are too many, or when they hold too much.
//
// What a request may cost is the request's: a budget of work and a time, in the
// context that work gets. The file itself, which many use for long, has none.
package sources

import (
	"errors"
	"fmt"
	"time"

	"github.com/h5serve/h5serve/h5core"
	"github.com/h5serve/h5serve/storage"
	"github.com/h5serve/h5serve/storage/cached"
)

// Settings are the parameters of Sources. A zero field takes its default.
type Settings struct {
	Cache  *cached.Cache // through which stores are read; needed
	Plans  Plans         // nil: there are none
	Files  int           // that are kept open; 256
	Memory uint64        // bytes that these hold together, as estimated; 256 MiB
	Limits h5core.Limits // of the work of one request; h5core.DefaultLimits
	Time   time.Duration // of the work of one request that Do runs; 60 s
}

func (s Settings) orDefaults() Settings {
	if s.Files <= 0 {
		s.Files = 256
	}
	if s.Memory == 0 {
		s.Memory = 256 << 20
	}
	if s.Limits == (h5core.Limits{}) {
		s.Limits = h5core.DefaultLimits()
	}
	if s.Time <= 0 {
		s.Time = time.Minute
	}
	return s
}

// Name names a file: an object of a store, or a plan.
type Name struct {
	Store storage.Store // nil: a plan
	Label string        // of the store, as requests name it
	Key   string
	Plan  string // id
}

// String is the name as requests have it.
func (n Name) String() string {
	if n.Store == nil {
		return "plan:" + n.Plan
	}
	return n.Label + "/" + n.Key
}

// Kinds of failure beside those of storage and h5core, for errors.Is.
var (
	ErrTime    = errors.New("it takes longer than a request may")
	ErrNoPlans = errors.New("there are no plans")
)

// Error says which file an error is about.
type Error struct {
	File Name
	Err  error
}

func (e *Error) Error() string { return fmt.Sprintf("%s: %v", e.File, e.Err) }

func (e *Error) Unwrap() error { return e.Err }

func (n Name) fail(err error) error {
	var known *Error
	if err == nil || errors.As(err, &known) {
		return err
	}
	return &Error{n, err}
}
