package api

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers/gorillamux"
)

// sample has the types that H5Web tells apart.
const sample = `{
  "attrs": {"title": "sample", "empty": {"dtype": "<f4", "shape": null}},
  "groups": {"entry": {"attrs": {"NX_class": "NXentry", "n": 3, "flag": true, "list": [1.5, "NaN"]}}, "none": {}},
  "datasets": {
    "entry/i64": [9007199254740993, -9223372036854775808],
    "entry/u64": {"dtype": "<u8", "data": [18446744073709551615]},
    "entry/f2": {"dtype": ">f2", "data": [1.5, -0.5]},
    "entry/f4": {"dtype": ">f4", "shape": [2, 3], "data": {"start": 0, "step": 1}, "chunks": [1, 3], "compression": "gzip", "shuffle": true},
    "entry/f8": ["NaN", "Infinity", 3.0],
    "entry/cube": {"dtype": "<i2", "shape": [2, 2, 2], "data": {"start": 0, "step": 1}},
    "entry/c16": {"dtype": "<c16", "data": [[1, 2], [0, -3]]},
    "entry/bool": [true, false, true],
    "entry/color": {"dtype": {"enum": {"RED": 0, "BLUE": 1}, "base": "i1"}, "data": ["RED", 1]},
    "entry/text": ["héllo", ""],
    "entry/one": "just one",
    "entry/fixed": {"dtype": {"string": 4, "charset": "ascii", "pad": "nullterm"}, "data": ["ab", "c"]},
    "entry/lists": {"dtype": {"vlen": "<i4"}, "data": [[1], [2, 3]]},
    "entry/pairs": {"dtype": {"array": "<f4", "dims": [3]}, "shape": [2], "data": [[1, 2, 3], [4, 5, 6]]},
    "entry/points": {"dtype": [["x", "<f4"], ["y", "<f4"]], "data": [[1, 2], [3, 4.5]]},
    "entry/blob": {"dtype": {"opaque": 2, "tag": "x"}, "data": ["AAE="]},
    "entry/time": {"dtype": "M8[s]", "data": ["2001-02-03T04:05:06"]},
    "entry/scalar": 42,
    "entry/nothing": {"dtype": "<f4", "shape": null},
    "entry/empty": {"dtype": "<f4", "shape": [2, 0]} },
  "links": {"soft": {"soft": "/entry/f4"}, "broken": {"soft": "/nope"}, "ext": {"external": ["missing.h5", "/x"]}, "loop": {"hard": "/entry"}} }`

// grove is a house with the sample in its store.
type grove struct{ *house }

func newGrove(t *testing.T) grove {
	h, _ := withStore(t)
	made := h.post("/v1/files", sample)
	made.want(t, 200, "")
	h.put("/v1/stores/demo/sample.h5", string(made.body)).want(t, 201, "")
	return grove{h}
}

// ask gets an answer; parameters are name=value, not escaped.
func (g grove) ask(endpoint string, parameters ...string) reply {
	g.t.Helper()
	query := url.Values{}
	for _, p := range parameters {
		name, value, _ := strings.Cut(p, "=")
		query.Add(name, value)
	}
	if !query.Has("file") {
		query.Set("file", "demo/sample.h5")
	}
	r := g.get("/h5grove/" + endpoint + "?" + query.Encode())
	if got := r.Header.Get("Content-Length"); got != strconv.Itoa(len(r.body)) {
		g.t.Errorf("%s %v: Content-Length %s of %d bytes", endpoint, parameters, got, len(r.body))
	}
	return r
}

// says holds an answer to JSON, byte for byte.
func (g grove) says(want, endpoint string, parameters ...string) {
	g.t.Helper()
	r := g.ask(endpoint, parameters...)
	if r.StatusCode != 200 || string(r.body) != want {
		g.t.Errorf("%s %v: %d\ngot  %s\nwant %s", endpoint, parameters, r.StatusCode, r.body, want)
	}
	if r.Header.Get("ETag") == "" || r.Header.Get("Cache-Control") != "no-cache" {
		g.t.Errorf("%s %v: %v", endpoint, parameters, r.Header)
	}
}

