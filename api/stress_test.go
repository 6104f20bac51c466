package api

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// settle waits until nothing is worked on.
func (h *house) settle() {
	h.t.Helper()
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		if h.idle() {
			return
		}
		if time.Now().After(end) {
			h.t.Fatal("something still runs or is pinned after 10 s")
		}
	}
}

func (h *house) idle() bool {
	if !h.work.TryAcquire(h.settings.Work) {
		return false
	}
	h.work.Release(h.settings.Work)
	h.shelf.mu.Lock()
	defer h.shelf.mu.Unlock()
	for _, p := range h.shelf.plans {
		if p.pins > 0 || p.making != nil {
			return false
		}
	}
	return true
}

// Clients that go away, in the body, in the work and in the answer, leave nothing behind.
func TestDisconnects(t *testing.T) {
	h := newHouse(t)
	body := strings.Replace(large(1<<30), `"data"`, `"chunks":[16384],"compression":"gzip","data"`, 1)
	gone := []func(c net.Conn){
		func(c net.Conn) { fmt.Fprintf(c, "POST /v1/files HTTP/1.1\r\nHost: localhost\r\nContent-Le") },
		func(c net.Conn) {
			fmt.Fprintf(c, "POST /v1/files HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n{%s", strings.Repeat(" ", 70_000))
		},
		func(c net.Conn) {
			fmt.Fprintf(c, "POST /v1/files HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
		},
		func(c net.Conn) {
			ramp := large(1 << 24)
			fmt.Fprintf(c, "POST /v1/files HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n%s", len(ramp), ramp)
			_, _ = io.CopyN(io.Discard, c, 100_000)
		},
		func(c net.Conn) {
			fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: localhost\r\nRange: bytes=0-99999,200000-399999\r\n\r\n", addressOf(large(1<<20)))
			_, _ = io.CopyN(io.Discard, c, 1000)
		},
	}
	var all sync.WaitGroup
	for i := range 50 {
		all.Go(func() {
			c, err := net.Dial("tcp", strings.TrimPrefix(h.url, "http://"))
			if err != nil {
				t.Error(err)
				return
			}
			gone[i%len(gone)](c)
			_ = c.(*net.TCPConn).SetLinger(0)
			_ = c.Close()
		})
	}
	all.Wait()
	h.settle()
	h.evictLater()
}

// evictLater lets everything idle go; requests that were cut may still be on their way out.
func (h *house) evictLater() {
	h.t.Helper()
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		h.shelf.makeRoom(h.budget.Limit())
		if h.budget.Used() == 0 {
			return
		}
		if time.Now().After(end) {
			h.t.Fatalf("%d bytes are held after 10 s", h.budget.Used())
		}
	}
}

// Under a spool that is too small for all, every reader gets its own file whole.
func TestEvictionUnderLoad(t *testing.T) {
	h := newHouse(t, func(s *Settings) { s.Spool = 1 << 20 })
	const files = 12
	bodies, want := make([]string, files), make([][]byte, files)
	for i := range files {
		bodies[i] = fmt.Sprintf(`{"datasets":{"x":[%d,%s]}}`, i, random(20_000))
		r := h.post("/v1/files", bodies[i])
		r.want(t, 200, "")
		want[i] = r.body
	}
	var all sync.WaitGroup
	for worker := range 6 {
		all.Go(func() {
			for k := range files {
				i := (k*5 + worker*7) % files
				r := h.post("/v1/plans", bodies[i])
				down := h.get(r.Header.Get("Location")+"/file", "Range: bytes=1000-")
				if down.StatusCode != 206 || !bytes.Equal(down.body, want[i][1000:]) {
					t.Errorf("file %d: %d, %d bytes", i, down.StatusCode, len(down.body))
				}
			}
		})
	}
	all.Wait()
}

// A server that has no room answers 503 after a short wait.
func TestBusy(t *testing.T) {
	h := newHouse(t, func(s *Settings) { s.Wait = time.Millisecond })
	if err := h.work.Acquire(t.Context(), h.settings.Work); err != nil {
		t.Fatal(err)
	}
	r := h.post("/v1/files", ten)
	r.want(t, 503, "busy")
	if r.Header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	h.get(addressOf(ten)).want(t, 503, "busy")
	h.work.Release(h.settings.Work)
	h.post("/v1/files", ten).want(t, 200, "")
}

// The header comes before the first element is made, and names the length.
func TestHeaderComesFirst(t *testing.T) {
	h := newHouse(t)
	c, err := net.Dial("tcp", strings.TrimPrefix(h.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	body := large(1 << 29)
	fmt.Fprintf(c, "POST /v1/files HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
	r, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	if r.StatusCode != 200 || r.ContentLength < 1<<32 {
		t.Errorf("%d, %d bytes", r.StatusCode, r.ContentLength)
	}
	if used := h.budget.Used(); used > 1<<20 {
		t.Errorf("%d bytes held for elements that are made on demand", used)
	}
	_ = c.Close()
	h.settle()
}

// A client that takes nothing is cut after the patience of the server.
func TestIdleClient(t *testing.T) {
	h := newHouse(t, func(s *Settings) { s.Patience = 100 * time.Millisecond })
	c, err := net.Dial("tcp", strings.TrimPrefix(h.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n", addressOf(large(1<<25)))
	one := make([]byte, 1)
	if _, err := c.Read(one); err != nil {
		t.Fatal(err)
	}
	h.settle() // although the connection is open
}

// A connection serves on after a pause longer than the patience.
func TestPauseBetweenRequests(t *testing.T) {
	h := newHouse(t, func(s *Settings) { s.Patience = 50 * time.Millisecond })
	for range 3 {
		h.post("/v1/files", ten).want(t, 200, "")
		h.get("/livez").want(t, 200, "")
		h.ask(http.MethodHead, addressOf(ten), nil).want(t, 200, "")
		time.Sleep(80 * time.Millisecond)
	}
}

func TestGracefulStop(t *testing.T) {
	s, err := New(func() Settings { set := DefaultSettings(); set.TempDir = t.TempDir(); return set }())
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	served := make(chan error)
	go func() { served <- s.Serve(ctx, Listeners{Main: l}) }()
	r, err := http.Post("http://"+l.Addr().String()+"/v1/files", "application/json", strings.NewReader(large(1<<23)))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	stop()
	got, err := io.Copy(io.Discard, r.Body)
	if err != nil || got != r.ContentLength {
		t.Errorf("%d of %d bytes: %v", got, r.ContentLength, err)
	}
	if err := <-served; err != nil {
		t.Error(err)
	}
	if s.ready.Load() {
		t.Error("still ready")
	}
	if err := s.Close(); err != nil || s.budget.Used() != 0 {
		t.Errorf("%v, %d bytes held", err, s.budget.Used())
	}
	http.DefaultClient.CloseIdleConnections()
}
