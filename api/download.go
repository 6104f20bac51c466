package api

import (
	"context"
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/rs/zerolog"

	"github.com/h5serve/h5serve/api/objects"
)

// describe sets the fields of a made file. Its bytes never change, so everybody may keep them.
func describe(h http.Header, id, name string) {
	h.Set("Content-Type", objects.MediaType)
	h.Set("ETag", etag(id))
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("Content-Disposition", attachment(name))
}

// sendWhole answers a POST: it is no place for ranges and conditionals, which http.ServeContent would apply.
func sendWhole(w http.ResponseWriter, r *http.Request, l *lease) error {
	if err := reprDigest(w.Header(), r, l.built); err != nil {
		return err
	}
	size := l.plan.Size()
	w.Header().Set("Content-Length", strconv.FormatUint(size, 10))
	w.WriteHeader(http.StatusOK)
	if err := send(r.Context(), w, l.built, 0, size); err != nil {
		abort(r.Context(), err)
	}
	return nil
}

// sendContent answers a GET or HEAD with all that RFC 9110 knows of ranges and conditionals. An answer that
// is bodiless needs no b.
func sendContent(w http.ResponseWriter, r *http.Request, b *built, size uint64) error {
	if b != nil {
		if err := reprDigest(w.Header(), r, b); err != nil {
			return err
		}
	}
	if field := r.Header.Get("Range"); field != "" && (r.Method != http.MethodGet || !worthwhile(field, size)) {
		r = r.Clone(r.Context())
		r.Header.Del("Range")
	}
	source := &window{ctx: r.Context(), from: b, size: int64(size)}
	defer source.close()
	out := &windowWriter{ResponseWriter: w, request: r, source: source}
	http.ServeContent(out, r, "", time.Time{}, source)
	switch {
	case out.broken != nil:
		abort(r.Context(), out.broken)
	case out.refused == http.StatusPreconditionFailed:
		return refuse(out.refused, "precondition_failed", "The file is not the one that If-Match names.")
	case out.refused != 0:
		p := refuse(out.refused, "bad_range", "The file has %d bytes; the range lies outside or cannot be read.", size)
		p.Size = int64(size)
		return p
	}
	return nil
}

// bodiless tells whether the answer will have no bytes of the file: HEAD, or the client has them already.
func bodiless(r *http.Request, id string) bool {
	return r.Method == http.MethodHead || holds(r.Header.Get("If-None-Match"), id)
}

// holds tells whether a list of entity tags has the plan's; If-None-Match compares weakly.
func holds(list, id string) bool {
	for tag := range strings.SplitSeq(list, ",") {
		tag = strings.TrimSpace(tag)
		if tag == "*" || strings.TrimPrefix(tag, "W/") == etag(id) {
			return true
		}
	}
	return false
}

// abort ends the connection after the first byte: a short file never looks whole.
func abort(ctx context.Context, err error) {
	event := zerolog.Ctx(ctx).Warn()
	if ctx.Err() != nil {
		event = zerolog.Ctx(ctx).Debug()
	}
	event.Err(err).Msg("answer aborted")
	panic(http.ErrAbortHandler)
}

// reprDigest sets Repr-Digest (RFC 9530) where the sum is known, or is asked for.
func reprDigest(h http.Header, r *http.Request, b *built) error {
	sum := b.knownSum()
	if sum == nil && wantsDigest(r.Header.Values("Want-Repr-Digest")) {
		var err error
		if sum, err = b.sum(r.Context()); err != nil {
			return err
		}
	}
	if sum != nil {
		h.Set("Repr-Digest", "sha-256=:"+base64.StdEncoding.EncodeToString(sum)+":")
	}
	return nil
}

// wantsDigest tells whether sha-256 is wanted with a weight above 0.
func wantsDigest(fields []string) bool {
	for member := range strings.SplitSeq(strings.Join(fields, ","), ",") {
		name, weight, _ := strings.Cut(strings.TrimSpace(member), "=")
		if n, err := strconv.Atoi(strings.TrimSpace(weight)); name == "sha-256" && err == nil && n > 0 {
			return true
		}
	}
	return false
}
