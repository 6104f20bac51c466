package format

import "github.com/h5serve/h5serve/h5core/internal/wire"

// Flags of a version 2 object header (specification, IV.A.1.b).
const (
	HeaderAttributeOrderTracked = 0x04
	HeaderAttributeOrderIndexed = 0x08
	HeaderPhaseChange           = 0x10
	HeaderTimes                 = 0x20
)

// MaxMessage is the largest body of a header message: its size has 16 bits.
const MaxMessage = 1<<16 - 1

// Message is one message of an object header.
type Message struct {
	Type  uint16
	Flags uint8
	Order uint16         // creation index, where the header tracks it
	Size  uint16         // of the body as stored
	Body  wire.Structure // while writing
	Raw   []byte         // while reading
}

// ObjectHeader is the prefix and first chunk of an object's header
// (specification, IV.A.1). Further chunks are ObjectContinuation.
type ObjectHeader struct {
	Version  uint8
	Flags    uint8  // version 2
	Count    uint16 // version 1: messages in all chunks
	RefCount uint32 // version 1: hard links
	Times    [4]uint32
	Phase    [2]uint16 // version 2: attribute phase change values
	Chunk    uint64    // bytes of the first chunk's messages
	Messages []Message
}

// Fields lists the header's fields.
func (h *ObjectHeader) Fields(c *wire.Codec) {
	h.prefix(c)
	if h.Version != 1 && h.Chunk < 1<<62 {
		c.Sealed(uint64(c.Walked()) + h.Chunk + 4)
	}
	h.Messages = messages(c, h.Messages, h.Chunk, h.Version, h.Flags)
	if h.Version != 1 {
		c.Checksum()
	}
}

// ObjectHeaderPrefix is a header without its messages, for those who do not
// yet have their bytes.
type ObjectHeaderPrefix struct{ ObjectHeader }

// Fields lists the prefix' fields.
func (h *ObjectHeaderPrefix) Fields(c *wire.Codec) { h.prefix(c) }

func (h *ObjectHeader) prefix(c *wire.Codec) {
	c.Name("object header")
	if h.Version == 1 {
		h.prefix1(c)
		return
	}
	c.Signature("OHDR")
	c.Version(&h.Version, 2)
	c.U8("flags", &h.Flags)
	if h.Flags&HeaderTimes != 0 {
		for i, field := range []string{"access time", "modification time", "change time", "birth time"} {
			c.U32(field, &h.Times[i])
		}
	}
	if h.Flags&HeaderPhaseChange != 0 {
		c.U16("maximum compact attributes", &h.Phase[0])
		c.U16("minimum dense attributes", &h.Phase[1])
	}
	c.Uint("size of chunk #0", 1<<(h.Flags&3), &h.Chunk)
}

func (h *ObjectHeader) prefix1(c *wire.Codec) {
	c.Version(&h.Version, 1)
	c.Zeros(1)
	c.U16("number of header messages", &h.Count)
	c.U32("object reference count", &h.RefCount)
	chunk := uint32(h.Chunk)
	c.U32("object header size", &chunk)
	h.Chunk = uint64(chunk)
	c.Zeros(4)
}

// ObjectContinuation is a further chunk of an object header (IV.A.2.q): bare
// messages in version 1, framed by a signature and a checksum in version 2.
type ObjectContinuation struct {
	Version  uint8
	Flags    uint8  // the header's
	Length   uint64 // of the whole chunk, as the continuation message says
	Messages []Message
}

// Fields lists the chunk's fields.
func (o *ObjectContinuation) Fields(c *wire.Codec) {
	c.Name("object header continuation")
	if o.Version == 1 {
		o.Messages = messages(c, o.Messages, o.Length, 1, 0)
		return
	}
	if o.Length < 8 {
		c.Fail("length", "%d bytes cannot hold a signature and a checksum", o.Length)
		return
	}
	c.Signature("OCHK")
	c.Sealed(o.Length)
	o.Messages = messages(c, o.Messages, o.Length-8, 2, o.Flags)
	c.Checksum()
}

// HeaderPrefixSize is what comes before the messages of a first chunk, and
// after them, for a header that says nothing of times and phases.
func HeaderPrefixSize(version uint8, chunk uint64) (before, after int) {
	if version == 1 {
		return 16, 0
	}
	return 6 + 1<<ChunkWidth(chunk), 4
}

// ChunkWidth is the exponent of the narrowest field that holds a chunk's size.
func ChunkWidth(chunk uint64) uint8 {
	switch {
	case chunk < 1<<8:
		return 0
	case chunk < 1<<16:
		return 1
	case chunk < 1<<32:
		return 2
	}
	return 3
}

// MessagePrefixSize is what a message takes beside its body.
func MessagePrefixSize(version, flags uint8) int {
	switch {
	case version == 1:
		return 8
	case flags&HeaderAttributeOrderTracked != 0:
		return 6
	}
	return 4
}

func messages(c *wire.Codec, list []Message, size uint64, version, flags uint8) []Message {
	prefix := MessagePrefixSize(version, flags)
	if !c.Decoding() {
		begin := c.Walked()
		for i := range list {
			list[i].fields(c, version, flags)
		}
		if rest := int64(size) - int64(c.Walked()-begin); rest < 0 {
			c.Fail("size of messages", "%d bytes are %d too few", size, -rest)
		} else {
			c.Zeros(int(rest)) // a gap too small for a message
		}
		return list
	}
	if !c.Count("size of messages", size, 1) {
		return nil
	}
	end := c.Walked() + int(size)
	for c.Err() == nil && end-c.Walked() >= prefix {
		var m Message
		m.fields(c, version, flags)
		list = append(list, m)
	}
	if c.Err() == nil && c.Walked() > end {
		c.Fail("size of messages", "a message ends %d bytes beyond its chunk", c.Walked()-end)
		return nil
	}
	c.Zeros(end - c.Walked()) // a gap too small for a message
	return list
}

func (m *Message) fields(c *wire.Codec, version, flags uint8) {
	if version == 1 {
		c.U16("message type", &m.Type)
	} else {
		kind := uint8(m.Type)
		c.U8("message type", &kind)
		m.Type = uint16(kind)
	}
	c.U16("message size", &m.Size)
	c.U8("message flags", &m.Flags)
	if version == 1 {
		c.Zeros(3)
	} else if flags&HeaderAttributeOrderTracked != 0 {
		c.U16("message creation order", &m.Order)
	}
	if m.Body == nil || c.Decoding() {
		c.Bytes("message body", uint64(m.Size), &m.Raw)
		return
	}
	begin := c.Walked()
	c.Sub(m.Body)
	rest := int(m.Size) - (c.Walked() - begin)
	if rest < 0 {
		c.Fail("message size", "the body of message %#x is %d bytes longer than planned", m.Type, -rest)
		return
	}
	c.Zeros(rest)
}
