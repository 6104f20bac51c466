package message

import (
	"github.com/h5serve/h5serve/h5core/internal/wire"
	"github.com/h5serve/h5serve/h5core/space"
)

// Dataspace is the extent of a dataset or attribute (IV.A.2.b). Version 1
// knows no null dataspace.
type Dataspace struct {
	Version uint8
	space.Space
}

const hasMaximum = 0x01

// Fields lists the message's fields.
func (d *Dataspace) Fields(c *wire.Codec) {
	c.Name("dataspace")
	c.Version(&d.Version, 1, 2)
	rank, flags, kind := uint8(len(d.Dims)), uint8(0), uint8(d.Kind)
	if d.Max != nil {
		flags = hasMaximum
	}
	c.U8("dimensionality", &rank)
	if rank > space.MaxRank {
		c.Fail("dimensionality", "%d is over %d", rank, space.MaxRank)
		return
	}
	c.U8("flags", &flags)
	if d.Version == 1 {
		d.fields1(c, rank)
	} else {
		c.U8("type", &kind)
		d.Kind = space.Kind(kind)
		if kind > uint8(space.Null) || d.Kind != space.Simple && rank > 0 {
			c.Fail("type", "type %d with %d dimensions", kind, rank)
		}
	}
	d.Dims = lengths(c, "dimension size", d.Dims, rank)
	if flags&hasMaximum != 0 {
		d.Max = lengths(c, "dimension maximum size", d.Max, rank)
	}
	d.check(c)
}

func (d *Dataspace) fields1(c *wire.Codec, rank uint8) {
	c.Zeros(5)
	if c.Decoding() {
		d.Kind = space.Simple
		if rank == 0 {
			d.Kind = space.Scalar
		}
	} else if d.Kind == space.Null {
		c.Fail("type", "a null dataspace needs version 2")
	}
}

func (d *Dataspace) check(c *wire.Codec) {
	for i, m := range d.Max {
		if c.Err() == nil && m < d.Dims[i] {
			c.Fail("dimension maximum size", "axis %d: maximum %d is below its size %d", i, m, d.Dims[i])
		}
	}
}

func lengths(c *wire.Codec, field string, list []uint64, n uint8) []uint64 {
	if c.Decoding() {
		list = make([]uint64, n)
	}
	for i := range list {
		c.Length(field, &list[i])
	}
	return list
}
