package represent

import (
	"cmp"
	"slices"

	"github.com/h5serve/h5serve/h5core/dtype"
)

// InMemory returns a type with the sizes and offsets that the C library's
// programs see: what leads elsewhere in the file has the size of a pointer, and
// the members of a compound that holds such are in the order of their offsets
// and moved accordingly. Canonical lines describe types so.
func InMemory(t *dtype.Type) *dtype.Type {
	if !pointing(t) {
		return t
	}
	m := *t
	switch t.Class {
	case dtype.VarLen:
		m.Base, m.Size = InMemory(t.Base), 16
		if t.IsString {
			m.Size = 8
		}
	case dtype.Reference:
		m.Size = referenceSize(t.Ref)
	case dtype.Array:
		m.Base = InMemory(t.Base)
		m.Size = t.Size / t.Base.Size * m.Base.Size
	case dtype.Compound:
		m.Members = slices.Clone(ordered(t))
		shift := uint32(0)
		for i, part := range m.Members {
			moved := InMemory(part.Type)
			m.Members[i].Type, m.Members[i].Offset = moved, part.Offset+shift
			shift += moved.Size - part.Type.Size // modulo 2^32
		}
		m.Size += shift
	}
	return &m
}

func referenceSize(k dtype.RefKind) uint32 {
	switch k {
	case dtype.ObjectRef:
		return 8
	case dtype.RegionRef:
		return 12
	}
	return 64
}

// ordered returns the members of a compound in the order of canonical bytes.
func ordered(t *dtype.Type) []dtype.Member {
	if !pointing(t) {
		return t.Members
	}
	return slices.SortedStableFunc(slices.Values(t.Members), func(a, b dtype.Member) int { return cmp.Compare(a.Offset, b.Offset) })
}

func pointing(t *dtype.Type) bool { return t.HasVarLen() || t.HasReference() }

// ieee says whether t is an IEEE 754 float of 2, 4 or 8 bytes.
func ieee(t *dtype.Type) bool {
	if t.Class != dtype.Float || t.BitOffset != 0 || uint32(t.Precision) != 8*t.Size || t.Order > dtype.BigEndian {
		return false
	}
	f := t.Float
	f.LowPad, f.HighPad, f.InnerPad = false, false, false // there is nothing to pad
	switch t.Size {
	case 2:
		return f == dtype.Float16(t.Order).Float
	case 4:
		return f == dtype.Float32(t.Order).Float
	case 8:
		return f == dtype.Float64(t.Order).Float
	}
	return false
}

// whole says whether an integer, bitfield or time uses all of its bits.
func whole(t *dtype.Type) bool { return t.BitOffset == 0 && uint32(t.Precision) == 8*t.Size }
