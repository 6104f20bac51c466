package s3

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Config tells where a bucket is and who asks.
//
// The credentials are given here, or Anonymous is set, or else they come from
// the usual chain: environment, profile, web identity, container, instance.
// Given ones are whole: SecretID, SecretKey and Region, as h5py's ros3 wants
// them.
type Config struct {
	Name   string // the store's, for errors
	Bucket string
	Prefix string // before every key; a slash is added where it lacks one

	Region    string // "" with the chain: what the environment says, or us-east-1
	Endpoint  string // "" is Amazon's, or what AWS_ENDPOINT_URL_S3 says
	PathStyle bool   // https://endpoint/bucket/key, as most servers but Amazon's want it, instead of https://bucket.endpoint/key

	SecretID     string // the access key's id
	SecretKey    Secret
	SessionToken Secret
	Anonymous    bool // nothing is signed

	Writable    bool
	MaxAttempts int // of one request, 0 is 4
	Timeouts    Timeouts
}

// Timeouts are those of one attempt. There is none on a whole body: one that
// makes progress may go on.
type Timeouts struct {
	Connect  time.Duration // 0 is 5 s
	Patience time.Duration // without a byte of an answer; 0 is 20 s
}

// Secret is a text that is never printed.
type Secret struct{ text *string } // a pointer: %v of a struct around it shows an address

// NewSecret hides a text.
func NewSecret(text string) Secret { return Secret{&text} }

// Reveal is the text.
func (s Secret) Reveal() string {
	if s.text == nil {
		return ""
	}
	return *s.text
}

const redacted = "redacted"

// String is "redacted", as all that prints a Secret.
func (s Secret) String() string { return redacted }

// GoString is "redacted".
func (s Secret) GoString() string { return redacted }

// Format prints "redacted" whatever the verb.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(redacted)) }

// MarshalText gives "redacted", in JSON too.
func (s Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// MarshalJSON gives "redacted" with its quotes.
func (s Secret) MarshalJSON() ([]byte, error) { return []byte(`"` + redacted + `"`), nil }

// complete checks a configuration and fills in what has a default.
func (c Config) complete() (Config, error) {
	if c.Bucket == "" {
		return c, errors.New("s3: no bucket given")
	}
	given := map[string]bool{"secret_id": c.SecretID != "", "secret_key": c.SecretKey.Reveal() != "", "session_token": c.SessionToken.Reveal() != ""}
	if c.Anonymous && (given["secret_id"] || given["secret_key"] || given["session_token"]) {
		return c, errors.New("s3: anonymous and with credentials: choose one")
	}
	if given["secret_id"] || given["secret_key"] || given["session_token"] {
		given["region"] = c.Region != ""
		var missing []string
		for _, name := range []string{"secret_id", "secret_key", "region"} {
			if !given[name] {
				missing = append(missing, name)
			}
		}
		if missing != nil {
			return c, fmt.Errorf("s3: %s missing: secret_id, secret_key and region are given together", strings.Join(missing, ", "))
		}
	}
	if c.Prefix != "" && !strings.HasSuffix(c.Prefix, "/") {
		c.Prefix += "/"
	}
	if c.MaxAttempts <= 0 {
		c.MaxAttempts = 4
	}
	if c.Timeouts.Connect <= 0 {
		c.Timeouts.Connect = 5 * time.Second
	}
	if c.Timeouts.Patience <= 0 {
		c.Timeouts.Patience = 20 * time.Second
	}
	return c, nil
}
