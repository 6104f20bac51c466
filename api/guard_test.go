package api

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/rs/zerolog"
)

func TestHosts(t *testing.T) {
	public, _ := url.Parse("https://files.example.org/h5")
	h := newHouse(t, func(s *Settings) { s.PublicURL = public })
	for host, ok := range map[string]bool{
		"localhost": true, "localhost:8080": true, "LOCALHOST": true, "127.0.0.1:1": true, "[::1]:8080": true, "[::1]": true,
		"files.example.org": true, "files.example.org:443": true,
		"evil.example": false, "127.0.0.1.evil.example": false, "localhost.evil.example:8080": false, "10.0.0.1": false,
	} {
		r := h.get("/", "Host: "+host)
		if ok {
			r.want(t, 200, "")
		} else {
			r.want(t, 421, "wrong_host")
		}
	}
	h.get("/livez", "Host: 10.1.2.3:8080").want(t, 200, "")
	h.get("/readyz", "Host: 10.1.2.3:8080").want(t, 200, "")
}

func TestCrossOrigin(t *testing.T) {
	public, _ := url.Parse("https://files.example.org")
	h := newHouse(t, func(s *Settings) { s.PublicURL = public })
	tests := []struct {
		name   string
		fields []string
		ok     bool
	}{
		{"curl", nil, true},
		{"same origin", []string{"Sec-Fetch-Site: same-origin", "Origin: " + h.url}, true},
		{"typed by the user", []string{"Sec-Fetch-Site: none"}, true},
		{"form of another site", []string{"Sec-Fetch-Site: cross-site", "Origin: https://evil.example"}, false},
		{"form of another port", []string{"Sec-Fetch-Site: same-site", "Origin: http://127.0.0.1:1"}, false},
		{"old browser", []string{"Origin: https://evil.example"}, false},
		{"sandboxed frame", []string{"Origin: null"}, false},
		{"public address", []string{"Origin: https://files.example.org"}, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			for _, path := range []string{"/v1/files", "/v1/plans"} {
				r := h.post(path, ten, test.fields...)
				if !test.ok {
					r.want(t, 403, "cross_origin")
				} else if r.StatusCode >= 300 {
					t.Errorf("%s: %d", path, r.StatusCode)
				}
			}
			h.get(addressOf(ten), test.fields...).want(t, 200, "")
		})
	}
}

func TestRouterProblems(t *testing.T) {
	h := newHouse(t)
	for path, allow := range map[string]string{
		"/v1/files": "POST", "/v1/plans": "POST", "/v1/files/x.h5": "GET, HEAD", "/v1/plans/abc": "GET",
		"/v1/plans/abc/file": "GET, HEAD", "/": "GET, HEAD", "/livez": "GET, HEAD",
	} {
		r := h.ask(http.MethodDelete, path, nil)
		r.want(t, 405, "method_not_allowed")
		if got := strings.Join(r.Header.Values("Allow"), ", "); got != allow {
			t.Errorf("%s: Allow %q, want %q", path, got, allow)
		}
	}
	for _, path := range []string{"/nothing", "/v1", "/v1/files/a/b", "/v1/plans/", "/v1/plans/abc/file/x"} {
		h.get(path).want(t, 404, "not_found")
	}
	h.get("/v1/plans/abc").want(t, 404, "not_found")
	h.get("/v1/plans/aaaaaaaaaaaaaaaaaaaaaaaa").want(t, 410, "plan_expired")
	h.get("/v1/plans/aaaaaaaaaaaaaaaaaaaaaaaa/file").want(t, 410, "plan_expired")
}

func TestQuery(t *testing.T) {
	h := newHouse(t)
	p := h.post("/v1/plans?estmate=true", ten).want(t, 422, "bad_parameter")
	if len(p.Errors) != 1 || p.Errors[0].Parameter != "estmate" || p.Errors[0].DidYouMean != "estimate" {
		t.Errorf("%+v", p.Errors)
	}
	h.post("/v1/plans?estimate=yes", ten).want(t, 422, "bad_parameter")
	h.post("/v1/plans?estimate=", ten).want(t, 422, "bad_parameter")
	h.post("/v1/plans?estimate=true&estimate=true", ten).want(t, 422, "bad_parameter")
	h.post("/v1/files?pretty=1", ten).want(t, 422, "bad_parameter")
	h.post("/v1/plans?a;b", ten).want(t, 400, "bad_query")
}

func TestRequestID(t *testing.T) {
	h := newHouse(t)
	if got := h.get("/livez", "X-Request-Id: run-7.a_B").Header.Get("X-Request-Id"); got != "run-7.a_B" {
		t.Errorf("%q", got)
	}
	for _, bad := range []string{"a b", strings.Repeat("x", 65), `"`} {
		if got := h.get("/livez", "X-Request-Id: "+bad).Header.Get("X-Request-Id"); got == bad || len(got) != 16 {
			t.Errorf("%q became %q", bad, got)
		}
	}
}

// What goes wrong inside is not told to the client, but to the log under the same id.
func TestPanic(t *testing.T) {
	var log strings.Builder
	logger := zerolog.New(&log)
	chain := func(h http.HandlerFunc) http.Handler {
		return identify(logger)(record(DefaultSettings().Patience)(survive(fail)(h)))
	}
	w := httptest.NewRecorder()
	chain(func(http.ResponseWriter, *http.Request) { panic("secret") }).
		ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/x?spec=hidden&a=b", nil))
	if w.Code != 500 || strings.Contains(w.Body.String(), "secret") || !strings.Contains(log.String(), "secret") {
		t.Errorf("%d %s\n%s", w.Code, w.Body, log.String())
	}
	if id := w.Header().Get("X-Request-Id"); strings.Count(log.String(), id) < 3 {
		t.Errorf("id %s in the log:\n%s", id, log.String())
	}
	if strings.Contains(log.String(), "hidden") || !strings.Contains(log.String(), "spec=(6 bytes)") {
		t.Errorf("the description is in the log:\n%s", log.String())
	}

	defer func() {
		if err, ok := recover().(error); !ok || !errors.Is(err, http.ErrAbortHandler) {
			t.Errorf("a failure after the first byte ends in %v", err)
		}
	}()
	chain(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte("begun"))
		panic("later")
	}).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil))
}

func TestHome(t *testing.T) {
	h := newHouse(t)
	page := h.get("/")
	page.want(t, 200, "")
	host := strings.TrimPrefix(h.url, "http://")
	for _, want := range []string{"curl -d", host + "/v1/files", "viewer is not built in"} {
		if !strings.Contains(string(page.body), want) {
			t.Errorf("%q is missing on the page", want)
		}
	}
	if !strings.Contains(page.Header.Get("Content-Security-Policy"), "default-src 'none'") {
		t.Errorf("%v", page.Header)
	}
	h.ready.Store(false)
	h.get("/readyz").want(t, 503, "stopping")
	h.get("/livez").want(t, 200, "")
	h.ready.Store(true)
	h.get("/readyz").want(t, 200, "")
}
