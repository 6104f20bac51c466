package message

import "github.com/h5serve/h5serve/h5core/internal/wire"

// ExternalFiles is the external data files message (IV.A.2.h): a contiguous
// dataset's bytes lie in the files of the slots, one after the other.
type ExternalFiles struct {
	Allocated uint16
	Heap      uint64 // local heap of the names
	Slots     []ExternalSlot
}

// ExternalSlot is a part of an external file.
type ExternalSlot struct {
	NameOffset uint64 // of the file's name in the local heap
	Offset     uint64 // in the file
	Size       uint64 // bytes; Undefined = as far as it may grow
}

// Fields lists the message's fields.
func (m *ExternalFiles) Fields(c *wire.Codec) {
	c.Name("external data files")
	version := uint8(1)
	c.Version(&version, 1)
	c.Zeros(3)
	used := uint16(len(m.Slots))
	c.U16("allocated slots", &m.Allocated)
	c.U16("used slots", &used)
	c.Addr("heap address", &m.Heap)
	if !c.Count("used slots", uint64(used), 3*int(c.Geometry().LengthSize)) {
		return
	}
	if c.Decoding() {
		m.Slots = make([]ExternalSlot, used)
	}
	for i := range m.Slots {
		s := &m.Slots[i]
		c.Length("name offset in local heap", &s.NameOffset)
		c.Length("offset in external data file", &s.Offset)
		c.Length("data size in external file", &s.Size)
	}
}
