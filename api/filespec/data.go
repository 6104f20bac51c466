package filespec

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"slices"

	"github.com/h5serve/h5serve/h5core/dtype"
	"github.com/h5serve/h5serve/h5core/space"
)

// form is one of the ways to say what the elements are.
type form uint8

const (
	nothing  form = iota
	inline        // nested lists, or a value
	encoded       // {"base64": text}
	inPartOf      // {"part": name, "format": word}
	table         // {"columns": {name: list}}
	full          // {"full": value}
	stepped       // {"start": a, "step": b}
	linspace      // {"linspace": [a, b]}
	arange        // {"arange": [start, stop, step]}
	inFile        // {"file": name, "path": path, "select": text}
)

// data is what a draft says of its elements.
type data struct {
	form    form
	pointer string
	at      span
	profile *profile // inline, full
	row     *Problem // why an inline object must be a row of a compound
	series  series
	part    partUse
	stored  storedUse
	columns []column
}

// inline reads values where they stand.
func (p *parser) inline(d *draft) {
	d.data = data{form: inline, pointer: p.s.pointer(), profile: new(profile)}
	d.data.at.begin = p.s.offset()
	d.data.profile.scan(p.s)
	d.data.at.end = p.s.offset()
}

// data reads the key "data".
func (p *parser) data(d *draft) {
	switch p.s.kind() {
	case 'n':
		d.absent = true
		p.s.literal()
	case '{':
		p.dataObject(d)
	default:
		p.inline(d)
	}
}

var dataKeys = keySet{
	what:  "data",
	known: []string{"base64", "part", "format", "columns", "full", "start", "step", "linspace", "arange", "file", "path", "select"},
}

// dataObject reads one of the forms of data. An object of other keys can only
// be the one row of a scalar compound.
func (p *parser) dataObject(d *draft) {
	d.data.pointer = p.s.pointer()
	d.data.at.begin = p.s.offset()
	rowDepth, seen := 0, make(map[string]bool)
	for p.s.begin(); p.s.next(); {
		key := string(p.s.key())
		switch {
		case !slices.Contains(dataKeys.known, key):
			if d.data.row == nil && p.s.err == nil {
				e := Entry{Pointer: p.s.pointer(), Detail: fmt.Sprintf("unknown key in data: known are %v", dataKeys.known), DidYouMean: nearest(key, dataKeys.known)}
				d.data.row = problem("unknown_key", e)
			}
			rowDepth = max(rowDepth, nesting(p.s))
		case seen[key]:
			p.note("duplicate_key", "the key %q is there twice", key)
			p.s.skip()
		default:
			seen[key] = true
			p.dataMember(d, key)
		}
	}
	d.data.at.end = p.s.offset()
	switch {
	case p.s.err != nil:
	case d.data.row != nil && len(seen) > 0:
		p.noteProblem(d.data.row)
	case d.data.row != nil:
		d.data.form, d.data.profile = inline, &profile{depth: rowDepth + 1}
	case len(seen) == 0 && p.sound(d):
		p.noteAt(d.data.pointer, "missing_key", complain("missing_key", "expected one of %v", dataKeys.known))
	}
}

// dataForms tells which form each key of data belongs to.
var dataForms = map[string]form{
	"base64": encoded, "part": inPartOf, "format": inPartOf, "columns": table, "full": full,
	"start": stepped, "step": stepped, "linspace": linspace, "arange": arange,
	"file": inFile, "path": inFile, "select": inFile,
}

func (p *parser) dataMember(d *draft, key string) {
	f := dataForms[key]
	if d.data.form != nothing && d.data.form != f {
		p.note("conflicting_keys", "%q does not go with another form of data", key)
		p.s.skip()
		return
	}
	if d.data.form = f; f == stepped && d.data.series.numbers == nil {
		d.data.series = series{stepped, []string{"0", "1"}}
	}
	switch key {
	case "base64":
		if p.expect('"', "bytes in base64") {
			d.data.at.begin = p.s.offset()
			p.s.skipString()
		}
	case "part":
		d.data.part.name, _ = p.text("the name of a part")
		p.partUses[d.data.part.name]++
	case "format":
		d.data.part.format, _ = p.text("the format of the part")
	case "columns":
		p.columns(d)
	case "file", "path", "select":
		p.storedMember(d, key)
	case "full":
		d.data.pointer += "/full"
		d.data.at.begin, d.data.profile = p.s.offset(), new(profile)
		d.data.profile.scan(p.s)
	case "start":
		p.generatorNumber(&d.data.series.numbers[0])
	case "step":
		p.generatorNumber(&d.data.series.numbers[1])
	case "linspace":
		d.data.series = series{linspace, p.generatorNumbers(2, 2, "first, last")}
	case "arange":
		d.data.series = series{arange, p.generatorNumbers(1, 3, "start, stop, step")}
	}
	if d.data.form == full {
		d.data.at.end = p.s.offset()
	}
}

func (p *parser) generatorNumber(to *string) {
	if p.expect('0', "a number of the series") {
		*to = string(p.s.number())
	}
}

