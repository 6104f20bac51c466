package s3

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"net/url"
	"regexp"

	"github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/h5serve/h5serve/storage"
	"github.com/h5serve/h5serve/storage/ranged"
)

// unknownSize stands for the size that an answer 416 did not tell.
const unknownSize = math.MaxUint64

// Words from a server are repeated only where they look like what they should be.
var (
	codeWord   = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9.]{0,63}$`)
	regionWord = regexp.MustCompile(`^[a-z0-9-]{1,40}$`)
)

// explain turns what went wrong into a storage.Error without a secret.
func (s *Store) explain(ctx context.Context, op, key string, err error) error {
	e := &storage.Error{Op: op, Store: s.name, Key: key, Kind: storage.ErrUnavailable}
	var done *storage.Error
	var beyond *ranged.Beyond
	var answer *smithyhttp.ResponseError
	switch {
	case errors.As(err, &done):
		return done
	case ctx.Err() != nil:
		e.Err = ctx.Err()
	case err == storage.ErrChanged, err == storage.ErrNotModified: //nolint:errorlint // the bare kinds
		e.Kind = err
	case errors.As(err, &beyond):
		e.Kind, e.Size = storage.ErrRange, beyond.Size
	case errors.As(err, &answer) && answer.HTTPStatusCode() >= 300:
		s.refused(e, answer, err)
	default:
		e.Err = plain(err)
	}
	return e
}

// refused tells the kind of an answer that is no success.
func (s *Store) refused(e *storage.Error, answer *smithyhttp.ResponseError, err error) {
	status, code := answer.HTTPStatusCode(), ""
	var api smithy.APIError
	if errors.As(err, &api) && codeWord.MatchString(api.ErrorCode()) {
		code = api.ErrorCode()
	}
	e.Err = fmt.Errorf("status %d %s", status, code)
	if code == "" {
		e.Err = fmt.Errorf("status %d", status)
	}
	region := answer.Response.Header.Get("X-Amz-Bucket-Region")
	switch {
	case status == http.StatusNotModified:
		e.Kind, e.Err = storage.ErrNotModified, nil
	case denied(status, code):
		e.Kind = storage.ErrDenied
	case status == http.StatusNotFound:
		e.Kind = storage.ErrNotFound
	case status == http.StatusPreconditionFailed, status == http.StatusConflict && code == "ConditionalRequestConflict":
		e.Kind, e.Err = storage.ErrChanged, nil
	case status == http.StatusRequestedRangeNotSatisfiable:
		e.Kind, e.Size, e.Err = storage.ErrRange, unknownSize, nil
		if size, ok := ranged.ParseUnsatisfied(answer.Response.Header.Get("Content-Range")); ok {
			e.Size = size
		}
	case status < 400, code == "AuthorizationHeaderMalformed", code == "IllegalLocationConstraintException":
		e.Err = s.elsewhere(e.Err, region)
	case status == http.StatusInsufficientStorage, code == "EntityTooLarge", code == "QuotaExceeded":
		e.Kind = storage.ErrNoSpace
	case status == http.StatusMethodNotAllowed, status == http.StatusNotImplemented:
		e.Kind = storage.ErrUnsupported
	}
}

// denied tells answers that say no to who asks, whatever their status: a token
// that has expired is 400, an unknown key 404 at versitygw.
func denied(status int, code string) bool {
	switch code {
	case "ExpiredToken", "InvalidToken", "TokenRefreshRequired", "XAdminUserNotFound":
		return true
	}
	return status == http.StatusUnauthorized || status == http.StatusForbidden
}

// elsewhere says that the bucket is in another region.
func (s *Store) elsewhere(said error, region string) error {
	if regionWord.MatchString(region) && region != s.region {
		return fmt.Errorf("%w: the bucket is in the region %s, not in %s", said, region, s.region)
	}
	return fmt.Errorf("%w: the bucket is not in the region %s or not at this endpoint", said, s.region)
}

// plain is what the network or the SDK said, without the request's address.
func plain(err error) error {
	var dns *net.DNSError
	var op *net.OpError
	var at *url.Error
	var sign *v4.SigningError
	var stalled *ranged.Stalled
	var timeout interface{ Timeout() bool }
	switch {
	case errors.As(err, &sign):
		return errors.New("no credentials can be had")
	case errors.As(err, &stalled):
		return stalled
	case errors.As(err, &dns):
		return errors.New("the host's name is not known")
	case errors.As(err, &op):
		return fmt.Errorf("%s: %w", op.Op, op.Err)
	case errors.As(err, &timeout) && timeout.Timeout():
		return errors.New("no answer in time")
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return errors.New("the connection ended before the answer did")
	case errors.As(err, &at):
		return at.Err
	}
	return within(err)
}

// within tells our own checks' words, which are clean, and keeps the SDK's.
func within(err error) error {
	var sdk *smithy.OperationError
	if errors.As(err, &sdk) {
		return errors.New("the request could not be made or its answer not be read")
	}
	return err
}
