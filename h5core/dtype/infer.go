package dtype

import (
	"fmt"
	"math"
	"reflect"
)

// Of returns the type that a Go value is stored as, and its shape: nil for a
// scalar, else the lengths of its slices and arrays. Numbers keep their size,
// int and uint are of 8 bytes, strings become variable UTF-8 strings, booleans
// and complex numbers what h5py makes of them, and structs packed compounds,
// in which an array stays one and a slice becomes a variable-length sequence.
//
// Slices of unequal lengths are an *ElementError that says where.
func Of(v any) (*Type, []uint64, error) {
	rv := reflect.ValueOf(v)
	if !rv.IsValid() {
		return nil, nil, bad("value", "nil has no type")
	}
	t, err := infer(leaf(rv.Type()), 1)
	if err != nil {
		return nil, nil, err
	}
	shape := shapeOf(rv)
	if err := checkShape(rv, shape); err != nil {
		return nil, nil, err
	}
	return t, shape, nil
}

// shapeOf follows the first element of each axis.
func shapeOf(v reflect.Value) []uint64 {
	var shape []uint64
	for rt := v.Type(); nests(rt); rt = rt.Elem() {
		n := 0
		switch {
		case v.IsValid():
			n = v.Len()
		case rt.Kind() == reflect.Array:
			n = rt.Len()
		}
		shape = append(shape, uint64(n))
		if v.IsValid() && n > 0 {
			v = v.Index(0)
		} else {
			v = reflect.Value{}
		}
	}
	return shape
}

func checkShape(v reflect.Value, shape []uint64) error {
	if len(shape) == 0 {
		return nil
	}
	if uint64(v.Len()) != shape[0] {
		return wrong(nil, nil, "%d values where the others have %d", v.Len(), shape[0])
	}
	if len(shape) == 1 {
		return nil
	}
	for i := range v.Len() {
		if err := checkShape(v.Index(i), shape[1:]); err != nil {
			return at(i, err)
		}
	}
	return nil
}

// infer returns the type of an element that a Go type is stored as.
func infer(rt reflect.Type, level int) (*Type, error) {
	if level > MaxDepth {
		return nil, bad("value", "more than %d Go types inside each other", MaxDepth)
	}
	switch k := rt.Kind(); k {
	case reflect.Bool:
		return Bool(), nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return integer(wordSize(rt), true), nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return integer(wordSize(rt), false), nil
	case reflect.Float32:
		return Float32(LittleEndian), nil
	case reflect.Float64:
		return Float64(LittleEndian), nil
	case reflect.Complex64, reflect.Complex128:
		return ComplexOf(uint32(rt.Size()), LittleEndian)
	case reflect.String:
		return VarString(UTF8), nil
	case reflect.Pointer:
		if rt.Elem().Kind() == reflect.String {
			return VarString(UTF8), nil
		}
	case reflect.Struct:
		return inferStruct(rt, level)
	case reflect.Array:
		return inferArray(rt, level)
	case reflect.Slice:
		base, err := infer(rt.Elem(), level+1)
		if err != nil {
			return nil, err
		}
		return VarLenOf(base)
	}
	return nil, bad("value", "a Go %s has no stored form", rt)
}

// wordSize is the size of an integer; int and uint have 8 bytes on every
// machine.
func wordSize(rt reflect.Type) uint32 {
	if rt.Kind() == reflect.Int || rt.Kind() == reflect.Uint {
		return 8
	}
	return uint32(rt.Size())
}

func inferStruct(rt reflect.Type, level int) (*Type, error) {
	if _, err := structFields(rt); err != nil {
		return nil, err
	}
	var members []Member
	for i := range rt.NumField() {
		f := rt.Field(i)
		name := memberName(f)
		if name == "" {
			continue
		}
		t, err := infer(f.Type, level+1)
		if err != nil {
			return nil, within(fmt.Sprintf("member %q", name), err)
		}
		members = append(members, Member{Name: name, Type: t})
	}
	return Packed(members...)
}

func inferArray(rt reflect.Type, level int) (*Type, error) {
	var dims []uint32
	for ; rt.Kind() == reflect.Array; rt = rt.Elem() {
		if uint64(rt.Len()) > math.MaxUint32 {
			return nil, bad("dims", "axis %d has length %d", len(dims), rt.Len())
		}
		dims = append(dims, uint32(rt.Len()))
	}
	base, err := infer(rt, level+1)
	if err != nil {
		return nil, err
	}
	return ArrayOf(base, dims...)
}
