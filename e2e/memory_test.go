package e2e

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

const mebibyte = 1 << 20

// resident reads a process's memory, in bytes: VmRSS now, VmHWM at most so far.
func (s *server) resident(t *testing.T, field string) int64 {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, field+":"); ok {
			kib, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			return kib << 10
		}
	}
	t.Fatalf("no %s in the status of h5serve", field)
	return 0
}

// TestFourGibibytes streams generated data: memory must not grow with the
// file, and the headers must come before any element is made.
func TestFourGibibytes(t *testing.T) {
	s := serve(t)
	idle := s.resident(t, "VmRSS")
	const spec = `{"datasets":{"ramp":{"dtype":"<f8","shape":[536870912],"data":{"start":0,"step":0.5}}}}`
	whole := s.URL + "/v1/files/ramp.h5?spec=" + url.QueryEscape(spec)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodHead, whole, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	head, _ := do(t, req, http.StatusOK)
	if head.ContentLength < 4<<30 {
		t.Fatalf("the file has %d bytes", head.ContentLength)
	}
	if grown := s.resident(t, "VmHWM") - idle; grown > 16*mebibyte {
		t.Errorf("%d MiB were taken before the first element", grown/mebibyte)
	}
	resp, err := http.Get(whole)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	n, err := io.Copy(io.Discard, resp.Body)
	if err != nil || n != head.ContentLength {
		t.Fatalf("%d of %d bytes came: %v", n, head.ContentLength, err)
	}
	grown := s.resident(t, "VmHWM") - idle
	t.Logf("%d bytes, at most %d MiB above idle (%d MiB)", n, grown/mebibyte, idle/mebibyte)
	if grown > 32*mebibyte {
		t.Errorf("the process grew by %d MiB, at most 32", grown/mebibyte)
	}
}

// TestSpoolBudget compresses a gibibyte under a spool budget of 64 MiB: the
// rest goes to a temporary file, which is gone when the plan is.
func TestSpoolBudget(t *testing.T) {
	temp := t.TempDir()
	s := serve(t, "--spool", "64MiB", "--temp-dir", temp)
	idle := s.resident(t, "VmRSS")
	// Steps that are odd in binary64 do not compress well: most of it must be spooled.
	const spec = `{"datasets":{"noise":{"dtype":"<f8","shape":[134217728],"chunks":[131072],"compression":"gzip","compression_opts":1,"data":{"start":0.1,"step":0.7310585786300049}}}}`
	resp, err := http.Get(s.URL + "/v1/files/noise.h5?spec=" + url.QueryEscape(spec))
	if err != nil {
		t.Fatal(err)
	}
	n, err := io.Copy(io.Discard, resp.Body)
	resp.Body.Close()
	if err != nil || n != resp.ContentLength {
		t.Fatalf("%d of %d bytes came: %v", n, resp.ContentLength, err)
	}
	grown := s.resident(t, "VmHWM") - idle
	t.Logf("%d MiB of file, at most %d MiB above idle", n/mebibyte, grown/mebibyte)
	if grown > (64+64)*mebibyte {
		t.Errorf("the process grew by %d MiB, at most 128", grown/mebibyte)
	}
	if left := spooled(t, s); n > 128*mebibyte && left != 0 {
		t.Logf("%d temporary files are held while the plan is kept", left)
	}
	// Another file of the same kind takes the first one's place.
	post(t, s.URL+"/v1/files", "", []byte(rangeTen))
	names, err := filepath.Glob(filepath.Join(temp, "*", "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if info, err := os.Stat(name); err == nil && info.Size() > mebibyte {
			t.Errorf("%s has %d bytes and a name", name, info.Size())
		}
	}
}

// spooled counts the files without a name that the process holds open.
func spooled(t *testing.T, s *server) (n int) {
	t.Helper()
	links, err := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", s.cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	for _, link := range links {
		if to, err := os.Readlink(link); err == nil && strings.HasSuffix(to, " (deleted)") {
			n++
		}
	}
	return n
}

// TestResumedDownload cuts a download in the middle and goes on with it at its
// Content-Location, also when the bytes were evicted in between.
func TestResumedDownload(t *testing.T) {
	s := serve(t, "--spool", "8MiB")
	specs := make([]string, 4)
	for i := range specs {
		specs[i] = fmt.Sprintf(`{"datasets":{"grid":{"dtype":"<i4","shape":[1000,1000],"chunks":[100,100],"compression":"gzip","data":{"start":%d,"step":7}}}}`, i)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+"/v1/files", strings.NewReader(specs[0]))
	if err != nil {
		t.Fatal(err)
	}
	resp, whole := do(t, req, http.StatusOK)
	name := filepath.Join(t.TempDir(), "cut.h5")
	for _, evicted := range []bool{false, true} {
		writeFile(t, name, whole[:len(whole)/2])
		if evicted {
			for _, other := range specs[1:] {
				post(t, s.URL+"/v1/files", "", []byte(other))
			}
		}
		command(t, "curl", "-sS", "--fail", "-C", "-", "-o", name, s.URL+resp.Header.Get("Content-Location"))
		got, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, whole) {
			t.Errorf("evicted %v: the resumed file has %d bytes and differs from the whole of %d", evicted, len(got), len(whole))
		}
	}
}

// TestCutConnection holds that a client which goes away costs nothing after.
func TestCutConnection(t *testing.T) {
	s := serve(t)
	const spec = `{"datasets":{"ramp":{"dtype":"<f8","shape":[536870912],"data":{"start":0,"step":0.5}}}}`
	for range 20 {
		resp, err := http.Get(s.URL + "/v1/files/ramp.h5?spec=" + url.QueryEscape(spec))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.CopyN(io.Discard, resp.Body, mebibyte); err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
	}
	if n := len(post(t, s.URL+"/v1/files", "", []byte(rangeTen))); n != 1248 {
		t.Errorf("afterwards the smallest file has %d bytes", n)
	}
}

// TestTwoProcesses holds that equal descriptions give equal bytes and tags.
func TestTwoProcesses(t *testing.T) {
	var tags, bodies []string
	for range 2 {
		s := serve(t)
		for range 2 {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+"/v1/files", strings.NewReader(withGroups))
			if err != nil {
				t.Fatal(err)
			}
			resp, body := do(t, req, http.StatusOK)
			tags, bodies = append(tags, resp.Header.Get("ETag")), append(bodies, string(body))
		}
	}
	for i := range tags {
		if tags[i] != tags[0] || bodies[i] != bodies[0] {
			t.Errorf("answer %d has ETag %s and differs from the first, %s", i, tags[i], tags[0])
		}
	}
}
