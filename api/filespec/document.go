package filespec

import (
	"cmp"
	"context"
	"fmt"
	"math"

	"github.com/h5serve/h5serve/h5core/dtype"
)

// parser makes the first pass over a description.
type parser struct {
	ctx      context.Context
	s        *scanner
	spec     *Spec
	problems problems
	objects  int
	bytes    uint64 // of all data so far, before filters

	types     map[string]*dtype.Type // by numpy's name
	parts     map[string]*part
	partOrder []string
	partUses  map[string]int // how often the description names a part
	tags      []string       // of the versions of files that data is taken from

	userBlock bool // there is a content of the user block
}

var documentKeys = keySet{
	what: "a description",
	known: []string{"filename", "libver", "preset", "userblock_size", "userblock", "track_order",
		"attrs", "groups", "datasets", "links"},
	later: []string{"types", "fs_strategy", "fs_persist", "fs_threshold", "fs_page_size", "page_buf_size",
		"alignment_threshold", "alignment_interval", "meta_block_size", "track_times"},
}

// document reads the whole description.
func (p *parser) document() (*Spec, error) {
	p.s = newScanner(p.ctx, p.spec.source, span{0, p.spec.source.Size()}, "", cmp.Or(p.spec.limits.MaxDepth, math.MaxInt32))
	p.s.digest, p.s.hide, p.s.problems = newDigest(), "filename", &p.problems
	p.partUses = make(map[string]int)
	p.members(documentKeys, p.documentMember)
	p.s.finish()
	p.checkHardLinks()
	p.applyPreset()
	p.checkChunks()
	p.checkIndexes()
	p.checkUserBlock()
	p.surplus()
	if err := p.problems.err(p.s.err); err != nil {
		return nil, err
	}
	p.digestParts(p.s.digest)
	p.digestStored(p.s.digest)
	p.spec.digest = p.s.digest.result()
	p.spec.advise()
	return p.spec, nil
}

func (p *parser) documentMember(key string) {
	if key != "userblock_size" && p.null() {
		return
	}
	switch key {
	case "filename":
		p.spec.filename, _ = p.text("the name of the file")
	case "libver":
		p.libver()
	case "preset":
		p.preset()
	case "userblock_size":
		p.spec.userBlockSize, _ = p.count("bad_user_block", "the bytes before the file")
	case "userblock":
		p.userBlockContent()
	case "track_order":
		p.spec.tree.root.track = p.boolean("keep the order of creation")
	case "attrs":
		p.spec.tree.root.attrs = p.attributes()
	case "groups":
		p.section(key, p.group)
	case "datasets":
		p.section(key, p.dataset)
	case "links":
		p.section(key, p.link)
	}
}

// countObject counts one more group, dataset, link or attribute.
func (p *parser) countObject() error {
	limit := p.spec.limits.MaxObjects
	if p.objects++; limit == 0 || p.objects <= limit {
		return nil
	}
	return tooMuch("too_many_objects", int64(limit), int64(p.objects),
		Entry{Detail: fmt.Sprintf("more than %d groups, datasets, links and attributes", limit)})
}

func (p *parser) count1() bool {
	if err := p.countObject(); err != nil {
		p.s.stop(err)
	}
	return p.s.err == nil
}

// section reads the members of "groups", "datasets" or "links": an object
// whose keys are paths, or a list of objects with a name. What one reads comes
// in the order of the document.
func (p *parser) section(name string, one func(o origin, listed bool)) {
	switch p.s.kind() {
	case '{':
		for p.s.begin(); p.s.next(); {
			if path := string(p.s.key()); p.count1() {
				one(origin{name, -1, path}, false)
			}
		}
	case '[':
		i := 0
		for p.s.begin(); p.s.next(); i++ {
			if p.count1() {
				one(origin{name, i, ""}, true)
			}
		}
	default:
		p.note("wrong_type", "expected an object whose keys are paths, or a list of objects with a name; found %s", kindWords[p.s.kind()])
		p.s.skip()
	}
}

// place puts an object that was read into the tree.
func (p *parser) place(o origin, k kind) *node {
	if p.s.err != nil {
		return nil
	}
	before := len(p.spec.tree.order)
	n, err := p.spec.tree.add(o, k)
	if err != nil {
		p.noteAt(o.pointer(), "bad_name", err)
		return nil
	}
	// The object itself was counted, the groups on the way were not.
	for range len(p.spec.tree.order) - before - 1 {
		p.count1()
	}
	return n
}

// named adds the key "name" to those of an object in a list.
func (set keySet) named(listed bool) keySet {
	if listed {
		set.known = append(set.known[:len(set.known):len(set.known)], "name")
	}
	return set
}

// name reads the name of an object in a list.
func (p *parser) name(o *origin) { o.path, _ = p.text("the path of the object") }

var groupKeys = keySet{what: "a group", known: []string{"attrs", "track_order"}, later: []string{"track_times"}}

func (p *parser) group(o origin, listed bool) {
	var attrs []attribute
	track := false
	p.members(groupKeys.named(listed), func(key string) {
		switch {
		case key == "name":
			p.name(&o)
		case p.null():
		case key == "attrs":
			attrs = p.attributes()
		default:
			track = p.boolean("keep the order of creation")
		}
	})
	if n := p.place(o, group); n != nil {
		n.attrs, n.track = attrs, track
	}
}
