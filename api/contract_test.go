package api

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
	"github.com/go-chi/chi/v5"

	"github.com/h5serve/h5serve"
)

func loadContract(t *testing.T) *openapi3.T {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromData(h5serve.OpenAPI)
	if err != nil {
		t.Fatal(err)
	}
	if err := doc.Validate(context.Background()); err != nil {
		t.Fatal(err)
	}
	return doc
}

// Every route is in the contract, and every operation of the contract is a route.
func TestRoutesAreTheContract(t *testing.T) {
	doc := loadContract(t)
	var promised []string
	for path, item := range doc.Paths.Map() {
		for method := range item.Operations() {
			promised = append(promised, method+" "+path)
		}
	}
	m, err := newHouse(t).routes()
	if err != nil {
		t.Fatal(err)
	}
	var kept []string
	err = chi.Walk(m, func(method, route string, _ http.Handler, _ ...func(http.Handler) http.Handler) error {
		kept = append(kept, method+" "+strings.Replace(route, "/*", "/{key}", 1)) // a key has slashes, which OpenAPI cannot say
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, route := range kept {
		if !slices.Contains(promised, route) {
			t.Errorf("%s is not in openapi.yaml", route)
		}
	}
	for _, route := range promised {
		if !slices.Contains(kept, route) {
			t.Errorf("%s is in openapi.yaml only", route)
		}
	}
}

// Answers are what the contract says, of all kinds.
func TestAnswersKeepTheContract(t *testing.T) {
	h, _ := withStore(t)
	doc := loadContract(t)
	router, err := gorillamux.NewRouter(doc)
	if err != nil {
		t.Fatal(err)
	}
	openapi3filter.RegisterBodyDecoder("application/vnd.hdfgroup.hdf5", openapi3filter.FileBodyDecoder)
	openapi3filter.RegisterBodyDecoder("text/html", openapi3filter.FileBodyDecoder)
	openapi3filter.RegisterBodyDecoder("application/yaml", openapi3filter.FileBodyDecoder)
	openapi3filter.RegisterBodyDecoder("multipart/byteranges", openapi3filter.FileBodyDecoder)

	for _, kind := range []string{"image/png", "image/tiff", "application/octet-stream", "text/csv"} {
		openapi3filter.RegisterBodyDecoder(kind, openapi3filter.FileBodyDecoder)
	}

	plan := h.plan(`{"datasets":{"y":[1,2]}}`, 201)
	form := multi(piece{"spec", "", "", raw}, piece{"pixels", "", "", pixels})
	samples := []struct {
		method, path, body string
		status             int
		fields             []string
	}{
		{"POST", "/v1/files", ten, 200, []string{"Want-Repr-Digest: sha-256=1"}},
		{"POST", "/v1/files", ten, 303, []string{"Prefer: return=minimal"}},
		{"POST", "/v1/files", form, 200, []string{multipartForm}},
		{"POST", "/v1/files", `{"datasets":1`, 400, nil},
		{"POST", "/v1/files", ten, 403, []string{"Sec-Fetch-Site: cross-site"}},
		{"POST", "/v1/files", ten, 415, []string{"Content-Type: application/xml"}},
		{"POST", "/v1/files", ten, 415, []string{"Content-Encoding: br"}},
		{"POST", "/v1/files?safe=x", ten, 422, nil},
		{"POST", "/v1/files?save=demo/made.h5", ten, 201, nil},
		{"POST", "/v1/files?save=demo/made.h5", ten, 412, []string{"If-None-Match: *"}},
		{"POST", "/v1/files?save=x-y-z/y", ten, 404, nil},
		{"GET", "/v1/subset?file=demo/made.h5&path=/dataset&select=0:2", "", 200, nil},
		{"HEAD", "/v1/subset?file=demo/made.h5&path=/&path=/dataset", "", 200, nil},
		{"GET", "/v1/subset?file=demo/made.h5&path=/none", "", 404, nil},
		{"GET", "/v1/subset?file=demo/made.h5&path=/dataset&select=10", "", 422, nil},
		{"POST", "/v1/plans", ten, 200, nil},
		{"POST", "/v1/plans", `{"datasets":{"z":[3]}}`, 201, nil},
		{"POST", "/v1/plans?estimate=true", ten, 200, nil},
		{"POST", "/v1/plans", "[]", 415, nil},
		{"GET", planPath(plan.ID), "", 200, nil},
		{"GET", "/v1/plans/x", "", 404, nil},
		{"GET", "/v1/plans/aaaaaaaaaaaaaaaaaaaaaaaa", "", 410, nil},
		{"GET", plan.File, "", 200, nil},
		{"GET", plan.File, "", 206, []string{"Range: bytes=0-7"}},
		{"GET", plan.File, "", 206, []string{"Range: bytes=0-7,9-10"}},
		{"GET", plan.File, "", 304, []string{"If-None-Match: " + plan.ETag}},
		{"GET", plan.File, "", 412, []string{`If-Match: "x"`}},
		{"GET", plan.File, "", 416, []string{"Range: bytes=999999-"}},
		{"HEAD", plan.File, "", 200, nil},
		{"HEAD", "/v1/plans/x/file", "", 404, nil},
		{"GET", addressOf(ten), "", 200, nil},
		{"GET", addressOf(ten), "", 206, []string{"Range: bytes=-1"}},
		{"HEAD", addressOf(ten), "", 200, nil},
		{"GET", "/v1/files/x.h5?spec=" + strings.Repeat("a", maxTarget), "", 414, nil},
		{"GET", "/v1/files/x.h5", "", 422, nil},
		{"PUT", "/v1/stores/demo/x.h5", "0123456789", 201, nil},
		{"PUT", "/v1/stores/demo/x.h5", "0123456789", 200, nil},
		{"PUT", "/v1/stores/demo/x.h5", "0123456789", 400, []string{"Content-MD5: x"}},
		{"PUT", "/v1/stores/demo/x.h5", "0123456789", 412, []string{"If-None-Match: *"}},
		{"PUT", "/v1/stores/demo/x.h5", "0123456789", 415, []string{"Content-Encoding: gzip"}},
		{"GET", "/v1/stores", "", 200, nil},
		{"GET", "/v1/stores?x=y", "", 422, nil},
		{"GET", "/v1/stores/demo", "", 200, nil},
		{"GET", "/v1/stores/demo?limit=x", "", 422, nil},
		{"GET", "/v1/stores/none", "", 404, nil},
		{"GET", "/v1/stores/demo/x.h5", "", 200, nil},
		{"GET", "/v1/stores/demo/x.h5", "", 206, []string{"Range: bytes=0-7"}},
		{"GET", "/v1/stores/demo/x.h5", "", 206, []string{"Range: bytes=0-1,9-"}},
		{"GET", "/v1/stores/demo/x.h5", "", 304, []string{"If-None-Match: *"}},
		{"GET", "/v1/stores/demo/x.h5", "", 412, []string{`If-Match: "x"`}},
		{"GET", "/v1/stores/demo/x.h5", "", 416, []string{"Range: bytes=10-"}},
		{"GET", "/v1/stores/demo/none.h5", "", 404, nil},
		{"HEAD", "/v1/stores/demo/x.h5", "", 200, nil},
		{"HEAD", "/v1/stores/demo/none.h5", "", 404, nil},
		{"GET", "/v1/data?path=/y&file=plan:" + plan.ID, "", 200, nil},
		{"GET", "/v1/data?path=/y&fit=1&file=plan:" + plan.ID, "", 200, nil},
		{"GET", "/v1/data?path=/y&format=csv&file=plan:" + plan.ID, "", 200, nil},
		{"GET", "/v1/data?path=/y&format=npy&file=plan:" + plan.ID, "", 200, nil},
		{"GET", "/v1/data?path=/y&format=png&file=plan:" + plan.ID, "", 200, nil},
		{"GET", "/v1/data?path=/y&format=tiff&fit=1&file=plan:" + plan.ID, "", 200, nil},
		{"GET", "/v1/data?path=/y&file=plan:" + plan.ID, "", 304, []string{"If-None-Match: " + plan.ETag}},
		{"GET", "/v1/data?path=/z&file=plan:" + plan.ID, "", 404, nil},
		{"GET", "/v1/data?file=plan:" + plan.ID, "", 422, nil},
		{"GET", "/v1/stats?path=/y&file=plan:" + plan.ID, "", 200, nil},
		{"GET", "/v1/stats?path=/y&bins=x&file=plan:" + plan.ID, "", 422, nil},
		{"GET", "/v1/tree?limit=1&file=plan:" + plan.ID, "", 200, nil},
		{"GET", "/v1/tree?cursor=x-1&file=plan:" + plan.ID, "", 409, nil},
		{"GET", "/v1/search?q=y&file=plan:" + plan.ID, "", 200, nil},
		{"GET", "/v1/search?q=y&file=plan:" + plan.ID, "", 412, []string{`If-Match: "x"`}},
		{"GET", "/v1/inspect?file=plan:" + plan.ID, "", 200, nil},
		{"GET", "/v1/inspect?file=plan:" + plan.ID + "&check=false", "", 200, nil},
		{"GET", "/v1/inspect?file=plan:" + plan.ID, "", 304, []string{"If-None-Match: *"}},
		{"GET", "/v1/inspect?file=plan:aaaaaaaaaaaaaaaaaaaaaaaa", "", 410, nil},
		{"GET", "/v1/inspect?file=plan:x", "", 404, nil},
		{"GET", "/v1/inspect?file=demo/x.h5", "", 422, nil},
		{"GET", "/v1/inspect?file=demo/none.h5", "", 404, nil},
		{"GET", "/v1/inspect?file=demo", "", 422, nil},
		{"GET", "/metrics", "", 200, nil},
		{"GET", "/", "", 200, nil},
		{"GET", "/", "", 421, []string{"Host: evil.example"}},
		{"GET", "/openapi.yaml", "", 200, nil},
		{"GET", "/livez", "", 200, nil},
		{"GET", "/readyz", "", 200, nil},
	}
	for _, s := range samples {
		name := s.method + " " + s.path[:min(len(s.path), 60)]
		r := h.ask(s.method, s.path, strings.NewReader(s.body), s.fields...)
		if r.StatusCode != s.status {
			t.Errorf("%s: %d, want %d: %.300s", name, r.StatusCode, s.status, r.body)
			continue
		}
		if err := holdTo(router, r); err != nil {
			t.Errorf("%s, %d: %v", name, s.status, err)
		}
	}
}

func holdTo(router routers.Router, r reply) error {
	sent := r.Request.Clone(r.Request.Context())
	sent.URL = &url.URL{Path: sent.URL.Path, RawPath: sent.URL.RawPath, RawQuery: sent.URL.RawQuery}
	route, params, err := router.FindRoute(sent)
	if err != nil {
		return err
	}
	options := &openapi3filter.Options{IncludeResponseStatus: true, MultiError: true}
	in := &openapi3filter.RequestValidationInput{Request: sent, PathParams: params, Route: route, Options: options}
	return openapi3filter.ValidateResponse(context.Background(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: in, Status: r.StatusCode, Header: r.Header,
		Body: io.NopCloser(bytes.NewReader(r.body)), Options: options,
	})
}

// everything uses each key and form that a description has in this version.
const everything = `{
  "filename": "demo.h5", "libver": ["earliest", "v110"], "userblock_size": 512, "userblock": {"text": "hello"}, "track_order": true,
  "attrs": {"title": "a file", "when": {"dtype": "<i8", "data": 1700000000}},
  "groups": {"raw/day1": {"attrs": {"station": "S1"}, "track_order": true}},
  "datasets": {
    "simple": [0, 1, 2, 3],
    "raw/day1/t": {"dtype": "<f4", "shape": [32, 64], "maxshape": [null, 64], "chunks": [4, 8], "compression": "gzip",
      "compression_opts": 4, "shuffle": true, "fletcher32": true, "fillvalue": -1, "data": {"linspace": [0, 1]}, "attrs": {"units": "K"}},
    "points": {"dtype": [["x", "<f4"], ["y", "<f4"]], "data": [[1, 2], {"x": 3, "y": "NaN"}]},
    "people": {"data": {"columns": {"id": [1, 2], "name": ["Ann", "Bo"]}}},
    "ramp": {"dtype": "<f8", "shape": [1000], "data": {"start": 0, "step": 1}},
    "count": {"data": {"arange": [0, 10, 2]}},
    "same": {"dtype": "<i2", "shape": [4], "data": {"full": 7}},
    "bytes": {"dtype": "<u2", "shape": [2], "data": {"base64": "AQACAA=="}},
    "color": {"dtype": {"enum": {"RED": 0, "BLUE": 1}, "base": "i1"}, "data": ["RED", 1]},
    "name": {"dtype": {"string": 10, "charset": "ascii", "pad": "nullpad"}, "data": ["a", "b"]},
    "lists": {"dtype": {"vlen": "<i4"}, "data": [[1], [2, 3]]},
    "pairs": {"dtype": {"array": "<f4", "dims": [2]}, "data": [[1, 2], [3, 4]]},
    "blob": {"dtype": {"opaque": 2, "tag": "x"}, "data": ["AQI="]},
    "nothing": {"dtype": "<f4", "shape": null} },
  "links": {"latest": {"soft": "/raw/day1/t"}, "again": {"hard": "/simple"}, "other": {"external": ["other.h5", "/x"]}} }`

// The schema of a description takes what the server takes, and refuses what it refuses.
func TestDescriptionSchema(t *testing.T) {
	h := newHouse(t)
	schema := loadContract(t).Components.Schemas["Description"].Value
	tests := []struct {
		name, text string
		ok         bool
	}{
		{"ten", ten, true},
		{"everything", everything, true},
		{"lists", `{"groups":[{"name":"g"}],"datasets":[{"name":"d","data":[1]}],"links":[{"name":"l","soft":"/d"}]}`, true},
		{"empty", `{}`, true},
		{"unknown key", `{"dataset":{}}`, false},
		{"unknown key of a dataset", `{"datasets":{"x":{"data":[1],"chunk":[1]}}}`, false},
		{"unknown version", `{"libver":"v109"}`, false},
		{"two kinds of link", `{"links":{"x":{"soft":"/a","hard":"/b"}}}`, false},
		{"list without a name", `{"groups":[{}]}`, false},
		{"level 10", `{"datasets":{"x":{"data":[1],"chunks":[1],"compression":"gzip","compression_opts":10}}}`, false},
		{"chunk of zero", `{"datasets":{"x":{"data":[1],"chunks":[0]}}}`, false},
		{"negative shape", `{"datasets":{"x":{"dtype":"<f4","shape":[-1]}}}`, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var value any
			if err := json.Unmarshal([]byte(test.text), &value); err != nil {
				t.Fatal(err)
			}
			if err := schema.VisitJSON(value, openapi3.EnableJSONSchema2020()); (err == nil) != test.ok {
				t.Errorf("the schema says %v", err)
			}
			r := h.post("/v1/plans", test.text)
			if (r.StatusCode < 300) != test.ok {
				t.Errorf("the server says %d %s", r.StatusCode, r.body)
			}
		})
	}
}
