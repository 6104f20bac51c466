package message

import "github.com/h5serve/h5serve/h5core/internal/wire"

// GroupInfo holds a new-style group's constants (IV.A.2.k). Without it both C
// libraries read a group but refuse to add to it.
type GroupInfo struct {
	Phase    bool // the two phase change values are stored
	Compact  uint16
	Dense    uint16
	Estimate bool // the two estimates are stored
	Entries  uint16
	NameSize uint16
}

// Fields lists the message's fields.
func (g *GroupInfo) Fields(c *wire.Codec) {
	c.Name("group info")
	version := uint8(0)
	c.Version(&version, 0)
	orderFlags(c, &g.Phase, &g.Estimate)
	if g.Phase {
		c.U16("maximum compact value", &g.Compact)
		c.U16("minimum dense value", &g.Dense)
	}
	if g.Estimate {
		c.U16("estimated number of entries", &g.Entries)
		c.U16("estimated link name length", &g.NameSize)
	}
}
