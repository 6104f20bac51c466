package e2e

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/h5serve/h5serve/e2e/reference"
)

// rangeTen is the description that the README shows.
const rangeTen = `{"datasets":{"dataset":[0,1,2,3,4,5,6,7,8,9]}}`

// TestSmallestFile holds the sizes of the README's file: h5py's own recipe
// makes 1,480 bytes at earliest and 527 at latest.
func TestSmallestFile(t *testing.T) {
	s := serve(t)
	dir := t.TempDir()
	var names []string
	for _, tc := range []struct {
		libver string
		most   int
	}{{"earliest", 1248}, {"v108", 260}, {"v110", 260}, {"latest", 260}} {
		spec := strings.Replace(rangeTen, "{", `{"libver":"`+tc.libver+`",`, 1)
		if tc.libver == "earliest" {
			spec = rangeTen
		}
		body := post(t, s.URL+"/v1/files", "", []byte(spec))
		if len(body) > tc.most {
			t.Errorf("%s: %d bytes, at most %d", tc.libver, len(body), tc.most)
		}
		name := filepath.Join(dir, tc.libver+".h5")
		writeFile(t, name, body)
		names = append(names, name)
	}
	if err := reference.DumpAll(t.Context(), reference.H5dump(t), names); err != nil {
		t.Error(err)
	}
	for _, python := range []string{reference.Current(t), reference.Debian(t)} {
		script(t, python, "extend.py", names...)
	}
}

// post sends a description, as type contentType if that is not empty, and
// returns the file.
func post(t testing.TB, url, contentType string, body []byte) []byte {
	t.Helper()
	req, err := http.NewRequestWithContext(context.Background(), http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	_, got := do(t, req, http.StatusOK)
	return got
}

// do sends a request, holds the status, and reads the answer whole.
func do(t testing.TB, req *http.Request, status int) (*http.Response, []byte) {
	t.Helper()
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if resp.StatusCode != status {
		t.Fatalf("%s %.100s: %s, expected %d: %.2000s", req.Method, req.URL, resp.Status, status, body)
	}
	return resp, body
}

func get(t testing.TB, url string, status int, header ...string) (*http.Response, []byte) {
	t.Helper()
	req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	return do(t, req, status)
}

func writeFile(t testing.TB, name string, data []byte) {
	t.Helper()
	if err := os.WriteFile(name, data, 0o644); err != nil {
		t.Fatal(err)
	}
}

// script runs one of clients/ and wants silence on standard error.
func script(t testing.TB, python, name string, args ...string) string {
	t.Helper()
	return command(t, python, append([]string{"-B", filepath.Join("clients", name)}, args...)...)
}

// command runs a program that must succeed and say nothing on standard error.
func command(t testing.TB, name string, args ...string) string {
	t.Helper()
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(context.Background(), name, args...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil || stderr.Len() > 0 {
		t.Fatalf("%s %v: %v\n%s", filepath.Base(name), args, err, stderr.String())
	}
	return stdout.String()
}
