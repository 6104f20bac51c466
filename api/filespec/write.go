package filespec

import (
	"bytes"
	"context"
	"errors"

	"github.com/h5serve/h5serve/h5core"
	"github.com/h5serve/h5serve/h5core/dtype"
	"github.com/h5serve/h5serve/h5core/space"
)

// writing is one second pass.
type writing struct {
	ctx    context.Context
	spec   *Spec
	groups map[*node]*h5core.Group
	made   map[*node]bool
	later  []*node // hard links to what comes after them
}

// Write makes what the description says in a new file that was opened with the
// Spec's Options: every object at its first mention. Values go from the source
// straight into the file's memory; those of generators and parts that lie as
// they are stored are read when the file is written out.
//
// A hard link to an object that comes later in the description is made last.
func (s *Spec) Write(ctx context.Context, f *h5core.File) error {
	w := &writing{ctx, s, map[*node]*h5core.Group{s.tree.root: f.Group}, map[*node]bool{s.tree.root: true}, nil}
	if err := w.attributes(s.tree.root, f.Attributes()); err != nil {
		return s.Explain(err)
	}
	for _, n := range s.tree.order {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := w.make(n); err != nil {
			return s.Explain(err)
		}
	}
	for _, n := range w.later {
		if err := w.hardLink(n); err != nil {
			return s.Explain(err)
		}
	}
	return nil
}

func (w *writing) make(n *node) error {
	parent := w.groups[n.parent]
	w.made[n] = true
	switch n.kind {
	case softLink:
		return parent.SoftLink(n.name, n.link.target)
	case externalLink:
		return parent.ExternalLink(n.name, n.link.file, n.link.target)
	case hardLink:
		if !w.made[w.spec.tree.target(n)] {
			w.later = append(w.later, n)
			return nil
		}
		return w.hardLink(n)
	case array:
		return w.dataset(parent, n)
	}
	var options []h5core.GroupOption
	if n.track {
		options = append(options, h5core.TrackOrder())
	}
	g, err := parent.CreateGroup(n.name, options...)
	if err != nil {
		return err
	}
	w.groups[n] = g
	return w.attributes(n, g.Attributes())
}

func (w *writing) hardLink(n *node) error {
	return w.groups[n.parent].HardLink(n.name, w.spec.tree.target(n).path())
}

func (w *writing) dataset(parent *h5core.Group, n *node) error {
	ds := n.dataset
	if st := ds.value.stored; st != nil {
		d, err := st.copyTo(w.ctx, parent, n.name)
		if err != nil {
			return err
		}
		return w.attributes(n, d.Attributes())
	}
	d, err := parent.CreateDataset(n.name, ds.t, ds.space, ds.options(n.track)...)
	if err != nil {
		return err
	}
	if err := w.attributes(n, d.Attributes()); err != nil {
		return err
	}
	if boxes, ok := ds.value.stream.(fortranArray); ok {
		return boxes.fill(w.ctx, d)
	}
	if ds.value.stream == nil {
		return nil
	}
	out, err := d.Writer(w.ctx)
	if err != nil {
		return err
	}
	if err := ds.value.stream.copyTo(w.ctx, out, d.Heap()); err != nil {
		return err
	}
	return out.Close()
}

func (w *writing) attributes(n *node, to *h5core.Attributes) error {
	for i := range n.attrs {
		a := &n.attrs[i]
		raw, err := a.elements(w.ctx, to.Heap())
		if err != nil {
			return err
		}
		if err := to.PutRaw(a.name, a.t, a.space, raw); err != nil {
			return err
		}
	}
	return nil
}

// elements are all elements of an attribute as stored; zeros where it has no
// data.
func (a *attribute) elements(ctx context.Context, heap dtype.Heap) ([]byte, error) {
	count, err := a.space.Count()
	if err != nil || a.space.Kind == space.Null {
		return nil, err
	}
	if a.value.stream != nil {
		var raw bytes.Buffer
		err := a.value.stream.copyTo(ctx, &raw, heap)
		return raw.Bytes(), err
	}
	raw := make([]byte, count*uint64(a.t.Size))
	if a.value.source != nil {
		err = a.value.source.Read(ctx, 0, raw)
	}
	return raw, err
}

// Explain makes a Problem of an error of h5core that the description is the
// cause of, from Write or from planning the file; others pass as they are.
func (s *Spec) Explain(err error) error {
	var known *Problem
	var file *FileError
	var e *h5core.Error
	if errors.As(err, &known) || errors.As(err, &file) || !errors.As(err, &e) {
		return err
	}
	n, attribute := s.tree.lookup(e.Path), ""
	for i := 0; n == nil && i < len(e.Path); i++ {
		if e.Path[i] == '@' { // path@attribute
			n, attribute = s.tree.lookup(e.Path[:i]), e.Path[i+1:]
		}
	}
	code := ""
	switch {
	case errors.Is(err, h5core.ErrBounds):
		code = "libver_bound"
	case errors.Is(err, h5core.ErrUnsupported):
		code = "unsupported_feature"
	case errors.Is(err, h5core.ErrTooLarge) && attribute != "":
		code = "attribute_too_large"
	case errors.Is(err, h5core.ErrTooLarge) && n != nil && n.dataset != nil:
		code = "dtype_too_large"
	case errors.Is(err, h5core.ErrTooLarge):
		code = "bad_name"
	case errors.Is(err, h5core.ErrInvalid):
		code = "bad_value"
	default:
		return err
	}
	pointer := ""
	if n != nil {
		pointer = n.pointer()
	}
	if attribute != "" {
		pointer += "/attrs/" + escape(attribute)
	}
	return problem(code, Entry{Pointer: pointer, Detail: e.Error()})
}
