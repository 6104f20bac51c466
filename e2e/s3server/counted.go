package s3server

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"sync"
	"sync/atomic"
	"time"
)

// Counts are what a client asked for.
type Counts struct {
	Gets, Heads, Others int
	Bytes               int64 // of the bodies of answers
	Rounds              int   // of requests that had to wait for another one
	Peak                int   // requests at once
}

// Counted is a proxy before a server. It counts requests, and the rounds that
// they come in: a request is of round 1 + the highest round that was over when
// it came. With a latency that is long beside the client's own time, rounds are
// what a far client waits for.
type Counted struct {
	Endpoint string
	latency  atomic.Int64

	mu    sync.Mutex
	now   Counts
	over  int
	going int
}

// Counted starts a proxy before the server.
func (s *Server) Counted() *Counted {
	s.t.Helper()
	target, err := url.Parse(s.Endpoint)
	if err != nil {
		s.t.Fatal(err)
	}
	c := &Counted{}
	transport := &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 64}
	proxy := &httputil.ReverseProxy{
		Transport: transport,
		Rewrite: func(r *httputil.ProxyRequest) {
			r.Out.URL.Scheme, r.Out.URL.Host = target.Scheme, target.Host
			r.Out.URL.RawQuery = r.In.URL.RawQuery
			r.Out.Host = r.In.Host // it is signed
		},
		ModifyResponse: func(resp *http.Response) error {
			resp.Body = &body{ReadCloser: resp.Body, counted: c, over: resp.Request.Context().Value(overKey{}).(func())}
			return nil
		},
		ErrorHandler: func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) },
	}
	server := httptest.NewServer(c.count(proxy))
	s.t.Cleanup(func() {
		server.Close()
		transport.CloseIdleConnections()
	})
	c.Endpoint = server.URL
	return c
}

// SetLatency is what every request waits for before it is passed on.
func (c *Counted) SetLatency(d time.Duration) { c.latency.Store(int64(d)) }

// Counts are those since the last Reset.
func (c *Counted) Counts() Counts {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Reset begins to count anew.
func (c *Counted) Reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now, c.over = Counts{}, 0
}

// overKey is where a request's context has what says that it is over.
type overKey struct{}

func (c *Counted) count(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		over := c.begin(r.Method)
		defer over()
		timer := time.NewTimer(time.Duration(c.latency.Load()))
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-r.Context().Done():
			return
		}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), overKey{}, over)))
	})
}

// begin counts a request; what it returns says that it is over.
func (c *Counted) begin(method string) func() {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch method {
	case http.MethodGet:
		c.now.Gets++
	case http.MethodHead:
		c.now.Heads++
	default:
		c.now.Others++
	}
	round := c.over + 1
	c.now.Rounds = max(c.now.Rounds, round)
	c.going++
	c.now.Peak = max(c.now.Peak, c.going)
	return sync.OnceFunc(func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.over = max(c.over, round)
		c.going--
	})
}

// body is that of an answer. Its request is over before the client can have its
// last byte, so that what the client sends then is of the next round.
type body struct {
	io.ReadCloser
	counted *Counted
	over    func()
}

func (b *body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.counted.mu.Lock()
	b.counted.now.Bytes += int64(n)
	b.counted.mu.Unlock()
	if errors.Is(err, io.EOF) {
		b.over()
	}
	return n, err
}
