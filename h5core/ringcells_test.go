package h5core_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/h5serve/h5serve/h5core"
	"github.com/h5serve/h5serve/h5core/dtype"
	"github.com/h5serve/h5serve/h5core/internal/piece"
)

// cell is an element of the model, whatever the file that holds it: bytes, or
// the cells of an array, a compound or a sequence, or where a reference leads.
type cell struct {
	bytes   []byte
	parts   []cell
	to      *modelObject // of a reference; nil for a null one
	indices []uint64     // of a region, row-major
}

// cells makes elements from a seed, which rapid draws: structure is its, bytes
// are not.
type cells struct {
	rng      *rand.Rand
	targets  []*modelObject // of object references
	datasets []*modelObject // of region references
}

func (c cells) of(t *dtype.Type) cell {
	switch t.Class {
	case dtype.Array:
		return cell{parts: c.list(t.Base, int(t.Size/t.Base.Size))}
	case dtype.VarLen:
		return c.sequence(t)
	case dtype.Compound:
		var out cell
		for _, m := range t.Members {
			out.parts = append(out.parts, c.of(m.Type))
		}
		return out
	case dtype.Reference:
		return c.reference(t)
	}
	p := make([]byte, t.Size)
	for i := range p {
		p[i] = byte(c.rng.Uint32())
	}
	return cell{bytes: p}
}

func (c cells) list(t *dtype.Type, n int) []cell {
	out := make([]cell, n)
	for i := range out {
		out[i] = c.of(t)
	}
	return out
}

func (c cells) sequence(t *dtype.Type) cell {
	n := c.rng.IntN(5)
	if t.IsString && c.rng.IntN(20) == 0 {
		n = 5000
	}
	return cell{parts: c.list(t.Base, n)}
}

func (c cells) reference(t *dtype.Type) cell {
	from := c.targets
	if t.Ref == dtype.RegionRef {
		from = c.datasets
	}
	if len(from) == 0 || c.rng.IntN(4) == 0 {
		return cell{}
	}
	out := cell{to: from[c.rng.IntN(len(from))]}
	if t.Ref == dtype.RegionRef {
		for i := range product(out.to.space.Dims) {
			if c.rng.IntN(3) == 0 {
				out.indices = append(out.indices, i)
			}
		}
	}
	return out
}

func product(dims []uint64) uint64 {
	n := uint64(1)
	for _, d := range dims {
		n *= d
	}
	return n
}

// zero is an element that nobody wrote.
func zero(t *dtype.Type) cell {
	switch t.Class {
	case dtype.Array:
		return cell{parts: slices.Repeat([]cell{zero(t.Base)}, int(t.Size/t.Base.Size))}
	case dtype.Compound:
		var out cell
		for _, m := range t.Members {
			out.parts = append(out.parts, zero(m.Type))
		}
		return out
	case dtype.VarLen, dtype.Reference:
		return cell{}
	}
	return cell{bytes: make([]byte, t.Size)}
}

// encoder turns cells into elements as the writer takes them: places in the
// heap, and numbers of objects.
type encoder struct {
	file *h5core.File
	heap *piece.GlobalHeap
}

// elements appends elements; links tells of the addresses that they hold.
func (e encoder) elements(t *dtype.Type, list []cell) (raw []byte, links []piece.Link, err error) {
	raw = make([]byte, len(list)*int(t.Size))
	for i, c := range list {
		if err := e.one(t, c, raw, i*int(t.Size), &links); err != nil {
			return nil, nil, err
		}
	}
	return raw, links, nil
}