func TestGroveMeta(t *testing.T) {
	g := newGrove(t)
	f4 := `{"class":1,"dtype":">f4","size":4,"order":1}`
	g.says(`{"attributes":[],"chunks":[1,3],"filters":[{"id":2,"name":"shuffle"},{"id":1,"name":"deflate"}],"kind":"dataset","name":"f4","shape":[2,3],"type":`+f4+`}`, "meta", "path=/entry/f4")
	g.says(`{"attributes":[],"chunks":[1,3],"filters":[{"id":2,"name":"shuffle"},{"id":1,"name":"deflate"}],"kind":"dataset","name":"soft","shape":[2,3],"type":`+f4+`}`, "meta", "path=soft")
	g.says(`{"kind":"soft_link","name":"soft","target_path":"/entry/f4"}`, "meta", "path=/soft", "resolve_links=NONE")
	g.says(`{"kind":"soft_link","name":"broken","target_path":"/nope"}`, "meta", "path=/broken")
	g.says(`{"kind":"external_link","name":"ext","target_file":"missing.h5","target_path":"/x"}`, "meta", "path=/ext")
	g.says(`{"attributes":[],"children":[],"kind":"group","name":"none"}`, "meta", "path=/none")
	g.says(`{"attributes":[],"children":[],"kind":"group","name":""}`, "meta", "path=/none/")
	for path, want := range map[string]string{
		"bool":    `{"class":8,"dtype":"|b1","size":1,"members":{"FALSE":0,"TRUE":1},"base":{"class":0,"dtype":"|i1","size":1,"order":0,"sign":1}}`,
		"color":   `{"class":8,"dtype":"|i1","size":1,"members":{"RED":0,"BLUE":1},"base":{"class":0,"dtype":"|i1","size":1,"order":0,"sign":1}}`,
		"text":    `{"class":3,"dtype":"|O","size":8,"cset":1,"strpad":0,"vlen":true}`,
		"fixed":   `{"class":3,"dtype":"|S4","size":4,"cset":0,"strpad":0,"vlen":false}`,
		"lists":   `{"class":9,"dtype":"|O","size":16,"base":{"class":0,"dtype":"<i4","size":4,"order":0,"sign":1}}`,
		"pairs":   `{"class":10,"dtype":"|V12","size":12,"dims":[3],"base":{"class":1,"dtype":"<f4","size":4,"order":0}}`,
		"blob":    `{"class":5,"dtype":"|V2","size":2,"tag":"x"}`,
		"points":  `{"class":6,"dtype":{"x":"<f4","y":"<f4"},"size":8,"members":[{"name":"x","class":1,"dtype":"<f4","size":4,"order":0},{"name":"y","class":1,"dtype":"<f4","size":4,"order":0}]}`,
		"c16":     `{"class":6,"dtype":"<c16","size":16,"members":[{"name":"r","class":1,"dtype":"<f8","size":8,"order":0},{"name":"i","class":1,"dtype":"<f8","size":8,"order":0}]}`,
		"nothing": `{"class":1,"dtype":"<f4","size":4,"order":0}`,
	} {
		var doc struct {
			Shape json.RawMessage
			Type  json.RawMessage
		}
		r := g.ask("meta", "path=/entry/"+path)
		if err := json.Unmarshal(r.body, &doc); err != nil || string(doc.Type) != want {
			t.Errorf("%s: %v\ngot  %s\nwant %s", path, err, doc.Type, want)
		}
		if path == "nothing" && string(doc.Shape) != "null" {
			t.Errorf("the shape of a null space is %s", doc.Shape)
		}
	}
}

