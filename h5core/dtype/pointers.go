package dtype

import "iter"

// Pointer is a field of an element that leads elsewhere in the file: the
// descriptor of a variable-length part or a reference. It stands for Count
// such fields, the first at Offset, each Stride bytes after the last. Where
// Nested is not nil, what repeats is a group of pointers whose offsets count
// from there.
type Pointer struct {
	Offset, Count, Stride uint64
	Type                  *Type // VarLen or Reference; nil for a group
	Nested                []Pointer
}

// Pointers returns where one element leads elsewhere, in ascending order of
// members; nil where it nowhere does. What a variable-length part holds has
// pointers of its own: those of Type.Base.
func (t *Type) Pointers() []Pointer {
	switch t.Class {
	case VarLen, Reference:
		return []Pointer{{Count: 1, Stride: uint64(t.Size), Type: t}}
	case Compound:
		var all []Pointer
		for _, m := range t.Members {
			for _, p := range m.Type.Pointers() {
				p.Offset += uint64(m.Offset)
				all = append(all, p)
			}
		}
		return all
	case Array:
		return repeat(t.Base.Pointers(), uint64(t.Size/t.Base.Size), uint64(t.Base.Size))
	}
	return nil
}

// repeat makes count groups of pointers, stride bytes apart, into one loop
// where they line up.
func repeat(group []Pointer, count, stride uint64) []Pointer {
	if len(group) == 0 || count == 1 {
		return group
	}
	if p := group[0]; len(group) == 1 {
		if p.Count == 1 {
			p.Count, p.Stride = count, stride
			return []Pointer{p}
		}
		if p.Count*p.Stride == stride {
			p.Count *= count
			return []Pointer{p}
		}
	}
	return []Pointer{{Count: count, Stride: stride, Nested: group}}
}

// Fields yields the offset and the type of every single field that the
// pointers of an element stand for.
func Fields(pointers []Pointer) iter.Seq2[uint64, *Type] {
	return func(yield func(uint64, *Type) bool) { fields(pointers, 0, yield) }
}

func fields(pointers []Pointer, start uint64, yield func(uint64, *Type) bool) bool {
	for _, p := range pointers {
		for i := range p.Count {
			at := start + p.Offset + i*p.Stride
			if p.Nested == nil && !yield(at, p.Type) {
				return false
			}
			if p.Nested != nil && !fields(p.Nested, at, yield) {
				return false
			}
		}
	}
	return true
}

// HasVarLen says whether an element holds a variable-length part.
func (t *Type) HasVarLen() bool {
	return t.has(func(t *Type) bool { return t.Class == VarLen })
}

// HasReference says whether an element, or what its variable-length parts
// hold, has a reference.
func (t *Type) HasReference() bool {
	return t.has(func(t *Type) bool { return t.Class == Reference })
}

func (t *Type) has(is func(*Type) bool) bool {
	if is(t) {
		return true
	}
	for _, m := range t.Members {
		if m.Type.has(is) {
			return true
		}
	}
	return t.Base != nil && t.Base.has(is)
}
