package index

import (
	"context"

	"github.com/h5serve/h5serve/h5core/internal/format"
	"github.com/h5serve/h5serve/h5core/internal/walk"
	"github.com/h5serve/h5serve/h5core/internal/wire"
	"github.com/h5serve/h5serve/h5core/vfd"
)

// fixedReader reads a fixed array, of large ones single pages.
type fixedReader struct {
	*dataset
	known once[fixedParts]
}

// fixedParts is a fixed array's header and, of a paged one, its directory.
type fixedParts struct {
	format.FixedArray
	width     int    // bytes of a stored size
	per       uint64 // elements of a page, or of the whole array
	pages     uint64 // 0: the data block holds the elements itself
	directory format.FixedArrayDirectory
}

func (r *fixedReader) read(ctx context.Context, class vfd.Class, structure string, addr, size uint64, s wire.Structure) error {
	p, err := walk.Read(ctx, r.src, class, structure, []walk.Span{{Addr: addr, Size: size}})
	if err != nil {
		return err
	}
	_, err = wire.Decode(p[0], r.src.Geometry(), addr, s)
	return err
}

func (r *fixedReader) open(ctx context.Context) (*fixedParts, error) {
	return r.known.get(func() (*fixedParts, error) {
		geo := r.src.Geometry()
		p := new(fixedParts)
		size := 12 + uint64(geo.LengthSize) + uint64(geo.OffsetSize)
		if err := r.read(ctx, vfd.ObjectHeader, "fixed array header", r.addr, size, &p.FixedArray); err != nil {
			return nil, err
		}
		var ok bool
		if p.width, ok = format.ChunkSizeWidth(geo, p.Client, p.EntrySize); !ok {
			return nil, elementFault("fixed array header", r.addr, p.EntrySize)
		}
		if p.per = 1 << p.PageBits; p.Entries <= p.per {
			p.per = p.Entries
			return p, nil
		}
		p.pages = p.Entries/p.per + min(p.Entries%p.per, 1)
		p.directory.Pages = p.pages
		if p.DataBlock == wire.Undefined {
			return p, nil
		}
		size = format.FixedArrayDirectorySize(geo, p.pages)
		err := r.read(ctx, vfd.LocalHeap, "fixed array data block", p.DataBlock, size, &p.directory)
		if err == nil && p.directory.Header != r.addr {
			err = ownerFault("fixed array data block", p.DataBlock, p.directory.Header, r.addr)
		}
		return p, err
	})
}

func elementFault(structure string, at uint64, size uint8) error {
	return walk.Fault(structure, "element size", at, "%d bytes are no chunk", size)
}

func ownerFault(structure string, at, found, want uint64) error {
	return walk.Fault(structure, "header address", at, "%#x, the array lies at %#x", found, want)
}

// page is where the elements of a page lie in the file, and how many they are.
func (p *fixedParts) page(geo wire.Geometry, i uint64) (s walk.Span, n uint64) {
	n = min(p.per, p.Entries-i*p.per)
	entry := uint64(p.EntrySize)
	s.Addr = p.DataBlock + format.FixedArrayDirectorySize(geo, p.pages) + i*(p.per*entry+4)
	s.Size = n*entry + 4
	return s, n
}

// block reads the data block of an array without pages.
func (r *fixedReader) block(ctx context.Context, p *fixedParts) ([]format.ChunkEntry, error) {
	const name = "fixed array data block"
	s := walk.Span{Addr: p.DataBlock, Size: format.FixedArrayDirectorySize(r.src.Geometry(), 0) + p.Entries*uint64(p.EntrySize) + 4}
	got, err := walk.Read(ctx, r.src, vfd.LocalHeap, name, []walk.Span{s})
	if err != nil {
		return nil, err
	}
	b := format.FixedArrayBlock{PageBits: p.PageBits, SizeWidth: p.width, Entries: make([]format.ChunkEntry, p.Entries)}
	if _, err := wire.Decode(got[0], r.src.Geometry(), s.Addr, &b); err != nil {
		return nil, err
	}
	if b.Header != r.addr {
		return nil, ownerFault(name, s.Addr, b.Header, r.addr)
	}
	return b.Entries, nil
}

