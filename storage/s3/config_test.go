package s3

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/h5serve/h5serve/storage"
)

func TestConfigThatIsNotWhole(t *testing.T) {
	key := NewSecret("k")
	for _, c := range []struct {
		name   string
		config Config
		want   string // "": it is right
	}{
		{"chain", Config{Bucket: "b"}, ""},
		{"whole", Config{Bucket: "b", SecretID: "i", SecretKey: key, Region: "r"}, ""},
		{"anonymous", Config{Bucket: "b", Anonymous: true}, ""},
		{"no bucket", Config{}, "no bucket"},
		{"id only", Config{Bucket: "b", SecretID: "i"}, "secret_key, region missing"},
		{"key only", Config{Bucket: "b", SecretKey: key}, "secret_id, region missing"},
		{"no region", Config{Bucket: "b", SecretID: "i", SecretKey: key}, ": region missing"},
		{"token only", Config{Bucket: "b", SessionToken: key, Region: "r"}, "secret_id, secret_key missing"},
		{"both", Config{Bucket: "b", Anonymous: true, SecretID: "i"}, "choose one"},
		{"endpoint", Config{Bucket: "b", Endpoint: "host:9000", Anonymous: true}, "endpoint"},
		{"user in the endpoint", Config{Bucket: "b", Endpoint: "http://u:canary@host", Anonymous: true}, "endpoint"},
	} {
		s, err := Open(t.Context(), c.config)
		if s != nil {
			_ = s.Close()
		}
		if c.want == "" != (err == nil) || err != nil && (!strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "canary")) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
}

func TestSecretIsNeverPrinted(t *testing.T) {
	const canary = "canary-4713"
	c := Config{Name: "n", SecretKey: NewSecret(canary), SessionToken: NewSecret(canary)}
	hidden := struct{ c Config }{c}
	var said strings.Builder
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d"} {
		fmt.Fprintf(&said, verb+verb+verb+verb, c, &c, hidden, c.SecretKey)
	}
	asJSON, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	asText, err := c.SecretKey.MarshalText()
	if err != nil {
		t.Fatal(err)
	}
	said.Write(asJSON)
	said.Write(asText)
	slog.New(slog.NewTextHandler(&said, nil)).Info("opened", "config", c, "secret", c.SecretKey)
	for _, form := range []string{canary, fmt.Sprintf("%x", canary), fmt.Sprintf("%X", canary)} {
		if strings.Contains(said.String(), form) {
			t.Errorf("%q in %s", form, said.String())
		}
	}
	if !strings.Contains(string(asJSON), `"SecretKey":"redacted"`) || c.SecretKey.Reveal() != canary || (Secret{}).Reveal() != "" {
		t.Errorf("%s", asJSON)
	}
}

// TestStyles looks at where a request goes in both styles of addressing.
func TestStyles(t *testing.T) {
	var host, path string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, path = r.Host, r.URL.Path
		w.Header().Set("ETag", `"x"`)
		w.Header().Set("Content-Length", "0")
	}))
	defer server.Close()
	for _, c := range []struct {
		pathStyle  bool
		host, path string
	}{
		{true, "s3.example.org", "/bucket/some/prefix/key"},
		{false, "bucket.s3.example.org", "/some/prefix/key"},
	} {
		s, err := Open(t.Context(), Config{
			Bucket: "bucket", Prefix: "some/prefix", Endpoint: "http://s3.example.org", PathStyle: c.pathStyle, Anonymous: true,
		})
		if err != nil {
			t.Fatal(err)
		}
		transport := s.http.Transport.(*http.Transport)
		transport.Proxy = nil
		transport.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, server.Listener.Addr().String())
		}
		if _, err = s.Stat(t.Context(), "key", storage.Conditions{}); err != nil || host != c.host || path != c.path {
			t.Errorf("path style %v: %s %s, %v", c.pathStyle, host, path, err)
		}
		_ = s.Close()
	}
}
