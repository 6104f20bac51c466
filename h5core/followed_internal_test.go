package h5core

import (
	"container/list"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/h5serve/h5serve/h5core/vfd"
)

// Many more files than may be open are read by many at once; few are open at
// any time, and none at the end.
func TestFewFollowedFilesAreOpen(t *testing.T) {
	const files, most, readers = 200, 8, 6
	folder := t.TempDir()
	for i := range files {
		if err := os.WriteFile(filepath.Join(folder, fmt.Sprint(i)), fmt.Appendf(nil, "%08d", i), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	pool := &openFiles{most: most, recent: list.New()}
	var all []vfd.File
	for i := range files {
		all = append(all, &followed{pool: pool, folder: folder, at: fmt.Sprint(i)})
	}
	open := func() (n int) { // at one moment
		for _, f := range all {
			f := f.(*followed)
			f.mu.Lock()
			defer f.mu.Unlock()
			if f.file != nil {
				n++
			}
		}
		return n
	}
	var group sync.WaitGroup
	for r := range readers {
		group.Go(func() {
			p := make([]byte, 8)
			for k := range 2 * files {
				i := (k*(2*r+1) + r) % files
				if err := all[i].ReadAt(context.Background(), p, 0); err != nil || string(p) != fmt.Sprintf("%08d", i) {
					t.Errorf("file %d: %q, %v", i, p, err)
				}
				if n := open(); n > most+readers { // each may be about to make room
					t.Errorf("%d are open", n)
				}
			}
		})
	}
	group.Wait()
	if n := open(); n != most || pool.recent.Len() != most {
		t.Errorf("%d are open, %d of them known, want %d", n, pool.recent.Len(), most)
	}
	for _, f := range all {
		_ = f.Close()
	}
	if n := open(); n != 0 || pool.recent.Len() != 0 {
		t.Errorf("%d are open after all", n)
	}
	if err := all[0].ReadAt(context.Background(), make([]byte, 1), 0); !errors.Is(err, vfd.ErrClosed) {
		t.Errorf("a closed one: %v", err)
	}
}

// What is opened again has to be what it was.
func TestFollowedFileIsReplaced(t *testing.T) {
	folder := t.TempDir()
	put := func(name, text string) {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	put("a", "first")
	put("b", "other")
	f, err := inFolder(folder)(context.Background(), "x", "a")
	if err != nil {
		t.Fatal(err)
	}
	f.(*followed).leave()
	if err := os.Rename(filepath.Join(folder, "b"), filepath.Join(folder, "a")); err != nil {
		t.Fatal(err)
	}
	if err := f.ReadAt(context.Background(), make([]byte, 5), 0); !errors.Is(err, errOtherFile) {
		t.Errorf("another file in its place: %v", err)
	}
	if err := os.Remove(filepath.Join(folder, "a")); err != nil {
		t.Fatal(err)
	}
	if err := f.ReadAt(context.Background(), make([]byte, 5), 0); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("nothing in its place: %v", err)
	}
}
