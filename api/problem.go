package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"os"
	"strconv"
	"strings"
	"syscall"

	"github.com/rs/zerolog"

	"github.com/h5serve/h5serve/api/filespec"
	"github.com/h5serve/h5serve/api/objects"
	"github.com/h5serve/h5serve/api/sources"
	"github.com/h5serve/h5serve/h5core"
	"github.com/h5serve/h5serve/h5core/vfd"
	"github.com/h5serve/h5serve/storage"
)

// Problem is an error as the client sees it: a problem document (RFC 9457). Any error of the house becomes
// one in explain and nowhere else.
type Problem struct {
	Type      string  `json:"type"` // "/docs/errors/" and the code
	Title     string  `json:"title"`
	Status    int     `json:"status"`
	Detail    string  `json:"detail"`
	Code      string  `json:"code"` // a word that stays the same from version to version
	RequestID string  `json:"request_id"`
	Message   string  `json:"message"`         // equals Detail; viewers look for it
	Limit     int64   `json:"limit,omitempty"` // bytes, unless Detail names another unit
	Size      int64   `json:"size,omitempty"`  // what was there instead, where it is known
	Errors    []Wrong `json:"errors,omitempty"`

	// Of a malformed file: the object, the structure, and its place from the superblock on.
	Path      string  `json:"path,omitempty"`
	Structure string  `json:"structure,omitempty"`
	Offset    *uint64 `json:"offset,omitempty"`

	header http.Header // fields that the status asks for: Allow, Accept-Post, Retry-After
	cause  error       // for the log only
}

// Wrong is one thing that is wrong, and where: one of Pointer, Parameter and Part is set.
type Wrong struct {
	Pointer    string `json:"pointer,omitempty"`   // JSON pointer into the description
	Parameter  string `json:"parameter,omitempty"` // of the query
	Part       string `json:"part,omitempty"`      // of a multipart body
	Detail     string `json:"detail,omitempty"`
	DidYouMean string `json:"did_you_mean,omitempty"`
}

// maxWrong is how many entries a document has at most.
const maxWrong = 20

// statusClientGone is what the log says of a request whose client went away. Nobody receives it.
const statusClientGone = 499

func (p *Problem) Error() string { return p.Code + ": " + p.Detail }

func (p *Problem) Unwrap() error { return p.cause }

func refuse(status int, code, format string, args ...any) *Problem {
	return &Problem{Status: status, Code: code, Detail: fmt.Sprintf(format, args...)}
}

func (p *Problem) with(key, value string) *Problem {
	if p.header == nil {
		p.header = http.Header{}
	}
	p.header.Set(key, value)
	return p
}

// tooLarge is a body, or one description in it, that goes over its limit. A size of 0 is unknown.
func tooLarge(what string, limit, size int64) *Problem {
	p := refuse(http.StatusRequestEntityTooLarge, what+"_too_large", "The %s is larger than the limit of %d bytes.", what, limit)
	p.Limit, p.Size = limit, size
	return p
}

func busy(what string) *Problem {
	return refuse(http.StatusServiceUnavailable, "busy", "The server has no room for %s now. Try again.", what).with("Retry-After", "1")
}

// explain makes a problem of any error.
func explain(err error) *Problem {
	var own *Problem
	var taken *filespec.FileError
	var spec *filespec.Problem
	var body *http.MaxBytesError
	var object *objects.Refusal
	var stored *storage.Error
	var file *sources.Error
	switch {
	case errors.As(err, &own):
		known := *own
		return &known
	case errors.As(err, &taken):
		p := explain(taken.Err)
		p.Errors = []Wrong{{Pointer: taken.Pointer, Detail: p.Detail}}
		return p
	case errors.As(err, &spec):
		return fromSpec(spec)
	case errors.As(err, &body):
		return tooLarge("body", body.Limit, 0)
	case errors.As(err, &object):
		return fromObject(object)
	case errors.Is(err, context.Canceled):
		return refuse(statusClientGone, "client_gone", "The client went away.")
	case errors.As(err, &file):
		return fromFile(file)
	case errors.As(err, &stored):
		return fromStore(stored)
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded):
		return refuse(http.StatusRequestTimeout, "timeout", "No byte of the request came for too long.")
	case errors.Is(err, vfd.ErrSpoolFull), errors.Is(err, syscall.ENOSPC):
		return refuse(http.StatusInsufficientStorage, "spool_full", "The server has no room left for temporary bytes.")
	}
	return fromEngine(err)
}

func fromSpec(from *filespec.Problem) *Problem {
	p := refuse(from.Status, from.Code, "%s", from.Detail)
	p.Limit, p.Size, p.cause = from.Limit, from.Size, from
	for _, e := range from.Errors[:min(len(from.Errors), maxWrong)] {
		p.Errors = append(p.Errors, Wrong{Pointer: e.Pointer, Part: e.Part, Detail: e.Detail, DidYouMean: e.DidYouMean})
	}
	return p
}

func fromObject(from *objects.Refusal) *Problem {
	p := refuse(from.Status, from.Code, "%s", from.Detail)
	p.Limit, p.cause = from.Limit, from
	if from.Status == http.StatusRequestedRangeNotSatisfiable && from.Size <= math.MaxInt64 {
		p.Size = int64(from.Size)
		p.with("Content-Range", fmt.Sprintf("bytes */%d", from.Size))
	}
	return p
}

