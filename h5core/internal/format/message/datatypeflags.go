package message

import (
	"github.com/h5serve/h5serve/h5core/dtype"
	"github.com/h5serve/h5serve/h5core/internal/wire"
)

func bit(set bool, n uint) uint32 {
	if set {
		return 1 << n
	}
	return 0
}

// homogeneous says that both parts of a complex number are of one type;
// rectangular form is 0. Readers know no other complex numbers.
const homogeneous = 0x01

// typeFlags packs what the class bit field says of t (IV.A.2.d, a table for
// each class).
func typeFlags(t *dtype.Type) uint32 {
	order := bit(t.Order == dtype.BigEndian, 0)
	switch t.Class {
	case dtype.Integer, dtype.Bitfield:
		return order | bit(t.LowPad, 1) | bit(t.HighPad, 2) | bit(t.Signed, 3)
	case dtype.Float:
		f := t.Float
		if t.Order == dtype.VAX {
			order = 1 | 1<<6
		}
		return order | bit(f.LowPad, 1) | bit(f.HighPad, 2) | bit(f.InnerPad, 3) | uint32(f.Norm)<<4 | uint32(f.SignPos)<<8
	case dtype.Time:
		return order
	case dtype.String:
		return uint32(t.Padding) | uint32(t.CharSet)<<4
	case dtype.Opaque:
		return uint32(wire.Pad(len(t.Tag), 8))
	case dtype.Compound:
		return uint32(len(t.Members))
	case dtype.Enum:
		return uint32(len(t.Names))
	case dtype.Reference:
		if t.Ref >= dtype.StdRef {
			return uint32(t.Ref) | 1<<4
		}
		return uint32(t.Ref)
	case dtype.VarLen:
		return bit(t.IsString, 0) | uint32(t.Padding)<<4 | uint32(t.CharSet)<<8
	case dtype.Complex:
		return homogeneous
	default:
		return 0
	}
}

func setTypeFlags(c *wire.Codec, t *dtype.Type, flags uint32) {
	on := func(n uint) bool { return flags>>n&1 == 1 }
	t.Order = dtype.NoOrder
	switch t.Class {
	case dtype.Integer, dtype.Bitfield:
		t.Order = dtype.Order(flags & 1)
		t.LowPad, t.HighPad, t.Signed = on(1), on(2), on(3)
	case dtype.Time:
		t.Order = dtype.Order(flags & 1)
	case dtype.Float:
		setFloatFlags(c, t, flags)
	case dtype.String:
		t.Padding, t.CharSet = dtype.Padding(flags&15), dtype.CharSet(flags>>4&15)
	case dtype.Reference:
		t.Ref = dtype.RefKind(flags & 15)
	case dtype.VarLen:
		t.IsString = flags&15 == 1
		t.Padding, t.CharSet = dtype.Padding(flags>>4&15), dtype.CharSet(flags>>8&15)
	case dtype.Complex:
		if flags != homogeneous {
			c.Fail("class bit field", "%#x is no complex number of two alike parts in rectangular form", flags)
		}
	}
	if t.Padding > dtype.SpacePad || t.CharSet > dtype.UTF8 || t.Ref > dtype.StdAttr {
		c.Fail("class bit field", "%#x is not defined for class %d", flags, t.Class)
	}
}

func setFloatFlags(c *wire.Codec, t *dtype.Type, flags uint32) {
	switch flags & 0x41 {
	case 0:
		t.Order = dtype.LittleEndian
	case 1:
		t.Order = dtype.BigEndian
	case 0x41:
		t.Order = dtype.VAX
	default:
		c.Fail("class bit field", "byte order %#x is not defined", flags&0x41)
	}
	f := &t.Float
	f.LowPad, f.HighPad, f.InnerPad = flags>>1&1 == 1, flags>>2&1 == 1, flags>>3&1 == 1
	f.Norm, f.SignPos = uint8(flags>>4&3), uint8(flags>>8)
}
