package api

import (
	"bytes"
	_ "embed"
	"html/template"
	"net/http"
	"strconv"

	"github.com/h5serve/h5serve"
)

//go:embed home.html
var homeText string

var homePage = template.Must(template.New("home").Parse(homeText))

// home is the page at / of a server without the viewer.
func home(w http.ResponseWriter, r *http.Request) error {
	var page bytes.Buffer
	if err := homePage.Execute(&page, r.Host); err != nil {
		return err
	}
	w.Header().Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	return document(w, "text/html; charset=utf-8", page.Bytes())
}

// contract is the OpenAPI document of this server.
func contract(w http.ResponseWriter, _ *http.Request) error {
	return document(w, "application/yaml", h5serve.OpenAPI)
}

// live tells that the process answers.
func live(w http.ResponseWriter, _ *http.Request) error {
	return document(w, "text/plain; charset=utf-8", []byte("ok\n"))
}

// readiness tells whether requests should be sent here; not while the server stops.
func (s *Server) readiness(w http.ResponseWriter, _ *http.Request) error {
	if !s.ready.Load() {
		return refuse(http.StatusServiceUnavailable, "stopping", "The server is stopping.").with("Retry-After", "5")
	}
	return document(w, "text/plain; charset=utf-8", []byte("ready\n"))
}

func document(w http.ResponseWriter, mediaType string, body []byte) error {
	w.Header().Set("Content-Type", mediaType)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write(body) // a client that is gone has no use for an error
	return nil
}
