package dir_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/h5serve/h5serve/storage"
	"github.com/h5serve/h5serve/storage/dir"
)

func write(t *testing.T, name, content string) {
	t.Helper()
	must(t, os.MkdirAll(filepath.Dir(name), 0o755))
	must(t, os.WriteFile(name, []byte(content), 0o644))
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, s storage.Store, key string) (string, error) {
	t.Helper()
	part, err := s.Get(t.Context(), key, storage.Range{}, storage.Conditions{})
	if err != nil {
		return "", err
	}
	defer part.Body.Close()
	got, err := io.ReadAll(part.Body)
	return string(got), err
}

func names(t *testing.T, s storage.Store, q storage.Query) []string {
	t.Helper()
	page, err := s.List(t.Context(), q)
	must(t, err)
	found := slices.Clone(page.Prefixes)
	for _, o := range page.Objects {
		found = append(found, o.Key)
	}
	slices.Sort(found)
	return found
}

// TestLinks has links that stay, that leave, and that go round in a circle.
func TestLinks(t *testing.T) {
	top := t.TempDir()
	outside := filepath.Join(top, "outside")
	inside := filepath.Join(top, "inside")
	write(t, filepath.Join(outside, "secret.h5"), "secret")
	write(t, filepath.Join(inside, "folder", "data.h5"), "data")
	for link, target := range map[string]string{
		"near.h5": "folder/data.h5", "near": "folder", "far.h5": "../outside/secret.h5", "far": "../outside",
		"absolute.h5": filepath.Join(outside, "secret.h5"), "folder/round": "..", "loop": "loop", "dangling": "nothing",
	} {
		must(t, os.Symlink(target, filepath.Join(inside, link)))
	}
	s := open(t, inside, dir.Options{Writable: true})
	for key, want := range map[string]string{
		"near.h5": "data", "near/data.h5": "data", "folder/round/folder/data.h5": "data",
		"far.h5": "", "far/secret.h5": "", "absolute.h5": "", "loop": "", "dangling": "", "near": "", "far": "",
	} {
		got, err := read(t, s, key)
		if got != want || want == "" && !errors.Is(err, storage.ErrNotFound) || want != "" && err != nil {
			t.Errorf("%s: %q, %v", key, got, err)
		}
		if err != nil && strings.Contains(err.Error(), top) {
			t.Errorf("the host's path is in %v", err)
		}
	}
	if _, err := s.Put(t.Context(), "far/new.h5", strings.NewReader("x"), 1, storage.PutOptions{}); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("written outside: %v", err)
	}
	if got, want := names(t, s, storage.Query{}), []string{"folder/data.h5", "near.h5"}; !slices.Equal(got, want) {
		t.Errorf("listed %q, want %q", got, want)
	}
	if got, want := names(t, s, storage.Query{Delimiter: "/"}), []string{"folder/", "near.h5", "near/"}; !slices.Equal(got, want) {
		t.Errorf("listed %q, want %q", got, want)
	}
}

func TestWhatIsNoFile(t *testing.T) {
	folder := t.TempDir()
	must(t, syscall.Mkfifo(filepath.Join(folder, "pipe"), 0o644))
	must(t, os.Mkdir(filepath.Join(folder, "folder"), 0o755))
	write(t, filepath.Join(folder, ".h5serve-put-XYZ"), "half")
	s := open(t, folder, dir.Options{Writable: true})
	for _, key := range []string{"pipe", "folder", ".h5serve-put-XYZ"} {
		if _, err := read(t, s, key); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("%s: %v", key, err)
		}
	}
	if got := names(t, s, storage.Query{}); len(got) != 0 {
		t.Errorf("listed %q", got)
	}
	if got := names(t, s, storage.Query{Prefix: "pipe/"}); len(got) != 0 {
		t.Errorf("listed %q", got)
	}
	for _, key := range []string{"folder", "pipe/x", ".h5serve-put-XYZ"} {
		if _, err := s.Put(t.Context(), key, strings.NewReader("x"), 1, storage.PutOptions{}); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("put %s: %v", key, err)
		}
	}
	left, err := os.ReadDir(folder)
	if must(t, err); len(left) != 3 {
		t.Errorf("left behind: %v", left)
	}
}

// TestWritersFromOutside changes a byte in place, as fast as can be: no state
// has the tag of another one, and no body mixes two.
func TestWritersFromOutside(t *testing.T) {
	folder := t.TempDir()
	name := filepath.Join(folder, "object")
	s := open(t, folder, dir.Options{})
	write(t, name, "0")
	f, err := os.OpenFile(name, os.O_WRONLY, 0)
	must(t, err)
	defer f.Close()
	seen := map[string]bool{}
	for i := range 30 {
		_, err = f.WriteAt([]byte{byte('A' + i)}, 0)
		must(t, err)
		info, err := s.Stat(t.Context(), "object", storage.Conditions{})
		if must(t, err); seen[info.ETag] {
			t.Fatalf("state %d has an old tag", i)
		}
		seen[info.ETag] = true
	}
}

