package h5grove

import (
	"bytes"
	"context"
	"io"
	"math"
	"math/bits"
	"strings"

	"github.com/h5serve/h5serve/api/represent"
	"github.com/h5serve/h5serve/h5core"
	"github.com/h5serve/h5serve/h5core/dtype"
	"github.com/h5serve/h5serve/h5core/space"
)

// Query is what is asked of a dataset.
type Query struct {
	Path      string
	Selection string
	Format    string // json, bin, npy, csv, tiff; "" is json
	Dtype     string // origin, safe; "" is origin
	Flatten   bool
}

// Data gives elements of a dataset.
func Data(ctx context.Context, f *File, q Query) (*Answer, error) {
	switch q.Format {
	case "", "json", "bin", "npy", "csv", "tiff":
	default:
		return nil, unfit("format", "Unsupported encoding %s; there are json, bin, npy, csv and tiff", q.Format)
	}
	p, err := f.part(ctx, q.Path, q.Selection)
	if err != nil {
		return nil, err
	}
	m, err := p.memory(q.Dtype)
	if err != nil {
		return nil, err
	}
	switch q.Format {
	case "bin":
		return p.binary(m)
	case "npy":
		return p.npy(m, q.Flatten)
	case "csv":
		return p.csv(m, q.Flatten)
	case "tiff":
		return p.tiff(m, q.Flatten)
	}
	return p.json(q.Flatten), nil
}

// part is what is selected of a dataset.
type part struct {
	dataset *h5core.Dataset
	t       *dtype.Type
	shape   []uint64        // nil of a null space
	sel     space.Selection // of all axes; nil of a null space
	inside  *sequence       // what is selected, where that is one sequence
}

// sequence is one variable-length element: numpy has an array for it.
type sequence struct {
	of   *h5core.Elements
	data []byte
}

func (f *File) part(ctx context.Context, path, selection string) (*part, error) {
	d, err := f.dataset(ctx, path)
	if err != nil {
		return nil, err
	}
	p := &part{dataset: d, t: d.Type()}
	s, text := d.Space(), withoutBlanks(selection)
	if s.Kind == space.Null {
		if text != "" {
			return nil, unfit("selection", "%s is a null dataset: there is nothing to select", path)
		}
		return p, nil
	}
	sel, shape, err := space.Parse(text, s.Dims)
	if err != nil {
		return nil, unfit("selection", "%s of shape %v: %v", path, s.Dims, err)
	}
	p.sel, p.shape = sel, append([]uint64{}, shape...)
	if len(shape) == 0 && p.t.Class == dtype.VarLen && !p.t.IsString {
		return p, p.open(ctx)
	}
	return p, nil
}

// open goes into the one sequence that is selected.
func (p *part) open(ctx context.Context) error {
	e, err := p.dataset.ReadRaw(ctx, p.sel)
	if err != nil {
		return err
	}
	data := e.VarLen(e.Data)
	n := uint64(len(data)) / uint64(p.t.Base.Size)
	p.inside = &sequence{e, data[:n*uint64(p.t.Base.Size)]}
	p.t, p.shape = p.t.Base, []uint64{n}
	return nil
}

// size is the number of selected elements.
func (p *part) size() uint64 {
	if p.inside != nil {
		return p.shape[0]
	}
	return p.sel.Size()
}

// withoutBlanks leaves out what Python's int does: the blanks around a number.
func withoutBlanks(selection string) string {
	members := strings.Split(selection, ",")
	for i, member := range members {
		ends := strings.Split(member, ":")
		for k := range ends {
			ends[k] = strings.TrimSpace(ends[k])
		}
		members[i] = strings.Join(ends, ":")
	}
	return strings.Join(members, ",")
}

func (p *part) null() bool { return p.sel == nil }

// memory is nil for what has none.
func (p *part) memory(conversion string) (*represent.Memory, error) {
	m, err := represent.MemoryOf(p.t)
	if err != nil || p.null() {
		m = nil
	}
	switch conversion {
	case "", "origin":
		if m != nil && m.Numeric() && len(p.shape)+len(m.Dims) == 0 {
			m = m.Little() // numpy's single numbers have no byte order of their own
		}
		return m, nil
	case "safe":
		if m == nil || !m.Numeric() {
			return nil, unfit("dtype", "Unsupported dtype safe for non-numeric data")
		}
		return m.Safe(p.t), nil
	}
	return nil, unfit("dtype", "Unsupported dtype %s; there are origin and safe", conversion)
}

func (p *part) json(flat bool) *Answer {
	return &Answer{MediaType: "application/json", Length: -1, Write: func(ctx context.Context, w io.Writer) error {
		if p.null() {
			_, err := io.WriteString(w, "null")
			return err
		}
		out, err := represent.Grove{Flat: flat}.New(w, p.t, p.shape)
		if err != nil {
			return err
		}
		return p.write(ctx, out)
	}}
}

