package api

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"image"
	"image/png"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/h5serve/h5serve/api/reduce"
)

// looking is a house with one file, demo/x.h5.
func looking(t *testing.T, description string) *house {
	t.Helper()
	h, _ := withStore(t)
	r := h.post("/v1/files?save=demo/x.h5", description)
	r.want(t, 201, "")
	return h
}

const mixed = `{"datasets":{
	"line": {"dtype":"<f4","shape":[100000],"data":{"start":0,"step":1},"chunks":[4096]},
	"image": {"dtype":"<i4","shape":[300,400],"data":{"start":-60000,"step":1},"chunks":[64,64]},
	"cube": {"dtype":"<f8","shape":[3,40,50],"data":{"start":0,"step":0.5}},
	"big": {"dtype":"<i8","data":[9007199254740993,-1]},
	"odd": {"dtype":"<f8","data":[1,"NaN","Infinity","-Infinity",5]},
	"names": {"data":["a","bc","a",""]},
	"fixed": {"dtype":"S4","data":["ab","c"]},
	"pair": {"dtype":[["x","<f4"],["y","<i4"]],"data":[[1,2],[3,4]]},
	"one": {"data":7},
	"none": {"dtype":"<f4","shape":null},
	"empty": {"dtype":"<f4","shape":[0,5]},
	"flags": {"data":[true,false,true]}},
	"groups":{"g":{"attrs":{"units":"Kelvin"}}}}`

func dataAt(path, more string) string {
	return "/v1/data?file=demo/x.h5&path=" + url.QueryEscape(path) + more
}

func TestDataWhole(t *testing.T) {
	h := looking(t, mixed)
	for _, c := range []struct{ path, more, data, shape string }{
		{"/big", "", `[9007199254740993,-1]`, "2"},
		{"big", "&int64=string", `["9007199254740993","-1"]`, "2"},
		{"/odd", "", `[1.0,"NaN","Infinity","-Infinity",5.0]`, "5"},
		{"/odd", "&nan=null", `[1.0,null,null,null,5.0]`, "5"},
		{"/cube", "&select=1,-1,::20", `[1975.0,1985.0,1995.0]`, "3"},
		{"/cube", "&select=...,2:3,49", `[[74.5],[1074.5],[2074.5]]`, "3, 1"},
		{"/names", "&fit=10", `["a","bc","a",""]`, "4"},
		{"/pair", "", `[[1.0,2],[3.0,4]]`, "2"},
		{"/one", "&fit=5x5", `7`, ""},
		{"/none", "", `null`, ""},
		{"/empty", "&fit=2x2", `[]`, "0, 5"},
		{"/image", "&select=0,:3&fit=10", `[-60000,-59999,-59998]`, "3"},
	} {
		r := h.get(dataAt(c.path, c.more))
		r.want(t, 200, "")
		var doc struct {
			File, Path, Dtype string
			Shape             []uint64
			Reduced           bool
			Data              json.RawMessage
		}
		if err := json.Unmarshal(r.body, &doc); err != nil {
			t.Fatalf("%s: %v in %.200s", c.path, err, r.body)
		}
		if string(doc.Data) != c.data || doc.Reduced || doc.File != "demo/x.h5" || r.Header.Get("H5-Shape") != c.shape {
			t.Errorf("%s%s: %s, %q; want %s, %q", c.path, c.more, r.body, r.Header.Get("H5-Shape"), c.data, c.shape)
		}
		if r.ContentLength != int64(len(r.body)) || r.Header.Get("ETag") == "" || r.Header.Get("Cache-Control") != "no-cache" || r.Header.Get("Cache-Status") == "" {
			t.Errorf("%s: %v", c.path, r.Header)
		}
	}
}

