// Package web is a store behind a plain web server: objects are read by range
// below one address that the operator gave. It cannot be listed.
//
// An origin that sends no strong ETag gets one made of Last-Modified and the
// size, which tells two versions apart as well as those do.
package web

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/h5serve/h5serve/storage"
)

// Store is what lies below a base URL.
type Store struct {
	name     string
	base     *url.URL
	attempts int
	patience time.Duration
	client   *http.Client
}

var _ storage.Store = (*Store)(nil)

// Open checks the configuration. It asks the origin nothing.
func Open(c Config) (*Store, error) {
	base, err := url.Parse(c.BaseURL)
	if err != nil || base.Scheme != "http" && base.Scheme != "https" || base.Host == "" {
		return nil, errors.New("web: the base is not a URL such as https://host/folder")
	}
	if base.User != nil || base.RawQuery != "" || base.Fragment != "" {
		return nil, errors.New("web: the base URL may have neither user, query nor fragment")
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
	client := &http.Client{Transport: newTransport(c.Timeouts), CheckRedirect: sameOrigin}
	return &Store{name: c.Name, base: base, attempts: c.MaxAttempts, patience: c.Timeouts.Patience, client: client}, nil
}

// Close lets go of the idle connections.
func (s *Store) Close() error {
	s.client.CloseIdleConnections()
	return nil
}

func newTransport(t Timeouts) *http.Transport {
	return &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: t.Connect, KeepAlive: 30 * time.Second}).DialContext,
		TLSHandshakeTimeout:   t.Connect,
		ResponseHeaderTimeout: t.Patience,
		MaxIdleConns:          256,
		MaxIdleConnsPerHost:   128,
		IdleConnTimeout:       60 * time.Second,
		DisableCompression:    true,
		TLSNextProto:          map[string]func(string, *tls.Conn) http.RoundTripper{},
		ReadBufferSize:        64 << 10,
	}
}

var errElsewhere = errors.New("the origin redirects to another host")

// sameOrigin follows redirects that stay at the origin, and few of them.
func sameOrigin(r *http.Request, via []*http.Request) error {
	if r.URL.Scheme != via[0].URL.Scheme || r.URL.Host != via[0].URL.Host {
		return errElsewhere
	}
	if len(via) > 5 {
		return errors.New("the origin redirects again and again")
	}
	return nil
}

// address is where an object lies, or false where the origin cannot have the
// key: segments "." and ".." would lead out of the base.
func (s *Store) address(key string) (*url.URL, bool) {
	if !storage.ValidKey(key) {
		return nil, false
	}
	segments := strings.Split(key, "/")
	for i, segment := range segments {
		if segment == "." || segment == ".." {
			return nil, false
		}
		segments[i] = url.PathEscape(segment)
	}
	u := *s.base
	u.RawPath = strings.TrimSuffix(s.base.EscapedPath(), "/") + "/" + strings.Join(segments, "/")
	u.Path = strings.TrimSuffix(s.base.Path, "/") + "/" + key
	return &u, true
}

// List is not what a web server can do.
func (s *Store) List(context.Context, storage.Query) (*storage.Page, error) {
	return nil, s.fail("list", "", storage.ErrUnsupported, errors.New("a web origin has no list of its objects"))
}

func (s *Store) fail(op, key string, kind, err error) error {
	return &storage.Error{Op: op, Store: s.name, Key: key, Kind: kind, Err: err}
}

// send sends a request until it is answered by something else than a passing
// fault, waiting longer each time.
func (s *Store) send(ctx context.Context, method, op, key string, r storage.Range, c storage.Conditions) (*http.Response, error) {
	u, ok := s.address(key)
	if !ok {
		return nil, s.fail(op, key, storage.ErrNotFound, errors.New("a web origin cannot have this key"))
	}
	for try := 1; ; try++ {
		request, err := http.NewRequestWithContext(ctx, method, u.String(), nil)
		if err != nil {
			return nil, s.fail(op, key, storage.ErrNotFound, errors.New("a web origin cannot have this key"))
		}
		request.URL = u
		request.Header = headers(r, c)
		resp, err := s.client.Do(request)
		if try >= s.attempts || !passing(ctx, resp, err) {
			if err != nil {
				return nil, s.explain(ctx, op, key, err)
			}
			return resp, nil
		}
		if resp != nil {
			resp.Body.Close()
		}
		if !pause(ctx, try) {
			return nil, s.fail(op, key, storage.ErrUnavailable, ctx.Err())
		}
	}
}

// headers of a request. A tag that we made ourselves means nothing to the origin.
func headers(r storage.Range, c storage.Conditions) http.Header {
	h := http.Header{"Accept-Encoding": {"identity"}, "User-Agent": {"h5serve"}}
	if text := r.Header(); text != "" {
		h.Set("Range", text)
	}
	if c.IfMatch != "" && !made(c.IfMatch) {
		h.Set("If-Match", c.IfMatch)
	}
	if c.IfNoneMatch != "" && !made(c.IfNoneMatch) {
		h.Set("If-None-Match", c.IfNoneMatch)
	}
	return h
}

// passing tells faults that a later try may not meet.
func passing(ctx context.Context, resp *http.Response, err error) bool {
	if err != nil {
		return ctx.Err() == nil && !errors.Is(err, errElsewhere)
	}
	switch resp.StatusCode {
	case http.StatusRequestTimeout, http.StatusTooManyRequests, http.StatusInternalServerError,
		http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}

func pause(ctx context.Context, try int) bool {
	ceiling := min(100*time.Millisecond<<min(try-1, 16), 8*time.Second)
	timer := time.NewTimer(ceiling/2 + rand.N(ceiling/2+1))
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// made tells a tag of ours from one of the origin.
func made(tag string) bool { return strings.HasPrefix(tag, madeTag) }

const madeTag = `"h5serve-`

func tagOf(h http.Header, size uint64) string {
	if tag := h.Get("ETag"); strings.HasPrefix(tag, `"`) {
		return tag
	}
	if at, err := http.ParseTime(h.Get("Last-Modified")); err == nil {
		return fmt.Sprintf(`%s%x-%x"`, madeTag, at.Unix(), size)
	}
	return ""
}
