package h5core

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/h5serve/h5serve/h5core/filter"
	"github.com/h5serve/h5serve/h5core/internal/format/message"
	"github.com/h5serve/h5serve/h5core/internal/object"
	"github.com/h5serve/h5serve/h5core/space"
	"github.com/h5serve/h5serve/h5core/vfd"
)

// dataset fills the copy of a dataset: its description, then its elements.
func (c *copier) dataset(from *Dataset, to *object.Dataset) error {
	d := from.data
	if err := portable(from.file, d.Type); err != nil {
		return err
	}
	to.Type, to.Space = d.Type, d.Space
	addr, committed, err := from.stored.CommittedType()
	if err == nil && committed {
		to.Named, err = c.namedType(from.file, addr)
	}
	if err == nil {
		err = c.fill(from, to)
	}
	if err != nil {
		return err
	}
	k, err := c.cutOf(from)
	if err != nil {
		return err
	}
	if k != nil {
		if to.Space, err = k.space(d.Space); err != nil {
			return err
		}
	}
	switch whole := k == nil && !c.filled; {
	case d.Layout.Class == message.Virtual && whole:
		return c.virtual(from, to)
	case len(d.External) > 0 && whole:
		to.Layout = object.Contiguous
		for _, f := range d.External {
			to.External = append(to.External, object.ExternalFile(f))
		}
		return nil
	case d.Layout.Class == message.Chunked && !(k != nil && k.scalar()):
		to.Layout = object.Chunked
	case d.Layout.Class == message.Compact:
		to.Layout = object.Compact
	default:
		to.Layout = object.Contiguous
	}
	if to.Space.Kind == space.Null {
		return nil
	}
	if k == nil {
		return c.values(from, to, nil)
	}
	err = c.values(from, to, k.sel)
	k.drop(to)
	return err
}

func (c *copier) values(from *Dataset, to *object.Dataset, sel space.Selection) error {
	o, err := newOrigin(from, to, sel)
	if err != nil {
		return err
	}
	if to.Layout == object.Chunked {
		return c.chunked(from, to, o)
	}
	count, err := to.Space.Count()
	if err != nil || count == 0 {
		return err
	}
	if from.data.Layout.Class == message.Contiguous && len(from.data.External) == 0 {
		addr, size, stored, err := from.data.Stretch()
		if err != nil || !stored {
			return err
		}
		if sel == nil {
			to.Values = &stretch{o, object.Source{Addr: addr, Size: size}}
		}
	}
	if to.Values == nil {
		to.Values = o
	}
	if len(to.Type.Pointers()) == 0 && to.Layout == object.Contiguous {
		return nil
	}
	return c.inRow(to, count)
}

// movedBytes is how many bytes of elements with pointers are moved at a time.
const movedBytes = 1 << 20

// inRow takes the elements over into the new file's memory.
func (c *copier) inRow(to *object.Dataset, count uint64) error {
	from := to.Values
	source := datasetOf(from)
	row, err := newInRow(c.ctx, &Dataset{file: c.dst, node: to}, false)
	if err != nil {
		return err
	}
	per := max(1, movedBytes/row.size)
	for first := uint64(0); first < count; first += per {
		raw := make([]byte, min(per, count-first)*row.size)
		ctx, adopted := source.data.Adopting(c.ctx)
		if err := from.Read(ctx, first, raw); err != nil {
			return err
		}
		if err := c.moved(&Elements{Type: to.Type, Data: raw, file: source.file, adopted: adopted}, c.dst.data); err != nil {
			return err
		}
		if err := row.memory.WriteAt(c.ctx, raw, row.at+first*row.size); err != nil {
			return err
		}
	}
	to.Values = row
	return nil
}

func datasetOf(v object.Values) *Dataset {
	switch v := v.(type) {
	case *stretch:
		return v.from
	case *origin:
		return v.from
	}
	return nil
}

func (c *copier) fill(from *Dataset, to *object.Dataset) error {
	f := from.data.Fill
	to.Fill.Undefined = f.Undefined
	if f.Version > 0 { // the old message says nothing of the times
		to.Fill.Alloc, to.Fill.When = object.AllocTime(f.AllocTime), object.FillOnAlloc+object.FillTime(f.FillTime)
	}
	if !f.User {
		return nil
	}
	to.Fill.Value = slices.Clone(f.Value)
	return c.moved(&Elements{Type: to.Type, Data: to.Fill.Value, file: from.file}, c.dst.data)
}

