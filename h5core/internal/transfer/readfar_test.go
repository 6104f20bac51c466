package transfer

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/h5serve/h5serve/h5core/filter"
	"github.com/h5serve/h5serve/h5core/space"
	"github.com/h5serve/h5serve/h5core/vfd"
)

// gated is a disk whose waves begin when all of them were asked for.
type gated struct {
	*disk
	all sync.WaitGroup
}

func (g *gated) Fetch(ctx context.Context, class vfd.Class, segs []vfd.Segment) error {
	g.all.Done()
	g.all.Wait()
	return g.disk.Fetch(ctx, class, segs)
}

// TestFarWavesAreUnderWayTogether reads three waves, none of which ends before
// the last was asked for.
func TestFarWavesAreUnderWayTogether(t *testing.T) {
	const waves = 3
	s, on := line(t, waves*maxWave, 2, filter.NewFletcher32())
	g := &gated{disk: on}
	g.all.Add(waves)
	s.Far, s.File = true, g
	readWords(t, s, 0, 2*waves*maxWave)
}

// failsOnce is a disk one of whose waves fails, once.
type failsOnce struct {
	*disk
	left atomic.Int64
	err  error
}

func (f *failsOnce) Fetch(ctx context.Context, class vfd.Class, segs []vfd.Segment) error {
	if f.left.Add(-1) == 0 {
		return f.err
	}
	return f.disk.Fetch(ctx, class, segs)
}

// TestFarWaveThatFails ends the read, and leaves nothing that another one waits
// for or finds.
func TestFarWaveThatFails(t *testing.T) {
	const waves = 4
	for n := range int64(waves) {
		s, on := line(t, waves*maxWave, 2, filter.NewFletcher32())
		f := &failsOnce{disk: on, err: errors.New("gone")}
		f.left.Store(n + 1)
		s.Far, s.File = true, f
		if err := s.Read(context.Background(), space.All(s.Dims), make([]byte, 16*waves*maxWave)); !errors.Is(err, f.err) {
			t.Errorf("wave %d: %v", n, err)
		}
		readWords(t, s, 0, 2*waves*maxWave)
	}
}
