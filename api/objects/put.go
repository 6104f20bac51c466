package objects

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"

	"github.com/h5serve/h5serve/storage"
)

// Put stores the body under the key, as S3 does: If-None-Match: * creates only, If-Match replaces only what it names.
// Content-MD5, Repr-Digest, Content-Digest, X-Amz-Content-Sha256 and X-Amz-Checksum-… are checked where they are given. Nothing is
// seen of the object before the last byte was taken and checked. Created tells that there was none before.
func (o *Object) Put(ctx context.Context, r *http.Request, limit int64) (info storage.Info, created bool, err error) {
	store, ok := o.Store.(storage.Writer)
	if !ok {
		return info, false, &storage.Error{Op: "put", Store: o.Name, Key: o.Key, Kind: storage.ErrReadOnly}
	}
	options, err := putOptions(r)
	if err != nil {
		return info, false, err
	}
	if r.ContentLength > limit {
		return info, false, tooLarge(limit)
	}
	body, err := checked(r, limit)
	if err != nil {
		return info, false, err
	}
	if created, err = o.creates(ctx, options.Conditions); err != nil {
		return info, false, err
	}
	info, err = store.Put(ctx, o.Key, body, r.ContentLength, options)
	switch {
	case body.failed != nil: // the request's own failure, whatever the store makes of it
		return info, false, body.failed
	case errors.Is(err, storage.ErrExists), errors.Is(err, storage.ErrChanged):
		return info, false, errPrecondition
	}
	return info, created, err
}

func tooLarge(limit int64) *Refusal {
	e := refuse(http.StatusRequestEntityTooLarge, "body_too_large", "The body is larger than the limit of %d bytes.", limit)
	e.Limit = limit
	return e
}

func putOptions(r *http.Request) (storage.PutOptions, error) {
	o := storage.PutOptions{ContentType: r.Header.Get("Content-Type")}
	if o.ContentType == "application/x-www-form-urlencoded" {
		o.ContentType = "" // curl -d sends it for everything
	}
	if coding := strings.TrimSpace(r.Header.Get("Content-Encoding")); coding != "" && !strings.EqualFold(coding, "identity") {
		return o, refuse(http.StatusUnsupportedMediaType, "unknown_coding", "Objects are stored as they are; the Content-Encoding %q is not kept.", coding)
	}
	if r.Header.Get("Content-Range") != "" {
		return o, refuse(http.StatusBadRequest, "partial_put", "An object is replaced whole; Content-Range has no meaning here.")
	}
	var err error
	o.Conditions, err = WriteConditions(r.Header)
	return o, err
}

// WriteConditions are those of a request that stores an object.
func WriteConditions(h http.Header) (c storage.Conditions, err error) {
	c.IfMatch = strings.TrimSpace(strings.Join(h.Values("If-Match"), ","))
	c.IfNoneMatch = strings.TrimSpace(strings.Join(h.Values("If-None-Match"), ","))
	matched := c.IfMatch == "" || c.IfMatch == "*" || single(c.IfMatch) && !strings.HasPrefix(c.IfMatch, "W/")
	if !matched || c.IfNoneMatch != "" && c.IfNoneMatch != "*" {
		return c, refuse(http.StatusBadRequest, "bad_condition", "Storing takes If-None-Match: *, or If-Match with one strong tag.")
	}
	return c, nil
}

// creates tells whether the object will be a new one.
func (o *Object) creates(ctx context.Context, c storage.Conditions) (bool, error) {
	if c.IfMatch != "" || c.IfNoneMatch == "*" {
		return c.IfMatch == "", nil
	}
	_, err := o.Store.Stat(ctx, o.Key, storage.Conditions{})
	if errors.Is(err, storage.ErrNotFound) {
		return true, nil
	}
	return false, err
}

// body is what a client sends, counted and summed up.
type body struct {
	from   io.Reader
	size   int64 // -1 where it is not known
	limit  int64
	taken  int64
	sums   []*sum
	failed error
}

// Read fails instead of giving the last bytes of a body that is not what its digests say: a store that stops at the
// declared length does not have it either.
func (b *body) Read(p []byte) (int, error) {
	if b.failed != nil {
		return 0, b.failed
	}
	n, err := b.from.Read(p)
	b.taken += int64(n)
	for _, s := range b.sums {
		s.hash.Write(p[:n])
	}
	end := errors.Is(err, io.EOF)
	switch {
	case b.taken > b.limit:
		b.failed = tooLarge(b.limit)
	case err != nil && !end:
		b.failed = err
	case end, b.taken == b.size:
		b.failed = b.compare()
	}
	if b.failed != nil {
		return 0, b.failed
	}
	return n, err
}

func (b *body) compare() error {
	for _, s := range b.sums {
		if !s.holds() {
			return refuse(http.StatusBadRequest, "bad_digest", "The body is not the one that %s is of.", s.field)
		}
	}
	return nil
}
