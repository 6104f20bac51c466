package message

import (
	"github.com/h5serve/h5serve/h5core/filter"
	"github.com/h5serve/h5serve/h5core/internal/wire"
)

// Filters is the filter pipeline message (IV.A.2.l), in the order of encoding.
type Filters struct {
	Version uint8
	Steps   []FilterStep
}

// FilterStep is one filter of a pipeline.
type FilterStep struct {
	ID     uint16
	Name   string // version 1, and filters of 256 and above
	Flags  uint16
	Params []uint32
}

// Fields lists the message's fields.
func (f *Filters) Fields(c *wire.Codec) {
	c.Name("filter pipeline")
	c.Version(&f.Version, 1, 2)
	n := uint8(len(f.Steps))
	c.U8("number of filters", &n)
	if f.Version == 1 {
		c.Zeros(6)
	}
	if c.Err() == nil && n > 32 {
		c.Fail("number of filters", "%d is over 32", n)
		return
	}
	if c.Decoding() {
		f.Steps = make([]FilterStep, n)
	}
	for i := range f.Steps {
		f.Steps[i].fields(c, f.Version)
	}
}

func (s *FilterStep) fields(c *wire.Codec, version uint8) {
	named := version == 1 || s.ID >= 256
	c.U16("filter identification value", &s.ID)
	if c.Decoding() {
		named = version == 1 || s.ID >= 256
	}
	pad := 8
	if version == 2 {
		pad = 1
	}
	length := uint16(0)
	if s.Name != "" {
		length = uint16(wire.Pad(len(s.Name)+1, pad))
	}
	if named {
		c.U16("name length", &length)
	}
	c.U16("flags", &s.Flags)
	n := uint16(len(s.Params))
	c.U16("number of client data values", &n)
	if named {
		s.name(c, length)
	}
	if !c.Count("number of client data values", uint64(n), 4) {
		return
	}
	if c.Decoding() {
		s.Params = make([]uint32, n)
	}
	for i := range s.Params {
		c.U32("client data", &s.Params[i])
	}
	if version == 1 && n%2 == 1 {
		c.Zeros(4)
	}
}

func (s *FilterStep) name(c *wire.Codec, length uint16) {
	padded := []byte(s.Name)
	if !c.Decoding() {
		if len(padded) > int(length) {
			c.Fail("name", "%d bytes are too long", len(padded))
			return
		}
		padded = append(padded, make([]byte, int(length)-len(padded))...)
	}
	c.Bytes("name", uint64(length), &padded)
	if c.Decoding() {
		s.Name = untilNUL(padded)
	}
}

// Pipeline returns the steps as they are to be run. Filters that nobody
// registered are filter.Missing.
func (f *Filters) Pipeline() filter.Pipeline {
	p := make(filter.Pipeline, len(f.Steps))
	for i, s := range f.Steps {
		known, ok := filter.Lookup(filter.ID(s.ID))
		if !ok {
			known = filter.Missing(filter.ID(s.ID), s.Name)
		}
		p[i] = filter.Step{Filter: known, Flags: s.Flags, Params: s.Params}
	}
	return p
}