// generatorNumbers reads the numbers of a generator; like numpy's arange, one
// number is the stop, and the step is 1.
func (p *parser) generatorNumbers(least, most int, what string) (numbers []string) {
	pointer := p.s.pointer()
	if !p.expect('[', what) {
		return nil
	}
	n := 0
	for p.s.begin(); p.s.next(); n++ {
		one := "0"
		if p.generatorNumber(&one); n < most {
			numbers = append(numbers, one)
		}
	}
	if n < least || n > most {
		p.noteAt(pointer, "bad_generator", complain("bad_generator", "%d numbers, expected [%s]", n, what))
		return nil
	}
	if most == 3 && n == 1 {
		numbers = []string{"0", numbers[0]}
	}
	if most == 3 && n < 3 {
		numbers = append(numbers, "1")
	}
	return numbers
}

// content finds out the type, the shape and the source of a draft's elements.
func (p *parser) content(d *draft) (content, error) {
	t := d.t
	switch {
	case d.null && d.data.form != nothing:
		return content{}, problem("conflicting_keys", Entry{Pointer: d.pointer, Detail: "a null space (\"shape\": null) has no data"})
	case d.data.form == nothing && t == nil:
		return content{}, problem("missing_dtype", Entry{Pointer: d.pointer, Detail: "expected a dtype or data"})
	case d.data.form == nothing && d.absent && !d.shaped && !d.null && t.Class == dtype.VarLen && t.IsString:
		return content{t: t}, nil // the null pointer, as a scalar
	case d.data.form == nothing && !d.shaped && !d.null:
		return content{}, problem("missing_shape", Entry{Pointer: d.pointer, Detail: "expected a shape or data"})
	case d.data.form == nothing:
		return content{t: t, dims: d.shape}, nil
	}
	switch d.data.form {
	case inline:
		return p.inlineContent(d)
	case encoded:
		return p.encodedContent(d)
	case inPartOf:
		c, err := p.open(d.data.part, t, d.shape, d.shaped)
		if err != nil && mendable(err) {
			found := at(d.data.pointer, "bad_value", err)
			for i := range found.Errors {
				found.Errors[i].Pointer = d.data.pointer
			}
			return c, found
		}
		return c, err
	case table:
		return p.tableContent(d)
	case full:
		return p.fullContent(d)
	case inFile:
		return p.storedContent(d)
	}
	return p.seriesContent(d)
}

// seriesContent makes a generator.
func (p *parser) seriesContent(d *draft) (content, error) {
	g := d.data.series
	t := d.t
	if t == nil {
		t = g.dtype()
	}
	dims := d.shape
	if g.form == arange {
		n, err := g.count()
		if err != nil {
			return content{}, at(d.data.pointer, "bad_generator", err)
		}
		if !d.shaped {
			dims = []uint64{n}
		} else if count, ok := product(dims); !ok || count != n {
			return content{}, problem("shape_mismatch", Entry{Pointer: d.data.pointer, Detail: fmt.Sprintf("arange gives %d values, the shape %v has %d", n, dims, count)})
		}
	} else if !d.shaped {
		return content{}, problem("missing_shape", Entry{Pointer: d.pointer, Detail: "the shape says how many values there are: it is missing"})
	}
	n, ok := product(dims)
	if !ok {
		return content{t: t, dims: dims}, nil // the shape is refused as such
	}
	src, err := g.source(t, n)
	if err != nil {
		return content{}, at(d.data.pointer, "bad_generator", err)
	}
	return content{t, dims, value{source: src}}, nil
}

func product(dims []uint64) (uint64, bool) {
	n, err := space.Space{Kind: space.Simple, Dims: dims}.Count()
	return n, err == nil
}

// fullContent makes all elements alike.
func (p *parser) fullContent(d *draft) (content, error) {
	t := d.t
	if t == nil {
		inferred, err := d.data.profile.infer()
		if err != nil {
			return content{}, err
		}
		t = inferred
	}
	if !d.shaped {
		return content{}, problem("missing_shape", Entry{Pointer: d.pointer, Detail: "the shape says how many values there are: it is missing"})
	}
	if err := checkElement(t); err != nil {
		return content{}, at(d.data.pointer, "bad_dtype", err)
	}
	one := inlineValues{p.spec, t, d.data.at, d.data.pointer, 0}
	if t.HasVarLen() {
		n, _ := product(d.shape)
		return content{t, d.shape, value{stream: fullValues{one, n}}}, nil
	}
	var raw bytes.Buffer
	if err := one.copyTo(p.ctx, &raw, nil); err != nil {
		return content{}, err
	}
	return content{t, d.shape, value{source: repeated(raw.Bytes())}}, nil
}

// fullValues are elements with variable-length parts of their own, all alike.
type fullValues struct {
	one   inlineValues
	count uint64
}

func (f fullValues) copyTo(ctx context.Context, out io.Writer, heap dtype.Heap) error {
	for range f.count {
		if err := f.one.copyTo(ctx, out, heap); err != nil {
			return err
		}
	}
	return nil
}
