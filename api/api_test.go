package api

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// ten is the smallest useful description.
const ten = `{"datasets":{"dataset":[0,1,2,3,4,5,6,7,8,9]}}`

// house is a server on a listener, with settings changed by the test.
type house struct {
	*Server
	t      *testing.T
	url    string
	client *http.Client
}

func newHouse(t *testing.T, change ...func(*Settings)) *house {
	t.Helper()
	set := DefaultSettings()
	set.TempDir = t.TempDir()
	for _, c := range change {
		c(&set)
	}
	s, err := New(set)
	if err != nil {
		t.Fatal(err)
	}
	h, err := s.Handler()
	if err != nil {
		t.Fatal(err)
	}
	listener := httptest.NewUnstartedServer(h)
	listener.Config = s.httpServer(context.Background(), h)
	listener.Start()
	client := &http.Client{
		Transport:     &http.Transport{DisableCompression: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	t.Cleanup(func() {
		client.CloseIdleConnections()
		listener.Close()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if used := s.budget.Used(); used != 0 {
			t.Errorf("%d bytes of the spool are not given back", used)
		}
		if left, err := os.ReadDir(set.TempDir); err != nil || len(left) > 0 {
			t.Errorf("left in the temporary folder: %v %v", left, err)
		}
	})
	return &house{s, t, listener.URL, client}
}

// reply is an answer with its body read.
type reply struct {
	*http.Response
	body []byte
}

// ask sends a request; fields are "Name: value".
func (h *house) ask(method, path string, body io.Reader, fields ...string) reply {
	h.t.Helper()
	if strings.HasPrefix(path, "/") {
		path = h.url + path
	}
	r, err := http.NewRequestWithContext(h.t.Context(), method, path, body)
	if err != nil {
		h.t.Fatal(err)
	}
	for _, f := range fields {
		name, value, _ := strings.Cut(f, ": ")
		if name == "Host" {
			r.Host = value
			continue
		}
		r.Header.Add(name, value)
	}
	resp, err := h.client.Do(r)
	if err != nil {
		h.t.Fatal(err)
	}
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	return reply{resp, got}
}

func (h *house) get(path string, fields ...string) reply {
	h.t.Helper()
	return h.ask(http.MethodGet, path, nil, fields...)
}

// post sends a body the way curl -d does.
func (h *house) post(path, body string, fields ...string) reply {
	h.t.Helper()
	return h.ask(http.MethodPost, path, strings.NewReader(body), append([]string{"Content-Type: application/x-www-form-urlencoded"}, fields...)...)
}

// want checks the status, and of a problem its code.
func (r reply) want(t *testing.T, status int, code string) Problem {
	t.Helper()
	var p Problem
	if r.StatusCode != status {
		t.Fatalf("status %d, want %d: %.300s", r.StatusCode, status, r.body)
	}
	if code == "" {
		return p
	}
	if got := r.Header.Get("Content-Type"); got != "application/problem+json" {
		t.Errorf("type %q", got)
	}
	if len(r.body) > 0 || r.Request.Method != http.MethodHead {
		if err := json.Unmarshal(r.body, &p); err != nil {
			t.Fatalf("%v in %.300s", err, r.body)
		}
		if p.Code != code || p.Status != status || p.Type != "/docs/errors/"+code || p.Message != p.Detail || p.Title == "" {
			t.Errorf("problem %+v, want code %s", p, code)
		}
		if p.RequestID == "" || p.RequestID != r.Header.Get("X-Request-Id") {
			t.Errorf("request id %q, field %q", p.RequestID, r.Header.Get("X-Request-Id"))
		}
	}
	return p
}

func TestPostFile(t *testing.T) {
	h := newHouse(t)
	first := h.post("/v1/files", ten)
	first.want(t, 200, "")
	if !bytes.HasPrefix(first.body, []byte("\x89HDF\r\n\x1a\n")) {
		t.Fatalf("no HDF5: %.40q", first.body)
	}
	for name, want := range map[string]string{
		"Content-Type":           "application/vnd.hdfgroup.hdf5",
		"Cache-Control":          "public, max-age=31536000, immutable",
		"X-Content-Type-Options": "nosniff",
	} {
		if got := first.Header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if first.ContentLength != int64(len(first.body)) {
		t.Errorf("length %d, body %d", first.ContentLength, len(first.body))
	}
	if d := first.Header.Get("Content-Disposition"); !strings.HasPrefix(d, "attachment; filename=") {
		t.Errorf("disposition %q", d)
	}
	tag := first.Header.Get("ETag")
	for _, kind := range []string{"application/json", "application/json; charset=utf-8", "text/plain", "application/problem+json", ""} {
		again := h.ask(http.MethodPost, "/v1/files", strings.NewReader(" \n"+ten), "Content-Type: "+kind, "Accept: application/json")
		again.want(t, 200, "")
		if !bytes.Equal(again.body, first.body) || again.Header.Get("ETag") != tag {
			t.Errorf("type %q: other bytes or tag", kind)
		}
	}
	// What belongs to GET is nothing to a POST.
	odd := h.post("/v1/files", ten, "Range: bytes=0-3", "If-None-Match: "+tag)
	odd.want(t, 200, "")
	if !bytes.Equal(odd.body, first.body) {
		t.Error("POST looked at Range")
	}
}

func TestFilenameIsNoPartOfTheBytes(t *testing.T) {
	h := newHouse(t)
	a := h.post("/v1/files", `{"filename":"a.h5",`+ten[1:])
	b := h.post("/v1/files", `{"filename":"b.h5",`+ten[1:])
	if a.Header.Get("ETag") != b.Header.Get("ETag") || !bytes.Equal(a.body, b.body) {
		t.Error("the name changed the bytes or the tag")
	}
	if d := b.Header.Get("Content-Disposition"); d != `attachment; filename=b.h5` {
		t.Errorf("disposition %q", d)
	}
}

func TestContentLocation(t *testing.T) {
	h := newHouse(t)
	small := h.post("/v1/files", ten)
	at := small.Header.Get("Content-Location")
	if !strings.HasPrefix(at, "/v1/files/file.h5?spec=") {
		t.Fatalf("Content-Location %q", at)
	}
	numbers := strings.Repeat("1234567,", 3000)
	packed := h.post("/v1/files", `{"datasets":{"x":[`+numbers+`1]}}`)
	if got := packed.Header.Get("Content-Location"); !strings.HasPrefix(got, "/v1/files/") {
		t.Errorf("a description that packs well has Content-Location %q", got)
	}
	large := h.post("/v1/files", `{"datasets":{"x":[`+random(20000)+`]}}`)
	if got := large.Header.Get("Content-Location"); !strings.HasPrefix(got, "/v1/plans/") {
		t.Errorf("a large description has Content-Location %q", got)
	}
	for _, r := range []reply{small, packed, large} {
		again := h.get(r.Header.Get("Content-Location"))
		again.want(t, 200, "")
		if !bytes.Equal(again.body, r.body) || again.Header.Get("ETag") != r.Header.Get("ETag") {
			t.Error("the Content-Location gives another file")
		}
	}
	// A server that never saw it answers the same.
	other := newHouse(t)
	again := other.get(at, "Range: bytes=100-199")
	again.want(t, 206, "")
	if !bytes.Equal(again.body, small.body[100:200]) || again.Header.Get("ETag") != small.Header.Get("ETag") {
		t.Error("another server gives another range or tag")
	}
}

// random is a list of numbers that does not pack.
func random(n int) string {
	var list strings.Builder
	x := uint64(1)
	for i := range n {
		if i > 0 {
			list.WriteByte(',')
		}
		x = x*6364136223846793005 + 1442695040888963407
		list.WriteString(strconv.FormatUint(x>>33, 10))
	}
	return list.String()
}

func TestPreferMinimal(t *testing.T) {
	h := newHouse(t)
	r := h.post("/v1/files", ten, "Prefer: respond-async, return=minimal")
	r.want(t, 303, "")
	if len(r.body) > 0 || r.Header.Get("Preference-Applied") != "return=minimal" {
		t.Errorf("body %d bytes, %v", len(r.body), r.Header)
	}
	h.get(r.Header.Get("Location")).want(t, 200, "")
	h.post("/v1/files", `{"datasets":{"x":[`+random(20000)+`]}}`, "Prefer: return=minimal").want(t, 200, "")
}
