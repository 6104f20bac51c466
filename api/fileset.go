package api

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"sync"

	"github.com/h5serve/h5serve/api/sources"
	"github.com/h5serve/h5serve/h5core"
	"github.com/h5serve/h5serve/storage"
	"github.com/h5serve/h5serve/storage/pinned"
)

// fileSet are the files of stores that a made file takes elements from, each in one version. They stay open as
// long as the recipe that has them: what is made of them is read when it is sent. A nil set is empty.
//
//	recipe ──▶ files ──▶ Open, once for each name ──▶ tag, a part of the plan's id
//	built  ──▶ recipe ──▶ elements, read while the answer is sent
type fileSet struct {
	server *Server
	pins   map[string]string // the tags that they must have; nil: any

	mu   sync.Mutex
	open map[string]*sources.File
}

// Open opens a file as a request names it, and gives the tag of its version.
func (s *fileSet) Open(ctx context.Context, name string) (*h5core.File, string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.open[name]
	if f == nil {
		at, err := s.server.fileNamed(url.Values{"file": {name}})
		if err != nil {
			return nil, "", err
		}
		if f, _, err = s.server.sources.Open(ctx, at); err != nil {
			return nil, "", err
		}
		if want, ok := s.pins[name]; s.pins != nil && (!ok || want != version(f)) {
			f.Release()
			return nil, "", &storage.Error{Op: "get", Store: at.Label, Key: at.Key, Kind: storage.ErrChanged}
		}
		if s.open == nil {
			s.open = map[string]*sources.File{}
		}
		s.open[name] = f
	}
	return f.HDF5, version(f), nil
}

// version is the tag of a file, or what comes next to one.
func version(f *sources.File) string {
	info := f.Info()
	if info.ETag != "" {
		return info.ETag
	}
	return fmt.Sprintf("%d %d", info.Size, info.Modified.UnixNano())
}

// withFiles does work with the files of the recipe, as they are now: once more, where one turns out to have been
// replaced.
func (rc *recipe) withFiles(ctx context.Context, s *Server, work func() error) error {
	if rc.files == nil {
		rc.files = &fileSet{}
	}
	rc.files.server = s
	return pinned.Retry(func() error {
		rc.files.release()
		err := work()
		if stale := rc.files.confirm(ctx); err == nil || stale != nil {
			err = stale // what is wrong with an old version is nobody's business
		}
		return err
	})
}

// confirm makes sure that all files were the objects' versions after they were opened.
func (s *fileSet) confirm(ctx context.Context) error {
	if s == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.open {
		if err := f.Confirm(ctx); err != nil {
			return err
		}
	}
	return nil
}

// current makes sure that all files are the objects' versions now.
func (s *fileSet) current(ctx context.Context) error {
	pins := s.tags()
	if len(pins) == 0 {
		return nil
	}
	now := &fileSet{server: s.server, pins: pins}
	defer now.release()
	for name := range pins {
		if _, _, err := now.Open(ctx, name); err != nil {
			return err
		}
	}
	return now.confirm(ctx)
}

// changed tells whether a file is known to be another version now.
func (s *fileSet) changed() bool {
	if s == nil {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.open {
		if f.Changed() {
			return true
		}
	}
	return false
}

// tags are the versions of the files, by name.
func (s *fileSet) tags() map[string]string {
	if s == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	tags := map[string]string{}
	for name, f := range s.open {
		tags[name] = version(f)
	}
	return tags
}

// budget gives planning the limits of one request.
func (s *fileSet) budget(ctx context.Context) context.Context {
	limits := s.server.settings.Look.Limits
	if limits == (h5core.Limits{}) {
		limits = h5core.DefaultLimits()
	}
	ctx, _ = h5core.WithBudget(ctx, limits)
	return ctx
}

func (s *fileSet) release() {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for name, f := range s.open {
		delete(s.open, name)
		if f.Name.Store == nil { // a plan's bytes: the shelf, which may be closing this set, takes them back later
			s.server.shelf.makers.Go(f.Release)
			continue
		}
		f.Release()
	}
}

// confirm makes sure that the files are still those that the order was understood with, and that b can be read.
func (o *order) confirm(ctx context.Context, b *built) error {
	if err := o.recipe.files.confirm(ctx); err != nil || b == nil {
		return err
	}
	return b.recipe.files.confirm(ctx)
}

// describe sets the fields of a file that was made. The address of one that takes elements from stores may give
// another one, once they change.
func (o *order) describe(h http.Header, name string) {
	describe(h, o.id, name)
	if len(o.recipe.files.tags()) > 0 {
		h.Set("Cache-Control", "no-cache")
	}
}
