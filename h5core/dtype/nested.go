package dtype

import (
	"fmt"
	"reflect"
)

// encode stores one element, held by a Go value, in dst, which has its size.
type encode func(dst []byte, v reflect.Value) error

// appendNested is AppendSlice for everything but plain slices. How a Go type
// maps to t is worked out once, then run for each element.
func (t *Type) appendNested(dst []byte, v any, h Heap) ([]byte, error) {
	rv := reflect.ValueOf(v)
	if !rv.IsValid() {
		return dst, misfit(t, v, "nil")
	}
	rt := rv.Type()
	axes := depth(rt) - t.depth(leaf(rt))
	if axes < 0 {
		return dst, bad("value", "%s has too few axes for %s", rt, t)
	}
	inner := rt
	for range axes {
		inner = inner.Elem()
	}
	put, err := t.compile(inner, h)
	if err != nil {
		return dst, err
	}
	w := writer{t: t, put: put}
	out, err := w.write(dst, rv, axes)
	if err != nil {
		return dst, err
	}
	return out, nil
}

type writer struct {
	t   *Type
	put encode
}

// write appends the elements of v, which has that many axes above them.
func (w *writer) write(dst []byte, v reflect.Value, axes int) ([]byte, error) {
	if axes == 0 {
		all, room, err := w.t.grow(dst, 1)
		if err != nil {
			return dst, err
		}
		clear(room)
		return all, w.put(room, v)
	}
	if axes == 1 {
		if out, ok, err := w.t.appendFlat(dst, flat(v)); ok {
			return out, err
		}
	}
	var err error
	for i := range v.Len() {
		if dst, err = w.write(dst, v.Index(i), axes-1); err != nil {
			return dst, at(i, err)
		}
	}
	return dst, nil
}

// flat returns a slice or array as a plain slice where it is one.
func flat(v reflect.Value) any {
	if v.Kind() == reflect.Array && v.CanAddr() {
		v = v.Slice(0, v.Len())
	}
	if v.Kind() == reflect.Slice && v.CanInterface() {
		return v.Interface()
	}
	return nil
}

func nests(rt reflect.Type) bool { return rt.Kind() == reflect.Slice || rt.Kind() == reflect.Array }

// depth is how many axes a Go type has.
func depth(rt reflect.Type) int {
	n := 0
	for ; nests(rt); rt = rt.Elem() {
		n++
	}
	return n
}

// leaf is what lies under the axes of a Go type.
func leaf(rt reflect.Type) reflect.Type {
	for nests(rt) {
		rt = rt.Elem()
	}
	return rt
}

// depth is how many axes one element takes up in Go, over values of type
// leaf.
func (t *Type) depth(leaf reflect.Type) int {
	switch {
	case t.Class == Array:
		return len(t.Dims) + t.Base.depth(leaf)
	case t.Class == VarLen && !t.IsString:
		return 1 + t.Base.depth(leaf)
	case t.Class == String, t.Class == Opaque, t.Class == VarLen:
		if leaf.Kind() == reflect.Uint8 {
			return 1
		}
	}
	return 0
}

// compile works out how values of the Go type rt become elements of t.
func (t *Type) compile(rt reflect.Type, h Heap) (encode, error) {
	switch {
	case t.Class == Array:
		return t.compileArray(rt, t.Dims, h)
	case t.Class == VarLen && t.IsString:
		return t.compileText(rt, h)
	case t.Class == VarLen:
		return t.compileSequence(rt, h)
	case t.Class == Compound && rt.Kind() == reflect.Struct:
		return t.compileStruct(rt, h)
	case t.Class == Reference:
		return nil, bad("value", "%s does not go into %s: a reference needs a file", rt, t)
	}
	return t.compilePlain(rt)
}

func (t *Type) compilePlain(rt reflect.Type) (encode, error) {
	switch k := rt.Kind(); {
	case k == reflect.Bool:
		return func(dst []byte, v reflect.Value) error { return t.PutBool(dst, v.Bool()) }, nil
	case k >= reflect.Int && k <= reflect.Int64:
		return func(dst []byte, v reflect.Value) error { return t.PutInt(dst, v.Int()) }, nil
	case k >= reflect.Uint && k <= reflect.Uint64:
		return func(dst []byte, v reflect.Value) error { return t.PutUint(dst, v.Uint()) }, nil
	case k == reflect.Float32 || k == reflect.Float64:
		return func(dst []byte, v reflect.Value) error { return t.PutFloat(dst, v.Float()) }, nil
	case k == reflect.Complex64 || k == reflect.Complex128:
		return func(dst []byte, v reflect.Value) error { return t.PutComplex(dst, v.Complex()) }, nil
	case k == reflect.String:
		return func(dst []byte, v reflect.Value) error { return t.PutString(dst, v.String()) }, nil
	case nests(rt) && rt.Elem().Kind() == reflect.Uint8:
		return func(dst []byte, v reflect.Value) error { return t.PutBytes(dst, byteSlice(v)) }, nil
	}
	return nil, bad("value", "a Go %s does not go into %s", rt, t)
}

