// Package piece holds the pieces of a file to be, and the places they get.
//
//	size ──▶ Run.Put ──▶ place ──▶ bytes
//
// A piece knows its size before it has a place, and has its place before any
// byte is made: so a piece can hold the addresses of others, and a file's
// length is known before it exists. A piece is a header, an index, a heap or a
// dataset's storage, never a chunk.
package piece

import (
	"context"
	"fmt"
	"io"
	"math"

	"github.com/h5serve/h5serve/h5core/internal/wire"
	"github.com/h5serve/h5serve/h5core/vfd"
)

// Place is where a piece lies, relative to the base address of the file.
type Place struct {
	addr uint64
	set  bool
}

// Addr returns the address, and wire.Undefined before there is one.
func (p *Place) Addr() uint64 {
	if !p.set {
		return wire.Undefined
	}
	return p.addr
}

// Set gives the piece its place.
func (p *Place) Set(addr uint64) { p.addr, p.set = addr, true }

// Meta is a piece of metadata, which is made whole.
type Meta interface {
	Class() vfd.Class
	Size() uint64
	Place() *Place
	// Append appends the piece's bytes; all places are known by then.
	Append(dst []byte) ([]byte, error)
}

// Raw is a piece of elements, any window of which can be made by itself.
type Raw interface {
	Class() vfd.Class
	Size() uint64
	Place() *Place
	// WriteWindow writes n bytes from off on.
	WriteWindow(ctx context.Context, w io.Writer, off, n uint64) error
}

// Base carries what most pieces answer from memory.
type Base struct {
	class vfd.Class
	size  uint64
	place Place
}

// NewBase makes the common part of a piece.
func NewBase(class vfd.Class, size uint64) Base { return Base{class: class, size: size} }

// Class says what kind of bytes the piece is.
func (b *Base) Class() vfd.Class { return b.class }

// Size is the piece's length in bytes.
func (b *Base) Size() uint64 { return b.size }

// Place is where the piece lies, or will.
func (b *Base) Place() *Place { return &b.place }

// Run hands out places in a row, as a new file has them.
type Run struct {
	end uint64
}

// NewRun starts a row at an address.
func NewRun(start uint64) *Run { return &Run{end: start} }

// End is the address after the last piece.
func (r *Run) End() uint64 { return r.end }

// Put places a piece at the next multiple of align.
func (r *Run) Put(p interface {
	Size() uint64
	Place() *Place
}, align uint64) error {
	start := r.end
	if rest := start % align; rest > 0 {
		start += align - rest
	}
	if start < r.end || p.Size() > math.MaxInt64-start {
		return fmt.Errorf("a piece of %d bytes at %d ends beyond 2^63-1", p.Size(), start)
	}
	p.Place().Set(start)
	r.end = start + p.Size()
	return nil
}

// Structure is a piece that is one on-disk structure, or several in a row.
type Structure struct {
	Base
	parts func() []wire.Structure
}

// NewStructure makes a piece of size bytes. parts is called when all places
// are known and gives the structures to write.
func NewStructure(class vfd.Class, size uint64, parts func() []wire.Structure) *Structure {
	return &Structure{Base: NewBase(class, size), parts: parts}
}

// Append appends the structures' bytes.
func (s *Structure) Append(dst []byte) ([]byte, error) {
	begin := len(dst)
	var err error
	for _, part := range s.parts() {
		if dst, err = wire.Append(dst, wire.Default, part); err != nil {
			return dst, err
		}
	}
	if got := uint64(len(dst) - begin); got != s.size {
		return dst, fmt.Errorf("a %v piece has %d bytes where %d were planned", s.class, got, s.size)
	}
	return dst, nil
}
