// Package dir is a store in a folder: an object is a file, its key the file's
// path with slashes. Nothing outside the folder is reached, whatever a key or a
// symbolic link says (os.Root holds it).
//
//	folder/a/b.h5                  object "a/b.h5"
//	folder/a/.h5serve-put-x7…      an object that is being written: not seen
//
// A file's tag is made of its inode, size and times. A writer from outside that
// changes a file in place is noticed: a part that was being read then ends with
// an error.
package dir

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/h5serve/h5serve/storage"
)

// Options of a folder.
type Options struct {
	Writable bool
	MaxNames int // in one folder that is listed; 0 is 1,000,000
}

// Store is a folder.
type Store struct {
	name     string
	root     *os.Root
	writable bool
	maxNames int

	commit sync.Mutex // held while conditions are looked at and a file takes its name
	last   time.Time  // the latest time that was given to a file; under commit
}

var _ storage.Writer = (*Store)(nil)

// Open holds a folder, which must exist.
func Open(name, folder string, o Options) (*Store, error) {
	root, err := os.OpenRoot(folder)
	if err != nil {
		return nil, fmt.Errorf("store %s: %w", name, err)
	}
	if o.MaxNames <= 0 {
		o.MaxNames = 1_000_000
	}
	return &Store{name: name, root: root, writable: o.Writable, maxNames: o.MaxNames}, nil
}

// Close lets go of the folder.
func (s *Store) Close() error { return s.root.Close() }

// temporary begins the names of files that are being written.
const temporary = ".h5serve-put-"

// path is the file of a key, or false where a folder cannot have it.
func path(key string) (string, bool) {
	if !storage.ValidKey(key) || strings.ContainsRune(key, 0) {
		return "", false
	}
	for segment := range strings.SplitSeq(key, "/") {
		if segment == "" || segment == "." || segment == ".." || strings.HasPrefix(segment, temporary) {
			return "", false
		}
	}
	name := filepath.FromSlash(key)
	if filepath.ToSlash(name) != key || !filepath.IsLocal(name) {
		return "", false
	}
	return name, true
}

// fail makes an error of what the operating system said, without paths of the host.
func (s *Store) fail(op, key string, err error) error {
	e := &storage.Error{Op: op, Store: s.name, Key: key, Kind: kindOf(err)}
	var at *fs.PathError
	var link *os.LinkError
	switch {
	case err == e.Kind, errors.Is(e.Kind, storage.ErrNotFound): //nolint:errorlint // the bare kind
	case errors.As(err, &at):
		e.Err = at.Err
	case errors.As(err, &link):
		e.Err = link.Err
	default:
		e.Err = err
	}
	return e
}

func kindOf(err error) error {
	is := func(targets ...error) bool {
		for _, target := range targets {
			if errors.Is(err, target) {
				return true
			}
		}
		return false
	}
	for _, kind := range []error{
		storage.ErrNotFound, storage.ErrChanged, storage.ErrExists, storage.ErrNotModified, storage.ErrReadOnly,
		storage.ErrIncomplete, storage.ErrUnsupported,
	} {
		if errors.Is(err, kind) {
			return kind
		}
	}
	switch {
	case is(fs.ErrNotExist, syscall.ENOTDIR, syscall.EISDIR, syscall.ENAMETOOLONG, syscall.ELOOP, syscall.EINVAL, syscall.ENXIO), escapes(err):
		return storage.ErrNotFound
	case is(fs.ErrPermission):
		return storage.ErrDenied
	case is(syscall.EROFS):
		return storage.ErrReadOnly
	case is(syscall.ENOSPC, syscall.EDQUOT, syscall.EFBIG):
		return storage.ErrNoSpace
	}
	return storage.ErrUnavailable
}

// escapes tells os.Root's refusal, which has no name of its own.
func escapes(err error) bool {
	var at *fs.PathError
	return errors.As(err, &at) && at.Err != nil && strings.Contains(at.Err.Error(), "escapes")
}

// Stat tells what is known of an object.
func (s *Store) Stat(ctx context.Context, key string, c storage.Conditions) (storage.Info, error) {
	f, now, err := s.open(ctx, key, c)
	if err != nil {
		return storage.Info{}, s.fail("stat", key, err)
	}
	f.Close()
	return now.info(key), nil
}

// open opens an object that meets the conditions.
func (s *Store) open(ctx context.Context, key string, c storage.Conditions) (*os.File, stamp, error) {
	name, ok := path(key)
	if !ok {
		return nil, stamp{}, storage.ErrNotFound
	}
	if err := ctx.Err(); err != nil {
		return nil, stamp{}, err
	}
	// A named pipe would wait for its writer without O_NONBLOCK.
	f, err := s.root.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, stamp{}, err
	}
	now, err := settled(ctx, f.Stat)
	if err == nil {
		if kind := c.Reading(now.tag()); kind != nil {
			err = kind
		}
	}
	if err != nil {
		f.Close()
		return nil, stamp{}, err
	}
	return f, now, nil
}
