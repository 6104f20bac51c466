package api

import (
	"context"
	"crypto/sha256"
	"errors"
	"net/http"
	"sync"
	"syscall"

	"github.com/h5serve/h5serve/api/filespec"
	"github.com/h5serve/h5serve/h5core"
	"github.com/h5serve/h5serve/h5core/vfd"
)

// facts are what is known of a plan without its bytes.
type facts struct {
	Filename string    `json:"filename"`
	Size     uint64    `json:"size"`
	Layout   layout    `json:"layout"`
	Warnings []warning `json:"warnings"`
}

// built is a plan that can be written: the engine's file lies in the spool, and what it produces while it
// is written comes from the recipe.
type built struct {
	plan  *h5core.Plan
	facts *facts
	held  uint64 // bytes in the spool at most, those of the recipe among them

	file   *h5core.File
	recipe *recipe

	mu     sync.Mutex
	digest []byte // SHA-256 of the whole file, once somebody read it all
}

func (b *built) close() {
	b.file.Discard()
	b.recipe.Close()
}

// order is a description that was understood, ready to be made.
type order struct {
	server *Server
	recipe *recipe
	spec   contents
	id     string
}

// contents are what a file is to hold: a description, or a part of a stored file.
type contents interface {
	Filename() string
	Warnings() []filespec.Warning
	Options() ([]h5core.Option, error)
	Write(ctx context.Context, f *h5core.File) error
	// Explain makes an error of planning one that the client can mend, if it is.
	Explain(err error) error
}

// read understands a recipe, with files of stores as they are now.
func (s *Server) read(ctx context.Context, rc *recipe) (*order, error) {
	var spec *filespec.Spec
	err := rc.withFiles(ctx, s, func() (err error) {
		limits := s.limits
		limits.Files = rc.files
		spec, err = filespec.Parse(rc.files.budget(ctx), rc.description, rc.parts, limits)
		return err
	})
	if err != nil {
		return nil, err
	}
	return &order{s, rc, spec, planID(spec.Digest(), s.settings.Version)}, nil
}

func (o *order) hold() { o.recipe.hold() }

// make builds the file on the core driver and plans it. A spool that is full is tried again once what lies
// idle in it is gone.
func (o *order) make(ctx context.Context) (*built, error) {
	b, err := o.build(ctx)
	if errors.Is(err, vfd.ErrSpoolFull) && ctx.Err() == nil {
		o.server.shelf.makeRoom(o.server.budget.Limit())
		b, err = o.build(ctx)
	}
	if err != nil {
		o.recipe.Close()
		return nil, o.server.overflow(err)
	}
	return b, nil
}

func (o *order) build(ctx context.Context) (_ *built, err error) {
	ctx = o.recipe.files.budget(ctx)
	f, err := o.open(ctx)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			f.Discard()
		}
	}()
	if err := o.spec.Write(ctx, f); err != nil {
		return nil, err
	}
	size, exact, err := f.Estimate(ctx)
	if err != nil {
		return nil, o.spec.Explain(err)
	}
	if exact {
		if err := o.server.allow(size); err != nil {
			return nil, err
		}
	}
	p, err := f.Plan(ctx)
	if err != nil {
		return nil, o.spec.Explain(err)
	}
	if err := o.server.allow(p.Size()); err != nil {
		return nil, err
	}
	known := &facts{o.spec.Filename(), p.Size(), layoutOf(p.Layout()), warningsOf(o.spec.Warnings())}
	return &built{plan: p, facts: known, held: f.Held() + uint64(o.recipe.size()), file: f, recipe: o.recipe}, nil
}

// estimate tells the size without encoding anything.
func (o *order) estimate(ctx context.Context) (size uint64, exact bool, err error) {
	f, err := o.open(ctx)
	if err != nil {
		return 0, false, err
	}
	defer f.Discard()
	if err := o.spec.Write(ctx, f); err != nil {
		return 0, false, o.server.overflow(err)
	}
	size, exact, err = f.Estimate(ctx)
	return size, exact, o.spec.Explain(err)
}

func (o *order) open(ctx context.Context) (*h5core.File, error) {
	options, err := o.spec.Options()
	if err != nil {
		return nil, err
	}
	s := o.server
	driver := vfd.Core{Budget: s.budget, TempDir: s.settings.TempDir, DiskLimit: uint64(s.settings.MaxFile)}
	return h5core.Open(ctx, o.id, "w", append(options, h5core.WithDriver(driver))...)
}

func (s *Server) allow(size uint64) error {
	limit := uint64(s.settings.MaxFile)
	if size <= limit {
		return nil
	}
	return tooLarge("file", s.settings.MaxFile, int64(min(size, 1<<63-1)))
}

// overflow tells a spool that reached the limit of one file from a disk that is full.
func (s *Server) overflow(err error) error {
	if errors.Is(err, vfd.ErrSpoolFull) && !errors.Is(err, syscall.ENOSPC) {
		return tooLarge("file", s.settings.MaxFile, 0)
	}
	return err
}

// reorder makes a plan's bytes again from its saved recipe.
type reorder struct {
	server *Server
	id     string
}

func (o reorder) hold() {}

func (o reorder) make(ctx context.Context) (*built, error) {
	rc, _, err := o.server.recipes.open(o.id)
	if err != nil {
		return nil, expired(o.id, err)
	}
	done, err := o.server.admit(ctx, rc.size())
	if err != nil {
		rc.Close()
		return nil, err
	}
	defer done()
	again, err := o.again(ctx, rc)
	if err != nil {
		rc.Close()
		return nil, err
	}
	return again.make(ctx)
}

// again understands a saved recipe, and makes sure that it still makes the same bytes.
func (o reorder) again(ctx context.Context, rc *recipe) (*order, error) {
	if err := rc.intact(); err != nil {
		return nil, expired(o.id, err)
	}
	again, err := o.server.read(ctx, rc)
	if err == nil && again.id != o.id { // another version of h5serve saved it
		err = expired(o.id, nil)
	}
	return again, err
}

func expired(id string, cause error) *Problem {
	p := refuse(http.StatusGone, "plan_expired", "The plan %s is not kept any more. The same POST gives the same id and bytes.", id)
	p.cause = cause
	return p
}

// sum is the SHA-256 of the whole file: known from an earlier pass, or found by one now.
func (b *built) sum(ctx context.Context) ([]byte, error) {
	if known := b.knownSum(); known != nil {
		return known, nil
	}
	h := sha256.New()
	if err := b.plan.WriteWindow(ctx, h, 0, b.plan.Size()); err != nil {
		return nil, err
	}
	b.setSum(h.Sum(nil))
	return b.knownSum(), nil
}

func (b *built) knownSum() []byte {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.digest
}

func (b *built) setSum(sum []byte) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.digest = sum
}