func TestDataForms(t *testing.T) {
	h := looking(t, mixed)
	raw := h.get(dataAt("/big", "&format=raw"))
	if raw.want(t, 200, ""); !bytes.Equal(raw.body, binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint64(nil, 1<<53+1), 1<<64-1)) || raw.Header.Get("H5-Type") != `"<i8"` {
		t.Errorf("%x %v", raw.body, raw.Header)
	}
	if d := raw.Header.Get("Content-Disposition"); d != "attachment; filename=big.raw" {
		t.Errorf("disposition %q", d)
	}
	if csv := h.get(dataAt("/cube", "&select=0,:2,:3&format=csv")); string(csv.body) != "0.0,0.5,1.0\r\n25.0,25.5,26.0\r\n" {
		t.Errorf("%q", csv.body)
	}
	npy := h.get(dataAt("/line", "&format=npy"))
	if npy.want(t, 200, ""); len(npy.body) != 128+400000 || !strings.Contains(string(npy.body[:128]), "'shape': (100000,)") {
		t.Errorf("%d bytes", len(npy.body))
	}
	if tiff := h.get(dataAt("/image", "&format=tiff")); !bytes.HasPrefix(tiff.body, []byte("II*\x00")) || len(tiff.body) < 480000 {
		t.Errorf("TIFF of %d bytes", len(tiff.body))
	}
	r := h.get(dataAt("/image", "&format=png&colormap=gray"))
	r.want(t, 200, "")
	picture, err := png.Decode(bytes.NewReader(r.body))
	if err != nil || picture.Bounds() != image.Rect(0, 0, 400, 300) {
		t.Fatalf("%v %v", picture.Bounds(), err)
	}
	first, _, _, _ := picture.At(0, 0).RGBA()
	last, _, _, _ := picture.At(399, 299).RGBA()
	if first != 0 || last != 0xffff {
		t.Errorf("the first pixel is %x, the last %x", first, last)
	}
}

func TestDataRefused(t *testing.T) {
	h := looking(t, mixed)
	for query, code := range map[string]string{
		"path=/none2":                            "path_not_found",
		"path=/g":                                "not_a_dataset",
		"":                                       "missing_parameter",
		"path=/line&format=xml":                  "bad_parameter",
		"path=/line&fit=0x5":                     "bad_parameter",
		"path=/line&fit=5x":                      "bad_parameter",
		"path=/line&bytes=5":                     "bad_parameter",
		"path=/line&figures=mean,mean":           "bad_parameter",
		"path=/line&format=png&figures=mean,max": "bad_parameter",
		"path=/line&nan=none":                    "bad_parameter",
		"path=/line&colormap=viridsi":            "bad_parameter",
		"path=/line&range=5,1":                   "bad_parameter",
		"path=/line&range=0,1&scale=log":         "bad_parameter",
		"path=/line&select=100000":               "bad_select",
		"path=/line&select=1,2":                  "bad_select",
		"path=/cube&fit=10x10":                   "bad_select",
		"path=/cube&format=csv":                  "unfit_type",
		"path=/names&format=npy":                 "unfit_type",
		"path=/names&format=raw":                 "unfit_type",
		"path=/names&format=png":                 "unfit_type",
		"path=/names&fit=2":                      "unfit_type",
		"path=/none&format=csv":                  "unfit_type",
		"path=/image&fit=9x9&format=csv":         "unfit_type",
		"path=/empty&format=png":                 "unfit_type",
		"path=/pair&format=tiff":                 "unfit_type",
		"path=/line&selection=1":                 "bad_parameter",
		"path=/none&select=0":                    "bad_select",
	} {
		status := map[string]int{"path_not_found": 404}[code]
		if status == 0 {
			status = 422
		}
		p := h.get("/v1/data?file=demo/x.h5&"+query).want(t, status, code)
		if len(p.Errors) == 0 {
			t.Errorf("%s: no parameter is named: %+v", query, p)
		}
	}
	if p := h.get(dataAt("/cube", "&fit=10x10")).want(t, 422, "bad_select"); !strings.Contains(p.Detail, "axis 0 has 3") {
		t.Errorf("%s", p.Detail)
	}
}

// reducedDoc is a reduced answer in JSON.
type reducedDoc struct {
	Shape    []int
	Reduced  bool
	Axes     []jsonAxis
	Total    jsonTotal
	Extremes []float64
	Cells    map[string]json.RawMessage
}

func (h *house) reduced(path string) (doc reducedDoc, r reply) {
	h.t.Helper()
	r = h.get(path)
	r.want(h.t, 200, "")
	if err := json.Unmarshal(r.body, &doc); err != nil || !doc.Reduced {
		h.t.Fatalf("%v in %.300s", err, r.body)
	}
	return doc, r
}

