package e2e

import (
	"bytes"
	"context"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// withoutNode is a PATH that has what make run needs, and no Node.
func withoutNode(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, tool := range []string{"make", "go", "git", "bash", "sh", "env", "echo", "dirname"} {
		path, err := exec.LookPath(tool)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(path, filepath.Join(dir, tool)); err != nil {
			t.Fatal(err)
		}
	}
	return "PATH=" + dir
}

// TestMakeRunWithoutNode starts the README's command and makes its file.
func TestMakeRunWithoutNode(t *testing.T) {
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listen := free.Addr().String()
	free.Close()
	cmd := exec.Command("make", "-C", "..", "run", "LISTEN="+listen)
	cmd.Env = append(os.Environ(), withoutNode(t))
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM)
		_ = cmd.Wait()
		if !strings.Contains(out.String(), "Node 20.19") {
			t.Errorf("nothing is said of the viewer:\n%s", out.String())
		}
	}()
	for end := time.Now().Add(2 * time.Minute); ; time.Sleep(50 * time.Millisecond) {
		if resp, err := http.Get("http://" + listen + "/readyz"); err == nil {
			resp.Body.Close()
			break
		}
		if time.Now().After(end) {
			t.Fatalf("make run is not ready:\n%s", out.String())
		}
	}
	if n := len(post(t, "http://"+listen+"/v1/files", "", []byte(rangeTen))); n != 1248 {
		t.Errorf("the README's file has %d bytes", n)
	}
}

// TestMakeRunOnTakenPort holds the last line that a user sees.
func TestMakeRunOnTakenPort(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	out, err := exec.CommandContext(ctx, "make", "-C", "..", "run", "LISTEN="+taken.Addr().String()).CombinedOutput()
	if err == nil {
		t.Fatal("make run ended well on a taken port")
	}
	if !strings.Contains(string(out), "LISTEN=") {
		t.Errorf("the way out is not named:\n%s", out)
	}
}
