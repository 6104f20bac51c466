package h5core

import (
	"reflect"

	"github.com/h5serve/h5serve/h5core/dtype"
)

// layout is the datatype of a Go type's memory on a little-endian machine, nil
// where that holds pointers, or where the stored type is not converted into
// such memory. The stored type says which arrays are arrays, and which structs
// are compounds.
func layout(rt reflect.Type, t *dtype.Type, level int) *dtype.Type {
	size := uint32(rt.Size())
	switch k := rt.Kind(); {
	case level > dtype.MaxDepth:
		return nil
	case k >= reflect.Int && k <= reflect.Int64 && isNumber(t):
		return dtype.Must(dtype.Int(size, true, dtype.LittleEndian))
	case k >= reflect.Uint && k <= reflect.Uint64 && isNumber(t):
		return dtype.Must(dtype.Int(size, false, dtype.LittleEndian))
	case k == reflect.Float32 && isNumber(t):
		return dtype.Float32(dtype.LittleEndian)
	case k == reflect.Float64 && isNumber(t):
		return dtype.Float64(dtype.LittleEndian)
	case (k == reflect.Complex64 || k == reflect.Complex128) && (isNumber(t) || t.IsComplex()):
		return dtype.Must(dtype.NativeComplex(size, dtype.LittleEndian))
	case k == reflect.Array && t.Class == dtype.Array:
		return arrayLayout(rt, t, level)
	case k == reflect.Array && rt.Elem().Kind() == reflect.Uint8 && t.Class == dtype.String && size > 0:
		return dtype.Must(dtype.FixedString(size, t.CharSet, dtype.NullPad))
	case k == reflect.Array && rt.Elem().Kind() == reflect.Uint8 && t.Class == dtype.Opaque && t.Size == size:
		return t
	case k == reflect.Struct && t.Class == dtype.Compound:
		members, rest, err := fieldLayouts(rt, t, level)
		if err == nil && len(rest) == 0 && len(members) > 0 {
			return &dtype.Type{Class: dtype.Compound, Size: size, Order: dtype.NoOrder, Members: members}
		}
	}
	return nil
}

func arrayLayout(rt reflect.Type, t *dtype.Type, level int) *dtype.Type {
	var dims []uint32
	for range t.Dims {
		if rt.Kind() != reflect.Array || rt.Len() == 0 {
			return nil
		}
		dims = append(dims, uint32(rt.Len()))
		rt = rt.Elem()
	}
	base := layout(rt, t.Base, level+1)
	if base == nil {
		return nil
	}
	array, err := dtype.ArrayOf(base, dims...)
	if err != nil {
		return nil
	}
	return array
}

// fieldLayouts gives the members of a struct's layout, and the fields that are
// not plain by the names of their members. Fields that the file has nothing for
// are in neither.
func fieldLayouts(rt reflect.Type, t *dtype.Type, level int) ([]dtype.Member, map[string]reflect.StructField, error) {
	fields, err := fieldsOf(rt, t)
	if err != nil {
		return nil, nil, err
	}
	var members []dtype.Member
	rest := map[string]reflect.StructField{}
	for _, m := range t.Members {
		f, ok := fields[m.Name]
		if !ok {
			continue
		}
		if memory := layout(f.Type, m.Type, level+1); memory != nil {
			members = append(members, dtype.Member{Name: m.Name, Offset: uint32(f.Offset), Type: memory})
		} else {
			rest[m.Name] = f
		}
	}
	if len(members) == 0 && len(rest) == 0 {
		return nil, nil, mismatch(t, rt, "no field has the name of a member")
	}
	return members, rest, nil
}

// fieldsOf gives the fields of a struct by the names of their members, as
// dtype.AppendSlice has it.
func fieldsOf(rt reflect.Type, t *dtype.Type) (map[string]reflect.StructField, error) {
	fields := map[string]reflect.StructField{}
	for i := range rt.NumField() {
		f := rt.Field(i)
		name := f.Tag.Get("h5")
		if !f.IsExported() || name == "-" {
			continue
		}
		if name == "" {
			name = f.Name
		}
		if other, ok := fields[name]; ok {
			return nil, mismatch(t, rt, "the fields %s and %s have the same member name", other.Name, f.Name)
		}
		fields[name] = f
	}
	return fields, nil
}

// isNumber says whether elements are real numbers.
func isNumber(t *dtype.Type) bool {
	switch t.Class {
	case dtype.Integer, dtype.Float, dtype.Enum, dtype.Bitfield, dtype.Time:
		return true
	}
	return false
}

// numbers is the type with integers in place of bitfields and times, which are
// stored alike: Go has nothing else for them.
func numbers(t *dtype.Type) *dtype.Type {
	out := *t
	switch t.Class {
	case dtype.Bitfield, dtype.Time:
		out.Class = dtype.Integer
	case dtype.Array:
		out.Base = numbers(t.Base)
	case dtype.Compound:
		out.Members = make([]dtype.Member, len(t.Members))
		for i, m := range t.Members {
			out.Members[i] = dtype.Member{Name: m.Name, Offset: m.Offset, Type: numbers(m.Type)}
		}
	}
	return &out
}
