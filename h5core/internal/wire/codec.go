package wire

import (
	"fmt"
	"math/bits"
	"slices"
	"strings"
)

type mode uint8

const (
	sizing mode = iota
	encoding
	decoding
	describing
)

// Codec walks a field list in one of the four modes. After a fault every
// further call does nothing, so a field list needs no error checks of its own.
type Codec struct {
	mode  mode
	geo   Geometry
	buf   []byte
	start int    // where the structure began in buf
	pos   int    // bytes walked, or the next position in buf
	at    uint64 // address of buf[0]
	seal  int    // where in buf the checksum that was looked at ends
	name  string
	err   error
	text  *strings.Builder
}

// Geometry returns the widths in force.
func (c *Codec) Geometry() Geometry { return c.geo }

// Decoding says whether fields are being filled in rather than written out.
func (c *Codec) Decoding() bool { return c.mode >= decoding }

// Err returns the first fault.
func (c *Codec) Err() error { return c.err }

// Name sets the structure's name for faults and descriptions.
func (c *Codec) Name(name string) { c.name = name }

// Fail records a fault at the current position.
func (c *Codec) Fail(field, format string, args ...any) {
	if c.err == nil {
		c.err = &Fault{Structure: c.name, Field: field, Offset: c.at + uint64(c.pos), Reason: fmt.Sprintf(format, args...)}
	}
}

// Left returns the bytes not yet decoded; while writing there is no bound.
func (c *Codec) Left() int {
	if !c.Decoding() {
		return int(^uint(0) >> 1)
	}
	return len(c.buf) - c.pos
}

// Count checks that n records of at least size bytes can lie in what is left,
// before anything is allocated for them.
func (c *Codec) Count(field string, n uint64, size int) bool {
	if c.err == nil && c.Decoding() && n > uint64(c.Left())/uint64(max(size, 1)) {
		c.Fail(field, "%d records of %d bytes do not fit in the remaining %d bytes", n, size, c.Left())
	}
	return c.err == nil
}

// take returns the next n bytes: to read while decoding, to fill while encoding.
func (c *Codec) take(field string, n int) []byte {
	if c.err != nil {
		return nil
	}
	switch c.mode {
	case sizing:
		c.pos += n
		return nil
	case encoding:
		c.buf = slices.Grow(c.buf, n)[:c.pos+n]
		clear(c.buf[c.pos:])
	default:
		if n < 0 || n > len(c.buf)-c.pos {
			c.Fail(field, "needs %d bytes, %d remain", n, len(c.buf)-c.pos)
			return nil
		}
	}
	p := c.buf[c.pos : c.pos+n : c.pos+n]
	c.pos += n
	return p
}

func (c *Codec) note(field string, n int, value any) {
	if c.mode == describing && c.err == nil {
		fmt.Fprintf(c.text, "%#06x %s %s = %v\n", c.at+uint64(c.pos-n), c.name, field, value)
	}
}

// U8 walks one byte.
func (c *Codec) U8(field string, v *uint8) {
	p := c.take(field, 1)
	if p == nil {
		return
	}
	if c.mode == encoding {
		p[0] = *v
		return
	}
	*v = p[0]
	c.note(field, 1, *v)
}

// U16 walks two bytes.
func (c *Codec) U16(field string, v *uint16) {
	w := uint64(*v)
	c.Uint(field, 2, &w)
	if c.Decoding() { // what is written may be shared
		*v = uint16(w)
	}
}

// U32 walks four bytes.
func (c *Codec) U32(field string, v *uint32) {
	w := uint64(*v)
	c.Uint(field, 4, &w)
	if c.Decoding() {
		*v = uint32(w)
	}
}

// U64 walks eight bytes.
func (c *Codec) U64(field string, v *uint64) { c.Uint(field, 8, v) }

// Uint walks a little-endian number of width bytes, 1 to 8. A value that does
// not fit the width is a fault.
func (c *Codec) Uint(field string, width int, v *uint64) {
	if width < 1 || width > 8 {
		c.Fail(field, "a width of %d bytes is not 1 to 8", width)
		return
	}
	p := c.take(field, width)
	if p == nil {
		return
	}
	if c.mode == encoding {
		if bits.Len64(*v) > 8*width {
			c.Fail(field, "%d does not fit %d bytes", *v, width)
		}
		for i := range p {
			p[i] = byte(*v >> (8 * i))
		}
		return
	}
	*v = 0
	for i := len(p) - 1; i >= 0; i-- {
		*v = *v<<8 | uint64(p[i])
	}
	c.note(field, width, *v)
}

// Addr walks an address of the file's offset size; Undefined is all bits set.
func (c *Codec) Addr(field string, v *uint64) { c.wide(field, int(c.geo.OffsetSize), v) }

