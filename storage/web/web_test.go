package web_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/h5serve/h5serve/storage"
	"github.com/h5serve/h5serve/storage/storagetest"
	"github.com/h5serve/h5serve/storage/web"
)

// origin is a web server over what lies in memory.
type origin struct {
	mu      sync.Mutex
	content map[string][]byte // by escaped path
	tagged  bool
	version int
}

func (o *origin) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	o.mu.Lock()
	content, ok := o.content[r.URL.Path]
	version := o.version
	o.mu.Unlock()
	if !ok {
		http.NotFound(w, r)
		return
	}
	if o.tagged {
		w.Header().Set("ETag", fmt.Sprintf(`"%d-%x"`, len(content), content[:min(len(content), 8)]))
	}
	http.ServeContent(w, r, "", time.Unix(int64(1_700_000_000+version), 0), bytes.NewReader(content))
}

func (o *origin) set(key string, content []byte) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.version++
	o.content["/base"+"/"+key] = content
}

func open(t *testing.T, handler http.Handler) *web.Store {
	t.Helper()
	leaks := goleak.IgnoreCurrent()
	server := httptest.NewServer(handler)
	s, err := web.Open(web.Config{
		Name: "far", BaseURL: server.URL + "/base/", MaxAttempts: 3, Timeouts: web.Timeouts{Patience: 20 * time.Second},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		server.Close()
		goleak.VerifyNone(t, leaks)
	})
	return s
}

func TestStore(t *testing.T) {
	for _, tagged := range []bool{true, false} {
		var o *origin
		t.Run(fmt.Sprintf("ETag %v", tagged), func(t *testing.T) {
			storagetest.Run(t, func(t *testing.T) storage.Store {
				o = &origin{content: map[string][]byte{}, tagged: tagged}
				return open(t, o)
			}, storagetest.Options{
				Add:    func(_ *testing.T, _ storage.Store, key string, content []byte) { o.set(key, content) },
				Omit:   func(key string) bool { return strings.HasPrefix(key, ".") || strings.Contains(key, "/.") },
				NoList: true,
			})
		})
	}
}

func TestKeysThatLeaveTheBase(t *testing.T) {
	s := open(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { t.Errorf("asked for %s", r.URL) }))
	for _, key := range []string{"..", "../x", "a/../../x", ".", "a/./b"} {
		if _, err := s.Get(t.Context(), key, storage.Range{}, storage.Conditions{}); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("%q: %v", key, err)
		}
	}
}

func TestRedirects(t *testing.T) {
	other := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { t.Errorf("another host was asked for %s", r.URL) }))
	defer other.Close()
	s := open(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/base/near":
			http.Redirect(w, r, "/elsewhere", http.StatusFound)
		case "/base/far":
			http.Redirect(w, r, other.URL+"/secret?token=canary", http.StatusFound)
		case "/base/round":
			http.Redirect(w, r, r.URL.Path, http.StatusFound)
		default:
			_, _ = io.WriteString(w, "content")
		}
	}))
	if got, err := read(t, s, "near"); got != "content" || err != nil {
		t.Errorf("near: %q, %v", got, err)
	}
	for key, word := range map[string]string{"far": "another host", "round": "again and again"} {
		_, err := read(t, s, key)
		if !errors.Is(err, storage.ErrUnavailable) || !strings.Contains(err.Error(), word) || strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: %v", key, err)
		}
	}
}

func read(t *testing.T, s storage.Store, key string) (string, error) {
	t.Helper()
	p, err := s.Get(t.Context(), key, storage.Range{}, storage.Conditions{})
	if err != nil {
		return "", err
	}
	defer p.Body.Close()
	got, err := io.ReadAll(p.Body)
	return string(got), err
}

func TestPassingFaults(t *testing.T) {
	requests := 0
	s := open(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch requests++; requests {
		case 1:
			w.WriteHeader(http.StatusServiceUnavailable)
		case 2:
			panic(http.ErrAbortHandler)
		default:
			http.ServeContent(w, r, "", time.Unix(1_700_000_000, 0), strings.NewReader("content"))
		}
	}))
	if got, err := read(t, s, "key"); got != "content" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestStatuses(t *testing.T) {
	status := 0
	s := open(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }))
	for code, kind := range map[int]error{
		401: storage.ErrDenied, 403: storage.ErrDenied, 404: storage.ErrNotFound, 410: storage.ErrNotFound,
		412: storage.ErrChanged, 500: storage.ErrUnavailable, 416: storage.ErrUnavailable, 204: storage.ErrUnavailable,
	} {
		status = code
		if _, err := read(t, s, "key"); !errors.Is(err, kind) {
			t.Errorf("%d: %v, want %v", code, err, kind)
		}
	}
}

func TestBasesThatAreNone(t *testing.T) {
	for _, base := range []string{"", "host", "ftp://host/", "file:///etc", "https://user:canary@host/", "https://host/?q=canary", "http://%zz"} {
		if _, err := web.Open(web.Config{BaseURL: base}); err == nil || strings.Contains(err.Error(), "canary") {
			t.Errorf("%q: %v", base, err)
		}
	}
}
