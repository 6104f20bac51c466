package walk

import (
	"context"

	"github.com/h5serve/h5serve/h5core/internal/format"
	"github.com/h5serve/h5serve/h5core/internal/format/message"
	"github.com/h5serve/h5serve/h5core/internal/wire"
	"github.com/h5serve/h5serve/h5core/vfd"
)

const (
	headerGuess = 512  // most headers take less
	maxChunks   = 1024 // of one header
)

// Header is an object's header with all its continuations.
type Header struct {
	Addr     uint64
	Version  uint8
	Flags    uint8
	RefCount uint32 // version 1
	Times    [4]uint32
	Phase    [2]uint16
	Messages []Message
	Chunks   []Chunk // the first, then continuations
	// Err is what is wrong with it; Messages are then those that could be read.
	Err error

	bytes   uint64
	visited visited
	next    []Chunk // continuations still to be read
}

// Message is a message where it was found.
type Message struct {
	format.Message
	At uint64 // address of the body
}

// Chunk is a place that a header takes.
type Chunk struct{ Addr, Length uint64 }

// ObjectHeader reads one header. With an error comes what could be read, or nil.
func ObjectHeader(ctx context.Context, src Source, addr uint64) (*Header, error) {
	all, err := Headers(ctx, src, []uint64{addr})
	if err != nil {
		return nil, err
	}
	return all[0], all[0].Err
}

// Headers reads many headers in as many waves as one. What is wrong with a
// single header stands in it; the error is the source's.
func Headers(ctx context.Context, src Source, addrs []uint64) ([]*Header, error) {
	all := make([]*Header, 0, len(addrs))
	for len(addrs) > 0 {
		n := min(len(addrs), waveNodes)
		some, err := headers(ctx, src, addrs[:n])
		if err != nil {
			return nil, err
		}
		all, addrs = append(all, some...), addrs[n:]
	}
	return all, nil
}

func headers(ctx context.Context, src Source, addrs []uint64) ([]*Header, error) {
	all := make([]*Header, len(addrs))
	var live []*Header
	for i, addr := range addrs {
		h := &Header{Addr: addr, visited: visited{}}
		all[i] = h
		if h.Err = within(src, "object header", Span{addr, 1}); h.Err == nil {
			live = append(live, h)
		}
	}
	if err := first(ctx, src, live); err != nil {
		return nil, err
	}
	for range maxChunks {
		var some []*Header
		for _, h := range live {
			if len(h.next) > 0 {
				some = append(some, h)
			}
		}
		if len(some) == 0 {
			break
		}
		if err := further(ctx, src, some); err != nil {
			return nil, err
		}
	}
	for _, h := range all {
		h.visited, h.next = nil, nil
	}
	return all, nil
}

// first reads the first chunks: a guess, then the rest of the longer ones.
func first(ctx context.Context, src Source, live []*Header) error {
	spans := make([]Span, len(live))
	for i, h := range live {
		spans[i] = Span{h.Addr, min(headerGuess, room(src, h.Addr))}
	}
	got, err := Read(ctx, src, vfd.ObjectHeader, "object header", spans)
	if err != nil {
		return err
	}
	var long []*Header
	var whole []Span
	for i, h := range live {
		need := h.measure(src, got[i])
		switch {
		case h.Err != nil:
		case need <= uint64(len(got[i])):
			h.begin(src, got[i])
		default:
			long, whole = append(long, h), append(whole, Span{h.Addr, need})
		}
	}
	for len(long) > 0 {
		n := Wave(whole, func(s Span) uint64 { return s.Size })
		got, err := Read(ctx, src, vfd.ObjectHeader, "object header", whole[:n])
		if err != nil {
			return err
		}
		for i, h := range long[:n] {
			h.begin(src, got[i])
		}
		long, whole = long[n:], whole[n:]
	}
	return nil
}

