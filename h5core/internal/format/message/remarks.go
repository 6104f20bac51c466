package message

import "github.com/h5serve/h5serve/h5core/internal/wire"

// ModificationTime says when an object was last changed (IV.A.2.s), in seconds
// since 1970.
type ModificationTime struct{ Seconds uint32 }

// Fields lists the message's fields.
func (m *ModificationTime) Fields(c *wire.Codec) {
	c.Name("object modification time")
	version := uint8(1)
	c.Version(&version, 1)
	c.Zeros(3)
	c.U32("seconds after epoch", &m.Seconds)
}

// ModificationTimeOld says it in letters, YYYYMMDDhhmmss in UTC (IV.A.2.o).
type ModificationTimeOld struct{ Time string }

// Fields lists the message's fields.
func (m *ModificationTimeOld) Fields(c *wire.Codec) {
	c.Name("object modification time (old)")
	c.String("time", 14, &m.Time)
	c.Zeros(2)
}

// Comment is the object comment message (IV.A.2.n).
type Comment struct{ Text string }

// Fields lists the message's fields.
func (m *Comment) Fields(c *wire.Codec) {
	c.Name("object comment")
	c.CString("comment", 1, &m.Text)
}

// Bogus is a message that only tests of the C library write (IV.A.2.j).
type Bogus struct{}

const bogus = 0xdeadbeef

// Fields lists the message's fields.
func (m *Bogus) Fields(c *wire.Codec) {
	c.Name("bogus")
	value := uint32(bogus)
	c.U32("bogus value", &value)
	if c.Err() == nil && value != bogus {
		c.Fail("bogus value", "%#x is not %#x", value, uint32(bogus))
	}
}
