package s3

import (
	"context"
	"errors"
	"io"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	smithy "github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/h5serve/h5serve/storage"
	"github.com/h5serve/h5serve/storage/ranged"
)

// Get reads a range of an object, in one request.
func (s *Store) Get(ctx context.Context, key string, r storage.Range, c storage.Conditions) (*storage.Part, error) {
	if r.Suffix && r.Length == 0 {
		return s.nothing(ctx, key, r, c)
	}
	stream, cancel := context.WithCancelCause(ctx)
	info, w, body, err := s.ask(stream, key, r, c)
	if err != nil {
		cancel(nil)
		var e *storage.Error
		if errors.As(err, &e) && errors.Is(e.Kind, storage.ErrRange) && (r.First == 0 || e.Size == unknownSize) {
			return s.nothing(ctx, key, r, c)
		}
		return nil, err
	}
	source := ranged.Source{Patience: s.patience, Attempts: s.attempts}
	source.Fail = func(err error) error { return s.explain(ctx, "get", key, err) }
	source.Fetch = func(ctx context.Context, first, count uint64) (io.ReadCloser, uint64, error) {
		rest := storage.Range{First: first, Length: count}
		_, again, body, err := s.ask(ctx, key, rest, storage.Conditions{IfMatch: info.ETag})
		return body, again.Skip, err
	}
	part := &storage.Part{Info: info, First: w.First, Count: w.Count}
	part.Body = ranged.Open(ctx, ranged.Stream{Bytes: body, Cancel: cancel}, w, source)
	return part, nil
}

// nothing answers where S3 has no range to give: the beginning of an empty
// object is an empty part, all else lies beyond the end.
func (s *Store) nothing(ctx context.Context, key string, r storage.Range, c storage.Conditions) (*storage.Part, error) {
	info, err := s.stat(ctx, "get", key, c)
	if err != nil {
		return nil, err
	}
	if _, count, ok := r.Of(info.Size); !ok {
		return nil, &storage.Error{Op: "get", Store: s.name, Key: key, Kind: storage.ErrRange, Size: info.Size}
	} else if count > 0 {
		return nil, s.fail("get", key, storage.ErrUnavailable, errors.New("bad upstream: 416 for a range that is there"))
	}
	return &storage.Part{Info: info, Body: io.NopCloser(strings.NewReader(""))}, nil
}

// ask sends one GetObject and checks that what comes is what was asked for.
func (s *Store) ask(ctx context.Context, key string, r storage.Range, c storage.Conditions) (storage.Info, ranged.Window, io.ReadCloser, error) {
	path, err := s.path("get", key)
	if err != nil {
		return storage.Info{}, ranged.Window{}, nil, err
	}
	out, err := s.client.GetObject(ctx, &s3.GetObjectInput{
		Bucket: &s.bucket, Key: path, Range: optional(r.Header()),
		IfMatch: optional(c.IfMatch), IfNoneMatch: optional(c.IfNoneMatch),
	}, identity)
	if err != nil {
		return storage.Info{}, ranged.Window{}, nil, s.explain(ctx, "get", key, err)
	}
	answer := ranged.Answer{
		Status: status(out.ResultMetadata), ContentRange: aws.ToString(out.ContentRange),
		ContentLength: length(out.ContentLength), ContentEncoding: aws.ToString(out.ContentEncoding),
	}
	w, err := ranged.Read(r, answer)
	info := storage.Info{
		Key: key, Size: w.Size, ETag: quoted(out.ETag),
		Modified: moment(out.LastModified), ContentType: aws.ToString(out.ContentType),
	}
	if err == nil {
		err = c.Reading(info.ETag)
	}
	if err != nil {
		out.Body.Close()
		return storage.Info{}, ranged.Window{}, nil, s.explain(ctx, "get", key, err)
	}
	return info, w, out.Body, nil
}

// Stat tells what is known of an object.
func (s *Store) Stat(ctx context.Context, key string, c storage.Conditions) (storage.Info, error) {
	return s.stat(ctx, "stat", key, c)
}

func (s *Store) stat(ctx context.Context, op, key string, c storage.Conditions) (storage.Info, error) {
	path, err := s.path(op, key)
	if err != nil {
		return storage.Info{}, err
	}
	out, err := s.client.HeadObject(ctx, &s3.HeadObjectInput{
		Bucket: &s.bucket, Key: path, IfMatch: optional(c.IfMatch), IfNoneMatch: optional(c.IfNoneMatch),
	}, identity)
	if err != nil {
		return storage.Info{}, s.explain(ctx, op, key, err)
	}
	n := length(out.ContentLength)
	if n < 0 {
		return storage.Info{}, s.fail(op, key, storage.ErrUnavailable, errors.New("bad upstream: no Content-Length"))
	}
	info := storage.Info{
		Key: key, Size: uint64(n), ETag: quoted(out.ETag),
		Modified: moment(out.LastModified), ContentType: aws.ToString(out.ContentType),
	}
	if kind := c.Reading(info.ETag); kind != nil {
		return storage.Info{}, s.fail(op, key, kind, nil)
	}
	return info, nil
}

// identity asks for the bytes as they are.
func identity(o *s3.Options) {
	o.APIOptions = append(o.APIOptions, smithyhttp.SetHeaderValue("Accept-Encoding", "identity"))
}

func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func status(m smithy.Metadata) int {
	if r, ok := middleware.GetRawResponse(m).(*smithyhttp.Response); ok {
		return r.StatusCode
	}
	return 0
}

func length(n *int64) int64 {
	if n == nil {
		return -1
	}
	return *n
}

func moment(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.UTC()
}

// quoted is an ETag with its quotes, which some servers leave out.
func quoted(tag *string) string {
	t := aws.ToString(tag)
	if t == "" || strings.HasSuffix(t, `"`) {
		return t
	}
	return `"` + t + `"`
}
