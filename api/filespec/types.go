package filespec

import (
	"math"

	"github.com/h5serve/h5serve/h5core/dtype"
)

const dtypeForms = `a numpy name such as "<f4", a list of fields, or an object such as {"vlen": "<i4"}`

// dtype reads a datatype; nil where it is none.
func (p *parser) dtype() *dtype.Type {
	switch p.s.kind() {
	case '"':
		return p.namedType()
	case '[':
		return p.fieldList()
	case '{':
		return p.typeObject()
	}
	p.note("wrong_type", "expected a dtype (%s), found %s", dtypeForms, kindWords[p.s.kind()])
	p.s.skip()
	return nil
}

// namedType reads a numpy name. Most files have many datasets of few types:
// they share them.
func (p *parser) namedType() *dtype.Type {
	pointer := p.s.pointer()
	name := p.s.str(maxName)
	if t := p.types[string(name)]; t != nil || p.s.err != nil {
		return t
	}
	t, err := dtype.Parse(string(name))
	if err != nil {
		p.noteAt(pointer, "bad_dtype", err)
		return nil
	}
	p.types[string(name)] = t
	return t
}

// made returns the type, or notes why there is none.
func (p *parser) made(pointer string) func(*dtype.Type, error) *dtype.Type {
	return func(t *dtype.Type, err error) *dtype.Type {
		if err != nil {
			p.noteAt(pointer, "bad_dtype", err)
			return nil
		}
		return t
	}
}

// fieldList reads numpy's list of fields: [name, dtype] or [name, dtype, shape].
func (p *parser) fieldList() *dtype.Type {
	pointer := p.s.pointer()
	var fields []dtype.Member
	sound := true
	for p.s.begin(); p.s.next(); {
		f, ok := p.field()
		if fields, sound = append(fields, f), sound && ok; len(fields) > dtype.MaxMembers {
			p.s.fail("bad_dtype", "more than %d fields", dtype.MaxMembers)
		}
	}
	if !sound || p.s.err != nil {
		return nil
	}
	return p.made(pointer)(dtype.Packed(fields...))
}

func (p *parser) field() (f dtype.Member, ok bool) {
	const what = `a field is [name, dtype] or [name, dtype, shape]`
	if !p.expect('[', what) {
		return f, false
	}
	pointer := p.s.pointer()
	named, n := false, 0
	for p.s.begin(); p.s.next(); n++ {
		switch n {
		case 0:
			f.Name, named = p.text("the name of a field")
		case 1:
			f.Type = p.dtype()
		case 2:
			f.Type = p.arrayOf(f.Type)
		default:
			p.s.skip()
		}
	}
	if n < 2 || n > 3 {
		p.noteAt(pointer, "bad_dtype", complain("bad_dtype", "%d members; %s", n, what))
	}
	return f, named && f.Type != nil && n <= 3
}

// arrayOf reads the shape of an array of base: a list of lengths, or one.
func (p *parser) arrayOf(base *dtype.Type) *dtype.Type {
	pointer := p.s.pointer()
	dims, ok := p.typeDims()
	if !ok || base == nil {
		return nil
	}
	return p.made(pointer)(dtype.ArrayOf(base, dims...))
}

func (p *parser) typeDims() (dims []uint32, ok bool) {
	one := func() {
		d, is := p.count("bad_dtype", "the length of an axis")
		if d > math.MaxUint32 {
			p.note("bad_dtype", "%d: an axis of an array has at most 2^32-1 elements", d)
			is = false
		}
		dims, ok = append(dims, uint32(d)), ok && is
	}
	ok = true
	if p.s.kind() == '0' {
		one()
		return dims, ok
	}
	if !p.expect('[', "the lengths of the axes") {
		return nil, false
	}
	for p.s.begin(); p.s.next(); {
		if one(); len(dims) > dtype.MaxRank {
			p.s.fail("rank_too_high", "more than %d axes", dtype.MaxRank)
		}
	}
	return dims, ok && p.s.err == nil
}
