package h5core

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"reflect"

	"github.com/h5serve/h5serve/h5core/convert"
	"github.com/h5serve/h5serve/h5core/dtype"
)

// setBool sets whether a number is not 0.
func setBool(rt reflect.Type, t *dtype.Type) (setter, error) {
	if !isNumber(t) || t.Class == dtype.Float || t.Class == dtype.Time {
		return nil, mismatch(t, rt, "it holds no booleans")
	}
	return func(_ *run, src []byte, v reflect.Value) error {
		b, err := t.GetBool(src)
		v.SetBool(b)
		return err
	}, nil
}

// setText sets a string, or a pointer to one.
func setText(rt reflect.Type, t *dtype.Type) (setter, error) {
	get, err := textOf(rt, t)
	if err != nil {
		return nil, err
	}
	if rt.Kind() == reflect.String {
		return func(r *run, src []byte, v reflect.Value) error {
			s, _, err := get(r, src)
			v.SetString(s)
			return err
		}, nil
	}
	return func(r *run, src []byte, v reflect.Value) error {
		s, null, err := get(r, src)
		if null || err != nil {
			v.SetZero()
			return err
		}
		v.Set(reflect.New(rt.Elem()))
		v.Elem().SetString(s)
		return nil
	}, nil
}

// textOf reads the text of an element, and whether it is a null one.
func textOf(rt reflect.Type, t *dtype.Type) (func(r *run, src []byte) (string, bool, error), error) {
	switch {
	case t.Class == dtype.String, t.Class == dtype.Enum:
		return func(r *run, src []byte) (string, bool, error) {
			s, err := t.GetString(src)
			return s, false, err
		}, nil
	case t.Class == dtype.VarLen && t.IsString:
		return func(r *run, src []byte) (string, bool, error) {
			p := varText(r.elements.VarLen(src))
			return string(p), p == nil, r.make(uint64(len(p)))
		}, nil
	}
	return nil, mismatch(t, rt, "it holds no text")
}

// varText is a variable string up to its NUL: some writers store that too.
func varText(p []byte) []byte {
	if i := bytes.IndexByte(p, 0); i >= 0 {
		return p[:i]
	}
	return p
}

// slice decoders a slice: of bytes, of an array's elements, or of those that a
// descriptor leads to.
func (p *decoder) slice(rt reflect.Type, t *dtype.Type, level int) error {
	isBytes := rt.Elem().Kind() == reflect.Uint8
	switch {
	case t.Class == dtype.VarLen && t.IsString && isBytes:
		p.follows = true
		p.value = func(r *run, src []byte, v reflect.Value) error {
			text := varText(r.elements.VarLen(src))
			v.SetBytes(bytes.Clone(text))
			return r.make(uint64(len(text)))
		}
		return nil
	case t.Class == dtype.VarLen && !t.IsString:
		return p.sequence(rt, t, level)
	case t.Class == dtype.Array:
		return p.array(rt, t, level)
	case isBytes:
		p.memory += uint64(t.Size)
		p.value = func(_ *run, src []byte, v reflect.Value) error {
			v.SetBytes(bytes.Clone(t.GetBytes(src)))
			return nil
		}
		return nil
	}
	return mismatch(t, rt, "it holds no sequence")
}

func (p *decoder) sequence(rt reflect.Type, t *dtype.Type, level int) error {
	base, err := newDecoder(rt.Elem(), t.Base, level+1)
	if err != nil {
		return err
	}
	p.follows = true
	p.value = func(r *run, src []byte, v reflect.Value) error {
		data := r.elements.VarLen(src)
		if len(data) == 0 || t.Base.Size == 0 {
			v.SetZero()
			return nil
		}
		n := len(data) / int(t.Base.Size)
		if err := r.make(uint64(n) * base.memory); err != nil {
			return err
		}
		v.Set(reflect.MakeSlice(rt, n, n))
		return base.fill(r, data, v)
	}
	return nil
}

// array decoders an array type, axis by axis: a Go array or slice for each.
func (p *decoder) array(rt reflect.Type, t *dtype.Type, level int) error {
	if t.Class != dtype.Array {
		return mismatch(t, rt, "it is no array of %d", rt.Len())
	}
	inner, length := t.Base, int(t.Dims[0])
	if len(t.Dims) > 1 {
		rows, err := dtype.ArrayOf(t.Base, t.Dims[1:]...)
		if err != nil {
			return mismatch(t, rt, "%w", err)
		}
		inner = rows
	}
	element, err := newDecoder(rt.Elem(), inner, level+1)
	if err != nil {
		return err
	}
	p.follows = element.follows
	if rt.Kind() == reflect.Array {
		if rt.Len() != length {
			return mismatch(t, rt, "the array has %d elements", length)
		}
		p.memory = uint64(length) * element.memory
		p.value = func(r *run, src []byte, v reflect.Value) error { return element.fill(r, src, v.Slice(0, length)) }
		return nil
	}
	p.memory += uint64(length) * element.memory
	p.value = func(r *run, src []byte, v reflect.Value) error {
		v.Set(reflect.MakeSlice(rt, length, length))
		return element.fill(r, src, v)
	}
	return nil
}