func (p *part) binary(m *represent.Memory) (*Answer, error) {
	if m == nil {
		return nil, unfit("format", "Unsupported encoding bin for %s: it has no bytes of its own; ask for json", p.what())
	}
	if m.Kind == 'S' && len(p.shape)+len(m.Dims) == 0 {
		return p.text(m), nil
	}
	return p.elements(m, "application/octet-stream", "", nil)
}

// text is one string, which numpy has without the NULs at its end.
func (p *part) text(m *represent.Memory) *Answer {
	return &Answer{MediaType: "application/octet-stream", Length: -1, Write: func(ctx context.Context, w io.Writer) error {
		var all bytes.Buffer
		if err := p.write(ctx, represent.NewMemory(&all, m)); err != nil {
			return err
		}
		text := bytes.TrimRight(all.Bytes(), "\x00")
		if len(text) == 0 {
			text = []byte{0} // numpy has no string of no bytes
		}
		_, err := w.Write(text)
		return err
	}}
}

func (p *part) what() string {
	if p.null() {
		return "a null dataset"
	}
	return p.t.String()
}

// elements is a head and the elements.
func (p *part) elements(m *represent.Memory, mediaType, filename string, head []byte) (*Answer, error) {
	hi, items := bits.Mul64(p.size(), m.Items())
	hi2, size := bits.Mul64(items, uint64(m.Size))
	if hi|hi2 != 0 || size > math.MaxInt64-uint64(len(head)) {
		return nil, TooLong(math.MaxInt64)
	}
	return &Answer{MediaType: mediaType, Filename: filename, Length: int64(size) + int64(len(head)), Write: func(ctx context.Context, w io.Writer) error {
		if _, err := w.Write(head); err != nil {
			return err
		}
		return p.write(ctx, represent.NewMemory(w, m))
	}}, nil
}

// numeric makes sure that there are numbers.
func (p *part) numeric(m *represent.Memory, format string) error {
	if m == nil || !m.Numeric() {
		return unfit("format", "Unsupported encoding %s for non-numeric content", format)
	}
	return nil
}

func (p *part) npy(m *represent.Memory, flat bool) (*Answer, error) {
	if err := p.numeric(m, "npy"); err != nil {
		return nil, err
	}
	whole, shape := p.flattened(m, flat)
	return p.elements(m, "application/octet-stream", "data.npy", whole.NPYHead(shape))
}

// flattened is the memory and the shape that are told: one axis alone, where that is asked for.
func (p *part) flattened(m *represent.Memory, flat bool) (*represent.Memory, []uint64) {
	if flat && len(p.shape)+len(m.Dims) > 0 {
		return m.Flat(), []uint64{p.size() * m.Items()}
	}
	return m, p.shape
}

func (p *part) csv(m *represent.Memory, flat bool) (*Answer, error) {
	if err := p.numeric(m, "csv"); err != nil {
		return nil, err
	}
	form := func(w io.Writer) (represent.Writer, error) { return represent.NewSaveText(w, p.t, p.shape, flat) }
	if _, err := form(io.Discard); err != nil {
		return nil, unfit("format", "Unsupported encoding csv: %v", err)
	}
	return &Answer{MediaType: "text/csv", Filename: "data.csv", Length: -1, Write: func(ctx context.Context, w io.Writer) error {
		out, err := form(w)
		if err != nil {
			return err
		}
		return p.write(ctx, out)
	}}, nil
}

func (p *part) tiff(m *represent.Memory, flat bool) (*Answer, error) {
	if err := p.numeric(m, "tiff"); err != nil {
		return nil, err
	}
	whole, shape := p.flattened(m, flat)
	plan, err := whole.TIFF(p.t, shape)
	if err != nil {
		return nil, unfit("format", "Unsupported encoding tiff: %v", err)
	}
	if plan.Size() > math.MaxInt64 {
		return nil, TooLong(math.MaxInt64)
	}
	return &Answer{MediaType: "image/tiff", Filename: "data.tiff", Length: int64(plan.Size()), Write: func(ctx context.Context, w io.Writer) error {
		out, err := plan.New(w)
		if err != nil {
			return err
		}
		return p.write(ctx, out)
	}}, nil
}

// elementsAtOnce bounds elements whose descriptors say nothing of what they lead to.
const elementsAtOnce = 4096

// each reads the part block by block.
func (p *part) each(ctx context.Context, use func([]byte, represent.Heap) error) error {
	switch {
	case p.inside != nil:
		return use(p.inside.data, p.inside.of)
	case p.null() || p.sel.Size() == 0:
		return nil
	}
	most := represent.PieceElements(p.sel.Shape(), p.dataset.Chunks(), uint64(p.t.Size))
	if p.t.HasVarLen() || p.t.HasReference() {
		most = min(most, elementsAtOnce)
	}
	for block := range space.Blocks(p.sel, p.dataset.Space().Dims, p.dataset.Chunks(), most) {
		e, err := p.dataset.ReadRaw(ctx, block)
		if err != nil {
			return err
		}
		if err := use(e.Data, e); err != nil {
			return err
		}
	}
	return nil
}

func (p *part) write(ctx context.Context, out represent.Writer) error {
	if err := p.each(ctx, out.Write); err != nil {
		return err
	}
	return out.Close()
}
