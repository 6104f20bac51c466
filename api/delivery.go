package api

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/h5serve/h5serve/api/h5grove"
	"github.com/h5serve/h5serve/api/sources"
	"github.com/h5serve/h5serve/h5core"
)

// delivery sends one answer about a file with its exact length, in bounded memory.
//
//	length known   ─────────────────────────────▶ write ─▶ held, then confirmed ─▶ header ─▶ the client
//	not known      ─▶ write, to be counted ─▶ small: kept ──▶ ─┘
//	                                       └▶ large: written once more
//
// The first bytes are held back, so that what cannot be read is a problem document and no broken answer.
type delivery struct {
	w       http.ResponseWriter
	r       *http.Request
	limits  Look
	version string
	tell    func(http.Header)

	file   *sources.File
	answer *h5grove.Answer
	ctx    context.Context
	held   []byte
	begun  bool // the header is out
}

const (
	firstBytes = 1 << 20 // bytes that are there before the header goes
	keptText   = 8 << 20 // the longest text that is written once
	workTimes  = 16      // how many bytes may be fetched, and decoded, for one that is sent
)

// run opens the file, finds the answer and sends it.
func (d *delivery) run(ctx context.Context, from *sources.Sources, name sources.Name, find func(context.Context, *sources.File) (*h5grove.Answer, error)) error {
	limit := d.limits.Time
	if limit <= 0 {
		limit = time.Minute
	}
	early, cancel := context.WithTimeoutCause(ctx, limit, sources.ErrTime)
	defer cancel()
	f, early, err := from.Open(early, name)
	if err != nil {
		return ended(early, ctx, err)
	}
	defer f.Release()
	d.file, d.ctx = f, ctx
	if done, err := d.unchanged(early); done || err != nil {
		return ended(early, ctx, err)
	}
	d.answer, err = find(early, f)
	if err == nil && d.answer.Length < 0 {
		err = d.measure(early)
	}
	if err != nil {
		if stale := f.Confirm(ctx); stale != nil {
			err = stale // what is wrong with an old version is nobody's business
		}
		return ended(early, ctx, err)
	}
	return d.send()
}

// ended tells that the time of a request ended, and not that of its client.
func ended(early, ctx context.Context, err error) error {
	if err != nil && ctx.Err() == nil && early != nil && errors.Is(context.Cause(early), sources.ErrTime) {
		return sources.ErrTime
	}
	return err
}

// unchanged sets the fields of the version, and answers who has it already.
func (d *delivery) unchanged(ctx context.Context) (done bool, err error) {
	tag := d.tag()
	h := d.w.Header()
	h.Set("ETag", tag)
	h.Set("Cache-Control", "no-cache")
	if !lists(strings.Join(d.r.Header.Values("If-None-Match"), ","), tag) {
		return false, nil
	}
	if err := d.file.Confirm(ctx); err != nil {
		return false, err
	}
	d.tell(h)
	d.w.WriteHeader(http.StatusNotModified)
	return true, nil
}

// tag covers the file's version, what is asked of it, and who answers.
func (d *delivery) tag() string {
	h := sha256.New()
	for _, part := range []string{version(d.file), d.version, d.r.URL.Path, d.r.URL.RawQuery} {
		fmt.Fprintf(h, "%d %s", len(part), part)
	}
	return `"` + base64.RawURLEncoding.EncodeToString(h.Sum(nil)[:18]) + `"`
}

// measure finds the length of a text, and keeps it if it is short.
func (d *delivery) measure(ctx context.Context) error {
	m := &measuring{}
	if err := d.answer.Write(ctx, m); err != nil {
		return err
	}
	known := *d.answer
	known.Length = m.size
	if m.size <= keptText {
		known.Write = func(_ context.Context, w io.Writer) error {
			_, err := w.Write(m.kept.Bytes())
			return err
		}
	}
	d.answer = &known
	return nil
}

type measuring struct {
	size int64
	kept bytes.Buffer
}

func (m *measuring) Write(p []byte) (int, error) {
	m.size += int64(len(p))
	switch {
	case m.size > h5grove.MaxText:
		return 0, h5grove.TooLong(h5grove.MaxText)
	case m.size <= keptText:
		return m.kept.Write(p)
	}
	m.kept = bytes.Buffer{}
	return len(p), nil
}

// send writes the answer. Its work may be in proportion to its length.
func (d *delivery) send() error {
	limits := d.limits.Limits
	if limits == (h5core.Limits{}) {
		limits = h5core.DefaultLimits()
	}
	for _, limit := range []*int64{&limits.Fetched, &limits.Decoded} {
		if *limit > 0 {
			*limit += workTimes * min(d.answer.Length, (math.MaxInt64-*limit)/workTimes)
		}
	}
	ctx, _ := h5core.WithBudget(d.ctx, limits)
	if d.r.Method == http.MethodHead {
		return d.begin()
	}
	if err := d.answer.Write(ctx, d); err != nil {
		return err
	}
	return d.begin()
}

// Write holds the first bytes back.
func (d *delivery) Write(p []byte) (int, error) {
	if !d.begun && len(d.held)+len(p) <= firstBytes {
		d.held = append(d.held, p...)
		return len(p), nil
	}
	if err := d.begin(); err != nil {
		return 0, err
	}
	return d.w.Write(p)
}

// begin sends the header and what was held, once.
func (d *delivery) begin() error {
	if d.begun {
		return nil
	}
	if err := d.file.Confirm(d.ctx); err != nil {
		return err
	}
	h := d.w.Header()
	h.Set("Content-Type", d.answer.MediaType)
	h.Set("Content-Length", strconv.FormatInt(d.answer.Length, 10))
	if d.answer.Filename != "" {
		h.Set("Content-Disposition", `attachment; filename="`+d.answer.Filename+`"`)
	}
	d.tell(h)
	d.begun = true
	d.w.WriteHeader(http.StatusOK)
	_, err := d.w.Write(d.held)
	d.held = nil
	return err
}
