package s3_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/h5serve/h5serve/storage"
	"github.com/h5serve/h5serve/storage/s3"
)

const (
	canaryKey   = "canary-secret-key-4711"
	canaryToken = "canary-session-token-4712"
	canaryID    = "CANARYACCESSKEYID"
)

// fake answers as a handler does, and opens a store on it.
func fake(t *testing.T, change func(*s3.Config), answer http.HandlerFunc) *s3.Store {
	t.Helper()
	leaks := goleak.IgnoreCurrent()
	server := httptest.NewServer(answer)
	c := s3.Config{
		Name: "far", Bucket: "bucket", Endpoint: server.URL, PathStyle: true, Region: "eu-test-1", MaxAttempts: 3,
		SecretID: canaryID, SecretKey: s3.NewSecret(canaryKey), SessionToken: s3.NewSecret(canaryToken), Writable: true,
		Timeouts: s3.Timeouts{Patience: 20 * time.Second},
	}
	if change != nil {
		change(&c)
	}
	s, err := s3.Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		server.Close()
		goleak.VerifyNone(t, leaks)
	})
	return s
}

// impatient gives up on a server that says nothing.
func impatient(c *s3.Config) { c.Timeouts.Patience = 200 * time.Millisecond }

const content = "0123456789abcdefghijklmnopqrstuvwxyz"

// part answers 206 with bytes first to last.
func part(w http.ResponseWriter, first, last int) {
	w.Header().Set("ETag", `"v1"`)
	w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", first, last, len(content)))
	w.WriteHeader(http.StatusPartialContent)
	_, _ = io.WriteString(w, content[first:last+1])
}

func xmlError(w http.ResponseWriter, status int, code string) {
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	fmt.Fprintf(w, `<?xml version="1.0"?><Error><Code>%s</Code><Message>signed %s with %s</Message><Region>eu-north-9</Region></Error>`,
		code, canaryID, canaryToken)
}

// clean checks an error's kind, and that it tells no secret.
func clean(t *testing.T, err, kind error, words ...string) {
	t.Helper()
	var e *storage.Error
	if !errors.As(err, &e) || !errors.Is(err, kind) {
		t.Errorf("got %v, want %v", err, kind)
		return
	}
	text := fmt.Sprintf("%v %+v %#v", err, err, e)
	for inner := e.Err; inner != nil; inner = errors.Unwrap(inner) {
		text += fmt.Sprintf(" %v %+v", inner, inner)
	}
	for _, secret := range []string{canaryKey, canaryToken, canaryID, "X-Amz", "Signature", "AWS4", "x-id=", "http://"} {
		if strings.Contains(text, secret) {
			t.Errorf("%q in %s", secret, text)
		}
	}
	for _, word := range words {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("%q is not in %v", word, err)
		}
	}
}

// read reads bytes 10 to 19.
func read(ctx context.Context, s storage.Store) (string, error) {
	p, err := s.Get(ctx, "key", storage.Range{First: 10, Length: 10}, storage.Conditions{})
	if err != nil {
		return "", err
	}
	defer p.Body.Close()
	got, err := io.ReadAll(p.Body)
	return string(got), err
}

const silent = "no answer"

func TestRefusals(t *testing.T) {
	for _, c := range []struct {
		name   string
		answer http.HandlerFunc
		kind   error
		words  []string
	}{
		{"no key", func(w http.ResponseWriter, _ *http.Request) { xmlError(w, 404, "NoSuchKey") }, storage.ErrNotFound, []string{"404 NoSuchKey"}},
		{"no bucket", func(w http.ResponseWriter, _ *http.Request) { xmlError(w, 404, "NoSuchBucket") }, storage.ErrNotFound, []string{"NoSuchBucket"}},
		{"denied", func(w http.ResponseWriter, _ *http.Request) { xmlError(w, 403, "AccessDenied") }, storage.ErrDenied, []string{"403"}},
		{"expired", func(w http.ResponseWriter, _ *http.Request) { xmlError(w, 400, "ExpiredToken") }, storage.ErrDenied, []string{"ExpiredToken"}},
		{"412", func(w http.ResponseWriter, _ *http.Request) { xmlError(w, 412, "PreconditionFailed") }, storage.ErrChanged, nil},
		{"416", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Range", "bytes */7")
			xmlError(w, 416, "InvalidRange")
		}, storage.ErrRange, nil},
		{"slow down", func(w http.ResponseWriter, _ *http.Request) { xmlError(w, 503, "SlowDown") }, storage.ErrUnavailable, []string{"503 SlowDown"}},
		{"no XML", func(w http.ResponseWriter, _ *http.Request) { http.Error(w, canaryKey, 500) }, storage.ErrUnavailable, []string{"500"}},
		{"a code that is none", func(w http.ResponseWriter, _ *http.Request) { xmlError(w, 418, canaryKey+" x") }, storage.ErrUnavailable, []string{"418"}},
		{"elsewhere", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-Amz-Bucket-Region", "ap-south-1")
			xmlError(w, 301, "PermanentRedirect")
		}, storage.ErrUnavailable, []string{"ap-south-1", "eu-test-1"}},
		{"redirect", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://198.51.100.1/", http.StatusTemporaryRedirect)
		}, storage.ErrUnavailable, []string{"307"}},
		{"hung up", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, storage.ErrUnavailable, nil},
		{silent, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, storage.ErrUnavailable, []string{"no answer in time"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var change func(*s3.Config)
			if c.name == silent {
				change = impatient
			}
			_, err := read(t.Context(), fake(t, change, c.answer))
			clean(t, err, c.kind, c.words...)
			var e *storage.Error
			if errors.As(err, &e) && e.Kind == storage.ErrRange && e.Size != 7 { //nolint:errorlint // the bare kind
				t.Errorf("the object's size is %d", e.Size)
			}
		})
	}
}

func TestAnswersThatAreNotWhatWasAsked(t *testing.T) {
	for _, c := range []struct {
		name   string
		answer http.HandlerFunc
		word   string // "": it is right
	}{
		{"right", func(w http.ResponseWriter, _ *http.Request) { part(w, 10, 19) }, ""},
		{"shifted", func(w http.ResponseWriter, _ *http.Request) { part(w, 11, 20) }, "11-20"},
		{"shorter", func(w http.ResponseWriter, _ *http.Request) { part(w, 10, 15) }, "10-15"},
		{"no Content-Range", func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(206)
			_, _ = io.WriteString(w, content[10:20])
		}, "Content-Range"},
		{"no size", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Range", "bytes 10-19/*")
			w.WriteHeader(206)
		}, "Content-Range"},
		{"the whole", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, content) }, ""},
		{"a large whole", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000000000")
			w.WriteHeader(200)
		}, "ignored"},
		{"coded", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			part(w, 10, 19)
		}, "gzip"},
		{"another length", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "5")
			w.Header().Set("Content-Range", fmt.Sprintf("bytes 10-19/%d", len(content)))
			w.WriteHeader(206)
			_, _ = io.WriteString(w, "abcde")
		}, "Content-Length 5"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := read(t.Context(), fake(t, nil, c.answer))
			if c.word == "" {
				if got != content[10:20] || err != nil {
					t.Errorf("got %q, %v", got, err)
				}
				return
			}
			clean(t, err, storage.ErrUnavailable, "bad upstream", c.word)
		})
	}
}
