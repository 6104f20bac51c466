package api

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/h5serve/h5serve/storage"
	"github.com/h5serve/h5serve/storage/cached"
	"github.com/h5serve/h5serve/storage/mem"
)

// usedCache has read the beginning of an object, once far away and once from memory.
func usedCache(t *testing.T) *cached.Cache {
	t.Helper()
	c, err := cached.New(cached.Settings{})
	if err != nil {
		t.Fatal(err)
	}
	far := mem.New("far")
	if _, err := far.Put(t.Context(), "x", strings.NewReader("0123"), 4, storage.PutOptions{}); err != nil {
		t.Fatal(err)
	}
	f, err := c.Open(t.Context(), far, "x")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := f.Fetch(t.Context(), cached.Metadata, []cached.Range{{Data: make([]byte, 4)}}); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestMetrics(t *testing.T) {
	h, _ := withStore(t, func(set *Settings) { set.Cache = usedCache(t) })
	h.put("/v1/stores/demo/canary-key", "0123456789").want(t, 201, "")
	h.get("/v1/stores/demo/canary-key", "Range: bytes=0-3").want(t, 206, "")
	h.get("/v1/stores/demo/canary-none").want(t, 404, "object_not_found")
	h.get("/canary-route?canary=x").want(t, 404, "not_found")
	h.ask("CANARY", "/v1/stores", nil).want(t, 405, "method_not_allowed")
	h.get("/", "Host: canary.example").want(t, 421, "wrong_host")
	r := h.get("/metrics")
	r.want(t, 200, "")
	for _, line := range []string{
		`h5serve_requests_total{method="GET",route="/v1/stores/{store}/*",status="206"} 1`,
		`h5serve_requests_total{method="PUT",route="/v1/stores/{store}/*",status="201"} 1`,
		`h5serve_requests_total{method="GET",route="none",status="421"} 1`,
		`h5serve_upstream_requests_total{operation="get",result="ok",store="demo"} 1`,
		`h5serve_upstream_requests_total{operation="get",result="object_not_found",store="demo"} 1`,
		`h5serve_upstream_requests_total{operation="put",result="ok",store="demo"} 1`,
		`h5serve_upstream_bytes_total{store="demo"} 4`,
		`h5serve_requests_in_flight 1`,
		`h5serve_spool_bytes 0`, `h5serve_plans 0`,
		`h5serve_cache_hits_total 1`, `h5serve_cache_misses_total 0`, `h5serve_cache_rounds_total 1`, `h5serve_cache_shared_total 0`,
	} {
		if !slices.Contains(strings.Split(string(r.body), "\n"), line) {
			t.Errorf("%s is missing", line)
		}
	}
	if !strings.Contains(string(r.body), "go_goroutines") || strings.Contains(strings.ToLower(string(r.body)), "canary") {
		t.Error("nothing of the runtime, or what a client wrote")
	}
	hidden := newHouse(t, func(set *Settings) { set.Metrics = false })
	hidden.get("/metrics").want(t, 404, "not_found")
}

func TestCost(t *testing.T) {
	for want, counts := range map[string]*cached.Counts{
		"h5serve; fwd=bypass":                nil,
		"h5serve; hit":                       {Hits: 3},
		"h5serve; fwd=partial":               {Hits: 3, Misses: 1},
		"h5serve; fwd=stale; fwd-status=304": {Hits: 3, GETs: 1},
		"h5serve; fwd=miss":                  {Misses: 2, Shared: 1},
		"h5serve; fwd=miss; collapsed":       {Misses: 2, Shared: 2},
	} {
		h := http.Header{}
		cost{took: 1_500_000, counts: counts}.tell(h)
		if h.Get("Cache-Status") != want || !strings.HasPrefix(h.Get("Server-Timing"), "store;dur=1.5") {
			t.Errorf("%v, want %s", h, want)
		}
	}
}

func TestCORS(t *testing.T) {
	const page = "Origin: https://page.example"
	h, _ := withStore(t, func(set *Settings) { set.CORS = []string{"https://page.example"} })
	h.put("/v1/stores/demo/x", "0123456789").want(t, 201, "")
	ask := func(origin, method, fields string) http.Header {
		return h.ask(http.MethodOptions, "/v1/stores/demo/x", nil, origin, "Access-Control-Request-Method: "+method, "Access-Control-Request-Headers: "+fields).Header
	}
	if got := ask(page, "GET", "if-match,range"); got.Get("Access-Control-Allow-Origin") != "https://page.example" || got.Get("Access-Control-Allow-Headers") != "if-match,range" {
		t.Errorf("%v", got)
	}
	for name, got := range map[string]http.Header{
		"other origin": ask("Origin: https://evil.example", "GET", "range"),
		"PUT":          ask(page, "PUT", ""),
		"other field":  ask(page, "GET", "x-evil"),
	} {
		if got.Get("Access-Control-Allow-Origin") != "" || got.Get("Access-Control-Allow-Credentials") != "" {
			t.Errorf("%s: %v", name, got)
		}
	}
	r := h.get("/v1/stores/demo/x", page, "Range: bytes=0-1")
	r.want(t, 206, "")
	shown := r.Header.Get("Access-Control-Expose-Headers")
	for _, name := range []string{"Content-Range", "Accept-Ranges", "Etag", "Content-Length"} {
		if !strings.Contains(shown, name) {
			t.Errorf("%s is not shown: %s", name, shown)
		}
	}
	h.post("/v1/files", ten, page, "Sec-Fetch-Site: cross-site").want(t, 200, "")
	h.post("/v1/files", ten, "Origin: https://evil.example", "Sec-Fetch-Site: cross-site").want(t, 403, "cross_origin")
	plain := newHouse(t, func(set *Settings) { set.Stores = []Store{{Name: "demo", Store: mem.New("demo")}} })
	if got := plain.get("/v1/stores", page).Header; got.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("without origins: %v", got)
	}
}
