package filespec

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"mime"
	"path"
	"slices"
	"strings"

	"github.com/h5serve/h5serve/h5core/dtype"
	"github.com/h5serve/h5serve/h5core/space"
)

// part is a part of the request, and whether it was used.
type part struct {
	Part
	formats []string // in which it was used
}

// Words for formats, by what announces them. Formats of nil type are
// recognised and refused.
var (
	formats = []string{"raw", "npy", "parquet", "arrow", "hdf5"}

	formatTypes = map[string]string{
		"application/x-npy": "npy", "application/npy": "npy", "application/vnd.numpy.npy": "npy", "application/x-numpy": "npy",
		"application/vnd.apache.parquet": "parquet", "application/x-parquet": "parquet",
		"application/vnd.apache.arrow.file": "arrow", "application/vnd.apache.arrow.stream": "arrow",
		"application/vnd.hdfgroup.hdf5": "hdf5", "application/x-hdf5": "hdf5", "application/x-hdf": "hdf5",
	}
	formatMagic = []struct{ magic, format string }{
		{"\x93NUMPY", "npy"}, {"PAR1", "parquet"}, {"ARROW1", "arrow"}, {"\x89HDF", "hdf5"},
	}
	formatEndings = map[string]string{
		".npy": "npy", ".parquet": "parquet", ".arrow": "arrow", ".feather": "arrow", ".h5": "hdf5", ".hdf5": "hdf5", ".nc": "hdf5",
	}
)

// takeParts puts the parts of the request where datasets find them.
func (p *parser) takeParts(list []Part) error {
	p.parts = make(map[string]*part, len(list))
	for _, one := range list {
		if p.parts[one.Name] != nil {
			return problem("duplicate_part", Entry{Part: one.Name, Detail: "there are two parts of this name"})
		}
		p.parts[one.Name] = &part{Part: one}
		p.partOrder = append(p.partOrder, one.Name)
	}
	return nil
}

// surplus notes the parts that nothing uses.
func (p *parser) surplus() {
	var known []string
	for name := range p.partUses {
		known = append(known, name)
	}
	for _, name := range p.partOrder {
		if len(p.parts[name].formats) == 0 && p.partUses[name] == 0 {
			e := Entry{Part: name, Detail: `no dataset uses it: {"data": {"part": name}} does`, DidYouMean: nearest(name, known)}
			p.noteProblem(problem("surplus_part", e))
		}
	}
}

// digestParts adds the parts that were used: name, format, content.
func (p *parser) digestParts(d *digest) {
	for _, name := range p.partOrder {
		one := p.parts[name]
		slices.Sort(one.formats)
		d.text([]byte(name))
		d.text([]byte(strings.Join(slices.Compact(one.formats), " ")))
		d.write(one.SHA256[:])
	}
}

// formatOf tells the format of a part: by the first that speaks.
func (one *part) formatOf(given string) (string, error) {
	if given != "" {
		if slices.Contains(formats, given) {
			return given, nil
		}
		return "", complain("bad_format", "%q is no format: known are %s", given, strings.Join(formats, ", "))
	}
	if media, _, err := mime.ParseMediaType(one.ContentType); err == nil && formatTypes[media] != "" {
		return formatTypes[media], nil
	}
	var head [8]byte
	n, err := one.Body.ReadAt(head[:], 0)
	if err != nil && err != io.EOF {
		return "", fmt.Errorf("part %q: %w", one.Name, err)
	}
	for _, m := range formatMagic {
		if bytes.HasPrefix(head[:n], []byte(m.magic)) {
			return m.format, nil
		}
	}
	return cmp.Or(formatEndings[strings.ToLower(path.Ext(one.FileName))], "raw"), nil
}

// partUse is what a dataset says of the part that its data is.
type partUse struct{ name, format string }

// content is what a part holds, with the type and shape that it is stored as.
type content struct {
	t     *dtype.Type
	dims  []uint64
	value value
}