func TestChangedMidway(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(f *os.File) error
	}{
		{"a byte", func(f *os.File) error { _, err := f.WriteAt([]byte("x"), 5); return err }},
		{"cut", func(f *os.File) error { return f.Truncate(10) }},
		{"longer", func(f *os.File) error { return f.Truncate(1 << 20) }},
	} {
		folder := t.TempDir()
		name := filepath.Join(folder, "object")
		write(t, name, strings.Repeat("0123456789", 10_000))
		s := open(t, folder, dir.Options{})
		part, err := s.Get(t.Context(), "object", storage.Range{}, storage.Conditions{})
		must(t, err)
		_, err = io.ReadFull(part.Body, make([]byte, 1000))
		must(t, err)
		f, err := os.OpenFile(name, os.O_WRONLY, 0)
		must(t, err)
		must(t, c.change(f))
		must(t, f.Close())
		n, err := io.ReadFull(part.Body, make([]byte, part.Count-1000)) // exactly what is left, and no read behind it
		if !errors.Is(err, storage.ErrChanged) {
			t.Errorf("%s: %d bytes, %v", c.name, n, err)
		}
		must(t, part.Body.Close())
	}
}

// TestReplacedMidway gives a reader the object that it began with.
func TestReplacedMidway(t *testing.T) {
	folder := t.TempDir()
	s := open(t, folder, dir.Options{Writable: true})
	old := strings.Repeat("old", 50_000)
	write(t, filepath.Join(folder, "object"), old)
	part, err := s.Get(t.Context(), "object", storage.Range{}, storage.Conditions{})
	must(t, err)
	_, err = s.Put(t.Context(), "object", strings.NewReader("new"), 3, storage.PutOptions{})
	must(t, err)
	got, err := io.ReadAll(part.Body)
	if string(got) != old || err != nil {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	must(t, part.Body.Close())
	if now, err := read(t, s, "object"); now != "new" || err != nil {
		t.Errorf("%q, %v", now, err)
	}
}

func TestLimits(t *testing.T) {
	folder := t.TempDir()
	for _, name := range []string{"few/a", "many/a", "many/b", "many/c"} {
		write(t, filepath.Join(folder, name), "x")
	}
	s := open(t, folder, dir.Options{MaxNames: 2})
	if got := names(t, s, storage.Query{Delimiter: "/"}); !slices.Equal(got, []string{"few/", "many/"}) {
		t.Errorf("the delimiter should keep us out of the folders: %q", got)
	}
	if _, err := s.List(t.Context(), storage.Query{}); !errors.Is(err, storage.ErrUnsupported) {
		t.Errorf("got %v", err)
	}
	_, err := s.Put(t.Context(), "new", strings.NewReader("x"), 1, storage.PutOptions{})
	if !errors.Is(err, storage.ErrReadOnly) {
		t.Errorf("got %v", err)
	}
	if err = s.Delete(t.Context(), "few/a", storage.Conditions{}); !errors.Is(err, storage.ErrReadOnly) {
		t.Errorf("got %v", err)
	}
}

// TestTimeInTheFuture has a clock that is wrong; nobody waits for it.
func TestTimeInTheFuture(t *testing.T) {
	folder := t.TempDir()
	name := filepath.Join(folder, "object")
	write(t, name, "x")
	future := time.Now().Add(24 * time.Hour)
	must(t, os.Chtimes(name, future, future))
	if got, err := read(t, open(t, folder, dir.Options{}), "object"); got != "x" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
}

// TestFileThatIsWrittenAllTheTime is refused in the end, and listed.
func TestFileThatIsWrittenAllTheTime(t *testing.T) {
	folder := t.TempDir()
	name := filepath.Join(folder, "busy")
	write(t, name, "x")
	s := open(t, folder, dir.Options{})
	f, err := os.OpenFile(name, os.O_WRONLY, 0)
	must(t, err)
	defer f.Close()
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			select {
			case <-stop:
				return
			case <-time.After(time.Millisecond):
				if _, err := f.WriteAt([]byte("x"), 0); err != nil {
					t.Error(err)
				}
			}
		}
	}()
	if got, err := read(t, s, "busy"); err == nil && got != "x" || err != nil && !errors.Is(err, storage.ErrUnavailable) && !errors.Is(err, storage.ErrChanged) {
		t.Errorf("%q, %v", got, err)
	}
	if got := names(t, s, storage.Query{}); !slices.Equal(got, []string{"busy"}) {
		t.Errorf("listed %q", got)
	}
	close(stop)
	<-stopped
	if got, err := read(t, s, "busy"); got != "x" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
}
