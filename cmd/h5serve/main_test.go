package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const ten = `{"datasets":{"dataset":[0,1,2,3,4,5,6,7,8,9]}}`

// call runs one command line, with text as its standard input.
func call(t *testing.T, text string, args ...string) (code int, out, errs string) {
	t.Helper()
	in := filepath.Join(t.TempDir(), "stdin")
	if err := os.WriteFile(in, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(in)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var stdout, stderr bytes.Buffer
	code = run(t.Context(), args, streams{f, &stdout, &stderr})
	return code, stdout.String(), stderr.String()
}

func TestExitCodes(t *testing.T) {
	folder := t.TempDir()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	tests := []struct {
		name string
		args []string
		code int
		says string // on standard error
	}{
		{"no command", nil, exitUsage, "serve"},
		{"unknown command", []string{"sreve"}, exitUsage, "sreve"},
		{"unknown flag", []string{"serve", "--lisen=x"}, exitUsage, "--listen"},
		{"no spec", []string{"build"}, exitUsage, "<spec>"},
		{"missing file", []string{"build", filepath.Join(folder, "none.json"), "-o", "x"}, exitRefused, "none.json"},
		{"no JSON", []string{"build", "-", "-o", filepath.Join(folder, "x.h5")}, exitRefused, ""},
		{"ill-formed part", []string{"build", "-", "--part", "x"}, exitUsage, "NAME=FILE"},
		{"sec2 to a pipe", []string{"build", "-", "--driver=sec2"}, exitUsage, "-o FILE"},
		{"unknown driver", []string{"build", "-", "--driver=tape"}, exitUsage, "core"},
		{"ill-formed size", []string{"serve", "--spool=many"}, exitUsage, "64MiB"},
		{"size zero", []string{"serve", "--spool=0"}, exitRefused, "spool"},
		{"other machines", []string{"serve", "--listen=0.0.0.0:0"}, exitUsage, "--anonymous read"},
		{"all addresses", []string{"serve", "--listen=:0"}, exitUsage, "--anonymous read"},
		{"no port", []string{"serve", "--listen=localhost"}, exitUsage, "port"},
		{"taken port", []string{"serve", "--listen=" + taken.Addr().String()}, exitRefused, "LISTEN=127.0.0.1:"},
		{"ill-formed store", []string{"serve", "--store=x"}, exitUsage, "NAME=FOLDER"},
		{"short name of a store", []string{"serve", "--store=x=" + folder}, exitUsage, "no name of a store"},
		{"missing folder", []string{"serve", "--store=demo=" + folder + "/none"}, exitUsage, "none"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			code, _, errs := call(t, "{", test.args...)
			if code != test.code || !strings.Contains(errs, test.says) {
				t.Errorf("code %d, want %d; it says:\n%s", code, test.code, errs)
			}
		})
	}
	if left, _ := os.ReadDir(folder); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestVersionAndHelp(t *testing.T) {
	code, out, _ := call(t, "", "version")
	if code != 0 || !strings.HasPrefix(out, "h5serve dev go") {
		t.Errorf("%d %q", code, out)
	}
	code, out, _ = call(t, "", "serve", "--help")
	for _, want := range []string{"--listen", "H5SERVE_LISTEN", "--store", "--max-body", "1GiB"} {
		if code != 0 || !strings.Contains(out, want) {
			t.Errorf("%d, %s is missing", code, want)
		}
	}
}

func TestSize(t *testing.T) {
	for text, want := range map[string]size{
		"0": 0, "4096": 4096, "64MiB": 64 << 20, "64mib": 64 << 20, "1.5 GiB": 3 << 29, "1GB": 1e9, "10kB": 1e4, "7B": 7,
	} {
		var got size
		if err := got.UnmarshalText([]byte(text)); err != nil || got != want {
			t.Errorf("%s: %d %v", text, got, err)
		}
	}
	for _, text := range []string{"", "MiB", "-1", "1XB", "NaN", "Inf", "9.3e18", "8388608TiB", "1 2"} {
		var got size
		if err := got.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q became %d", text, got)
		}
	}
}

// Every way to build a file gives the same bytes.
func TestBuild(t *testing.T) {
	folder := t.TempDir()
	_, want, errs := call(t, ten, "build", "-")
	if !strings.HasPrefix(want, "\x89HDF") {
		t.Fatalf("%q", errs)
	}
	spec := filepath.Join(folder, "spec.json")
	if err := os.WriteFile(spec, []byte(ten), 0o600); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(folder, "out.h5")
	for _, flags := range [][]string{
		nil, {"--driver=core", "--block-size=4096"}, {"--no-backing-store"}, {"--backing-store=false"}, {"--driver=sec2"},
	} {
		code, _, errs := call(t, "", append([]string{"build", spec, "-o", out}, flags...)...)
		got, err := os.ReadFile(out)
		if code != 0 || err != nil || string(got) != want {
			t.Errorf("%v: code %d, %d bytes, want %d: %v %s", flags, code, len(got), len(want), err, errs)
		}
	}
	entries, err := os.ReadDir(folder)
	if err != nil || len(entries) != 2 {
		t.Errorf("left behind: %v %v", entries, err)
	}
	// A file that is there stays when the new one cannot be made.
	if code, _, _ := call(t, "{", "build", "-", "-o", out); code != exitRefused {
		t.Errorf("code %d", code)
	}
	if got, err := os.ReadFile(out); err != nil || string(got) != want {
		t.Errorf("the old file is gone: %v", err)
	}
}

func TestServe(t *testing.T) {
	t.Setenv("H5SERVE_LISTEN", "127.0.0.1:0")
	folder := t.TempDir()
	ctx, stop := context.WithCancel(t.Context())
	reader, writer := io.Pipe()
	ended := make(chan int)
	go func() {
		ended <- run(ctx, []string{"serve", "--store=demo=" + folder, "--temp-dir=" + t.TempDir()}, streams{os.Stdin, io.Discard, writer})
		writer.Close()
	}()
	log := json.NewDecoder(reader)
	var addr string
	for said := ""; said != "listening"; {
		var line struct{ Message, Addr, Store, Folder string }
		if err := log.Decode(&line); err != nil {
			t.Fatal(err)
		}
		if line.Message == "store" && (line.Store != "demo" || line.Folder != folder) {
			t.Errorf("%+v", line)
		}
		said, addr = line.Message, line.Addr
	}
	go io.Copy(io.Discard, io.MultiReader(log.Buffered(), reader))
	r, err := http.Post(addr+"/v1/files", "application/json", strings.NewReader(ten))
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(r.Body)
	r.Body.Close()
	_, want, _ := call(t, ten, "build", "-")
	if err != nil || r.StatusCode != 200 || string(got) != want {
		t.Errorf("%d, %d bytes, want those of build (%v)", r.StatusCode, len(got), err)
	}
	stop()
	if code := <-ended; code != 0 {
		t.Errorf("code %d", code)
	}
}
