package format

import "github.com/h5serve/h5serve/h5core/internal/wire"

// DriverInfo is the driver information block of a superblock of version 0 or 1
// (specification, II.B): what a driver for several files needs to know.
type DriverInfo struct {
	Name string // 8 bytes: "NCSAmult", "NCSAfami"
	Data []byte
}

// Fields lists the block's fields.
func (d *DriverInfo) Fields(c *wire.Codec) {
	c.Name("driver information block")
	version := uint8(0)
	c.Version(&version, 0)
	c.Zeros(3)
	size := uint32(len(d.Data))
	c.U32("driver information size", &size)
	c.String("driver identification", 8, &d.Name)
	c.Bytes("driver information", uint64(size), &d.Data)
}
