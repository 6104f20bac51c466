package api

import (
	"io"
	"net/http"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// maxWindow bounds the memory that a zstd stream may ask of its reader (RFC 8878 recommends 8 MiB).
const maxWindow = 8 << 20

// decoded undoes the content coding of a body. Limits are for what comes out.
type decoded struct {
	io.Reader
	wire  *arriving
	limit int64
	left  int64
	close func()
}

func decode(r *http.Request, wire *arriving, limit int64) (*decoded, error) {
	d := &decoded{Reader: wire, wire: wire, limit: limit, left: limit, close: func() {}}
	coding := strings.ToLower(strings.TrimSpace(strings.Join(r.Header.Values("Content-Encoding"), ",")))
	switch coding {
	case "", "identity":
	case "gzip", "x-gzip":
		z, err := gzip.NewReader(wire)
		if err != nil {
			return nil, d.damage(err)
		}
		d.Reader = z
	case "zstd":
		z, err := zstd.NewReader(wire, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return nil, d.damage(err)
		}
		d.Reader, d.close = z, z.Close
	default:
		return nil, refuse(http.StatusUnsupportedMediaType, "unknown_coding",
			"The body's Content-Encoding is %q; gzip and zstd are understood.", coding).with("Accept-Encoding", "gzip, zstd")
	}
	return d, nil
}

func (d *decoded) Read(p []byte) (int, error) {
	n, err := d.Reader.Read(p)
	if d.left -= int64(n); d.left < 0 {
		return 0, tooLarge("body", d.limit, 0)
	}
	if err != nil && err != io.EOF {
		err = d.damage(err)
	}
	return n, err
}

// damage tells a body that its coding cannot explain from one that did not arrive.
func (d *decoded) damage(err error) error {
	if d.wire.err != nil && d.wire.err != io.EOF {
		return d.wire.err
	}
	p := refuse(http.StatusBadRequest, "bad_coding", "The body is not what its Content-Encoding says: %v.", err)
	p.cause = err
	return p
}
