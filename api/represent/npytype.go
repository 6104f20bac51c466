package represent

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strings"
	"unicode/utf8"

	"github.com/h5serve/h5serve/h5core/dtype"
)

// numpy is a type as numpy has it.
type numpy struct {
	descr   string                                // as in the header, quotes and all
	size    int                                   // of an element as stored
	convert func(dst, src []byte) ([]byte, error) // one element; nil: it stays as it is
}

func newNumpy(t *dtype.Type) (*numpy, error) {
	switch t.Class {
	case dtype.Integer, dtype.Bitfield:
		return numpyInteger(t)
	case dtype.Enum:
		if t.IsBool() {
			return stays(t, "|b1"), nil
		}
		return numpyInteger(t.Base)
	case dtype.Float:
		if ieee(t) {
			return stays(t, numpyName(t, 'f')), nil
		}
		return converts(t, "<f8", func(dst, src []byte) ([]byte, error) { return appendDouble(dst, t, src) }), nil
	case dtype.String:
		return numpyString(t), nil
	case dtype.Opaque:
		if name, _, ok := numpyTime(t); ok {
			return stays(t, name), nil
		}
		return stays(t, fmt.Sprintf("|V%d", t.Size)), nil
	case dtype.Complex:
		return numpyComplex(t, t.Base), nil
	case dtype.Compound:
		if t.IsComplex() {
			return numpyComplex(t, t.Members[0].Type), nil
		}
		return numpyCompound(t)
	case dtype.VarLen:
		if t.IsString {
			return nil, errors.New("numpy stores no strings of variable length without pickle; use json or csv")
		}
		return nil, errors.New("numpy stores no sequences of variable length without pickle; use json")
	case dtype.Reference:
		return nil, errors.New("numpy has no references; use json")
	case dtype.Time:
		return nil, errors.New("numpy has no type for the times of HDF5; use json")
	}
	return nil, errors.New("numpy has no such type")
}

func stays(t *dtype.Type, descr string) *numpy {
	return &numpy{descr: "'" + descr + "'", size: int(t.Size)}
}

func converts(t *dtype.Type, descr string, convert func(dst, src []byte) ([]byte, error)) *numpy {
	return &numpy{"'" + descr + "'", int(t.Size), convert}
}

// numpyName is numpy's name of a number of that kind: order, kind, size.
func numpyName(t *dtype.Type, kind byte) string {
	order := "<"
	switch {
	case t.Size == 1:
		order = "|"
	case t.Order == dtype.BigEndian:
		order = ">"
	}
	return fmt.Sprintf("%s%c%d", order, kind, t.Size)
}

func numpyInteger(t *dtype.Type) (*numpy, error) {
	kind := byte('u')
	if t.Signed {
		kind = 'i'
	}
	size := uint32(1)
	for size < t.Size {
		size *= 2
	}
	switch {
	case size > 8:
		return nil, fmt.Errorf("numpy has no integers of %d bytes", t.Size)
	case size == t.Size && whole(t):
		return stays(t, numpyName(t, kind)), nil
	}
	descr := numpyName(&dtype.Type{Size: size}, kind)
	return converts(t, descr, func(dst, src []byte) ([]byte, error) {
		v, err := bitsOf(t, src)
		var room [8]byte
		binary.LittleEndian.PutUint64(room[:], v)
		return append(dst, room[:size]...), err
	}), nil
}

// numpyString cuts a string where HDF5 ends it; numpy ends it at trailing NULs.
func numpyString(t *dtype.Type) *numpy {
	descr := fmt.Sprintf("|S%d", t.Size)
	if t.Padding == dtype.NullPad {
		return stays(t, descr)
	}
	return converts(t, descr, func(dst, src []byte) ([]byte, error) {
		s := t.GetBytes(src)
		return append(append(dst, s...), make([]byte, len(src)-len(s))...), nil
	})
}

// numpyComplex has complex numbers of two floats or doubles.
func numpyComplex(t, part *dtype.Type) *numpy {
	switch {
	case ieee(part) && part.Size >= 4:
		return stays(t, numpyName(&dtype.Type{Size: t.Size, Order: part.Order}, 'c'))
	case ieee(part):
		return converts(t, "<c8", func(dst, src []byte) ([]byte, error) {
			v, err := t.GetComplex(src)
			dst = binary.LittleEndian.AppendUint32(dst, math.Float32bits(float32(real(v))))
			return binary.LittleEndian.AppendUint32(dst, math.Float32bits(float32(imag(v)))), err
		})
	}
	return converts(t, "<c16", func(dst, src []byte) ([]byte, error) {
		dst, err := appendDouble(dst, part, src)
		if err != nil {
			return dst, err
		}
		return appendDouble(dst, part, src[part.Size:])
	})
}

func numpyCompound(t *dtype.Type) (*numpy, error) {
	var fields []string
	var parts []func(dst, src []byte) ([]byte, error)
	packed := uint32(0) // bytes that may stay as they are
	for _, m := range t.Members {
		n, dims, err := numpyField(m.Type)
		if err != nil {
			return nil, fmt.Errorf("member %q: %w", m.Name, err)
		}
		if n.convert == nil && m.Offset == packed {
			packed += m.Type.Size
		}
		fields = append(fields, fmt.Sprintf("(%s, %s%s)", quoted(m.Name), n.descr, dims))
		parts = append(parts, n.each(int(m.Offset), int(m.Type.Size)))
	}
	all := &numpy{descr: "[" + strings.Join(fields, ", ") + "]", size: int(t.Size)}
	if packed == t.Size {
		return all, nil
	}
	all.convert = func(dst, src []byte) (_ []byte, err error) {
		for _, part := range parts {
			if dst, err = part(dst, src); err != nil {
				return dst, err
			}
		}
		return dst, nil
	}
	return all, nil
}

// numpyField is the type of a member and, where it is an array, its shape as
// a third item of the tuple.
func numpyField(t *dtype.Type) (n *numpy, dims string, err error) {
	for t.Class == dtype.Array {
		for _, d := range t.Dims {
			dims += fmt.Sprintf("%d, ", d)
		}
		t = t.Base
	}
	if dims != "" {
		dims = ", (" + strings.TrimSuffix(dims, " ") + ")"
	}
	n, err = newNumpy(t)
	return n, dims, err
}

// each converts the elements of n in a part of a compound.
func (n *numpy) each(offset, size int) func(dst, src []byte) ([]byte, error) {
	return func(dst, src []byte) (_ []byte, err error) {
		src = src[offset : offset+size]
		if n.convert == nil {
			return append(dst, src...), nil
		}
		for ; len(src) > 0; src = src[n.size:] {
			if dst, err = n.convert(dst, src[:n.size]); err != nil {
				return dst, err
			}
		}
		return dst, nil
	}
}

// quoted is a name as a literal of Python. Bytes that are no UTF-8 become the
// characters of Latin-1.
func quoted(name string) string {
	var b strings.Builder
	b.WriteByte('\'')
	for i, r := range name {
		switch {
		case r == utf8.RuneError && !strings.HasPrefix(name[i:], "\ufffd"):
			fmt.Fprintf(&b, `\x%02x`, name[i])
		case r == '\'' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r < ' ' || r == 0x7f:
			fmt.Fprintf(&b, `\x%02x`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('\'')
	return b.String()
}
