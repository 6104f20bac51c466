package message

import "github.com/h5serve/h5serve/h5core/internal/wire"

// Where a shared message lies (IV.A.1, "Shared Message").
const (
	SharedInHeap    = 1 // the heap of shared messages
	SharedCommitted = 2 // a committed datatype's header
	SharedInHeader  = 3 // another object's header
)

// SharedMessage stands in the place of a message whose flag Shared is set, and
// of the types and spaces of attributes.
type SharedMessage struct {
	Version uint8
	Type    uint8
	HeapID  []byte // SharedInHeap: 8 bytes
	Header  uint64 // else: address of the object header that has the message
}

const sharedHeapID = 8

// Fields lists the message's fields. Versions 1 and 2 know committed types only.
func (s *SharedMessage) Fields(c *wire.Codec) {
	c.Name("shared message")
	c.Version(&s.Version, 1, 2, 3)
	c.U8("type", &s.Type)
	if c.Decoding() && s.Version < 3 {
		s.Type = SharedCommitted
	}
	if s.Version == 1 {
		c.Zeros(6)
		c.Zeros(int(c.Geometry().LengthSize)) // a symbol table entry's name
	}
	switch {
	case s.Type == SharedInHeap:
		c.Bytes("heap ID", sharedHeapID, &s.HeapID)
	case s.Type == SharedCommitted || s.Type == SharedInHeader || s.Type == 0:
		c.Addr("object header address", &s.Header)
	default:
		c.Fail("type", "%d is not 0 to 3", s.Type)
	}
}

// part is a message inside another: its own, or a shared one.
type part struct {
	shared **SharedMessage
	own    wire.Structure
}

func (p part) Fields(c *wire.Codec) {
	if *p.shared == nil {
		p.own.Fields(c)
		return
	}
	(*p.shared).Fields(c)
}
