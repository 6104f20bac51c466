package load

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"sync"

	"github.com/h5serve/h5serve/h5core/dtype"
	"github.com/h5serve/h5serve/h5core/internal/walk"
)

// Adopted is what variable-length parts of a virtual dataset lead to where its
// sources lie in other files: a descriptor there counts in the heaps of its
// own file. So all that it leads to is copied, once, into a collection that
// only lies in memory, at an address that no file has.
//
//	source's element       virtual dataset's      collection at 2^64-2
//	5, 0x800, 1 ──────────▶ 5, 2^64-2, 7 ────────▶ object 7
//	  └▶ object 1 of 0x800 in its file ──copied──▶
type Adopted struct {
	root *File

	mu    sync.Mutex
	kept  walk.Collection
	known map[adoptedPart]uint32
	bytes uint64
}

// adoptedPart is a part that is copied once. As elements of another type it
// may lead elsewhere.
type adoptedPart struct {
	file  *File
	base  *dtype.Type
	ref   walk.HeapRef
	bytes uint64
}

type adoptedKey struct{}

// Adopting gives a context under which a virtual dataset's sources in other
// files may have elements with variable-length parts. Of other datasets nothing
// is adopted, and the result is nil.
func (d *Data) Adopting(ctx context.Context) (context.Context, *Adopted) {
	if d.virtual == nil || !d.Type.HasVarLen() {
		return ctx, nil
	}
	a := &Adopted{root: d.file, known: map[adoptedPart]uint32{}}
	return context.WithValue(ctx, adoptedKey{}, a), a
}

func adopted(ctx context.Context) *Adopted {
	a, _ := ctx.Value(adoptedKey{}).(*Adopted)
	return a
}

// Collection gives what was adopted, and its address.
func (a *Adopted) Collection() (addr uint64, c *walk.Collection) { return a.root.nowhere(), &a.kept }

// nowhere is an address that fits the file's descriptors, and is none: one
// byte before its largest, where no collection has room.
func (f *File) nowhere() uint64 { return math.MaxUint64>>(64-8*f.geo.OffsetSize) - 1 }

// adopt takes over what elements that were read from a file lead to.
func (a *Adopted) adopt(ctx context.Context, from *File, t *dtype.Type, data []byte) error {
	return a.level(ctx, from, t, [][]byte{data}, 0)
}

const (
	partsAtOnce    = 1 << 14
	maxVarLenDepth = 64 // of variable-length parts inside each other
)

// part is a descriptor that leads somewhere.
type part struct {
	raw  []byte // its place and index
	base *dtype.Type
	ref  walk.HeapRef
	size uint64 // of what it leads to
}

// level takes over what stretches of elements lead to, and what that leads to.
func (a *Adopted) level(ctx context.Context, from *File, t *dtype.Type, items [][]byte, depth int) error {
	if depth > maxVarLenDepth {
		return fmt.Errorf("%w: variable-length parts over %d deep", ErrTooLarge, maxVarLenDepth)
	}
	parts, err := from.parts(t, items)
	if err != nil {
		return err
	}
	if from == a.root && depth == 0 { // they may stay where they are
		return nil
	}
	below := map[*dtype.Type][][]byte{}
	for len(parts) > 0 {
		n := min(len(parts), partsAtOnce)
		if err := a.wave(ctx, from, parts[:n], below); err != nil {
			return err
		}
		parts = parts[n:]
	}
	for base, inner := range below {
		if err := a.level(ctx, from, base, inner, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// parts lists the descriptors of elements that lead somewhere.
func (f *File) parts(t *dtype.Type, items [][]byte) (list []part, err error) {
	width := int(f.geo.OffsetSize)
	pointers, size := t.Pointers(), int(t.Size)
	for _, data := range items {
		for ; len(data) >= size && size > 0; data = data[size:] {
			for offset, field := range dtype.Fields(pointers) {
				if field.Class != dtype.VarLen {
					continue
				}
				if int(field.Size) < 8+width {
					return nil, damaged(fmt.Errorf("a variable-length part of %d bytes", field.Size))
				}
				p := data[offset : offset+8+uint64(width)]
				n := binary.LittleEndian.Uint32(p)
				if n == 0 {
					clear(p)
					continue
				}
				ref := walk.HeapRef{Addr: little(p[4 : 4+width]), Index: binary.LittleEndian.Uint32(p[4+width:])}
				if ref.Null() || ref.Addr >= f.nowhere() {
					return nil, damaged(fmt.Errorf("a variable-length part of %d elements at %#x", n, ref.Addr))
				}
				list = append(list, part{p[4:], field.Base, ref, uint64(n) * uint64(field.Base.Size)})
			}
		}
	}
	return list, nil
}

func little(p []byte) (v uint64) {
	for _, b := range slices.Backward(p) {
		v = v<<8 | uint64(b)
	}
	return v
}

// wave reads what some parts lead to and points them at the copies. Copies
// that lead further are added to those below.
func (a *Adopted) wave(ctx context.Context, from *File, parts []part, below map[*dtype.Type][][]byte) error {
	refs := make([]walk.HeapRef, len(parts))
	for i, p := range parts {
		refs[i] = p.ref
	}
	objects, err := from.Objects(ctx, refs)
	if err != nil {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	for i, p := range parts {
		if p.size > uint64(len(objects[i])) {
			return damaged(fmt.Errorf("a variable-length part of %d bytes has %d", p.size, len(objects[i])))
		}
		key := adoptedPart{from, p.base, p.ref, p.size}
		index, known := a.known[key]
		if !known {
			a.bytes += p.size
			if err := a.root.Allowed(a.bytes); err != nil {
				return err
			}
			content := slices.Clone(objects[i][:p.size])
			index = a.kept.Add(content)
			if a.known[key] = index; p.base.HasVarLen() {
				below[p.base] = append(below[p.base], content)
			}
		}
		a.point(p.raw, index, len(p.raw)-4)
	}
	return nil
}

// point writes a descriptor's place, of an address of so many bytes.
func (a *Adopted) point(raw []byte, index uint32, width int) {
	addr := a.root.nowhere()
	for i := range width {
		raw[i] = byte(addr >> (8 * i))
	}
	binary.LittleEndian.PutUint32(raw[width:], index)
}
