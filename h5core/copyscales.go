package h5core

import (
	"context"
	"encoding/binary"
	"slices"
	"strings"

	"github.com/h5serve/h5serve/h5core/dtype"
	"github.com/h5serve/h5serve/h5core/internal/format/message"
	"github.com/h5serve/h5serve/h5core/internal/object"
	"github.com/h5serve/h5serve/h5core/internal/piece"
	"github.com/h5serve/h5serve/h5core/internal/walk"
	"github.com/h5serve/h5serve/h5core/space"
)

// scales are the dimension scales of a copy (HDF5 Dimension Scale
// Specification): which of the source's attachments it has.
//
//	dataset  DIMENSION_LIST: for each axis references to scales
//	scale    REFERENCE_LIST: (reference to a dataset, axis), …
//
// A scale is cut as the axis that it stands on. Where two axes would cut it
// differently it stays with the first; where an axis is dropped, it goes.
type scales struct {
	lists map[place][][]uint64  // of each dataset, for each axis: addresses of scales
	kept  map[attachment]uint32 // the axis in the copy
}

// attachment is a scale on an axis of a dataset of the source.
type attachment struct {
	dataset place
	axis    int
	scale   place
}

const (
	dimensionList = "DIMENSION_LIST"
	referenceList = "REFERENCE_LIST"
)

// perAxis are attributes with an element for each axis: the labels, and the
// dimensions that netCDF-4 notes.
var perAxis = []string{"DIMENSION_LABELS", "_Netcdf4Coordinates"}

// attached tells which scales stand on the axes of datasets, of one file: a
// list of addresses for each axis.
func attached(ctx context.Context, datasets []*Dataset) ([][][]uint64, error) {
	objects := make([]Object, len(datasets))
	for i, d := range datasets {
		objects[i] = d
	}
	attributes, errs := AttributesOf(ctx, objects)
	out := make([][][]uint64, len(datasets))
	var refs []walk.HeapRef
	var lists []*[]uint64 // of each of refs
	var counts []uint32
	for i, d := range datasets {
		if errs[i] != nil {
			return nil, errs[i]
		}
		for _, a := range attributes[i] {
			if a.Name != dimensionList || !listsScales(a.Type, a.Space, d.data.Space) || portable(d.file, a.Type) != nil {
				continue
			}
			out[i] = make([][]uint64, len(d.data.Space.Dims))
			for axis := range out[i] {
				if p := d.file.descriptor(a.data[axis*dtype.VarLenSize:]); p.n > 0 && !p.ref.Null() {
					refs, counts, lists = append(refs, p.ref), append(counts, p.n), append(lists, &out[i][axis])
				}
			}
		}
	}
	if len(refs) == 0 {
		return out, nil
	}
	found, err := datasets[0].file.stored.Objects(ctx, refs)
	if err != nil {
		return nil, readError("read attributes", datasets[0].path, err)
	}
	for i, raw := range found {
		for range min(int(counts[i]), len(raw)/8) {
			*lists[i], raw = append(*lists[i], little(raw[:8])), raw[8:]
		}
	}
	return out, nil
}

// listsScales tells a DIMENSION_LIST of a dataset from another attribute of
// that name.
func listsScales(t *dtype.Type, s, of space.Space) bool {
	return t.Class == dtype.VarLen && !t.IsString && t.Base.Class == dtype.Reference && t.Base.Ref == dtype.ObjectRef &&
		len(s.Dims) == 1 && s.Dims[0] == uint64(len(of.Dims))
}

// attribute is an attribute of the source as the copy has it; nil where the
// copy has none.
func (c *copier) attribute(f *File, addr uint64, m *message.Attribute) (*object.Attribute, error) {
	a := &object.Attribute{Name: m.Name, Type: m.Type.Type, Space: m.Space.Space, Data: slices.Clone(m.Data)}
	at := place{f, addr}
	if c.scales != nil {
		d, _ := c.sources[at].(*Dataset)
		switch {
		case d == nil:
		case m.Name == dimensionList && listsScales(a.Type, a.Space, d.data.Space):
			return c.dimensionList(d, a)
		case m.Name == referenceList && a.Type.Class == dtype.Compound && len(a.Space.Dims) == 1:
			return c.referenceList(d, a)
		case slices.Contains(perAxis, m.Name):
			if a = c.axesKept(d, a); a == nil {
				return nil, nil
			}
		}
	}
	return a, c.moved(&Elements{Type: a.Type, Data: a.Data, file: f}, c.dst.attrs)
}