func TestGroveValues(t *testing.T) {
	g := newGrove(t)
	g.says(`{"NX_class":"NXentry","flag":true,"list":[1.5,null],"n":3}`, "attr", "path=/entry")
	g.says(`{"n":3,"flag":true}`, "attr", "path=/entry", "attr_keys=n", "attr_keys=flag")
	g.says(`{"empty":null,"title":"sample"}`, "attr")
	g.says(`{}`, "attr", "path=/none")
	for path, want := range map[string]string{
		"i64": `[9007199254740993,-9223372036854775808]`, "u64": `[18446744073709551615]`, "f2": `[1.5,-0.5]`, "f8": `[null,null,3.0]`,
		"f4": `[[0.0,1.0,2.0],[3.0,4.0,5.0]]`, "c16": `[[1.0,2.0],[0.0,-3.0]]`, "bool": `[true,false,true]`, "color": `[0,1]`,
		"text": `["h\u00e9llo",""]`, "one": `"just one"`, "fixed": `["ab","c"]`, "lists": `[[1],[2,3]]`, "pairs": `[[1.0,2.0,3.0],[4.0,5.0,6.0]]`,
		"points": `[[1.0,2.0],[3.0,4.5]]`, "blob": `["\u0000\u0001"]`, "time": `["2001-02-03T04:05:06"]`, "scalar": `42`,
	} {
		g.says(want, "data", "path=/entry/"+path)
	}
	g.says(`[1.0,2.0,3.0,4.0,5.0,6.0]`, "data", "path=/entry/pairs", "flatten=true")
	g.says(`[]`, "data", "path=/entry/empty", "flatten=True")
	g.says(`42`, "data", "path=/entry/scalar", "flatten=true")
	for selection, want := range map[string]string{
		"1": `[3.0,4.0,5.0]`, ":,1": `[1.0,4.0]`, "-1, ::2": `[3.0,5.0]`, "0,0": `0.0`, " 0 , 0:2 ": `[0.0,1.0]`, "5:": `[]`, ":,3:": `[[],[]]`,
	} {
		g.says(want, "data", "path=/entry/f4", "selection="+selection)
	}
}

func TestGroveForms(t *testing.T) {
	g := newGrove(t)
	big, little := []byte{0x3e, 0, 0xb8, 0}, []byte{0, 0, 0xc0, 0x3f, 0, 0, 0, 0xbf}
	for _, test := range []struct {
		parameters string
		want       []byte
	}{
		{"path=/entry/f2&format=bin", big},
		{"path=/entry/f2&format=bin&dtype=safe", little},
		{"path=/entry/bool&format=bin", []byte{1, 0, 1}},
		{"path=/entry/blob&format=bin", []byte{0, 1}},
		{"path=/entry/fixed&format=bin", []byte("ab\x00\x00c\x00\x00\x00")},
		{"path=/entry/scalar&format=bin&dtype=safe", binary.LittleEndian.AppendUint64(nil, 42)},
		{"path=/entry/points&format=bin&selection=1", binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(nil, math.Float32bits(3)), math.Float32bits(4.5))},
		{"path=/entry/i64&format=csv", []byte("9.007199254740993000e+15\n-9.223372036854775808e+18\n")},
		{"path=/entry/u64&format=csv", []byte("1.8446744073709551615e+19\n")},
		{"path=/entry/f4&format=csv&selection=:,0:2", []byte("0.000000000000000000e+00,1.000000000000000000e+00\n3.000000000000000000e+00,4.000000000000000000e+00\n")},
		{"path=/entry/c16&format=csv", []byte(" (1.000000000000000000e+00+2.000000000000000000e+00j)\n (0.000000000000000000e+00-3.000000000000000000e+00j)\n")},
		{"path=/entry/f8&format=csv", []byte("nan\ninf\n3.000000000000000000e+00\n")},
	} {
		r := g.ask("data", strings.Split(test.parameters, "&")...)
		if r.StatusCode != 200 || !bytes.Equal(r.body, test.want) {
			t.Errorf("%s: %d %q, want %q", test.parameters, r.StatusCode, r.body, test.want)
		}
	}
	npy := g.ask("data", "path=/entry/f4", "format=npy")
	if !bytes.Contains(npy.body, []byte("'descr': '>f4', 'fortran_order': False, 'shape': (2, 3)")) || len(npy.body) != 128+24 {
		t.Errorf("%q", npy.body)
	}
	if got := npy.Header.Get("Content-Disposition"); got != `attachment; filename="data.npy"` {
		t.Error(got)
	}
	tiff := g.ask("data", "path=/entry/cube", "format=tiff")
	if !bytes.HasPrefix(tiff.body, []byte("II*\x00\x08\x00\x00\x00")) || !bytes.HasSuffix(tiff.body, []byte("\x06\x00\x07\x00")) || tiff.Header.Get("Content-Type") != "image/tiff" {
		t.Errorf("%q", tiff.body)
	}
}

