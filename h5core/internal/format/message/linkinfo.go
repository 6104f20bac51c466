package message

import "github.com/h5serve/h5serve/h5core/internal/wire"

// LinkInfo says how a new-style group stores its links (IV.A.2.c). Undefined
// addresses mean that they lie in the header.
type LinkInfo struct {
	Tracked   bool // creation order
	Indexed   bool // creation order
	MaxOrder  uint64
	Heap      uint64 // fractal heap
	NameTree  uint64
	OrderTree uint64
}

// Fields lists the message's fields.
func (l *LinkInfo) Fields(c *wire.Codec) {
	c.Name("link info")
	version := uint8(0)
	c.Version(&version, 0)
	orderFlags(c, &l.Tracked, &l.Indexed)
	if l.Tracked {
		c.U64("maximum creation index", &l.MaxOrder)
	}
	c.Addr("fractal heap address", &l.Heap)
	c.Addr("address of name index", &l.NameTree)
	if l.Indexed {
		c.Addr("address of creation order index", &l.OrderTree)
	}
}

func orderFlags(c *wire.Codec, tracked, indexed *bool) {
	var flags uint8
	if *tracked {
		flags |= 1
	}
	if *indexed {
		flags |= 2
	}
	c.U8("flags", &flags)
	*tracked, *indexed = flags&1 != 0, flags&2 != 0
}
