package h5core

import (
	"container/list"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"sync"

	"github.com/h5serve/h5serve/h5core/vfd"
)

// openFiles bounds how many files below a folder are open at once, however
// many a virtual dataset leads to: those read last stay open, others are
// opened again when they are wanted.
type openFiles struct {
	most   int
	mu     sync.Mutex
	recent *list.List // of *followed, the last one that was read in front
}

// maxFollowedOpen is how many followed files are open, beside those that are
// being read at the moment.
const maxFollowedOpen = 128

// inFolder opens files below a folder.
func inFolder(folder string) FollowFunc {
	pool := &openFiles{most: maxFollowedOpen, recent: list.New()}
	return func(_ context.Context, from, name string) (vfd.File, error) {
		f := &followed{pool: pool, folder: folder, at: filepath.FromSlash(path.Join(path.Dir(from), name))}
		if _, err := f.take(); err != nil {
			return nil, err
		}
		f.give()
		return f, nil
	}
}

// followed is a file that another one leads to.
type followed struct {
	pool       *openFiles
	folder, at string

	mu     sync.Mutex // before that of the pool
	file   *os.File   // nil while it is not open
	info   fs.FileInfo
	users  int
	turn   *list.Element // in the pool
	closed bool
}

var errOtherFile = errors.New("it was changed since it was opened first")

// take gives the open file, which stays open until give.
func (f *followed) take() (*os.File, error) {
	f.mu.Lock()
	if f.closed {
		f.mu.Unlock()
		return nil, vfd.ErrClosed
	}
	if f.file == nil {
		if err := f.open(); err != nil {
			f.mu.Unlock()
			return nil, err
		}
	}
	file := f.file
	f.users++
	f.pool.touch(f)
	f.mu.Unlock()
	f.pool.trim()
	return file, nil
}

func (f *followed) give() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.users--; f.users == 0 && f.turn == nil {
		_ = f.shut()
	}
}

// open opens the file, for the first time or again.
func (f *followed) open() error {
	root, err := os.OpenRoot(f.folder)
	if err != nil {
		return err
	}
	defer root.Close()
	info, err := root.Stat(f.at)
	if err != nil {
		return absent(err)
	}
	if !info.Mode().IsRegular() { // opening a pipe would wait for a writer
		return errors.New("it is no regular file")
	}
	file, err := root.Open(f.at)
	if err != nil {
		return absent(err)
	}
	if info, err = file.Stat(); err == nil && f.info != nil && !unchanged(f.info, info) {
		err = errOtherFile
	}
	if err != nil {
		_ = file.Close()
		return err
	}
	f.file, f.info = file, info
	return nil
}

func unchanged(a, b fs.FileInfo) bool {
	return os.SameFile(a, b) && a.Size() == b.Size() && a.ModTime().Equal(b.ModTime())
}

// shut closes the file; it may be opened again.
func (f *followed) shut() error {
	if f.file == nil {
		return nil
	}
	file := f.file
	f.file = nil
	return file.Close()
}

// touch puts a file in front.
func (p *openFiles) touch(f *followed) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if f.turn == nil {
		f.turn = p.recent.PushFront(f)
	} else {
		p.recent.MoveToFront(f.turn)
	}
}

// trim closes what was not read for long, as soon as nobody reads it.
func (p *openFiles) trim() {
	for {
		p.mu.Lock()
		if p.recent.Len() <= p.most {
			p.mu.Unlock()
			return
		}
		oldest := p.recent.Back().Value.(*followed)
		p.mu.Unlock()
		oldest.leave()
	}
}

// leave takes a file out of the pool, and closes it once nobody reads it.
func (f *followed) leave() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.turn == nil {
		return
	}
	f.pool.mu.Lock()
	f.pool.recent.Remove(f.turn)
	f.pool.mu.Unlock()
	if f.turn = nil; f.users == 0 {
		_ = f.shut()
	}
}

func (f *followed) ReadAt(ctx context.Context, p []byte, addr uint64) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	file, err := f.take()
	if err == nil {
		defer f.give()
		if size := uint64(f.info.Size()); addr > size || uint64(len(p)) > size-addr {
			return vfd.ErrShort
		}
		_, err = io.ReadFull(io.NewSectionReader(file, int64(addr), int64(len(p))), p)
	}
	if err != nil {
		return &vfd.Error{Op: "read", Driver: "follow", Name: filepath.ToSlash(f.at), Addr: addr, Err: err}
	}
	return nil
}

func (f *followed) WriteAt(context.Context, []byte, uint64) error { return vfd.ErrReadOnly }
func (f *followed) Truncate(context.Context, uint64) error        { return vfd.ErrReadOnly }
func (f *followed) Sync(context.Context) error                    { return nil }

func (f *followed) Size() uint64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return 0
	}
	return uint64(f.info.Size())
}

func (f *followed) Close() error {
	f.mu.Lock()
	f.closed = true
	f.mu.Unlock()
	f.leave()
	return nil
}
