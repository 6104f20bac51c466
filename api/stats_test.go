package api

import (
	"encoding/json"
	"math"
	"net/url"
	"strconv"
	"strings"
	"testing"
)

func (h *house) document(path string, into any) {
	h.t.Helper()
	r := h.get(path)
	r.want(h.t, 200, "")
	if err := json.Unmarshal(r.body, into); err != nil {
		h.t.Fatalf("%v in %.300s", err, r.body)
	}
}

func TestStats(t *testing.T) {
	h := looking(t, mixed)
	for _, c := range []struct{ path, more, want string }{
		{"/odd", "&bins=0&quantiles=0.5", `"finite":2,"nan":1,"positive_infinite":1,"negative_infinite":1,"min":1.0,"max":5.0,"positive_min":1.0,"mean":3.0,"std":2.0,"quantiles":{"exact":true,"rank_error":0,"q":[0.5],"values":[3.0]}}`},
		{"/big", "&bins=0&quantiles=1&int64=string", `"min":"-1","max":"9007199254740993"`},
		{"/flags", "&bins=2&quantiles=0", `"min":0,"max":1,"positive_min":1,"mean":0.6666666666666666,"std":0.4714045207910317,"quantiles":{"exact":true,"rank_error":0,"q":[0],"values":[0.0]},"histogram":{"edges":[0.0,1.0,2.0],"counts":[1,2]}}`},
		{"/image", "&select=0,:4&bins=4", `"mean":-59998.5,"std":1.118033988749895`},
		{"/one", "", `"count":1,"finite":1`},
		{"/none", "", `"shape":null,"count":0}`},
		{"/empty", "", `"shape":[0,5],"count":0,"finite":0,"nan":0,"positive_infinite":0,"negative_infinite":0}`},
		{"/names", "", `"count":4,"texts":{"null":0,"empty":1,"shortest":0,"longest":2,"mean_length":1,"distinct":3,"complete":true,"frequent":[{"text":"a","count":2},{"text":"","count":1},{"text":"bc","count":1}]}}`},
		{"/fixed", "", `"shortest":1,"longest":2,"mean_length":1.5`},
	} {
		r := h.get("/v1/stats?file=demo/x.h5&path=" + c.path + c.more)
		if r.want(t, 200, ""); !strings.Contains(string(r.body), c.want) {
			t.Errorf("%s%s: %s\nwant %s", c.path, c.more, r.body, c.want)
		}
	}
	for query, code := range map[string]string{
		"path=/pair": "unfit_type", "path=/line&bins=-1": "bad_parameter", "path=/line&quantiles=2": "bad_parameter", "path=/line&quantiles=": "bad_parameter",
		"": "missing_parameter", "path=/g": "not_a_dataset", "path=/line&select=a": "bad_select", "path=/line&nan=x": "bad_parameter",
	} {
		if p := h.get("/v1/stats?file=demo/x.h5&"+query).want(t, 422, code); len(p.Errors) == 0 {
			t.Errorf("%s: %+v", query, p)
		}
	}
}

func TestTree(t *testing.T) {
	h := looking(t, `{"attrs":{"title":"é"},"groups":{"a/b/c":{"attrs":{"n":[1,2],"big":[`+strings.Repeat("1,", 500)+`1]}}},
		"datasets":{"a/x":{"dtype":"<f4","shape":[4],"maxshape":[null],"chunks":[2],"compression":"gzip","attrs":{"units":"K"}}},
		"links":{"s":{"soft":"/a/x"},"h":{"hard":"/a/x"},"e":{"external":["o.h5","/y"]}}}`)
	var doc treeAnswer
	h.document("/v1/tree?file=demo/x.h5", &doc)
	var list []string
	for _, n := range doc.Objects {
		list = append(list, n.Path+" "+n.Kind+n.SameAs+n.Target)
	}
	if got := strings.Join(list, ", "); got != "/ group, /a group, /e external_link/y, /h dataset, /s soft_link/a/x, /a/b group, /a/x hard_link/h, /a/b/c group" {
		t.Errorf("%s", got)
	}
	x := doc.Objects[3]
	if x.Dtype != "<f4" || x.Shape[0] != 4 || x.MaxShape[0] != nil || x.Chunks[0] != 2 || len(x.Filters) != 1 || x.Filters[0].Name == "" || x.Layout != "chunked" ||
		string(x.Attributes[0].Value) != `"K"` || string(doc.Objects[0].Attributes[0].Value) != `"\u00e9"` {
		t.Errorf("%+v", x)
	}
	c := doc.Objects[7].Attributes
	if c[0].Name != "big" || c[0].Value != nil || c[0].Shape[0] != 501 || string(c[1].Value) != "[1,2]" || doc.Truncated != "" {
		t.Errorf("%+v", c)
	}
	h.document("/v1/tree?file=demo/x.h5&path=/a&depth=1", &doc)
	if len(doc.Objects) != 3 || doc.Objects[0].Path != "/a" {
		t.Errorf("%+v", doc.Objects)
	}
	var pages []string
	for cursor := ""; ; {
		page := treeAnswer{}
		h.document("/v1/tree?file=demo/x.h5&limit=3&cursor="+cursor, &page)
		for _, n := range page.Objects {
			pages = append(pages, n.Path+" "+n.Kind+n.SameAs+n.Target)
		}
		if cursor = page.Cursor; cursor == "" {
			break
		}
		if page.Truncated != "limit" || len(page.Objects) != 3 {
			t.Fatalf("%+v", page)
		}
	}
	if strings.Join(pages, ", ") != strings.Join(list, ", ") {
		t.Errorf("page by page: %q", pages)
	}
	h.get("/v1/tree?file=demo/x.h5&depth=x").want(t, 422, "bad_parameter")
	h.get("/v1/tree?file=demo/x.h5&path=/q").want(t, 404, "path_not_found")
	h.get("/v1/tree?file=demo/x.h5&cursor=a-1").want(t, 409, "object_changed")
	h.get("/v1/tree?file=demo/x.h5&cursor=a-x").want(t, 422, "bad_parameter")
}

