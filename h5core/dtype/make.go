package dtype

import (
	"fmt"
	"math"
	"slices"
)

// Limits that the format, or the C library, sets.
const (
	MaxDepth   = 32      // types inside types
	MaxParts   = 1 << 16 // types in one description: a message is smaller
	MaxMembers = 1<<16 - 1
	MaxRank    = 32
	// MaxTag is the longest tag of an opaque type: its length is stored as a
	// multiple of 8 in one byte.
	MaxTag = 248
)

// IEEE 754 formats of 2, 4 and 8 bytes.
var (
	ieee16 = FloatFormat{SignPos: 15, ExpPos: 10, ExpSize: 5, MantSize: 10, Bias: 15, Norm: NormImplied}
	ieee32 = FloatFormat{SignPos: 31, ExpPos: 23, ExpSize: 8, MantSize: 23, Bias: 127, Norm: NormImplied}
	ieee64 = FloatFormat{SignPos: 63, ExpPos: 52, ExpSize: 11, MantSize: 52, Bias: 1023, Norm: NormImplied}
)

// Must returns t, and panics where err is set: for types written in code.
func Must(t *Type, err error) *Type {
	if err != nil {
		panic(err)
	}
	return t
}

// made returns t when it may be written.
func made(t *Type) (*Type, error) {
	if err := t.Validate(); err != nil {
		return nil, err
	}
	return t, nil
}

// Int returns an integer of 1, 2, 4 or 8 bytes, all of its bits in use.
func Int(size uint32, signed bool, order Order) (*Type, error) {
	if size != 1 && size != 2 && size != 4 && size != 8 {
		return nil, bad("size", "an integer has 1, 2, 4 or 8 bytes, not %d", size)
	}
	return made(&Type{Class: Integer, Size: size, Order: order, Signed: signed, Precision: uint16(8 * size)})
}

func integer(size uint32, signed bool) *Type {
	return &Type{Class: Integer, Size: size, Signed: signed, Precision: uint16(8 * size)}
}

// Float16 returns IEEE 754 binary16.
func Float16(order Order) *Type { return ieeeFloat(2, ieee16, order) }

// Float32 returns IEEE 754 binary32.
func Float32(order Order) *Type { return ieeeFloat(4, ieee32, order) }

// Float64 returns IEEE 754 binary64.
func Float64(order Order) *Type { return ieeeFloat(8, ieee64, order) }

func ieeeFloat(size uint32, f FloatFormat, order Order) *Type {
	return &Type{Class: Float, Size: size, Order: order, Precision: uint16(8 * size), Float: f}
}

// FixedString returns a string of n bytes.
func FixedString(n uint32, charset CharSet, padding Padding) (*Type, error) {
	return made(&Type{Class: String, Size: n, Order: NoOrder, CharSet: charset, Padding: padding})
}

// VarString returns a string of any length, null-terminated in memory as
// h5py makes it.
func VarString(charset CharSet) *Type {
	base := &Type{Class: String, Size: 1, Order: NoOrder, CharSet: charset}
	return &Type{Class: VarLen, Size: VarLenSize, Order: NoOrder, IsString: true, CharSet: charset, Base: base}
}

// VarLenOf returns a sequence of any number of base elements.
func VarLenOf(base *Type) (*Type, error) {
	return made(&Type{Class: VarLen, Size: VarLenSize, Order: NoOrder, Base: base})
}

// ArrayOf returns a fixed array of base elements, in C order.
func ArrayOf(base *Type, dims ...uint32) (*Type, error) {
	if base == nil {
		return nil, bad("array", "no base type")
	}
	size := uint64(base.Size)
	for _, d := range dims {
		if size *= uint64(d); size > math.MaxUint32 {
			return nil, bad("array", "%v of %d bytes each: more than 4 GiB", dims, base.Size)
		}
	}
	return made(&Type{Class: Array, Size: uint32(size), Order: NoOrder, Base: base, Dims: slices.Clone(dims)})
}

// OpaqueOf returns n bytes without meaning, told apart by a tag of at most
// MaxTag bytes.
func OpaqueOf(n uint32, tag string) (*Type, error) {
	return made(&Type{Class: Opaque, Size: n, Order: NoOrder, Tag: tag})
}

// CompoundOf returns a compound of size bytes; 0 stands for the end of the
// last member.
func CompoundOf(size uint32, members ...Member) (*Type, error) {
	if size == 0 {
		for _, m := range members {
			if m.Type == nil {
				continue // Validate names the member
			}
			end := uint64(m.Offset) + uint64(m.Type.Size)
			if end > math.MaxUint32 {
				return nil, bad(fmt.Sprintf("member %q", m.Name), "ends beyond 4 GiB")
			}
			size = max(size, uint32(end))
		}
	}
	return made(&Type{Class: Compound, Size: size, Order: NoOrder, Members: slices.Clone(members)})
}

