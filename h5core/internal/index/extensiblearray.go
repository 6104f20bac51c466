package index

import (
	"fmt"
	"slices"

	"github.com/h5serve/h5serve/h5core/internal/format"
	"github.com/h5serve/h5serve/h5core/internal/format/message"
	"github.com/h5serve/h5serve/h5core/internal/piece"
	"github.com/h5serve/h5serve/h5core/internal/wire"
	"github.com/h5serve/h5serve/h5core/space"
	"github.com/h5serve/h5serve/h5core/vfd"
)

// arrayParams are those of an extensible array of chunks, as the C library
// chooses them.
var arrayParams = message.ArrayParams{MaxBits: 32, IndexCount: 4, SuperMin: 4, BlockMin: 16, PageBits: 10}

// extensibleArray is the index of a dataset that may grow for ever along one
// axis: chunks are numbered with that axis in front of all others
// (specification III.F). Data blocks without a chunk are left out.
type extensibleArray struct {
	*piece.Structure
	header  format.ExtensibleArray
	width   int // bytes of a stored size, 0 without filters
	chunks  Chunks
	numbers []uint64 // of the chunks in the array, ascending
	order   []int    // which chunk has each of them
	inside  int      // chunks whose elements lie in the index block
	supers  []int    // super blocks, ascending
	blocks  []dataBlock
}

// dataBlock is one with chunks: those of the order from from to to.
type dataBlock struct {
	super, block int // as in format.ArrayPlace
	first, count uint64
	from, to     int
	addr         uint64 // from the array's start on
}

// NewExtensibleArray plans the array of a dataset by its maximum shape, of
// which one axis is space.Unlimited; width is the bytes of a stored chunk
// size, 0 without filters. Its piece is the header and all blocks.
func NewExtensibleArray(most, chunk []uint64, chunks Chunks, width int) (Plan, error) {
	a := &extensibleArray{chunks: chunks, width: width, header: format.ExtensibleArray{
		ElementSize: uint8(format.ChunkEntrySize(wire.Default, width)), MaxBits: arrayParams.MaxBits, IndexCount: arrayParams.IndexCount,
		BlockMin: arrayParams.BlockMin, SuperMin: arrayParams.SuperMin, PageBits: arrayParams.PageBits,
		Realized: uint64(arrayParams.IndexCount),
	}}
	if width > 0 {
		a.header.Client = 1
	}
	if err := a.number(most, chunk); err != nil {
		return nil, err
	}
	a.locate()
	a.Structure = piece.NewStructure(vfd.BTree, a.lay(), a.parts)
	return a, nil
}

// number finds the chunks' numbers in the array.
func (a *extensibleArray) number(most, chunk []uint64) error {
	layout, err := openArray(&dataset{chunk: chunk, most: most}, message.IndexExtensibleArray)
	if err != nil {
		return err
	}
	n := a.chunks.Len()
	unsorted := make([]uint64, n)
	a.order = make([]int, n)
	for k := range n {
		number, ok := layout.(*arrayReader).number(a.chunks.Coords(k))
		if !ok || number >= 1<<a.header.MaxBits {
			return fmt.Errorf("chunk %v lies beyond the 2^%d that an extensible array has", a.chunks.Coords(k), a.header.MaxBits)
		}
		unsorted[k], a.order[k] = number, k
	}
	if !slices.IsSorted(unsorted) {
		slices.SortFunc(a.order, func(i, j int) int { return int(int64(unsorted[i]) - int64(unsorted[j])) })
	}
	a.numbers = make([]uint64, n)
	for i, k := range a.order {
		a.numbers[i] = unsorted[k]
	}
	if n > 0 {
		a.header.MaxSet = a.numbers[n-1] + 1
	}
	return nil
}

// locate gathers the chunks of each data block.
func (a *extensibleArray) locate() {
	h := &a.header
	for i, n := range a.numbers {
		place, _ := h.Locate(n)
		if place.Block < 0 {
			a.inside = i + 1
			continue
		}
		if last := len(a.blocks) - 1; last >= 0 && a.blocks[last].super == place.Super && a.blocks[last].block == place.Block {
			a.blocks[last].to = i + 1
			continue
		}
		a.blocks = append(a.blocks, dataBlock{place.Super, place.Block, n - place.Element, place.Size, i, i + 1, 0})
		if place.Super >= 0 && (len(a.supers) == 0 || a.supers[len(a.supers)-1] != place.Super) {
			a.supers = append(a.supers, place.Super)
		}
	}
}

