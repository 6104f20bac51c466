// Package objects serves one object of a store over HTTP: to the read proxy and to the S3-compatible listener alike.
//
//	request ──▶ key: the path behind the prefix, decoded once, never cleaned
//	        ──▶ conditions, ranges (RFC 9110, 13 and 14)
//	        ──▶ one upstream GET for each range, pinned by If-Match where more than one answer must agree
//	        ──▶ first bytes ──▶ header ──▶ the rest
//
// Until the first byte has come from the store everything can still be an error. After that a failure aborts the
// connection: bytes of two versions are never mixed, and a short object never looks whole.
package objects

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/h5serve/h5serve/storage"
)

// Opener reads a range of an object, as storage.Store's Get does. A block cache takes its place here.
type Opener func(ctx context.Context, s storage.Store, key string, r storage.Range, c storage.Conditions) (*storage.Part, error)

// Direct opens in the store itself.
func Direct(ctx context.Context, s storage.Store, key string, r storage.Range, c storage.Conditions) (*storage.Part, error) {
	return s.Get(ctx, key, r, c)
}

// Object is what a request asks for.
type Object struct {
	Name     string // of the store
	Store    storage.Store
	Key      string
	Open     Opener
	Patience time.Duration                // without a byte from the store
	Abort    func(context.Context, error) // ends the connection; does not return
}

// Refusal is a request that cannot be answered as it is. Errors of stores are returned as they are.
type Refusal struct {
	Status int
	Code   string // a word that stays the same
	Detail string
	Size   uint64 // 416: of the object
	Limit  int64  // 413
}

func (e *Refusal) Error() string { return e.Code + ": " + e.Detail }

func refuse(status int, code, format string, args ...any) *Refusal {
	return &Refusal{Status: status, Code: code, Detail: fmt.Sprintf(format, args...)}
}

var (
	errPrecondition = refuse(http.StatusPreconditionFailed, "precondition_failed", "The object is not the one that the request's conditions ask for.")
	errNotModified  = errors.New("the client has it already")
	errStalled      = errors.New("the store sent no byte for too long")
	errShort        = errors.New("the store's answer ended early")
)

func badRange(size uint64) *Refusal {
	e := refuse(http.StatusRequestedRangeNotSatisfiable, "bad_range", "The object has %d bytes; the range lies outside.", size)
	e.Size = size
	return e
}

// broken is a failure of the store that the store did not name itself.
func (o *Object) broken(kind, err error) error {
	return &storage.Error{Op: "get", Store: o.Name, Key: o.Key, Kind: kind, Err: err}
}