// Packed returns a compound whose members follow each other without gaps;
// their offsets are filled in.
func Packed(members ...Member) (*Type, error) {
	members = slices.Clone(members)
	var end uint64
	for i := range members {
		if members[i].Type == nil {
			return nil, bad(fmt.Sprintf("member %q", members[i].Name), "no type")
		}
		members[i].Offset = uint32(end)
		if end += uint64(members[i].Type.Size); end > math.MaxUint32 {
			return nil, bad(fmt.Sprintf("member %q", members[i].Name), "ends beyond 4 GiB")
		}
	}
	return CompoundOf(uint32(end), members...)
}

// EnumOf returns an enumeration over an integer type.
func EnumOf[V int64 | uint64](base *Type, names []string, values []V) (*Type, error) {
	if base == nil || base.Class != Integer {
		return nil, bad("enum", "the base is no integer type")
	}
	if len(names) != len(values) {
		return nil, bad("enum", "%d names, %d values", len(names), len(values))
	}
	n := int(base.Size)
	packed := make([]byte, n*len(values))
	for i, v := range values {
		err := base.PutInt(packed[i*n:(i+1)*n], int64(v))
		if v > 0 {
			err = base.PutUint(packed[i*n:(i+1)*n], uint64(v))
		}
		if err != nil {
			return nil, bad(fmt.Sprintf("enum member %q", names[i]), "%v", err)
		}
	}
	return made(&Type{Class: Enum, Size: base.Size, Order: base.Order, Base: base,
		Names: slices.Clone(names), Values: packed})
}

// Bool returns h5py's boolean: an enumeration FALSE = 0, TRUE = 1 over int8.
func Bool() *Type {
	return &Type{Class: Enum, Size: 1, Base: integer(1, true), Names: []string{"FALSE", "TRUE"}, Values: []byte{0, 1}}
}

// IsBool says whether t is a boolean as h5py stores it.
func (t *Type) IsBool() bool {
	return t.Class == Enum && t.Size == 1 && slices.Equal(t.Names, []string{"FALSE", "TRUE"}) &&
		slices.Equal(t.Values, []byte{0, 1})
}

// ComplexOf returns a complex number of 4, 8 or 16 bytes as h5py stores it: a
// compound of the floats r and i.
func ComplexOf(size uint32, order Order) (*Type, error) {
	part, err := half(size, order)
	if err != nil {
		return nil, err
	}
	return Packed(Member{Name: "r", Type: part}, Member{Name: "i", Type: part})
}

// NativeComplex returns HDF5 2.0's own complex number of 4, 8 or 16 bytes.
func NativeComplex(size uint32, order Order) (*Type, error) {
	part, err := half(size, order)
	if err != nil {
		return nil, err
	}
	return made(&Type{Class: Complex, Size: size, Order: order, Base: part})
}

func half(size uint32, order Order) (*Type, error) {
	if order != LittleEndian && order != BigEndian {
		return nil, bad("order", "a complex number is little- or big-endian")
	}
	switch size {
	case 4:
		return Float16(order), nil
	case 8:
		return Float32(order), nil
	case 16:
		return Float64(order), nil
	}
	return nil, bad("size", "a complex number has 4, 8 or 16 bytes, not %d", size)
}

// IsComplex says whether t is a complex number: of the class, or a compound
// of two equal floats r and i as h5py stores it.
func (t *Type) IsComplex() bool {
	if t.Class == Complex {
		return true
	}
	m := t.Members
	return t.Class == Compound && len(m) == 2 && m[0].Name == "r" && m[1].Name == "i" &&
		m[0].Offset == 0 && m[1].Offset == m[0].Type.Size && t.Size == 2*m[0].Type.Size &&
		m[0].Type.Class == Float && m[0].Type.Equal(m[1].Type)
}

// Datetime returns a numpy time as h5py stores it: 8 opaque bytes tagged with
// numpy's name for it, such as "NUMPY:<M8[ns]". Kind is 'M' (a point in time)
// or 'm' (a span); unit is numpy's ("ns", "25s") or empty.
func Datetime(kind byte, unit string, order Order) (*Type, error) {
	if kind != 'M' && kind != 'm' {
		return nil, bad("kind", "%q is neither 'M' nor 'm'", kind)
	}
	sign := map[Order]string{LittleEndian: "<", BigEndian: ">"}[order]
	if sign == "" {
		return nil, bad("order", "a time is little- or big-endian")
	}
	unit, ok := timeUnit(unit)
	if !ok {
		return nil, bad("unit", "%q is none of numpy's: Y M W D h m s ms us ns ps fs as", unit)
	}
	if unit != "" {
		unit = "[" + unit + "]"
	}
	return OpaqueOf(8, fmt.Sprintf("NUMPY:%s%c8%s", sign, kind, unit))
}

// ObjectReference returns a reference to an object, for files whose addresses
// have 8 bytes.
func ObjectReference() *Type { return &Type{Class: Reference, Size: 8, Order: NoOrder, Ref: ObjectRef} }

// RegionReference returns a reference to a part of a dataset, for files whose
// addresses have 8 bytes.
func RegionReference() *Type {
	return &Type{Class: Reference, Size: 12, Order: NoOrder, Ref: RegionRef}
}
