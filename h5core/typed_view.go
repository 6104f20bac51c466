package h5core

import (
	"encoding/binary"
	"reflect"
	"unsafe"
)

// viewable says whether Go values may be filled as bytes: whether this machine
// keeps numbers as the converter writes them, little-endian. Elsewhere every
// number goes by reflection. Only values that hold no pointer, and those parts
// of a struct that hold none, are ever written so.
var viewable = binary.NativeEndian.Uint16([]byte{1, 0}) == 1

// viewOf gives the memory of a slice, nil where it is not viewable.
func viewOf[T any](s []T) []byte {
	if !viewable || len(s) == 0 {
		return nil
	}
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(s))), len(s)*int(unsafe.Sizeof(s[0])))
}

// viewSlice is viewOf for a slice that reflection holds.
func viewSlice(v reflect.Value) []byte {
	return unsafe.Slice((*byte)(v.UnsafePointer()), v.Len()*int(v.Type().Elem().Size()))
}

// viewValue gives the memory of an addressable value.
func viewValue(v reflect.Value) []byte {
	return unsafe.Slice((*byte)(v.Addr().UnsafePointer()), int(v.Type().Size()))
}