// measure tells how many bytes the first chunk takes.
func (h *Header) measure(src Source, head []byte) uint64 {
	h.Version = 2
	if head[0] == 1 {
		h.Version = 1
	}
	var p format.ObjectHeaderPrefix
	p.Version = h.Version
	n, err := wire.Decode(head, src.Geometry(), h.Addr, &p)
	if err != nil {
		h.Err = err
		return 0
	}
	need := uint64(n) + p.Chunk
	if h.Version == 2 {
		need += 4
	}
	if need < p.Chunk {
		need = wire.Undefined
	}
	h.Err = within(src, "object header", Span{h.Addr, need})
	return need
}

func (h *Header) begin(src Source, p []byte) {
	f := format.ObjectHeader{Version: h.Version}
	n, err := wire.Decode(p, src.Geometry(), h.Addr, &f)
	h.Flags, h.RefCount, h.Times, h.Phase = f.Flags, f.RefCount, f.Times, f.Phase
	h.Err = h.visited.enter("object header", h.Addr)
	h.bytes = uint64(n)
	h.Chunks = append(h.Chunks, Chunk{h.Addr, uint64(n)})
	after := 0
	if h.Version == 2 {
		after = 4
	}
	if err != nil {
		h.Err = err
		return
	}
	h.add(src, f.Messages, h.Addr+uint64(n)-uint64(after)-f.Chunk)
}

// add takes in a chunk's messages, which begin at an address.
func (h *Header) add(src Source, list []format.Message, at uint64) {
	prefix := uint64(format.MessagePrefixSize(h.Version, h.Flags))
	for _, m := range list {
		at += prefix
		h.Messages = append(h.Messages, Message{m, at})
		if m.Type == message.TypeContinuation {
			h.follow(src, m.Raw, at)
		}
		at += uint64(m.Size)
	}
}

func (h *Header) follow(src Source, raw []byte, at uint64) {
	var c message.Continuation
	if _, err := wire.Decode(raw, src.Geometry(), at, &c); err != nil {
		h.Err = err
		return
	}
	const name = "object header continuation"
	err := within(src, name, Span{c.Addr, c.Length})
	if err == nil {
		err = h.visited.enter(name, c.Addr)
	}
	if err == nil && len(h.Chunks)+len(h.next) >= maxChunks {
		err = Fault(name, "offset", at, "more than %d of them", maxChunks)
	}
	// Chunks do not overlap, so that all of them are no more than the file.
	if h.bytes += c.Length; err == nil && h.bytes > src.End() {
		err = Fault(name, "length", at, "the header would be larger than the file")
	}
	if err != nil {
		h.Err = err
		return
	}
	h.next = append(h.next, Chunk{c.Addr, c.Length})
}

// further reads the next continuations of all headers.
func further(ctx context.Context, src Source, some []*Header) error {
	type part struct {
		header *Header
		chunk  Chunk
	}
	var parts []part
	for _, h := range some {
		for _, c := range h.next {
			parts = append(parts, part{h, c})
		}
		h.next = nil
	}
	for len(parts) > 0 {
		n := Wave(parts, func(p part) uint64 { return p.chunk.Length })
		spans := make([]Span, n)
		for i, p := range parts[:n] {
			spans[i] = Span{p.chunk.Addr, p.chunk.Length}
		}
		got, err := Read(ctx, src, vfd.ObjectHeader, "object header continuation", spans)
		if err != nil {
			return err
		}
		for i, p := range parts[:n] {
			p.header.proceed(src, p.chunk, got[i])
		}
		parts = parts[n:]
	}
	return nil
}

func (h *Header) proceed(src Source, c Chunk, p []byte) {
	f := format.ObjectContinuation{Version: h.Version, Flags: h.Flags, Length: c.Length}
	h.Chunks = append(h.Chunks, c)
	if _, err := wire.Decode(p, src.Geometry(), c.Addr, &f); err != nil {
		h.Err = err
		return
	}
	at := c.Addr
	if h.Version == 2 {
		at += 4
	}
	h.add(src, f.Messages, at)
}
