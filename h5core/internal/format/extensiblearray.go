package format

import (
	"math/bits"

	"github.com/h5serve/h5serve/h5core/internal/wire"
)

// ExtensibleArray is the header of a chunk index that is an array without an
// end (specification, III.F, "Extensible Array Index"). The first elements lie
// in the index block; the others in data blocks that grow, first those that
// the index block names itself, then those of super blocks.
//
//	header ─▶ index block ─┬─ elements
//	                       ├─▶ data blocks
//	                       └─▶ super blocks ─▶ data blocks, in pages if large
//
// Super block s has 2^(s/2) data blocks of 2^((s+1)/2) × BlockMin elements.
type ExtensibleArray struct {
	Client      uint8 // 0 without filters, 1 with
	ElementSize uint8
	MaxBits     uint8 // of an element's number
	IndexCount  uint8 // elements in the index block
	BlockMin    uint8 // elements in the smallest data block
	SuperMin    uint8 // data blocks in the smallest super block
	PageBits    uint8
	SuperBlocks ArrayUsage
	DataBlocks  ArrayUsage
	MaxSet      uint64 // number of the highest element set, plus 1
	Realized    uint64
	IndexBlock  uint64
}

// maxArrayBits bounds an element's number: the C library writes 32.
const maxArrayBits = 62

// ArrayUsage counts blocks of a kind and their bytes.
type ArrayUsage struct{ Count, Bytes uint64 }

// Fields lists the header's fields.
func (a *ExtensibleArray) Fields(c *wire.Codec) {
	c.Name("extensible array header")
	c.Signature("EAHD")
	version := uint8(0)
	c.Version(&version, 0)
	c.Sealed(16 + uint64(c.Geometry().OffsetSize) + 6*uint64(c.Geometry().LengthSize))
	c.U8("client ID", &a.Client)
	c.U8("element size", &a.ElementSize)
	c.U8("max number of elements bits", &a.MaxBits)
	c.U8("index block elements", &a.IndexCount)
	c.U8("data block min elements", &a.BlockMin)
	c.U8("secondary block min data pointers", &a.SuperMin)
	c.U8("max data block page elements bits", &a.PageBits)
	c.Length("number of secondary blocks", &a.SuperBlocks.Count)
	c.Length("secondary block size", &a.SuperBlocks.Bytes)
	c.Length("number of data blocks", &a.DataBlocks.Count)
	c.Length("data block size", &a.DataBlocks.Bytes)
	c.Length("max index set", &a.MaxSet)
	c.Length("number of elements", &a.Realized)
	c.Addr("index block address", &a.IndexBlock)
	c.Checksum()
	a.check(c)
}

func (a *ExtensibleArray) check(c *wire.Codec) {
	if c.Err() != nil || !c.Decoding() {
		return
	}
	switch {
	case a.Client > 1:
		c.Fail("client ID", "%d is not 0 or 1", a.Client)
	case bits.OnesCount8(a.BlockMin) != 1:
		c.Fail("data block min elements", "%d is no power of two", a.BlockMin)
	case bits.OnesCount8(a.SuperMin) != 1 || a.SuperMin < 2:
		c.Fail("secondary block min data pointers", "%d is no power of two from 2 on", a.SuperMin)
	case a.MaxBits > maxArrayBits || a.Levels() < a.directLevels():
		c.Fail("max number of elements bits", "%d does not go with the other parameters", a.MaxBits)
	case a.PageBits > maxPageBits:
		c.Fail("max data block page elements bits", "%d is over %d", a.PageBits, maxPageBits)
	case a.ElementSize == 0:
		c.Fail("element size", "0")
	}
}

// Levels is how many super blocks there can be, those whose data blocks the
// index block names included.
func (a *ExtensibleArray) Levels() int { return 1 + int(a.MaxBits) - bits.TrailingZeros8(a.BlockMin) }

func (a *ExtensibleArray) directLevels() int { return 2 * bits.TrailingZeros8(a.SuperMin) }

// DirectBlocks is how many data blocks the index block names.
func (a *ExtensibleArray) DirectBlocks() int { return 2 * (int(a.SuperMin) - 1) }

// SuperBlocksNamed is how many super blocks the index block names.
func (a *ExtensibleArray) SuperBlocksNamed() int { return a.Levels() - a.directLevels() }

// ArrayPlace says where an element lies. Below zero means not there: Super for
// elements of data blocks that the index block names, Block for those of the
// index block itself.
type ArrayPlace struct {
	Super   int    // number of the super block among those that the index block names
	Block   int    // number of the data block, in the index block or super block
	Element uint64 // number of the element in its block
	Size    uint64 // elements of the data block
}

// Locate finds an element. ok is false where the array cannot have it.
func (a *ExtensibleArray) Locate(i uint64) (p ArrayPlace, ok bool) {
	if i < uint64(a.IndexCount) {
		return ArrayPlace{Super: -1, Block: -1, Element: i}, true
	}
	i -= uint64(a.IndexCount)
	level := bits.Len64(i/uint64(a.BlockMin)+1) - 1
	if level >= a.Levels() {
		return p, false
	}
	p.Size = a.blockSize(level)
	i -= (1<<level - 1) * uint64(a.BlockMin)
	p.Super, p.Block, p.Element = level-a.directLevels(), int(i/p.Size), i%p.Size
	if p.Super < 0 {
		p.Super = -1
		p.Block += 1<<((level+1)/2) - 1 + 1<<(level/2) - 1
	}
	return p, true
}

// First is the number of the first element of the data block at a place whose
// Super and Block are not below zero; Locate's inverse.
func (a *ExtensibleArray) First(super, block int) uint64 {
	level := super + a.directLevels()
	return uint64(a.IndexCount) + (1<<level-1)*uint64(a.BlockMin) + uint64(block)*a.blockSize(level)
}

// DirectPlace gives the first element and the elements of a data block that
// the index block names.
func (a *ExtensibleArray) DirectPlace(block int) (first, size uint64) {
	for level := 0; ; level++ {
		n := 1 << (level / 2)
		if block < n {
			return a.First(level-a.directLevels(), block), a.blockSize(level)
		}
		block -= n
	}
}

func (a *ExtensibleArray) blockSize(level int) uint64 {
	return uint64(a.BlockMin) << ((level + 1) / 2)
}

// SuperPlace gives the data blocks of a super block, and the elements of each.
func (a *ExtensibleArray) SuperPlace(super int) (blocks, size uint64) {
	level := super + a.directLevels()
	return 1 << (level / 2), a.blockSize(level)
}

// Pages is how many pages a data block of that many elements has, 0 where it
// has none.
func (a *ExtensibleArray) Pages(elements uint64) uint64 {
	if elements <= 1<<a.PageBits {
		return 0
	}
	return elements >> a.PageBits
}

func (a *ExtensibleArray) offsetSize() int { return (int(a.MaxBits) + 7) / 8 }