// axesKept is an attribute with an element for each axis, of those that are
// left.
func (c *copier) axesKept(d *Dataset, a *object.Attribute) *object.Attribute {
	k, size := c.cuts[place{d.file, d.Address()}], int(a.Type.Size)
	if k == nil || k.dropped == nil || len(a.Space.Dims) != 1 || a.Space.Dims[0] != uint64(len(k.dropped)) || len(a.Data) != size*len(k.dropped) {
		return a
	}
	if k.scalar() {
		return nil
	}
	var data []byte
	for i, dropped := range k.dropped {
		if !dropped {
			data = append(data, a.Data[i*size:(i+1)*size]...)
		}
	}
	a.Data, a.Space = data, space.Space{Kind: space.Simple, Dims: []uint64{uint64(len(data) / size)}}
	return a
}

// dimensionList makes the list of the scales that stay attached; nil where
// none does.
func (c *copier) dimensionList(d *Dataset, a *object.Attribute) (*object.Attribute, error) {
	at := place{d.file, d.Address()}
	k := c.cuts[at]
	var data []byte
	some := false
	for axis, addrs := range c.scales.lists[at] {
		if k != nil && k.dropped != nil && k.dropped[axis] {
			continue
		}
		var content []byte
		var links []piece.Link
		for _, addr := range addrs {
			if _, kept := c.scales.kept[attachment{at, axis, place{d.file, addr}}]; kept {
				token := c.token(d.file, addr)
				links = append(links, piece.Link{Off: len(content), Object: true, Token: token})
				content = binary.LittleEndian.AppendUint64(content, token)
			}
		}
		row := make([]byte, dtype.VarLenSize)
		if len(links) > 0 {
			token, index, err := c.dst.attrs.PutLinked(content, links)
			if err != nil {
				return nil, err
			}
			binary.LittleEndian.PutUint32(row, uint32(len(links)))
			heapPlace{token, index}.put(row[4:])
			some = true
		}
		data = append(data, row...)
	}
	if !some {
		return nil, nil
	}
	a.Data, a.Space = data, space.Space{Kind: space.Simple, Dims: []uint64{uint64(len(data) / dtype.VarLenSize)}}
	return a, nil
}

// referenceList makes the list of the datasets of the copy that a scale is
// attached to; nil where there is none.
func (c *copier) referenceList(scale *Dataset, a *object.Attribute) (*object.Attribute, error) {
	var ref, axis *dtype.Member
	for i := range a.Type.Members {
		switch m := &a.Type.Members[i]; {
		case m.Type.Class == dtype.Reference && m.Type.Ref == dtype.ObjectRef && m.Type.Size == 8:
			ref = m
		case m.Type.Class == dtype.Integer && m.Type.Size == 4:
			axis = m
		}
	}
	if ref == nil || axis == nil {
		return a, c.moved(&Elements{Type: a.Type, Data: a.Data, file: scale.file}, c.dst.attrs)
	}
	order := binary.ByteOrder(binary.LittleEndian)
	if axis.Type.Order == dtype.BigEndian {
		order = binary.BigEndian
	}
	var data []byte
	size, at := int(a.Type.Size), place{scale.file, scale.Address()}
	for raw := a.Data; len(raw) >= size; raw = raw[size:] {
		row := slices.Clone(raw[:size])
		addr := binary.LittleEndian.Uint64(row[ref.Offset:])
		now, kept := c.scales.kept[attachment{place{scale.file, addr}, int(order.Uint32(row[axis.Offset:])), at}]
		if !kept {
			continue
		}
		binary.LittleEndian.PutUint64(row[ref.Offset:], c.token(scale.file, addr))
		order.PutUint32(row[axis.Offset:], now)
		data = append(data, row...)
	}
	if len(data) == 0 {
		return nil, nil
	}
	a.Data, a.Space = data, space.Space{Kind: space.Simple, Dims: []uint64{uint64(len(data) / size)}}
	return a, nil
}

// nameOf finds a path of an object that another one leads to: scales lie
// beside their users, or above them.
func (c *copier) nameOf(near *Dataset, addr uint64) (string, error) {
	f := near.file
	for folder := near.path; folder != "/" && folder != ""; {
		folder = folder[:max(strings.LastIndexByte(folder, '/'), 0)]
		o, err := f.get(c.ctx, "/"+strings.Trim(folder, "/"), maxSoft)
		if err != nil {
			return "", err
		}
		g, ok := o.(*Group)
		if !ok {
			break
		}
		links, err := g.Links(c.ctx)
		if err != nil {
			return "", err
		}
		for _, l := range links {
			if l.Kind == Hard && l.Address == addr {
				return g.join(l.Name), nil
			}
		}
	}
	err := f.paths.build(c.ctx, f)
	return f.paths.byAddress[addr], err
}
