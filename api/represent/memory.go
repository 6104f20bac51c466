package represent

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/h5serve/h5serve/h5core/dtype"
)

// Memory is how numpy holds the elements of a type when h5py reads them: what
// numpy has a type for keeps its byte order and its bytes, the rest is converted.
type Memory struct {
	Descr string   // numpy's name: "<f4", "|b1", "|S10", "|V12" for structures
	Kind  byte     // numpy's: b, i, u, f, c, m of numbers; S, M, V of the others
	Size  int      // bytes of one item
	Dims  []uint64 // of an array type: axes that follow those of the dataset
	Big   bool     // the byte order of Descr

	stored int                                   // bytes of an item as stored
	swap   int                                   // bytes of the parts to be turned round; 0: none
	item   func(dst, src []byte) ([]byte, error) // one item; nil: it stays as it is
}

// ErrNoMemory is what numpy has no bytes for but addresses of Python's objects.
var ErrNoMemory = errors.New("numpy has objects for it, and no bytes")

// MemoryOf finds numpy's memory for a type. Variable-length types and references
// are ErrNoMemory.
func MemoryOf(t *dtype.Type) (*Memory, error) {
	var dims []uint64
	for t.Class == dtype.Array {
		for _, d := range t.Dims {
			dims = append(dims, uint64(d))
		}
		t = t.Base
	}
	m, err := itemMemory(tagged(t))
	if err != nil {
		return nil, err
	}
	m.Dims = dims
	return m, nil
}

// Numeric tells whether numpy counts it among the numbers or booleans.
func (m *Memory) Numeric() bool { return strings.IndexByte("biufcm", m.Kind) >= 0 }

// Items is how many items an element has.
func (m *Memory) Items() uint64 {
	n := uint64(1)
	for _, d := range m.Dims {
		n *= d
	}
	return n
}

// Append appends elements, given as stored.
func (m *Memory) Append(dst, src []byte) (_ []byte, err error) {
	switch {
	case m.item == nil && m.swap > 0:
		return appendReversed(dst, src, m.swap), nil
	case m.item == nil:
		return append(dst, src...), nil
	}
	begin := len(dst)
	for ; len(src) >= m.stored; src = src[m.stored:] {
		if dst, err = m.item(dst, src[:m.stored]); err != nil {
			return dst, err
		}
	}
	if m.swap > 0 {
		reverse(dst[begin:], m.swap)
	}
	return dst, nil
}

// Flat is the same memory without the axes of the type.
func (m *Memory) Flat() *Memory {
	d := *m
	d.Dims = nil
	return &d
}

// Little is the same memory in little-endian order.
func (m *Memory) Little() *Memory {
	if !m.Big {
		return m
	}
	d := *m
	d.Descr, d.Big, d.swap = "<"+m.Descr[1:], false, 0
	if m.item == nil {
		d.swap = m.part()
	}
	return &d
}

// part is how many bytes one number has.
func (m *Memory) part() int {
	if m.Kind == 'c' {
		return m.Size / 2
	}
	return m.Size
}

// convert makes it memory that items are converted to, which give little-endian numbers.
func (m *Memory) convert(item func(dst, src []byte) ([]byte, error)) {
	m.item = item
	if m.Big {
		m.swap = m.part()
	}
}

// Safe is the memory that JavaScript's typed arrays can take over: little-endian,
// half floats as float32, floats of more than 8 bytes as float64.
func (m *Memory) Safe(t *dtype.Type) *Memory {
	t = Item(t)
	switch {
	case m.Kind == 'f' && m.Size < 4:
		return m.derive("<f4", 4, func(dst, src []byte) ([]byte, error) { return appendSingle(dst, t, src) })
	case m.Kind == 'f' && m.Size > 8:
		return m.derive("<f8", 8, func(dst, src []byte) ([]byte, error) { return appendDouble(dst, t, src) })
	}
	return m.Little()
}

func (m *Memory) derive(descr string, size int, item func(dst, src []byte) ([]byte, error)) *Memory {
	d := *m
	d.Descr, d.Size, d.Big, d.item, d.swap = descr, size, false, item, 0
	return &d
}

func appendSingle(dst []byte, t *dtype.Type, src []byte) ([]byte, error) {
	v, err := t.GetFloat64(src)
	return binary.LittleEndian.AppendUint32(dst, math.Float32bits(float32(v))), err
}

