package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const shown = `{"attrs":{"title":"t"},
 "datasets":{"g/x":{"dtype":"<i2","data":[[1,2],[3,4]],"chunks":[1,2],"compression":"gzip"},
  "points":{"dtype":[["a","<i4"],["b","S2"]],"data":[[1,"p"],[2,"q"]]}, "text":{"data":["x","y"]}},
 "links":{"soft":{"soft":"/g/x"}}}`

// built makes the file that the tests below look at.
func built(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "shown.h5")
	if code, _, errs := call(t, shown, "build", "-", "-o", path); code != 0 {
		t.Fatal(errs)
	}
	return path
}

func TestLs(t *testing.T) {
	path := built(t)
	for _, test := range []struct{ name, args, want string }{
		{"members", "", "g       group\npoints  dataset    2  compound(6){a@0:<i4;b@4:S2 nullpad ascii}\nsoft    soft link  → /g/x\ntext    dataset    2  vstr utf8\n"},
		{"recursive", "-r /g", "/g    group\n/g/x  dataset  2×2  <i2\n"},
		{"long", "-l /g", "x  dataset  2×2  <i2  chunked 1×2  deflate(4)\n"},
		{"an object", "-l /text", "/text  dataset  2  vstr utf8  contiguous\n"},
		{"for programs", "--json /g", `{"path":"/g/x","kind":"dataset","dtype":"<i2","space":"simple","shape":[2,2],"maxshape":[2,2],"layout":"chunked","chunks":[1,2],"filters":[[1,[4]]]}` + "\n"},
	} {
		code, out, errs := call(t, "", append([]string{"ls", path}, strings.Fields(test.args)...)...)
		if code != 0 || out != test.want {
			t.Errorf("%s: code %d\n%s\nwant\n%s%s", test.name, code, out, test.want, errs)
		}
	}
}

func TestDump(t *testing.T) {
	path := built(t)
	for _, test := range []struct{ name, args, want string }{
		{"csv", "/points --format=csv", "a,b\r\n1,p\r\n2,q\r\n"},
		{"a dataset", "/text", `{"path":"/text","kind":"dataset","dtype":"vstr utf8","space":"simple","shape":[2],"maxshape":[2],"layout":"contiguous","chunks":null,"filters":[],"attrs":{},"data":["x","y"]}` + "\n"},
	} {
		code, out, errs := call(t, "", append([]string{"dump", path}, strings.Fields(test.args)...)...)
		if code != 0 || out != test.want {
			t.Errorf("%s: code %d\n%s\nwant\n%s%s", test.name, code, out, test.want, errs)
		}
	}
	out := filepath.Join(t.TempDir(), "x.npy")
	if code, _, errs := call(t, "", "dump", path, "/g/x", "--format=npy", "-o", out); code != 0 {
		t.Fatal(errs)
	}
	if got, err := os.ReadFile(out); err != nil || !strings.HasSuffix(string(got), "\n\x01\x00\x02\x00\x03\x00\x04\x00") {
		t.Errorf("%q %v", got, err)
	}
	_, text, _ := call(t, "", "dump", path)
	var all []struct {
		Path string
		Data any
	}
	if err := json.Unmarshal([]byte(text), &all); err != nil || len(all) != 6 || all[2].Path != "/g/x" || all[2].Data == nil {
		t.Errorf("%v %v", all, err)
	}
	_, lines, _ := call(t, "", "dump", "--canonical", path)
	if !strings.HasPrefix(lines, `{"kind":"file","userblock":0}`+"\n"+`{"path":"/","kind":"group","attrs":{"title":`) || strings.Count(lines, "\n") != 7 {
		t.Error(lines)
	}
}

func TestShowRefuses(t *testing.T) {
	path := built(t)
	folder := t.TempDir()
	junk := filepath.Join(folder, "junk.h5")
	if err := os.WriteFile(junk, []byte("no HDF5"), 0o600); err != nil {
		t.Fatal(err)
	}
	kept := filepath.Join(folder, "kept")
	if err := os.WriteFile(kept, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		args string
		code int
		says string
	}{
		{"ls " + junk, exitRefused, "signature"},
		{"ls " + folder + "/none.h5", exitRefused, "none.h5"},
		{"dump " + path + " /nope", exitRefused, "nope"},
		{"dump " + path + " /g --format=csv -o " + kept, exitRefused, "no dataset"},
		{"dump " + path + " /text --format=npy -o " + kept, exitRefused, "variable length"},
		{"dump " + path + " /g --canonical", exitUsage, "leave out PATH"},
		{"dump " + path + " --format=xml", exitUsage, "csv"},
		{"ls " + path + " --driver=tape", exitUsage, "sec2"},
		{"ls " + path + " --memb-size=4kB", exitUsage, "--driver family"},
		{"ls " + path + " --driver=split --memb-size=4kB", exitUsage, "--driver family"},
		{"check " + path + " --driver=core --raw-ext=.raw", exitUsage, "--driver split"},
		{"ls " + path + " --driver=split --meta-ext=.x --raw-ext=.x", exitUsage, "same file"},
		{"ls " + path + " --driver=family", exitUsage, "names no set"},
		{"ls " + path + " --driver=core --block-size=1", exitUsage, "512B"},
		{"ls", exitUsage, "file"},
	} {
		code, _, errs := call(t, "", strings.Fields(test.args)...)
		if code != test.code || !strings.Contains(errs, test.says) {
			t.Errorf("%s: code %d, want %d: %s", test.args, code, test.code, errs)
		}
	}
	if got, err := os.ReadFile(kept); err != nil || string(got) != "old" {
		t.Errorf("the old file is gone: %q %v", got, err)
	}
	if left, _ := os.ReadDir(folder); len(left) != 2 {
		t.Errorf("left behind: %v", left)
	}
}

func TestPrintable(t *testing.T) {
	for text, want := range map[string]string{"größe ×": "größe ×", "a\x1b[31m\n": `a\x1b[31m\n`, "\xff": `\xff`} {
		if got := printable(text); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
