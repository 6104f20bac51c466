package wire

import (
	"bytes"
	"encoding/binary"
)

// Sealed says that the structure takes size bytes, of which the last four are
// the lookup3 checksum of the others. While decoding it is looked at here, so
// that what spoiled bytes say is not taken for a fault of its own; Checksum
// walks it in its place. Of a structure that is cut off, the field that is
// missing tells.
func (c *Codec) Sealed(size uint64) {
	have := uint64(len(c.buf) - c.start)
	if c.err != nil || !c.Decoding() || size > have || size < uint64(c.Walked())+4 {
		return
	}
	end := c.start + int(size)
	stored, sum := binary.LittleEndian.Uint32(c.buf[end-4:]), Lookup3(c.buf[c.start:end-4], 0)
	if stored != sum {
		c.pos = end - 4
		c.mismatch(stored, sum)
		return
	}
	c.seal = end
}

func (c *Codec) mismatch(stored, sum uint32) {
	c.Fail("checksum", "stored %#08x, computed %#08x", stored, sum)
}

// Checksum walks the lookup3 checksum of everything since the structure began.
func (c *Codec) Checksum() {
	if c.err != nil {
		return
	}
	var sum uint32
	looked := c.Decoding() && c.seal == c.pos+4
	if c.mode != sizing && !looked {
		sum = Lookup3(c.buf[c.start:c.pos], 0)
	}
	got := sum
	c.U32("checksum", &got)
	if c.err == nil && got != sum && !looked {
		c.pos -= 4
		c.mismatch(got, sum)
	}
}

// ChecksumAt fills or checks the checksum of everything since the structure
// began, which lies at bytes at to at+4 of that and counts as zeros in itself.
// Fields walks those bytes with Zeros.
func (c *Codec) ChecksumAt(at int) {
	if c.err != nil || c.mode == sizing {
		return
	}
	all := c.buf[c.start:c.pos]
	stored := binary.LittleEndian.Uint32(all[at:])
	if c.Decoding() {
		all = bytes.Clone(all) // what was read may be shared
	}
	clear(all[at : at+4])
	sum := Lookup3(all, 0)
	if c.mode == encoding {
		binary.LittleEndian.PutUint32(all[at:], sum)
	} else if stored != sum {
		c.pos = c.start + at
		c.mismatch(stored, sum)
	}
}
