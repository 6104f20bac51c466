package api

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

func addressOf(description string) string {
	return "/v1/files/demo.h5?spec=" + url.QueryEscape(description)
}

func TestRanges(t *testing.T) {
	h := newHouse(t)
	whole := h.get(addressOf(ten)).body
	n := len(whole)
	many := func(k int) string {
		parts := make([]string, k)
		for i := range parts {
			parts[i] = fmt.Sprintf("%d-%d", 10*i, 10*i+4)
		}
		return "bytes=" + strings.Join(parts, ",")
	}
	tests := []struct {
		name, field string
		status      int
		want        []byte // of 200 and single ranges
		parts       int    // of multipart answers
	}{
		{"first", "bytes=0-9", 206, whole[:10], 0},
		{"inner", "bytes=100-299", 206, whole[100:300], 0},
		{"open", "bytes=700-", 206, whole[700:], 0},
		{"suffix", "bytes=-16", 206, whole[n-16:], 0},
		{"end beyond the file", fmt.Sprintf("bytes=10-%d", n+100), 206, whole[10:], 0},
		{"one byte", "bytes=8-8", 206, whole[8:9], 0},
		{"two", "bytes=0-7,100-107", 206, nil, 2},
		{"sixteen", many(16), 206, nil, 16},
		{"seventeen", many(17), 200, whole, 0},
		{"overlapping", "bytes=0-9,5-14", 200, whole, 0},
		{"equal", "bytes=0-9,0-9", 200, whole, 0},
		{"overlap of a suffix", "bytes=0-9,-9999", 200, whole, 0},
		{"beyond", fmt.Sprintf("bytes=%d-", n), 416, nil, 0},
		{"ill-formed", "bytes=a-b", 416, nil, 0},
		{"backwards", "bytes=9-0", 416, nil, 0},
		{"unknown unit", "elements=0-9", 200, whole, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := h.get(addressOf(ten), "Range: "+test.field)
			if test.status == 416 {
				p := r.want(t, 416, "bad_range")
				if p.Size != int64(n) || r.Header.Get("Content-Range") == "" && test.name == "beyond" || r.Header.Get("ETag") != "" {
					t.Errorf("%+v %v", p, r.Header)
				}
				return
			}
			r.want(t, test.status, "")
			if test.parts > 0 {
				checkParts(t, r, whole, test.parts)
				return
			}
			if !bytes.Equal(r.body, test.want) || r.ContentLength != int64(len(test.want)) {
				t.Errorf("%d bytes of length %d, want %d", len(r.body), r.ContentLength, len(test.want))
			}
		})
	}
}

func checkParts(t *testing.T, r reply, whole []byte, want int) {
	t.Helper()
	_, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	parts := multipart.NewReader(bytes.NewReader(r.body), params["boundary"])
	for range want {
		p, err := parts.NextPart()
		if err != nil {
			t.Fatal(err)
		}
		var first, last, size int
		if _, err := fmt.Sscanf(p.Header.Get("Content-Range"), "bytes %d-%d/%d", &first, &last, &size); err != nil || size != len(whole) {
			t.Fatalf("%v %v", p.Header, err)
		}
		got, err := io.ReadAll(p)
		if err != nil || !bytes.Equal(got, whole[first:last+1]) {
			t.Errorf("bytes %d-%d are others (%v)", first, last, err)
		}
	}
	if _, err := parts.NextPart(); err != io.EOF {
		t.Errorf("more than %d parts: %v", want, err)
	}
}

func TestConditionals(t *testing.T) {
	h := newHouse(t)
	whole := h.get(addressOf(ten))
	tag := whole.Header.Get("ETag")
	other := `"aaaaaaaaaaaaaaaaaaaaaaaa"`
	tests := []struct {
		name   string
		fields []string
		status int
		length int
	}{
		{"same", []string{"If-None-Match: " + tag}, 304, 0},
		{"same, weak", []string{"If-None-Match: W/" + tag}, 304, 0},
		{"one of several", []string{"If-None-Match: " + other + ", " + tag}, 304, 0},
		{"any", []string{"If-None-Match: *"}, 304, 0},
		{"other", []string{"If-None-Match: " + other}, 200, len(whole.body)},
		{"must be the same and is", []string{"If-Match: " + tag}, 200, len(whole.body)},
		{"must be the same and is not", []string{"If-Match: " + other}, 412, 0},
		{"must be the same, weakly", []string{"If-Match: W/" + tag}, 412, 0},
		{"range of the same", []string{"Range: bytes=0-9", "If-Range: " + tag}, 206, 10},
		{"range of another", []string{"Range: bytes=0-9", "If-Range: " + other}, 200, len(whole.body)},
		{"range of the same, weakly", []string{"Range: bytes=0-9", "If-Range: W/" + tag}, 200, len(whole.body)},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			code := ""
			if test.status == 412 {
				code = "precondition_failed"
			}
			r := h.get(addressOf(ten), test.fields...)
			r.want(t, test.status, code)
			if code == "" && len(r.body) != test.length {
				t.Errorf("%d bytes, want %d", len(r.body), test.length)
			}
			if test.status == 304 && r.Header.Get("ETag") != tag {
				t.Errorf("304 without its tag: %v", r.Header)
			}
		})
	}
}