func itemMemory(t *dtype.Type) (*Memory, error) {
	keep := func(kind byte, descr string) *Memory {
		return &Memory{Descr: descr, Kind: kind, Size: int(t.Size), stored: int(t.Size), Big: descr[0] == '>'}
	}
	switch t.Class {
	case dtype.Integer, dtype.Bitfield, dtype.Time:
		return integerMemory(t)
	case dtype.Enum:
		if IsBoolean(t) {
			return booleanMemory(t), nil
		}
		return integerMemory(t.Base)
	case dtype.Float:
		return floatMemory(t), nil
	case dtype.Complex:
		return complexMemory(t, t.Base)
	case dtype.String:
		return stringMemory(t), nil
	case dtype.Opaque:
		if name, _, ok := numpyTime(t); ok {
			return keep(name[1], name), nil
		}
		return keep('V', fmt.Sprintf("|V%d", t.Size)), nil
	case dtype.Compound:
		if part := ComplexPart(t); part != nil {
			return complexMemory(t, part)
		}
		return structureMemory(t)
	}
	return nil, ErrNoMemory
}

// IsBoolean tells whether h5py reads an enumeration as booleans: whatever integer it stands on.
func IsBoolean(t *dtype.Type) bool {
	if t.Class != dtype.Enum || len(t.Names) != 2 || uint32(len(t.Values)) != 2*t.Base.Size {
		return false
	}
	for i, name := range t.Names {
		v, err := t.Base.GetInt(t.Values[uint32(i)*t.Base.Size:][:t.Base.Size])
		if err != nil || name != [2]string{"FALSE", "TRUE"}[v&1] || v>>1 != 0 {
			return false
		}
	}
	return t.Names[0] != t.Names[1]
}

// ComplexPart is the float of which h5py reads two as a complex number, nil for what is none.
func ComplexPart(t *dtype.Type) *dtype.Type {
	if t.Class != dtype.Compound || len(t.Members) != 2 || t.Members[0].Name != "r" || t.Members[1].Name != "i" {
		return nil
	}
	re, im := t.Members[0].Type, t.Members[1].Type
	if re.Class != dtype.Float || im.Class != dtype.Float || floatName(re) != floatName(im) {
		return nil
	}
	if _, size := floatIn(re); size == 2 {
		return nil
	}
	return re
}

func booleanMemory(t *dtype.Type) *Memory {
	return &Memory{Descr: "|b1", Kind: 'b', Size: 1, stored: int(t.Size), item: func(dst, src []byte) ([]byte, error) {
		v, err := t.GetBool(src)
		if v {
			return append(dst, 1), err
		}
		return append(dst, 0), err
	}}
}

func integerMemory(t *dtype.Type) (*Memory, error) {
	n, err := numpyInteger(t)
	if err != nil {
		return nil, err
	}
	m := &Memory{Descr: strings.Trim(n.descr, "'"), stored: int(t.Size), item: n.convert}
	m.Kind, m.Big = m.Descr[1], m.Descr[0] == '>'
	m.Size = int(m.Descr[2] - '0')
	return m, nil
}

func stringMemory(t *dtype.Type) *Memory {
	n := numpyString(t)
	return &Memory{Descr: strings.Trim(n.descr, "'"), Kind: 'S', Size: int(t.Size), stored: int(t.Size), item: n.convert}
}

// structureMemory keeps the gaps of a compound. Members that need other bytes get them in their place.
func structureMemory(t *dtype.Type) (*Memory, error) {
	m := &Memory{Descr: fmt.Sprintf("|V%d", t.Size), Kind: 'V', Size: int(t.Size), stored: int(t.Size)}
	var changed []dtype.Member
	var parts []*Memory
	for _, member := range t.Members {
		part, err := MemoryOf(member.Type)
		if err != nil {
			return nil, fmt.Errorf("member %q: %w", member.Name, err)
		}
		if uint64(part.Size)*part.Items() != uint64(member.Type.Size) {
			return nil, fmt.Errorf("member %q: %s has no place for %s", member.Name, member.Type, part.Descr)
		}
		if part.item != nil {
			changed, parts = append(changed, member), append(parts, part)
		}
	}
	if len(parts) == 0 {
		return m, nil
	}
	m.item = func(dst, src []byte) (_ []byte, err error) {
		begin := len(dst)
		dst = append(dst, src...)
		for i, part := range parts {
			at := changed[i].Offset
			place := dst[begin+int(at) : begin+int(at)]
			if _, err = part.Append(place, src[at:at+changed[i].Type.Size]); err != nil {
				return dst, err
			}
		}
		return dst, nil
	}
	return m, nil
}

// DescrOf is numpy's name for a type as h5py gives it, "|O" for Python's objects. Where h5py has none, it is that
// of the memory, or of so many bytes.
func DescrOf(t *dtype.Type) string {
	t = tagged(t)
	switch {
	case t.Class == dtype.VarLen, t.Class == dtype.Reference:
		return "|O"
	case t.Class == dtype.Float:
		return floatName(t)
	case ComplexPart(t) != nil:
		order, size := floatIn(ComplexPart(t))
		return fmt.Sprintf("%cc%d", order, 2*size)
	}
	if m, err := MemoryOf(t); err == nil && len(m.Dims) == 0 {
		return m.Descr
	}
	return fmt.Sprintf("|V%d", t.Size)
}
