package h5core

import (
	"context"
	"encoding/binary"
	"fmt"
	"sync"

	"github.com/h5serve/h5serve/h5core/dtype"
	"github.com/h5serve/h5serve/h5core/internal/load"
	"github.com/h5serve/h5serve/h5core/internal/walk"
)

// Elements are stored elements, in C order, with what their variable-length
// parts and references lead to.
type Elements struct {
	Type  *dtype.Type
	Shape []uint64 // nil for a scalar or a null space
	Data  []byte

	file    *File
	heap    map[pointer][]byte
	regions map[walk.HeapRef]region
	seen    map[followedPart]bool // only while it is resolved
}

// VarLen gives what the descriptor of a variable-length part leads to: a text,
// or elements of its base type as stored. A null descriptor gives nil.
func (e *Elements) VarLen(descriptor []byte) []byte {
	n, ref := e.file.descriptor(descriptor)
	if n == 0 {
		return nil
	}
	return e.heap[pointer{n, ref}]
}

// descriptor reads a variable-length part's length and place (specification
// IV.A.2.d, "Variable-Length").
func (f *File) descriptor(p []byte) (uint32, walk.HeapRef) {
	width := int(f.stored.Geometry().OffsetSize)
	n := binary.LittleEndian.Uint32(p)
	return n, walk.HeapRef{Addr: little(p[4 : 4+width]), Index: binary.LittleEndian.Uint32(p[4+width:])}
}

func little(p []byte) (v uint64) {
	for i := min(len(p), 8) - 1; i >= 0; i-- {
		v = v<<8 | uint64(p[i])
	}
	return v
}

// resolve fetches everything that the elements lead to: a wave for each level
// of variable-length parts inside each other.
func (e *Elements) resolve(ctx context.Context) error {
	e.heap = map[pointer][]byte{}
	type level struct {
		t    *dtype.Type
		data [][]byte
	}
	for next := []level{{e.Type, [][]byte{e.Data}}}; len(next) > 0; {
		var refs []walk.HeapRef
		var following []level
		for _, l := range next {
			found, regions, err := e.pointers(l.t, l.data)
			if err != nil {
				return err
			}
			if err := e.resolveRegions(ctx, regions); err != nil {
				return err
			}
			for base, some := range found {
				at := level{t: base}
				some = e.unseen(base, some)
				for _, r := range some {
					refs = append(refs, r.ref)
				}
				if err := e.file.stored.Spend(len(refs)); err != nil {
					return err
				}
				got, err := e.file.stored.Objects(ctx, refs)
				if err != nil {
					return err
				}
				for i, r := range some {
					want := uint64(r.n) * uint64(base.Size)
					if want > uint64(len(got[i])) {
						return fmt.Errorf("%w: a variable-length part of %d bytes has %d", load.ErrDamaged, want, len(got[i]))
					}
					if want > uint64(len(e.heap[r])) {
						e.heap[r] = got[i][:want]
					}
					at.data = append(at.data, got[i][:want])
				}
				refs = refs[:0]
				if base.HasVarLen() || base.HasReference() {
					following = append(following, at)
				}
			}
		}
		next = following
	}
	e.seen = nil
	if e.Type.HasReference() {
		return e.file.paths.build(ctx, e.file)
	}
	return nil
}

// unseen drops what was followed before: parts may share what they lead to,
// and following it each time anew would grow without bound.
func (e *Elements) unseen(base *dtype.Type, all []pointer) []pointer {
	if e.seen == nil {
		e.seen = map[followedPart]bool{}
	}
	var fresh []pointer
	for _, p := range all {
		if key := (followedPart{base, p}); !e.seen[key] {
			e.seen[key] = true
			fresh = append(fresh, p)
		}
	}
	return fresh
}

type followedPart struct {
	base *dtype.Type
	pointer
}

type pointer struct {
	n   uint32
	ref walk.HeapRef
}

// pointers lists what the variable-length parts in elements of a type lead to,
// by their base type, and where region references lie.
func (e *Elements) pointers(t *dtype.Type, data [][]byte) (found map[*dtype.Type][]pointer, regions []walk.HeapRef, err error) {
	found = map[*dtype.Type][]pointer{}
	fields := t.Pointers()
	if len(fields) == 0 {
		return nil, nil, nil
	}
	width := e.file.stored.Geometry().OffsetSize
	for _, p := range data {
		for ; len(p) >= int(t.Size); p = p[t.Size:] {
			for off, field := range dtype.Fields(fields) {
				if field.Class == dtype.Reference {
					if field.Ref == dtype.RegionRef && field.Size >= 4+uint32(width) {
						regions = append(regions, e.file.heapRef(p[off:]))
					}
					continue
				}
				if field.Size < 8+uint32(width) {
					return nil, nil, fmt.Errorf("%w: a variable-length part of %d bytes", load.ErrDamaged, field.Size)
				}
				n, ref := e.file.descriptor(p[off:])
				if n > 0 {
					found[field.Base] = append(found[field.Base], pointer{n, ref})
				}
			}
		}
	}
	return found, regions, nil
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
		x.err = x.add(ctx, f.Group, 0)
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