// byteSlice returns the bytes of a []byte or [n]byte.
func byteSlice(v reflect.Value) []byte {
	if v.Kind() == reflect.Slice || v.CanAddr() {
		return v.Bytes()
	}
	b := make([]byte, v.Len())
	reflect.Copy(reflect.ValueOf(b), v)
	return b
}

func (t *Type) compileArray(rt reflect.Type, dims []uint32, h Heap) (encode, error) {
	if len(dims) == 0 {
		return t.Base.compile(rt, h)
	}
	if !nests(rt) {
		return nil, bad("value", "a Go %s is no array for %s", rt, t)
	}
	put, err := t.compileArray(rt.Elem(), dims[1:], h)
	if err != nil {
		return nil, err
	}
	return func(dst []byte, v reflect.Value) error {
		if uint64(v.Len()) != uint64(dims[0]) {
			return wrong(t, nil, "%d values for the %d of %s", v.Len(), dims[0], t)
		}
		step := len(dst) / v.Len()
		for i := range v.Len() {
			if err := put(dst[i*step:(i+1)*step], v.Index(i)); err != nil {
				return at(i, err)
			}
		}
		return nil
	}, nil
}

func (t *Type) compileText(rt reflect.Type, h Heap) (encode, error) {
	put := func(dst []byte, s string) error {
		if err := t.checkVarText(s); err != nil {
			return err
		}
		return t.putDescriptor(dst, h, []byte(s), len(s))
	}
	switch {
	case rt.Kind() == reflect.String:
		return func(dst []byte, v reflect.Value) error { return put(dst, v.String()) }, nil
	case rt.Kind() == reflect.Pointer && rt.Elem().Kind() == reflect.String:
		return func(dst []byte, v reflect.Value) error {
			if v.IsNil() {
				return nil // the null descriptor
			}
			return put(dst, v.Elem().String())
		}, nil
	case nests(rt) && rt.Elem().Kind() == reflect.Uint8:
		return func(dst []byte, v reflect.Value) error { return put(dst, string(byteSlice(v))) }, nil
	}
	return nil, bad("value", "a Go %s is no text for %s", rt, t)
}

func (t *Type) compileSequence(rt reflect.Type, h Heap) (encode, error) {
	if !nests(rt) {
		return nil, bad("value", "a Go %s is no sequence for %s", rt, t)
	}
	put, err := t.Base.compile(rt.Elem(), h)
	if err != nil {
		return nil, err
	}
	w := writer{t: t.Base, put: put}
	return func(dst []byte, v reflect.Value) error {
		if v.Len() == 0 {
			return nil // the null descriptor
		}
		data, err := w.write(nil, v, 1)
		if err != nil {
			return err
		}
		return t.putDescriptor(dst, h, data, v.Len())
	}, nil
}

func (t *Type) compileStruct(rt reflect.Type, h Heap) (encode, error) {
	fields, err := structFields(rt)
	if err != nil {
		return nil, err
	}
	puts := make([]encode, len(t.Members))
	from := make([]int, len(t.Members))
	for i, m := range t.Members {
		f, ok := fields[m.Name]
		if !ok {
			return nil, bad(fmt.Sprintf("member %q", m.Name), "the Go type %s has no such field", rt)
		}
		if puts[i], err = m.Type.compile(f.Type, h); err != nil {
			return nil, within(fmt.Sprintf("member %q", m.Name), err)
		}
		from[i] = f.Index[0]
		delete(fields, m.Name)
	}
	for name, f := range fields {
		return nil, bad(fmt.Sprintf("field %s", f.Name), "%s has no member %q", t, name)
	}
	return func(dst []byte, v reflect.Value) error {
		for i, m := range t.Members {
			if err := puts[i](dst[m.Offset:m.Offset+m.Type.Size], v.Field(from[i])); err != nil {
				return fmt.Errorf("member %q: %w", m.Name, err)
			}
		}
		return nil
	}, nil
}

// structFields returns the fields of a struct by the names of their members.
func structFields(rt reflect.Type) (map[string]reflect.StructField, error) {
	fields := make(map[string]reflect.StructField)
	for i := range rt.NumField() {
		f := rt.Field(i)
		name := memberName(f)
		if name == "" {
			continue
		}
		if other, ok := fields[name]; ok {
			return nil, bad("field "+f.Name, "has the member name of %s, %q", other.Name, name)
		}
		fields[name] = f
	}
	return fields, nil
}

// memberName is the name that a field is stored under, empty where it is not.
func memberName(f reflect.StructField) string {
	tag := f.Tag.Get("h5")
	switch {
	case !f.IsExported() || tag == "-":
		return ""
	case tag != "":
		return tag
	}
	return f.Name
}
