package api

import (
	"bytes"
	"fmt"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

func TestBodyTypes(t *testing.T) {
	h := newHouse(t, func(s *Settings) { s.MaxBody, s.MaxDescription = 4000, 1000 })
	long := `{"datasets":{"x":[` + strings.Repeat(" ", 2000) + `]}}`
	tests := []struct {
		name, kind, coding, body string
		status                   int
		code                     string
	}{
		{"list", "application/json", "", "[1]", 415, "unknown_body"},
		{"empty", "application/json", "", "", 415, "unknown_body"},
		{"blank", "", "", " \n\t", 415, "unknown_body"},
		{"form", "application/x-www-form-urlencoded", "", "spec=1", 415, "unknown_body"},
		{"other type", "application/xml", "", ten, 415, "unknown_body"},
		{"binary", "application/octet-stream", "", ten, 415, "unknown_body"},
		{"type that is none", "/", "", ten, 415, "unknown_body"},
		{"no JSON", "application/json", "", "{]", 400, "not_json"},
		{"no boundary", "multipart/form-data", "", "x", 400, "bad_multipart"},
		{"cut multipart", "multipart/form-data; boundary=b", "", "--b\r\nContent-Disposition: form-data; name=\"spec\"\r\n\r\n{}", 400, "bad_multipart"},
		{"part without a name", "multipart/form-data; boundary=b", "", "--b\r\nContent-Type: text/plain\r\n\r\n{}\r\n--b--\r\n", 400, "bad_multipart"},
		{"long description", "application/json", "", long, 413, "description_too_large"},
		{"long body", "application/json", "", strings.Repeat(long, 3), 413, "body_too_large"},
		{"unknown coding", "application/json", "br", ten, 415, "unknown_coding"},
		{"gzip that is none", "application/json", "gzip", ten, 400, "bad_coding"},
		{"cut gzip", "application/json", "gzip", zip(ten)[:30], 400, "bad_coding"},
		{"gzip that is long inside", "application/json", "gzip", zip(long), 413, "description_too_large"},
		{"zstd that is none", "application/json", "zstd", ten, 400, "bad_coding"},
		{"gzip", "application/json", "gzip", zip(ten), 200, ""},
		{"zstd", "application/json", "zstd", zstandard(ten), 200, ""},
		{"identity", "application/json", "identity", ten, 200, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			fields := []string{"Content-Type: " + test.kind}
			if test.coding != "" {
				fields = append(fields, "Content-Encoding: "+test.coding)
			}
			r := h.ask(http.MethodPost, "/v1/files", strings.NewReader(test.body), fields...)
			p := r.want(t, test.status, test.code)
			if test.code == "unknown_body" && r.Header.Get("Accept-Post") == "" {
				t.Error("no Accept-Post")
			}
			if test.status == 413 && (p.Limit == 0 || test.code == "body_too_large" && p.Size != int64(len(test.body))) {
				t.Errorf("limit %d size %d", p.Limit, p.Size)
			}
		})
	}
	// Without a length the limit is found on the way.
	p := h.ask(http.MethodPost, "/v1/files", io.MultiReader(strings.NewReader(form(map[string]string{"a": strings.Repeat("x", 5000)}))),
		"Content-Type: multipart/form-data; boundary=b").want(t, 413, "body_too_large")
	if p.Limit != 4000 {
		t.Errorf("limit %d", p.Limit)
	}
}

func zip(s string) string {
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	_, _ = z.Write([]byte(s))
	_ = z.Close()
	return out.String()
}

func zstandard(s string) string {
	z, _ := zstd.NewWriter(nil)
	defer z.Close()
	return string(z.EncodeAll([]byte(s), nil))
}

// form is a multipart body with boundary b.
func form(fields map[string]string) string {
	var out bytes.Buffer
	w := multipart.NewWriter(&out)
	_ = w.SetBoundary("b")
	for name, value := range fields {
		_ = w.WriteField(name, value)
	}
	_ = w.Close()
	return out.String()
}

// piece is a part of a multipart body, as a field or as a file.
type piece struct{ name, file, kind, body string }

func multi(pieces ...piece) string {
	var out strings.Builder
	for _, p := range pieces {
		fmt.Fprintf(&out, "--b\r\nContent-Disposition: form-data; name=%q", p.name)
		if p.file != "" {
			fmt.Fprintf(&out, "; filename=%q", p.file)
		}
		if p.kind != "" {
			fmt.Fprintf(&out, "\r\nContent-Type: %s", p.kind)
		}
		fmt.Fprintf(&out, "\r\n\r\n%s\r\n", p.body)
	}
	return out.String() + "--b--\r\n"
}

const multipartForm = "Content-Type: multipart/form-data; boundary=b"

// raw is a part that the description names, and pixels are its bytes.
const raw = `{"datasets":{"x":{"dtype":"<i8","shape":[2],"data":{"part":"pixels"}}}}`

var pixels = strings.Repeat("\x01\x00\x00\x00\x00\x00\x00\x00", 2)

func TestMultipart(t *testing.T) {
	h := newHouse(t)
	bodies := map[string]string{
		"field, first": multi(piece{"spec", "", "", raw}, piece{"pixels", "", "", pixels}),
		"field, last":  multi(piece{"pixels", "p.bin", "", pixels}, piece{"spec", "", "", raw}),
		"file, JSON":   multi(piece{"spec", "spec.json", "application/json", raw}, piece{"pixels", "p.raw", "application/octet-stream", pixels}),
		"file, octets": multi(piece{"pixels", "", "text/plain", pixels}, piece{"spec", "s", "application/octet-stream", raw}),
	}
	var first reply
	for name, body := range bodies {
		r := h.ask(http.MethodPost, "/v1/files", strings.NewReader(body), multipartForm)
		r.want(t, 200, "")
		if first.Response == nil {
			first = r
		}
		if !bytes.Equal(r.body, first.body) || r.Header.Get("ETag") != first.Header.Get("ETag") {
			t.Errorf("%s: other bytes or tag", name)
		}
		if at := r.Header.Get("Content-Location"); !strings.HasPrefix(at, "/v1/plans/") {
			t.Errorf("%s: Content-Location %q", name, at)
		}
	}
	changed := h.ask(http.MethodPost, "/v1/files", strings.NewReader(multi(piece{"spec", "", "", raw}, piece{"pixels", "", "", strings.Repeat("\x02", 16)})), multipartForm)
	if changed.Header.Get("ETag") == first.Header.Get("ETag") {
		t.Error("another part has the same tag")
	}
	h.ask(http.MethodPost, "/v1/files", strings.NewReader(multi(piece{"spec", "", "", ten}, piece{"spec", "", "", ten})), multipartForm).
		want(t, 422, "duplicate_part")
}

// A body that ends before its length is refused, and its connection is of no use any more.
func TestCutBody(t *testing.T) {
	h := newHouse(t)
	c, err := net.Dial("tcp", strings.TrimPrefix(h.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	fmt.Fprintf(c, "POST /v1/files HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n%s", ten)
	if err := c.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	answer, err := io.ReadAll(c)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.HasPrefix(answer, []byte("HTTP/1.1 400")) || !bytes.Contains(answer, []byte(`"body_cut"`)) {
		t.Errorf("%s", answer)
	}
}
