package h5grove

import (
	"context"

	"github.com/h5serve/h5serve/h5core"
	"github.com/h5serve/h5serve/h5core/space"
)

// Meta describes what a path leads to, and of a group its members too. Keys come in alphabetical order.
func Meta(ctx context.Context, f *File, path string, how Resolve) (*Answer, error) {
	e, err := f.find(ctx, path, how)
	if err != nil {
		return nil, err
	}
	list := []*entity{e}
	g, ok := e.object.(*h5core.Group)
	if ok {
		members, err := f.children(ctx, g, path)
		if err != nil {
			return nil, err
		}
		list = append(list, members...)
	}
	attributes, errs := attributesOf(ctx, list)
	if errs[0] != nil {
		return nil, errs[0]
	}
	d := &document{}
	d.WriteByte('{')
	if e.object != nil {
		if err := d.attributes(attributes[0]); err != nil {
			return nil, err
		}
	}
	if ok {
		d.WriteString(`"children":[`)
		for i, member := range list[1:] {
			if i > 0 {
				d.WriteByte(',')
			}
			if err := d.member(ctx, member, attributes[i+1], errs[i+1]); err != nil {
				return nil, err
			}
		}
		d.WriteString("],")
	}
	if err := d.entity(e); err != nil {
		return nil, err
	}
	return d.answer(), nil
}

// attributesOf reads the attributes of all objects among the entities at once.
func attributesOf(ctx context.Context, list []*entity) ([][]*h5core.Attribute, []error) {
	var objects []h5core.Object
	for _, e := range list {
		if e.object != nil {
			objects = append(objects, e.object)
		}
	}
	found, failed := h5core.AttributesOf(ctx, objects)
	all, errs := make([][]*h5core.Attribute, len(list)), make([]error, len(list))
	for i, e := range list {
		if e.object != nil {
			all[i], errs[i] = found[0], failed[0]
			found, failed = found[1:], failed[1:]
		}
	}
	return all, errs
}

// member describes one of a group. One that cannot be read is of the kind that h5grove has for what it does not know.
func (d *document) member(ctx context.Context, e *entity, attributes []*h5core.Attribute, err error) error {
	if err != nil && !lost(ctx, err) {
		return err
	}
	d.WriteByte('{')
	if err != nil || e.object == nil && e.link == nil {
		return d.end("other", e)
	}
	if e.object != nil {
		if err := d.attributes(attributes); err != nil {
			return err
		}
	}
	return d.entity(e)
}

func (d *document) attributes(list []*h5core.Attribute) error {
	d.WriteString(`"attributes":[`)
	for i, a := range list {
		if i > 0 {
			d.WriteByte(',')
		}
		err := d.put(struct {
			Name  string    `json:"name"`
			Shape []uint64  `json:"shape"`
			Type  *typeInfo `json:"type"`
		}{a.Name, shapeOf(a.Space), describe(a.Type)})
		if err != nil {
			return err
		}
	}
	d.WriteString("],")
	return nil
}

// shapeOf is nil, which becomes null, for a null space.
func shapeOf(s space.Space) []uint64 {
	if s.Kind == space.Null {
		return nil
	}
	return append([]uint64{}, s.Dims...)
}

// entity ends an object of JSON with what is known of the entity beside its attributes and members.
func (d *document) entity(e *entity) error {
	switch o := e.object.(type) {
	case *h5core.Group:
		return d.end("group", e)
	case *h5core.Dataset:
		if err := d.fields(pair{"chunks", o.Chunks()}, pair{"filters", filtersOf(o)}); err != nil {
			return err
		}
		return d.end("dataset", e, pair{"shape", shapeOf(o.Space())}, pair{"type", describe(o.Type())})
	case *h5core.NamedType:
		return d.end("datatype", e, pair{"type", describe(o.Type())})
	}
	if e.link.Kind == h5core.Soft {
		return d.end("soft_link", e, pair{"target_path", e.link.Path})
	}
	return d.end("external_link", e, pair{"target_file", e.link.File}, pair{"target_path", e.link.Path})
}

func (d *document) fields(list ...pair) error {
	for _, p := range list {
		d.WriteString(`"` + p.key + `":`)
		if err := d.put(p.value); err != nil {
			return err
		}
		d.WriteByte(',')
	}
	return nil
}

func (d *document) end(kind string, e *entity, more ...pair) error {
	err := d.fields(append([]pair{{"kind", kind}, {"name", e.name()}}, more...)...)
	d.Truncate(d.Len() - 1) // the last comma
	d.WriteByte('}')
	return err
}

// filterInfo is a filter by its number and the name that stands in the file, or else HDF5's.
type filterInfo struct {
	ID   uint16 `json:"id"`
	Name string `json:"name"`
}

var filterNames = map[uint16]string{
	1: "deflate", 2: "shuffle", 3: "fletcher32", 4: "szip", 5: "nbit", 6: "scaleoffset", 32000: "lzf",
}

func filtersOf(o *h5core.Dataset) []filterInfo {
	var list []filterInfo
	for _, f := range o.Filters() {
		name := f.Name
		if name == "" {
			name = filterNames[f.ID]
		}
		if name == "" {
			name = "Unknown filter"
		}
		list = append(list, filterInfo{f.ID, name})
	}
	return list
}
