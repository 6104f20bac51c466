package api

import (
	"container/list"
	"context"
	"sync"
	"time"

	"github.com/h5serve/h5serve/h5core/vfd"
)

// shelf keeps plans. What a plan is made of and its bytes have lives of their own:
//
//	plan ──▶ facts   size, layout, warnings: as long as one of the others is there
//	     ──▶ recipe  on disk, own budget, until lifetime after its last use
//	     ──▶ bytes   in the spool: first to go when room is needed, made again from the recipe
//
// Bytes that someone reads are pinned. Those who want bytes that are not there wait for one making of them.
type shelf struct {
	budget   *vfd.Budget
	recipes  *recipeFolder
	lifetime time.Duration
	now      func() time.Time

	base   context.Context // of all makings: they may outlive the request that began them
	cancel context.CancelFunc
	makers sync.WaitGroup

	mu     sync.Mutex
	plans  map[string]*entry
	made   list.List // plans with bytes, last used first
	saved  list.List // plans with a recipe, last used first
	bytes  uint64    // held by all made plans, wherever they lie
	onDisk uint64    // of all recipes
}

// entry is one file that was made, or is being made.
type entry struct {
	id     string
	facts  *facts // nil until it was made once
	bytes  *built // nil: not there
	making *making
	pins   int    // readers of bytes
	recipe uint64 // bytes on disk, 0 without one
	used   time.Time

	inMade, inSaved *list.Element
}

// maker makes the bytes of one plan. Hold is called before it is known that Make will be, while what the
// maker is made of is certainly there; Make gives it back when it is no longer needed.
type maker interface {
	hold()
	make(ctx context.Context) (*built, error)
}

// making is one run of a maker, for all who wait for it.
type making struct {
	done    chan struct{}
	ended   bool
	err     error
	waiting int
	cancel  context.CancelFunc
}

// lease is the right to read a plan's bytes until release.
type lease struct {
	*built
	entry *entry
	shelf *shelf
	known bool // the plan was there before it was asked for
}

func newShelf(budget *vfd.Budget, recipes *recipeFolder, lifetime time.Duration, now func() time.Time) (*shelf, error) {
	s := &shelf{budget: budget, recipes: recipes, lifetime: lifetime, now: now, plans: map[string]*entry{}}
	s.base, s.cancel = context.WithCancel(context.Background())
	saved, err := recipes.list()
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range saved {
		p := &entry{id: r.id, facts: r.facts, used: r.used}
		s.plans[r.id] = p
		s.putRecipe(p, r.size)
	}
	s.tidy(0)
	return s, nil
}

// lookup finds the facts of a plan that was made, and counts as a use of it.
func (s *shelf) lookup(id string) (*facts, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.plans[id]
	if p == nil || p.facts == nil || s.expired(p) {
		return nil, false
	}
	s.use(p)
	return p.facts, true
}

// obtain leases the bytes of a plan, which m makes if they are not there. While several wait, one maker
// runs, and is stopped only when all of them are gone.
func (s *shelf) obtain(ctx context.Context, id string, m maker) (*lease, error) {
	s.mu.Lock()
	p := s.plans[id]
	if p == nil {
		p = &entry{id: id}
		s.plans[id] = p
	}
	known := p.facts != nil
	s.use(p)
	if p.bytes != nil && p.bytes.recipe.files.changed() {
		p = s.renew(p)
	}
	if p.bytes != nil {
		defer s.mu.Unlock()
		p.pins++
		return &lease{p.bytes, p, s, known}, nil
	}
	if p.making == nil {
		s.begin(p, m)
	}
	run := p.making
	run.waiting++
	s.mu.Unlock()

	select {
	case <-run.done:
	case <-ctx.Done():
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case run.ended && run.err == nil: // pinned for every one who waited
		return &lease{p.bytes, p, s, known}, nil
	case run.ended:
		return nil, run.err
	}
	if run.waiting--; run.waiting == 0 {
		run.cancel()
		p.making = nil // who comes now begins anew
		s.forget(p)
	}
	return nil, ctx.Err()
}

// begin starts a maker; the lock is held.
func (s *shelf) begin(p *entry, m maker) {
	ctx, cancel := context.WithCancel(s.base)
	run := &making{done: make(chan struct{}), cancel: cancel}
	p.making = run
	m.hold()
	s.makers.Go(func() {
		defer cancel()
		b, err := m.make(ctx)
		s.mu.Lock()
		defer s.mu.Unlock()
		run.ended, run.err = true, err
		close(run.done)
		if p.making != run { // all who waited are gone
			if err == nil {
				b.close()
			}
			return
		}
		p.making = nil
		if err == nil {
			p.pins += run.waiting
			s.putBytes(p, b)
		}
		s.forget(p)
	})
}

