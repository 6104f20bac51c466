package api

import (
	"bytes"
	"context"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/h5serve/h5serve/h5core"
	"github.com/h5serve/h5serve/h5core/dtype"
	"github.com/h5serve/h5serve/h5core/filter"
	"github.com/h5serve/h5serve/h5core/space"
	"github.com/h5serve/h5serve/h5core/vfd"
	"github.com/h5serve/h5serve/storage"
	"github.com/h5serve/h5serve/storage/mem"
)

// turning is a filter that counts how often it runs: it turns every bit.
type turning struct{}

var (
	turns        atomic.Int64
	registerOnce = sync.OnceFunc(func() { filter.Register(turning{}) })
)

func (turning) ID() filter.ID                                     { return 40002 }
func (turning) Name() string                                      { return "turning" }
func (turning) Extent(in filter.Extent, _ []uint32) filter.Extent { return filter.Extent{Max: in.Max} }

func (turning) Encode(dst, src []byte, _ []uint32) ([]byte, error) {
	turns.Add(1)
	for _, b := range src {
		dst = append(dst, ^b)
	}
	return dst, nil
}

func (f turning) Decode(dst, src []byte, p []uint32, _ int) ([]byte, error) {
	return f.Encode(dst, src, p)
}

func fatal(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// far is a file of 8 MB: /g/d of 1000 × 1000 in chunks of 100 × 100, each number its place; /scalar, /null, /text.
func far(t *testing.T) []byte {
	t.Helper()
	registerOnce()
	ctx := t.Context()
	f, err := h5core.Open(ctx, "far", "w", h5core.WithDriver(vfd.Core{}))
	fatal(t, err)
	defer f.Discard()
	i8, err := dtype.Parse("<i8")
	fatal(t, err)
	list := make([]int64, 1_000_000)
	for i := range list {
		list[i] = int64(i)
	}
	d, err := f.CreateDataset("g/d", i8, space.Space{Kind: space.Simple, Dims: []uint64{1000, 1000}}, h5core.Chunks(100, 100),
		h5core.Filters(filter.Step{Filter: turning{}}))
	fatal(t, err)
	fatal(t, d.Write(ctx, nil, list))
	fatal(t, d.Attributes().Set("units", "K"))
	one, err := f.CreateDataset("scalar", i8, space.Space{})
	fatal(t, err)
	fatal(t, one.Write(ctx, nil, int64(7)))
	_, err = f.CreateDataset("null", i8, space.Space{Kind: space.Null})
	fatal(t, err)
	text, err := f.CreateDataset("text", dtype.VarString(dtype.UTF8), space.Space{Kind: space.Simple, Dims: []uint64{3}})
	fatal(t, err)
	fatal(t, text.Write(ctx, nil, []string{"a", "", "c"}))
	fatal(t, f.ExternalLink("elsewhere", "other.h5", "/x"))
	p, err := f.Plan(ctx)
	fatal(t, err)
	var out bytes.Buffer
	_, err = p.WriteTo(&out)
	fatal(t, err)
	return out.Bytes()
}

// bytesRead counts what is read of a store.
type bytesRead struct {
	storage.Writer
	n atomic.Int64
}

func (b *bytesRead) Get(ctx context.Context, key string, r storage.Range, c storage.Conditions) (*storage.Part, error) {
	part, err := b.Writer.Get(ctx, key, r, c)
	if err == nil {
		part.Body = &tallied{part.Body, &b.n}
	}
	return part, err
}

type tallied struct {
	io.ReadCloser
	n *atomic.Int64
}

func (c *tallied) Read(p []byte) (int, error) {
	n, err := c.ReadCloser.Read(p)
	c.n.Add(int64(n))
	return n, err
}

// withFar is a house with the file demo/far.h5.
func withFar(t *testing.T) (*house, *bytesRead) {
	t.Helper()
	store := &bytesRead{Writer: mem.New("demo")}
	put(t, store, "far.h5", far(t))
	return newHouse(t, func(set *Settings) {
		set.Stores = []Store{{Name: "demo", Store: store, Writable: true}, {Name: "fixed", Store: mem.New("fixed")}}
	}), store
}

func put(t *testing.T, s storage.Writer, key string, content []byte) {
	t.Helper()
	_, err := s.Put(t.Context(), key, bytes.NewReader(content), int64(len(content)), storage.PutOptions{})
	fatal(t, err)
}

// opened reads a file that was answered.
func opened(t *testing.T, image []byte) *h5core.File {
	t.Helper()
	name := filepath.Join(t.TempDir(), "answer.h5")
	fatal(t, os.WriteFile(name, image, 0o600))
	f, err := h5core.Open(t.Context(), name, "r")
	fatal(t, err)
	t.Cleanup(func() { _ = f.Close() })
	return f
}

func numbersAt(t *testing.T, f *h5core.File, path string) ([]int64, []uint64) {
	t.Helper()
	o, err := f.Get(t.Context(), path)
	fatal(t, err)
	d := o.(*h5core.Dataset)
	list, err := h5core.Read[int64](t.Context(), d, nil)
	fatal(t, err)
	return list, d.Space().Dims
}

func subsetOf(fields ...string) string {
	query := url.Values{}
	for i := 0; i < len(fields); i += 2 {
		query.Add(fields[i], fields[i+1])
	}
	return "/v1/subset?" + query.Encode()
}

// Chunks travel as they are: nothing is decoded, and no more is read than what is sent.
func TestSubsetReadsWhatItSends(t *testing.T) {
	h, store := withFar(t)
	at := subsetOf("file", "demo/far.h5", "path", "/g/d", "select", "300:500")
	h.ask("HEAD", at, nil).want(t, 200, "")
	before, ran := store.n.Load(), turns.Load()
	r := h.get(at)
	r.want(t, 200, "")
	if got, sent := store.n.Load()-before, int64(len(r.body)); got > sent || sent > 1_700_000 {
		t.Errorf("%d bytes were read of the store for %d", got, sent)
	}
	if before > 2<<20 {
		t.Errorf("%d bytes were read for the header", before)
	}
	if got := turns.Load() - ran; got != 0 {
		t.Errorf("the filter ran %d times", got)
	}
	if r.Header.Get("Content-Disposition") != "attachment; filename=far-subset.h5" || r.Header.Get("Cache-Control") != "no-cache" ||
		r.Header.Get("Content-Length") != strconv.Itoa(len(r.body)) {
		t.Errorf("%v", r.Header)
	}
	list, dims := numbersAt(t, opened(t, r.body), "/g/d")
	if !slices.Equal(dims, []uint64{200, 1000}) || list[0] != 300_000 || list[len(list)-1] != 499_999 || !slices.IsSorted(list) {
		t.Errorf("%v: %d … %d", dims, list[0], list[len(list)-1])
	}
	part := h.get(at, "Range: bytes=1000-1099", "If-Range: "+r.Header.Get("ETag"))
	part.want(t, 206, "")
	if !bytes.Equal(part.body, r.body[1000:1100]) {
		t.Error("a range is otherwise")
	}
	h.get(at, "If-None-Match: "+r.Header.Get("ETag")).want(t, 304, "")
	again, _ := withFar(t)
	if other := again.get(at); !bytes.Equal(other.body, r.body) || other.Header.Get("ETag") != r.Header.Get("ETag") {
		t.Error("another instance answers otherwise")
	}
}

// A file that is replaced is read anew; a plan that was made of it is refused, until the file is back.
func TestSourceIsReplaced(t *testing.T) {
	h, store := withFar(t)
	old := far(t)
	at := subsetOf("file", "demo/far.h5", "path", "/g/d", "select", "0:2,0:3")
	spec := `{"datasets":{"x":{"data":{"file":"demo/far.h5","path":"/g/d","select":"0:2,0:3"}}}}`
	first := h.get(at)
	first.want(t, 200, "")
	plan := h.plan(spec, 201)
	h.get(plan.File).want(t, 200, "")
	put(t, store, "far.h5", h.post("/v1/files", `{"datasets":{"g/d":[[5,6,7],[8,9,10]]}}`).body)
	second := h.get(at)
	second.want(t, 200, "")
	if list, _ := numbersAt(t, opened(t, second.body), "/g/d"); !slices.Equal(list, []int64{5, 6, 7, 8, 9, 10}) {
		t.Errorf("%v", list)
	}
	if second.Header.Get("ETag") == first.Header.Get("ETag") {
		t.Error("the tag is the same")
	}
	h.get(plan.File).want(t, 409, "object_changed")
	if now := h.plan(spec, 201); now.ID == plan.ID {
		t.Error("the plan is the same")
	}
	put(t, store, "far.h5", old)
	for range 2 {
		if back := h.get(at); back.StatusCode != 200 || !bytes.Equal(back.body, first.body) {
			t.Errorf("%d: %.200s", back.StatusCode, back.body)
		}
		h.get(plan.File).want(t, 200, "")
	}
	if again := h.get("/v1/files/x.h5?spec=" + url.QueryEscape(spec)); again.Header.Get("ETag") != plan.ETag || again.Header.Get("Cache-Control") != "no-cache" {
		t.Errorf("%v", again.Header)
	}
}

func TestDataOfAStore(t *testing.T) {
	h, _ := withFar(t)
	ran := turns.Load()
	verbatim := h.post("/v1/files", `{"datasets":{"a/whole":{"data":{"file":"demo/far.h5","path":"g/d"},"attrs":{"n":1}},
		"rows":{"data":{"file":"demo/far.h5","path":"/g/d","select":"100:300"}}, "s":{"data":{"file":"demo/far.h5","path":"/scalar"}},
		"null":{"data":{"file":"demo/far.h5","path":"null"}}, "none":{"data":{"file":"demo/far.h5","path":"/g/d","select":"5:5"}},
		"text":{"data":{"file":"demo/far.h5","path":"text","select":"::2"}}}}`)
	verbatim.want(t, 200, "")
	if got := turns.Load() - ran; got != 0 {
		t.Errorf("the filter ran %d times", got)
	}
	f := opened(t, verbatim.body)
	for path, want := range map[string]int{"a/whole": 1_000_000, "rows": 200_000, "s": 1, "none": 0} {
		if list, _ := numbersAt(t, f, path); len(list) != want {
			t.Errorf("%s has %d numbers", path, len(list))
		}
	}
	o, err := f.Get(t.Context(), "a/whole")
	fatal(t, err)
	if list, err := o.Attributes().All(t.Context()); err != nil || len(list) != 1 || list[0].Name != "n" {
		t.Errorf("attributes %v, %v", list, err)
	}
	o, err = f.Get(t.Context(), "text")
	fatal(t, err)
	if got, err := h5core.Read[string](t.Context(), o.(*h5core.Dataset), nil); err != nil || !slices.Equal(got, []string{"a", "c"}) {
		t.Errorf("%q, %v", got, err)
	}
	anew := h.post("/v1/files", `{"datasets":{"x":{"chunks":[50,20],"compression":"gzip","maxshape":[null,20],"fillvalue":3,"shape":[100,20],
		"data":{"file":"demo/far.h5","path":"/g/d","select":"::10,5:25"}}, "y":{"chunks":false,"data":{"file":"demo/far.h5","path":"/g/d","select":"7"}}}}`)
	anew.want(t, 200, "")
	f = opened(t, anew.body)
	list, dims := numbersAt(t, f, "x")
	o, err = f.Get(t.Context(), "x")
	fatal(t, err)
	d := o.(*h5core.Dataset)
	if !slices.Equal(dims, []uint64{100, 20}) || list[20] != 10_005 || !slices.Equal(d.Chunks(), []uint64{50, 20}) || d.Filters()[0].ID != 1 ||
		d.Space().Max[0] != space.Unlimited {
		t.Errorf("%v %d %v %v %v", dims, list[20], d.Chunks(), d.Filters(), d.Space())
	}
	if list, dims := numbersAt(t, f, "y"); list[3] != 7003 || len(dims) != 1 {
		t.Errorf("%v %v", list[:5], dims)
	}
}

func TestBadSources(t *testing.T) {
	h, store := withFar(t)
	put(t, store, "no.h5", []byte("no HDF5"))
	put(t, store, "cut.h5", far(t)[:4000])
	plan := h.plan(`{"datasets":{"x":[1,2,3]}}`, 201)
	for _, tc := range []struct {
		fields     []string
		status     int
		code, says string
	}{
		{[]string{"path", "/"}, 422, "missing_parameter", "file"},
		{[]string{"file", "demo/far.h5"}, 422, "missing_parameter", "path"},
		{[]string{"file", "nowhere/far.h5", "path", "/"}, 404, "store_not_found", ""},
		{[]string{"file", "demo/none.h5", "path", "/"}, 404, "object_not_found", ""},
		{[]string{"file", "demo", "path", "/"}, 422, "bad_parameter", "STORE/KEY"},
		{[]string{"file", "demo/far.h5", "path", "/none"}, 404, "path_not_found", "/none"},
		{[]string{"file", "demo/far.h5", "path", "/elsewhere"}, 403, "external_reference_refused", ""},
		{[]string{"file", "demo/far.h5", "path", "/g/d", "select", "5,1000"}, 422, "bad_select", "length 1000"},
		{[]string{"file", "demo/far.h5", "path", "/g/d", "select", "0,0,0"}, 422, "bad_select", "axes"},
		{[]string{"file", "demo/far.h5", "path", "/g/d", "select", "x"}, 422, "bad_select", "axis 0"},
		{[]string{"file", "demo/far.h5", "path", "/g", "select", "0"}, 422, "bad_select", "no dataset"},
		{[]string{"file", "demo/far.h5", "path", "/scalar", "select", "0"}, 422, "bad_select", ""},
		{[]string{"file", "demo/far.h5", "path", "/null", "select", "..."}, 422, "bad_select", "null"},
		{[]string{"file", "demo/far.h5", "path", "/g/d", "select", "1", "select", "2"}, 422, "bad_parameter", "n-th"},
		{[]string{"file", "demo/far.h5", "path", "/g/d", "path", "/g/d", "select", "1", "select", "2"}, 422, "invalid", "twice"},
		{[]string{"file", "demo/no.h5", "path", "/"}, 422, "not_hdf5", ""},
		{[]string{"file", "demo/cut.h5", "path", "/"}, 422, "malformed_hdf5", ""},
		{[]string{"file", "plan:aaaaaaaaaaaaaaaaaaaaaaaa", "path", "/"}, 410, "plan_expired", ""},
		{[]string{"file", "plan:" + plan.ID, "path", "/x", "select", "3"}, 422, "bad_select", "length 3"},
	} {
		if p := h.get(subsetOf(tc.fields...)).want(t, tc.status, tc.code); !strings.Contains(p.Detail, tc.says) {
			t.Errorf("%v: %s", tc.fields, p.Detail)
		}
	}
	for data, want := range map[string]struct {
		status        int
		code, pointer string
	}{
		`{"data":{"file":"demo/far.h5"}}`:                                           {422, "missing_key", "/datasets/x/data"},
		`{"data":{"file":"demo/none.h5","path":"/"}}`:                               {404, "object_not_found", "/datasets/x/data/file"},
		`{"data":{"file":"demo/far.h5","path":"/none"}}`:                            {422, "target_not_found", "/datasets/x/data/path"},
		`{"data":{"file":"demo/far.h5","path":"/g"}}`:                               {422, "bad_value", "/datasets/x/data/path"},
		`{"data":{"file":"demo/far.h5","path":"/g/d","select":"1000"}}`:             {422, "bad_select", "/datasets/x/data/select"},
		`{"dtype":"<f4","data":{"file":"demo/far.h5","path":"/g/d"}}`:               {501, "unsupported_feature", "/datasets/x/dtype"},
		`{"shape":[3],"data":{"file":"demo/far.h5","path":"/g/d"}}`:                 {422, "shape_mismatch", "/datasets/x/shape"},
		`{"chunks":[2],"data":{"file":"demo/far.h5","path":"/text"}}`:               {501, "unsupported_feature", "/datasets/x"},
		`{"data":[1],"attrs":{"a":{"data":{"file":"demo/far.h5","path":"/text"}}}}`: {501, "unsupported_feature", "/datasets/x/attrs/a/data"},
		`{"data":{"file":"demo/far.h5","path":"/g/d","full":1}}`:                    {422, "conflicting_keys", "/datasets/x/data/full"},
	} {
		p := h.post("/v1/files", `{"datasets":{"x":`+data+`}}`).want(t, want.status, want.code)
		if len(p.Errors) == 0 || p.Errors[0].Pointer != want.pointer {
			t.Errorf("%s: %+v", data, p)
		}
	}
	r := h.get(subsetOf("file", "plan:"+plan.ID, "path", "/x", "select", "1:"))
	r.want(t, 200, "")
	if list, _ := numbersAt(t, opened(t, r.body), "x"); !slices.Equal(list, []int64{2, 3}) {
		t.Errorf("%v", list)
	}
}

func TestSave(t *testing.T) {
	h, _ := withFar(t)
	r := h.post("/v1/files?save=demo/made/ten%20x.h5", ten)
	r.want(t, 201, "")
	if r.Header.Get("Location") != "/v1/stores/demo/made/ten%20x.h5" || r.Header.Get("ETag") == "" {
		t.Errorf("%v", r.Header)
	}
	got := h.get(r.Header.Get("Location"))
	if want := h.post("/v1/files", ten); !bytes.Equal(got.body, want.body) || got.Header.Get("ETag") != r.Header.Get("ETag") {
		t.Errorf("%d bytes stored, %d made", len(got.body), len(want.body))
	}
	h.post("/v1/files?save=demo/made/ten%20x.h5", ten, "If-None-Match: *").want(t, 412, "precondition_failed")
	h.post("/v1/files?save=demo/made/ten%20x.h5", ten, `If-Match: "other"`).want(t, 412, "precondition_failed")
	h.post("/v1/files?save=demo/made/ten%20x.h5", ten, "If-Match: "+r.Header.Get("ETag")).want(t, 201, "")
	h.post("/v1/files?save=demo/y.h5", ten, "If-None-Match: x").want(t, 400, "bad_condition")
	h.post("/v1/files?save=fixed/x.h5", ten).want(t, 403, "store_read_only")
	h.post("/v1/files?save=nowhere/x.h5", ten).want(t, 404, "store_not_found")
	h.post("/v1/files?save=demo", ten).want(t, 422, "bad_parameter")
	h.post("/v1/files?save=demo/z.h5", `{"datasets":1}`).want(t, 400, "wrong_type")
	h.get("/v1/stores/demo/z.h5").want(t, 404, "object_not_found")
	// A slice of a stored file takes the file's own place.
	h.post("/v1/files?save=demo/far.h5", `{"datasets":{"x":{"data":{"file":"demo/far.h5","path":"/g/d","select":":100"}}}}`).want(t, 201, "")
	if list, dims := numbersAt(t, opened(t, h.get("/v1/stores/demo/far.h5").body), "x"); len(dims) != 2 || list[99_999] != 99_999 {
		t.Errorf("%v", dims)
	}
}
