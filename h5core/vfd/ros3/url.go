package ros3

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"sync"

	"github.com/h5serve/h5serve/storage"
	"github.com/h5serve/h5serve/storage/cached"
	"github.com/h5serve/h5serve/storage/s3"
	"github.com/h5serve/h5serve/storage/web"
)

// location is an object and the store it lies in.
type location struct {
	origin
	key string
}

// origin names a store; one origin is one store in the process, so that what
// was read of it is found again.
type origin struct {
	web              string // base URL of a web server; all else is of S3
	bucket, endpoint string
	region, id       string
	secret, token    string
	chain            bool
}

// amazon is a host of Amazon's S3, with the bucket in its name or not.
var amazon = regexp.MustCompile(`^(?:(.+)\.)?s3(?:[.-][a-z0-9-]+)*\.amazonaws\.com(?:\.cn)?$`)

// locate takes a URL apart.
func (d Driver) locate(name string) (location, error) {
	signed, err := d.signed()
	if err != nil {
		return location{}, err
	}
	at := location{origin: origin{
		endpoint: d.Endpoint, region: d.AWSRegion, id: d.SecretID,
		secret: d.SecretKey.Reveal(), token: d.SessionToken.Reveal(), chain: d.Chain && !signed,
	}}
	scheme, rest, _ := strings.Cut(name, "://")
	if strings.EqualFold(scheme, "s3") { // no URL: the key may hold any character
		var ok bool
		if at.bucket, at.key, ok = strings.Cut(rest, "/"); !ok || at.bucket == "" || at.key == "" {
			return at, errors.New("a name in S3 is s3://bucket/key")
		}
		return at, nil
	}
	u, err := url.Parse(name)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return at, errors.New("the name is none of s3://bucket/key and http(s)://host/path")
	}
	if u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return at, errors.New("a URL with a user, a query or a fragment is not opened")
	}
	return at.inURL(u, signed || d.Chain)
}

// inURL finds the store and the key of a web address.
func (at location) inURL(u *url.URL, sign bool) (location, error) {
	path := strings.TrimPrefix(u.Path, "/")
	base := u.Scheme + "://" + u.Host
	match := amazon.FindStringSubmatch(u.Host)
	ok := true
	switch {
	case !sign:
		at.origin, at.key = origin{web: base}, path
	case match != nil && match[1] != "":
		at.bucket, at.key = match[1], path
	default:
		at.bucket, at.key, ok = strings.Cut(path, "/")
		if match == nil && at.endpoint == "" {
			at.endpoint = base
		}
	}
	if !ok || at.key == "" || at.bucket == "" && at.web == "" {
		return at, errors.New("the URL names no object")
	}
	return at, nil
}

// signed tells whether requests are signed with given credentials, which have
// to be whole.
func (d Driver) signed() (bool, error) {
	given := d.SecretID != "" || d.SecretKey.Reveal() != "" || d.SessionToken.Reveal() != ""
	if !given {
		return false, nil
	}
	var missing []string
	for _, k := range []struct {
		name  string
		given bool
	}{{"secret_id", d.SecretID != ""}, {"secret_key", d.SecretKey.Reveal() != ""}, {"aws_region", d.AWSRegion != ""}} {
		if !k.given {
			missing = append(missing, k.name)
		}
	}
	if missing != nil {
		return false, fmt.Errorf("%s missing: secret_id, secret_key and aws_region are given together", strings.Join(missing, ", "))
	}
	return true, nil
}

// bare is a name without what a web address may hold in secret.
func bare(name string) string {
	if scheme, _, _ := strings.Cut(name, "://"); strings.EqualFold(scheme, "s3") {
		return name
	}
	name, _, _ = strings.Cut(name, "?")
	u, err := url.Parse(name)
	switch i := strings.LastIndexByte(name, '@'); {
	case err == nil && u.User != nil:
		u.User = nil
		return u.String()
	case err != nil && i >= 0: // it may be a user's name and password all the same
		return name[i+1:]
	}
	return name
}

var stores struct {
	sync.Mutex
	of map[origin]storage.Store
}

// shared is the cache of the process.
var shared = sync.OnceValues(func() (*cached.Cache, error) { return cached.New(cached.Settings{}) })

// store opens the store, once in a process.
func (o origin) store(ctx context.Context) (storage.Store, error) {
	stores.Lock()
	defer stores.Unlock()
	if s, ok := stores.of[o]; ok {
		return s, nil
	}
	s, err := o.connect(ctx)
	if err != nil {
		return nil, err
	}
	if stores.of == nil {
		stores.of = map[origin]storage.Store{}
	}
	stores.of[o] = s
	return s, nil
}

func (o origin) connect(ctx context.Context) (storage.Store, error) {
	if o.web != "" {
		return web.Open(web.Config{Name: o.web, BaseURL: o.web})
	}
	return s3.Open(ctx, s3.Config{
		Name: "s3://" + o.bucket, Bucket: o.bucket, Region: o.region, Endpoint: o.endpoint, PathStyle: o.endpoint != "",
		SecretID: o.id, SecretKey: hidden(o.secret), SessionToken: hidden(o.token), Anonymous: o.id == "" && !o.chain,
	})
}

func hidden(text string) s3.Secret {
	if text == "" {
		return s3.Secret{}
	}
	return s3.NewSecret(text)
}
