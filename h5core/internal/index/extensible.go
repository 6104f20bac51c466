package index

import (
	"context"

	"github.com/h5serve/h5serve/h5core/internal/format"
	"github.com/h5serve/h5serve/h5core/internal/walk"
	"github.com/h5serve/h5serve/h5core/internal/wire"
	"github.com/h5serve/h5serve/h5core/vfd"
)

// extensible reads an extensible array.
type extensible struct {
	*dataset
	known once[extensibleParts]
}

// extensibleParts are an extensible array's header and index block.
type extensibleParts struct {
	format.ExtensibleArray
	index *format.ArrayIndexBlock // nil: nothing was ever written
}

func (r *extensible) open(ctx context.Context) (*extensibleParts, error) {
	return r.known.get(func() (*extensibleParts, error) {
		geo := r.src.Geometry()
		p := new(extensibleParts)
		a := &p.ExtensibleArray
		size := 16 + 6*uint64(geo.LengthSize) + uint64(geo.OffsetSize)
		got, err := walk.Read(ctx, r.src, vfd.ObjectHeader, "extensible array header", []walk.Span{{Addr: r.addr, Size: size}})
		if err != nil {
			return nil, err
		}
		if _, err := wire.Decode(got[0], geo, r.addr, a); err != nil {
			return nil, err
		}
		if _, ok := format.ChunkSizeWidth(geo, a.Client, a.ElementSize); !ok {
			return nil, elementFault("extensible array header", r.addr, a.ElementSize)
		}
		if a.IndexBlock == wire.Undefined {
			return p, nil
		}
		const name = "extensible array index block"
		b := &format.ArrayIndexBlock{Array: a}
		if got, err = walk.Read(ctx, r.src, vfd.ObjectHeader, name, []walk.Span{{Addr: a.IndexBlock, Size: b.Size(geo)}}); err != nil {
			return nil, err
		}
		if _, err := wire.Decode(got[0], geo, a.IndexBlock, b); err != nil {
			return nil, err
		}
		if b.Header != r.addr {
			return nil, ownerFault(name, a.IndexBlock, b.Header, r.addr)
		}
		p.index = b
		return p, nil
	})
}

func (r *extensible) find(ctx context.Context, numbers []uint64) ([]format.ChunkEntry, error) {
	p, err := r.open(ctx)
	out := unset(len(numbers))
	if err != nil || p.index == nil {
		return out, err
	}
	places := make([]format.ArrayPlace, len(numbers))
	needed := map[int]bool{}
	for k, n := range numbers {
		place, ok := p.Locate(n)
		places[k] = place
		switch {
		case !ok || n >= p.MaxSet:
			places[k].Size, places[k].Block, places[k].Super = 0, 0, -1 // not there
		case place.Block < 0:
			out[k] = p.index.Entries[place.Element]
		case place.Super >= 0 && p.index.SuperBlocks[place.Super] != wire.Undefined:
			needed[place.Super] = true
		}
	}
	list := make([]int, 0, len(needed))
	for n := range needed {
		list = append(list, n)
	}
	supers, err := r.supers(ctx, p, list)
	if err != nil {
		return nil, err
	}
	return out, r.pick(ctx, p, numbers, places, supers, out)
}

// pick reads the places in which elements lie, each once.
func (r *extensible) pick(ctx context.Context, p *extensibleParts, numbers []uint64, places []format.ArrayPlace,
	supers map[int]*format.ArraySuperBlock, out []format.ChunkEntry,
) error {
	inside := map[uint64][]int{} // by first element
	var parts []part
	for k, place := range places {
		if place.Size == 0 {
			continue
		}
		var x part
		var there bool
		var err error
		if place.Super < 0 {
			x, there, err = r.direct(p, place.Block)
		} else if super := supers[place.Super]; super != nil {
			x, there = r.under(p, super, place.Block, place.Element>>p.PageBits)
		}
		if err != nil {
			return err
		}
		if !there {
			continue
		}
		if _, known := inside[x.first]; !known {
			parts = append(parts, x)
		}
		inside[x.first] = append(inside[x.first], k)
	}
	return r.parts(ctx, p, parts, func(i int, run []format.ChunkEntry) bool {
		for _, k := range inside[parts[i].first] {
			out[k] = run[numbers[k]-parts[i].first]
		}
		return true
	})
}

func (r *extensible) all(ctx context.Context, yield func(uint64, []format.ChunkEntry) bool) error {
	p, err := r.open(ctx)
	if err != nil || p.index == nil {
		return err
	}
	on := true
	set := func(first uint64, run []format.ChunkEntry) bool {
		if first >= p.MaxSet {
			on = false
		} else {
			on = yield(first, run[:min(uint64(len(run)), p.MaxSet-first)])
		}
		return on
	}
	if !set(0, p.index.Entries) {
		return nil
	}
	var list []part
	for block := range p.index.DataBlocks {
		x, there, err := r.direct(p, block)
		if err != nil {
			return err
		}
		if there {
			list = append(list, x)
		}
	}
	if err := r.parts(ctx, p, list, func(i int, run []format.ChunkEntry) bool { return set(list[i].first, run) }); err != nil {
		return err
	}
	for n, addr := range p.index.SuperBlocks {
		if addr == wire.Undefined || !on {
			continue
		}
		if err := r.allOf(ctx, p, n, set); err != nil {
			return err
		}
	}
	return nil
}

// allOf yields what lies under one super block.
func (r *extensible) allOf(ctx context.Context, p *extensibleParts, n int, yield func(uint64, []format.ChunkEntry) bool) error {
	supers, err := r.supers(ctx, p, []int{n})
	if err != nil {
		if walk.Tolerated(ctx, err) {
			return nil
		}
		return err
	}
	_, size := p.SuperPlace(n)
	pages, on := max(1, p.Pages(size)), true
	list := make([]part, 0, someParts)
	flush := func() error {
		err := r.parts(ctx, p, list, func(i int, run []format.ChunkEntry) bool {
			on = yield(list[i].first, run)
			return on
		})
		list = list[:0]
		return err
	}
	for block := range supers[n].DataBlocks {
		for page := range pages {
			x, there := r.under(p, supers[n], block, page)
			if !there {
				continue
			}
			if list = append(list, x); len(list) < someParts {
				continue
			}
			if err := flush(); err != nil || !on {
				return err
			}
		}
	}
	return flush()
}