func TestSearch(t *testing.T) {
	h := looking(t, `{"groups":{"Entry/Data":{"attrs":{"units":"Kelvin","n":[1,20]}},"entry2":{"attrs":{"Ünit":1}}},"datasets":{"Entry/temp_1":[1],"Entry/temp_2":[1]}}`)
	for q, want := range map[string]string{
		"TEMP":     "path:/Entry/temp_1 path:/Entry/temp_2",
		"temp_?":   "path:/Entry/temp_1 path:/Entry/temp_2",
		"/e*1":     "path:/Entry/temp_1",
		"emp":      "path:/Entry/temp_1 path:/Entry/temp_2",
		"emp*":     "",
		"kelv":     "value:/Entry/Data@units",
		"unit*":    "attribute:/Entry/Data@units",
		"ünit":     "attribute:/entry2@Ünit",
		"[1,20]":   "value:/Entry/Data@n",
		"nothing":  "",
		"*vin":     "value:/Entry/Data@units",
		"ntry/dat": "path:/Entry/Data",
	} {
		var doc searchAnswer
		h.document("/v1/search?file=demo/x.h5&q="+url.QueryEscape(q), &doc)
		var got []string
		for _, m := range doc.Matches {
			at := m.In + ":" + m.Path
			if m.Attribute != "" {
				at += "@" + m.Attribute
			}
			got = append(got, at)
		}
		if strings.Join(got, " ") != want || doc.Truncated != "" || doc.Visited != 6 {
			t.Errorf("%q: %q, want %q; %d visited", q, got, want, doc.Visited)
		}
	}
	var doc searchAnswer
	if h.document("/v1/search?file=demo/x.h5&q=e&limit=1", &doc); len(doc.Matches) != 1 || doc.Truncated != "limit" {
		t.Errorf("%+v", doc.Found)
	}
	h.get("/v1/search?file=demo/x.h5").want(t, 422, "missing_parameter")
	h.get("/v1/search?file=demo/x.h5&q=x&path=/Entry/temp_1").want(t, 422, "not_a_group")
	h.get("/v1/search?file=demo/x.h5&q=x&path=/none").want(t, 404, "path_not_found")
	h.get("/v1/search?file=demo/x.h5&limit=0&q=x").want(t, 422, "bad_parameter")
}

// Many elements: a sample tells the quantiles, as exactly as it says; the histogram counts all of them.
func TestStatsOfMany(t *testing.T) {
	h := looking(t, `{"datasets":{"x":{"dtype":"<f8","shape":[1500000],"data":{"start":-1000000,"step":1}}}}`)
	var doc statistics
	h.document("/v1/stats?file=demo/x.h5&path=/x&select=::1&bins=50", &doc)
	std, err := strconv.ParseFloat(string(doc.Std), 64)
	if want := math.Sqrt((1.5e6*1.5e6 - 1) / 12); string(doc.Mean) != "-250000.5" || err != nil || math.Abs(std-want) > 1e-12*want {
		t.Errorf("mean %s, deviation %s", doc.Mean, doc.Std)
	}
	var values []float64
	if err := json.Unmarshal(doc.Quantiles.Values, &values); err != nil || doc.Quantiles.Exact || doc.Quantiles.RankError > 0.002 || doc.Quantiles.RankError == 0 {
		t.Fatalf("%v %+v", err, doc.Quantiles)
	}
	for i, q := range doc.Quantiles.Q {
		if share := (values[i] + 1e6) / 1.5e6; math.Abs(share-q) > doc.Quantiles.RankError {
			t.Errorf("quantile %v has %v of the elements below", q, share)
		}
	}
	sum := uint64(0)
	for _, n := range doc.Histogram.Counts {
		sum += n
	}
	if n := len(doc.Histogram.Counts); sum != 1500000 || n > 50 || n < 40 {
		t.Errorf("%d in %d bins", sum, n)
	}
}
