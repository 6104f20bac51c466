package h5core

import (
	"context"
	"encoding/binary"
	"sync"

	"github.com/h5serve/h5serve/h5core/dtype"
	"github.com/h5serve/h5serve/h5core/internal/load"
	"github.com/h5serve/h5serve/h5core/internal/walk"
)

// Elements are stored elements, in C order, with what their variable-length
// parts and references lead to.
//
//	Data  ┌ descriptor ┬ descriptor ┬ …      heap  collection ┌ object ┬ object ┬ …
//	      └ 5, 0x800, 1┴ 3, 0x800, 2┴ …            at 0x800   └ 1      ┴ 2      ┴ …
//
// Objects stay where their collections lie: nothing is copied for an element.
type Elements struct {
	Type  *dtype.Type
	Shape []uint64 // nil for a scalar or a null space
	Data  []byte

	file    *File
	bare    bool // where references lead is not wanted
	heap    map[uint64]*walk.Collection
	cut     map[pointer]uint64 // bytes of objects that are longer than their descriptors say
	regions map[walk.HeapRef]region
	adopted *load.Adopted // from the sources of a virtual dataset; may be nil
}

// pointer is a descriptor: how many elements lie where.
type pointer struct {
	n   uint32
	ref walk.HeapRef
}

// VarLen gives what the descriptor of a variable-length part leads to: a text,
// or elements of its base type as stored. A null descriptor gives nil.
func (e *Elements) VarLen(descriptor []byte) []byte {
	p := e.file.descriptor(descriptor)
	if p.n == 0 {
		return nil
	}
	c := e.heap[p.ref.Addr]
	if c == nil {
		return nil
	}
	data, err := c.Object(p.ref)
	if err != nil {
		return nil
	}
	if n, longer := e.cut[p]; longer {
		data = data[:n]
	}
	return data
}

// descriptor reads a variable-length part's length and place (specification
// IV.A.2.d, "Variable-Length").
func (f *File) descriptor(p []byte) pointer {
	width := int(f.stored.Geometry().OffsetSize)
	at := walk.HeapRef{Index: binary.LittleEndian.Uint32(p[4+width:])}
	if width == 8 {
		at.Addr = binary.LittleEndian.Uint64(p[4:])
	} else {
		at.Addr = little(p[4 : 4+width])
	}
	return pointer{binary.LittleEndian.Uint32(p), at}
}

func little(p []byte) (v uint64) {
	for i := min(len(p), 8) - 1; i >= 0; i-- {
		v = v<<8 | uint64(p[i])
	}
	return v
}

// Reference gives a path that leads to the object of an object reference; a
// null one gives "" and true.
func (e *Elements) Reference(ref []byte) (string, bool) {
	addr := little(ref)
	if addr == 0 {
		return "", true
	}
	path, ok := e.file.paths.byAddress[addr]
	return path, ok
}

// pathIndex knows for every object the first path that leads to it, members
// of a group in the order of their names, each before its own members.
type pathIndex struct {
	once      sync.Once
	err       error
	byAddress map[uint64]string
}

func (x *pathIndex) build(ctx context.Context, f *File) error {
	x.once.Do(func() {
		x.byAddress = map[uint64]string{}
		x.err = x.add(f.stored.Alone(ctx), f.Group, 0)
	})
	return x.err
}

// maxNesting bounds how deep groups are followed into each other.
const maxNesting = 1000

func (x *pathIndex) add(ctx context.Context, g *Group, depth int) error {
	x.byAddress[g.Address()] = g.path
	links, err := g.Links(ctx)
	if err != nil || depth > maxNesting {
		return nil //nolint:nilerr // what cannot be listed has no paths
	}
	for _, l := range links {
		if _, known := x.byAddress[l.Address]; l.Kind != Hard || known {
			continue
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		o, err := g.Member(ctx, l)
		if err != nil {
			continue
		}
		x.byAddress[l.Address] = o.Name()
		if child, ok := o.(*Group); ok {
			if err := x.add(ctx, child, depth+1); err != nil {
				return err
			}
		}
	}
	return nil
}
