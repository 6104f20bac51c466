package api

import (
	"strings"
	"testing"
	"testing/fstest"
)

func withViewer(s *Settings) {
	s.Viewer = fstest.MapFS{
		"index.html":          {Data: []byte("<!doctype html>page")},
		"assets/app-1.js":     {Data: []byte("plain")},
		"assets/app-1.js.br":  {Data: []byte("brotli")},
		"assets/app-1.js.gz":  {Data: []byte("gzip")},
		"assets/pic-1.svg":    {Data: []byte("<svg/>")},
		"assets/blob-1.thing": {Data: []byte("?")},
	}
	s.FrameAncestors = []string{"https://portal.example"}
}

func TestPageOfTheViewer(t *testing.T) {
	h := newHouse(t, withViewer)
	page := h.get("/?file=demo/x.h5")
	page.want(t, 200, "")
	for name, want := range map[string]string{
		"Content-Type":            "text/html; charset=utf-8",
		"Cache-Control":           "no-cache",
		"Content-Security-Policy": "frame-ancestors 'self' https://portal.example",
	} {
		if got := page.Header.Get(name); !strings.HasSuffix(got, want) {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if strings.Contains(page.Header.Get("Content-Security-Policy"), "unsafe") {
		t.Error("the policy lets something unsafe be")
	}
	if r := h.get("/", "If-None-Match: "+page.Header.Get("ETag")); r.StatusCode != 304 || len(r.body) > 0 {
		t.Errorf("%d %q for a page that is known", r.StatusCode, r.body)
	}
}

func TestAssets(t *testing.T) {
	h := newHouse(t, withViewer)
	for _, c := range []struct{ path, accept, coding, mediaType, body string }{
		{"app-1.js", "", "", "text/javascript; charset=utf-8", "plain"},
		{"app-1.js", "gzip, deflate, br", "br", "text/javascript; charset=utf-8", "brotli"},
		{"app-1.js", "GZIP;q=0.5", "gzip", "text/javascript; charset=utf-8", "gzip"},
		{"app-1.js", "br;q=0, gzip;q=x", "", "text/javascript; charset=utf-8", "plain"},
		{"pic-1.svg", "br", "", "image/svg+xml", "<svg/>"},
		{"blob-1.thing", "br", "", "application/octet-stream", "?"},
	} {
		r := h.get("/assets/"+c.path, "Accept-Encoding: "+c.accept)
		if r.StatusCode != 200 || string(r.body) != c.body || r.Header.Get("Content-Encoding") != c.coding || r.Header.Get("Content-Type") != c.mediaType {
			t.Errorf("%s %q: %d %q %v", c.path, c.accept, r.StatusCode, r.body, r.Header)
		}
		if r.ContentLength != int64(len(c.body)) || !strings.Contains(r.Header.Get("Cache-Control"), "immutable") {
			t.Errorf("%s %q: %d bytes, %v", c.path, c.accept, r.ContentLength, r.Header)
		}
	}
	for _, path := range []string{"", "none.js", "app-1.js.br", "..%2findex.html", "../index.html", "%2e%2e/index.html", ".", "app-1.js/"} {
		if r := h.get("/assets/" + path); r.StatusCode != 404 || r.Header.Get("Cache-Control") == "public, max-age=31536000, immutable" {
			t.Errorf("%q: %d %v", path, r.StatusCode, r.Header)
		}
	}
	newHouse(t).get("/assets/app-1.js").want(t, 404, "not_found")
}

func TestFrameAncestorsAreOrigins(t *testing.T) {
	for _, origin := range []string{"https://a.example; script-src *", "*", "https://a.example/path", "'none'"} {
		set := DefaultSettings()
		set.FrameAncestors = []string{origin}
		if err := set.Validate(); err == nil || !strings.Contains(err.Error(), "frame-ancestors") {
			t.Errorf("%q: %v", origin, err)
		}
	}
}
