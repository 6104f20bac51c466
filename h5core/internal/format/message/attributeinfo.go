package message

import "github.com/h5serve/h5serve/h5core/internal/wire"

// AttributeInfo says how an object stores its attributes (IV.A.2.v).
// Undefined addresses mean that they lie in the header.
type AttributeInfo struct {
	Tracked   bool // creation order
	Indexed   bool // creation order
	MaxOrder  uint16
	Heap      uint64 // fractal heap
	NameTree  uint64
	OrderTree uint64
}

// Fields lists the message's fields.
func (a *AttributeInfo) Fields(c *wire.Codec) {
	c.Name("attribute info")
	version := uint8(0)
	c.Version(&version, 0)
	orderFlags(c, &a.Tracked, &a.Indexed)
	if a.Tracked {
		c.U16("maximum creation index", &a.MaxOrder)
	}
	c.Addr("fractal heap address", &a.Heap)
	c.Addr("address of name index", &a.NameTree)
	if a.Indexed {
		c.Addr("address of creation order index", &a.OrderTree)
	}
}
