package s3

import (
	"bytes"
	"encoding/xml"
	"errors"
	"net/http"
	"strconv"

	"github.com/h5serve/h5serve/api/sigv4"
)

// Fault is an error as a client sees it. From Explain its Code is a word of the house, which becomes S3's here.
type Fault struct {
	Status int
	Code   string
	Detail string
	Header http.Header
}

func (f *Fault) Error() string { return f.Code + ": " + f.Detail }

type errorDocument struct {
	XMLName   xml.Name `xml:"Error"`
	Code      string
	Message   string
	Resource  string
	RequestID string `xml:"RequestId"`
}

// translated are S3's codes and statuses for the words of the house.
var translated = map[string]Fault{
	"object_not_found":    {Status: http.StatusNotFound, Code: "NoSuchKey"},
	"object_changed":      {Status: http.StatusConflict, Code: "OperationAborted"},
	"precondition_failed": {Status: http.StatusPreconditionFailed, Code: "PreconditionFailed"},
	"bad_range":           {Status: http.StatusRequestedRangeNotSatisfiable, Code: "InvalidRange"},
	"store_denied":        {Status: http.StatusForbidden, Code: "AccessDenied"},
	"store_read_only":     {Status: http.StatusForbidden, Code: "AccessDenied"},
	"cross_origin":        {Status: http.StatusForbidden, Code: "AccessDenied"},
	"unsupported_feature": {Status: http.StatusNotImplemented, Code: "NotImplemented"},
	"unknown_coding":      {Status: http.StatusNotImplemented, Code: "NotImplemented"},
	"bad_condition":       {Status: http.StatusNotImplemented, Code: "NotImplemented"},
	"bad_digest":          {Status: http.StatusBadRequest, Code: "BadDigest"},
	"invalid_digest":      {Status: http.StatusBadRequest, Code: "InvalidDigest"},
	"body_too_large":      {Status: http.StatusBadRequest, Code: "EntityTooLarge"},
	"body_cut":            {Status: http.StatusBadRequest, Code: "IncompleteBody"},
	"timeout":             {Status: http.StatusBadRequest, Code: "RequestTimeout"},
	"bad_upstream":        {Status: http.StatusServiceUnavailable, Code: "ServiceUnavailable"}, // clients try again
	"upstream_timeout":    {Status: http.StatusServiceUnavailable, Code: "ServiceUnavailable"},
	"internal":            {Status: http.StatusInternalServerError, Code: "InternalError"},
}

var unsigned = map[error]string{
	sigv4.ErrUnsigned:   "AccessDenied",
	sigv4.ErrMalformed:  "AccessDenied",
	sigv4.ErrExpired:    "AccessDenied",
	sigv4.ErrUnknownKey: "InvalidAccessKeyId",
	sigv4.ErrMismatch:   "SignatureDoesNotMatch",
	sigv4.ErrSkewed:     "RequestTimeTooSkewed",
}

// explain makes a fault of any error.
func (h *Handler) explain(r *http.Request, err error) *Fault {
	var own *Fault
	if errors.As(err, &own) {
		return own
	}
	for kind, code := range unsigned {
		if errors.Is(err, kind) {
			return &Fault{Status: http.StatusForbidden, Code: code, Detail: err.Error()}
		}
	}
	f := h.Explain(r, err)
	if known, ok := translated[f.Code]; ok {
		f.Status, f.Code = known.Status, known.Code
		return &f
	}
	if f.Code = "InvalidRequest"; f.Status >= http.StatusInternalServerError {
		f.Code = "InternalError"
	}
	return &f
}

// Fail answers with an error.
func (h *Handler) Fail(w http.ResponseWriter, r *http.Request, err error) {
	f := h.explain(r, err)
	h.Note(w, "", f.Code)
	header := w.Header()
	for _, key := range []string{"ETag", "Last-Modified", "Accept-Ranges"} {
		header.Del(key)
	}
	for key, values := range f.Header {
		header[key] = values
	}
	id := header.Get("X-Request-Id")
	header.Set("X-Amz-Request-Id", id)
	header.Set("Cache-Control", "no-store")
	write(w, f.Status, errorDocument{Code: f.Code, Message: f.Detail, Resource: r.URL.Path, RequestID: id})
}

func send(w http.ResponseWriter, document any) error {
	w.Header().Set("Cache-Control", "no-store")
	write(w, http.StatusOK, document)
	return nil
}

func write(w http.ResponseWriter, status int, document any) {
	var body bytes.Buffer
	body.WriteString(xml.Header)
	if err := xml.NewEncoder(&body).Encode(document); err != nil {
		panic("s3: a document cannot be XML: " + err.Error())
	}
	w.Header().Set("Content-Type", "application/xml")
	w.Header().Set("Content-Length", strconv.Itoa(body.Len()))
	w.WriteHeader(status)
	_, _ = w.Write(body.Bytes()) // a client that is gone has no use for an error
}
