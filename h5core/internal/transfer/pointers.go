package transfer

import "github.com/h5serve/h5serve/h5core/dtype"

// Pointers turns the tokens in elements of a type into addresses.
type Pointers struct {
	size    int
	heap    tokens // followed by an index in a collection
	objects tokens
}

// tokens are of one kind, 8 bytes each at some offsets of an element.
type tokens struct {
	offsets   []int
	translate func([]byte)
}

// NewPointers finds the tokens in t: those of a heap, in the descriptors of
// variable-length parts and in region references, and those of objects, in
// object references. It is nil where there are none.
func NewPointers(t *dtype.Type, heap, objects func(token []byte)) *Pointers {
	p := &Pointers{size: int(t.Size), heap: tokens{translate: heap}, objects: tokens{translate: objects}}
	for at, field := range dtype.Fields(t.Pointers()) {
		off := int(at)
		switch {
		case field.Class == dtype.VarLen:
			p.heap.offsets = append(p.heap.offsets, off+4) // behind the length
		case field.Ref == dtype.RegionRef:
			p.heap.offsets = append(p.heap.offsets, off)
		case field.Ref == dtype.ObjectRef:
			p.objects.offsets = append(p.objects.offsets, off)
		}
	}
	if len(p.heap.offsets)+len(p.objects.offsets) == 0 {
		return nil
	}
	return p
}

// Translate works on whole elements in place.
func (p *Pointers) Translate(raw []byte) {
	if p == nil {
		return
	}
	for ; len(raw) >= p.size; raw = raw[p.size:] {
		for _, off := range p.heap.offsets {
			p.heap.translate(raw[off:])
		}
		for _, off := range p.objects.offsets {
			p.objects.translate(raw[off:])
		}
	}
}
