package api

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"
)

func (h *house) inspect(file, more string) (doc inspection, r reply) {
	h.t.Helper()
	r = h.get("/v1/inspect?file=" + url.QueryEscape(file) + more)
	r.want(h.t, 200, "")
	if err := json.Unmarshal(r.body, &doc); err != nil {
		h.t.Fatal(err)
	}
	return doc, r
}

func TestInspect(t *testing.T) {
	h, _ := withStore(t)
	body := string(h.post("/v1/files", `{"attrs":{"a":1},"datasets":{"x":[1,2,3],"s":["a","bc"]}}`).body)
	h.put("/v1/stores/demo/a b/+.h5", body).want(t, 201, "")
	doc, r := h.inspect("demo/a b/+.h5", "")
	if doc.File != "demo/a b/+.h5" || doc.ETag == "" || doc.ETag != r.Header.Get("ETag") || doc.Size != uint64(len(body)) {
		t.Errorf("%+v", doc)
	}
	if !doc.Complete || !doc.Check.Sound || doc.Counts.Datasets != 2 || doc.Remote.GETs != 1 || len(doc.Advice) != 1 {
		t.Errorf("%+v", doc.Report)
	}
	if r.Header.Get("Cache-Control") != "no-cache" || !strings.Contains(r.Header.Get("Server-Timing"), "GETs in") || r.Header.Get("Cache-Status") == "" {
		t.Errorf("%v", r.Header)
	}
	again := h.get("/v1/inspect?file=demo/a%20b/%2B.h5", "If-None-Match: "+doc.ETag)
	if again.StatusCode != 304 || len(again.body) > 0 || again.Header.Get("ETag") != doc.ETag {
		t.Errorf("%d %v", again.StatusCode, again.Header)
	}
	h.put("/v1/stores/demo/a b/+.h5", ten).want(t, 200, "")
	h.get("/v1/inspect?file=demo/a%20b/%2B.h5", "If-None-Match: "+doc.ETag).want(t, 422, "not_hdf5")
	h.get("/v1/inspect?file=demo/a%20b/%2B.h5").want(t, 422, "not_hdf5")
	torn := []byte(body)
	copy(torn[48:], "\xff\xff\xff\xff\xff\xff\xff\x0f")
	h.put("/v1/stores/demo/a b/+.h5", string(torn)).want(t, 200, "")
	p := h.get("/v1/inspect?file=demo/a%20b/%2B.h5").want(t, 422, "malformed_hdf5")
	if p.Path == "" || p.Structure == "" || p.Offset == nil || !strings.HasPrefix(p.Detail, "demo/a b/+.h5: ") {
		t.Errorf("%+v", p)
	}
}

func TestFileParameter(t *testing.T) {
	h, _ := withStore(t)
	for query, want := range map[string]string{
		"":                                    "bad_parameter",
		"?file=":                              "bad_parameter",
		"?file=demo":                          "bad_parameter",
		"?file=demo/":                         "object_not_found",
		"?file=none/x":                        "store_not_found",
		"?file=demo/x":                        "object_not_found",
		"?file=plan:":                         "not_found",
		"?file=demo/x&file=demo/y":            "bad_parameter",
		"?file=demo/x&check=perhaps":          "bad_parameter",
		"?file=demo/x&fiel=demo/x":            "bad_parameter",
		"?file=%zz":                           "bad_query",
		"?file=plan:aaaaaaaaaaaaaaaaaaaaaaaa": "plan_expired",
	} {
		status := map[string]int{"bad_parameter": 422, "bad_query": 400, "plan_expired": 410}[want]
		if status == 0 {
			status = 404
		}
		h.get("/v1/inspect"+query).want(t, status, want)
	}
}

// A plan is looked at without its generated elements being made, and lets go of its bytes afterwards.
func TestInspectPlan(t *testing.T) {
	h, _ := withStore(t)
	plan := h.plan(`{"datasets":{"ramp":{"dtype":"<f8","shape":[1000000000],"data":{"start":0,"step":1}}}}`, 201)
	doc, r := h.inspect("plan:"+plan.ID, "&check=false")
	if doc.Size != plan.Size || doc.ETag != plan.ETag || r.Header.Get("ETag") != plan.ETag || doc.Counts.Elements != 8_000_000_000 {
		t.Errorf("%+v", doc.Report)
	}
	h.shelf.mu.Lock()
	defer h.shelf.mu.Unlock()
	if pins := h.shelf.plans[plan.ID].pins; pins != 0 {
		t.Errorf("%d pins are left", pins)
	}
}
