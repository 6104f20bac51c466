package load

import (
	"cmp"
	"context"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/h5serve/h5serve/h5core/vfd"
)

// Together runs n walks of the file side by side and in step: what all of them
// ask for next goes out as one wave. So many objects cost as many rounds as
// the one with the longest way.
//
//	walk 0 ──▶ header ──▶ tree ──▶ node
//	walk 1 ──▶ header ──▶ heap
//	walk 2 ──▶ header
//	           wave 1     wave 2   wave 3
//
// A walk knows its wave by its context, and may itself be many Together. Walks
// do not wait for each other by other means (a lock, a sync.Once) while they
// fetch; what has to goes Alone. A panic of one is the caller's once all have
// ended.
func (f *File) Together(ctx context.Context, n int, walk func(ctx context.Context, i int)) {
	if n == 1 {
		walk(ctx, 0)
		return
	}
	s := &step{file: f, ctx: ctx, live: n}
	inside := context.WithValue(ctx, stepOf{f}, s)
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			defer func() { s.leave(recover()) }()
			walk(inside, i)
		})
	}
	all.Wait()
	if s.panicked != "" {
		panic(s.panicked)
	}
}

// Alone gives a context whose fetches wait for no other walk.
func (f *File) Alone(ctx context.Context) context.Context {
	return context.WithValue(ctx, stepOf{f}, (*step)(nil))
}

// several runs walks of different kinds Together and gives their first error.
func (f *File) several(ctx context.Context, walks ...func(ctx context.Context) error) error {
	errs := make([]error, len(walks))
	f.Together(ctx, len(walks), func(ctx context.Context, i int) { errs[i] = walks[i](ctx) })
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// stepOf is the context's key to the step in which a file is walked.
type stepOf struct{ file *File }

// step is where the walks of one Together meet.
type step struct {
	file *File
	ctx  context.Context // of the caller, who may be in step with others

	mu       sync.Mutex
	live     int // walks that run
	asks     []ask
	bytes    uint64 // asked for
	panicked string // what the first panic said, and where
}

// ask is what one walk waits for.
type ask struct {
	class vfd.Class
	segs  []vfd.Segment
	done  chan error
}

// stepBytes sends a wave before all have asked, so that what many hold at once
// is bounded.
const stepBytes = 32 << 20

// send fetches ranges of the file as it lies, with the wave that the context
// belongs to.
func (f *File) send(ctx context.Context, class vfd.Class, segs []vfd.Segment) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s, _ := ctx.Value(stepOf{f}).(*step)
	if s == nil {
		return vfd.Fetch(ctx, f.handle, class, segs)
	}
	a := ask{class, segs, make(chan error, 1)}
	s.mu.Lock()
	s.asks = append(s.asks, a)
	for _, x := range segs {
		s.bytes += uint64(len(x.Data))
	}
	s.advance()
	return <-a.done
}

func (s *step) leave(cause any) {
	s.mu.Lock()
	if s.live--; cause != nil && s.panicked == "" {
		s.panicked = fmt.Sprintf("%v\n%s", cause, debug.Stack())
	}
	s.advance()
}

// advance sends the wave that all who run are waiting for; it unlocks the step.
func (s *step) advance() {
	if len(s.asks) == 0 || len(s.asks) < s.live && s.bytes < stepBytes {
		s.mu.Unlock()
		return
	}
	asks := s.asks
	s.asks, s.bytes = nil, 0
	s.mu.Unlock()
	err := s.fetch(asks)
	for _, a := range asks {
		a.done <- err
	}
}

// fetch reads what was asked for: metadata as one wave, elements as another
// beside it, each place once.
func (s *step) fetch(asks []ask) error {
	var meta, raw []vfd.Segment
	class := asks[0].class
	for _, a := range asks {
		if a.class == vfd.Raw {
			raw = append(raw, a.segs...)
			continue
		}
		if meta = append(meta, a.segs...); a.class != class {
			class = vfd.ObjectHeader // for metadata of several classes
		}
	}
	if len(raw) == 0 {
		return s.wave(class, meta)
	}
	var both errgroup.Group
	both.Go(func() error { return s.wave(vfd.Raw, raw) })
	if len(meta) > 0 {
		both.Go(func() error { return s.wave(class, meta) })
	}
	return both.Wait()
}

// wave reads segments in the order of their addresses, and copies what several
// asked for.
func (s *step) wave(class vfd.Class, all []vfd.Segment) error {
	slices.SortStableFunc(all, func(a, b vfd.Segment) int {
		return cmp.Or(cmp.Compare(a.Addr, b.Addr), cmp.Compare(len(b.Data), len(a.Data)))
	})
	var once []vfd.Segment
	for _, x := range all {
		if last := len(once) - 1; last < 0 || once[last].Addr != x.Addr {
			once = append(once, x)
		}
	}
	if err := s.file.send(s.ctx, class, once); err != nil {
		return err
	}
	from := 0
	for _, x := range all {
		if once[from].Addr != x.Addr {
			from++
		}
		copy(x.Data, once[from].Data)
	}
	return nil
}
