package dtype

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
)

// Heap keeps what does not fit into an element: the text of a variable string,
// the elements of a variable-length sequence. Put returns where data will lie,
// the address and the index of its place; data is valid only during the call.
type Heap interface {
	Put(data []byte) (token uint64, index uint32, err error)
}

// AppendSlice appends the elements of v, a value or a slice or array of any
// depth, in C order, as t stores them.
//
// It takes all integers, floats, complex numbers, booleans and strings, []byte
// for fixed strings and opaque types, slices and arrays for arrays and
// variable-length sequences, and structs for compounds: a field goes to the
// member that its tag `h5:"name"` names, or else its own name, case-exact.
// What an element has axes for is taken from the innermost axes of v; flat
// values for an array type are appended by its Base.
//
// Variable-length values go to the heap, if one is given: an element holds
// the length (uint32), and the token and the index that Put returned. A nil
// *string and an empty sequence become the null descriptor, all zeros.
//
// Errors are *RangeError, *ValueError, or *Error where v's type can never go
// into t, inside an *ElementError that says where. dst is then returned as it
// was.
func (t *Type) AppendSlice(dst []byte, v any, heap ...Heap) ([]byte, error) {
	if out, ok, err := t.appendFlat(dst, v); ok {
		return out, err
	}
	var h Heap
	if len(heap) > 0 {
		h = heap[0]
	}
	return t.appendNested(dst, v, h)
}

// appendFlat appends a plain slice; ok is false where it leaves v to the slow
// path.
func (t *Type) appendFlat(dst []byte, v any) (out []byte, ok bool, err error) {
	switch v := v.(type) {
	case []complex64:
		out, err = appendComplex(dst, t, v)
		return out, true, err
	case []complex128:
		out, err = appendComplex(dst, t, v)
		return out, true, err
	}
	switch t.Class {
	case Array, VarLen, Compound, Opaque, String, Reference:
		return nil, false, nil
	}
	switch v := v.(type) {
	case []int8:
		out, err = appendInts(dst, t, v)
	case []int16:
		out, err = appendInts(dst, t, v)
	case []int32:
		out, err = appendInts(dst, t, v)
	case []int64:
		out, err = appendInts(dst, t, v)
	case []int:
		out, err = appendInts(dst, t, v)
	case []uint8:
		out, err = appendInts(dst, t, v)
	case []uint16:
		out, err = appendInts(dst, t, v)
	case []uint32:
		out, err = appendInts(dst, t, v)
	case []uint64:
		out, err = appendInts(dst, t, v)
	case []uint:
		out, err = appendInts(dst, t, v)
	case []float32:
		out, err = appendFloats(dst, t, v)
	case []float64:
		out, err = appendFloats(dst, t, v)
	case []bool:
		out, err = appendBools(dst, t, v)
	default:
		return nil, false, nil
	}
	return out, true, err
}

type ints interface {
	~int8 | ~int16 | ~int32 | ~int64 | ~int | ~uint8 | ~uint16 | ~uint32 | ~uint64 | ~uint
}

// grow returns dst with room for n more elements of t, and that room.
func (t *Type) grow(dst []byte, n int) (all, room []byte, err error) {
	if uint64(n) > math.MaxInt/uint64(t.Size) {
		return dst, nil, bad("size", "%d elements of %d bytes", n, t.Size)
	}
	size := n * int(t.Size)
	all = slices.Grow(dst, size)[:len(dst)+size]
	return all, all[len(dst):], nil
}

func appendInts[V ints](dst []byte, t *Type, v []V) ([]byte, error) {
	if !t.standardInt() {
		return appendEach(dst, t, v, func(b []byte, x V) error {
			if x < 0 {
				return t.PutInt(b, int64(x))
			}
			return t.PutUint(b, uint64(x))
		})
	}
	if !holdsAll[V](t) {
		for i, x := range v {
			if (x < 0 && !t.holdsInt(int64(x))) || (x >= 0 && !t.holdsUint(uint64(x))) {
				return dst, at(i, &RangeError{Value: x, Type: t})
			}
		}
	}
	all, room, err := t.grow(dst, len(v))
	if err == nil {
		storeInts(room, t, v)
	}
	return all, err
}

// holdsAll says whether t holds every V: the extremes of V tell.
func holdsAll[V ints](t *Type) bool {
	if most := ^V(0); most > 0 {
		return t.holdsUint(uint64(most))
	}
	least := V(1)
	for least > 0 {
		least <<= 1
	}
	return t.holdsInt(int64(least))
}

