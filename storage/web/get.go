package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/h5serve/h5serve/storage"
	"github.com/h5serve/h5serve/storage/ranged"
)

// Get reads a range of an object, in one request.
func (s *Store) Get(ctx context.Context, key string, r storage.Range, c storage.Conditions) (*storage.Part, error) {
	if r.Suffix && r.Length == 0 {
		return s.nothing(ctx, key, r, c)
	}
	stream, cancel := context.WithCancelCause(ctx)
	info, w, body, err := s.ask(stream, key, r, c)
	if err != nil {
		cancel(nil)
		if r.First == 0 && errors.Is(err, storage.ErrRange) {
			return s.nothing(ctx, key, r, c)
		}
		return nil, err
	}
	source := ranged.Source{Patience: s.patience, Attempts: s.attempts}
	source.Fail = func(err error) error { return s.explain(ctx, "get", key, err) }
	source.Fetch = func(ctx context.Context, first, count uint64) (io.ReadCloser, uint64, error) {
		rest := storage.Range{First: first, Length: count}
		_, again, body, err := s.ask(ctx, key, rest, storage.Conditions{IfMatch: info.ETag})
		return body, again.Skip, err
	}
	part := &storage.Part{Info: info, First: w.First, Count: w.Count}
	part.Body = ranged.Open(ctx, ranged.Stream{Bytes: body, Cancel: cancel}, w, source)
	return part, nil
}

// nothing answers where HTTP has no range to give: the beginning of an empty
// object is an empty part, all else lies beyond the end.
func (s *Store) nothing(ctx context.Context, key string, r storage.Range, c storage.Conditions) (*storage.Part, error) {
	info, err := s.Stat(ctx, key, c)
	if err != nil {
		return nil, err
	}
	if _, count, ok := r.Of(info.Size); !ok {
		return nil, &storage.Error{Op: "get", Store: s.name, Key: key, Kind: storage.ErrRange, Size: info.Size}
	} else if count > 0 {
		return nil, s.fail("get", key, storage.ErrUnavailable, errors.New("bad upstream: 416 for a range that is there"))
	}
	return &storage.Part{Info: info, Body: io.NopCloser(strings.NewReader(""))}, nil
}

// ask sends one GET and checks that what comes is what was asked for.
func (s *Store) ask(ctx context.Context, key string, r storage.Range, c storage.Conditions) (storage.Info, ranged.Window, io.ReadCloser, error) {
	resp, err := s.send(ctx, http.MethodGet, "get", key, r, c)
	if err != nil {
		return storage.Info{}, ranged.Window{}, nil, err
	}
	var w ranged.Window
	var info storage.Info
	if err = refused(resp); err == nil {
		w, err = ranged.Read(r, ranged.Answer{
			Status: resp.StatusCode, ContentRange: resp.Header.Get("Content-Range"),
			ContentLength: resp.ContentLength, ContentEncoding: resp.Header.Get("Content-Encoding"),
		})
	}
	if err == nil {
		info = describe(key, resp.Header, w.Size)
		err = c.Reading(info.ETag)
	}
	if err != nil {
		resp.Body.Close()
		return info, w, nil, s.explain(ctx, "get", key, err)
	}
	return info, w, resp.Body, nil
}

// Stat tells what is known of an object.
func (s *Store) Stat(ctx context.Context, key string, c storage.Conditions) (storage.Info, error) {
	resp, err := s.send(ctx, http.MethodHead, "stat", key, storage.Range{}, c)
	if err != nil {
		return storage.Info{}, err
	}
	resp.Body.Close()
	if err = refused(resp); err == nil && (resp.StatusCode != http.StatusOK || resp.ContentLength < 0) {
		err = fmt.Errorf("bad upstream: status %d, Content-Length %d", resp.StatusCode, resp.ContentLength)
	}
	if err != nil {
		return storage.Info{}, s.explain(ctx, "stat", key, err)
	}
	info := describe(key, resp.Header, uint64(resp.ContentLength))
	if kind := c.Reading(info.ETag); kind != nil {
		return storage.Info{}, s.fail("stat", key, kind, nil)
	}
	return info, nil
}

func describe(key string, h http.Header, size uint64) storage.Info {
	info := storage.Info{Key: key, Size: size, ETag: tagOf(h, size), ContentType: h.Get("Content-Type")}
	if at, err := http.ParseTime(h.Get("Last-Modified")); err == nil {
		info.Modified = at.UTC()
	}
	return info
}

// refusal is an answer that is no success.
type refusal struct {
	kind error
	size uint64
	err  error
}

func (r *refusal) Error() string { return r.kind.Error() }

func refused(resp *http.Response) error {
	status := resp.StatusCode
	r := &refusal{kind: storage.ErrUnavailable, err: fmt.Errorf("status %d", status)}
	switch {
	case status < 300:
		return nil
	case status == http.StatusNotModified:
		r.kind, r.err = storage.ErrNotModified, nil
	case status == http.StatusNotFound, status == http.StatusGone:
		r.kind = storage.ErrNotFound
	case status == http.StatusUnauthorized, status == http.StatusForbidden, status == http.StatusProxyAuthRequired:
		r.kind = storage.ErrDenied
	case status == http.StatusPreconditionFailed:
		r.kind, r.err = storage.ErrChanged, nil
	case status == http.StatusRequestedRangeNotSatisfiable:
		size, ok := ranged.ParseUnsatisfied(resp.Header.Get("Content-Range"))
		if ok {
			r.kind, r.size, r.err = storage.ErrRange, size, nil
		} else {
			r.err = errors.New("bad upstream: status 416 without the object's size")
		}
	}
	return r
}

// explain turns what went wrong into a storage.Error without an address.
func (s *Store) explain(ctx context.Context, op, key string, err error) error {
	e := &storage.Error{Op: op, Store: s.name, Key: key, Kind: storage.ErrUnavailable}
	var done *storage.Error
	var no *refusal
	var beyond *ranged.Beyond
	switch {
	case errors.As(err, &done):
		return done
	case ctx.Err() != nil:
		e.Err = ctx.Err()
	case errors.As(err, &no):
		e.Kind, e.Size, e.Err = no.kind, no.size, no.err
	case err == storage.ErrChanged, err == storage.ErrNotModified: //nolint:errorlint // the bare kinds
		e.Kind = err
	case errors.As(err, &beyond):
		e.Kind, e.Size = storage.ErrRange, beyond.Size
	default:
		e.Err = plain(err)
	}
	return e
}

// plain is what the network said, without the request's address.
func plain(err error) error {
	var dns *net.DNSError
	var op *net.OpError
	var at *url.Error
	var timeout interface{ Timeout() bool }
	switch {
	case errors.As(err, &dns):
		return errors.New("the host's name is not known")
	case errors.As(err, &op):
		return fmt.Errorf("%s: %w", op.Op, op.Err)
	case errors.As(err, &timeout) && timeout.Timeout():
		return errors.New("no answer in time")
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return errors.New("the connection ended before the answer did")
	case errors.As(err, &at):
		return at.Err
	}
	return err
}
