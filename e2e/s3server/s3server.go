// Package s3server starts a real S3 server for tests: versitygw over a
// temporary folder, which checks every signature.
//
//	test ──► Counted (a proxy that counts and delays) ──► versitygw ──► folder
package s3server

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

// patience bounds what must come soon.
const patience = 30 * time.Second

// Server is an S3 server that runs until its test ends.
type Server struct {
	Endpoint  string // http://127.0.0.1:port
	AccessKey string
	SecretKey string
	Region    string

	t testing.TB
}

// binary is the server's program. The go command builds it once and keeps it in
// its cache.
var binary = sync.OnceValues(func() (string, error) {
	_, here, _, _ := runtime.Caller(0)
	cmd := exec.Command("go", "tool", "-n", "versitygw")
	cmd.Dir = filepath.Dir(here)
	var problems bytes.Buffer
	cmd.Stderr = &problems
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("go tool versitygw: %w\n%s", err, problems.String())
	}
	return strings.TrimSpace(string(out)), nil
})

// Start starts a server without buckets.
func Start(t testing.TB) *Server {
	t.Helper()
	program, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	for range 5 { // another process may take the port between our look and the server's
		s := &Server{AccessKey: "e2e-access-key", SecretKey: "e2e-secret-canary-0123456789", Region: "eu-test-1", t: t}
		if s.run(program) {
			return s
		}
	}
	t.Fatal("the S3 server does not start")
	return nil
}

func freeAddress(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// run starts the program and waits until it answers.
func (s *Server) run(program string) bool {
	s.t.Helper()
	address, objects, metadata := freeAddress(s.t), s.t.TempDir(), s.t.TempDir()
	cmd := exec.Command(program, "--port", address, "--region", s.Region, "--keep-alive", "--quiet", "--health", "/health",
		"posix", "--sidecar", metadata, objects)
	cmd.Env = append(os.Environ(), "ROOT_ACCESS_KEY="+s.AccessKey, "ROOT_SECRET_KEY="+s.SecretKey)
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = cmd.Wait()
	}()
	s.t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-ended
		if s.t.Failed() {
			s.t.Logf("versitygw: %s", said.String())
		}
	})
	s.Endpoint = "http://" + address
	return s.answers(ended)
}

func (s *Server) answers(ended <-chan struct{}) bool {
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.Endpoint+"/health", nil)
		if err != nil {
			s.t.Fatal(err)
		}
		if resp, err := client.Do(request); err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return true
			}
		}
		select {
		case <-ended:
			return false
		case <-ctx.Done():
			return false
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// Bucket makes a bucket.
func (s *Server) Bucket(name string) {
	s.t.Helper()
	s.do(http.MethodPut, "/"+name, "", nil)
}

// Put puts an object into a bucket that is there.
func (s *Server) Put(bucket, key string, content []byte) {
	s.t.Helper()
	s.do(http.MethodPut, "/"+bucket+"/"+escape(key), "", content)
}

// Policy sets a bucket's policy, a JSON document.
func (s *Server) Policy(bucket, document string) {
	s.t.Helper()
	s.do(http.MethodPut, "/"+bucket, "policy=", []byte(document))
}

// AllowReading lets anybody read a bucket's objects, but not list them.
func (s *Server) AllowReading(bucket string) {
	s.t.Helper()
	s.Policy(bucket, `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*",
		"Action": "s3:GetObject", "Resource": "arn:aws:s3:::`+bucket+`/*"}]}`)
}

// do sends a signed request, which must succeed.
func (s *Server) do(method, path, query string, content []byte) {
	s.t.Helper()
	if err := s.try(method, path, query, content); err != nil {
		s.t.Fatal(err)
	}
}

func (s *Server) try(method, path, query string, content []byte) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, s.Endpoint, bytes.NewReader(content))
	if err != nil {
		return err
	}
	decoded, err := url.PathUnescape(path)
	if err != nil {
		return err
	}
	request.URL.Path, request.URL.RawPath, request.URL.RawQuery = decoded, path, query
	s.sign(request, content, time.Now().UTC())
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(request)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	said, err := io.ReadAll(resp.Body)
	if resp.StatusCode >= 300 {
		return errors.Join(err, fmt.Errorf("%s %s: %s %s", method, path, resp.Status, said))
	}
	return err
}
