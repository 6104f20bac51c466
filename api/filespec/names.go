package filespec

import (
	"fmt"
	"strings"
)

// kind is what stands at a path.
type kind uint8

const (
	implied kind = iota // a group that other paths lead through
	group
	softLink
	hardLink
	externalLink
	array // a dataset
)

var kindNames = [...]string{"a group", "a group", "a soft link", "a hard link", "an external link", "a dataset"}

// node is a name in the tree of the file.
type node struct {
	parent *node // nil for the root
	name   string
	kind   kind
	track  bool // creation order
	origin origin

	attrs   []attribute
	dataset *dataset
	link    *link
}

// origin says where the description speaks of an object.
type origin struct {
	section string // "groups", "datasets", "links"
	index   int    // in a list; -1 where the section is an object
	path    string // as written
}

func (o origin) pointer() string {
	if o.index >= 0 {
		return fmt.Sprintf("/%s/%d", o.section, o.index)
	}
	return "/" + o.section + "/" + escape(o.path)
}

// pointer is where the description speaks of n; "" for the root.
func (n *node) pointer() string {
	if n.parent == nil {
		return ""
	}
	return n.origin.pointer()
}

// path is the path of n in one spelling.
func (n *node) path() string {
	if n.parent == nil {
		return "/"
	}
	return strings.TrimSuffix(n.parent.path(), "/") + "/" + n.name
}

// tree is what the file will hold, each object at its first mention.
type tree struct {
	root    *node
	members map[member]*node
	order   []*node // without the root
}

type member struct {
	parent *node
	name   string
}

func newTree() *tree {
	return &tree{root: &node{kind: group}, members: make(map[member]*node)}
}

// split cuts a path as h5py does: parts "." vanish, "//" is "/", a leading "/"
// means nothing, and ".." is a name like any other.
func split(path string) []string {
	var names []string
	for name := range strings.SplitSeq(path, "/") {
		if name != "" && name != "." {
			names = append(names, name)
		}
	}
	return names
}

// parts splits the path of something new.
func parts(path string) ([]string, error) {
	names := split(path)
	switch {
	case strings.ContainsRune(path, 0):
		return nil, complain("bad_name", "the name %q has a NUL in it", path)
	case len(names) == 0:
		return nil, complain("bad_name", "%q names nothing: expected a path such as \"group/name\"", path)
	}
	return names, nil
}

// add puts an object at a path, with the groups that lead there.
func (t *tree) add(o origin, k kind) (*node, error) {
	names, err := parts(o.path)
	if err != nil {
		return nil, err
	}
	at := t.root
	for _, name := range names[:len(names)-1] {
		at = t.child(at, name, implied, o)
		if at.kind > group {
			return nil, complain("path_through_leaf", "%q leads through %s, which is %s (%s); only groups have members",
				o.path, at.path(), kindNames[at.kind], at.pointer())
		}
	}
	before := len(t.order)
	n := t.child(at, names[len(names)-1], k, o)
	switch {
	case len(t.order) > before:
		return n, nil
	case n.kind == implied && k == group: // named after it was mentioned
		n.kind, n.origin = group, o
		return n, nil
	}
	return nil, n.taken(o)
}

// taken explains why o cannot have the path of n.
func (n *node) taken(o origin) error {
	code := "duplicate_path"
	if n.kind != implied && n.origin.section == o.section && n.origin.index < 0 && o.index < 0 && n.origin.path == o.path {
		code = "duplicate_key"
	}
	if n.kind == implied {
		return complain(code, "%s is a group already, because %q (%s) lies in it", n.path(), n.origin.path, n.pointer())
	}
	return complain(code, "%q and %q (%s) both name %s", o.path, n.origin.path, n.pointer(), n.path())
}

// child returns the member of a group, made if there is none.
func (t *tree) child(parent *node, name string, k kind, o origin) *node {
	key := member{parent, name}
	n := t.members[key]
	if n == nil {
		n = &node{parent: parent, name: name, kind: k, origin: o}
		t.members[key] = n
		t.order = append(t.order, n)
	}
	return n
}

// lookup returns what stands at a path, nil where nothing does.
func (t *tree) lookup(path string) *node {
	at := t.root
	for _, name := range split(path) {
		if at = t.members[member{at, name}]; at == nil {
			return nil
		}
	}
	return at
}

// maxHardLinks is how many hard links may lead to each other.
const maxHardLinks = 64

// target returns the object that a hard link leads to, through other hard
// links; nil where that is none.
func (t *tree) target(n *node) *node {
	for range maxHardLinks {
		if n == nil || n.kind == softLink || n.kind == externalLink {
			return nil
		}
		if n.kind != hardLink {
			return n
		}
		n = t.lookup(n.link.target)
	}
	return nil
}
