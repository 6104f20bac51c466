package s3

import (
	"bytes"
	"context"
	"errors"
	"io"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/h5serve/h5serve/storage"
)

// Put stores an object: in one request up to 16 MiB, in parts where it is
// longer. Modified is not known afterwards.
func (s *Store) Put(ctx context.Context, key string, body io.Reader, size int64, o storage.PutOptions) (storage.Info, error) {
	path, err := s.path("put", key)
	if err != nil {
		return storage.Info{}, err
	}
	if !s.writable {
		return storage.Info{}, s.fail("put", key, storage.ErrReadOnly, nil)
	}
	p := &put{store: s, key: key, path: path, options: o, body: &source{from: body, left: size, counted: size >= 0}}
	etag, err := p.all(ctx)
	if err != nil {
		return storage.Info{}, p.explain(ctx, err)
	}
	return storage.Info{Key: key, Size: p.body.taken, ETag: etag, ContentType: o.ContentType}, nil
}

// put is one Put under way.
type put struct {
	store   *Store
	key     string
	path    *string
	options storage.PutOptions
	body    *source
}

// explain tells a broken body from a broken server, and which condition failed.
func (p *put) explain(ctx context.Context, err error) error {
	if p.body.broken != nil && ctx.Err() == nil {
		return p.store.fail("put", p.key, storage.ErrIncomplete, p.body.broken)
	}
	err = p.store.explain(ctx, "put", p.key, err)
	var e *storage.Error
	if !errors.As(err, &e) {
		return err
	}
	switch {
	case errors.Is(e.Kind, storage.ErrChanged) && p.options.IfNoneMatch != "":
		e.Kind = storage.ErrExists
	case errors.Is(e.Kind, storage.ErrNotFound) && p.options.IfMatch != "":
		e.Kind, e.Err = storage.ErrChanged, nil
	}
	return e
}

// all sends the object: at once where it ends within the first part, else in
// parts. What is sent is in memory, so that a request is signed over its bytes
// and can be sent again; a server cannot take a part of them for all.
func (p *put) all(ctx context.Context) (string, error) {
	content, last, err := p.fill(nil, 1)
	if err != nil {
		return "", err
	}
	if last {
		return p.send(ctx, content)
	}
	if p.options.Conditions != (storage.Conditions{}) { // told now, not behind the last byte
		info, err := p.store.stat(ctx, "put", p.key, storage.Conditions{})
		if err != nil && !errors.Is(err, storage.ErrNotFound) {
			return "", err
		}
		if kind := p.options.Writing(info.ETag); kind != nil {
			return "", p.store.fail("put", p.key, kind, nil)
		}
	}
	return p.parts(ctx, content)
}

func (p *put) send(ctx context.Context, content []byte) (string, error) {
	out, err := p.store.client.PutObject(ctx, &s3.PutObjectInput{
		Bucket: &p.store.bucket, Key: p.path, Body: bytes.NewReader(content), ContentLength: aws.Int64(int64(len(content))),
		ContentType: optional(p.options.ContentType),
		IfMatch:     optional(p.options.IfMatch), IfNoneMatch: optional(p.options.IfNoneMatch),
	})
	if err != nil {
		return "", err
	}
	return quoted(out.ETag), nil
}

// Delete removes an object.
func (s *Store) Delete(ctx context.Context, key string, c storage.Conditions) error {
	path, err := s.path("delete", key)
	if err != nil {
		return err
	}
	if !s.writable {
		return s.fail("delete", key, storage.ErrReadOnly, nil)
	}
	if c.IfNoneMatch != "" {
		return s.fail("delete", key, storage.ErrUnsupported, errors.New("If-None-Match on delete"))
	}
	_, err = s.client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &s.bucket, Key: path, IfMatch: optional(c.IfMatch)})
	if err == nil {
		return nil
	}
	err = s.explain(ctx, "delete", key, err)
	if errors.Is(err, storage.ErrNotFound) && c.IfMatch != "" {
		return s.fail("delete", key, storage.ErrChanged, nil)
	}
	return err
}

// source is the body of a Put; it remembers what went wrong with it.
type source struct {
	from    io.Reader
	left    int64
	counted bool // left says how long the body must be
	taken   uint64
	broken  error
}

var (
	errShort = errors.New("the body is shorter than was said")
	errLong  = errors.New("the body is longer than was said")
)

// Read gives the last bytes away only when it is sure that they are the last.
func (b *source) Read(p []byte) (int, error) {
	if b.broken != nil {
		return 0, b.broken
	}
	if b.counted && int64(len(p)) > b.left {
		p = p[:b.left]
	}
	if b.counted && b.left == 0 {
		return 0, io.EOF
	}
	n, err := b.from.Read(p)
	b.taken += uint64(n)
	b.left -= int64(n)
	switch {
	case err != nil && !errors.Is(err, io.EOF):
		b.broken = err
	case b.counted && errors.Is(err, io.EOF) && b.left > 0:
		b.broken = errShort
	case b.counted && err == nil && b.left == 0 && b.end() != nil:
	default:
		return n, err
	}
	return 0, b.broken
}

// end makes sure that nothing comes behind the last byte.
func (b *source) end() error {
	if !b.counted || b.broken != nil {
		return b.broken
	}
	var one [1]byte
	for {
		n, err := b.from.Read(one[:])
		switch {
		case n > 0:
			b.broken = errLong
		case errors.Is(err, io.EOF):
		case err != nil:
			b.broken = err
		default:
			continue
		}
		return b.broken
	}
}

// fault is why a body could not be read to its end.
func (b *source) fault(err error) error {
	if b.broken == nil {
		b.broken = err
	}
	return b.broken
}
