package index

import (
	"context"
	"encoding/binary"

	"github.com/h5serve/h5serve/h5core/internal/format"
	"github.com/h5serve/h5serve/h5core/internal/walk"
	"github.com/h5serve/h5serve/h5core/internal/wire"
)

// tree1Reader reads a version 1 B-tree, whose keys are offsets in elements.
type tree1Reader struct{ *dataset }

// scale turns an offset into coordinates.
func (r *tree1Reader) scale(dst, offset []uint64) []uint64 {
	dst = dst[:0]
	for d, n := range r.chunk {
		dst = append(dst, offset[d]/n)
	}
	return dst
}

func (r *tree1Reader) walk(ctx context.Context, want func(lo, hi []uint64) bool, yield func(Chunk) bool) error {
	coords := make([]uint64, len(r.chunk))
	var wrong error
	err := walk.Chunks(ctx, r.src, r.addr, len(r.chunk), want, func(key *format.ChunkKey, addr uint64) bool {
		for d, n := range r.chunk {
			if key.Offset[d]%n != 0 {
				wrong = &wire.Fault{
					Structure: "version 1 B-tree node", Field: "key: chunk offset", Offset: r.addr,
					Reason: "a chunk does not begin where one of its shape may",
				}
				return false
			}
		}
		coords = r.scale(coords, key.Offset)
		s := Stored{addr, r.bytes, 0}
		if r.filtered {
			s.Size, s.Mask = uint64(key.Size), key.Mask
		}
		return yield(Chunk{coords, s})
	})
	if err == nil {
		err = wrong
	}
	return err
}

func (r *tree1Reader) Find(ctx context.Context, coords [][]uint64) ([]Stored, error) {
	w, out := newWanted(coords), nowhere(len(coords))
	lo, hi := make([]uint64, len(r.chunk)), make([]uint64, len(r.chunk))
	want := func(from, to []uint64) bool {
		lo, hi = r.scale(lo, from), r.scale(hi, to)
		return w.between(lo, hi)
	}
	return out, r.walk(ctx, want, func(c Chunk) bool {
		w.put(out, c.Coords, c.Stored)
		return true
	})
}

func (r *tree1Reader) All(ctx context.Context, yield func(Chunk) bool) error {
	return r.walk(ctx, nil, yield)
}

// tree2Reader reads a version 2 B-tree of chunk records.
type tree2Reader struct {
	*dataset
	tree once[walk.Tree2]
}

// open reads the tree's header and finds out how its records are laid out.
func (r *tree2Reader) open(ctx context.Context) (t *walk.Tree2, width int, err error) {
	t, err = r.tree.get(func() (*walk.Tree2, error) {
		return walk.OpenTree2(ctx, r.src, r.addr, format.ChunkRecords, format.ChunkRecordsFiltered)
	})
	if err != nil {
		return nil, 0, err
	}
	width = int(t.Header.RecordSize) - int(r.src.Geometry().OffsetSize) - 8*len(r.chunk)
	if t.Header.Type == format.ChunkRecordsFiltered {
		width -= 4
	}
	if (t.Header.Type == format.ChunkRecords) != (width == 0) || width < 0 || width > 8 {
		return nil, 0, &wire.Fault{
			Structure: "version 2 B-tree header", Field: "record size", Offset: r.addr,
			Reason: "records of this size are no chunks of the dataset",
		}
	}
	return t, width, nil
}

// scaled reads the coordinates at a record's end.
func (r *tree2Reader) scaled(dst []uint64, record []byte) []uint64 {
	if record == nil {
		return nil
	}
	record = record[len(record)-8*len(r.chunk):]
	for d := range dst {
		dst[d] = binary.LittleEndian.Uint64(record[8*d:])
	}
	return dst
}

func (r *tree2Reader) walk(ctx context.Context, want func(lo, hi []uint64) bool, yield func(Chunk) bool) error {
	t, width, err := r.open(ctx)
	if err != nil {
		return err
	}
	lo, hi := make([]uint64, len(r.chunk)), make([]uint64, len(r.chunk))
	var between func(after, before []byte) bool
	if want != nil {
		between = func(after, before []byte) bool { return want(r.scaled(lo, after), r.scaled(hi, before)) }
	}
	record := format.ChunkRecord{SizeWidth: width, Scaled: make([]uint64, len(r.chunk))}
	var wrong error
	err = t.Records(ctx, between, func(raw []byte) bool {
		if _, wrong = wire.Decode(raw, r.src.Geometry(), r.addr, &record); wrong != nil {
			return false
		}
		s := Stored{record.Addr, record.Size, record.Mask}
		if width == 0 {
			s.Size = r.bytes
		}
		return yield(Chunk{record.Scaled, s})
	})
	if err == nil {
		err = wrong
	}
	return err
}

func (r *tree2Reader) Find(ctx context.Context, coords [][]uint64) ([]Stored, error) {
	w, out := newWanted(coords), nowhere(len(coords))
	return out, r.walk(ctx, w.between, func(c Chunk) bool {
		w.put(out, c.Coords, c.Stored)
		return true
	})
}

func (r *tree2Reader) All(ctx context.Context, yield func(Chunk) bool) error {
	return r.walk(ctx, nil, yield)
}
