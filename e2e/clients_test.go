package e2e

import (
	"bytes"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"testing"

	"github.com/h5serve/h5serve/e2e/reference"
)

// TestCurlForms sends one description in the ways that curl's users do.
func TestCurlForms(t *testing.T) {
	s := serve(t)
	dir := t.TempDir()
	spec := filepath.Join(dir, "spec.json")
	writeFile(t, spec, []byte(rangeTen))
	var first []byte
	for i, form := range [][]string{
		{"-d", rangeTen},
		{"--json", rangeTen},
		{"-H", "Content-Type: application/json", "--data-binary", "@" + spec},
	} {
		out := filepath.Join(dir, "out.h5")
		command(t, "curl", append([]string{"-sS", "--fail-with-body", s.URL + "/v1/files", "-o", out}, form...)...)
		got, err := os.ReadFile(out)
		if err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			first = got
		}
		if !bytes.Equal(got, first) {
			t.Errorf("%v: %d bytes, unlike the first form's %d", form, len(got), len(first))
		}
	}
}

// TestForeignForm holds that another site's form cannot write.
func TestForeignForm(t *testing.T) {
	s := serve(t)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+"/v1/files", bytes.NewReader([]byte(rangeTen)))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Origin", "https://elsewhere.example")
	req.Header.Set("Sec-Fetch-Site", "cross-site")
	resp, _ := do(t, req, http.StatusForbidden)
	if kind := resp.Header.Get("Content-Type"); kind != "application/problem+json" {
		t.Errorf("the refusal is %q", kind)
	}
}

const withGroups = `{"attrs":{"title":"demo"},"datasets":{
	"x":{"dtype":"<f8","shape":[100],"data":{"linspace":[0,1]},"attrs":{"units":"m"}},
	"grid":{"dtype":"<i4","shape":[300,200],"chunks":[64,64],"compression":"gzip","shuffle":true,"data":{"start":0,"step":1}}}}`

// TestFileByGet opens one address with the clients that read by ranges, and
// asks a second process that never saw it for a part.
func TestFileByGet(t *testing.T) {
	s, other := serve(t), serve(t)
	path := "/v1/files/demo.h5?spec=" + url.QueryEscape(withGroups)
	whole, body := get(t, s.URL+path, http.StatusOK)
	script(t, reference.Current(t), "open_url.py", s.URL+path)

	dir := t.TempDir()
	for i, fetch := range [][]string{
		{"wget", "-q", "-O", filepath.Join(dir, "0.h5"), s.URL + path},
		{"curl", "-sS", "-C", "1000", "-o", filepath.Join(dir, "1.h5"), s.URL + path},
	} {
		command(t, fetch[0], fetch[1:]...)
		got, err := os.ReadFile(filepath.Join(dir, string(rune('0'+i))+".h5"))
		if err != nil {
			t.Fatal(err)
		}
		if want := [][]byte{body, body[1000:]}[i]; !bytes.Equal(got, want) {
			t.Errorf("%s: %d bytes, expected %d", fetch[0], len(got), len(want))
		}
	}

	part, some := get(t, other.URL+path, http.StatusPartialContent, "Range", "bytes=500-1499", "If-Range", whole.Header.Get("ETag"))
	if part.Header.Get("ETag") != whole.Header.Get("ETag") || !bytes.Equal(some, body[500:1500]) {
		t.Errorf("the second process: ETag %s and %s", part.Header.Get("ETag"), whole.Header.Get("ETag"))
	}
}
