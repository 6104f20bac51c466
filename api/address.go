package api

import (
	"bytes"
	"encoding/base64"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/klauspost/compress/gzip"
)

// maxTarget is how long a request's target may be, in bytes.
const maxTarget = 8 << 10

// maxAddressed is the longest description that is tried to be put into an address.
const maxAddressed = 256 << 10

// address is the GET address of the file that a description makes: it holds the whole description, so any
// instance can answer it. Nothing comes back when that does not fit.
func address(name string, description []byte) (string, bool) {
	prefix := "/v1/files/" + url.PathEscape(filename(name)) + "?spec="
	room := maxTarget - len(prefix)
	if len(description) > maxAddressed || room <= 0 {
		return "", false
	}
	plain := base64.RawURLEncoding.EncodeToString(description)
	if len(plain) <= 512 && len(plain) <= room {
		return prefix + plain, true
	}
	packed := base64.RawURLEncoding.EncodeToString(packed(description))
	if len(packed) > len(plain) {
		packed = plain
	}
	return prefix + packed, len(packed) <= room
}

func packed(p []byte) []byte {
	var out bytes.Buffer
	z, _ := gzip.NewWriterLevel(&out, gzip.BestCompression) // the level is a known one
	_, _ = z.Write(p)                                       // a Buffer takes all
	_ = z.Close()
	return out.Bytes()
}

// addressed is the description that an address holds: JSON as it is, or base64url of it or of its gzip.
func addressed(spec string, limit int64) ([]byte, error) {
	if trimmed := strings.TrimLeft(spec, " \t\r\n"); strings.HasPrefix(trimmed, "{") {
		return []byte(spec), nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(spec, "="))
	if err != nil {
		return nil, badSpec("neither JSON nor base64url")
	}
	if !bytes.HasPrefix(raw, []byte{0x1f, 0x8b}) {
		return raw, nil
	}
	z, err := gzip.NewReader(bytes.NewReader(raw))
	if err != nil {
		return nil, badSpec("a damaged gzip stream")
	}
	raw, err = io.ReadAll(io.LimitReader(z, limit+1))
	switch {
	case err != nil:
		return nil, badSpec("a damaged gzip stream")
	case int64(len(raw)) > limit:
		return nil, tooLarge("description", limit, 0)
	}
	return raw, nil
}

func badSpec(what string) *Problem {
	p := refuse(http.StatusBadRequest, "bad_spec", "The parameter spec is %s.", what)
	p.Errors = []Wrong{{Parameter: "spec", Detail: "must be JSON, or base64url of it or of its gzip"}}
	return p
}
