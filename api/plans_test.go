package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func (h *house) plan(body string, status int) planDocument {
	h.t.Helper()
	r := h.post("/v1/plans", body)
	r.want(h.t, status, "")
	var doc planDocument
	if err := json.Unmarshal(r.body, &doc); err != nil {
		h.t.Fatal(err)
	}
	if got := r.Header.Get("Location"); got != planPath(doc.ID) {
		h.t.Errorf("Location %q", got)
	}
	return doc
}

func TestPlan(t *testing.T) {
	h := newHouse(t)
	first := h.plan(ten, http.StatusCreated)
	again := h.plan(" "+ten, http.StatusOK)
	again.Expires = first.Expires
	if diff := cmp.Diff(first, again); diff != "" {
		t.Errorf("the same POST gives another plan: %s", diff)
	}
	file := h.post("/v1/files", ten)
	if first.Size != uint64(len(file.body)) || first.ETag != file.Header.Get("ETag") || first.Layout.Datasets != 1 || first.Warnings == nil {
		t.Errorf("%+v of %d bytes with tag %s", first, len(file.body), file.Header.Get("ETag"))
	}
	if left := time.Until(first.Expires); left < 23*time.Hour || left > 25*time.Hour {
		t.Errorf("expires in %v", left)
	}
	var got planDocument
	r := h.get(planPath(first.ID))
	r.want(t, 200, "")
	if err := json.Unmarshal(r.body, &got); err != nil || got.ID != first.ID || got.File != planPath(first.ID)+"/file" {
		t.Errorf("%+v %v", got, err)
	}
	down := h.get(got.File, "Range: bytes=8-")
	down.want(t, 206, "")
	if !bytes.Equal(down.body, file.body[8:]) {
		t.Error("other bytes")
	}
	h.ask(http.MethodHead, got.File, nil).want(t, 200, "")
	h.get(got.File, "If-None-Match: "+first.ETag).want(t, 304, "")
}

func TestEstimate(t *testing.T) {
	h := newHouse(t)
	var doc estimateDocument
	estimate := func(body string) {
		t.Helper()
		doc = estimateDocument{}
		r := h.post("/v1/plans?estimate=true", body)
		r.want(t, 200, "")
		if err := json.Unmarshal(r.body, &doc); err != nil {
			t.Fatal(err)
		}
	}
	estimate(ten)
	if doc.Size == nil || *doc.Size != h.plan(ten, 201).Size || doc.AtMost != nil {
		t.Errorf("%+v", doc)
	}
	gzip := `{"datasets":{"x":{"dtype":"<i8","shape":[100000],"chunks":[16384],"compression":"gzip","data":{"start":0,"step":3}}}}`
	estimate(gzip)
	if doc.AtMost == nil || doc.Size != nil {
		t.Fatalf("%+v", doc)
	}
	h.get(planPath(doc.ID)).want(t, 410, "plan_expired")
	if got := h.plan(gzip, 201); got.ID != doc.ID || got.Size > *doc.AtMost {
		t.Errorf("%+v beside %+v", got, doc)
	}
}

// large is a description of n contiguous elements that are made on demand.
func large(n int) string {
	return fmt.Sprintf(`{"datasets":{"x":{"dtype":"<i8","shape":[%d],"data":{"start":0,"step":1}}}}`, n)
}

func TestMaxFile(t *testing.T) {
	h := newHouse(t, func(s *Settings) { s.MaxFile = 1 << 20 })
	values := random(400_000)
	for name, body := range map[string]string{
		"size known before": large(1 << 20),
		"size known after":  `{"datasets":{"x":{"chunks":[16384],"compression":"gzip","data":[` + values + `]}}}`,
	} {
		p := h.post("/v1/files", body).want(t, 413, "file_too_large")
		if p.Limit != 1<<20 {
			t.Errorf("%s: limit %d", name, p.Limit)
		}
	}
	if used := h.budget.Used(); used > 1<<20 {
		t.Errorf("%d bytes held", used)
	}
}

// evict lets everything idle go.
func (h *house) evict() {
	h.t.Helper()
	h.shelf.makeRoom(h.budget.Limit())
	if used := h.budget.Used(); used != 0 {
		h.t.Errorf("%d bytes are not given back", used)
	}
}

