package dir

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/h5serve/h5serve/storage"
)

// Put writes an object beside its place, and gives it its name when all of it
// is on the disk.
func (s *Store) Put(ctx context.Context, key string, content io.Reader, size int64, o storage.PutOptions) (storage.Info, error) {
	info, err := s.put(ctx, key, content, size, o.Conditions)
	if err != nil {
		return storage.Info{}, s.fail("put", key, err)
	}
	return info, nil
}

func (s *Store) put(ctx context.Context, key string, content io.Reader, size int64, c storage.Conditions) (storage.Info, error) {
	name, ok := path(key)
	if !ok {
		return storage.Info{}, storage.ErrNotFound
	}
	if !s.writable {
		return storage.Info{}, storage.ErrReadOnly
	}
	folder := filepath.Dir(name)
	made, err := s.makeFolder(folder)
	if err != nil {
		return storage.Info{}, err
	}
	temp := filepath.Join(folder, temporary+rand.Text())
	f, err := s.root.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return storage.Info{}, err
	}
	defer f.Close()
	if err = fill(ctx, f, content, size); err == nil {
		var info storage.Info
		if info, err = s.place(f, temp, name, key, c); err == nil {
			return info, s.syncFolders(folder, made)
		}
	}
	return storage.Info{}, errors.Join(err, s.root.Remove(temp))
}

// makeFolder makes a folder and those above it, and tells whether it had to.
func (s *Store) makeFolder(folder string) (bool, error) {
	fi, err := s.root.Stat(folder)
	switch {
	case err == nil && fi.IsDir():
		return false, nil
	case err == nil:
		return false, fs.ErrNotExist
	}
	if err = s.root.MkdirAll(folder, 0o755); errors.Is(err, fs.ErrExist) { // a file lies where a folder should
		err = fs.ErrNotExist
	}
	return true, err
}

// fill writes a whole body to a file, and to the disk.
func fill(ctx context.Context, f *os.File, content io.Reader, size int64) error {
	from := &source{ctx: ctx, from: content}
	if size >= 0 {
		from.from = io.LimitReader(content, size+1)
	}
	n, err := io.Copy(f, from)
	switch {
	case from.err != nil && ctx.Err() == nil:
		return fmt.Errorf("%w: %w", storage.ErrIncomplete, from.err)
	case err != nil:
		return err
	case size >= 0 && n != size:
		return fmt.Errorf("%w: %d bytes were said", storage.ErrIncomplete, size)
	}
	return f.Sync()
}

// source ends with its context, and tells its own errors from the file's.
type source struct {
	ctx  context.Context
	from io.Reader
	err  error
}

func (s *source) Read(p []byte) (int, error) {
	if err := s.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := s.from.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		s.err = err
	}
	return n, err
}

// place gives a written file its name. Its time is set, later than any that was
// given before, so that its tag is new even where the disk's clock is coarse.
func (s *Store) place(f *os.File, temp, name, key string, c storage.Conditions) (storage.Info, error) {
	s.commit.Lock()
	defer s.commit.Unlock()
	if kind := c.Writing(s.tagOf(name)); kind != nil {
		return storage.Info{}, kind
	}
	s.last = later(time.Now(), s.last)
	if err := s.root.Chtimes(temp, s.last, s.last); err != nil {
		return storage.Info{}, err
	}
	if err := s.root.Rename(temp, name); err != nil {
		if fi, e := s.root.Lstat(name); e == nil && fi.IsDir() {
			err = fs.ErrNotExist // a folder has the name
		}
		return storage.Info{}, err
	}
	fi, err := f.Stat()
	if err != nil {
		return storage.Info{}, err
	}
	return stampOf(fi).info(key), nil
}

func later(now, last time.Time) time.Time {
	if now.After(last) {
		return now
	}
	return last.Add(time.Microsecond)
}

// tagOf is the tag of the file that has a name now, "" where there is none.
func (s *Store) tagOf(name string) string {
	fi, err := s.root.Stat(name)
	if err != nil || !fi.Mode().IsRegular() {
		return ""
	}
	return stampOf(fi).tag()
}

// syncFolders makes a name last, and the folders that were made for it.
func (s *Store) syncFolders(folder string, made bool) error {
	for {
		f, err := s.root.Open(folder)
		if err != nil {
			return err
		}
		err = f.Sync()
		f.Close()
		if err != nil || !made || folder == "." {
			return err
		}
		folder = filepath.Dir(folder)
	}
}

// Delete removes an object. Folders stay.
func (s *Store) Delete(ctx context.Context, key string, c storage.Conditions) error {
	if err := s.remove(ctx, key, c); err != nil {
		return s.fail("delete", key, err)
	}
	return nil
}

func (s *Store) remove(ctx context.Context, key string, c storage.Conditions) error {
	name, ok := path(key)
	if !ok {
		return nil // no folder has it
	}
	if !s.writable {
		return storage.ErrReadOnly
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	s.commit.Lock()
	defer s.commit.Unlock()
	tag := s.tagOf(name)
	if kind := c.Writing(tag); kind != nil {
		return kind
	}
	if tag == "" {
		return nil
	}
	if err := s.root.Remove(name); err != nil {
		return err
	}
	return s.syncFolders(filepath.Dir(name), false)
}
