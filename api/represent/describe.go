package represent

import (
	"bytes"
	"context"
	"io"

	"github.com/h5serve/h5serve/h5core"
)

// Describe is a visit as a JSON object without values: path and kind, where a
// link leads, a dataset's type, shape and storage, or the error.
func Describe(v Visit) []byte { return describe(v).end() }

func describe(v Visit) *line {
	d := newLine()
	d.text("path", v.Path)
	if v.Err != nil {
		d.text("kind", "error").text("error", v.Err.Error())
		return d
	}
	switch o := v.Object.(type) {
	case *h5core.Group:
		d.text("kind", "group")
	case *h5core.NamedType:
		d.text("kind", "datatype").text("dtype", o.Type().String())
	case *h5core.Dataset:
		d.text("kind", "dataset").text("dtype", o.Type().String())
		_, _ = spaceKeys(d, o.Space())
		d.raw("maxshape", appendMaximum(nil, o.Space()))
		storageKeys(d, o)
	default:
		linkLine(d, v)
	}
	return d
}

// Document writes an object with all that it holds as JSON: a dataset or
// datatype as one object, a group as a list of its own and its members, in the
// order of Walk. They have attributes, and datasets their elements as "data";
// what cannot be read is an "error", and counted in faults. An error that
// comes when a part of the elements is written already ends the document.
func (j JSON) Document(ctx context.Context, w io.Writer, o h5core.Object) (faults int, err error) {
	d := document{JSON: j, ctx: ctx, w: w}
	if _, ok := o.(*h5core.Group); !ok {
		err = d.object(Visit{Path: o.Name(), Object: o})
		_, failed := io.WriteString(w, "\n")
		return d.faults, firstOf(err, failed)
	}
	between := "[\n"
	err = Walk(ctx, o, func(v Visit) error {
		if _, err := io.WriteString(w, between); err != nil {
			return err
		}
		between = ",\n"
		return d.object(v)
	})
	if err != nil {
		return d.faults, err
	}
	_, err = io.WriteString(w, "\n]\n")
	return d.faults, err
}

func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

type document struct {
	JSON
	ctx    context.Context
	w      io.Writer
	faults int
}

func (d *document) object(v Visit) error {
	out := describe(v)
	if v.Err != nil {
		d.faults++
	}
	if v.Object != nil {
		d.attributes(out, v.Object)
	}
	if ds, ok := v.Object.(*h5core.Dataset); ok {
		if err := d.data(out, ds); err != nil {
			return err
		}
	}
	_, err := d.w.Write(out.end())
	return err
}

// data adds the elements of a dataset, or why there are none.
func (d *document) data(out *line, ds *h5core.Dataset) error {
	w, err := d.New(d.w, ds.Type(), shapeOf(ds.Space()))
	begun := false
	begin := func() error {
		if begun {
			return nil
		}
		begun = true
		out.key("data")
		_, err := d.w.Write(out.b)
		out.b = out.b[:0]
		return err
	}
	if err == nil {
		err = EachPiece(d.ctx, ds, func(e *h5core.Elements) error {
			if err := begin(); err != nil {
				return err
			}
			return w.Write(e.Data, e)
		})
	}
	switch {
	case err == nil:
		return firstOf(begin(), w.Close())
	case begun:
		return err
	}
	d.faults++
	out.text("error", err.Error())
	return nil
}

func (d *document) attributes(out *line, o h5core.Object) {
	all, err := o.Attributes().All(d.ctx)
	if err != nil {
		d.faults++
		out.text("attrs_error", err.Error())
	}
	attrs := newLine()
	for _, a := range all {
		attrs.raw(a.Name, d.attribute(a))
	}
	out.raw("attrs", attrs.end())
}

func (d *document) attribute(a *h5core.Attribute) []byte {
	x := newLine()
	x.text("dtype", a.Type.String())
	_, err := spaceKeys(x, a.Space)
	var data bytes.Buffer
	if err == nil {
		err = d.elements(&data, a)
	}
	if err != nil {
		d.faults++
		x.text("error", err.Error())
	} else {
		x.raw("data", data.Bytes())
	}
	return x.end()
}

func (d *document) elements(to io.Writer, a *h5core.Attribute) error {
	w, err := d.New(to, a.Type, shapeOf(a.Space))
	if err != nil {
		return err
	}
	e, err := a.Read(d.ctx)
	if err != nil {
		return err
	}
	return firstOf(w.Write(e.Data, e), w.Close())
}
