package message

import (
	"math/bits"

	"github.com/h5serve/h5serve/h5core/dtype"
	"github.com/h5serve/h5serve/h5core/internal/wire"
)

// MaxTypeDepth bounds how deep types may nest.
const MaxTypeDepth = 32

// Datatype is the datatype message (IV.A.2.d). Version is that of the
// composite types in it (compound, array, enumeration); simple types are
// always written in version 1, as the C library does, save VAX floats.
type Datatype struct {
	Version uint8
	*dtype.Type
}

// Fields lists the message's fields.
func (d *Datatype) Fields(c *wire.Codec) {
	c.Name("datatype")
	v := typeFields{composite: d.Version, seen: 1}
	if c.Decoding() {
		d.Type = new(dtype.Type)
	}
	v.walk(c, d.Type, 0)
	if c.Decoding() && c.Err() == nil {
		d.Version = v.seen
		if err := d.Type.CheckStored(); err != nil {
			c.Fail("class", "%v", err)
		}
	}
}

type typeFields struct {
	composite uint8 // version to write for composite types
	seen      uint8 // highest version of a composite type read, at least 1
}

func (v *typeFields) see(class dtype.Class, version uint8) {
	switch class {
	case dtype.Compound, dtype.Array, dtype.Enum, dtype.Complex:
		v.seen = max(v.seen, version)
	}
}

// version is the one to write for t itself.
func (v *typeFields) version(t *dtype.Type) uint8 {
	switch t.Class {
	case dtype.Compound, dtype.Array, dtype.Enum:
		return v.composite
	case dtype.VarLen:
		return v.version(t.Base)
	case dtype.Complex:
		return max(v.composite, 5)
	case dtype.Float:
		if t.Order == dtype.VAX { // readers of earlier versions do not look for it
			return 3
		}
		return 1
	default:
		return 1
	}
}

// walk goes through one type: class and version, 24 bits of flags, size and
// the properties of the class.
func (v *typeFields) walk(c *wire.Codec, t *dtype.Type, depth int) {
	if depth > MaxTypeDepth {
		c.Fail("class", "types nest deeper than %d", MaxTypeDepth)
		return
	}
	var version uint8
	var flags uint32
	if !c.Decoding() {
		version = v.version(t)
		flags = typeFlags(t)
	}
	head := uint8(t.Class) | version<<4
	c.U8("class and version", &head)
	version = head >> 4
	if c.Decoding() {
		t.Class = dtype.Class(head & 15)
	}
	if c.Err() == nil && (version < 1 || version > 5) {
		c.Fail("class and version", "version %d is not 1 to 5", version)
	}
	v.see(t.Class, version)
	wide := uint64(flags)
	c.Uint("class bit field", 3, &wide)
	c.U32("size", &t.Size)
	if c.Err() != nil {
		return
	}
	if c.Decoding() {
		setTypeFlags(c, t, uint32(wide))
	}
	v.properties(c, t, version, uint32(wide), depth)
}

func (v *typeFields) properties(c *wire.Codec, t *dtype.Type, version uint8, flags uint32, depth int) {
	switch t.Class {
	case dtype.Integer, dtype.Bitfield:
		c.U16("bit offset", &t.BitOffset)
		c.U16("bit precision", &t.Precision)
	case dtype.Float:
		floatFields(c, t)
	case dtype.Time:
		c.U16("bit precision", &t.Precision)
	case dtype.String, dtype.Reference:
	case dtype.Opaque:
		tagField(c, t, flags&0xff)
	case dtype.Compound:
		v.members(c, t, version, flags&0xffff, depth)
	case dtype.Enum:
		v.enum(c, t, version, flags&0xffff, depth)
	case dtype.VarLen, dtype.Complex:
		v.base(c, t, depth)
	case dtype.Array:
		v.array(c, t, version, depth)
	default:
		c.Fail("class and version", "class %d is not known", t.Class)
	}
}

func (v *typeFields) base(c *wire.Codec, t *dtype.Type, depth int) {
	if c.Decoding() {
		t.Base = new(dtype.Type)
	}
	v.walk(c, t.Base, depth+1)
	if c.Decoding() && (t.Class == dtype.Enum || t.Class == dtype.Complex) {
		t.Order = t.Base.Order
	}
}

func floatFields(c *wire.Codec, t *dtype.Type) {
	f := &t.Float
	c.U16("bit offset", &t.BitOffset)
	c.U16("bit precision", &t.Precision)
	c.U8("exponent location", &f.ExpPos)
	c.U8("exponent size", &f.ExpSize)
	c.U8("mantissa location", &f.MantPos)
	c.U8("mantissa size", &f.MantSize)
	c.U32("exponent bias", &f.Bias)
}

