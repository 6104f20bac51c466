package filter

import (
	"errors"
	"fmt"
	"math"
)

// Step is one filter of a pipeline with its flags and parameters (client data values).
type Step struct {
	Filter Filter
	Flags  uint16
	Params []uint32
}

// Pipeline is a list of steps in encoding order. The format allows 32: a filter mask has as many bits.
type Pipeline []Step

const maxSteps = 32

// maxGrowth, beside four times the chunk, is what a chunk may grow to on its way: parameters, which anyone may
// have written, can promise any growth.
const maxGrowth = 1 << 16

// Buffers are the two scratch buffers of one worker. The zero value is ready; they grow to the largest
// chunk seen.
type Buffers struct {
	slots [2][]byte
	next  int
}

// Extent tells how many bytes the pipeline makes of a chunk of n bytes. An optional step whose size varies
// counts as no growth: it is left out where it does not shrink its input.
func (p Pipeline) Extent(n uint64) Extent {
	e := Extent{Max: n, Fixed: true}
	for _, s := range p {
		if s.optional() && !s.Filter.Extent(Extent{Max: e.Max, Fixed: true}, s.Params).Fixed {
			e.Fixed = false
			continue
		}
		e = s.Filter.Extent(e, s.Params)
	}
	return e
}

// Encode runs the steps over src. skipped is the chunk's filter mask: bit i is set when step i, being
// optional, was left out. out is valid until the next call with the same buffers; it is src itself when no
// step applied.
func (p Pipeline) Encode(buf *Buffers, src []byte) (out []byte, skipped uint32, err error) {
	if err := p.check(); err != nil {
		return nil, 0, err
	}
	out = src
	for i, s := range p {
		coded, err := s.Filter.Encode(buf.take(), out, s.Params)
		switch {
		case err == nil || errors.Is(err, ErrNotWorth) && !s.optional():
			out = buf.keep(coded)
		case s.optional() && (errors.Is(err, ErrNotWorth) || errors.Is(err, ErrUnavailable) || errors.Is(err, ErrParams)):
			buf.slots[buf.next] = coded // its room is of use to the next chunk
			skipped |= 1 << i
		default:
			return nil, 0, &Error{"encode", i, s.Filter.Name(), err}
		}
	}
	return out, skipped, nil
}

// Decode runs the steps backwards over src, without those whose bit is set in skipped. The result has at
// most limit bytes and is valid until the next call with the same buffers; it may be a part of src.
func (p Pipeline) Decode(buf *Buffers, src []byte, skipped uint32, limit int) ([]byte, error) {
	return p.DecodeInto(buf, src, skipped, limit, nil)
}

// DecodeInto is Decode that has the last step write into room, as far as that step writes anything and room
// suffices: the caller looks whether the result begins there.
func (p Pipeline) DecodeInto(buf *Buffers, src []byte, skipped uint32, limit int, room []byte) ([]byte, error) {
	if err := p.check(); err != nil {
		return nil, err
	}
	limit = max(limit, 0)
	out := src
	for i := len(p) - 1; i >= 0; i-- {
		if skipped&(1<<i) != 0 {
			continue
		}
		to := buf.take()
		last := len(room) > 0 && ^skipped&(1<<i-1) == 0
		if last {
			to = room[:0:len(room)]
		}
		decoded, kept, err := p[i].decode(to, out, p[:i].room(limit))
		if err != nil {
			return nil, &Error{"decode", i, p[i].Filter.Name(), err}
		}
		if out = decoded; kept && !last {
			buf.keep(out)
		}
	}
	if len(out) > limit {
		return nil, fmt.Errorf("%w: %d bytes, at most %d fit", ErrLimit, len(out), limit)
	}
	return out, nil
}

// part is the power of a filter whose decoded form is a part of the encoded one: nothing need be copied.
type part interface {
	part(src []byte) ([]byte, error)
}

// decode appends to dst, or gives a part of src; appended tells which.
func (s Step) decode(dst, src []byte, limit int) (out []byte, appended bool, err error) {
	if f, ok := s.Filter.(part); ok {
		out, err = f.part(src)
		return out, false, err
	}
	out, err = s.Filter.Decode(dst, src, s.Params, limit)
	return out, true, err
}

func (s Step) optional() bool { return s.Flags&Optional != 0 }

// room is how many bytes the steps p may have made of a chunk of limit bytes, whoever wrote it: encoders
// differ, so a variable size gets some slack.
func (p Pipeline) room(limit int) int {
	e := Extent{Max: uint64(limit), Fixed: true}
	for _, s := range p {
		out := s.Filter.Extent(e, s.Params)
		e = Extent{Max: max(e.Max, out.Max), Fixed: e.Fixed && out.Fixed}
	}
	if !e.Fixed {
		e.Max = add(e.Max, e.Max/8+1024)
	}
	if limit < math.MaxInt/8 {
		e.Max = min(e.Max, 4*uint64(limit)+maxGrowth)
	}
	return int(min(e.Max, math.MaxInt))
}

func (p Pipeline) check() error {
	if len(p) > maxSteps {
		return fmt.Errorf("%w: %d steps, a pipeline has at most %d", ErrParams, len(p), maxSteps)
	}
	return nil
}

// Size is the room that the buffers take.
func (b *Buffers) Size() int { return cap(b.slots[0]) + cap(b.slots[1]) }

// take gives the buffer that does not hold the last result.
func (b *Buffers) take() []byte { return b.slots[b.next][:0] }

// keep makes out, grown from the taken buffer, the last result.
func (b *Buffers) keep(out []byte) []byte {
	b.slots[b.next] = out
	b.next = 1 - b.next
	return out
}

// add is a+b, or the largest number where that would overflow.
func add(a, b uint64) uint64 {
	if a > math.MaxUint64-b {
		return math.MaxUint64
	}
	return a + b
}