func TestHead(t *testing.T) {
	h := newHouse(t)
	whole := h.get(addressOf(ten))
	for _, fields := range [][]string{nil, {"Range: bytes=0-9"}, {"Range: bytes=99999-"}} {
		r := h.ask(http.MethodHead, addressOf(ten), nil, fields...)
		r.want(t, 200, "")
		for _, name := range []string{"Content-Length", "ETag", "Content-Type", "Content-Disposition", "Accept-Ranges"} {
			if got, want := r.Header.Get(name), whole.Header.Get(name); got != want || got == "" {
				t.Errorf("%v: %s is %q, of GET %q", fields, name, got, want)
			}
		}
	}
	// Before anybody made it, too.
	fresh := newHouse(t).ask(http.MethodHead, addressOf(ten), nil)
	if fresh.ContentLength != int64(len(whole.body)) {
		t.Errorf("length %d", fresh.ContentLength)
	}
}

func TestReprDigest(t *testing.T) {
	h := newHouse(t)
	for _, field := range []string{"sha-256=0", "sha-512=3", "sha-256"} {
		r := h.ask(http.MethodHead, addressOf(ten), nil, "Want-Repr-Digest: "+field)
		if got := r.Header.Get("Repr-Digest"); got != "" {
			t.Errorf("%s is answered with %s", field, got)
		}
	}
	part := h.get(addressOf(ten), "Range: bytes=0-9", "Want-Repr-Digest: sha-512=3, sha-256=10")
	whole := h.get(addressOf(ten))
	sum := sha256.Sum256(whole.body)
	want := "sha-256=:" + base64.StdEncoding.EncodeToString(sum[:]) + ":"
	if part.Header.Get("Repr-Digest") != want || whole.Header.Get("Repr-Digest") != want {
		t.Errorf("%q and %q, want %q", part.Header.Get("Repr-Digest"), whole.Header.Get("Repr-Digest"), want)
	}
	h.evict()
	if head := h.ask(http.MethodHead, addressOf(ten), nil, "Want-Repr-Digest: sha-256=1"); head.Header.Get("Repr-Digest") != want {
		t.Errorf("HEAD: %q", head.Header.Get("Repr-Digest"))
	}
	h.post("/v1/files", `{"datasets":{"y":[1]}}`)
	again := h.post("/v1/files", `{"datasets":{"y":[1]}}`)
	sum = sha256.Sum256(again.body)
	if got := again.Header.Get("Repr-Digest"); got != "sha-256=:"+base64.StdEncoding.EncodeToString(sum[:])+":" {
		t.Errorf("after a whole pass: %q", got)
	}
}

func TestAddresses(t *testing.T) {
	h := newHouse(t)
	want := h.get(addressOf(ten))
	zipped := base64.RawURLEncoding.EncodeToString(packed([]byte(ten)))
	for name, spec := range map[string]string{
		"blanks first":      url.QueryEscape("  " + ten),
		"base64url":         base64.RawURLEncoding.EncodeToString([]byte(ten)),
		"base64url, padded": url.QueryEscape(base64.URLEncoding.EncodeToString([]byte(ten))),
		"gzip":              zipped,
	} {
		r := h.get("/v1/files/other.h5?spec=" + spec)
		if r.StatusCode != 200 || !bytes.Equal(r.body, want.body) || r.Header.Get("ETag") != want.Header.Get("ETag") {
			t.Errorf("%s: %d %.200s", name, r.StatusCode, r.body)
		}
	}
	tests := []struct {
		name, path string
		status     int
		code       string
	}{
		{"no spec", "/v1/files/x.h5", 422, "missing_parameter"},
		{"two", "/v1/files/x.h5?spec=%7B%7D&spec=%7B%7D", 422, "bad_parameter"},
		{"unknown parameter", "/v1/files/x.h5?spce=%7B%7D", 422, "bad_parameter"},
		{"ill-formed query", "/v1/files/x.h5?spec=%zz", 400, "bad_query"},
		{"semicolon", "/v1/files/x.h5?spec=a;b", 400, "bad_query"},
		{"no base64", "/v1/files/x.h5?spec=!!", 400, "bad_spec"},
		{"no JSON", "/v1/files/x.h5?spec=aGVsbG8", 400, "not_json"},
		{"damaged gzip", "/v1/files/x.h5?spec=" + zipped[:len(zipped)-8], 400, "bad_spec"},
		{"too long", "/v1/files/x.h5?spec=" + strings.Repeat("a", maxTarget), 414, "use_post"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			h.get(test.path).want(t, test.status, test.code)
		})
	}
	small := newHouse(t, func(s *Settings) { s.MaxDescription = 1000 })
	bomb := base64.RawURLEncoding.EncodeToString(packed([]byte("{" + strings.Repeat(" ", 100_000) + "}")))
	p := small.get("/v1/files/x.h5?spec="+bomb).want(t, 413, "description_too_large")
	if p.Limit != 1000 {
		t.Errorf("limit %d", p.Limit)
	}
}

func TestDisposition(t *testing.T) {
	for name, want := range map[string]string{
		"demo.h5":                `attachment; filename=demo.h5`,
		"":                       `attachment; filename=file.h5`,
		"a/b/c.hdf5":             `attachment; filename=c.hdf5`,
		`..\..\x.nc`:             `attachment; filename=x.nc`,
		"run 7":                  `attachment; filename="run 7.h5"`,
		"a\r\nSet-Cookie: x":     `attachment; filename="a__Set-Cookie_ x.h5"`,
		".h5":                    `attachment; filename=h5.h5`,
		"größe.h5":               `attachment; filename=gr__e.h5; filename*=utf-8''gr%C3%B6%C3%9Fe.h5`,
		strings.Repeat("x", 300): `attachment; filename=` + strings.Repeat("x", 197) + `.h5`,
		"\"quoted\".h5":          `attachment; filename=_quoted_.h5`,
		"..":                     `attachment; filename=file.h5`,
	} {
		if got := attachment(name); got != want {
			t.Errorf("%q: %s, want %s", name, got, want)
		}
	}
}
