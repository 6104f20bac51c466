// Package s3 is a store in a bucket of Amazon S3, or of a server that speaks
// as it does. It is the only room that knows the AWS SDK.
//
//	Get ──► GetObject with Range ──► ranged.Read ──► ranged.Body
//	         no HEAD before it        as asked?       whole, or an error
//
// Keys go over the wire encoded once. What fails is told with the server's
// status and code, never with a header, a query or a credential.
package s3

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/h5serve/h5serve/storage"
)

// Store is a bucket, or what lies below a prefix of it.
type Store struct {
	name, bucket, prefix string
	region               string
	writable             bool
	attempts             int
	patience             time.Duration
	client               *s3.Client
	http                 *http.Client
}

var _ storage.Writer = (*Store)(nil)

// fallbackRegion signs requests where nobody names a region; most servers that
// are not Amazon's take any.
const fallbackRegion = "us-east-1"

// Open checks the configuration. It asks the bucket nothing.
func Open(ctx context.Context, given Config) (*Store, error) {
	c, err := given.complete()
	if err != nil {
		return nil, err
	}
	if err = checkEndpoint(c.Endpoint); err != nil {
		return nil, err
	}
	settings, err := config.LoadDefaultConfig(ctx, options(c)...)
	if err != nil {
		return nil, errors.New("s3: the environment's or the profile's settings cannot be read")
	}
	if settings.Region == "" {
		settings.Region = fallbackRegion
	}
	client := newClient(settings.HTTPClient)
	service := s3.NewFromConfig(settings, func(o *s3.Options) {
		o.HTTPClient = client
		o.UsePathStyle = c.PathStyle
		o.DisableLogOutputChecksumValidationSkipped = true
		if c.Endpoint != "" {
			o.BaseEndpoint = aws.String(c.Endpoint)
		}
	})
	return &Store{
		name: c.Name, bucket: c.Bucket, prefix: c.Prefix, region: settings.Region, writable: c.Writable,
		attempts: c.MaxAttempts, patience: c.Timeouts.Patience, client: service, http: client,
	}, nil
}

// Close lets go of the idle connections.
func (s *Store) Close() error {
	s.http.CloseIdleConnections()
	return nil
}

func checkEndpoint(endpoint string) error {
	if endpoint == "" {
		return nil
	}
	u, err := url.Parse(endpoint)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" {
		return errors.New("s3: the endpoint is not a URL such as https://host:port")
	}
	return nil
}

// options are those that an SDK configuration is loaded with. Checksums are
// sent and checked only where the protocol wants them: many servers that are
// not Amazon's refuse the SDK's trailers.
func options(c Config) []func(*config.LoadOptions) error {
	o := []func(*config.LoadOptions) error{
		config.WithHTTPClient(awshttp.NewBuildableClient().WithTransportOptions(c.Timeouts.tune)),
		config.WithRequestChecksumCalculation(aws.RequestChecksumCalculationWhenRequired),
		config.WithResponseChecksumValidation(aws.ResponseChecksumValidationWhenRequired),
		config.WithRetryer(func() aws.Retryer { return newRetryer(c.MaxAttempts) }),
	}
	if c.Region != "" {
		o = append(o, config.WithRegion(c.Region))
	}
	switch {
	case c.Anonymous:
		o = append(o, config.WithCredentialsProvider(aws.AnonymousCredentials{}))
	case c.SecretID != "":
		keys := credentials.NewStaticCredentialsProvider(c.SecretID, c.SecretKey.Reveal(), c.SessionToken.Reveal())
		o = append(o, config.WithCredentialsProvider(keys))
	}
	return o
}

// path is the name of an object in the bucket, or an error where the store
// cannot have the key.
func (s *Store) path(op, key string) (*string, error) {
	if !storage.ValidKey(key) || len(s.prefix)+len(key) > storage.MaxKey {
		return nil, s.fail(op, key, storage.ErrNotFound, fmt.Errorf("keys have 1 to %d bytes of UTF-8", storage.MaxKey-len(s.prefix)))
	}
	return aws.String(s.prefix + key), nil
}

func (s *Store) fail(op, key string, kind, err error) error {
	return &storage.Error{Op: op, Store: s.name, Key: key, Kind: kind, Err: err}
}
