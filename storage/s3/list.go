package s3

import (
	"context"
	"errors"
	"net/url"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/h5serve/h5serve/storage"
)

// List tells which objects there are. Keys come URL-encoded, for XML cannot
// have all of them.
func (s *Store) List(ctx context.Context, q storage.Query) (*storage.Page, error) {
	in := &s3.ListObjectsV2Input{
		Bucket: &s.bucket, Prefix: optional(s.prefix + q.Prefix), Delimiter: optional(q.Delimiter),
		MaxKeys: aws.Int32(int32(q.PageLimit())), EncodingType: types.EncodingTypeUrl,
	}
	if q.After != "" {
		in.StartAfter = aws.String(s.prefix + q.After)
	}
	for {
		out, err := s.client.ListObjectsV2(ctx, in)
		if err != nil {
			return nil, s.explain(ctx, "list", "", err)
		}
		page, err := s.page(q, out)
		if err != nil {
			return nil, s.fail("list", "", storage.ErrUnavailable, err)
		}
		if !aws.ToBool(out.IsTruncated) || len(page.Objects)+len(page.Prefixes) > 0 {
			return page, nil
		}
		if in.ContinuationToken = out.NextContinuationToken; in.ContinuationToken == nil {
			return nil, s.fail("list", "", storage.ErrUnavailable, errors.New("bad upstream: a list goes on without a token"))
		}
	}
}

// page is an answer in our terms: without the store's prefix, and without what
// After leaves out.
func (s *Store) page(q storage.Query, out *s3.ListObjectsV2Output) (*storage.Page, error) {
	page, last := &storage.Page{}, ""
	for _, o := range out.Contents {
		key, ok, err := s.told(q, o.Key, out.EncodingType)
		if err != nil {
			return nil, err
		}
		if ok {
			page.Objects = append(page.Objects, storage.Info{
				Key: key, Size: uint64(max(aws.ToInt64(o.Size), 0)), ETag: quoted(o.ETag), Modified: moment(o.LastModified),
			})
			last = max(last, key)
		}
	}
	for _, p := range out.CommonPrefixes {
		prefix, ok, err := s.told(q, p.Prefix, out.EncodingType)
		if err != nil {
			return nil, err
		}
		if ok {
			page.Prefixes = append(page.Prefixes, prefix)
			last = max(last, prefix)
		}
	}
	if aws.ToBool(out.IsTruncated) {
		page.Next = last
	}
	return page, nil
}

// told is a key as the server tells it, in our terms, and whether After lets it through.
func (s *Store) told(q storage.Query, key *string, coding types.EncodingType) (string, bool, error) {
	name := aws.ToString(key)
	if coding == types.EncodingTypeUrl {
		plain, err := url.QueryUnescape(name)
		if err != nil {
			return "", false, errors.New("bad upstream: a key in a list is not URL-encoded")
		}
		name = plain
	}
	name, ours := strings.CutPrefix(name, s.prefix)
	return name, ours && name != "" && name > q.After, nil
}
