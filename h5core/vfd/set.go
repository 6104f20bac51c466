package vfd

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"sync"
)

// ErrSet says that files do not make the set that they should be.
var ErrSet = errors.New("the files do not make a set")

// Described is the power of a file that is a set of files: the superblock says how the set is made
// (specification II.B and IV.A.2.u, "Driver Info").
type Described interface {
	// Describe takes what a superblock says: the driver's identification, "NCSAfami" or "NCSAmult", and its
	// information. It may change the file's size; ErrSet where it does not fit the files.
	Describe(ctx context.Context, id string, info []byte) error
	// Description is what the superblock of a file of size bytes has to say.
	Description(size uint64) (id string, info []byte)
}

// Room tells how many bytes of a file there are from an address on without a gap. In files that are sets
// this is less than what is left up to Size.
func Room(f File, addr uint64) uint64 {
	if g, ok := f.(interface{ room(addr uint64) uint64 }); ok {
		return g.room(addr)
	}
	size := f.Size()
	return size - min(size, addr)
}

// Stored is how many bytes a file takes: less than Size where its addresses have gaps.
func Stored(f File) uint64 {
	if g, ok := f.(interface{ stored() uint64 }); ok {
		return g.stored()
	}
	return f.Size()
}

// set is what the drivers of several files have in common: an address space cut into stretches, each of
// which lies in a member.
type set struct {
	site
	mode    Mode
	mu      sync.RWMutex // for writing while members come and go
	closed  bool
	members []File // nil: the file is not there
}

// part is what a member holds of a range: p[from:to], at an address of its own.
type part struct {
	member   int
	at       uint64
	from, to int
}

// places cuts a range by the stretches that locate tells: the member of an address, the address in it, and
// how much there is up to the stretch's end.
func places(addr uint64, n int, locate func(uint64) (i int, at, left uint64)) (parts []part) {
	for from := 0; from < n || n == 0; {
		i, at, left := locate(addr)
		k := int(min(uint64(n-from), left))
		parts = append(parts, part{i, at, from, from + k})
		addr, from = addr+uint64(k), from+k
		if n == 0 {
			break
		}
	}
	return parts
}

func (s *set) member(i int) (File, error) {
	if i >= len(s.members) || s.members[i] == nil {
		return nil, fmt.Errorf("%w: member %d: %w", ErrSet, i, fs.ErrNotExist)
	}
	return s.members[i], nil
}

func (s *set) read(ctx context.Context, p []byte, parts []part) error {
	for _, x := range parts {
		m, err := s.member(x.member)
		if err != nil {
			return err
		}
		if err := m.ReadAt(ctx, p[x.from:x.to], x.at); err != nil {
			return err
		}
	}
	return nil
}

func (s *set) write(ctx context.Context, p []byte, parts []part) error {
	for _, x := range parts {
		m, err := s.member(x.member)
		if err != nil {
			return err
		}
		if err := m.WriteAt(ctx, p[x.from:x.to], x.at); err != nil {
			return err
		}
	}
	return nil
}

// readVector reads many ranges, those of each member in one round.
func (s *set) readVector(ctx context.Context, class Class, segs []Segment, size uint64, locate func(uint64) (int, uint64, uint64)) error {
	rounds := make([][]Segment, len(s.members))
	for _, g := range segs {
		if err := within(g.Addr, uint64(len(g.Data)), size); err != nil {
			return err
		}
		if len(g.Data) == 0 {
			continue
		}
		for _, x := range places(g.Addr, len(g.Data), locate) {
			if _, err := s.member(x.member); err != nil {
				return err
			}
			rounds[x.member] = append(rounds[x.member], Segment{x.at, g.Data[x.from:x.to]})
		}
	}
	for i, round := range rounds {
		if len(round) == 0 {
			continue
		}
		if err := Fetch(ctx, s.members[i], class, round); err != nil {
			return err
		}
	}
	return nil
}

// Sync makes all members last.
func (s *set) Sync(ctx context.Context) error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if err := s.usable(ctx); err != nil {
		return s.fail("sync", 0, err)
	}
	for _, m := range s.members {
		if m == nil {
			continue
		}
		if err := m.Sync(ctx); err != nil {
			return s.fail("sync", 0, err)
		}
	}
	return nil
}

// Close closes all members.
func (s *set) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return s.fail("close", 0, ErrClosed)
	}
	s.closed = true
	var all error
	for _, m := range s.members {
		if m != nil {
			all = errors.Join(all, m.Close())
		}
	}
	return s.fail("close", 0, all)
}

func (s *set) usable(ctx context.Context) error {
	if s.closed {
		return ErrClosed
	}
	return ctx.Err()
}

func (s *set) changeable(ctx context.Context) error {
	if err := s.usable(ctx); err != nil {
		return err
	}
	if !s.mode.Writable() {
		return ErrReadOnly
	}
	return nil
}