// A download that was cut goes on at its Content-Location, also after the bytes were evicted.
func TestResumeAfterEviction(t *testing.T) {
	h := newHouse(t)
	bodies := map[string][]string{
		"described": {ten},
		"multipart": {multi(piece{"spec", "", "", raw}, piece{"pixels", "", "", pixels}), multipartForm},
	}
	for name, b := range bodies {
		t.Run(name, func(t *testing.T) {
			whole := h.ask(http.MethodPost, "/v1/files", strings.NewReader(b[0]), b[1:]...)
			whole.want(t, 200, "")
			h.evict()
			cut := len(whole.body) / 2
			rest := h.get(whole.Header.Get("Content-Location"), fmt.Sprintf("Range: bytes=%d-", cut), "If-Range: "+whole.Header.Get("ETag"))
			rest.want(t, 206, "")
			if !bytes.Equal(append(whole.body[:cut:cut], rest.body...), whole.body) {
				t.Error("the file is another one")
			}
			h.evict()
			h.ask(http.MethodHead, planPath(strings.Trim(whole.Header.Get("ETag"), `"`))+"/file", nil).want(t, 200, "")
			if used := h.budget.Used(); used != 0 {
				t.Errorf("HEAD made %d bytes", used)
			}
		})
	}
}

// A folder that is named keeps recipes from one process to the next.
func TestPlansFolder(t *testing.T) {
	folder := t.TempDir()
	named := func(s *Settings) { s.Plans = folder }
	first := newHouse(t, named)
	doc := first.plan(ten, 201)
	want := first.get(doc.File)
	if err := os.WriteFile(filepath.Join(folder, "x.1.unfinished"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	damaged := strings.Repeat("a", len(doc.ID))
	if err := os.WriteFile(filepath.Join(folder, damaged), []byte("\xff\xff\xff\xff\xff\xff\xff\x7f{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	second := newHouse(t, named)
	got := second.get(doc.File)
	got.want(t, 200, "")
	if !bytes.Equal(got.body, want.body) {
		t.Error("other bytes")
	}
	second.get(planPath(damaged)).want(t, 410, "plan_expired")
	left, err := os.ReadDir(folder)
	if err != nil || len(left) != 1 || left[0].Name() != doc.ID {
		t.Errorf("in the folder: %v %v", left, err)
	}
	// Another version would make other bytes: it does not claim to have them.
	third := newHouse(t, named, func(s *Settings) { s.Version = "2" })
	third.get(doc.File).want(t, 410, "plan_expired")
}

func TestChangedPart(t *testing.T) {
	folder := t.TempDir()
	h := newHouse(t, func(s *Settings) { s.Plans = folder })
	r := h.ask(http.MethodPost, "/v1/plans", strings.NewReader(multi(piece{"spec", "", "", raw}, piece{"pixels", "", "", pixels})), multipartForm)
	r.want(t, 201, "")
	file := filepath.Join(folder, filepath.Base(r.Header.Get("Location")))
	kept, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	kept[len(kept)-1] ^= 1
	if err := os.WriteFile(file, kept, 0o600); err != nil {
		t.Fatal(err)
	}
	h.evict()
	h.get(r.Header.Get("Location")+"/file").want(t, 410, "plan_expired")
}

// clock is a time that a test moves.
type clock struct{ at atomic.Int64 }

func (c *clock) now() time.Time { return time.Unix(c.at.Load(), 0) }

func TestExpiry(t *testing.T) {
	var c clock
	h := newHouse(t, func(s *Settings) { s.now = c.now })
	c.at.Store(1_000_000)
	doc := h.plan(ten, 201)
	c.at.Add(23 * 3600)
	h.get(planPath(doc.ID)).want(t, 200, "")
	c.at.Add(23 * 3600)
	h.get(planPath(doc.ID)).want(t, 200, "")
	c.at.Add(25 * 3600)
	h.get(planPath(doc.ID)).want(t, 410, "plan_expired")
	if got := h.plan(ten, 201); got.ID != doc.ID {
		t.Errorf("id %s became %s", doc.ID, got.ID)
	}
}

// The budget of the recipes keeps the ones used last.
func TestPlansSize(t *testing.T) {
	var c clock
	h := newHouse(t, func(s *Settings) { s.now, s.PlansSize = c.now, 3*(recipeCost+1000) })
	var ids []string
	for i := range 5 {
		c.at.Add(1)
		ids = append(ids, h.plan(fmt.Sprintf(`{"datasets":{"x":[%d]}}`, i), 201).ID)
	}
	h.evict()
	for i, id := range ids {
		status, code := 200, ""
		if i < 2 {
			status, code = 410, "plan_expired"
		}
		h.get(planPath(id)+"/file").want(t, status, code)
	}
}
