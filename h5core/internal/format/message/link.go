package message

import (
	"github.com/h5serve/h5serve/h5core/dtype"
	"github.com/h5serve/h5serve/h5core/internal/wire"
)

// Types of links (IV.A.2.g); 64 and above are user-defined.
const (
	HardLink     = 0
	SoftLink     = 1
	ExternalLink = 64
)

// Flags of a link message.
const (
	linkOrder   = 0x04
	linkType    = 0x08
	linkCharSet = 0x10
)

// Link is one link of a new-style group (IV.A.2.g).
type Link struct {
	Type    uint8
	Tracked bool  // the creation order is stored
	Order   int64 // creation order
	CharSet dtype.CharSet
	Name    string
	Header  uint64 // HardLink: address of the object header
	Target  string // SoftLink: path
	Data    []byte // user-defined types; of an ExternalLink see External
}

// Fields lists the message's fields.
func (l *Link) Fields(c *wire.Codec) {
	c.Name("link")
	version := uint8(1)
	c.Version(&version, 1)
	length := uint64(len(l.Name))
	flags := l.flags(length)
	c.U8("flags", &flags)
	if flags&linkType != 0 {
		c.U8("link type", &l.Type)
	}
	if l.Tracked = flags&linkOrder != 0; l.Tracked {
		order := uint64(l.Order)
		c.U64("creation order", &order)
		l.Order = int64(order)
	}
	if flags&linkCharSet != 0 {
		set := uint8(l.CharSet)
		c.U8("link name character set", &set)
		if l.CharSet = dtype.CharSet(set); l.CharSet > dtype.UTF8 {
			c.Fail("link name character set", "%d is not 0 or 1", set)
		}
	}
	c.Uint("length of link name", 1<<(flags&3), &length)
	if c.Err() == nil && length == 0 {
		c.Fail("length of link name", "a link needs a name")
	}
	c.String("link name", length, &l.Name)
	l.information(c)
}

func (l *Link) flags(length uint64) uint8 {
	flags := narrowest(length)
	if l.Tracked {
		flags |= linkOrder
	}
	if l.Type != HardLink {
		flags |= linkType
	}
	if l.CharSet != dtype.ASCII {
		flags |= linkCharSet
	}
	return flags
}

// narrowest is the exponent of the narrowest field, 1, 2, 4 or 8 bytes, that
// holds n.
func narrowest(n uint64) uint8 {
	for w := uint8(0); w < 3; w++ {
		if n>>(8<<w) == 0 {
			return w
		}
	}
	return 3
}

func (l *Link) information(c *wire.Codec) {
	if l.Type == HardLink {
		c.Addr("object header address", &l.Header)
		return
	}
	if l.Type != SoftLink && l.Type < ExternalLink {
		c.Fail("link type", "%d is reserved", l.Type)
		return
	}
	n := uint16(len(l.Target))
	if l.Type != SoftLink {
		n = uint16(len(l.Data))
	}
	c.U16("length of link information", &n)
	if l.Type == SoftLink {
		c.String("soft link value", uint64(n), &l.Target)
		return
	}
	c.Bytes("user-defined data", uint64(n), &l.Data)
}

// External packs the data of an external link: a byte of version and flags,
// the file's name and the object's path, each ended by a NUL (IV.A.2.g).
func External(file, path string) []byte {
	return []byte("\x00" + file + "\x00" + path + "\x00")
}
