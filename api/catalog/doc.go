// Package catalog lists what is in a file without its elements: a subtree as
// one list, and whatever matches a text.
//
//	h5core.Waves ─▶ some thousand visits ─▶ their attributes, together
//	                                    ─▶ small values, together ─▶ nodes, matches
//
// Each step of a wave is asked for at once, so that a far file costs rounds in
// proportion to its depth, not to the number of its objects.
package catalog

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"

	"github.com/h5serve/h5serve/api/represent"
	"github.com/h5serve/h5serve/h5core"
	"github.com/h5serve/h5serve/h5core/space"
)

// Node is an object or a link.
type Node struct {
	Path       string      `json:"path"`
	Kind       string      `json:"kind"` // group, dataset, datatype, hard_link (to what is listed), soft_link, external_link, user_link, error
	SameAs     string      `json:"same_as,omitempty"`
	Target     string      `json:"target,omitempty"`      // of a link
	TargetFile string      `json:"target_file,omitempty"` // of an external link
	Dtype      string      `json:"dtype,omitempty"`
	Space      string      `json:"space,omitempty"` // scalar, simple, null
	Shape      []uint64    `json:"shape,omitempty"`
	MaxShape   []*uint64   `json:"maxshape,omitempty"` // null: no end
	Layout     string      `json:"layout,omitempty"`
	Chunks     []uint64    `json:"chunks,omitempty"`
	Filters    []Filter    `json:"filters,omitempty"`
	Attributes []Attribute `json:"attributes,omitempty"`
	Error      string      `json:"error,omitempty"`
}

// Filter is a step of a dataset's pipeline.
type Filter struct {
	ID   uint16 `json:"id"`
	Name string `json:"name,omitempty"`
}

// Attribute has its value where that is small and leads nowhere.
type Attribute struct {
	Name  string          `json:"name"`
	Dtype string          `json:"dtype"`
	Shape []uint64        `json:"shape"` // null: the null space
	Value json.RawMessage `json:"value,omitempty"`
	Error string          `json:"error,omitempty"`
}

// node is a visit without attributes.
func node(v *h5core.Visit) Node {
	n := Node{Path: v.Path, SameAs: v.Before}
	if v.Err != nil {
		n.Error = v.Err.Error()
	}
	switch o := v.Object.(type) {
	case *h5core.Group:
		n.Kind = "group"
	case *h5core.NamedType:
		n.Kind, n.Dtype = "datatype", o.Type().String()
	case *h5core.Dataset:
		n.dataset(o)
	default:
		n.link(v)
	}
	return n
}

func (n *Node) link(v *h5core.Visit) {
	switch v.Link.Kind {
	case h5core.Soft:
		n.Kind, n.Target = "soft_link", v.Link.Path
	case h5core.External:
		n.Kind, n.Target, n.TargetFile = "external_link", v.Link.Path, v.Link.File
	case h5core.UserDefined:
		n.Kind = "user_link"
	default:
		n.Kind = "error"
		if v.Before != "" {
			n.Kind = "hard_link"
		}
	}
}

func (n *Node) dataset(d *h5core.Dataset) {
	s := d.Space()
	n.Kind, n.Dtype, n.Shape, n.Layout, n.Chunks = "dataset", d.Type().String(), s.Dims, d.Layout(), d.Chunks()
	n.Space = map[space.Kind]string{space.Scalar: "scalar", space.Simple: "simple", space.Null: "null"}[s.Kind]
	for _, most := range s.Max {
		if most == space.Unlimited {
			n.MaxShape = append(n.MaxShape, nil)
		} else {
			n.MaxShape = append(n.MaxShape, &most)
		}
	}
	for _, f := range d.Filters() {
		n.Filters = append(n.Filters, Filter{f.ID, f.Name})
	}
}

const (
	smallValue = 1 << 10 // bytes of an attribute's elements that are read
	longValue  = 4 << 10 // bytes of text that they may become
)

// values are small attributes, to be read together.
type values struct {
	list []*h5core.Attribute
	to   []*Attribute
}

// attributes describes the attributes of objects, as nodes have them.
func attributes(ctx context.Context, objects []h5core.Object, j represent.JSON) ([][]Attribute, []error) {
	lists, errs := h5core.AttributesOf(ctx, objects)
	out := make([][]Attribute, len(objects))
	var small values
	for i, list := range lists {
		out[i] = make([]Attribute, len(list))
		for k, a := range list {
			out[i][k] = describe(a)
			if isSmall(a) {
				small.list, small.to = append(small.list, a), append(small.to, &out[i][k])
			}
		}
	}
	elements, failed := h5core.ReadAttributes(ctx, small.list)
	for i, e := range elements {
		err := failed[i]
		if err == nil {
			small.to[i].Value, err = text(j, small.list[i], e)
		}
		if err != nil && !errors.Is(err, context.Canceled) {
			small.to[i].Error = err.Error()
		}
	}
	return out, errs
}

func describe(a *h5core.Attribute) Attribute {
	out := Attribute{Name: a.Name, Dtype: a.Type.String(), Shape: a.Space.Dims}
	if a.Space.Kind != space.Null && out.Shape == nil {
		out.Shape = []uint64{}
	}
	return out
}

// isSmall tells whether a value is worth reading. To know where references lead
// takes a walk through the whole file.
func isSmall(a *h5core.Attribute) bool {
	n, err := a.Space.Count()
	return err == nil && a.Space.Kind != space.Null && n <= smallValue/uint64(max(a.Type.Size, 1)) && !a.Type.HasReference()
}

// text is a value as JSON, nothing where that is long.
func text(j represent.JSON, a *h5core.Attribute, e *h5core.Elements) (json.RawMessage, error) {
	var b bytes.Buffer
	w, err := j.New(&b, a.Type, a.Space.Dims)
	if err == nil {
		err = errors.Join(w.Write(e.Data, e), w.Close())
	}
	if err != nil || b.Len() > longValue {
		return nil, err
	}
	return b.Bytes(), nil
}