// tagField walks an opaque type's tag, padded with NULs to 8 bytes; a tag of
// exactly such a length has none.
func tagField(c *wire.Codec, t *dtype.Type, n uint32) {
	if n = max(n, uint32(len(t.Tag))); n > dtype.MaxTag {
		c.Fail("tag", "%d bytes are over %d", n, dtype.MaxTag)
		return
	}
	padded := []byte(t.Tag)
	if !c.Decoding() {
		padded = append(padded, make([]byte, int(n)-len(padded))...)
	}
	c.Bytes("tag", uint64(n), &padded)
	if c.Decoding() {
		t.Tag = untilNUL(padded)
	}
}

func untilNUL(p []byte) string {
	for i, b := range p {
		if b == 0 {
			return string(p[:i])
		}
	}
	return string(p)
}

// nameField walks a member's name: padded to 8 bytes before version 3.
func nameField(c *wire.Codec, version uint8, name *string) {
	pad := 8
	if version >= 3 {
		pad = 1
	}
	c.CString("name", pad, name)
}

func (v *typeFields) members(c *wire.Codec, t *dtype.Type, version uint8, n uint32, depth int) {
	if !c.Count("number of members", uint64(n), 10) {
		return
	}
	if c.Decoding() {
		t.Members = make([]dtype.Member, n)
	}
	for i := range t.Members {
		m := &t.Members[i]
		nameField(c, version, &m.Name)
		width := 4
		if version >= 3 {
			width = (bits.Len32(t.Size) + 7) / 8
		}
		offset := uint64(m.Offset)
		c.Uint("byte offset of member", max(width, 1), &offset)
		if c.Decoding() { // types are shared: nothing is set while writing
			m.Offset = uint32(offset)
		}
		var dims [5]uint32
		if version == 1 { // arrays of the oldest files are members with dimensions
			memberDims(c, &dims)
		}
		if c.Err() != nil {
			return
		}
		if c.Decoding() {
			m.Type = new(dtype.Type)
		}
		v.walk(c, m.Type, depth+1)
		if c.Decoding() && c.Err() == nil && dims[0] > 0 {
			m.Type = arrayOfMember(c, m.Type, dims)
			v.see(dtype.Array, 2) // there are none in version 1
		}
	}
}

// memberDims walks version 1's rank (kept in dims[0]), permutation and sizes.
func memberDims(c *wire.Codec, dims *[5]uint32) {
	rank := uint8(0)
	c.U8("dimensionality", &rank)
	c.Zeros(3 + 4 + 4)
	for i := range 4 {
		c.U32("dimension size", &dims[i+1])
	}
	if rank > 4 {
		c.Fail("dimensionality", "%d is over 4", rank)
	}
	dims[0] = uint32(rank)
}

func arrayOfMember(c *wire.Codec, base *dtype.Type, dims [5]uint32) *dtype.Type {
	t, err := dtype.ArrayOf(base, dims[1:1+dims[0]]...)
	if err != nil {
		c.Fail("dimension size", "%v", err)
	}
	return t
}

func (v *typeFields) enum(c *wire.Codec, t *dtype.Type, version uint8, n uint32, depth int) {
	v.base(c, t, depth)
	if c.Err() != nil || !c.Count("number of members", uint64(n), 1+int(min(t.Base.Size, 1<<20))) {
		return
	}
	if c.Decoding() {
		t.Names = make([]string, n)
	}
	for i := range t.Names {
		nameField(c, version, &t.Names[i])
	}
	c.Bytes("values", uint64(n)*uint64(t.Base.Size), &t.Values)
}

func (v *typeFields) array(c *wire.Codec, t *dtype.Type, version uint8, depth int) {
	rank := uint8(len(t.Dims))
	c.U8("dimensionality", &rank)
	if version < 3 {
		c.Zeros(3)
	}
	if c.Err() == nil && (rank < 1 || rank > 32) {
		c.Fail("dimensionality", "%d is not 1 to 32", rank)
		return
	}
	if c.Decoding() {
		t.Dims = make([]uint32, rank)
	}
	for i := range t.Dims {
		c.U32("dimension size", &t.Dims[i])
	}
	if version < 3 {
		for i := range t.Dims { // the permutation, which was never put to use
			index := uint32(i)
			c.U32("permutation index", &index)
		}
	}
	v.base(c, t, depth)
}
