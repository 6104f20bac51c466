package sources

import (
	"container/list"
	"context"
	"errors"
	"sync"

	"github.com/h5serve/h5serve/h5core"
	"github.com/h5serve/h5serve/h5core/vfd"
	"github.com/h5serve/h5serve/storage"
	"github.com/h5serve/h5serve/storage/pinned"
)

// Plans gives the bytes of files that were never made.
type Plans interface {
	// Open gives a plan's bytes, for reading until release; the tag names them.
	Open(ctx context.Context, id string) (bytes vfd.File, etag string, release func(), err error)
}

// Sources opens files for requests. It is safe for concurrent use.
type Sources struct {
	settings Settings
	openings sync.WaitGroup

	mu      sync.Mutex
	entries map[place]*entry // of the version that was asked for last
	kept    list.List        // of them, those that are open; last used first
	memory  uint64           // that the kept ones hold
	closed  bool
}

// New makes Sources without any file open.
func New(s Settings) *Sources {
	return &Sources{settings: s.orDefaults(), entries: map[place]*entry{}}
}

// Close closes all files that nobody uses, and each of the others when its last
// user releases it.
func (s *Sources) Close() {
	s.mu.Lock()
	s.closed = true
	idle := s.tidy()
	s.mu.Unlock()
	closeAll(idle)
	s.openings.Wait()
}

// Held tells how many files are kept open, and what they hold as estimated.
func (s *Sources) Held() (files int, memory uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.kept.Len(), s.memory
}

// Do runs work on a file, under a budget and within a time. When it returns
// without an error, the file was the object's version after Do began. Where the
// object is replaced meanwhile, work runs once more on the new one, so that it
// gives nothing out itself; a second time is storage.ErrChanged.
func (s *Sources) Do(ctx context.Context, name Name, work func(ctx context.Context, f *File) error) error {
	ctx, cancel := context.WithTimeoutCause(ctx, s.settings.Time, ErrTime)
	defer cancel()
	err := pinned.Retry(func() error { return s.once(ctx, name, work) })
	if err != nil && errors.Is(context.Cause(ctx), ErrTime) && errors.Is(err, context.DeadlineExceeded) {
		err = ErrTime
	}
	return name.fail(err)
}

func (s *Sources) once(ctx context.Context, name Name, work func(context.Context, *File) error) error {
	f, ctx, err := s.Open(ctx, name)
	if err != nil {
		return err
	}
	defer f.Release()
	err = work(ctx, f)
	if errors.Is(err, storage.ErrChanged) || ctx.Err() != nil {
		return errors.Join(err, ctx.Err())
	}
	// What is wrong with an old version is nobody's business either.
	if stale := f.Confirm(ctx); err == nil || errors.Is(stale, storage.ErrChanged) {
		return stale
	}
	return err
}

// Open opens a file for those who answer in a stream; the context is that of
// their work, under a budget. They call Confirm before they give anything out,
// abort when reading fails later, and Release at the end. Where Open or Confirm
// is storage.ErrChanged, they may begin anew, as pinned.Retry does.
func (s *Sources) Open(ctx context.Context, name Name) (*File, context.Context, error) {
	f := &File{Name: name, sources: s, since: arrival(ctx)}
	ctx, f.Budget = h5core.WithBudget(ctx, s.settings.Limits)
	var err error
	if name.Store == nil {
		err = s.openPlan(ctx, f)
	} else {
		err = s.openObject(ctx, f)
	}
	if err != nil {
		return nil, nil, name.fail(err)
	}
	f.HDF5 = f.entry.file
	return f, ctx, nil
}

func (s *Sources) openObject(ctx context.Context, f *File) error {
	object, known := s.settings.Cache.Known(f.Name.Store, f.Name.Key)
	if !known {
		var err error
		if object, err = s.settings.Cache.Open(ctx, f.Name.Store, f.Name.Key); err != nil {
			return err
		}
		f.confirmed = true
	}
	f.entry = s.enter(ctx, f.Name, object)
	err := f.entry.wait(ctx)
	if err == nil {
		return nil
	}
	defer f.Release()
	if ctx.Err() == nil && !errors.Is(err, storage.ErrChanged) {
		// It may be an old version that is no HDF5 file.
		if stale := f.Confirm(ctx); errors.Is(stale, storage.ErrChanged) {
			return stale
		}
	}
	return err
}

// openPlan opens a plan. It is not kept: nothing far away has to be asked for,
// and a plan that is open cannot make room.
func (s *Sources) openPlan(ctx context.Context, f *File) error {
	if s.settings.Plans == nil {
		return ErrNoPlans
	}
	bytes, etag, release, err := s.settings.Plans.Open(ctx, f.Name.Plan)
	if err != nil {
		return err
	}
	e := &entry{handle: bytes, release: release, info: storage.Info{ETag: etag, Size: bytes.Size()}, users: 1}
	f.entry, f.confirmed = e, true
	if e.file, err = s.parse(ctx, f.Name, bytes); err != nil {
		f.Release()
	}
	return err
}

// parse opens an HDF5 file. What requests may do with it is said by their
// budgets, except for the size of one read.
func (s *Sources) parse(ctx context.Context, name Name, handle vfd.File) (*h5core.File, error) {
	return h5core.Open(ctx, name.String(), "r",
		h5core.WithDriver(opened{handle}), h5core.WithLimits(h5core.Limits{Read: s.settings.Limits.Read}))
}

// opened is the driver of a file that is open.
type opened struct{ vfd.File }

func (opened) Name() string { return "opened" }

func (o opened) Open(context.Context, string, vfd.Mode) (vfd.File, error) { return o.File, nil }
