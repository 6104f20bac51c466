package e2e

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/h5serve/h5serve/e2e/reference"
	"github.com/h5serve/h5serve/e2e/s3server"
)

// samples are HDF5 files as they lie about: of libhdf5 with its defaults, with
// gzip, under a key that must be escaped, and of our own making.
type samples struct {
	folder string
	keys   []string
	values values
}

// values are, for each key, the title and the SHA-256 of every dataset's values.
type values map[string]map[string]string

const oddKey = "odd=a+b c/μ é.h5"

func makeSamples(t *testing.T) *samples {
	t.Helper()
	s := &samples{folder: t.TempDir(), keys: []string{"default.h5", "gzip.h5", oddKey, "made.h5"}}
	python := reference.Current(t)
	script(t, python, "proxy_samples.py", append([]string{s.folder}, s.keys[:3]...)...)
	command(t, program(t), "build", filepath.Join("testdata", "proxied.json"), "-o", filepath.Join(s.folder, "made.h5"))
	s.values = readValues(t, script(t, python, "proxy_values.py", append([]string{"local", s.folder}, s.keys...)...))
	for _, key := range s.keys {
		if found := s.values[key]; len(found) < 5 || found["cube"] == "" || found["grid"] == "" || found["title"] == "" {
			t.Fatalf("%s has %v", key, found)
		}
	}
	return s
}

func readValues(t *testing.T, text string) values {
	t.Helper()
	var v values
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("%v: %.500s", err, text)
	}
	return v
}

func (s *samples) content(t *testing.T, key string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(s.folder, key))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// proxy is h5serve with the samples in its store far.
type proxy struct {
	*server
	*samples
	upstream *s3server.Counted // nil: a folder
	page     string            // of another origin, which may read
	signing  []string          // the environment of clients that sign; empty: of those that do not
}

// overFolder serves a folder; its S3 listener answers signed requests alone.
func overFolder(t *testing.T, s *samples) *proxy {
	t.Setenv("H5SERVE_S3_KEY", "a-client:canary+of/the=key")
	p := &proxy{samples: s, signing: []string{"AWS_ACCESS_KEY_ID=a-client", "AWS_SECRET_ACCESS_KEY=canary+of/the=key"}}
	p.start(t, "far="+s.folder)
	return p
}

// overS3 serves a bucket of another server; its own S3 listener answers everybody.
func overS3(t *testing.T, s *samples) *proxy {
	remote := s3server.Start(t)
	bucket := newBucket(remote)
	for _, key := range s.keys {
		remote.Put(bucket, key, s.content(t, key))
	}
	p := &proxy{samples: s, upstream: remote.Counted()}
	t.Setenv("H5SERVE_STORE_FAR_SECRET_ID", remote.AccessKey)
	t.Setenv("H5SERVE_STORE_FAR_SECRET_KEY", remote.SecretKey)
	p.start(t, "far=s3://"+bucket+"?path-style=true&region="+remote.Region+"&endpoint="+p.upstream.Endpoint)
	return p
}

func (p *proxy) start(t *testing.T, store string) {
	t.Helper()
	p.page = servePage(t)
	p.server = serve(t, "--s3-listen", "127.0.0.1:0", "--s3-domain", "s3.localhost", "--store", store, "--cors-origin", p.page)
}

// base is what the keys of the read proxy follow.
func (p *proxy) base() string { return p.URL + "/v1/stores/far" }

// at is the address of an object of the read proxy.
func (p *proxy) at(key string) string { return p.base() + escapedPath(key) }

// escapedPath escapes all that can be, as clients that sign must.
func escapedPath(key string) string {
	parts := strings.Split(key, "/")
	for i, part := range parts {
		parts[i] = strings.ReplaceAll(url.QueryEscape(part), "+", "%20")
	}
	return "/" + strings.Join(parts, "/")
}

// asked is what clients asked for so far and what it may cost the store, as
// the server's log tells.
func (p *proxy) asked() (c s3server.Counts) {
	const answer = 1 << 10 // an error's document there may be longer than ours
	for line := range strings.Lines(p.log.String()) {
		var said struct {
			Message, Method string
			Status          int
			Bytes           int64
			Aborted         bool
		}
		if json.Unmarshal([]byte(line), &said) != nil || said.Message != "request" {
			continue
		}
		switch {
		case said.Method == http.MethodHead:
			c.Heads++
		case said.Method == http.MethodGet:
			c.Gets++
		}
		if said.Status == http.StatusRequestedRangeNotSatisfiable {
			c.Heads++ // S3 does not tell the size with it
		}
		c.Bytes += said.Bytes + answer
		if said.Aborted {
			c.Bytes += 1 << 30 // what was on its way is not known
		}
	}
	return c
}