func (e encoder) one(t *dtype.Type, c cell, raw []byte, at int, links *[]piece.Link) error {
	switch t.Class {
	case dtype.Array:
		for i, p := range c.parts {
			if err := e.one(t.Base, p, raw, at+i*int(t.Base.Size), links); err != nil {
				return err
			}
		}
	case dtype.Compound:
		for i, p := range c.parts {
			if err := e.one(t.Members[i].Type, p, raw, at+int(t.Members[i].Offset), links); err != nil {
				return err
			}
		}
	case dtype.VarLen:
		if len(c.parts) == 0 {
			return nil
		}
		binary.LittleEndian.PutUint32(raw[at:], uint32(len(c.parts)))
		content, inner, err := e.elements(t.Base, c.parts)
		if err != nil {
			return err
		}
		return e.put(content, inner, raw, at+4, links)
	case dtype.Reference:
		if c.to == nil {
			return nil
		}
		token := e.file.Refer(c.to.node)
		if t.Ref == dtype.ObjectRef {
			binary.LittleEndian.PutUint64(raw[at:], token)
			*links = append(*links, piece.Link{Off: at, Object: true, Token: token})
			return nil
		}
		content := append(make([]byte, 8), regionOf(c.to.space.Dims, c.indices)...)
		return e.put(content, []piece.Link{{Object: true, Token: token}}, raw, at, links)
	default:
		copy(raw[at:], c.bytes)
	}
	return nil
}

func (e encoder) put(content []byte, inner []piece.Link, raw []byte, at int, links *[]piece.Link) error {
	token, index, err := e.heap.PutLinked(content, inner)
	binary.LittleEndian.PutUint64(raw[at:], token)
	binary.LittleEndian.PutUint32(raw[at+8:], index)
	*links = append(*links, piece.Link{Off: at, Token: token})
	return err
}

// regionOf is a selection as region references hold it: points, version 1
// (specification III.H).
func regionOf(dims, indices []uint64) []byte {
	rank := len(dims)
	words := []uint32{1, 1, 0, uint32(8 + 4*rank*len(indices)), uint32(rank), uint32(len(indices))}
	if len(indices) == 0 {
		words = []uint32{0, 1, 0, 0} // nothing
	}
	for _, i := range indices {
		at := make([]uint32, rank)
		for axis := rank - 1; axis >= 0; axis-- {
			at[axis], i = uint32(i%dims[axis]), i/dims[axis]
		}
		words = append(words, at...)
	}
	var p []byte
	for _, w := range words {
		p = binary.LittleEndian.AppendUint32(p, w)
	}
	return p
}

// compare holds elements that were read to the cells of the model.
func (m *model) compare(t *dtype.Type, want []cell, e *h5core.Elements, raw []byte) error {
	if len(raw) != len(want)*int(t.Size) {
		return fmt.Errorf("%d bytes for %d elements of %v", len(raw), len(want), t)
	}
	for i, c := range want {
		if err := m.compareOne(t, c, e, raw[i*int(t.Size):(i+1)*int(t.Size)]); err != nil {
			return fmt.Errorf("[%d] %w", i, err)
		}
	}
	return nil
}

func (m *model) compareOne(t *dtype.Type, c cell, e *h5core.Elements, raw []byte) error {
	switch t.Class {
	case dtype.Array:
		return m.compare(t.Base, c.parts, e, raw)
	case dtype.VarLen:
		return m.compare(t.Base, c.parts, e, e.VarLen(raw))
	case dtype.Compound:
		for i, p := range c.parts {
			at := t.Members[i]
			if err := m.compareOne(at.Type, p, e, raw[at.Offset:at.Offset+at.Type.Size]); err != nil {
				return fmt.Errorf(".%s %w", at.Name, err)
			}
		}
		return nil
	case dtype.Reference:
		return m.compareReference(t, c, e, raw)
	}
	if !bytes.Equal(raw, c.bytes) {
		return fmt.Errorf("%v is % x, want % x", t, raw, c.bytes)
	}
	return nil
}

func (m *model) compareReference(t *dtype.Type, c cell, e *h5core.Elements, raw []byte) error {
	path, ok := e.Reference(raw)
	if t.Ref == dtype.RegionRef {
		var indices []uint64
		if path, _, indices, ok = e.Region(raw); !slices.Equal(indices, c.indices) {
			return fmt.Errorf("a region of %v, want %v", indices, c.indices)
		}
	}
	switch {
	case c.to == nil && path == "" && ok:
		return nil
	case c.to == nil || !ok:
		return fmt.Errorf("%v leads to %q (%v), want a null one: %v", t, path, ok, c.to == nil)
	}
	o, err := m.file.Get(ctx, path)
	if err != nil {
		return err
	}
	return m.same(c.to, o.Address())
}