// storeKinds is the status of each kind of the stores' errors.
var storeKinds = []struct {
	kind   error
	status int
	code   string
}{
	{storage.ErrNotFound, http.StatusNotFound, "object_not_found"},
	{storage.ErrDenied, http.StatusForbidden, "store_denied"},
	{storage.ErrChanged, http.StatusConflict, "object_changed"},
	{storage.ErrExists, http.StatusConflict, "object_exists"},
	{storage.ErrRange, http.StatusRequestedRangeNotSatisfiable, "bad_range"},
	{storage.ErrReadOnly, http.StatusForbidden, "store_read_only"},
	{storage.ErrUnsupported, http.StatusNotImplemented, "unsupported_feature"},
	{storage.ErrIncomplete, http.StatusBadRequest, "body_cut"},
	{storage.ErrNoSpace, http.StatusInsufficientStorage, "store_full"},
}

// fromStore says the kind alone: what lay below may name places that are nobody's business outside.
func fromStore(from *storage.Error) *Problem {
	what := "The store " + from.Store
	if from.Key != "" {
		what = "The object " + from.Store + "/" + from.Key
	}
	for _, k := range storeKinds {
		if errors.Is(from.Kind, k.kind) {
			p := refuse(k.status, k.code, "%s: %s.", what, k.kind)
			p.cause = from
			return p
		}
	}
	p := refuse(http.StatusBadGateway, "bad_upstream", "%s: %s. Try again.", what, storage.ErrUnavailable)
	if slow := interface{ Timeout() bool }(nil); errors.As(from.Err, &slow) && slow.Timeout() {
		p = refuse(http.StatusGatewayTimeout, "upstream_timeout", "%s: the store did not answer in time. Try again.", what)
	}
	p.cause = from
	return p.with("Retry-After", "1")
}

// fromFile is about a file that a request looks at.
func fromFile(from *sources.Error) *Problem {
	var stored *storage.Error
	var p *Problem
	switch {
	case errors.Is(from, sources.ErrTime):
		p = refuse(http.StatusServiceUnavailable, "too_costly", "%s: %s.", from.File, sources.ErrTime).with("Retry-After", "60")
	case errors.As(from.Err, &stored):
		known := *stored
		known.Store, known.Key = from.File.Label, from.File.Key
		return fromStore(&known)
	case errors.Is(from, h5core.ErrNotFound):
		p = refuse(http.StatusNotFound, "path_not_found", "%s.", from)
	default:
		p = fromEngine(from)
	}
	if finding := h5core.FindingOf(from); p.Code == "malformed_hdf5" {
		p.Path, p.Structure = finding.Path, finding.Structure
		if p.Structure != "" {
			p.Offset = &finding.Offset
		}
	}
	p.cause = from
	return p
}

// engineKinds is the status of each kind of the engine's errors.
var engineKinds = []struct {
	kind   error
	status int
	code   string
}{
	{h5core.ErrExternal, http.StatusForbidden, "external_reference_refused"},
	{h5core.ErrNotHDF5, http.StatusUnprocessableEntity, "not_hdf5"},
	{h5core.ErrTooLarge, http.StatusRequestEntityTooLarge, "too_large"},
	{h5core.ErrUnsupported, http.StatusNotImplemented, "unsupported_feature"},
	{h5core.ErrDamaged, http.StatusUnprocessableEntity, "malformed_hdf5"},
	{h5core.ErrBounds, http.StatusUnprocessableEntity, "libver_bound"},
	{h5core.ErrExists, http.StatusUnprocessableEntity, "duplicate_path"},
	{h5core.ErrNotFound, http.StatusUnprocessableEntity, "target_not_found"},
	{h5core.ErrInvalid, http.StatusUnprocessableEntity, "invalid"},
}

func fromEngine(err error) *Problem {
	for _, k := range engineKinds {
		if errors.Is(err, k.kind) {
			p := refuse(k.status, k.code, "%s", err.Error())
			p.cause = err
			return p
		}
	}
	p := refuse(http.StatusInternalServerError, "internal", "Something went wrong in the server. Its log tells more under this request id.")
	p.cause = err
	return p
}

// fail answers with the problem that err is. What was said of the representation is taken back.
func fail(w http.ResponseWriter, r *http.Request, err error) {
	p := explain(err)
	p.complete(requestID(r.Context()))
	logFailure(r, p, err)
	noteProblem(w, p.Code)
	h := w.Header()
	for _, key := range []string{"ETag", "Content-Disposition", "Content-Location", "Repr-Digest", "Accept-Ranges", "Last-Modified", "Content-Encoding"} {
		h.Del(key)
	}
	for key, values := range p.header {
		h[key] = values
	}
	h.Set("Cache-Control", "no-store")
	writeJSON(w, p.Status, "application/problem+json", p)
}

func logFailure(r *http.Request, p *Problem, err error) {
	if p.Status >= http.StatusInternalServerError {
		zerolog.Ctx(r.Context()).Error().Err(err).Str("code", p.Code).Msg("request failed")
	}
}

func (p *Problem) complete(id string) {
	p.Type = "/docs/errors/" + p.Code
	p.RequestID = id
	p.Message = p.Detail
	if p.Title == "" {
		p.Title = title(p.Status, p.Code)
	}
}

// title is the code in words; the status says the rest.
func title(status int, code string) string {
	if code == "" {
		return http.StatusText(status)
	}
	words := strings.ReplaceAll(code, "_", " ")
	return strings.ToUpper(words[:1]) + words[1:]
}

func writeJSON(w http.ResponseWriter, status int, mediaType string, v any) {
	var body bytes.Buffer
	out := json.NewEncoder(&body)
	out.SetEscapeHTML(false) // dtypes have < and >, and nobody takes JSON for a page
	if err := out.Encode(v); err != nil {
		panic(fmt.Sprintf("api: %T cannot be JSON: %v", v, err))
	}
	w.Header().Set("Content-Type", mediaType)
	w.Header().Set("Content-Length", strconv.Itoa(body.Len()))
	w.WriteHeader(status)
	_, _ = w.Write(body.Bytes()) // a client that is gone has no use for an error
}
