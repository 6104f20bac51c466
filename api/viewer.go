package api

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"io/fs"
	"net/http"
	"path"
	"strconv"
	"strings"
	"time"
)

// viewerPolicy lets the viewer run its own scripts and styles, and speak to this server only. Scripts cannot be made
// of strings: not by us, not by a file's names.
const viewerPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; " +
	"connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors "

// page is GET /: the viewer, or what says that there is none.
func (s *Server) page(w http.ResponseWriter, r *http.Request) error {
	if s.settings.Viewer == nil {
		return home(w, r)
	}
	ancestors := append([]string{"'self'"}, s.settings.FrameAncestors...)
	w.Header().Set("Content-Security-Policy", viewerPolicy+strings.Join(ancestors, " "))
	w.Header().Set("Referrer-Policy", "same-origin")
	w.Header().Set("Cache-Control", "no-cache")
	return s.viewerFile(w, r, "index.html")
}

// asset is GET /assets/{key}. Its name changes with its bytes.
func (s *Server) asset(w http.ResponseWriter, r *http.Request) error {
	name := strings.TrimPrefix(r.URL.Path, "/")
	if s.settings.Viewer == nil || !fs.ValidPath(name) || path.Ext(name) == ".br" || path.Ext(name) == ".gz" {
		return noRoute(w, r)
	}
	if info, err := fs.Stat(s.settings.Viewer, name); err != nil || info.IsDir() {
		return noRoute(w, r)
	}
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	return s.viewerFile(w, r, name)
}

// assetTypes are told here, since a system's own table may lack them.
var assetTypes = map[string]string{
	".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8",
	".svg": "image/svg+xml", ".woff2": "font/woff2", ".wasm": "application/wasm", ".txt": "text/plain; charset=utf-8",
}

// viewerFile sends a file in the best content coding that lies beside it.
func (s *Server) viewerFile(w http.ResponseWriter, r *http.Request, name string) error {
	mediaType, known := assetTypes[path.Ext(name)]
	if !known {
		mediaType = "application/octet-stream"
	}
	coding, body := "", []byte(nil)
	for _, c := range []struct{ coding, ending string }{{"br", ".br"}, {"gzip", ".gz"}} {
		if !accepts(r.Header.Values("Accept-Encoding"), c.coding) {
			continue
		}
		if packed, err := fs.ReadFile(s.settings.Viewer, name+c.ending); err == nil {
			coding, body = c.coding, packed
			break
		}
	}
	if coding == "" {
		var err error
		if body, err = fs.ReadFile(s.settings.Viewer, name); err != nil {
			return err
		}
	} else {
		w.Header().Set("Content-Encoding", coding)
	}
	sum := sha256.Sum256(body)
	w.Header().Set("Content-Type", mediaType)
	w.Header().Set("Content-Length", strconv.Itoa(len(body))) // ServeContent has none for coded ones
	w.Header().Set("ETag", `"`+base64.RawURLEncoding.EncodeToString(sum[:12])+`"`)
	w.Header().Add("Vary", "Accept-Encoding")
	http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(body))
	return nil
}

// accepts tells whether a content coding is named in Accept-Encoding, and not with a weight of 0 (RFC 9110, 12.5.3).
func accepts(fields []string, coding string) bool {
	for item := range strings.SplitSeq(strings.Join(fields, ","), ",") {
		name, weight, weighted := strings.Cut(item, ";")
		if !strings.EqualFold(strings.TrimSpace(name), coding) {
			continue
		}
		if !weighted {
			return true
		}
		_, value, _ := strings.Cut(weight, "=")
		q, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
		return err == nil && q > 0
	}
	return false
}
