// Package sigv4 checks signatures of Amazon's Signature Version 4 by making them again.
//
//	request ──▶ claim: whose key, which day and region, which headers, which signature
//	        ──▶ canonical request ──▶ string to sign ──HMAC──▶ a signature of our own
//	                                                              └── equal, in constant time?
//
// A signature lies in the Authorization field or, presigned, in the query. Bodies are signed by their hash alone:
// whoever reads the body checks it. Sources: AWS General Reference, "Signature Version 4 signing process"; Amazon
// S3 API Reference, "Authenticating Requests (AWS Signature Version 4)".
package sigv4

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"time"
)

// Kinds of refusal, for errors.Is.
var (
	ErrUnsigned   = errors.New("the request is not signed with version 4")
	ErrMalformed  = errors.New("the signature cannot be read")
	ErrUnknownKey = errors.New("the access key is not known")
	ErrSkewed     = errors.New("the time of the request is too far from the server's")
	ErrExpired    = errors.New("the presigned address has expired")
	ErrMismatch   = errors.New("the signature is not the one that the request asks for")
)

const (
	algorithm  = "AWS4-HMAC-SHA256"
	terminator = "aws4_request"
	timeForm   = "20060102T150405Z"
	maxSkew    = 15 * time.Minute
	maxExpires = 7 * 24 * time.Hour
)

// Values of X-Amz-Content-Sha256 that are no hash.
const (
	Unsigned  = "UNSIGNED-PAYLOAD"
	Streaming = "STREAMING-" // begins the names of signed chunks
	emptyHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
)

// Secret is a secret key. It prints as what it is, not as what it holds.
type Secret string

func (Secret) String() string               { return "(secret)" }
func (Secret) GoString() string             { return "(secret)" }
func (Secret) MarshalText() ([]byte, error) { return []byte("(secret)"), nil }

// Verifier knows who may sign. It is safe for concurrent use.
type Verifier struct {
	Service string            // "s3"
	Keys    map[string]Secret // by access key id
	Now     func() time.Time
}

// Verify returns the access key id that signed the request, or why not: an error of one of the kinds.
func (v *Verifier) Verify(r *http.Request) (string, error) {
	c, err := readClaim(r)
	if err != nil {
		return "", err
	}
	if c.service != v.Service {
		return "", malformed("the scope is of service %q, not %q", c.service, v.Service)
	}
	if err := c.timely(v.Now()); err != nil {
		return "", err
	}
	secret, known := v.Keys[c.key]
	canonical, err := c.canonical(r)
	if err != nil {
		return "", err
	}
	own := sign(string(secret), c, canonical)
	switch equal := hmac.Equal([]byte(own), []byte(c.signature)); {
	case !known:
		return "", ErrUnknownKey
	case !equal:
		return "", ErrMismatch
	}
	return c.key, nil
}

// sign is the signature of a canonical request, in hex.
func sign(secret string, c *claim, canonical string) string {
	key := mac([]byte("AWS4"+secret), c.day)
	key = mac(key, c.region)
	key = mac(key, c.service)
	key = mac(key, terminator)
	sum := sha256.Sum256([]byte(canonical))
	text := algorithm + "\n" + c.at.Format(timeForm) + "\n" + c.scope() + "\n" + hex.EncodeToString(sum[:])
	return hex.EncodeToString(mac(key, text))
}

func mac(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}
