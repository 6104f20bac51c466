package walk

import (
	"bytes"
	"context"
	"sync/atomic"

	"github.com/h5serve/h5serve/h5core/internal/format"
	"github.com/h5serve/h5serve/h5core/internal/wire"
	"github.com/h5serve/h5serve/h5core/vfd"
)

const (
	localGuess = 512      // header and, often, the segment right behind it
	localWhole = 64 << 10 // a segment up to this is read as a whole
	localPiece = 128      // else a name is looked for in pieces, each time longer
)

// LocalHeap holds the names of an old-style group, and of external files.
type LocalHeap struct {
	Addr    uint64
	Header  format.LocalHeap
	src     Source
	segment atomic.Pointer[[]byte] // once read as a whole
}

// OpenLocalHeap reads a heap's header.
func OpenLocalHeap(ctx context.Context, src Source, addr uint64) (*LocalHeap, error) {
	h := &LocalHeap{Addr: addr, src: src}
	p, err := fetchOne(ctx, src, vfd.LocalHeap, "local heap", Span{addr, min(localGuess, max(room(src, addr), 1))})
	if err != nil {
		return nil, err
	}
	if _, err := wire.Decode(p, src.Geometry(), addr, &h.Header); err != nil {
		return nil, err
	}
	s := Span{h.Header.Segment, h.Header.SegmentSize}
	if err := within(src, "local heap data segment", s); err != nil {
		return nil, err
	}
	if s.Addr >= addr && s.Addr-addr <= uint64(len(p)) && s.Size <= uint64(len(p))-(s.Addr-addr) {
		data := p[s.Addr-addr:][:s.Size]
		h.segment.Store(&data)
	}
	return h, nil
}

// Load reads the data segment, unless it is too large to be read without need.
func (h *LocalHeap) Load(ctx context.Context) error {
	if h.segment.Load() != nil || h.Header.SegmentSize > localWhole {
		return nil
	}
	return h.load(ctx)
}

func (h *LocalHeap) load(ctx context.Context) error {
	p, err := fetchOne(ctx, h.src, vfd.LocalHeap, "local heap data segment", Span{h.Header.Segment, h.Header.SegmentSize})
	if err == nil {
		h.segment.Store(&p)
	}
	return err
}

// Names reads the texts at offsets of the data segment, each ended by a NUL.
// Those whose faults are tolerated are "".
func (h *LocalHeap) Names(ctx context.Context, offsets []uint64) ([]string, error) {
	if err := h.Load(ctx); err != nil {
		return nil, err
	}
	if h.segment.Load() == nil && uint64(len(offsets)) > h.Header.SegmentSize/localPiece {
		if err := h.load(ctx); err != nil {
			return nil, err
		}
	}
	names := make([]string, len(offsets))
	if whole := h.segment.Load(); whole != nil {
		for i, o := range offsets {
			text, err := h.cut(*whole, o)
			if err != nil && !Tolerated(ctx, err) {
				return nil, err
			}
			names[i] = text
		}
		return names, nil
	}
	return names, h.pieces(ctx, offsets, names)
}

func (h *LocalHeap) cut(whole []byte, offset uint64) (string, error) {
	if offset > uint64(len(whole)) {
		return "", h.outside(offset)
	}
	text, _, ended := bytes.Cut(whole[offset:], []byte{0})
	if !ended {
		return "", h.unended(offset)
	}
	return string(text), nil
}

func (h *LocalHeap) outside(o uint64) error {
	return Fault("local heap", "offset", h.Addr, "offset %d lies outside its %d bytes", o, h.Header.SegmentSize)
}

func (h *LocalHeap) unended(o uint64) error {
	return Fault("local heap data segment", "name", h.Header.Segment+o, "no NUL ends it")
}

// pieces reads names by themselves, in waves of ever longer pieces.
func (h *LocalHeap) pieces(ctx context.Context, offsets []uint64, names []string) error {
	left := make([]int, len(offsets))
	for i := range left {
		left[i] = i
	}
	for size := uint64(localPiece); len(left) > 0; size *= 8 {
		spans := make([]Span, len(left))
		for k, i := range left {
			if offsets[i] >= h.Header.SegmentSize {
				return h.outside(offsets[i])
			}
			spans[k] = Span{h.Header.Segment + offsets[i], min(size, h.Header.SegmentSize-offsets[i])}
		}
		got, err := Read(ctx, h.src, vfd.LocalHeap, "local heap data segment", spans)
		if err != nil {
			return err
		}
		var next []int
		for k, i := range left {
			text, _, ended := bytes.Cut(got[k], []byte{0})
			switch {
			case ended:
				names[i] = string(text)
			case spans[k].Size < size:
				return h.unended(offsets[i])
			default:
				next = append(next, i)
			}
		}
		left = next
	}
	return nil
}