func TestGroveStatsAndPaths(t *testing.T) {
	g := newGrove(t)
	g.says(`{"strict_positive_min":1,"positive_min":0,"min":0,"max":5,"mean":2.5,"std":1.707825127659933}`, "stats", "path=/entry/f4")
	g.says(`{"strict_positive_min":3,"positive_min":3,"min":3,"max":3,"mean":3,"std":0}`, "stats", "path=/entry/f8")
	g.says(`{"strict_positive_min":9007199254740993,"positive_min":9007199254740993,"min":-9223372036854775808,"max":9007199254740993,"mean":-4607182418800017408,"std":4616189618054758400}`, "stats", "path=/entry/i64")
	g.says(`{"strict_positive_min":null,"positive_min":null,"min":null,"max":null,"mean":null,"std":null}`, "stats", "path=/entry/empty")
	g.says(`["/none"]`, "paths", "path=/none")
	var all []string
	if err := json.Unmarshal(g.ask("paths").body, &all); err != nil || strings.Join(all[:3], " ") != "/ /broken /entry" || all[len(all)-1] != "/soft" || len(all) != 27 {
		t.Errorf("%v: %d %v", err, len(all), all)
	}
}

func TestGroveErrors(t *testing.T) {
	g := newGrove(t)
	for _, test := range []struct {
		ask, phrase string
		status      int
	}{
		{"meta file=demo/none.h5", "File not found", 404},
		{"meta file=nowhere/none.h5", "File not found", 404},
		{"meta file=plan:x", "File not found", 404},
		{"meta file=", "file", 422},
		{"meta path=/nope", "not a valid path", 404},
		{"meta path=", "not a valid path", 404},
		{"meta path=/broken resolve_links=all", "Cannot resolve", 404},
		{"meta path=/ext resolve_links=true", "Cannot resolve", 404},
		{"meta path=/ resolve_links=some", "resolution", 422},
		{"attr path=/broken", "Cannot resolve", 404},
		{"attr path=/entry attr_keys=x", "no attribute", 404},
		{"data path=/entry", "not a dataset", 422},
		{"data path=/ext", "Cannot resolve", 404},
		{"data path=/entry/f4 selection=2", "selection", 422},
		{"data path=/entry/f4 selection=::-1", "selection", 422},
		{"data path=/entry/f4 selection=0,0,0", "selection", 422},
		{"data path=/entry/f4 selection=x", "selection", 422},
		{"data path=/entry/nothing selection=0", "nothing to select", 422},
		{"data path=/entry/f4 format=xml", "Unsupported encoding", 422},
		{"data path=/entry/f4 dtype=float", "Unsupported dtype", 422},
		{"data path=/entry/text dtype=safe", "Unsupported dtype", 422},
		{"data path=/entry/text format=bin", "Unsupported encoding", 422},
		{"data path=/entry/lists format=bin", "Unsupported encoding", 422},
		{"data path=/entry/nothing format=bin", "Unsupported encoding", 422},
		{"data path=/entry/text format=npy", "non-numeric", 422},
		{"data path=/entry/cube format=csv", "axes", 422},
		{"data path=/entry/scalar format=tiff", "no picture", 422},
		{"stats path=/entry/text", "no statistics", 422},
		{"stats path=/entry/c16", "no statistics", 422},
		{"paths path=/entry/f4", "not a group", 422},
		{"paths path=/ resolve_links=all", "Cannot resolve", 404},
		{"data path=/entry/f4 slice=1", "unknown parameter", 422},
	} {
		fields := strings.Fields(test.ask)
		r := g.ask(fields[0], fields[1:]...)
		var p Problem
		if err := json.Unmarshal(r.body, &p); err != nil || r.StatusCode != test.status || !strings.Contains(p.Message, test.phrase) {
			t.Errorf("%s: %d %q, want %d with %q", test.ask, r.StatusCode, p.Message, test.status, test.phrase)
		}
	}
}

func TestGroveConditional(t *testing.T) {
	g := newGrove(t)
	const at = "/h5grove/data?file=demo/sample.h5&path=/entry/f4"
	first := g.get(at)
	tag := first.Header.Get("ETag")
	g.get(at, "If-None-Match: "+tag).want(t, 304, "")
	head := g.house.ask(http.MethodHead, at, nil)
	if head.Header.Get("Content-Length") != first.Header.Get("Content-Length") || head.Header.Get("ETag") != tag || len(head.body) != 0 {
		t.Errorf("%v", head.Header)
	}
	if other := g.get(at + "&selection=0").Header.Get("ETag"); other == tag {
		t.Error("another selection has the same tag")
	}
	g.put("/v1/stores/demo/sample.h5", string(g.post("/v1/files", ten).body)).want(t, 200, "")
	g.get(at, "If-None-Match: "+tag).want(t, 404, "path_not_found")
	if r := g.get("/h5grove/"); string(r.body) != "ok" {
		t.Errorf("%q", r.body)
	}
}