// structure decoders a struct: its plain fields in one conversion, each other one
// by itself.
func (p *decoder) structure(rt reflect.Type, t *dtype.Type, level int) error {
	members, rest, err := fieldLayouts(rt, t, level)
	if err != nil {
		return err
	}
	type part struct {
		at, end, index int
		set            setter
		name           string
	}
	var parts []part
	for _, m := range t.Members {
		f, ok := rest[m.Name]
		if !ok {
			continue
		}
		field, err := newDecoder(f.Type, m.Type, level+1)
		if err != nil {
			return inMember(m.Name, err)
		}
		p.follows = p.follows || field.follows
		p.memory += field.memory - uint64(f.Type.Size())
		parts = append(parts, part{int(m.Offset), int(m.Offset + m.Type.Size), f.Index[0], field.set, m.Name})
	}
	if len(members) > 0 {
		memory := &dtype.Type{Class: dtype.Compound, Size: uint32(rt.Size()), Order: dtype.NoOrder, Members: members}
		if err := p.convert(rt, memory, level); err != nil {
			return err
		}
	}
	p.value = func(r *run, src []byte, v reflect.Value) error {
		for _, f := range parts {
			if err := f.set(r, src[f.at:f.end], v.Field(f.index)); err != nil {
				return inMember(f.name, err)
			}
		}
		return nil
	}
	return nil
}

// byReflection does what a conversion into memory does, value by value, on
// machines whose memory is not little-endian.
func byReflection(rt reflect.Type, t, memory *dtype.Type, level int) (setter, error) {
	switch memory.Class {
	case dtype.Integer, dtype.Float, dtype.Complex:
		c, err := convert.New(numbers(t), memory)
		if err != nil {
			return nil, &TypeError{Stored: t, Go: rt, Err: err}
		}
		return func(r *run, src []byte, v reflect.Value) error {
			err := c.Convert(r.scratch[:], src, 1)
			setNumber(v, r.scratch[:])
			return err
		}, nil
	case dtype.String, dtype.Opaque:
		return func(_ *run, src []byte, v reflect.Value) error {
			v.SetZero()
			text := t.GetBytes(src)
			for i := range min(len(text), v.Len()) {
				v.Index(i).SetUint(uint64(text[i]))
			}
			return nil
		}, nil
	case dtype.Array:
		p := &decoder{stored: t}
		err := p.array(rt, t, level)
		return p.value, err
	}
	return fieldByField(rt, t, memory, level)
}

func fieldByField(rt reflect.Type, t, memory *dtype.Type, level int) (setter, error) {
	fields, err := fieldsOf(rt, t)
	if err != nil {
		return nil, err
	}
	type part struct {
		at, end, index int
		set            setter
	}
	var parts []part
	for _, m := range memory.Members {
		for _, s := range t.Members {
			if s.Name != m.Name {
				continue
			}
			set, err := byReflection(fields[m.Name].Type, s.Type, m.Type, level+1)
			if err != nil {
				return nil, inMember(m.Name, err)
			}
			parts = append(parts, part{int(s.Offset), int(s.Offset + s.Type.Size), fields[m.Name].Index[0], set})
		}
	}
	return func(r *run, src []byte, v reflect.Value) error {
		for _, f := range parts {
			if err := f.set(r, src[f.at:f.end], v.Field(f.index)); err != nil {
				return err
			}
		}
		return nil
	}, nil
}

// setNumber sets a number from its little-endian bytes.
func setNumber(v reflect.Value, p []byte) {
	word := binary.LittleEndian.Uint64
	single := func(p []byte) float64 { return float64(math.Float32frombits(binary.LittleEndian.Uint32(p))) }
	double := func(p []byte) float64 { return math.Float64frombits(word(p)) }
	shift := 64 - 8*min(8, int(v.Type().Size()))
	switch k := v.Kind(); {
	case k >= reflect.Int && k <= reflect.Int64:
		v.SetInt(int64(word(p)<<shift) >> shift)
	case k >= reflect.Uint && k <= reflect.Uint64:
		v.SetUint(word(p) << shift >> shift)
	case k == reflect.Float32:
		v.SetFloat(single(p))
	case k == reflect.Float64:
		v.SetFloat(double(p))
	case k == reflect.Complex64:
		v.SetComplex(complex(single(p), single(p[4:])))
	case k == reflect.Complex128:
		v.SetComplex(complex(double(p), double(p[8:])))
	default:
		panic(fmt.Sprintf("%s is no number", v.Type()))
	}
}
