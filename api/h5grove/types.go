package h5grove

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/h5serve/h5serve/api/represent"
	"github.com/h5serve/h5serve/h5core/dtype"
)

// typeInfo is a datatype as h5grove describes it: by HDF5's class and what h5py tells of it.
type typeInfo struct {
	Name    *string   `json:"name,omitempty"` // of a member of a compound
	Class   int       `json:"class"`
	Dtype   any       `json:"dtype"` // numpy's, an object for structures
	Size    uint32    `json:"size"`
	Order   *int      `json:"order,omitempty"`
	Sign    *int      `json:"sign,omitempty"`
	CharSet *int      `json:"cset,omitempty"`
	Padding *int      `json:"strpad,omitempty"`
	VarLen  *bool     `json:"vlen,omitempty"`
	Tag     *string   `json:"tag,omitempty"`
	Members any       `json:"members,omitempty"`
	Dims    []uint32  `json:"dims,omitempty"`
	Base    *typeInfo `json:"base,omitempty"`
}

// pairs is a JSON object in that order.
type pairs []pair

type pair struct {
	key   string
	value any
}

// MarshalJSON implements json.Marshaler.
func (p pairs) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	out := json.NewEncoder(&b)
	out.SetEscapeHTML(false)
	between := byte('{')
	for _, one := range p {
		b.WriteByte(between)
		if err := out.Encode(one.key); err != nil {
			return nil, err
		}
		b.WriteByte(':')
		if err := out.Encode(one.value); err != nil {
			return nil, err
		}
		between = ','
	}
	if len(p) == 0 {
		b.WriteByte('{')
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// describe describes a type as the C library has it in memory. HDF5 2.0's complex numbers, which nobody knows who
// speaks with h5grove, are compounds of r and i.
func describe(stored *dtype.Type) *typeInfo { return describeMemory(represent.InMemory(stored)) }

func describeMemory(t *dtype.Type) *typeInfo {
	info := &typeInfo{Class: int(t.Class), Dtype: dtypeOf(t), Size: t.Size}
	number := func(n int) *int { return &n }
	switch t.Class {
	case dtype.Integer:
		info.Order, info.Sign = number(order(t)), number(0)
		if t.Signed {
			info.Sign = number(1)
		}
	case dtype.Float, dtype.Bitfield:
		info.Order = number(order(t))
	case dtype.String:
		info.text(t, false)
	case dtype.Opaque:
		info.Tag = &t.Tag
	case dtype.Compound:
		info.Members = membersOf(t.Members)
	case dtype.Complex:
		info.Class = int(dtype.Compound)
		info.Members = membersOf([]dtype.Member{{Name: "r", Type: t.Base}, {Name: "i", Type: t.Base}})
	case dtype.Enum:
		info.Members, info.Base = valuesOf(t), describeMemory(t.Base)
	case dtype.VarLen:
		if t.IsString {
			info.Class = int(dtype.String)
			info.text(t, true)
			break
		}
		info.Base = describeMemory(t.Base)
	case dtype.Array:
		info.Dims, info.Base = t.Dims, describeMemory(t.Base)
	}
	return info
}

func (info *typeInfo) text(t *dtype.Type, variable bool) {
	charset, padding := int(t.CharSet), int(t.Padding)
	info.CharSet, info.Padding, info.VarLen = &charset, &padding, &variable
}

// order is the number that the C library's H5T_order_t has for it.
func order(t *dtype.Type) int {
	switch t.Order {
	case dtype.BigEndian:
		return 1
	case dtype.VAX:
		return 2
	case dtype.NoOrder:
		return 4
	}
	return 0
}

func membersOf(members []dtype.Member) []*typeInfo {
	list := make([]*typeInfo, len(members))
	for i, m := range members {
		list[i] = describeMemory(m.Type)
		list[i].Name = &m.Name
	}
	return list
}

func valuesOf(t *dtype.Type) pairs {
	list := pairs{}
	for i, name := range t.Names {
		raw := t.Values[uint32(i)*t.Base.Size:][:t.Base.Size]
		if t.Base.Signed {
			v, _ := t.Base.GetInt(raw) // a base that is no integer is refused with the file
			list = append(list, pair{name, v})
		} else {
			v, _ := t.Base.GetUint(raw)
			list = append(list, pair{name, v})
		}
	}
	return list
}

// dtypeOf is numpy's name, or for a structure those of its fields.
func dtypeOf(t *dtype.Type) any {
	if t.Class == dtype.Compound && represent.ComplexPart(t) == nil {
		list := pairs{}
		for _, m := range t.Members {
			list = append(list, pair{m.Name, dtypeOf(m.Type)})
		}
		return list
	}
	if t.Class == dtype.Array {
		items, base := itemsOf(t)
		return fmt.Sprintf("|V%d", items*numpySize(base))
	}
	return represent.DescrOf(t)
}

func itemsOf(t *dtype.Type) (items uint64, base *dtype.Type) {
	items, base = 1, t
	for ; base.Class == dtype.Array; base = base.Base {
		for _, d := range base.Dims {
			items *= uint64(d)
		}
	}
	return items, base
}

// numpySize is how many bytes numpy has for an item: a pointer for what is an object of Python.
func numpySize(t *dtype.Type) uint64 {
	if t.Class == dtype.VarLen || t.Class == dtype.Reference {
		return 8
	}
	if t.Class == dtype.Compound {
		return uint64(t.Size)
	}
	var kind byte
	var size uint64
	if n, err := fmt.Sscanf(represent.DescrOf(t)[1:], "%c%d", &kind, &size); n == 2 && err == nil {
		return size
	}
	return uint64(t.Size)
}
