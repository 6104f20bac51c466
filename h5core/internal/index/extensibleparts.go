package index

import (
	"context"

	"github.com/h5serve/h5serve/h5core/internal/format"
	"github.com/h5serve/h5serve/h5core/internal/walk"
	"github.com/h5serve/h5serve/h5core/internal/wire"
	"github.com/h5serve/h5serve/h5core/vfd"
)

// part is a place with elements: a data block, or one of its pages.
type part struct {
	walk.Span
	first uint64 // number of the first element
	block uint64 // elements of the data block; 0 = this is a page
}

// someParts bounds how many places All gathers before it reads them.
const someParts = 1024

// parts reads places with elements, in waves; one that is damaged is left out
// where that is tolerated.
func (r *extensible) parts(ctx context.Context, p *extensibleParts, list []part, yield func(i int, run []format.ChunkEntry) bool) error {
	for done := 0; done < len(list); {
		some := list[done:]
		some = some[:walk.Wave(some, func(x part) uint64 { return x.Size })]
		runs, err := walk.Apart(ctx, some, func(some []part) ([][]format.ChunkEntry, error) { return r.runs(ctx, p, some) })
		if err != nil {
			return err
		}
		for i, run := range runs {
			if run != nil && !yield(done+i, run) {
				return nil
			}
		}
		done += len(some)
	}
	return nil
}

func (r *extensible) runs(ctx context.Context, p *extensibleParts, list []part) ([][]format.ChunkEntry, error) {
	spans := make([]walk.Span, len(list))
	for i, x := range list {
		spans[i] = x.Span
	}
	got, err := walk.Read(ctx, r.src, vfd.LocalHeap, "extensible array data block", spans)
	if err != nil {
		return nil, err
	}
	runs := make([][]format.ChunkEntry, len(list))
	for i, x := range list {
		if runs[i], err = r.run(r.src.Geometry(), p, x, got[i]); err != nil {
			return nil, err
		}
	}
	return runs, nil
}

func (r *extensible) run(geo wire.Geometry, p *extensibleParts, x part, raw []byte) ([]format.ChunkEntry, error) {
	if x.block == 0 {
		page := format.ArrayPage{Array: &p.ExtensibleArray}
		_, err := wire.Decode(raw, geo, x.Addr, &page)
		return page.Entries, err
	}
	const name = "extensible array data block"
	b := format.ArrayDataBlock{Array: &p.ExtensibleArray, Count: x.block}
	if _, err := wire.Decode(raw, geo, x.Addr, &b); err != nil {
		return nil, err
	}
	if b.Header != r.addr {
		return nil, ownerFault(name, x.Addr, b.Header, r.addr)
	}
	return b.Entries, nil
}

// supers reads super blocks by their number.
func (r *extensible) supers(ctx context.Context, p *extensibleParts, numbers []int) (map[int]*format.ArraySuperBlock, error) {
	const name = "extensible array secondary block"
	geo := r.src.Geometry()
	out := make(map[int]*format.ArraySuperBlock, len(numbers))
	var spans []walk.Span
	for _, n := range numbers {
		b := &format.ArraySuperBlock{Array: &p.ExtensibleArray, Super: n}
		out[n] = b
		spans = append(spans, walk.Span{Addr: p.index.SuperBlocks[n], Size: b.Size(geo)})
	}
	got, err := walk.Read(ctx, r.src, vfd.BTree, name, spans)
	if err != nil {
		return nil, err
	}
	for i, n := range numbers {
		b, at := out[n], spans[i].Addr
		if _, err := wire.Decode(got[i], geo, at, b); err != nil {
			return nil, err
		}
		if b.Header != r.addr {
			return nil, ownerFault(name, at, b.Header, r.addr)
		}
	}
	return out, nil
}

// direct is the place of a data block that the index block names.
func (r *extensible) direct(p *extensibleParts, block int) (part, bool, error) {
	addr := p.index.DataBlocks[block]
	if addr == wire.Undefined {
		return part{}, false, nil
	}
	first, size := p.DirectPlace(block)
	if p.Pages(size) > 0 { // nobody tells which of them were written
		return part{}, false, walk.Fault("extensible array header", "max data block page elements bits", r.addr,
			"%d: a data block of the index block would have pages", p.PageBits)
	}
	b := format.ArrayDataBlock{Array: &p.ExtensibleArray, Count: size}
	return part{walk.Span{Addr: addr, Size: b.Size(r.src.Geometry())}, first, size}, true, nil
}

// under is the place of a page of a super block's data block, or of all of it
// where it has no pages.
func (r *extensible) under(p *extensibleParts, super *format.ArraySuperBlock, block int, page uint64) (part, bool) {
	addr := super.DataBlocks[block]
	if addr == wire.Undefined {
		return part{}, false
	}
	_, size := p.SuperPlace(super.Super)
	b := format.ArrayDataBlock{Array: &p.ExtensibleArray, Count: size}
	whole := part{walk.Span{Addr: addr, Size: b.Size(r.src.Geometry())}, p.First(super.Super, block), size}
	if p.Pages(size) == 0 {
		return whole, true
	}
	each := format.ArrayPage{Array: &p.ExtensibleArray}
	return part{
		Span:  walk.Span{Addr: addr + whole.Size + page*each.Size(), Size: each.Size()},
		first: whole.first + page<<p.PageBits,
	}, super.Written(block, page)
}
