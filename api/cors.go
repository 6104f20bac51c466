package api

import (
	"net/http"

	"github.com/rs/cors"
)

// Fields that clients of ranges send, and that they must see in the answer (Fetch, "CORS-safelisted").
var (
	sentFields = []string{
		"Range", "If-Range", "If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since", "Authorization",
		"Content-Type", "Content-Encoding", "Prefer", "Want-Repr-Digest", "X-Request-Id",
	}
	shownFields = []string{
		"Accept-Ranges", "Content-Length", "Content-Range", "Content-Encoding", "ETag", "Last-Modified", "Content-Disposition",
		"Content-Location", "Repr-Digest", "Content-Digest", "Link", "Location", "Retry-After", "X-Request-Id", "Cache-Status", "Server-Timing",
		"H5-Type", "H5-Shape", "H5-Reduction", "H5-Axes", "H5-Total", "H5-Range",
	}
)

// readingPages may read everything, and have files made.
var readingPages = cors.Options{
	AllowedMethods: []string{http.MethodGet, http.MethodHead, http.MethodPost},
	AllowedHeaders: sentFields,
	ExposedHeaders: shownFields,
}

// crossOrigin lets pages of the origins read answers; without any it changes nothing.
func crossOrigin(origins []string, o cors.Options) func(http.Handler) http.Handler {
	if len(origins) == 0 {
		return func(next http.Handler) http.Handler { return next }
	}
	o.AllowedOrigins = origins
	o.AllowPrivateNetwork = true // of those origins only
	o.MaxAge = 600
	return cors.New(o).Handler
}
