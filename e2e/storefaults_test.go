package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	toxiproxy "github.com/Shopify/toxiproxy/v2"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"
	"go.uber.org/goleak"

	"github.com/h5serve/h5serve/e2e/s3server"
	"github.com/h5serve/h5serve/storage"
	"github.com/h5serve/h5serve/storage/s3"
)

// refused checks an error's kind, the words in it, and that it tells no secret.
func refused(t *testing.T, server *s3server.Server, err, kind error, words ...string) {
	t.Helper()
	var e *storage.Error
	if !errors.As(err, &e) || !errors.Is(err, kind) {
		t.Errorf("got %v, want %v", err, kind)
		return
	}
	for _, word := range words {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("%q is not in %v", word, err)
		}
	}
	for _, secret := range []string{server.SecretKey, server.AccessKey, "X-Amz", "AWS4", "http://"} {
		if strings.Contains(err.Error(), secret) {
			t.Errorf("%q in %v", secret, err)
		}
	}
}

func TestS3Refusals(t *testing.T) {
	leaks := goleak.IgnoreCurrent()
	t.Run("server", func(t *testing.T) {
		server := s3server.Start(t)
		bucket := newBucket(server)
		server.Put(bucket, "a+b c=d/é.h5", []byte("content"))
		server.AllowReading(bucket)
		elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, server.Endpoint+r.URL.RequestURI(), http.StatusTemporaryRedirect)
		}))
		t.Cleanup(elsewhere.Close)
		for _, c := range []struct {
			name   string
			change func(*s3.Config)
			kind   error // nil: it may read
			list   error
			word   string
		}{
			{"right", func(*s3.Config) {}, nil, nil, ""},
			{"wrong key", func(c *s3.Config) { c.SecretKey = s3.NewSecret("wrong") }, storage.ErrDenied, storage.ErrDenied, "403 SignatureDoesNotMatch"},
			{"unknown id", func(c *s3.Config) { c.SecretID = "nobody" }, storage.ErrDenied, storage.ErrDenied, "404 XAdminUserNotFound"},
			{"wrong region", func(c *s3.Config) { c.Region = "us-west-2" }, storage.ErrUnavailable, storage.ErrUnavailable, "us-west-2"},
			{"no such bucket", func(c *s3.Config) { c.Bucket = "nowhere" }, storage.ErrNotFound, storage.ErrNotFound, "NoSuchBucket"},
			{"redirect", func(c *s3.Config) { c.Endpoint = elsewhere.URL }, storage.ErrUnavailable, storage.ErrUnavailable, "307"},
			{"no list right", func(c *s3.Config) {
				*c = s3.Config{Name: c.Name, Bucket: c.Bucket, Endpoint: c.Endpoint, PathStyle: true, Anonymous: true}
			}, nil, storage.ErrDenied, ""},
		} {
			config := s3Config(server, bucket)
			c.change(&config)
			s := openS3(t, config)
			part, err := s.Get(t.Context(), "a+b c=d/é.h5", storage.Range{First: 3}, storage.Conditions{})
			if err == nil {
				var got []byte
				got, err = io.ReadAll(part.Body)
				part.Body.Close()
				if string(got) != "tent" {
					t.Errorf("%s: got %q", c.name, got)
				}
			}
			if c.kind != nil {
				refused(t, server, err, c.kind, c.word)
			} else if err != nil {
				t.Errorf("%s: %v", c.name, err)
			}
			if _, err = s.List(t.Context(), storage.Query{}); c.list != nil {
				refused(t, server, err, c.list)
			} else if err != nil {
				t.Errorf("%s: %v", c.name, err)
			}
		}
	})
	goleak.VerifyNone(t, leaks)
}