// pages reads those pages that were written, in waves; one that is damaged is
// left out where that is tolerated.
func (r *fixedReader) pages(ctx context.Context, p *fixedParts, numbers []uint64, yield func(page uint64, run []format.ChunkEntry) bool) error {
	geo := r.src.Geometry()
	for len(numbers) > 0 {
		n := walk.Wave(numbers, func(i uint64) uint64 { s, _ := p.page(geo, i); return s.Size })
		runs, err := walk.Apart(ctx, numbers[:n], func(some []uint64) ([][]format.ChunkEntry, error) {
			return r.readPages(ctx, p, some)
		})
		if err != nil {
			return err
		}
		for k, i := range numbers[:n] {
			if runs[k] != nil && !yield(i, runs[k]) {
				return nil
			}
		}
		numbers = numbers[n:]
	}
	return nil
}

func (r *fixedReader) readPages(ctx context.Context, p *fixedParts, numbers []uint64) ([][]format.ChunkEntry, error) {
	geo := r.src.Geometry()
	spans := make([]walk.Span, len(numbers))
	for k, i := range numbers {
		spans[k], _ = p.page(geo, i)
	}
	got, err := walk.Read(ctx, r.src, vfd.LocalHeap, "fixed array data block page", spans)
	if err != nil {
		return nil, err
	}
	runs := make([][]format.ChunkEntry, len(numbers))
	for k, i := range numbers {
		_, count := p.page(geo, i)
		page := format.FixedArrayPage{SizeWidth: p.width, Entries: make([]format.ChunkEntry, count)}
		if _, err := wire.Decode(got[k], geo, spans[k].Addr, &page); err != nil {
			return nil, err
		}
		runs[k] = page.Entries
	}
	return runs, nil
}

func (r *fixedReader) find(ctx context.Context, numbers []uint64) ([]format.ChunkEntry, error) {
	p, err := r.open(ctx)
	out := unset(len(numbers))
	if err != nil || p.DataBlock == wire.Undefined || p.Entries == 0 {
		return out, err
	}
	if p.pages == 0 {
		all, err := r.block(ctx, p)
		if err != nil {
			return nil, err
		}
		for k, n := range numbers {
			if n < p.Entries {
				out[k] = all[n]
			}
		}
		return out, nil
	}
	inside := map[uint64][]int{}
	var pages []uint64
	for k, n := range numbers {
		i := n / p.per
		if n >= p.Entries || !p.directory.Written(i) {
			continue
		}
		if _, known := inside[i]; !known {
			pages = append(pages, i)
		}
		inside[i] = append(inside[i], k)
	}
	return out, r.pages(ctx, p, pages, func(i uint64, run []format.ChunkEntry) bool {
		for _, k := range inside[i] {
			out[k] = run[numbers[k]%p.per]
		}
		return true
	})
}

func (r *fixedReader) all(ctx context.Context, yield func(uint64, []format.ChunkEntry) bool) error {
	p, err := r.open(ctx)
	if err != nil || p.DataBlock == wire.Undefined || p.Entries == 0 {
		return err
	}
	if p.pages == 0 {
		all, err := r.block(ctx, p)
		if err == nil {
			yield(0, all)
		}
		return err
	}
	var written []uint64
	for i := range p.pages {
		if p.directory.Written(i) {
			written = append(written, i)
		}
	}
	return r.pages(ctx, p, written, func(i uint64, run []format.ChunkEntry) bool { return yield(i*p.per, run) })
}

// unset is n elements that nobody wrote.
func unset(n int) []format.ChunkEntry {
	out := make([]format.ChunkEntry, n)
	for i := range out {
		out[i].Addr = wire.Undefined
	}
	return out
}
