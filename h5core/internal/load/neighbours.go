package load

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/h5serve/h5serve/h5core/vfd"
)

// Surroundings are the files that a file leads to, by external links, external
// storage and the sources of virtual datasets. Each is opened once, and kept
// until Close.
//
//	name in the file ──spelling──▶ path ──open──▶ handle ──▶ File
//	                   refused?           refused? missing?
type Surroundings struct {
	open func(ctx context.Context, from, name string) (vfd.File, error)

	mu    sync.Mutex
	files map[string]*neighbour // by path
}

// neighbour is one of the files. It is opened under its lock, so that the
// others need not wait.
type neighbour struct {
	mu     sync.Mutex
	handle vfd.File
	file   *File // nil until it is asked for as one
	hops   int
	gone   bool // it could not be opened: look for another
}

// What bounds the way from file to file.
const (
	maxHops       = 8
	maxNeighbours = 1 << 16
	maxFileName   = 4096
)

// Surround lets a file lead to others. Name is where it lies itself: names in
// it count from there. Open gets the path of the file that leads on, and the
// name in it; fs.ErrNotExist says that there is no such file, any other error
// that it is not to be read. A nil one refuses all.
func (f *File) Surround(name string, open func(ctx context.Context, from, name string) (vfd.File, error)) {
	f.name = path.Clean(filepath.ToSlash(name))
	f.around = &Surroundings{open: open, files: map[string]*neighbour{f.name: {handle: f.handle, file: f}}}
}

// Beside lets a file lead to the same others as one that is open already.
func (f *File) Beside(o *File) { f.around, f.name, f.hops = o.around, o.name, o.hops }

// Close closes the files that this one led to. Its own handle is the caller's.
func (f *File) Close() error {
	if f.around == nil {
		return nil
	}
	f.around.mu.Lock()
	defer f.around.mu.Unlock()
	var all error
	for _, n := range f.around.files {
		n.mu.Lock()
		if n.file != f && n.handle != nil {
			all = errors.Join(all, n.handle.Close())
		}
		n.mu.Unlock()
	}
	f.around.files = nil
	return all
}

// refused says that a file leads to another one that is not followed.
func refused(name, why string) error {
	return fmt.Errorf("the file %w: %q: %s", ErrExternal, name, why)
}

// address is the start of a URL, or a drive of Windows.
var address = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]*:`)

// spelling says what keeps a name from being one of a file beside another, ""
// where nothing does. It is asked before anything is opened.
func spelling(name string) string {
	switch {
	case name == "":
		return "an empty name"
	case len(name) > maxFileName:
		return "a name of over 4,096 bytes"
	case strings.ContainsRune(name, 0):
		return "a name with a NUL"
	case strings.Contains(name, `\`):
		return "a path of Windows, or of a share"
	case strings.HasPrefix(name, "/"):
		return "an absolute path"
	case address.MatchString(name), strings.Contains(name, "://"):
		return "an address"
	case slices.Contains(strings.Split(name, "/"), ".."):
		return "a path through .."
	case !filepath.IsLocal(filepath.FromSlash(name)), path.Clean(name) == ".":
		return "no name of a file"
	}
	return ""
}

// own tells whether a name is that of the file itself.
func (f *File) own(name string) bool {
	return f.name != "" && spelling(name) == "" && path.Join(path.Dir(f.name), name) == f.name
}

// neighbour opens the file of a name once; fs.ErrNotExist where there is none.
func (f *File) neighbour(ctx context.Context, name string) (*neighbour, string, error) {
	if why := spelling(name); why != "" {
		return nil, "", refused(name, why)
	}
	switch {
	case f.around == nil || f.around.open == nil:
		return nil, "", refused(name, "no file is")
	case f.own(name):
		return nil, "", refused(name, "it is the file's own name")
	case f.hops >= maxHops:
		return nil, "", refused(name, "there were 8 files on the way")
	}
	at := path.Join(path.Dir(f.name), name)
	for {
		n, err := f.around.slot(at)
		if err != nil {
			return nil, "", err
		}
		if n, err = n.opened(ctx, f, at, name); n != nil || err != nil {
			return n, at, err
		}
	}
}

// opened opens the file unless it is open; both results are nil where somebody
// else failed to.
func (n *neighbour) opened(ctx context.Context, from *File, at, name string) (*neighbour, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	switch {
	case n.gone:
		return nil, nil
	case n.handle != nil:
		return n, nil
	}
	handle, err := from.around.open(ctx, from.name, name)
	if err == nil {
		n.handle, n.hops = handle, from.hops+1
		return n, nil
	}
	n.gone = true
	from.around.drop(at)
	if ctx.Err() != nil || errors.Is(err, fs.ErrNotExist) || errors.Is(err, ErrExternal) {
		return nil, err
	}
	return nil, fmt.Errorf("%w: %w", refused(name, "it was not opened"), err)
}

// slot finds the place of a file, or makes it.
func (a *Surroundings) slot(at string) (*neighbour, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case a.files == nil:
		return nil, vfd.ErrClosed
	case a.files[at] != nil:
		return a.files[at], nil
	case len(a.files) >= maxNeighbours:
		return nil, fmt.Errorf("%w: it leads to over %d files", ErrTooLarge, maxNeighbours)
	}
	n := &neighbour{}
	a.files[at] = n
	return n, nil
}

// drop forgets a file that could not be opened: it may come later.
func (a *Surroundings) drop(at string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.files, at)
}

// Neighbour opens an HDF5 file that this one leads to; fs.ErrNotExist where
// there is none.
func (f *File) Neighbour(ctx context.Context, name string) (*File, error) {
	n, at, err := f.neighbour(ctx, name)
	if err != nil {
		return nil, err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.file != nil {
		return n.file, nil
	}
	file, err := Open(ctx, n.handle, f.limits)
	if err != nil {
		return nil, fmt.Errorf("%q: %w", name, err)
	}
	file.Reading = f.Reading
	file.around, file.name, file.hops = f.around, at, n.hops
	n.file = file
	return file, nil
}

// Name is where the file lies among those that lead to each other.
func (f *File) Name() string { return f.name }

// Handle is the driver's file.
func (f *File) Handle() vfd.File { return f.handle }

// plain opens a file for its bytes alone.
func (f *File) plain(ctx context.Context, name string) (vfd.File, error) {
	n, _, err := f.neighbour(ctx, name)
	if err != nil {
		return nil, err
	}
	return n.handle, nil
}
