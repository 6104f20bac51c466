package plan

import (
	"context"
	"io"
	"sort"

	"github.com/h5serve/h5serve/h5core/internal/object"
	"github.com/h5serve/h5serve/h5core/internal/piece"
	"github.com/h5serve/h5serve/h5core/internal/transfer"
	"github.com/h5serve/h5serve/h5core/vfd"
)

// copies takes the chunks that another file holds as they will be stored; it
// is false where there are none.
func (s *chunked) copies(from object.Copied) bool {
	s.placed = make([]object.Source, s.Len())
	for k := range s.placed {
		if s.placed[k] = from.Source(k); s.placed[k].Size == 0 {
			s.own = append(s.own, k)
		}
	}
	if len(s.own) == len(s.placed) {
		s.placed, s.own = nil, nil
		return false
	}
	s.copied = from
	if len(s.own) == 0 {
		s.settle()
	}
	return true
}

// settle fixes the size of the piece, when that of each chunk is known.
func (s *chunked) settle() {
	size := uint64(0)
	s.starts = make([]uint64, len(s.placed))
	for k, c := range s.placed {
		s.starts[k] = size
		size += c.Size
	}
	s.Base, s.known = piece.NewBase(vfd.Raw, size), true
}

// atMost is the size that the piece has at most.
func (s *chunked) atMost() uint64 {
	if s.copied == nil {
		return uint64(s.Len()) * s.most
	}
	size := uint64(len(s.own)) * s.most
	for _, c := range s.placed {
		size += c.Size
	}
	return size
}

// encode makes the chunks whose stored size is not known, and with them the
// size of the piece.
func (s *chunked) encode(ctx context.Context) error {
	if s.known || s.Len() == 0 {
		return nil
	}
	numbers := s.numbers
	if s.copied == nil {
		s.placed = make([]object.Source, s.Len())
	} else {
		list := make([]uint64, len(s.own))
		for i, k := range s.own {
			list[i] = s.numbers.At(k)
		}
		numbers = transfer.Listed(list)
	}
	spooled, err := s.chunks.Spool(ctx, s.memory, numbers, s.workers)
	if err != nil {
		return err
	}
	for i, c := range spooled {
		k := i
		if s.copied != nil {
			k = s.own[i]
		}
		s.placed[k] = object.Source{Addr: c.From, Size: c.Size, Mask: c.Mask}
	}
	s.settle()
	return nil
}

// WriteWindow writes n bytes of the stored chunks from off on.
func (s *chunked) WriteWindow(ctx context.Context, w io.Writer, off, n uint64) error {
	if s.fixed > 0 {
		return s.chunks.WriteWindow(ctx, w, s.numbers, s.fixed, off, n, s.workers)
	}
	k := sort.Search(len(s.starts), func(k int) bool { return s.starts[k] > off }) - 1
	for end := off + n; k < len(s.starts) && s.starts[k] < end; {
		next, inMemory := s.run(k, end)
		start, stop := s.starts[k], s.starts[next-1]+s.placed[next-1].Size
		from, to := max(off, start), min(end, stop)
		var err error
		if inMemory {
			err = s.memory.WriteRange(ctx, w, s.placed[k].Addr+from-start, to-from)
		} else {
			err = transfer.Verbatim{Fetch: s.copied.Fetch}.WriteWindow(ctx, w, s.placed[k:next], from-start, to-from)
		}
		if err != nil {
			return err
		}
		k = next
	}
	return nil
}

// run tells how far the chunks from the k-th on go that are written in one go:
// one in memory, or those of the other file up to the next of these.
func (s *chunked) run(k int, end uint64) (next int, inMemory bool) {
	if s.copied == nil {
		return k + 1, true
	}
	i := sort.SearchInts(s.own, k)
	if i < len(s.own) && s.own[i] == k {
		return k + 1, true
	}
	stop := len(s.placed)
	if i < len(s.own) {
		stop = s.own[i]
	}
	return k + sort.Search(stop-k, func(j int) bool { return s.starts[k+j] >= end }), false
}

func (s *chunked) extent() extent { return extent{size: s.Size(), make: s.WriteWindow} }