func TestDataReduced(t *testing.T) {
	h := looking(t, mixed)
	doc, r := h.reduced(dataAt("/line", "&fit=100x50&select=5:99997"))
	var low, high, mean []float64
	for name, list := range map[string]*[]float64{"min": &low, "max": &high, "mean": &mean} {
		if err := json.Unmarshal(doc.Cells[name], list); err != nil {
			t.Fatal(err)
		}
	}
	a := doc.Axes[0]
	if n := len(low); n > 100 || n < 50 || uint64(n) != a.Cells || len(high) != n || len(mean) != n || doc.Shape[0] != n {
		t.Fatalf("%d cells, %+v", n, doc)
	}
	at := float64(a.Start)
	for i := range low {
		width := float64(a.Cell)
		if i == 0 {
			width = float64(a.First)
		}
		end := min(at+width, float64(a.Stop))
		if low[i] != at || high[i] != end-1 || math.Abs(mean[i]-(at+end-1)/2) > 0.01 {
			t.Fatalf("cell %d: %v %v %v, want %v to %v", i, low[i], high[i], mean[i], at, end-1)
		}
		at = end
	}
	if a.Start != 5 || a.Stop != 99997 || a.Length != 100000 || !slices.Equal(doc.Extremes, []float64{5, 99996}) || doc.Total.Finite != 99992 {
		t.Errorf("%+v", doc)
	}
	if got := r.Header.Get("H5-Total"); got != `finite=99992, nan=0, positive-infinite=0, negative-infinite=0, min="5.0", max="99996.0"` {
		t.Errorf("H5-Total: %s", got)
	}
	if got := r.Header.Get("H5-Axes"); got != "0;start=5;stop=99997;step=1;cell=1024;first=1019" || r.Header.Get("H5-Reduction") != "mean, min, max" {
		t.Errorf("H5-Axes: %s", got)
	}
	bin := h.get(dataAt("/line", "&fit=100&select=5:99997&format=raw"))
	if bin.want(t, 200, ""); len(bin.body) != 3*4*len(low) || bin.Header.Get("H5-Shape") != fmt.Sprintf("3, %d", len(low)) ||
		math.Float32frombits(binary.LittleEndian.Uint32(bin.body[4*len(low):])) != 5 {
		t.Errorf("%d bytes, %v", len(bin.body), bin.Header)
	}
	csv := h.get(dataAt("/line", "&fit=4&format=csv&figures=min,max"))
	if !strings.HasPrefix(string(csv.body), "start,stop,min,max\r\n0,32768,0.0,32767.0\r\n") || !strings.HasSuffix(string(csv.body), "98304,100000,98304.0,99999.0\r\n") {
		t.Errorf("%q", csv.body)
	}
	image, _ := h.reduced(dataAt("/image", "&fit=100x100&select=10:,:399"))
	if image.Shape[0] > 100 || image.Shape[1] > 100 || image.Axes[0].Length != 300 || image.Axes[1].Stop != 399 {
		t.Errorf("%+v", image.Axes)
	}
	odd, _ := h.reduced(dataAt("/odd", "&fit=2&figures=lost,mean&nan=null"))
	if string(odd.Cells["lost"]) != "[3,0]" || string(odd.Cells["mean"]) != "[1.0,5.0]" || odd.Total != (jsonTotal{2, 1, 1, 1}) {
		t.Errorf("%+v %s", odd, odd.Cells)
	}
}

// Answers stay below the number of bytes that they may have, and have the extremes.
func TestDataBytes(t *testing.T) {
	h := looking(t, `{"datasets":{"x":{"dtype":"<f4","shape":[1210,900],"data":{"linspace":[-3.3333,1e-7]},"chunks":[500,500]}}}`)
	for _, more := range []string{"", "&format=npy", "&format=raw&figures=mean", "&format=csv&figures=max", "&format=png", "&format=tiff", "&bytes=10000", "&bytes=5000000"} {
		r := h.get(dataAt("/x", "&fit=1200x800"+more))
		r.want(t, 200, "")
		most := 1_000_000
		if strings.Contains(more, "bytes") {
			most = 5_000_000
		}
		if len(r.body) > most || !strings.Contains(r.Header.Get("H5-Total"), `min="-3.3333", max="1e-07"`) {
			t.Errorf("%s: %d bytes, %s", more, len(r.body), r.Header.Get("H5-Total"))
		}
		if status := r.Header.Get("Cache-Status"); more != "" && !strings.Contains(status, "fwd-status=304") {
			t.Errorf("%s: %s", more, status)
		}
	}
}

