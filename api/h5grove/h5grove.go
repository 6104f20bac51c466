// Package h5grove answers what h5grove 4 answers (silx-kit/h5grove), for H5Web and whoever else speaks with it:
// metadata, attributes, elements, statistics and paths of one file.
//
//	path ─▶ find ─▶ entity: an object, or a link that leads nowhere ─┬─▶ Meta, Attributes, Paths   JSON, in memory
//	                                                                 ├─▶ Stats                     two passes of blocks
//	                                                                 └─▶ Data ─▶ Answer            block by block
//
// Names and values are those of h5py over numpy, as h5grove passes them on. Where h5grove fails in its own code,
// there is a Refusal, or what it would have meant. External links are shown, and not followed.
package h5grove

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/h5serve/h5serve/h5core"
)

// Refusal says why a request has no answer. Details have the phrases that H5Web looks for.
type Refusal struct {
	Status    int    // of HTTP
	Code      string // a word that stays the same
	Parameter string // of the query, "" for none
	Detail    string
	Err       error // what lies below; nil for none
}

func (r *Refusal) Error() string { return r.Code + ": " + r.Detail }

func (r *Refusal) Unwrap() error { return r.Err }

func refuse(status int, code, parameter, format string, args ...any) *Refusal {
	return &Refusal{Status: status, Code: code, Parameter: parameter, Detail: fmt.Sprintf(format, args...)}
}

func unfit(parameter, format string, args ...any) *Refusal {
	return refuse(http.StatusUnprocessableEntity, "bad_parameter", parameter, format, args...)
}

// MaxText is how long an answer of JSON or CSV may be, MaxMeta one of metadata. Both in bytes.
const (
	MaxText = 1 << 30
	MaxMeta = 64 << 20
)

// TooLong says that an answer would be longer than it may be.
func TooLong(limit int64) *Refusal {
	return refuse(http.StatusRequestEntityTooLarge, "too_large", "",
		"The answer has more than %d bytes. Ask for less by a selection, or for the formats bin and npy.", limit)
}

// Answer is what a request gets. Write writes it; the second time the same bytes.
type Answer struct {
	MediaType string
	Filename  string // to be saved as; "" for what is shown
	Length    int64  // in bytes; below 0 it is known by writing alone
	Write     func(ctx context.Context, w io.Writer) error
}

// File is the file that a request is about.
type File struct {
	*h5core.File
	Base string // its name without folders
}

// document collects metadata as JSON, up to MaxMeta.
type document struct{ bytes.Buffer }

func (d *document) put(v any) error {
	if d.Len() > MaxMeta {
		return TooLong(MaxMeta)
	}
	out := json.NewEncoder(d)
	out.SetEscapeHTML(false) // dtypes have < and >
	if err := out.Encode(v); err != nil {
		return err
	}
	d.Truncate(d.Len() - 1) // the end of the line
	return nil
}

func (d *document) answer() *Answer {
	return &Answer{MediaType: "application/json", Length: int64(d.Len()), Write: func(_ context.Context, w io.Writer) error {
		_, err := w.Write(d.Bytes())
		return err
	}}
}

// lost tells errors of what an object is, or where it should be, from those of reaching it at all.
func lost(ctx context.Context, err error) bool {
	if ctx.Err() != nil {
		return false
	}
	for _, kind := range []error{h5core.ErrNotFound, h5core.ErrExternal, h5core.ErrDamaged, h5core.ErrUnsupported, h5core.ErrInvalid} {
		if errors.Is(err, kind) {
			return true
		}
	}
	return false
}