// open looks into the part that a dataset names. The dtype and the shape are
// nil where the description gives none.
func (p *parser) open(use partUse, t *dtype.Type, dims []uint64, shaped bool) (content, error) {
	one := p.parts[use.name]
	if one == nil {
		return content{}, complain("missing_part", "the request has no part named %q", use.name)
	}
	format, err := one.formatOf(use.format)
	if err != nil {
		return content{}, err
	}
	one.formats = append(one.formats, format)
	switch format {
	case "npy":
		return openNPY(one.Part, t, dims, shaped)
	case "raw":
		return openRaw(one.Part, t, dims, shaped)
	}
	return content{}, complain("unsupported_feature", "parts in the format %s are not supported yet", format)
}

func openRaw(one Part, t *dtype.Type, dims []uint64, shaped bool) (content, error) {
	partly := func(code, format string, args ...any) error {
		return problem(code, Entry{Part: one.Name, Detail: fmt.Sprintf(format, args...)})
	}
	switch {
	case t == nil:
		return content{}, partly("missing_dtype", "raw bytes need a dtype and a shape")
	case !shaped:
		return content{}, partly("missing_shape", "raw bytes need a shape")
	case len(t.Pointers()) > 0:
		return content{}, partly("bad_dtype", "raw bytes hold no elements of any length, such as %s", t)
	}
	n, err := size(t, dims)
	if err != nil {
		return content{}, err
	}
	if got := uint64(one.Body.Size()); got != n {
		return content{}, partly("part_length", "%d bytes; shape %v of %d bytes each needs %d", got, dims, t.Size, n)
	}
	return content{t, dims, value{source: partSource{body: one.Body, name: one.Name, size: int64(t.Size)}}}, nil
}

// size is the number of bytes of a shape.
func size(t *dtype.Type, dims []uint64) (uint64, error) {
	s := space.Space{Kind: space.Simple, Dims: dims}
	if err := s.Validate(uint64(t.Size)); err != nil {
		return 0, shapeError(err)
	}
	n, err := s.Count()
	return n * uint64(t.Size), err
}

// partSource gives the elements of a part that lie there as they are stored,
// but perhaps for the order of the bytes of each number.
type partSource struct {
	body   io.ReaderAt
	name   string
	offset int64
	size   int64 // of an element
	number int   // bytes of the numbers to swap; 0 for none
}

func (s partSource) Read(ctx context.Context, first uint64, dst []byte) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	n, err := s.body.ReadAt(dst, s.offset+int64(first)*s.size)
	if n < len(dst) {
		return fmt.Errorf("part %q, element %d: %w", s.name, first, cmp.Or(err, io.ErrUnexpectedEOF))
	}
	if s.number > 1 {
		swap(dst, s.number)
	}
	return nil
}

// partsOnly makes every part a dataset of its name.
func (p *parser) partsOnly() (*Spec, error) {
	for _, name := range p.partOrder {
		if err := p.partDataset(name); err != nil && !mendable(err) {
			return nil, err
		} else if err != nil {
			if end := p.problems.add(at("", "bad_value", err)); end != nil {
				return nil, end
			}
		}
	}
	if err := p.problems.err(nil); err != nil {
		return nil, err
	}
	d := newDigest()
	p.digestParts(d)
	p.spec.digest = d.result()
	return p.spec, nil
}

func (p *parser) partDataset(name string) error {
	if err := p.countObject(); err != nil {
		return err
	}
	found, err := p.open(partUse{name: name}, nil, nil, false)
	if err != nil {
		return inPart(name, err)
	}
	n, err := p.spec.tree.add(origin{"", -1, name}, array)
	if err != nil {
		return inPart(name, err)
	}
	n.dataset = &dataset{t: found.t, space: spaceOf(found.dims), value: found.value}
	return nil
}

// spaceOf is the space of a shape, which is a scalar's where it has no axes.
func spaceOf(dims []uint64) space.Space {
	if len(dims) == 0 {
		return space.Space{Kind: space.Scalar}
	}
	return space.Space{Kind: space.Simple, Dims: dims}
}