// TestFirstReadIsOneRequest counts what a first look at an object costs.
func TestFirstReadIsOneRequest(t *testing.T) {
	server := s3server.Start(t)
	bucket := newBucket(server)
	server.Put(bucket, "object", bytes.Repeat([]byte("x"), 3<<20))
	counted := server.Counted()
	counted.SetLatency(50 * time.Millisecond)
	config := s3Config(server, bucket)
	config.Endpoint = counted.Endpoint
	s := openS3(t, config)
	for range 2 { // two rounds: what is known after the first, and four reads at once
		var group sync.WaitGroup
		counted.Reset()
		for i := range 4 {
			group.Go(func() {
				part, err := s.Get(t.Context(), "object", storage.Range{First: uint64(i) << 19, Length: 1 << 19}, storage.Conditions{})
				if err != nil {
					t.Error(err)
					return
				}
				defer part.Body.Close()
				if n, err := io.Copy(io.Discard, part.Body); n != 1<<19 || err != nil || part.Size != 3<<20 {
					t.Errorf("%d bytes of %d, %v", n, part.Size, err)
				}
			})
		}
		group.Wait()
		if got, want := counted.Counts(), (s3server.Counts{Gets: 4, Bytes: 2 << 20, Rounds: 1, Peak: 4}); got != want {
			t.Errorf("got %+v, want %+v", got, want)
		}
	}
	counted.Reset()
	for range 3 {
		if _, err := s.Stat(t.Context(), "object", storage.Conditions{}); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := counted.Counts(), (s3server.Counts{Heads: 3, Rounds: 3, Peak: 1}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// poisoned puts a proxy with a fault before a server.
func poisoned(t *testing.T, server *s3server.Server, toxic string) string {
	t.Helper()
	target, err := url.Parse(server.Endpoint)
	if err != nil {
		t.Fatal(err)
	}
	api := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(prometheus.NewRegistry()), zerolog.Nop())
	proxy := toxiproxy.NewProxy(api, "s3", "127.0.0.1:0", target.Host)
	if err = proxy.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(proxy.Stop)
	if _, err = proxy.Toxics.AddToxicJson(strings.NewReader(toxic)); err != nil {
		t.Fatal(err)
	}
	return "http://" + proxy.Listen
}

// itself are goroutines that toxiproxy forgets when a fault broke its connections.
func itself() []goleak.Option {
	options := []goleak.Option{goleak.IgnoreCurrent()}
	for _, function := range []string{".(*ToxicLink).read", ".(*ToxicLink).write", "/toxics.(*ToxicStub).Run"} {
		options = append(options, goleak.IgnoreAnyFunction("github.com/Shopify/toxiproxy/v2"+function))
	}
	return options
}

// TestS3ThroughABadNetwork wants the right bytes, or a clear error in time.
func TestS3ThroughABadNetwork(t *testing.T) {
	leaks := itself()
	t.Run("server", func(t *testing.T) {
		server := s3server.Start(t)
		bucket := newBucket(server)
		content := make([]byte, 2<<20)
		for i := range content {
			content[i] = byte(i>>12) ^ byte(i)
		}
		server.Put(bucket, "object", content)
		for _, c := range []struct {
			toxic string // as toxiproxy's README writes it
			right bool   // the bytes must come
		}{
			{`{"type": "latency", "attributes": {"latency": 100, "jitter": 50}}`, true},
			{`{"type": "slicer", "attributes": {"average_size": 1000, "size_variation": 500, "delay": 10}}`, true},
			{`{"type": "bandwidth", "attributes": {"rate": 8000}}`, true},
			{`{"type": "limit_data", "attributes": {"bytes": 300000}}`, true}, // every connection ends after that much
			{`{"type": "limit_data", "attributes": {"bytes": 300}}`, false},
			{`{"type": "limit_data", "attributes": {"bytes": 0}}`, false},
			{`{"type": "reset_peer", "attributes": {"timeout": 0}}`, false},
			{`{"type": "reset_peer", "toxicity": 0.4, "attributes": {"timeout": 5}}`, false},
			{`{"type": "timeout", "attributes": {"timeout": 0}}`, false}, // nothing comes, nothing ends
			{`{"type": "timeout", "stream": "upstream", "attributes": {"timeout": 0}}`, false},
			{`{"type": "slow_close", "attributes": {"delay": 100}}`, true},
		} {
			t.Run(c.toxic, func(t *testing.T) {
				config := s3Config(server, bucket)
				config.Endpoint = poisoned(t, server, c.toxic)
				config.MaxAttempts, config.Timeouts = 2, s3.Timeouts{Patience: 3 * time.Second}
				ctx, cancel := context.WithTimeout(t.Context(), patience)
				defer cancel()
				err := readAll(ctx, openS3(t, config), content)
				var e *storage.Error
				switch {
				case errors.Is(err, context.DeadlineExceeded), err != nil && !errors.As(err, &e), c.right && err != nil:
					t.Errorf("got %v", err)
				case err != nil:
					refused(t, server, err, storage.ErrUnavailable)
				}
			})
		}
	})
	goleak.VerifyNone(t, leaks...)
}

// readAll reads an object from its 1000th byte on, and compares it.
func readAll(ctx context.Context, s storage.Store, want []byte) error {
	part, err := s.Get(ctx, "object", storage.Range{First: 1000}, storage.Conditions{})
	if err != nil {
		return err
	}
	defer part.Body.Close()
	got, err := io.ReadAll(part.Body)
	if err == nil && !bytes.Equal(got, want[1000:]) {
		return fmt.Errorf("%d bytes that are not those of the object", len(got))
	}
	return err
}
