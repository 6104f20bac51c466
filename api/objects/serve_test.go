package objects

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/h5serve/h5serve/storage"
	"github.com/h5serve/h5serve/storage/mem"
	"github.com/h5serve/h5serve/storage/storagetest"
)

var errAborted = errors.New("aborted")

func content(n int, salt byte) []byte {
	p := make([]byte, n)
	for i := range p {
		p[i] = byte(i*7+i>>8) + salt
	}
	return p
}

func put(t *testing.T, s storage.Writer, key string, p []byte) storage.Info {
	t.Helper()
	info, err := s.Put(t.Context(), key, bytes.NewReader(p), int64(len(p)), storage.PutOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return info
}

// ask serves one request; a failure after the first byte is errAborted.
func ask(s storage.Store, method, key string, fields ...string) (w *httptest.ResponseRecorder, err error) {
	o := &Object{
		Name: "demo", Store: s, Key: key, Open: Direct, Patience: time.Minute,
		Abort: func(_ context.Context, err error) { panic(fmt.Errorf("%w: %w", errAborted, err)) },
	}
	r := httptest.NewRequest(method, "/", nil)
	r.Header = header(strings.Join(fields, "\n"))
	w = httptest.NewRecorder()
	defer func() {
		if value := recover(); value != nil {
			err = value.(error)
		}
	}()
	return w, o.Serve(w, r)
}

// An answer costs one GET where nothing must be known before.
func TestRequestsToTheStore(t *testing.T) {
	s := mem.New("demo")
	info := put(t, s, "x", content(1000, 0))
	for _, test := range []struct {
		fields     []string
		status     int
		gets, asks int
	}{
		{nil, 200, 1, 0},
		{[]string{"Range: bytes=5-9"}, 206, 1, 0},
		{[]string{"Range: bytes=-9"}, 206, 1, 0},
		{[]string{"Range: bytes=5-9", "If-Match: " + info.ETag}, 206, 1, 0},
		{[]string{"If-None-Match: " + info.ETag}, 304, 1, 0},
		{[]string{"If-None-Match: *"}, 304, 0, 1},
		{[]string{"Range: bytes=5-9", "If-Range: " + info.ETag}, 206, 1, 0},
		{[]string{"Range: bytes=5-9", "If-Range: " + info.Modified.UTC().Format(http.TimeFormat)}, 206, 1, 0},
		{[]string{"Range: bytes=-9", `If-Range: "old"`}, 200, 2, 0},
		{[]string{"Range: bytes=2000-", `If-Range: "old"`}, 200, 2, 1},
		{[]string{"If-Range: " + info.ETag}, 200, 1, 0},
		{[]string{"Range: bytes=5-9,20-29", "If-Range: " + info.ETag}, 206, 2, 1},
		{[]string{"Range: bytes=5-9,20-29"}, 206, 2, 1},
	} {
		counting := &storagetest.Counting{Store: s}
		w, err := ask(counting, http.MethodGet, "x", test.fields...)
		n := counting.Counts()
		if err != nil || w.Code != test.status || int(n.Gets) != test.gets || int(n.Stats) != test.asks {
			t.Errorf("%v: %d with %d GETs and %d HEADs, %v", test.fields, w.Code, n.Gets, n.Stats, err)
		}
		if w.Header().Get("ETag") != info.ETag {
			t.Errorf("%v: tag %q", test.fields, w.Header().Get("ETag"))
		}
	}
}

func TestSeveralRanges(t *testing.T) {
	s, whole := mem.New("demo"), content(300_000, 0)
	put(t, s, "x.bin", whole)
	w, err := ask(s, http.MethodGet, "x.bin", "Range: bytes=0-199999,299999-,250000-250009")
	if err != nil || w.Code != 206 || w.Header().Get("Content-Length") != fmt.Sprint(w.Body.Len()) {
		t.Fatalf("%d, %v, length %s of %d", w.Code, err, w.Header().Get("Content-Length"), w.Body.Len())
	}
	_, params, _ := mime.ParseMediaType(w.Header().Get("Content-Type"))
	parts := multipart.NewReader(w.Body, params["boundary"])
	for _, want := range []struct{ first, end int }{{0, 200_000}, {299_999, 300_000}, {250_000, 250_010}} {
		p, err := parts.NextPart()
		if err != nil {
			t.Fatal(err)
		}
		got, _ := io.ReadAll(p)
		if said := p.Header.Get("Content-Range"); said != fmt.Sprintf("bytes %d-%d/300000", want.first, want.end-1) || !bytes.Equal(got, whole[want.first:want.end]) {
			t.Errorf("%s: %d bytes", said, len(got))
		}
	}
}

func TestEmptyObject(t *testing.T) {
	s := mem.New("demo")
	put(t, s, "empty", nil)
	for field, want := range map[string]int{"": 200, "bytes=-5": 200, "bytes=0-0": 416, "bytes=0-": 416, "bytes=0-0,2-3": 416} {
		w, err := ask(s, http.MethodGet, "empty", "Range: "+field)
		var refused *Refusal
		switch {
		case want == 200 && (err != nil || w.Code != 200 || w.Header().Get("Content-Length") != "0"):
			t.Errorf("%q: %d, %v", field, w.Code, err)
		case want == 416 && (!errors.As(err, &refused) || refused.Status != 416 || refused.Size != 0):
			t.Errorf("%q: %v", field, err)
		}
	}
}

// Replaced before the first byte: once is mended, always is an error. Later: the connection ends.
func TestReplacedMidway(t *testing.T) {
	old, young := content(500_000, 0), content(500_000, 1)
	for _, test := range []struct {
		name  string
		field string
		fault storagetest.Fault
		n     int
		want  error // nil: the young one, whole
	}{
		{"once, before", "", storagetest.Fault{Err: storage.ErrChanged}, 1, nil},
		{"always, before", "", storagetest.Fault{Err: storage.ErrChanged}, 9, storage.ErrChanged},
		{"between parts", "Range: bytes=0-9,400000-400009", storagetest.Fault{}, 0, errAborted},
		{"cut", "", storagetest.Fault{Cut: 300_000}, 9, errAborted},
		{"cut at once", "", storagetest.Fault{Err: storage.ErrUnavailable}, 9, storage.ErrUnavailable},
		{"short", "", storagetest.Fault{Short: 1}, 9, errAborted},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := mem.New("demo")
			put(t, s, "x", old)
			replace := test.name == "between parts"
			faulty := &storagetest.Faulty{Store: s, Plan: func(n int, _ string, _ storage.Range) storagetest.Fault {
				switch {
				case replace && n == 1:
					return storagetest.Fault{Before: func() { put(t, s, "x", young) }}
				case n < test.n:
					return test.fault
				}
				return storagetest.Fault{}
			}}
			w, err := ask(faulty, http.MethodGet, "x", test.field)
			if !errors.Is(err, test.want) {
				t.Fatalf("%v, want %v", err, test.want)
			}
			if test.want == nil && !bytes.Equal(w.Body.Bytes(), old) {
				t.Error("other bytes")
			}
			if test.want != nil && !errors.Is(err, errAborted) && w.Body.Len() > 0 {
				t.Error("an error after bytes")
			}
		})
	}
}

