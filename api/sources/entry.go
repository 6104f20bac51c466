package sources

import (
	"container/list"
	"context"
	"sync/atomic"

	"github.com/h5serve/h5serve/h5core"
	"github.com/h5serve/h5serve/h5core/vfd"
	"github.com/h5serve/h5serve/h5core/vfd/ros3"
	"github.com/h5serve/h5serve/storage"
	"github.com/h5serve/h5serve/storage/cached"
)

// place is where an object lies.
type place struct {
	store storage.Store
	key   string
}

// entry is one version of a file, parsed. It is closed when it is neither kept
// nor used.
type entry struct {
	at      place
	info    storage.Info
	object  *cached.File // nil: a plan
	handle  vfd.File     // the bytes
	release func()       // of a plan's bytes

	done chan struct{} // closed when what follows is known; nil for a plan
	file *h5core.File
	err  error

	// Guarded by the lock of Sources.
	users   int // the opening is one
	opening bool
	cancel  context.CancelFunc // of the opening
	kept    *list.Element      // nil: not kept
	held    uint64             // bytes of memory, as counted in
	read    *measured
}

// measured counts the metadata that is read of a file: about so much of it is
// in memory, parsed.
type measured struct {
	vfd.File
	bytes atomic.Uint64
}

func (m *measured) ReadAt(ctx context.Context, p []byte, addr uint64) error {
	m.bytes.Add(uint64(len(p)))
	return m.File.ReadAt(ctx, p, addr)
}

func (m *measured) ReadVector(ctx context.Context, class vfd.Class, segs []vfd.Segment) error {
	if class != vfd.Raw {
		for _, s := range segs {
			m.bytes.Add(uint64(len(s.Data)))
		}
	}
	return vfd.Fetch(ctx, m.File, class, segs)
}

// Close leaves the file open: the entry closes it, when nobody asks any more
// whether it was replaced.
func (m *measured) Close() error { return nil }

// Estimates of the memory that an open file takes: some for itself, some for
// each byte of metadata that was read, which is no more than the file has, and
// no more than h5core keeps of any.
const (
	heldAlways  = 32 << 10
	heldPerByte = 3
	heldAtMost  = 32 << 20
)

func (e *entry) estimate() uint64 {
	return heldAlways + min(heldPerByte*min(e.read.bytes.Load(), e.info.Size), heldAtMost)
}

// same tells whether the entry is this version. One without a tag is like no
// other.
func (e *entry) same(info storage.Info) bool {
	return info.ETag != "" && e.info.ETag == info.ETag && e.info.Size == info.Size
}

// enter finds the entry of a version, or begins to open one; the object is the
// entry's from then on. The caller uses it until leave.
func (s *Sources) enter(ctx context.Context, name Name, object *cached.File) *entry {
	at, info := place{name.Store, name.Key}, object.Info()
	s.mu.Lock()
	e := s.entries[at]
	if e != nil && e.same(info) {
		e.users++
		s.mu.Unlock()
		_ = object.Close()
		return e
	}
	old := s.forget(e)
	handle := ros3.File(name.String(), object)
	e = &entry{at: at, info: info, object: object, handle: handle, read: &measured{File: handle}, done: make(chan struct{}), users: 2, opening: true}
	s.entries[at] = e
	ctx, e.cancel = context.WithCancel(context.WithoutCancel(ctx))
	s.openings.Go(func() {
		e.file, e.err = s.parse(ctx, name, e.read)
		e.cancel()
		s.opened(e)
	})
	s.mu.Unlock()
	closeAll(old)
	return e
}

// opened is the end of an opening: the file is kept, unless nobody wants it.
func (s *Sources) opened(e *entry) {
	s.mu.Lock()
	e.opening = false
	close(e.done)
	if s.entries[e.at] == e {
		if e.err == nil && e.info.ETag != "" {
			e.kept = s.kept.PushFront(e)
		} else {
			delete(s.entries, e.at)
		}
	}
	s.mu.Unlock()
	s.leave(e)
}

// wait waits until the file is open.
func (e *entry) wait(ctx context.Context) error {
	select {
	case <-e.done:
		return e.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// leave ends one use of an entry.
func (s *Sources) leave(e *entry) {
	s.mu.Lock()
	e.users--
	var idle []*entry
	switch {
	case e.users == 1 && e.opening: // all who waited are gone
		e.cancel()
		s.forget(e)
	case e.kept == nil && e.users == 0:
		idle = append(idle, e)
	case e.kept != nil && e.object.Changed():
		idle = s.forget(e)
	case e.kept != nil:
		s.kept.MoveToFront(e.kept)
		now := e.estimate()
		s.memory += now - e.held
		e.held = now
	}
	idle = append(idle, s.tidy()...)
	s.mu.Unlock()
	closeAll(idle)
}

// forget lets nobody find an entry any more, and gives it back if nobody uses
// it. The lock is held; nil is no entry.
func (s *Sources) forget(e *entry) (idle []*entry) {
	if e == nil {
		return nil
	}
	if s.entries[e.at] == e {
		delete(s.entries, e.at)
	}
	if e.kept != nil {
		s.kept.Remove(e.kept)
		s.memory -= e.held
		e.kept, e.held = nil, 0
		if e.users == 0 {
			idle = append(idle, e)
		}
	}
	return idle
}

// tidy gives back the files that are too many, those used least lately first.
// The lock is held.
func (s *Sources) tidy() (idle []*entry) {
	for at := s.kept.Back(); at != nil; {
		e := at.Value.(*entry)
		at = at.Prev()
		if !s.closed && s.kept.Len() <= s.settings.Files && s.memory <= s.settings.Memory {
			break
		}
		if e.users == 0 {
			idle = append(idle, s.forget(e)...)
		}
	}
	return idle
}

func closeAll(idle []*entry) {
	for _, e := range idle {
		e.close()
	}
}

func (e *entry) close() {
	if e.file != nil {
		_ = e.file.Close()
	}
	if e.object != nil {
		_ = e.handle.Close()
	}
	if e.release != nil {
		e.release()
	}
}
