package message

import (
	"github.com/h5serve/h5serve/h5core/dtype"
	"github.com/h5serve/h5serve/h5core/internal/wire"
)

// Attribute is a named value in an object's header (IV.A.2.m).
type Attribute struct {
	Version uint8
	Name    string
	CharSet dtype.CharSet // of the name; stored in version 3
	Type    Datatype
	Space   Dataspace
	// Where the type or space is another object's or lies in the shared
	// messages: then Type or Space is empty.
	SharedType, SharedSpace *SharedMessage
	Data                    []byte // elements as stored
	Order                   uint32 // of creation, where its object keeps that; no field of the message
}

// Flags of an attribute of version 2 or 3.
const (
	typeShared  = 0x01
	spaceShared = 0x02
)

// Fields lists the message's fields. Version 1 pads name, type and space to 8
// bytes each.
func (a *Attribute) Fields(c *wire.Codec) {
	c.Name("attribute")
	c.Version(&a.Version, 1, 2, 3)
	a.flags(c)
	sizes := a.sizes(c)
	for i, field := range []string{"name size", "datatype size", "dataspace size"} {
		c.U16(field, &sizes[i])
	}
	if a.Version == 3 {
		set := uint8(a.CharSet)
		c.U8("name character set encoding", &set)
		a.CharSet = dtype.CharSet(set)
	}
	pad := 1
	if a.Version == 1 {
		pad = 8
	}
	a.name(c, sizes[0], pad)
	a.part(c, "datatype", sizes[1], pad, part{&a.SharedType, &a.Type})
	a.part(c, "dataspace", sizes[2], pad, part{&a.SharedSpace, &a.Space})
	c.Rest("data", &a.Data)
}

func (a *Attribute) flags(c *wire.Codec) {
	flags := uint8(0)
	if a.SharedType != nil {
		flags |= typeShared
	}
	if a.SharedSpace != nil {
		flags |= spaceShared
	}
	c.U8("flags", &flags)
	if a.Version < 2 || c.Err() != nil {
		return
	}
	if flags&^(typeShared|spaceShared) != 0 {
		c.Fail("flags", "%#x is not known", flags)
	}
	if c.Decoding() && flags&typeShared != 0 {
		a.SharedType = new(SharedMessage)
	}
	if c.Decoding() && flags&spaceShared != 0 {
		a.SharedSpace = new(SharedMessage)
	}
}

func (a *Attribute) sizes(c *wire.Codec) (sizes [3]uint16) {
	if c.Decoding() {
		return sizes
	}
	all := [3]int{len(a.Name) + 1}
	var err error
	if all[1], err = wire.Size(c.Geometry(), part{&a.SharedType, &a.Type}); err != nil {
		c.Fail("datatype size", "%v", err)
	}
	if all[2], err = wire.Size(c.Geometry(), part{&a.SharedSpace, &a.Space}); err != nil {
		c.Fail("dataspace size", "%v", err)
	}
	for i, n := range all {
		if n > 1<<16-1 {
			c.Fail("name, datatype and dataspace size", "%d bytes do not fit 16 bits", n)
		}
		sizes[i] = uint16(n)
	}
	return sizes
}

func (a *Attribute) name(c *wire.Codec, size uint16, pad int) {
	padded := append([]byte(a.Name), 0)
	c.Bytes("name", uint64(size), &padded)
	if c.Decoding() {
		a.Name = untilNUL(padded)
	}
	c.Zeros(wire.Pad(int(size), pad) - int(size))
}

// part walks a structure that has a declared size, which may exceed its fields.
func (a *Attribute) part(c *wire.Codec, field string, size uint16, pad int, s wire.Structure) {
	begin := c.Walked()
	c.Sub(s)
	rest := wire.Pad(int(size), pad) - (c.Walked() - begin)
	if c.Err() == nil && rest < 0 {
		c.Fail(field, "takes %d bytes more than the declared %d", -rest, size)
	}
	c.Zeros(max(rest, 0))
}
