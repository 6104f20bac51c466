package s3_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/h5serve/h5serve/storage"
	"github.com/h5serve/h5serve/storage/s3"
)

// asked is the range of a request.
func asked(r *http.Request) (first, last int) {
	span, _ := strings.CutPrefix(r.Header.Get("Range"), "bytes=")
	from, to, _ := strings.Cut(span, "-")
	first, _ = strconv.Atoi(from)
	last, _ = strconv.Atoi(to)
	return first, last
}

// broken answers as a right server does, but stops after n bytes.
func broken(w http.ResponseWriter, r *http.Request, n int) {
	first, last := asked(r)
	w.Header().Set("ETag", `"v1"`)
	w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", first, last, len(content)))
	w.Header().Set("Content-Length", strconv.Itoa(last-first+1))
	w.WriteHeader(http.StatusPartialContent)
	_, _ = io.WriteString(w, content[first:first+n])
	if f, ok := w.(http.Flusher); ok {
		f.Flush()
	}
}

func TestRestIsAskedForAgain(t *testing.T) {
	var requests atomic.Int64
	s := fake(t, nil, func(w http.ResponseWriter, r *http.Request) {
		n := requests.Add(1)
		if first, last := asked(r); n == 4 {
			part(w, first, last)
			return
		}
		if n > 1 && r.Header.Get("If-Match") != `"v1"` {
			t.Errorf("request %d: If-Match %q", n, r.Header.Get("If-Match"))
		}
		broken(w, r, 3)
		panic(http.ErrAbortHandler)
	})
	got, err := read(t.Context(), s)
	if got != content[10:20] || err != nil || requests.Load() != 4 {
		t.Errorf("got %q, %v after %d requests", got, err, requests.Load())
	}
}

func TestRestOfAnotherVersionIsRefused(t *testing.T) {
	var requests atomic.Int64
	s := fake(t, nil, func(w http.ResponseWriter, r *http.Request) {
		if requests.Add(1) == 1 {
			broken(w, r, 3)
			panic(http.ErrAbortHandler)
		}
		first, last := asked(r) // a server that does not look at If-Match
		w.Header().Set("ETag", `"v2"`)
		w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", first, last, len(content)))
		w.WriteHeader(http.StatusPartialContent)
		_, _ = io.WriteString(w, content[first:last+1])
	})
	_, err := read(t.Context(), s)
	clean(t, err, storage.ErrChanged)
}

func TestBodyThatNeverComes(t *testing.T) {
	s := fake(t, impatient, func(w http.ResponseWriter, r *http.Request) {
		broken(w, r, 0)
		<-r.Context().Done()
	})
	_, err := read(t.Context(), s)
	clean(t, err, storage.ErrUnavailable, "no byte came for 200ms")
}

func TestSlowDownThenRight(t *testing.T) {
	var requests atomic.Int64
	s := fake(t, nil, func(w http.ResponseWriter, _ *http.Request) {
		if requests.Add(1) < 3 {
			xmlError(w, http.StatusServiceUnavailable, "SlowDown")
			return
		}
		part(w, 10, 19)
	})
	began := time.Now()
	if got, err := read(t.Context(), s); got != content[10:20] || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
	if since := time.Since(began); since < 500*time.Millisecond {
		t.Errorf("a server that asks for patience was asked again within %s", since)
	}
}

func TestDeadlineHoldsWhileTrying(t *testing.T) {
	s := fake(t, func(c *s3.Config) { c.MaxAttempts = 50 }, func(w http.ResponseWriter, _ *http.Request) {
		xmlError(w, http.StatusServiceUnavailable, "SlowDown")
	})
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	_, err := read(ctx, s)
	clean(t, err, storage.ErrUnavailable)
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

// TestServerThatKnowsNoConditions has an older server, which gives what it has.
func TestServerThatKnowsNoConditions(t *testing.T) {
	s := fake(t, nil, func(w http.ResponseWriter, _ *http.Request) { part(w, 10, 19) })
	for _, c := range []struct {
		c    storage.Conditions
		kind error
	}{
		{storage.Conditions{IfMatch: `"v0"`}, storage.ErrChanged}, {storage.Conditions{IfNoneMatch: `"v1"`}, storage.ErrNotModified},
	} {
		_, err := s.Get(t.Context(), "key", storage.Range{First: 10, Length: 10}, c.c)
		clean(t, err, c.kind)
	}
}

// TestKeysAreEncodedOnce looks at the request line.
func TestKeysAreEncodedOnce(t *testing.T) {
	var line string
	s := fake(t, nil, func(w http.ResponseWriter, r *http.Request) {
		line, _, _ = strings.Cut(r.RequestURI, "?")
		part(w, 10, 19)
	})
	for key, want := range map[string]string{
		"a=b+c d":    "/bucket/a%3Db%2Bc%20d",
		"a%2Fb":      "/bucket/a%252Fb",
		"é/x":        "/bucket/%C3%A9/x",
		"a//b/../c.": "/bucket/a//b/../c.",
		"q?x#y&z":    "/bucket/q%3Fx%23y%26z",
	} {
		_, err := s.Get(t.Context(), key, storage.Range{First: 10, Length: 10}, storage.Conditions{})
		if err != nil || line != want {
			t.Errorf("%q: sent %s, want %s; %v", key, line, want, err)
		}
	}
}

func TestAnonymousSignsNothing(t *testing.T) {
	unsigned := func(c *s3.Config) {
		*c = s3.Config{Name: c.Name, Bucket: c.Bucket, Endpoint: c.Endpoint, PathStyle: true, Anonymous: true}
	}
	s := fake(t, unsigned, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "" || r.Header.Get("Accept-Encoding") != "identity" {
			t.Errorf("sent %v", r.Header)
		}
		part(w, 10, 19)
	})
	if _, err := read(t.Context(), s); err != nil {
		t.Error(err)
	}
	_, err := s.Put(t.Context(), "key", strings.NewReader("x"), 1, storage.PutOptions{})
	clean(t, err, storage.ErrReadOnly)
	clean(t, s.Delete(t.Context(), "key", storage.Conditions{}), storage.ErrReadOnly)
}

// TestMultipartIsTakenBack has a server that refuses the second part.
func TestMultipartIsTakenBack(t *testing.T) {
	var aborted atomic.Bool
	s := fake(t, nil, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		q := r.URL.Query()
		switch {
		case r.Method == http.MethodPost && q.Has("uploads"):
			_, _ = io.WriteString(w, `<InitiateMultipartUploadResult><UploadId>up</UploadId></InitiateMultipartUploadResult>`)
		case r.Method == http.MethodDelete && q.Get("uploadId") == "up":
			aborted.Store(true)
			w.WriteHeader(http.StatusNoContent)
		case q.Get("partNumber") == "2":
			xmlError(w, http.StatusForbidden, "AccessDenied")
		default:
			w.Header().Set("ETag", `"part"`)
		}
	})
	_, err := s.Put(t.Context(), "key", io.LimitReader(zeros{}, 20<<20), -1, storage.PutOptions{})
	clean(t, err, storage.ErrDenied)
	if !aborted.Load() {
		t.Error("the upload was not aborted")
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}
