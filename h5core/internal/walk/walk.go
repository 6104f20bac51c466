// Package walk follows addresses: it turns the address of a structure that
// spans many places of a file into what it holds.
//
//	object header ──▶ its continuations ──▶ messages
//	version 1 tree ─▶ symbols | chunks        version 2 tree ─▶ records
//	fractal heap, local heap, global heap ──▶ objects
//
// Walks go in waves: all that a level of a tree points to is asked for in one
// Fetch, so that a file far away costs rounds, not reads. Every address and
// every count is hostile: a walk never goes deeper than maxDepth, never enters
// a place twice, takes its memory in proportion to bytes that are there, and
// spends from its source's budget for each node. What is wrong comes back as a
// *wire.Fault.
package walk

import (
	"context"
	"fmt"

	"github.com/h5serve/h5serve/h5core/internal/wire"
	"github.com/h5serve/h5serve/h5core/vfd"
)

// Source is the open file as walks see it. Addresses are relative to the
// file's base address. It is safe for concurrent use.
type Source interface {
	// Fetch reads one wave: all segments in full, or an error.
	Fetch(ctx context.Context, class vfd.Class, segs []vfd.Segment) error
	Geometry() wire.Geometry
	// End is where the file ends: addresses from here on lie outside.
	End() uint64
	// Spend takes from the work budget, in nodes visited; the error tells that
	// it is used up.
	Spend(ctx context.Context, nodes int) error
}

const (
	maxDepth  = 64      // levels of any tree
	waveNodes = 1024    // nodes of a level in one wave
	waveBytes = 4 << 20 // of a wave of more than one place
)

// Span is a range of the file.
type Span struct{ Addr, Size uint64 }

// Fault says what is wrong with a structure at an address.
func Fault(structure, field string, at uint64, format string, args ...any) error {
	return &wire.Fault{Structure: structure, Field: field, Offset: at, Reason: fmt.Sprintf(format, args...)}
}

// sparse is a source whose addresses have gaps, as those of a set of files.
type sparse interface {
	// Room is how many bytes there are from an address on without a gap.
	Room(addr uint64) uint64
}

// room is how many bytes the file has from an address on.
func room(src Source, addr uint64) uint64 {
	if s, ok := src.(sparse); ok {
		return s.Room(addr)
	}
	if end := src.End(); addr < end {
		return end - addr
	}
	return 0
}

// within says what is wrong with a range that leaves the file.
func within(src Source, structure string, s Span) error {
	switch {
	case s.Addr == wire.Undefined:
		return Fault(structure, "address", s.Addr, "it is undefined")
	case s.Size > room(src, s.Addr):
		return Fault(structure, "address", s.Addr, "needs %d bytes, the file ends at %#x", s.Size, src.End())
	}
	return nil
}

// Read reads places in one wave, after a look at whether they lie in the file;
// structure is what faults call them. They share one piece of memory.
func Read(ctx context.Context, src Source, class vfd.Class, structure string, spans []Span) ([][]byte, error) {
	total := uint64(0)
	for _, s := range spans {
		if err := within(src, structure, s); err != nil {
			return nil, err
		}
		total += s.Size
	}
	if err := src.Spend(ctx, len(spans)); err != nil {
		return nil, err
	}
	all := make([]byte, total)
	out := make([][]byte, len(spans))
	segs := make([]vfd.Segment, len(spans))
	for i, s := range spans {
		out[i], all = all[:s.Size:s.Size], all[s.Size:]
		segs[i] = vfd.Segment{Addr: s.Addr, Data: out[i]}
	}
	if len(segs) == 0 {
		return out, nil
	}
	return out, src.Fetch(ctx, class, segs)
}

// fetchOne reads one place.
func fetchOne(ctx context.Context, src Source, class vfd.Class, structure string, s Span) ([]byte, error) {
	out, err := Read(ctx, src, class, structure, []Span{s})
	if err != nil {
		return nil, err
	}
	return out[0], nil
}

// Wave is how many of the next places should go into one wave.
func Wave[T any](next []T, size func(T) uint64) int {
	total := uint64(0)
	for i, s := range next {
		n := size(s)
		if i > 0 && (i == waveNodes || n > waveBytes || total+n > waveBytes) {
			return i
		}
		total += min(n, waveBytes)
	}
	return len(next)
}

// visited guards a walk against going round in circles.
type visited map[uint64]struct{}

func (v visited) enter(structure string, addr uint64) error {
	if _, ok := v[addr]; ok {
		return Fault(structure, "address", addr, "the walk was here before")
	}
	v[addr] = struct{}{}
	return nil
}

// grow reads places whose size is known only from their first bytes: a guess
// first, then what is lacking, in at most two waves. need tells the size from
// the bytes read so far.
func grow(ctx context.Context, src Source, class vfd.Class, structure string, addrs []uint64, guess uint64,
	need func(i int, head []byte) (uint64, error),
) ([][]byte, error) {
	spans := make([]Span, len(addrs))
	for i, a := range addrs {
		spans[i] = Span{a, min(guess, max(room(src, a), 1))}
	}
	out, err := Read(ctx, src, class, structure, spans)
	if err != nil {
		return nil, err
	}
	var more []Span
	var which []int
	total := uint64(0)
	for i, head := range out {
		n, err := need(i, head)
		if err != nil {
			return nil, err
		}
		if n <= uint64(len(head)) {
			continue
		}
		got := uint64(len(head))
		if err := within(src, structure, Span{addrs[i], n}); err != nil {
			return nil, err
		}
		if total += n; total > src.End() { // so they overlap
			return nil, Fault(structure, "size", addrs[i], "together they would be larger than the file")
		}
		more, which = append(more, Span{addrs[i] + got, n - got}), append(which, i)
	}
	rest, err := Read(ctx, src, class, structure, more)
	if err != nil {
		return nil, err
	}
	for k, i := range which {
		out[i] = append(out[i], rest[k]...)
	}
	return out, nil
}