func TestDataConditions(t *testing.T) {
	h := looking(t, mixed)
	for _, path := range []string{dataAt("/line", ""), dataAt("/line", "&fit=5"), "/v1/stats?file=demo/x.h5&path=/line", "/v1/tree?file=demo/x.h5", "/v1/search?file=demo/x.h5&q=x"} {
		tag := h.get(path).Header.Get("ETag")
		if r := h.get(path, "If-None-Match: "+tag); r.StatusCode != 304 || r.Header.Get("ETag") != tag || len(r.body) > 0 {
			t.Errorf("%s: %d %v", path, r.StatusCode, r.Header)
		}
		h.get(path, `If-Match: "x"`).want(t, 412, "precondition_failed")
		h.get(path, "If-Match: "+tag).want(t, 200, "")
	}
	h.post("/v1/files?save=demo/x.h5", `{"datasets":{"line":[1,2]}}`).want(t, 201, "")
	if r := h.get(dataAt("/line", "&fit=5")); !strings.Contains(string(r.body), `"data":[1,2]`) {
		t.Errorf("an old version: %s", r.body)
	}
}

// A client that leaves ends the work.
func TestDataCanceled(t *testing.T) {
	h := looking(t, `{"datasets":{"x":{"dtype":"<f8","shape":[1000000],"data":{"start":0,"step":1},"chunks":[65536]}}}`)
	ctx, cancel := context.WithCancel(t.Context())
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, h.url+dataAt("/x", ""), nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := h.client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	var first [1]byte
	if _, err := resp.Body.Read(first[:]); err != nil {
		t.Error(err)
	}
	cancel()
	_ = resp.Body.Close()
	h.get(dataAt("/x", "&fit=3")).want(t, 200, "")
}

func FuzzDataQuery(f *testing.F) {
	for _, q := range []string{"path=/x&fit=1200x800&format=png&range=p2,p98&scale=log", "path=/x&figures=mean,lost&bytes=2000&nan=null", "path=x&range=-1e3,5&colormap=gray_r"} {
		f.Add(q)
	}
	f.Fuzz(func(t *testing.T, text string) {
		query, err := url.ParseQuery(text)
		if err != nil {
			return
		}
		if q, err := readDataQuery(query); err == nil {
			if q.rows > maxSide || q.cols > maxSide || q.bytes > fitAtMost || len(q.figures) == 0 || len(q.figures) > len(reduce.Figures) || q.picture.scale == "" {
				t.Errorf("%q: %+v", text, q)
			}
			if p := q.picture; p.values != nil && p.scale.Check(*p.values) != nil || !(0 <= p.low && p.low <= p.high && p.high <= 1) {
				t.Errorf("%q: %+v", text, p)
			}
		}
		if q, err := readStatsQuery(query); err == nil && (q.bins < 0 || q.bins > maxBins) {
			t.Errorf("%q: %+v", text, q)
		}
		if q, err := readTreeQuery(query); err == nil && (q.Limit < 1 || q.Limit > treeAtMost || q.Depth < -1) {
			t.Errorf("%q: %+v", text, q)
		}
	})
}

// What is given out whole may cost more than a look may: in proportion to its length.
func TestDataLimits(t *testing.T) {
	h, _ := withStore(t, func(set *Settings) { set.Look.Limits.Fetched = 200_000 })
	h.post("/v1/files?save=demo/x.h5", `{"datasets":{"x":{"dtype":"<f8","shape":[100000],"data":{"start":0,"step":1}}}}`).want(t, 201, "")
	if r := h.get(dataAt("/x", "&format=raw")); len(r.body) != 800_000 {
		t.Errorf("%d: %d bytes", r.StatusCode, len(r.body))
	}
	for _, path := range []string{dataAt("/x", "&fit=10"), "/v1/stats?file=demo/x.h5&path=/x"} {
		h.get(path).want(t, 413, "too_large")
	}
	h.get(dataAt("/x", "&fit=10&select=:1000")).want(t, 200, "")
}
