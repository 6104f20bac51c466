package filespec

import (
	"fmt"
	"math"
	"slices"

	"github.com/h5serve/h5serve/h5core/dtype"
)

// typeForm is an object that describes a type, as it was read.
type typeForm struct {
	forms    []string // which of the keys that tell the form
	others   []string // which of the rest
	ok       bool
	size     uint32 // string, opaque
	varying  bool   // string: null
	charset  dtype.CharSet
	pad      dtype.Padding
	padded   bool
	base     *dtype.Type // base, vlen, array
	names    []string    // enum, names
	values   []int64
	unsigned []uint64
	dims     []uint32
	tag      string
	formats  []*dtype.Type
	offsets  []uint64
	itemsize uint64
}

var typeKeys = keySet{
	what: "a dtype",
	known: []string{"string", "charset", "pad", "enum", "base", "vlen", "array", "dims", "opaque", "tag",
		"names", "formats", "offsets", "itemsize", "titles", "aligned"},
	later: []string{"ref", "named"},
}

// companions of each form of a type.
var companions = map[string][]string{
	"string": {"charset", "pad"}, "enum": {"base"}, "vlen": nil, "array": {"dims"}, "opaque": {"tag"},
	"names": {"formats", "offsets", "itemsize", "titles", "aligned"},
}

func (p *parser) typeObject() *dtype.Type {
	pointer := p.s.pointer()
	f := typeForm{ok: true, charset: dtype.UTF8, pad: dtype.NullPad}
	before := p.problems.count()
	p.members(typeKeys, func(key string) {
		if _, is := companions[key]; is {
			f.forms = append(f.forms, key)
		} else {
			f.others = append(f.others, key)
		}
		p.typeMember(&f, key)
	})
	if !f.ok || p.s.err != nil || p.problems.count() > before {
		return nil
	}
	if len(f.forms) != 1 {
		p.noteAt(pointer, "bad_dtype", complain("bad_dtype", "expected one of string, enum, vlen, array, opaque, names; found %d of them", len(f.forms)))
		return nil
	}
	for _, key := range f.others {
		if !slices.Contains(companions[f.forms[0]], key) {
			p.noteAt(pointer+"/"+key, "conflicting_keys", complain("conflicting_keys", "%q does not go with %q", key, f.forms[0]))
			return nil
		}
	}
	return p.made(pointer)(f.build())
}

func (p *parser) typeMember(f *typeForm, key string) {
	ok := true
	switch key {
	case "string":
		if f.varying = p.null(); !f.varying {
			f.size, ok = p.typeSize("the bytes of a fixed string, or null for one of any length")
		}
	case "opaque":
		f.size, ok = p.typeSize("the bytes of an opaque element")
	case "tag":
		f.tag, ok = p.text("a tag")
	case "charset":
		ok = p.oneOf("a character set", map[string]func(){
			"ascii": func() { f.charset = dtype.ASCII }, "utf-8": func() { f.charset = dtype.UTF8 }})
	case "pad":
		f.padded = true
		ok = p.oneOf("a padding", map[string]func(){
			"nullpad": func() { f.pad = dtype.NullPad }, "nullterm": func() { f.pad = dtype.NullTerm }, "spacepad": func() { f.pad = dtype.SpacePad }})
	case "enum":
		ok = p.enumMembers(f)
	case "base", "vlen", "array":
		f.base = p.dtype()
		ok = f.base != nil
	case "dims":
		f.dims, ok = p.typeDims()
	case "itemsize":
		f.itemsize, ok = p.count("bad_dtype", "the bytes of an element")
	case "names", "formats", "offsets":
		ok = p.structLists(f, key)
	default: // titles and aligned say nothing about what is stored
		p.s.skip()
	}
	f.ok = f.ok && ok
}

func (p *parser) typeSize(what string) (uint32, bool) {
	n, ok := p.count("bad_dtype", what)
	if ok && (n == 0 || n > math.MaxUint32) {
		p.note("bad_dtype", "%d: expected 1 to 2^32-1, %s", n, what)
		return 0, false
	}
	return uint32(n), ok
}

// oneOf reads a word out of a few.
func (p *parser) oneOf(what string, words map[string]func()) bool {
	pointer := p.s.pointer()
	word, ok := p.text(what)
	if !ok {
		return false
	}
	if set := words[word]; set != nil {
		set()
		return true
	}
	var known []string
	for w := range words {
		known = append(known, w)
	}
	slices.Sort(known)
	p.noteProblem(problem("bad_dtype", Entry{Pointer: pointer, Detail: fmt.Sprintf("%q is not %s: known are %v", word, what, known), DidYouMean: nearest(word, known)}))
	return false
}

