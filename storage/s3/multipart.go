package s3

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"golang.org/x/sync/errgroup"
)

// A multipart upload has at most 10,000 parts. They double every 2,500, so that
// a body of unknown size may have up to 585 GiB while the first parts are small.
const (
	firstPart    = 16 << 20
	partsPerSize = 2500
	maxParts     = 10000
	partsAtOnce  = 3 // and as many buffers, and one that is being read
	abortTime    = 10 * time.Second
)

func partSize(number int) int { return firstPart << ((number - 1) / partsPerSize) }

// fill reads the bytes of a part, and tells whether they are the last ones. The
// buffer grows with what comes.
func (p *put) fill(buffer []byte, number int) ([]byte, bool, error) {
	size := partSize(number)
	buffer = buffer[:0]
	for len(buffer) < size {
		if len(buffer) == cap(buffer) {
			buffer = slices.Grow(buffer, min(max(len(buffer), 64<<10), size-len(buffer)))
		}
		n, err := p.body.Read(buffer[len(buffer):min(cap(buffer), size)])
		buffer = buffer[:len(buffer)+n]
		if errors.Is(err, io.EOF) {
			return buffer, true, nil
		}
		if err != nil {
			return nil, false, p.body.fault(err)
		}
	}
	return buffer, p.body.counted && p.body.left == 0, nil
}

// parts is a multipart upload, which is aborted where it fails.
func (p *put) parts(ctx context.Context, first []byte) (string, error) {
	s := p.store
	begun, err := s.client.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{
		Bucket: &s.bucket, Key: p.path, ContentType: optional(p.options.ContentType),
	})
	if err != nil {
		return "", err
	}
	u := &upload{put: p, id: begun.UploadId, free: make(chan []byte, partsAtOnce+1)}
	etag, err := u.run(ctx, first)
	if err != nil {
		u.abort(ctx)
	}
	return etag, err
}

// upload is a multipart upload under way.
type upload struct {
	*put
	id   *string
	free chan []byte // buffers of parts that are sent

	mu   sync.Mutex
	done []types.CompletedPart
}

func (u *upload) run(ctx context.Context, first []byte) (string, error) {
	if err := u.sendAll(ctx, first); err != nil {
		return "", err
	}
	slices.SortFunc(u.done, func(a, b types.CompletedPart) int { return int(*a.PartNumber - *b.PartNumber) })
	out, err := u.store.client.CompleteMultipartUpload(ctx, &s3.CompleteMultipartUploadInput{
		Bucket: &u.store.bucket, Key: u.path, UploadId: u.id,
		MultipartUpload: &types.CompletedMultipartUpload{Parts: u.done},
		IfMatch:         optional(u.options.IfMatch), IfNoneMatch: optional(u.options.IfNoneMatch),
	})
	if err != nil {
		return "", err
	}
	return quoted(out.ETag), nil
}

// sendAll reads the body part by part, and sends a few of them at once.
func (u *upload) sendAll(ctx context.Context, content []byte) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(partsAtOnce)
	for number, last := 1, false; len(content) > 0; number++ {
		part := content
		group.Go(func() error { return u.send(ctx, number, part) })
		if last || ctx.Err() != nil {
			break
		}
		var err error
		if content, last, err = u.next(number + 1); err != nil {
			group.Go(func() error { return err })
			break
		}
	}
	return group.Wait()
}

// next reads the part of a number.
func (u *upload) next(number int) ([]byte, bool, error) {
	if number > maxParts {
		return nil, false, u.body.fault(errors.New("the body is longer than a multipart upload can be"))
	}
	var buffer []byte
	select {
	case buffer = <-u.free:
	default:
	}
	return u.fill(buffer, number)
}

// send sends one part.
func (u *upload) send(ctx context.Context, number int, part []byte) error {
	out, err := u.store.client.UploadPart(ctx, &s3.UploadPartInput{
		Bucket: &u.store.bucket, Key: u.path, UploadId: u.id, PartNumber: aws.Int32(int32(number)),
		Body: bytes.NewReader(part), ContentLength: aws.Int64(int64(len(part))),
	})
	if err != nil {
		return err
	}
	select {
	case u.free <- part:
	default:
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.done = append(u.done, types.CompletedPart{ETag: out.ETag, PartNumber: aws.Int32(int32(number))})
	return nil
}

// abort takes back what was sent; it is done even where ctx has ended.
func (u *upload) abort(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), abortTime)
	defer cancel()
	_, _ = u.store.client.AbortMultipartUpload(ctx, &s3.AbortMultipartUploadInput{
		Bucket: &u.store.bucket, Key: u.path, UploadId: u.id,
	})
}
