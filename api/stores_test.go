package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/h5serve/h5serve/api/objects"
	"github.com/h5serve/h5serve/storage"
	"github.com/h5serve/h5serve/storage/dir"
	"github.com/h5serve/h5serve/storage/mem"
	"github.com/h5serve/h5serve/storage/storagetest"
)

// withStore gives a house the store demo, writable, in memory.
func withStore(t *testing.T, change ...func(*Settings)) (*house, *mem.Store) {
	t.Helper()
	s := mem.New("demo")
	return newHouse(t, append([]func(*Settings){func(set *Settings) {
		set.Stores = []Store{{Name: "demo", Store: s, Writable: true}}
	}}, change...)...), s
}

func (h *house) put(path, body string, fields ...string) reply {
	h.t.Helper()
	return h.ask(http.MethodPut, path, strings.NewReader(body), fields...)
}

func TestObjects(t *testing.T) {
	h, _ := withStore(t)
	whole := strings.Repeat("0123456789", 1000)
	r := h.put("/v1/stores/demo/a/b.h5", whole, "Content-Type: text/html")
	r.want(t, 201, "")
	tag := r.Header.Get("ETag")
	if r.Header.Get("Location") != "/v1/stores/demo/a/b.h5" || tag == "" {
		t.Errorf("%v", r.Header)
	}
	h.put("/v1/stores/demo/a/b.h5", whole).want(t, 200, "")
	h.put("/v1/stores/demo/page", "<script>", "Content-Type: text/html").want(t, 201, "")

	get := h.get("/v1/stores/demo/a/b.h5")
	get.want(t, 200, "")
	for name, want := range map[string]string{
		"Content-Type": objects.MediaType, "ETag": tag, "Accept-Ranges": "bytes", "Content-Length": "10000", "Cache-Control": "no-cache",
		"Content-Disposition": "attachment; filename=b.h5", "X-Content-Type-Options": "nosniff", "Cache-Status": "h5serve; fwd=bypass",
	} {
		if got := get.Header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if string(get.body) != whole || get.Header.Get("Last-Modified") == "" || !strings.HasPrefix(get.Header.Get("Server-Timing"), "store;dur=") {
		t.Errorf("%d bytes, %v", len(get.body), get.Header)
	}
	head := h.ask(http.MethodHead, "/v1/stores/demo/a/b.h5", nil, "Range: bytes=0-3")
	head.want(t, 200, "")
	for _, name := range []string{"Content-Type", "ETag", "Accept-Ranges", "Content-Length", "Last-Modified", "Cache-Control", "Content-Disposition"} {
		if head.Header.Get(name) != get.Header.Get(name) {
			t.Errorf("HEAD %s: %q", name, head.Header.Get(name))
		}
	}
	page := h.get("/v1/stores/demo/page")
	if page.Header.Get("Content-Type") != "text/html" || page.Header.Get("Content-Disposition") != "attachment; filename=page" ||
		!strings.Contains(page.Header.Get("Content-Security-Policy"), "sandbox") {
		t.Errorf("a page: %v", page.Header)
	}
	p := h.get("/v1/stores/demo/a/b.h5", "Range: bytes=10000-").want(t, 416, "bad_range")
	if p.Size != 10000 {
		t.Errorf("%+v", p)
	}
	if r := h.get("/v1/stores/demo/a/b.h5", "Range: bytes=10000-"); r.Header.Get("Content-Range") != "bytes */10000" {
		t.Errorf("%v", r.Header)
	}
}

// A download that was cut goes on where it ended (curl -C -), and begins anew where the object is another.
func TestResume(t *testing.T) {
	h, s := withStore(t)
	h.put("/v1/stores/demo/x", "old bytes").want(t, 201, "")
	first := h.get("/v1/stores/demo/x", "Range: bytes=0-3")
	first.want(t, 206, "")
	tag := first.Header.Get("ETag")
	rest := h.get("/v1/stores/demo/x", "Range: bytes=4-", "If-Range: "+tag)
	rest.want(t, 206, "")
	if string(first.body)+string(rest.body) != "old bytes" {
		t.Errorf("%q %q", first.body, rest.body)
	}
	if _, err := s.Put(t.Context(), "x", strings.NewReader("new"), 3, storage.PutOptions{}); err != nil {
		t.Fatal(err)
	}
	if again := h.get("/v1/stores/demo/x", "Range: bytes=4-", "If-Range: "+tag); again.StatusCode != 200 || string(again.body) != "new" {
		t.Errorf("%d %q", again.StatusCode, again.body)
	}
	h.get("/v1/stores/demo/x", "Range: bytes=1-", "If-Match: "+tag).want(t, 412, "precondition_failed")
	h.get("/v1/stores/demo/x", "Range: bytes=4-").want(t, 416, "bad_range")
}

func TestListing(t *testing.T) {
	h, s := withStore(t)
	for _, key := range []string{"a", "b/1", "b/2", "c d+e", "é"} {
		if _, err := s.Put(t.Context(), key, strings.NewReader(key), -1, storage.PutOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	var told []string
	for path, pages := "/v1/stores/demo?delimiter=%2F&limit=1", 0; path != ""; pages++ {
		r := h.get(path)
		r.want(t, 200, "")
		var list objectList
		if err := json.Unmarshal(r.body, &list); err != nil || pages > 9 {
			t.Fatalf("page %d: %v", pages, err)
		}
		for _, o := range list.Objects {
			told = append(told, o.Key)
			if got := h.get(o.Href); string(got.body) != o.Key || uint64(len(got.body)) != o.Size {
				t.Errorf("%s has %q", o.Href, got.body)
			}
		}
		told = append(told, list.Prefixes...)
		path, _, _ = strings.Cut(strings.TrimPrefix(r.Header.Get("Link"), "<"), ">")
		if (path == "") != (list.Cursor == "") || r.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%v", r.Header)
		}
	}
	if got := strings.Join(told, " "); got != "a b/ c d+e é" {
		t.Errorf("%s", got)
	}
	r := h.get("/v1/stores")
	r.want(t, 200, "")
	if got := strings.TrimSpace(string(r.body)); got != `{"stores":[{"name":"demo","writable":true,"href":"/v1/stores/demo"}]}` {
		t.Errorf("%s", got)
	}
	for query, parameter := range map[string]string{
		"limit=0": "limit", "limit=1001": "limit", "limit=x": "limit", "cursor=%21": "cursor", "endpoint=http://x": "endpoint",
		"region=x": "region", "prefix=a&prefix=b": "prefix", "secret_key=x": "secret_key",
	} {
		p := h.get("/v1/stores/demo?"+query).want(t, 422, "bad_parameter")
		if len(p.Errors) != 1 || p.Errors[0].Parameter != parameter {
			t.Errorf("%s: %+v", query, p)
		}
	}
	h.get("/v1/stores/demo?prefix=%zz").want(t, 400, "bad_query")
	for _, path := range []string{"/v1/stores/none", "/v1/stores/none/x", "/v1/stores/de%2Fmo/x"} {
		h.get(path).want(t, 404, "store_not_found")
	}
	for _, path := range []string{"/v1/stores/demo/", "/v1/stores/demo/none", "/v1/stores/demo/%ff", "/v1/stores/demo/" + strings.Repeat("x", 1025)} {
		h.get(path).want(t, 404, "object_not_found")
	}
	for _, query := range []string{"endpoint=http://x", "aws_region=x", "secret_key=x", "X-Amz-Signature=x"} {
		h.get("/v1/stores/demo/a?"+query).want(t, 422, "bad_parameter")
	}
}

// Keys come through the client, the server, the router and the store as they are.
func TestOddKeys(t *testing.T) {
	h, s := withStore(t)
	for _, key := range []string{
		"a b", "a+b", "a%2Fb", "a%252Fb", "a//b", "/a", "a/", "a/./b", "a/../b", "..", "ö/é", "?x=1", "#f", "a;b=c", "a&b", "\x01\x7f", "a\\b", "*", "{store}", "a:b@c", strings.Repeat("k", 1024),
	} {
		path := "/v1/stores/" + objects.Join("demo", key)
		h.put(path, key).want(t, 201, "")
		if info, err := s.Stat(t.Context(), key, storage.Conditions{}); err != nil || info.Size != uint64(len(key)) {
			t.Errorf("%q: %+v, %v", key, info, err)
		}
		if r := h.get(path); r.StatusCode != 200 || string(r.body) != key {
			t.Errorf("%q: %d %q", key, r.StatusCode, r.body)
		}
	}
	if r := h.get("/v1/stores/demo/a%2fb"); r.StatusCode != 404 {
		t.Errorf("a/b: %d %s", r.StatusCode, r.body) // stored were a%2Fb and a//b
	}
}

// What a folder cannot have, or what lies outside, is not found, and nothing is written.
func TestFolderKeys(t *testing.T) {
	folder, err := dir.Open("demo", t.TempDir(), dir.Options{Writable: true})
	if err != nil {
		t.Fatal(err)
	}
	defer folder.Close()
	h := newHouse(t, func(set *Settings) { set.Stores = []Store{{Name: "demo", Store: folder, Writable: true}} })
	for _, key := range []string{"..", "a//b", "a/../b", "../x", "./a", "a/", "/etc/passwd", "a\x00b"} {
		path := "/v1/stores/" + objects.Join("demo", key)
		h.put(path, "x").want(t, 404, "object_not_found")
		h.get(path).want(t, 404, "object_not_found")
	}
	h.put("/v1/stores/demo/sub/a%20b.h5", "x").want(t, 201, "")
	if r := h.get("/v1/stores/demo/sub/a%20b.h5"); string(r.body) != "x" {
		t.Errorf("%s", r.body)
	}
}

type late struct{}

func (late) Error() string { return "i/o timeout of 10.1.2.3" }
func (late) Timeout() bool { return true }

func TestErrorsOfStores(t *testing.T) {
	below := errors.New("GET https://bucket.internal/secret: broken")
	for _, test := range []struct {
		err    error
		status int
		code   string
	}{
		{storage.ErrNotFound, 404, "object_not_found"},
		{storage.ErrDenied, 403, "store_denied"},
		{storage.ErrChanged, 409, "object_changed"},
		{storage.ErrUnsupported, 501, "unsupported_feature"},
		{storage.ErrUnavailable, 502, "bad_upstream"},
		{&storage.Error{Op: "get", Store: "demo", Key: "x", Kind: storage.ErrDenied, Err: below}, 403, "store_denied"},
		{&storage.Error{Op: "get", Store: "demo", Key: "x", Kind: storage.ErrUnavailable, Err: below}, 502, "bad_upstream"},
		{&storage.Error{Op: "get", Store: "demo", Key: "x", Kind: storage.ErrUnavailable, Err: late{}}, 504, "upstream_timeout"},
		{&storage.Error{Op: "get", Store: "demo", Key: "x", Kind: storage.ErrUnavailable, Err: fmt.Errorf("x: %w", context.DeadlineExceeded)}, 504, "upstream_timeout"},
	} {
		faulty := &storagetest.Faulty{Store: mem.New("demo"), Plan: storagetest.First(9, storagetest.Fault{Err: test.err})}
		h := newHouse(t, func(set *Settings) { set.Stores = []Store{{Name: "demo", Store: faulty}} })
		r := h.get("/v1/stores/demo/x")
		p := r.want(t, test.status, test.code)
		if strings.Contains(p.Detail, "internal") || strings.Contains(p.Detail, "10.1") || (test.status >= 502) != (r.Header.Get("Retry-After") != "") {
			t.Errorf("%s, %v", p.Detail, r.Header)
		}
	}
}

func TestPutRefused(t *testing.T) {
	small := mem.NewSized("small", 10)
	h := newHouse(t, func(set *Settings) {
		set.Stores = []Store{{Name: "demo", Store: mem.New("demo")}, {Name: "small", Store: small, Writable: true}}
		set.MaxObject = 100
	})
	h.put("/v1/stores/demo/x", "x").want(t, 403, "store_read_only")
	h.put("/v1/stores/small/x", strings.Repeat("x", 11)).want(t, 507, "store_full")
	p := h.put("/v1/stores/small/x", strings.Repeat("x", 101)).want(t, 413, "body_too_large")
	if p.Limit != 100 {
		t.Errorf("%+v", p)
	}
	r := h.ask(http.MethodPut, "/v1/stores/small/x", io.MultiReader(bytes.NewReader(make([]byte, 101)))) // chunked
	if r.StatusCode != 413 && r.StatusCode != 507 {
		t.Errorf("%d %s", r.StatusCode, r.body)
	}
	h.put("/v1/stores/small/x", "x", "Sec-Fetch-Site: cross-site").want(t, 403, "cross_origin")
	h.put("/v1/stores/small/x?partNumber=1", "x").want(t, 422, "bad_parameter")
	h.ask(http.MethodDelete, "/v1/stores/small/x", nil).want(t, 405, "method_not_allowed")
	if page, err := small.List(t.Context(), storage.Query{}); err != nil || len(page.Objects) > 0 {
		t.Errorf("%+v, %v", page, err)
	}
}
