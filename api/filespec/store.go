package filespec

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/h5serve/h5serve/h5core"
	"github.com/h5serve/h5serve/h5core/filter"
	"github.com/h5serve/h5serve/h5core/space"
)

// Files opens the files that descriptions take elements from by name. The tag
// names the version; the same name gives the same version as long as the
// description is in use, and so long the file stays open.
type Files interface {
	Open(ctx context.Context, name string) (file *h5core.File, etag string, err error)
}

// FileError is an error of a file that a description takes elements from.
type FileError struct {
	Pointer string // of the form of data
	Err     error
}

func (e *FileError) Error() string { return e.Pointer + ": " + e.Err.Error() }

func (e *FileError) Unwrap() error { return e.Err }

// storedUse is {"file": name, "path": path, "select": text}.
type storedUse struct{ file, path, sel string }

// stored is a dataset of a file, or a selection of it, as a value.
type stored struct {
	storedUse
	pointer string
	from    *h5core.Dataset
	slab    space.Selection // nil: all
	space   space.Space     // of the result
	chunks  []uint64        // likewise; nil: none
	// verbatim says that the description leaves all to the file: the dataset is
	// copied, and its chunks travel as they are.
	verbatim bool
}

// storedMember reads a key of the form.
func (p *parser) storedMember(d *draft, key string) {
	text, _ := p.text(map[string]string{"file": "a file, as STORE/KEY", "path": "the path of a dataset in the file", "select": "a selection, as 0:10,:,::2"}[key])
	switch use := &d.data.stored; key {
	case "file":
		use.file = text
	case "path":
		use.path = text
	case "select":
		use.sel = text
	}
}

// storedContent opens a dataset of a stored file.
func (p *parser) storedContent(d *draft) (content, error) {
	use, pointer := d.data.stored, d.data.pointer
	for key, text := range map[string]string{"file": use.file, "path": use.path} {
		if text == "" {
			return content{}, problem("missing_key", Entry{Pointer: pointer, Detail: fmt.Sprintf("%q is missing: {\"file\": STORE/KEY, \"path\": PATH, \"select\": …}", key)})
		}
	}
	if p.spec.limits.Files == nil {
		return content{}, problem("unsupported_feature", Entry{Pointer: pointer + "/file", Detail: "there are no files to take elements from here"})
	}
	f, etag, err := p.spec.limits.Files.Open(p.ctx, use.file)
	if err != nil {
		return content{}, &FileError{pointer + "/file", err}
	}
	p.tags = append(p.tags, etag)
	o, err := f.Get(p.ctx, use.path)
	if err != nil {
		return content{}, &FileError{pointer + "/path", err}
	}
	from, ok := o.(*h5core.Dataset)
	if !ok {
		return content{}, problem("bad_value", Entry{Pointer: pointer + "/path", Detail: fmt.Sprintf("%s is no dataset", use.path)})
	}
	st := &stored{storedUse: use, pointer: pointer, from: from}
	if err := st.choose(); err != nil {
		return content{}, at(pointer+"/select", "bad_select", err)
	}
	if t := from.Type(); d.t != nil && !d.t.Equal(t) {
		return content{}, problem("unsupported_feature", Entry{Pointer: d.pointer + "/dtype", Detail: fmt.Sprintf("the dataset is of %s; taking its elements as %s is not supported yet: leave dtype out", t, d.t)})
	}
	if d.shaped && (st.space.Kind == space.Null || !slices.Equal(d.shape, st.space.Dims)) {
		return content{}, problem("shape_mismatch", Entry{Pointer: d.pointer + "/shape", Detail: fmt.Sprintf("the selection has the shape %v, not %v", st.space.Dims, d.shape)})
	}
	return content{from.Type(), st.space.Dims, value{stored: st}}, nil
}

// choose finds out what the selection gives. Where an axis is dropped, so is
// that of the chunks.
func (st *stored) choose() error {
	from := st.from.Space()
	sel, dims, err := space.Parse(st.sel, from.Dims)
	if err != nil {
		return err
	}
	dropped, err := space.Dropped(st.sel, len(from.Dims))
	if err != nil {
		return err
	}
	if slices.Equal(sel.Count, from.Dims) && !slices.Contains(dropped, true) {
		st.space, st.chunks = from, st.from.Chunks()
		return nil
	}
	st.slab, st.space = sel, spaceOf(dims)
	for i, n := range st.from.Chunks() {
		if !dropped[i] {
			st.chunks = append(st.chunks, min(n, max(sel.Count[i], 1)))
		}
	}
	return nil
}

// settleStored completes how a dataset is stored with what its source says.
func (p *parser) settleStored(d *draft, ds *dataset) {
	st, said := ds.value.stored, &d.storage
	if st == nil || !p.sound(d) {
		return
	}
	if st.verbatim = !said.given && !d.track; st.verbatim {
		return
	}
	from, err := st.from.Source(st.slab)
	if err != nil || st.space.Kind == space.Null {
		p.noteAt(d.pointer, "unsupported_feature", complain("unsupported_feature", "elements of %s are stored as in their file: leave chunks, maxshape, filters, fillvalue and track_order out", ds.t))
		return
	}
	if said.fillPointer == "" {
		if status, fill := st.from.Fill(); status == "user" {
			ds.fill = fill.Data
		}
	}
	if !said.resizable && !said.whole && ds.storage == nil && st.chunks != nil {
		ds.space.Max = st.space.Max
	}
	ds.storage = st.storage(said, ds.storage)
	n, _ := ds.space.Count()
	if ds.value = (value{}); n > 0 {
		ds.value.source = from
	}
}

// storage is that of the description, and what it leaves open that of the file.
func (st *stored) storage(said *storageDraft, asked *storage) *storage {
	if asked == nil && (said.whole || st.chunks == nil) {
		return nil
	}
	out := &storage{chunks: st.chunks}
	if asked != nil {
		*out = *asked
		if out.chunks == nil && !said.auto && len(st.chunks) == len(st.space.Dims) {
			out.chunks = st.chunks
		}
	}
	if said.filtered {
		return out
	}
	for _, f := range st.from.Filters() {
		step := filter.Step{Filter: filter.Missing(filter.ID(f.ID), f.Name), Flags: f.Flags, Params: f.Params}
		if known, ok := filter.Lookup(filter.ID(f.ID)); ok {
			step.Filter = known
		}
		out.filters = append(out.filters, step)
	}
	return out
}

// copyTo copies the dataset, with nothing of its attributes.
func (st *stored) copyTo(ctx context.Context, parent *h5core.Group, name string) (*h5core.Dataset, error) {
	d, err := h5core.CopyDataset(ctx, st.from, parent, name, h5core.SelfContained(), h5core.WithoutAttributes(), h5core.Slice(st.from.Name(), st.sel))
	if err != nil && !describes(err) {
		err = &FileError{st.pointer, err}
	}
	return d, err
}

// describes tells whether an error is about the file to be made.
func describes(err error) bool {
	return errors.Is(err, h5core.ErrExists) || errors.Is(err, h5core.ErrBounds) || errors.Is(err, h5core.ErrClosed)
}

// digestStored adds the versions of the files, in the order of their uses.
func (p *parser) digestStored(d *digest) {
	if len(p.tags) > 0 {
		d.text([]byte(strings.Join(p.tags, " ")))
	}
}
