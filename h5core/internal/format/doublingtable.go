package format

import (
	"math/bits"

	"github.com/h5serve/h5serve/h5core/internal/wire"
)

// DoublingTable says how a fractal heap cuts its address space into blocks
// (specification, III.G, "Doubling Table"). A row has Width blocks; the first
// two rows have blocks of StartBlock bytes, each further row blocks twice as
// large. Blocks of more than MaxDirect bytes are indirect: a table of that many
// rows of their own.
//
//	row 0   512   512   512   512      direct
//	row 1   512   512   512   512
//	row 2  1024  1024  1024  1024
//	...
//	row n  2×MaxDirect ...             indirect
type DoublingTable struct {
	Width      uint16
	StartBlock uint64
	MaxDirect  uint64
	MaxBits    uint16 // of an offset in the heap's address space
	StartRows  uint16
	Root       uint64 // address of the root block
	Rows       uint16 // of the root block; 0 = it is a direct block
}

// Fields lists the table's fields.
func (d *DoublingTable) Fields(c *wire.Codec) {
	c.U16("table width", &d.Width)
	c.Length("starting block size", &d.StartBlock)
	c.Length("maximum direct block size", &d.MaxDirect)
	c.U16("maximum heap size", &d.MaxBits)
	c.U16("starting # of rows in root indirect block", &d.StartRows)
	c.Addr("address of root block", &d.Root)
	c.U16("current # of rows in root indirect block", &d.Rows)
	d.check(c)
}

// maxDirect bounds a direct block, as the C library does (H5HF_MAX_DIRECT_SIZE_LIMIT).
const maxDirect = 1 << 31

func (d *DoublingTable) check(c *wire.Codec) {
	if c.Err() != nil || !c.Decoding() {
		return
	}
	switch {
	case bits.OnesCount16(d.Width) != 1:
		c.Fail("table width", "%d is no power of two", d.Width)
	case bits.OnesCount64(d.StartBlock) != 1 || d.StartBlock > maxDirect:
		c.Fail("starting block size", "%d is no power of two up to %d", d.StartBlock, maxDirect)
	case bits.OnesCount64(d.MaxDirect) != 1 || d.MaxDirect > maxDirect || d.MaxDirect < d.StartBlock:
		c.Fail("maximum direct block size", "%d is no power of two from %d to %d", d.MaxDirect, d.StartBlock, maxDirect)
	case d.MaxBits > 64 || int(d.MaxBits) < d.firstRowBits() || 1<<(d.MaxBits-1) < d.MaxDirect:
		c.Fail("maximum heap size", "%d bits are not %d to 64", d.MaxBits, max(d.firstRowBits(), bits.Len64(d.MaxDirect)))
	case int(d.Rows) > d.MaxRows():
		c.Fail("current # of rows in root indirect block", "%d are over %d", d.Rows, d.MaxRows())
	}
}

// firstRowBits are those of the offsets in the first row.
func (d *DoublingTable) firstRowBits() int {
	return bits.TrailingZeros64(d.StartBlock) + bits.TrailingZeros16(d.Width)
}

// MaxRows is how many rows cover the whole address space.
func (d *DoublingTable) MaxRows() int { return int(d.MaxBits) - d.firstRowBits() + 1 }

// DirectRows is how many rows have direct blocks.
func (d *DoublingTable) DirectRows() int { return bits.Len64(d.MaxDirect/d.StartBlock) + 1 }

// BlockSize gives the bytes of heap space under each block of a row.
func (d *DoublingTable) BlockSize(row int) uint64 { return d.StartBlock << max(row-1, 0) }

// BlockRows gives the rows of the indirect blocks in a row.
func (d *DoublingTable) BlockRows(row int) int {
	return bits.TrailingZeros64(d.BlockSize(row)) - d.firstRowBits() + 1
}

// Locate finds the block in which an offset lies: its row and its number in
// the table, and where the block starts.
func (d *DoublingTable) Locate(offset uint64) (row int, entry, start uint64) {
	first := d.StartBlock * uint64(d.Width)
	if offset >= first {
		row = bits.Len64(offset) - 1 - d.firstRowBits() + 1
		start = 1 << (bits.Len64(offset) - 1)
	}
	column := (offset - start) / d.BlockSize(row)
	return row, uint64(row)*uint64(d.Width) + column, start + column*d.BlockSize(row)
}

// OffsetSize is the bytes of an offset in the heap's address space.
func (d *DoublingTable) OffsetSize() int { return (int(d.MaxBits) + 7) / 8 }