func (p *parser) enumMembers(f *typeForm) bool {
	if !p.expect('{', `the members of an enumeration, as {"RED": 0}`) {
		return false
	}
	seen := make(map[string]bool)
	sound := true
	for p.s.begin(); p.s.next(); {
		name := string(p.s.key())
		if seen[name] {
			p.note("duplicate_key", "the key %q is there twice", name)
		}
		seen[name] = true
		if !p.expect('0', "the number of an enumeration's member") {
			sound = false
			continue
		}
		pointer := p.s.pointer()
		text := p.s.number()
		v, signed := parseInt(text)
		u, unsigned := parseUint(text)
		if !signed && !unsigned && p.s.err == nil {
			p.noteAt(pointer, "bad_dtype", complain("bad_dtype", "%s is not an integer of 64 bits", text))
			sound = false
		}
		f.names, f.values, f.unsigned = append(f.names, name), append(f.values, v), append(f.unsigned, u)
		if len(f.names) > dtype.MaxMembers {
			p.s.fail("bad_dtype", "more than %d members", dtype.MaxMembers)
		}
	}
	return sound && p.s.err == nil
}

// structLists reads the lists of numpy's dict form of a compound.
func (p *parser) structLists(f *typeForm, key string) bool {
	if !p.expect('[', "one for each field") {
		return false
	}
	ok := true
	p.s.begin()
	for n := 1; p.s.next(); n++ {
		is := true
		switch key {
		case "names":
			var name string
			name, is = p.text("the name of a field")
			f.names = append(f.names, name)
		case "formats":
			t := p.dtype()
			f.formats, is = append(f.formats, t), t != nil
		case "offsets":
			var at uint64
			at, is = p.count("bad_dtype", "where a field begins")
			f.offsets = append(f.offsets, at)
		}
		if ok = ok && is; n > dtype.MaxMembers {
			p.s.fail("bad_dtype", "more than %d fields", dtype.MaxMembers)
		}
	}
	return ok && p.s.err == nil
}

// build makes the type of a form that was read whole.
func (f *typeForm) build() (*dtype.Type, error) {
	switch f.forms[0] {
	case "string":
		return f.buildString()
	case "opaque":
		return dtype.OpaqueOf(f.size, f.tag)
	case "vlen":
		return dtype.VarLenOf(f.base)
	case "array":
		return dtype.ArrayOf(f.base, f.dims...)
	case "enum":
		return f.buildEnum()
	}
	return f.buildStruct()
}

func (f *typeForm) buildString() (*dtype.Type, error) {
	if !f.varying {
		return dtype.FixedString(f.size, f.charset, f.pad)
	}
	t := *dtype.VarString(f.charset)
	if f.padded {
		t.Padding = f.pad
	}
	return &t, t.Validate()
}

// buildEnum makes an enumeration, over bytes without a sign as h5py does where
// no base is given.
func (f *typeForm) buildEnum() (*dtype.Type, error) {
	if f.base == nil {
		f.base = dtype.Must(dtype.Int(1, false, dtype.LittleEndian))
	}
	if f.base.Class == dtype.Integer && !f.base.Signed && f.base.Size == 8 && !f.negative() {
		return dtype.EnumOf(f.base, f.names, f.unsigned)
	}
	for i, v := range f.values {
		if v == 0 && f.unsigned[i] != 0 {
			return nil, complain("bad_dtype", "member %q: %d does not fit the base %s", f.names[i], f.unsigned[i], f.base)
		}
	}
	return dtype.EnumOf(f.base, f.names, f.values)
}

func (f *typeForm) negative() bool {
	return slices.ContainsFunc(f.values, func(v int64) bool { return v < 0 })
}

func (f *typeForm) buildStruct() (*dtype.Type, error) {
	if len(f.formats) != len(f.names) || (f.offsets != nil && len(f.offsets) != len(f.names)) {
		return nil, complain("bad_dtype", "%d names, %d formats, %d offsets", len(f.names), len(f.formats), len(f.offsets))
	}
	fields := make([]dtype.Member, len(f.names))
	for i, name := range f.names {
		fields[i] = dtype.Member{Name: name, Type: f.formats[i]}
	}
	if f.offsets == nil && f.itemsize == 0 {
		return dtype.Packed(fields...)
	}
	end := uint64(0)
	for i := range fields {
		if f.offsets != nil {
			end = f.offsets[i]
		}
		if end > math.MaxUint32 || f.itemsize > math.MaxUint32 {
			return nil, complain("bad_dtype", "field %q begins beyond 4 GiB", fields[i].Name)
		}
		fields[i].Offset = uint32(end)
		end += uint64(fields[i].Type.Size)
	}
	return dtype.CompoundOf(uint32(f.itemsize), fields...)
}
