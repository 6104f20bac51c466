package dir

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/h5serve/h5serve/storage"
)

// List tells which objects there are. With the delimiter "/" it looks into one
// folder only, and tells its folders also where nothing lies in them. Without,
// it walks the folders below, but through no symbolic link.
func (s *Store) List(ctx context.Context, q storage.Query) (*storage.Page, error) {
	w := &walk{ctx: ctx, store: s, prefix: q.Prefix, shallow: q.Delimiter == "/"}
	page, err := q.Fill(w.seek)
	if err != nil {
		return nil, s.fail("list", "", err)
	}
	return page, nil
}

// walk goes through the keys of a folder in their order. It holds the names of
// the folders on the way to where it is, and no more.
type walk struct {
	ctx     context.Context
	store   *Store
	prefix  string
	shallow bool
	begun   bool
	stack   []level
}

// level is a folder that is being listed: what is left of it.
type level struct {
	path    string // "" or with a slash at its end
	entries []entry
}

// entry is a name in a folder; a folder's ends with a slash, so that names are
// in the order of the keys.
type entry struct {
	name string
	link bool
}

// seek gives the first object whose key is from or more.
func (w *walk) seek(from string) (storage.Info, bool, error) {
	if !w.begun {
		w.begun = true
		top := w.prefix[:strings.LastIndexByte(w.prefix, '/')+1]
		if err := w.enter(top); err != nil {
			return storage.Info{}, false, err
		}
	}
	for len(w.stack) > 0 {
		top := &w.stack[len(w.stack)-1]
		top.skip(from)
		if len(top.entries) == 0 || !strings.HasPrefix(top.path+top.entries[0].name, w.prefix) {
			w.stack = w.stack[:len(w.stack)-1]
			continue
		}
		e := top.entries[0]
		info, found, err := w.look(top.path+e.name, e)
		if err != nil || found {
			return info, found, err
		}
	}
	return storage.Info{}, false, nil
}

// skip leaves out what lies before a key.
func (l *level) skip(from string) {
	at, _ := slices.BinarySearchFunc(l.entries, from, func(e entry, from string) int {
		key := l.path + e.name
		if strings.HasSuffix(e.name, "/") && strings.HasPrefix(from, key) {
			return 0 // the key lies in this folder
		}
		return strings.Compare(key, from)
	})
	l.entries = l.entries[at:]
}

// look looks at one name, and goes on behind it where it is no object.
func (w *walk) look(key string, e entry) (storage.Info, bool, error) {
	top := &w.stack[len(w.stack)-1]
	if strings.HasSuffix(key, "/") {
		if w.shallow {
			return storage.Info{Key: key}, true, nil
		}
		top.entries = top.entries[1:]
		if e.link {
			return storage.Info{}, false, nil
		}
		return storage.Info{}, false, w.enter(key)
	}
	now, err := settled(w.ctx, func() (fs.FileInfo, error) { return w.store.root.Stat(filepath.FromSlash(key)) })
	switch {
	case err == nil, errors.Is(err, errBusy): // a list is no promise
		return now.info(key), true, nil
	case w.ctx.Err() != nil:
		return storage.Info{}, false, err
	}
	top.entries = top.entries[1:]
	return storage.Info{}, false, nil
}

// enter reads the names of a folder. One that is not there has none.
func (w *walk) enter(folder string) error {
	name, ok := ".", true
	if folder != "" {
		name, ok = path(strings.TrimSuffix(folder, "/"))
	}
	if !ok {
		return nil
	}
	entries, err := w.names(folder, name)
	if err != nil && !errors.Is(kindOf(err), storage.ErrNotFound) && (folder == "" || !errors.Is(err, fs.ErrPermission)) {
		return err
	}
	w.stack = append(w.stack, level{folder, entries})
	return nil
}

func (w *walk) names(folder, name string) ([]entry, error) {
	f, err := w.store.root.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0) // the prefix may name a pipe
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var entries []entry
	for {
		if err := w.ctx.Err(); err != nil {
			return nil, err
		}
		some, err := f.ReadDir(1024)
		for _, d := range some {
			if e, ok := w.entry(folder, d); ok {
				entries = append(entries, e)
			}
		}
		if len(entries) > w.store.maxNames {
			return nil, fmt.Errorf("%w: a folder has more than %d names", storage.ErrUnsupported, w.store.maxNames)
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
	}
	slices.SortFunc(entries, func(a, b entry) int { return strings.Compare(a.name, b.name) })
	return entries, nil
}

// entry takes a name that can be part of a key.
func (w *walk) entry(folder string, d fs.DirEntry) (entry, bool) {
	name, ok := path(folder + d.Name())
	if !ok {
		return entry{}, false
	}
	e := entry{d.Name(), d.Type()&fs.ModeSymlink != 0}
	isDir := d.IsDir()
	if e.link {
		fi, err := w.store.root.Stat(name)
		if err != nil {
			return entry{}, false
		}
		isDir = fi.IsDir()
	}
	if isDir {
		e.name += "/"
	}
	return e, true
}