// Length walks a length of the file's length size. All bits set stands for
// Undefined, as an unlimited dimension does.
func (c *Codec) Length(field string, v *uint64) { c.wide(field, int(c.geo.LengthSize), v) }

func (c *Codec) wide(field string, width int, v *uint64) {
	high := 0
	if width > 8 { // widths of 16 and 32 occur in old files: the high bytes repeat the sign of "undefined"
		width, high = 8, width-8
	}
	w := *v
	if w == Undefined && width < 8 {
		w = 1<<(8*width) - 1
	}
	c.Uint(field, width, &w)
	if w == 1<<(8*width)-1 && width < 8 {
		w = Undefined
	}
	if high > 0 {
		c.highBytes(field, high, w)
	}
	if c.Decoding() {
		*v = w
	}
}

func (c *Codec) highBytes(field string, n int, low uint64) {
	p := c.take(field, n)
	want := byte(0)
	if low == Undefined {
		want = 0xff
	}
	for i := range p {
		if c.mode == encoding {
			p[i] = want
		} else if p[i] != want {
			c.Fail(field, "a value beyond 64 bits")
			return
		}
	}
}

// Bytes walks exactly n bytes. While decoding *v shares the source's memory.
func (c *Codec) Bytes(field string, n uint64, v *[]byte) {
	if c.Decoding() && n > uint64(max(c.Left(), 0)) {
		c.Fail(field, "needs %d bytes, %d remain", n, c.Left())
		return
	}
	if !c.Decoding() && uint64(len(*v)) != n {
		c.Fail(field, "holds %d bytes, expected %d", len(*v), n)
		return
	}
	if c.mode == encoding && c.err == nil {
		c.buf = append(c.buf, *v...)
		c.pos += int(n)
		return
	}
	p := c.take(field, int(n))
	if c.Decoding() && c.err == nil {
		if *v = p; c.mode == describing {
			c.note(field, int(n), fmt.Sprintf("% x", p))
		}
	}
}

// String walks exactly n bytes of text.
func (c *Codec) String(field string, n uint64, v *string) {
	if !c.Decoding() && c.err == nil && uint64(len(*v)) == n {
		if c.mode == encoding {
			c.buf = append(c.buf, *v...)
		}
		c.pos += int(n)
		return
	}
	b := []byte(*v)
	m := c.mode
	if m == describing { // the text is noted once, quoted, below
		c.mode = decoding
	}
	c.Bytes(field, n, &b)
	c.mode = m
	if c.Decoding() && c.err == nil {
		*v = string(b)
		c.note(field, int(n), fmt.Sprintf("%q", b))
	}
}

// CString walks text that ends in a NUL and is padded with NULs so that its
// length is a multiple of pad.
func (c *Codec) CString(field string, pad int, v *string) {
	n := len(*v)
	if c.Decoding() && c.err == nil {
		for n = 0; c.pos+n < len(c.buf) && c.buf[c.pos+n] != 0; n++ {
		}
	}
	c.String(field, uint64(n), v)
	c.Zeros(Pad(n+1, pad) - n)
}

// Pad rounds n up to a multiple of step.
func Pad(n, step int) int { return (n + step - 1) / step * step }

// Zeros walks n reserved bytes: written as zeros, ignored when read.
func (c *Codec) Zeros(n int) {
	c.take("reserved", n)
}

// Rest walks everything that is left while decoding, and *v while writing.
func (c *Codec) Rest(field string, v *[]byte) {
	n := uint64(len(*v))
	if c.Decoding() {
		n = uint64(max(c.Left(), 0))
	}
	c.Bytes(field, n, v)
}

// Signature walks four letters that must be there.
func (c *Codec) Signature(want string) {
	got := want
	c.String("signature", uint64(len(want)), &got)
	if c.err == nil && got != want {
		c.pos -= len(want)
		c.Fail("signature", "expected %q, found %q", want, got)
	}
}

// Version walks a version byte and checks it against the ones allowed.
func (c *Codec) Version(v *uint8, allowed ...uint8) {
	c.U8("version", v)
	for _, a := range allowed {
		if *v == a {
			return
		}
	}
	if c.err == nil && c.mode != sizing {
		c.pos--
		c.Fail("version", "%d is not one of %v", *v, allowed)
	}
}

// Walked returns how many bytes of the structure have been walked.
func (c *Codec) Walked() int { return c.pos - c.start }

// Sub walks a structure inside this one.
func (c *Codec) Sub(s Structure) {
	name := c.name
	s.Fields(c)
	c.name = name
}

// Apart walks a structure that follows this one with a checksum of its own.
func (c *Codec) Apart(s Structure) {
	name, start := c.name, c.start
	c.start = c.pos
	s.Fields(c)
	c.name, c.start = name, start
}

// SetGeometry changes the widths from here on, as the superblock does.
func (c *Codec) SetGeometry(geo Geometry) { c.geo = geo }
