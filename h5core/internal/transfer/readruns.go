package transfer

import (
	"cmp"
	"context"
	"fmt"
	"math/bits"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/h5serve/h5serve/h5core/space"
	"github.com/h5serve/h5serve/h5core/vfd"
)

// Bounds of a wave of contiguous elements. Runs that lie near each other are
// read together with what is between them.
const (
	maxWave    = 4096     // ranges
	waveRuns   = 64 << 10 // runs
	gap        = 4 << 10  // bytes between runs that are read along
	window     = 1 << 20  // bytes of runs that are read together
	waveMemory = 4 << 20  // bytes of such windows
	farMemory  = 32 << 20 // the same of a far file, whose waves are few
)

// run is a stretch of a file and where it goes.
type run struct {
	addr uint64
	to   []byte
}

// readRuns reads contiguous elements.
func (s *Stored) readRuns(ctx context.Context, sel space.Selection, dst []byte) error {
	bytes := uint64(s.Size)
	for _, n := range s.Dims {
		bytes *= n // Validate of the space saw that it fits
	}
	if _, over := bits.Add64(s.Addr, bytes, 0); over != 0 {
		return fmt.Errorf("%d bytes of elements at %#x leave the address space", bytes, s.Addr)
	}
	var wave []run
	for r := range sel.Runs(s.Dims) {
		n := r.Count * uint64(s.Size)
		wave = append(wave, run{s.Addr + r.Offset*uint64(s.Size), dst[:n:n]})
		if dst = dst[n:]; len(wave) == waveRuns {
			if err := s.fetchRuns(ctx, wave); err != nil {
				return err
			}
			wave = wave[:0]
		}
	}
	return s.fetchRuns(ctx, wave)
}

// fetchRuns reads runs, near ones in one range.
func (s *Stored) fetchRuns(ctx context.Context, runs []run) error {
	byAddr := func(a, b run) int { return cmp.Compare(a.addr, b.addr) }
	if !slices.IsSortedFunc(runs, byAddr) {
		slices.SortFunc(runs, byAddr)
	}
	memory, least := borrowBuffer(0), 0
	if last := len(runs) - 1; s.Far && last > 0 {
		least = int(min(farMemory, runs[last].addr+uint64(len(runs[last].to))-runs[0].addr))
	}
	defer func() { giveBackBuffer(memory) }()
	var segs []vfd.Segment
	first := 0 // of the runs of this wave
	flush := func(end int) error {
		if err := s.fetchWave(ctx, segs); err != nil {
			return err
		}
		scatter(runs[first:end], segs)
		segs, first, *memory = segs[:0], end, (*memory)[:0]
		return nil
	}
	for i := 0; i < len(runs); {
		end, n := near(runs[i:])
		to := runs[i].to
		if end > 1 {
			if len(*memory)+n > cap(*memory) {
				if err := flush(i); err != nil {
					return err
				}
				*memory = slices.Grow(*memory, max(least, min(max(n, 2*cap(*memory)), waveMemory)))
			}
			at := len(*memory)
			*memory = (*memory)[:at+n]
			to = (*memory)[at : at+n]
		}
		segs = append(segs, vfd.Segment{Addr: runs[i].addr, Data: to})
		if i += end; len(segs) == maxWave {
			if err := flush(i); err != nil {
				return err
			}
		}
	}
	return flush(len(runs))
}

// share is how many bytes of one range a worker fetches at least.
const share = 4 << 20

// fetchWave reads a wave: at once from a far file, and a single long range of
// another one by several workers, who share the copying.
func (s *Stored) fetchWave(ctx context.Context, segs []vfd.Segment) error {
	if len(segs) != 1 || s.Far || s.Workers < 2 || len(segs[0].Data) < 2*share {
		return s.File.Fetch(ctx, vfd.Raw, segs)
	}
	whole := segs[0]
	part := max(share, len(whole.Data)/s.Workers+1)
	group, ctx := errgroup.WithContext(ctx)
	for at := 0; at < len(whole.Data); at += part {
		group.Go(func() error {
			data := whole.Data[at:min(at+part, len(whole.Data))]
			return s.File.Fetch(ctx, vfd.Raw, []vfd.Segment{{Addr: whole.Addr + uint64(at), Data: data}})
		})
	}
	return group.Wait()
}

// near tells how many of the first runs are read in one range, and its bytes.
func near(runs []run) (count, bytes int) {
	start, end := runs[0].addr, runs[0].addr+uint64(len(runs[0].to))
	for count = 1; count < len(runs); count++ {
		r := runs[count]
		next := max(end, r.addr+uint64(len(r.to)))
		if r.addr > end+gap || next-start > window {
			break
		}
		end = next
	}
	return count, int(end - start)
}

// scatter copies runs out of the ranges that were read together.
func scatter(runs []run, segs []vfd.Segment) {
	for _, g := range segs {
		end := g.Addr + uint64(len(g.Data))
		if len(runs) > 0 && len(runs[0].to) == len(g.Data) && &runs[0].to[0] == &g.Data[0] {
			runs = runs[1:]
			continue
		}
		for len(runs) > 0 && runs[0].addr < end {
			copy(runs[0].to, g.Data[runs[0].addr-g.Addr:])
			runs = runs[1:]
		}
	}
}
