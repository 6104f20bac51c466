package filespec

import (
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/h5serve/h5serve/h5core/dtype"
	"github.com/h5serve/h5serve/h5core/space"
)

// draft is what the description says of a dataset or an attribute, before it
// is put together.
type draft struct {
	pointer string
	start   int // problems that were there before
	t       *dtype.Type
	shape   []uint64
	shaped  bool
	null    bool // "shape": null
	absent  bool // "data": null
	data    data
	storage storageDraft
	attrs   []attribute
	track   bool
}

var (
	datasetKeys = keySet{
		what: "a dataset",
		known: []string{"dtype", "shape", "data", "maxshape", "chunks", "compression", "compression_opts",
			"shuffle", "fletcher32", "fillvalue", "attrs", "track_order"},
		later: []string{"scale", "dims", "scaleoffset", "fill_time", "external", "track_times", "allow_unknown_filter", "virtual"},
	}
	attributeKeys = keySet{what: "an attribute", known: []string{"dtype", "shape", "data"}}
)

// dataset reads a dataset: an object that describes it, or its data.
func (p *parser) dataset(o origin, listed bool) {
	d := p.draft(datasetKeys.named(listed), listed, func(d *draft, key string) {
		switch key {
		case "name":
			p.name(&o)
		case "attrs":
			if !p.null() {
				d.attrs = p.attributes()
			}
		case "track_order":
			d.track = p.boolean("keep the order of creation of attributes")
		default:
			p.storageMember(d, key)
		}
	})
	n := p.place(o, array)
	t, s, v, ok := p.settle(d, false)
	if !ok || n == nil {
		return
	}
	n.attrs, n.track = d.attrs, d.track
	n.dataset = &dataset{t: t, space: s, value: v}
	p.settleStorage(d, n.dataset)
	p.settleStored(d, n.dataset)
	p.countBytes(d, n.dataset)
}

// attributes reads the attributes of an object.
func (p *parser) attributes() (list []attribute) {
	if !p.expect('{', "attributes") {
		return nil
	}
	seen := make(map[string]bool)
	for p.s.begin(); p.s.next(); {
		name := string(p.s.key())
		if !p.count1() {
			return nil
		}
		switch {
		case seen[name]:
			p.note("duplicate_key", "the attribute %q is there twice", name)
		case name == "" || strings.ContainsRune(name, 0):
			p.note("bad_name", "%q: the name of an attribute is not empty and has no NUL", name)
		}
		seen[name] = true
		d := p.draft(attributeKeys, false, nil)
		if t, s, v, ok := p.settle(d, true); ok {
			list = append(list, attribute{name, t, s, v})
		}
	}
	return list
}

// draft reads the object that describes a value, or the value itself.
func (p *parser) draft(keys keySet, long bool, other func(d *draft, key string)) *draft {
	d := &draft{pointer: p.s.pointer(), start: p.problems.count()}
	switch c := p.s.kind(); {
	case c == 'n' && !long:
		p.note("wrong_type", `null is no value: for a null space write {"dtype": …, "shape": null}`)
		p.s.skip()
		return d
	case c != '{' && !long:
		p.inline(d)
		return d
	}
	p.members(keys, func(key string) {
		switch key {
		case "dtype":
			if !p.null() {
				d.t = p.dtype()
			}
		case "shape":
			p.shape(d)
		case "data":
			p.data(d)
		default:
			other(d, key)
		}
	})
	return d
}

// shape reads a shape: a list of lengths, one length, or null.
func (p *parser) shape(d *draft) {
	if d.null = p.null(); !d.null {
		d.shape, d.shaped = p.dims("bad_shape", "the length of an axis"), true
	}
}

// dims reads lengths of axes.
func (p *parser) dims(code, what string) []uint64 {
	if p.s.kind() == '0' {
		n, _ := p.count(code, what)
		return []uint64{n}
	}
	dims := []uint64{}
	if !p.expect('[', "one number for each axis") {
		return nil
	}
	for p.s.begin(); p.s.next(); {
		if len(dims) == space.MaxRank {
			p.note("rank_too_high", "more than %d axes", space.MaxRank)
		}
		n, _ := p.count(code, what)
		if len(dims) < space.MaxRank {
			dims = append(dims, n)
		}
	}
	return dims
}

// sound says whether nothing is wrong with a draft so far.
func (p *parser) sound(d *draft) bool { return p.s.err == nil && p.problems.count() == d.start }

// settle puts together what a draft says: the type, the space, and where the
// elements come from.
func (p *parser) settle(d *draft, attribute bool) (t *dtype.Type, s space.Space, v value, ok bool) {
	if !p.sound(d) {
		return nil, s, v, false
	}
	if attribute && d.data.form == inFile {
		p.noteAt(d.data.pointer, "", complain("unsupported_feature", "an attribute takes no elements from a file: give its values"))
		return nil, s, v, false
	}
	c, err := p.content(d)
	if err != nil {
		p.noteAt(d.pointer, "bad_value", err)
		return nil, s, v, false
	}
	if st := c.value.stored; st != nil {
		return c.t, st.space, c.value, p.sound(d)
	}
	if nestedVarLen(c.t) {
		p.noteAt(d.pointer+"/dtype", "unsupported_feature", complain("unsupported_feature", "a type of any length inside another is not supported yet: %s", c.t))
		return nil, s, v, false
	}
	s = spaceOf(c.dims)
	if d.null {
		s = space.Space{Kind: space.Null}
	}
	if err := s.Validate(uint64(c.t.Size)); err != nil {
		p.noteAt(d.pointer+"/shape", "bad_shape", shapeError(err))
		return nil, s, v, false
	}
	n, _ := s.Count()
	if attribute && n*uint64(c.t.Size) > math.MaxUint16 {
		p.noteAt(d.pointer, "attribute_too_large", complain("attribute_too_large", "%d bytes; an attribute has at most 64 KiB: make it a dataset", n*uint64(c.t.Size)))
		return nil, s, v, false
	}
	if n == 0 {
		c.value = value{}
	}
	return c.t, s, c.value, p.sound(d)
}

// nestedVarLen says whether what a variable-length part holds has such parts.
func nestedVarLen(t *dtype.Type) bool {
	switch t.Class {
	case dtype.VarLen:
		return t.Base.HasVarLen()
	case dtype.Array:
		return nestedVarLen(t.Base)
	}
	for _, m := range t.Members {
		if nestedVarLen(m.Type) {
			return true
		}
	}
	return false
}

// shapeError gives the errors of a space their codes.
func shapeError(err error) error {
	var e *space.Error
	if !errors.As(err, &e) {
		return err
	}
	code := map[string]string{"maxshape": "bad_maxshape", "chunks": "bad_chunks"}[e.What]
	if code == "" {
		code = "bad_shape"
	}
	return complain(code, "%v", e)
}

// countBytes holds all data together to the size of a file.
func (p *parser) countBytes(d *draft, ds *dataset) {
	if ds.value.source == nil && ds.value.stream == nil {
		return
	}
	n, _ := ds.space.Count()
	n *= uint64(ds.t.Size)
	p.bytes += min(n, math.MaxUint64-p.bytes)
	if limit := p.spec.limits.MaxFile; limit > 0 && p.bytes > limit {
		p.noteProblem(tooMuch("file_too_large", int64(min(limit, math.MaxInt64)), int64(min(p.bytes, math.MaxInt64)),
			Entry{Pointer: d.pointer, Detail: fmt.Sprintf("%d bytes of data so far; a file has at most %d", p.bytes, limit)}))
	}
}