// holdUpstream holds that what clients asked for since then cost the store no
// more: one GET for a GET, one HEAD for a HEAD, and the bytes that were sent.
func (p *proxy) holdUpstream(t *testing.T, before s3server.Counts) {
	t.Helper()
	if p.upstream == nil {
		return
	}
	var got, asked s3server.Counts
	for end := time.Now().Add(patience / 10); time.Now().Before(end); time.Sleep(5 * time.Millisecond) { // the log comes after the answer
		got, asked = p.upstream.Counts(), p.asked()
		asked.Gets, asked.Heads, asked.Bytes = asked.Gets-before.Gets, asked.Heads-before.Heads, asked.Bytes-before.Bytes
		if got.Gets > 0 && got.Gets <= asked.Gets && got.Heads <= asked.Heads && got.Others == 0 && got.Bytes <= asked.Bytes {
			return
		}
	}
	t.Errorf("the store was asked for %+v, by clients for %+v", got, asked)
}

// TestUpstreamRequests counts what single requests cost the store.
func TestUpstreamRequests(t *testing.T) {
	p := overS3(t, makeSamples(t))
	want := p.content(t, oddKey)
	head, _ := get(t, p.at(oddKey), http.StatusOK)
	tag, date := head.Header.Get("ETag"), head.Header.Get("Last-Modified")
	size := int64(len(want))
	for _, c := range []struct {
		name         string
		method, from string
		header       []string
		status       int
		part         []byte
		upstream     s3server.Counts // its Rounds and Peak are not looked at
	}{
		{"whole", "GET", p.at(oddKey), nil, 200, want, s3server.Counts{Gets: 1, Bytes: size}},
		{"head", "HEAD", p.at(oddKey), nil, 200, nil, s3server.Counts{Heads: 1}},
		{"range", "GET", p.at(oddKey), []string{"Range", "bytes=4000-1003999"}, 206, want[4000:1004000], s3server.Counts{Gets: 1, Bytes: 1e6}},
		{"suffix", "GET", p.at(oddKey), []string{"Range", "bytes=-77"}, 206, want[size-77:], s3server.Counts{Gets: 1, Bytes: 77}},
		{"resumed", "GET", p.at(oddKey), []string{"Range", "bytes=6000000-", "If-Range", tag}, 206, want[6000000:], s3server.Counts{Gets: 1, Bytes: size - 6000000}},
		{"resumed by date", "GET", p.at(oddKey), []string{"Range", "bytes=-9", "If-Range", date}, 206, want[size-9:], s3server.Counts{Gets: 1, Bytes: 9}},
		{"known", "GET", p.at(oddKey), []string{"If-None-Match", tag}, 304, nil, s3server.Counts{Gets: 1}},
		{"pinned", "GET", p.at(oddKey), []string{"If-Match", tag, "Range", "bytes=0-7"}, 206, want[:8], s3server.Counts{Gets: 1, Bytes: 8}},
		{"S3 head", "HEAD", p.S3 + "/far" + escapedPath(oddKey), nil, 200, nil, s3server.Counts{Heads: 1}},
		{"S3 range", "GET", p.S3 + "/far" + escapedPath(oddKey), []string{"Range", "bytes=9-99"}, 206, want[9:100], s3server.Counts{Gets: 1, Bytes: 91}},
	} {
		t.Run(c.name, func(t *testing.T) {
			req, err := http.NewRequestWithContext(t.Context(), c.method, c.from, http.NoBody)
			if err != nil {
				t.Fatal(err)
			}
			for i := 0; i < len(c.header); i += 2 {
				req.Header.Set(c.header[i], c.header[i+1])
			}
			p.upstream.Reset()
			if _, got := do(t, req, c.status); !bytes.Equal(got, c.part) {
				t.Errorf("%d bytes, expected %d", len(got), len(c.part))
			}
			got := p.upstream.Counts()
			if got.Rounds, got.Peak = 0, 0; got != c.upstream {
				t.Errorf("the store was asked for %+v, expected %+v", got, c.upstream)
			}
		})
	}
}