// release ends a lease.
func (l *lease) release() {
	s := l.shelf
	s.mu.Lock()
	defer s.mu.Unlock()
	l.entry.pins--
	s.use(l.entry)
	s.tidy(0)
}

// keep saves the recipe of leased bytes, unless that was done. A recipe larger than the whole budget is
// let be: the plan then lives as long as its bytes.
func (s *shelf) keep(l *lease, rc *recipe) error {
	s.mu.Lock()
	done := l.entry.recipe > 0
	s.mu.Unlock()
	if done || s.recipes.charge(rc) > s.recipes.limit {
		return nil
	}
	size, err := s.recipes.save(l.entry.id, l.facts, rc)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.putRecipe(l.entry, size)
	s.tidy(0)
	return nil
}

// makeRoom lets idle bytes go so that need bytes fit into the spool.
func (s *shelf) makeRoom(need uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tidy(need)
}

// count tells how many plans are known.
func (s *shelf) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.plans)
}

// close ends every making and gives all bytes back.
func (s *shelf) close() error {
	s.cancel()
	s.makers.Wait()
	s.mu.Lock()
	for s.made.Len() > 0 {
		s.dropBytes(s.made.Back().Value.(*entry))
	}
	s.mu.Unlock()
	s.makers.Wait() // for plans that were files of others
	return s.recipes.close()
}

func (s *shelf) expired(p *entry) bool { return s.now().Sub(p.used) > s.lifetime }

// use moves a plan to the front.
func (s *shelf) use(p *entry) {
	if s.plans[p.id] != p {
		return // it only waits for its last reader
	}
	p.used = s.now()
	if p.inMade != nil {
		s.made.MoveToFront(p.inMade)
	}
	if p.inSaved != nil {
		s.saved.MoveToFront(p.inSaved)
		s.recipes.touch(p.id, p.used)
	}
}

// tidy brings the shelf within its budgets, what was used least lately first; the lock is held. Idle bytes
// go while the spool is nearly full, or while all bytes together, wherever they lie, exceed it.
func (s *shelf) tidy(need uint64) {
	limit := s.budget.Limit()
	high := limit - limit/8
	for e := s.made.Back(); e != nil; {
		p := e.Value.(*entry)
		e = e.Prev()
		full := s.bytes > limit || s.budget.Used() > high-min(need, high)
		if !full && !s.expired(p) {
			break
		}
		if p.pins == 0 {
			s.dropBytes(p)
		}
	}
	for e := s.saved.Back(); e != nil; e = s.saved.Back() {
		p := e.Value.(*entry)
		if s.onDisk <= s.recipes.limit && !s.expired(p) {
			break
		}
		s.dropRecipe(p)
	}
}

// renew puts an entry without bytes in the place of one whose bytes can no longer be read to the end: a file
// that they come from was replaced, and is back.
func (s *shelf) renew(old *entry) *entry {
	p := &entry{id: old.id, facts: old.facts, used: old.used, recipe: old.recipe, inSaved: old.inSaved}
	if p.inSaved != nil {
		p.inSaved.Value = p
	}
	s.plans[p.id] = p
	old.recipe, old.inSaved, old.used = 0, nil, time.Time{}
	s.made.MoveToBack(old.inMade)
	if old.pins == 0 {
		s.dropBytes(old)
	}
	return p
}

func (s *shelf) putBytes(p *entry, b *built) {
	p.bytes, p.facts = b, b.facts
	p.inMade = s.made.PushFront(p)
	s.bytes += b.held
}

func (s *shelf) dropBytes(p *entry) {
	s.bytes -= p.bytes.held
	s.made.Remove(p.inMade)
	p.bytes.close()
	p.bytes, p.inMade = nil, nil
	s.forget(p)
}

func (s *shelf) putRecipe(p *entry, size uint64) {
	if p.inSaved == nil {
		p.recipe = size
		p.inSaved = s.saved.PushFront(p)
		s.onDisk += size
	}
}

func (s *shelf) dropRecipe(p *entry) {
	s.onDisk -= p.recipe
	s.saved.Remove(p.inSaved)
	s.recipes.remove(p.id)
	p.recipe, p.inSaved = 0, nil
	s.forget(p)
}

// forget drops a plan of which nothing is left.
func (s *shelf) forget(p *entry) {
	if p.bytes == nil && p.recipe == 0 && p.making == nil && s.plans[p.id] == p {
		delete(s.plans, p.id)
	}
}