// lay gives every block its offset, and counts the bytes of all.
func (a *extensibleArray) lay() uint64 {
	h := &a.header
	at := a.headerSize() + (&format.ArrayIndexBlock{Array: h}).Size(wire.Default)
	for _, s := range a.supers {
		size := (&format.ArraySuperBlock{Array: h, Super: s}).Size(wire.Default)
		h.SuperBlocks.Count++
		h.SuperBlocks.Bytes += size
		at += size
	}
	page := format.ArrayPage{Array: h}
	for i := range a.blocks {
		b := &a.blocks[i]
		size := (&format.ArrayDataBlock{Array: h, Count: b.count}).Size(wire.Default) + h.Pages(b.count)*page.Size()
		b.addr = at
		h.DataBlocks.Count++
		h.DataBlocks.Bytes += size
		h.Realized += b.count
		at += size
	}
	return at
}

func (a *extensibleArray) headerSize() uint64 {
	return 16 + uint64(wire.Default.OffsetSize) + 6*uint64(wire.Default.LengthSize)
}

func (a *extensibleArray) Piece() piece.Meta {
	if a.chunks.Len() == 0 {
		return nil
	}
	return a
}

func (a *extensibleArray) Describe(l *message.Layout) {
	Choose(l, message.IndexExtensibleArray)
	l.Addr = a.Place().Addr()
}

func (a *extensibleArray) parts() []wire.Structure {
	h := &a.header
	start := a.Place().Addr()
	h.IndexBlock = start + a.headerSize()
	first := &format.ArrayIndexBlock{
		Array: h, Header: start, Entries: a.entries(0, uint64(h.IndexCount), 0, a.inside),
		DataBlocks: undefined(h.DirectBlocks()), SuperBlocks: undefined(h.SuperBlocksNamed()),
	}
	parts := []wire.Structure{h, first}
	supers := map[int]*format.ArraySuperBlock{}
	at := h.IndexBlock + first.Size(wire.Default)
	for _, s := range a.supers {
		blocks, size := h.SuperPlace(s)
		super := &format.ArraySuperBlock{
			Array: h, Super: s, Header: start, Offset: h.First(s, 0) - uint64(h.IndexCount),
			Bitmap: make([]byte, blocks*((h.Pages(size)+7)/8)), DataBlocks: undefined(int(blocks)),
		}
		first.SuperBlocks[s] = at
		at += super.Size(wire.Default)
		supers[s] = super
		parts = append(parts, super)
	}
	for _, b := range a.blocks {
		names := first.DataBlocks
		if super := supers[b.super]; super != nil {
			names = super.DataBlocks
			super.Use(b.block)
		}
		names[b.block] = start + b.addr
		parts = a.block(parts, b)
	}
	return parts
}

// block appends a data block and its pages, all of which are written.
func (a *extensibleArray) block(parts []wire.Structure, b dataBlock) []wire.Structure {
	h := &a.header
	entries := a.entries(b.first, b.count, b.from, b.to)
	d := &format.ArrayDataBlock{Array: h, Count: b.count, Header: a.Place().Addr(), Offset: b.first - uint64(h.IndexCount)}
	parts = append(parts, d)
	if h.Pages(b.count) == 0 {
		d.Entries = entries
		return parts
	}
	for len(entries) > 0 {
		parts = append(parts, &format.ArrayPage{Array: h, Entries: entries[:1<<h.PageBits]})
		entries = entries[1<<h.PageBits:]
	}
	return parts
}

// entries makes n elements from first on, those of the chunks of the order
// from from to to among them.
func (a *extensibleArray) entries(first, n uint64, from, to int) []format.ChunkEntry {
	list := make([]format.ChunkEntry, n)
	for i := range list {
		list[i].Addr = wire.Undefined
	}
	for i := from; i < to; i++ {
		_, at := a.chunks.At(a.order[i])
		list[a.numbers[i]-first] = format.ChunkEntry{Addr: at.Addr, Size: at.Size, Mask: at.Mask}
	}
	return list
}

func undefined(n int) []uint64 { return slices.Repeat([]uint64{wire.Undefined}, n) }

// Endless is how many axes of a maximum shape may grow for ever.
func Endless(most []uint64) (n int) {
	for _, m := range most {
		if m == space.Unlimited {
			n++
		}
	}
	return n
}
