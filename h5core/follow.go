package h5core

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"sync"

	"github.com/h5serve/h5serve/h5core/internal/load"
	"github.com/h5serve/h5serve/h5core/vfd"
)

// FollowFunc opens a file, for reading, that another one leads to: by an
// external link, as external storage, or as the source of a virtual dataset.
// From is where the other one lies, name is what stands in it. Names that are
// absolute, addresses, or go through ".." never get here. A file that is not
// there is fs.ErrNotExist; any other error refuses it.
type FollowFunc = func(ctx context.Context, from, name string) (vfd.File, error)

// following is what may be followed, by the one or the other.
type following struct {
	folder string
	open   FollowFunc
}

// WithFollow lets a file that is read lead to others below a folder. As in the
// C library, names count from the folder of the file that they stand in; where
// that lies elsewhere, from the folder given. Nothing outside is opened,
// whatever links lie on the way (os.Root). However many there are, about 128 are
// open at once; one that has changed when it is opened again fails the read.
// What is not followed is ErrExternal where it is wanted. An empty name, as no option at all, follows nothing.
func WithFollow(folder string) Option {
	return func(o *options) error { o.follow = following{folder: folder}; return nil }
}

// WithFollowFunc is WithFollow for files that lie in no folder. The first file
// lies where Open was told.
func WithFollowFunc(open FollowFunc) Option {
	return func(o *options) error { o.follow = following{open: open}; return nil }
}

// surround says what a file may lead to, right after it was opened.
func (f *File) surround(name string) {
	f.beside = &beside{files: map[*load.File]*File{}}
	at := f.options.follow
	if at.folder != "" {
		name, at.open = below(at.folder, name), inFolder(at.folder)
	}
	f.stored.Surround(name, at.open)
}

// below is the path of a file from a folder that it lies in, or its last part.
func below(folder, name string) string {
	real := func(p string) string {
		if abs, err := filepath.Abs(p); err == nil {
			p = abs
		}
		if followed, err := filepath.EvalSymlinks(p); err == nil {
			p = followed
		}
		return p
	}
	rel, err := filepath.Rel(real(folder), real(name))
	if err != nil || !filepath.IsLocal(rel) {
		return filepath.Base(name)
	}
	return rel
}

// absent leaves away what the system says of a missing file, whose path need
// not be shown.
func absent(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fs.ErrNotExist
	}
	return err
}

// beside are the files that lead to each other, as those who read them see them.
type beside struct {
	mu    sync.Mutex
	files map[*load.File]*File
}

// neighbour is the file that is open as stored.
func (f *File) neighbour(ctx context.Context, stored *load.File) (*File, error) {
	if stored == f.stored {
		return f, nil
	}
	f.beside.mu.Lock()
	defer f.beside.mu.Unlock()
	if n := f.beside.files[stored]; n != nil {
		return n, nil
	}
	root, err := stored.Object(ctx, stored.Root())
	if err == nil && root.Kind != load.Group {
		err = fmt.Errorf("%w: the root is no group", ErrDamaged)
	}
	if err != nil {
		return nil, err
	}
	n := &File{options: f.options, handle: stored.Handle(), stored: stored, beside: f.beside}
	n.Group = &Group{file: n, path: "/", stored: root}
	f.beside.files[stored] = n
	return n, nil
}

// external goes where an external link leads.
func (g *Group) external(ctx context.Context, at string, l Link, links int) (Object, error) {
	const op = "open"
	if links == 0 {
		return nil, failf(op, at, ErrInvalid, "over %d soft and external links on the way", maxSoft)
	}
	stored, err := g.file.stored.Neighbour(ctx, l.File)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, failf(op, at, ErrNotFound, "no such object: an external link to %q in %q, a file that is missing", l.Path, l.File)
	}
	var other *File
	if err == nil {
		other, err = g.file.neighbour(ctx, stored)
	}
	if err != nil {
		return nil, readError(op, at, err)
	}
	if strings.Trim(l.Path, "/.") == "" {
		return other.Group, nil
	}
	return other.get(ctx, l.Path, links-1)
}
