package e2e

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// patience bounds what must come soon; nothing is measured with it.
const patience = 30 * time.Second

// built holds what is built once for all tests.
var built string

func TestMain(m *testing.M) {
	var err error
	if built, err = os.MkdirTemp("", "h5serve-e2e-"); err != nil {
		panic(err)
	}
	code := m.Run()
	os.RemoveAll(built)
	os.Exit(code)
}

var buildOnce = sync.OnceValues(func() (string, error) {
	name := filepath.Join(built, "h5serve")
	build := exec.CommandContext(context.Background(), "go", "build", "-C", "..", "-trimpath", "-o", name, "./cmd/h5serve")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return name, nil
})

// program is h5serve, built as users build it.
func program(t testing.TB) string {
	t.Helper()
	name, err := buildOnce()
	if err != nil {
		t.Fatal(err)
	}
	return name
}

// server is a running h5serve.
type server struct {
	URL string // http://127.0.0.1:PORT
	S3  string // the same of --s3-listen, where it is given
	cmd *exec.Cmd
	log *log
}

// serve starts h5serve on a free port of its own and waits until it is
// ready; the end of the test stops it, and it must end well.
func serve(t testing.TB, args ...string) *server {
	t.Helper()
	s := &server{log: &log{listening: make(chan struct{}), at: map[string]string{}}}
	s.cmd = exec.Command(program(t), append([]string{"serve", "--listen", "127.0.0.1:0"}, args...)...)
	stderr, err := s.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	read := make(chan struct{})
	go func() { defer close(read); s.log.readFrom(stderr) }()
	t.Cleanup(func() { s.stop(t, read) })
	select {
	case <-s.log.listening:
		s.URL, s.S3 = s.log.at["listening"], s.log.at["listening for S3"]
	case <-read:
		t.Fatalf("h5serve ended: %s", s.log)
	case <-time.After(patience):
		t.Fatalf("h5serve names no address: %s", s.log)
	}
	s.waitReady(t)
	return s
}

func (s *server) waitReady(t testing.TB) {
	t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if resp, err := http.Get(s.URL + "/readyz"); err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return
			}
		}
	}
	t.Fatalf("%s/readyz is not ready: %s", s.URL, s.log)
}

func (s *server) stop(t testing.TB, read <-chan struct{}) {
	t.Helper()
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Error(err)
	}
	killer := time.AfterFunc(patience, func() { _ = s.cmd.Process.Kill() })
	defer killer.Stop()
	<-read // all of standard error, before Wait closes it
	if err := s.cmd.Wait(); err != nil {
		t.Errorf("h5serve ended with %v: %s", err, s.log)
	}
}

// log keeps what the server says, and the addresses that it listens on.
type log struct {
	listening chan struct{} // closed when all addresses are known
	at        map[string]string

	mu    sync.Mutex
	lines []string
}

func (l *log) readFrom(r io.Reader) {
	in := bufio.NewScanner(r)
	in.Buffer(nil, 1<<20)
	for in.Scan() {
		l.hear(in.Text())
	}
}

func (l *log) hear(line string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, line)
	var said struct{ Addr, Message string }
	if json.Unmarshal([]byte(line), &said) != nil || said.Addr == "" {
		return
	}
	l.at[said.Message] = said.Addr
	if said.Message == "listening" { // the last one
		close(l.listening)
	}
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.lines, "\n")
}