// virtual takes over the mappings: names and selections, which hold no address.
func (c *copier) virtual(from *Dataset, to *object.Dataset) error {
	if c.dst.options.high < V110 {
		return fmt.Errorf("%w: a virtual dataset needs libver v110, the high bound is %v", ErrBounds, c.dst.options.high)
	}
	to.Layout = object.Virtual
	block, err := from.data.MappingBlock(c.ctx)
	if err != nil || block == nil {
		return err
	}
	to.Mappings.Token, to.Mappings.Index, err = c.dst.data.Put(block)
	return err
}

// pipeline is the filters as stored, with the names they have there.
func pipeline(steps []message.FilterStep) filter.Pipeline {
	p := (&message.Filters{Steps: steps}).Pipeline()
	for i, s := range steps {
		if s.Name != "" && s.Name != p[i].Filter.Name() {
			p[i].Filter = renamed{p[i].Filter, s.Name}
		}
	}
	return p
}

type renamed struct {
	filter.Filter
	name string
}

func (r renamed) Name() string { return r.name }

// chunked copies a chunked dataset: its filters, and the chunks that are stored.
func (c *copier) chunked(from *Dataset, to *object.Dataset, o *origin) error {
	d := from.data
	to.Chunk, to.Filters = slices.Clone(d.Chunks()), pipeline(d.Filters)
	to.BareEdges = d.Layout.BareEdges && len(to.Filters) > 0 && c.dst.options.high >= V110
	if o.sel != nil {
		for i, n := range to.Space.Dims {
			if to.Space.Max == nil || to.Space.Max[i] != space.Unlimited {
				to.Chunk[i] = min(to.Chunk[i], max(n, 1))
			}
		}
	}
	chunks, err := c.listChunks(from, to, o, false)
	if err != nil || len(chunks.numbers) == 0 {
		return err
	}
	if chunks.encoded > 0 {
		err := encodable(to.Filters, chunks.grid.Chunk, to.Type.Size)
		if err != nil && c.recode {
			if to.Filters, err = deflated(to.Type.Size); err == nil {
				to.BareEdges = false
				chunks, err = c.listChunks(from, to, o, true)
			}
		}
		if err != nil {
			return err
		}
	}
	to.Values = chunks
	if len(to.Type.Pointers()) == 0 {
		return nil
	}
	return c.inPieces(from, to, chunks)
}

// deflated is the pipeline in place of one that cannot be run.
func deflated(size uint32) (filter.Pipeline, error) {
	step, err := filter.NewDeflate(4)
	return filter.Pipeline{filter.NewShuffle(size), step}, err
}

// encodable finds out whether the filters can be run at all.
func encodable(p filter.Pipeline, chunk []uint64, size uint32) error {
	bytes := uint64(size)
	for _, n := range chunk {
		bytes *= min(n, 1<<32)
	}
	var buf filter.Buffers
	_, _, err := p.Encode(&buf, make([]byte, min(bytes, movedBytes)))
	if errors.Is(err, filter.ErrUnsupported) || errors.Is(err, filter.ErrUnavailable) {
		return fmt.Errorf("%w: %w", ErrUnsupported, err)
	}
	return nil // what else is wrong shows with the elements themselves
}

// inPieces takes the stored chunks over into the new file's memory, where
// their elements lead elsewhere.
func (c *copier) inPieces(from *Dataset, to *object.Dataset, chunks *copiedChunks) error {
	kept, err := newPatchwork(&Dataset{file: c.dst, node: to})
	if err != nil {
		return err
	}
	for _, i := range chunks.numbers {
		box := chunks.grid.Box(i)
		raw := make([]byte, box.Size()*uint64(to.Type.Size))
		if err := chunks.ReadBox(c.ctx, box, raw); err != nil {
			return err
		}
		if err := c.moved(&Elements{Type: to.Type, Data: raw, file: from.file}, c.dst.data); err != nil {
			return err
		}
		if err := kept.write(c.ctx, space.Slab(box), raw); err != nil {
			return err
		}
	}
	to.Values = kept
	return nil
}

// stretch are contiguous elements of another file.
type stretch struct {
	*origin
	at object.Source
}

func (s *stretch) Place() object.Source { return s.at }

func (o *origin) Fetch(ctx context.Context, segs []vfd.Segment) error {
	return o.from.file.stored.Fetch(ctx, vfd.Raw, segs)
}