// A client's own condition is not mended, it is told.
func TestConditionIsTold(t *testing.T) {
	s := mem.New("demo")
	put(t, s, "x", content(10, 0))
	if _, err := ask(s, http.MethodGet, "x", `If-Match: "other"`); !errors.Is(err, errPrecondition) {
		t.Error(err)
	}
	if _, err := ask(s, http.MethodHead, "x", `If-Match: "other"`); !errors.Is(err, errPrecondition) {
		t.Error(err)
	}
	if _, err := ask(s, http.MethodGet, "none"); !errors.Is(err, storage.ErrNotFound) {
		t.Error(err)
	}
}

// A store that says nothing for too long is cut off.
func TestStalledStore(t *testing.T) {
	s := mem.New("demo")
	put(t, s, "x", content(10, 0))
	faulty := &storagetest.Faulty{Store: s, Plan: storagetest.First(9, storagetest.Fault{Delay: time.Hour})}
	o := &Object{Name: "demo", Store: faulty, Key: "x", Open: Direct, Patience: time.Millisecond}
	err := o.Serve(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil))
	if !errors.Is(err, storage.ErrUnavailable) || !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
}

func TestType(t *testing.T) {
	for _, test := range []struct{ key, said, want string }{
		{"a.h5", "text/html", MediaType}, {"a/B.NC", "", MediaType}, {"a.txt", "text/plain; charset=utf-8", "text/plain; charset=utf-8"},
		{"a.txt", "", "application/octet-stream"}, {"a.txt", "no/type/at\nall", "application/octet-stream"}, {".h5", "", "application/octet-stream"},
	} {
		if got := Type(storage.Info{Key: test.key, ContentType: test.said}); got != test.want {
			t.Errorf("%s, %q: %q", test.key, test.said, got)
		}
	}
}
