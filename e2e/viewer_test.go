package e2e

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/h5serve/h5serve/e2e/reference"
)

const nameWithMarkup = `<img src=x onerror=alert(1)>`

// viewed are the files that the viewer is shown, by their keys.
var viewed = map[string]string{
	"run.h5": `{"datasets":{
		"image":{"dtype":"<f4","shape":[300,200],"chunks":[64,64],"compression":"gzip","data":{"linspace":[0,1]}},
		"line":{"dtype":"<f8","shape":[1000],"data":{"linspace":[-1,1]},"attrs":{"units":"m"}},
		"cube":{"dtype":"<i4","shape":[3,4,4],"data":{"start":0,"step":1}}}}`,
	"large.h5": `{"datasets":{
		"picture":{"dtype":"<i4","shape":[4200,4100],"data":{"start":0,"step":1}},
		"line":{"dtype":"<f4","shape":[2000000],"data":{"linspace":[0,1]}}}}`,
	"change.h5": `{"datasets":{"value":[1,2,3]}}`,
	"folder/" + nameWithMarkup + ".h5": `{"datasets":{"image":{"dtype":"<f4","shape":[64,64],"data":{"linspace":[0,1]}},
		"` + nameWithMarkup + `":{"data":[1,2],"attrs":{"` + nameWithMarkup + `":"` + nameWithMarkup + ` of an attribute"}}}}`,
}

// user is somebody at a browser, who sees the viewer at an address.
type user struct {
	node, script, chromium, page string
}

// do plays a scenario, and unfolds what it found.
func (u user) do(t *testing.T, scenario string, found any) {
	t.Helper()
	out := command(t, u.node, u.script, u.chromium, u.page, scenario)
	if found == nil {
		return
	}
	if err := json.Unmarshal([]byte(out), found); err != nil {
		t.Fatal(err)
	}
}

func newUser(t *testing.T, page string) user {
	t.Helper()
	chromium, err := exec.LookPath(reference.Need(t, "chromium", "--version"))
	if err != nil {
		t.Fatal(err)
	}
	script, err := filepath.Abs(filepath.Join("browser", "viewer.js"))
	if err != nil {
		t.Fatal(err)
	}
	node := reference.Need(t, "node", "-e", "require('module').createRequire(process.argv[1])('playwright-core')", script)
	reference.Need(t, "test", "-f", filepath.Join("..", "web", "dist", "index.html"))
	return user{node, script, chromium, page}
}

func TestViewer(t *testing.T) {
	dir := t.TempDir()
	s := serve(t, "--store", "demo="+dir+"?writable=true")
	u := newUser(t, s.URL+"/")
	for key, description := range viewed {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+"/v1/files?save="+url.QueryEscape("demo/"+key), strings.NewReader(description))
		if err != nil {
			t.Fatal(err)
		}
		do(t, request, http.StatusCreated)
	}
	for _, scenario := range []string{"browse", "line", "plain", "keyboard", "about", "refused", "change", "phone"} {
		t.Run(scenario, func(t *testing.T) { u.do(t, scenario, nil) })
	}
	t.Run("overview", func(t *testing.T) {
		var found struct{ Zoomed string }
		if u.do(t, "overview", &found); !strings.Contains(found.Zoomed, ":") {
			t.Errorf("zooming asks for %q", found.Zoomed)
		}
	})
	t.Run("slice", func(t *testing.T) { sliced(t, u, dir) })
	t.Run("make", func(t *testing.T) {
		var found struct{ Address string }
		u.do(t, "make", &found)
		_, file := get(t, found.Address, http.StatusOK)
		if !strings.HasPrefix(string(file), "\x89HDF") {
			t.Errorf("%s leads to %.20q", found.Address, file)
		}
	})
	t.Run("below a prefix", func(t *testing.T) {
		origin, err := url.Parse(s.URL)
		if err != nil {
			t.Fatal(err)
		}
		forward := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(origin) }}
		proxy := httptest.NewServer(http.StripPrefix("/some/where", forward))
		defer proxy.Close()
		below := u
		below.page = proxy.URL + "/some/where/"
		below.do(t, "browse", nil)
	})
}

// TestViewerModules runs the viewer's own tests, of what needs no page.
func TestViewerModules(t *testing.T) {
	folder, err := filepath.Abs(filepath.Join("..", "web", "test"))
	if err != nil {
		t.Fatal(err)
	}
	node := reference.Need(t, "node", "-e", "require('module').createRequire(process.argv[1])('ndarray')", folder+"/")
	command(t, node, "--test", folder+"/")
}

// sliced holds that what the slice bar offers is the slice that was typed.
func sliced(t *testing.T, u user, dir string) {
	var found struct{ Links, Lines map[string]string }
	u.do(t, "slice", &found)
	if _, csv := get(t, found.Links["CSV"], http.StatusOK); len(strings.Fields(string(csv))) != 2 {
		t.Errorf("the CSV has %q, expected two rows", csv)
	}
	python := reference.Current(t)
	shape := "\n    print(data.shape, int(data.sum()))"
	if out := command(t, python, "-c", found.Lines["Python"]+shape); strings.TrimSpace(out) != "(2, 4) 300" {
		t.Errorf("Python's lines give %q", out)
	}
	file, npy := filepath.Join(dir, "part.h5"), filepath.Join(dir, "part.npy")
	for name, link := range map[string]string{file: found.Links[".h5"], npy: found.Links["NPY"]} {
		_, body := get(t, link, http.StatusOK)
		writeFile(t, name, body)
	}
	read := "import h5py, numpy, sys\na = h5py.File(sys.argv[1])['/cube'][()]\nprint(a.shape, int(a.sum()), (a == numpy.load(sys.argv[2])).all())"
	if out := command(t, python, "-c", read, file, npy); strings.TrimSpace(out) != "(2, 4) 300 True" {
		t.Errorf("the files have %q", out)
	}
	t.Chdir(dir)
	command(t, "bash", "-c", found.Lines["curl"]+" 2>/dev/null") // its progress
	if _, err := os.Stat("run-part.h5"); err != nil {
		t.Error(err)
	}
}