// storeInts stores the low bytes of every value.
func storeInts[V ints](b []byte, t *Type, v []V) {
	big := t.Order == BigEndian
	switch {
	case t.Size == 1:
		for i, x := range v {
			b[i] = byte(x)
		}
	case t.Size == 2 && big:
		for i, x := range v {
			binary.BigEndian.PutUint16(b[2*i:], uint16(x))
		}
	case t.Size == 2:
		for i, x := range v {
			binary.LittleEndian.PutUint16(b[2*i:], uint16(x))
		}
	case t.Size == 4 && big:
		for i, x := range v {
			binary.BigEndian.PutUint32(b[4*i:], uint32(x))
		}
	case t.Size == 4:
		for i, x := range v {
			binary.LittleEndian.PutUint32(b[4*i:], uint32(x))
		}
	case big:
		for i, x := range v {
			binary.BigEndian.PutUint64(b[8*i:], uint64(x))
		}
	default:
		for i, x := range v {
			binary.LittleEndian.PutUint64(b[8*i:], uint64(x))
		}
	}
}

func appendFloats[V float32 | float64](dst []byte, t *Type, v []V) ([]byte, error) {
	size := t.ieee()
	if size != 4 && size != 8 {
		return appendEach(dst, t, v, func(b []byte, x V) error { return t.PutFloat(b, float64(x)) })
	}
	all, room, err := t.grow(dst, len(v))
	if err != nil {
		return dst, err
	}
	if size == 8 {
		storeFloat64s(room, t, v)
	} else if i := storeFloat32s(room, t, v); i >= 0 {
		return dst, at(i, &RangeError{Value: v[i], Type: t})
	}
	return all, nil
}

func storeFloat64s[V float32 | float64](b []byte, t *Type, v []V) {
	if t.Order == BigEndian {
		for i, x := range v {
			binary.BigEndian.PutUint64(b[8*i:], math.Float64bits(float64(x)))
		}
		return
	}
	for i, x := range v {
		binary.LittleEndian.PutUint64(b[8*i:], math.Float64bits(float64(x)))
	}
}

// storeFloat32s returns the index of the first value that does not fit, -1
// where all do.
func storeFloat32s[V float32 | float64](b []byte, t *Type, v []V) int {
	big := t.Order == BigEndian
	for i, x := range v {
		f := float32(x)
		if (f > math.MaxFloat32 || f < -math.MaxFloat32) && !math.IsInf(float64(x), 0) {
			return i
		}
		if big {
			binary.BigEndian.PutUint32(b[4*i:], math.Float32bits(f))
		} else {
			binary.LittleEndian.PutUint32(b[4*i:], math.Float32bits(f))
		}
	}
	return -1
}

func appendBools(dst []byte, t *Type, v []bool) ([]byte, error) {
	if !t.IsBool() {
		return appendEach(dst, t, v, t.PutBool)
	}
	for _, x := range v {
		if x {
			dst = append(dst, 1)
		} else {
			dst = append(dst, 0)
		}
	}
	return dst, nil
}

func appendComplex[V complex64 | complex128](dst []byte, t *Type, v []V) ([]byte, error) {
	part := t.complexPart()
	if part == nil {
		return appendEach(dst, t, v, func(b []byte, x V) error { return t.PutComplex(b, complex128(x)) })
	}
	return appendEach(dst, t, v, func(b []byte, x V) error { return part.putPair(b, complex128(x)) })
}

// appendEach is the general loop: one call for each value.
func appendEach[V any](dst []byte, t *Type, v []V, put func([]byte, V) error) ([]byte, error) {
	all, room, err := t.grow(dst, len(v))
	if err != nil {
		return dst, err
	}
	n := int(t.Size)
	for i, x := range v {
		if err := put(room[i*n:(i+1)*n], x); err != nil {
			return dst, at(i, err)
		}
	}
	return all, nil
}

// putDescriptor stores data in the heap, and where it went in dst. Count is
// the length in elements of a sequence, in bytes of a string.
func (t *Type) putDescriptor(dst []byte, h Heap, data []byte, count int) error {
	if h == nil {
		return wrong(t, nil, "a variable-length value needs a heap")
	}
	if uint64(count) > math.MaxUint32 {
		return wrong(t, nil, "%d elements in one variable-length value; at most %d", count, uint32(math.MaxUint32))
	}
	token, index, err := h.Put(data)
	if err != nil {
		return fmt.Errorf("variable-length value: %w", err)
	}
	address := 8 * (int(t.Size) - 8)
	if address < 64 && token>>address != 0 {
		return wrong(t, nil, "the heap's token %#x has more than %d bits", token, address)
	}
	clear(dst)
	binary.LittleEndian.PutUint32(dst, uint32(count))
	LittleEndian.setBits(dst, 32, min(64, address), token)
	binary.LittleEndian.PutUint32(dst[t.Size-4:], index)
	return nil
}
