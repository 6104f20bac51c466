package message

import "github.com/h5serve/h5serve/h5core/internal/wire"

// When space for a dataset's elements is taken (IV.A.2.f).
const (
	AllocEarly       = 1
	AllocLate        = 2
	AllocIncremental = 3
)

// When fill values are written (IV.A.2.f).
const (
	FillOnAlloc = 0
	FillNever   = 1
	FillIfSet   = 2
)

// FillValue is the fill value message (IV.A.2.f). Status says whether a value
// is undefined, the library's own (zeros) or the user's.
type FillValue struct {
	Version   uint8
	AllocTime uint8
	FillTime  uint8
	Undefined bool
	User      bool
	Value     []byte // of a user's fill value, one element as stored
}

// Fields lists the message's fields.
func (f *FillValue) Fields(c *wire.Codec) {
	c.Name("fill value")
	c.Version(&f.Version, 1, 2, 3)
	if f.Version == 3 {
		f.fields3(c)
		return
	}
	c.U8("space allocation time", &f.AllocTime)
	c.U8("fill value write time", &f.FillTime)
	defined := uint8(1)
	if f.Undefined {
		defined = 0
	}
	c.U8("fill value defined", &defined)
	f.Undefined = defined == 0
	if f.Version == 1 || defined != 0 {
		f.value(c)
		f.User = len(f.Value) > 0
	}
}

func (f *FillValue) fields3(c *wire.Codec) {
	flags := f.AllocTime&3 | f.FillTime&3<<2
	if f.Undefined {
		flags |= 0x10
	}
	if f.User {
		flags |= 0x20
	}
	c.U8("flags", &flags)
	f.AllocTime, f.FillTime = flags&3, flags>>2&3
	f.Undefined, f.User = flags&0x10 != 0, flags&0x20 != 0
	if f.Undefined && f.User {
		c.Fail("flags", "%#x says both undefined and defined", flags)
	}
	if f.User {
		f.value(c)
	}
}

func (f *FillValue) value(c *wire.Codec) {
	size := uint32(len(f.Value))
	c.U32("size", &size)
	if c.Decoding() && size == 1<<32-1 { // an undefined value of version 1
		size, f.Undefined = 0, true
	}
	c.Bytes("fill value", uint64(size), &f.Value)
}

// FillValueOld is the old fill value message (IV.A.2.e), which the C library
// still writes beside a version 2 one for old readers.
type FillValueOld struct{ Value []byte }

// Fields lists the message's fields.
func (f *FillValueOld) Fields(c *wire.Codec) {
	c.Name("old fill value")
	size := uint32(len(f.Value))
	c.U32("size", &size)
	c.Bytes("fill value", uint64(size), &f.Value)
}