// A text that is too long to be kept is written twice, and has the length that was told.
func TestGroveLongText(t *testing.T) {
	h, _ := withStore(t)
	g := grove{h}
	plan := h.plan(`{"datasets":{"ramp":{"dtype":"<i4","shape":[1500000],"data":{"start":0,"step":1}}}}`, 201)
	r := g.ask("data", "file=plan:"+plan.ID, "path=/ramp")
	var values []int32
	if err := json.Unmarshal(r.body, &values); err != nil || len(r.body) <= keptText || len(values) != 1500000 || values[1499999] != 1499999 {
		t.Errorf("%v: %d bytes, %d values", err, len(r.body), len(values))
	}
	bin := g.ask("data", "file=plan:"+plan.ID, "path=/ramp", "format=bin")
	if len(bin.body) != 6000000 || binary.LittleEndian.Uint32(bin.body[5999996:]) != 1499999 {
		t.Errorf("%d bytes", len(bin.body))
	}
}

// What is damaged, or cannot be decoded, is told in place of an answer.
func TestGroveDamage(t *testing.T) {
	h, _ := withStore(t)
	g := grove{h}
	body := h.post("/v1/files", `{"datasets":{"x":{"dtype":"<i4","shape":[1000],"data":{"full":7},"chunks":[1000],"compression":"gzip"}}}`).body
	chunk := bytes.Index(body, []byte("\x78\x5e"))
	if chunk < 0 {
		chunk = bytes.LastIndex(body, []byte("\x78"))
	}
	torn := bytes.Clone(body)
	torn[chunk] ^= 0xff
	h.put("/v1/stores/demo/torn.h5", string(torn)).want(t, 201, "")
	for _, format := range []string{"json", "bin", "npy", "csv"} {
		if p := g.ask("data", "file=demo/torn.h5", "path=/x", "format="+format).want(t, 422, "malformed_hdf5"); p.Structure == "" || p.Offset == nil {
			t.Errorf("%s: %+v", format, p)
		}
	}
	g.ask("stats", "file=demo/torn.h5", "path=/x").want(t, 422, "malformed_hdf5")
	g.ask("meta", "file=demo/torn.h5", "path=/x").want(t, 200, "")
	deflate := bytes.Index(body, []byte("deflate\x00")) - 8 // the name stands after the number and three lengths
	if deflate < 0 || body[deflate] != 1 {
		t.Fatal("there is no filter to be changed")
	}
	copy(body[deflate:], "\xff\x7f")
	h.put("/v1/stores/demo/unknown.h5", string(body)).want(t, 201, "")
	g.ask("data", "file=demo/unknown.h5", "path=/x").want(t, 501, "unsupported_feature")
}

func TestGroveKeepsTheContract(t *testing.T) {
	g := newGrove(t)
	router, err := gorillamux.NewRouter(loadContract(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range []string{"text/csv", "image/tiff", "text/plain", "application/octet-stream"} {
		openapi3filter.RegisterBodyDecoder(kind, openapi3filter.FileBodyDecoder)
	}
	for _, path := range []string{
		"", "meta?file=demo/sample.h5", "meta?file=demo/none.h5", "meta?file=demo/sample.h5&path=/nope", "attr?file=demo/sample.h5",
		"data?file=demo/sample.h5&path=/entry/f4", "data?file=demo/sample.h5&path=/entry/f4&format=bin", "data?file=demo/sample.h5&path=/entry/f4&format=npy",
		"data?file=demo/sample.h5&path=/entry/f4&format=csv", "data?file=demo/sample.h5&path=/entry/f4&format=tiff", "data?file=demo/sample.h5&path=/entry",
		"stats?file=demo/sample.h5&path=/entry/f8", "stats?file=demo/sample.h5&path=/entry/empty", "paths?file=demo/sample.h5", "paths?file=x",
	} {
		for _, method := range []string{http.MethodGet, http.MethodHead} {
			if err := holdTo(router, g.house.ask(method, "/h5grove/"+path, nil)); err != nil {
				t.Errorf("%s %s: %v", method, path, err)
			}
		}
	}
	if err := holdTo(router, g.get("/h5grove/meta?file=demo/sample.h5", "If-None-Match: *")); err != nil {
		t.Error(err)
	}
}
