package h5core

import (
	"context"
	"errors"

	"github.com/h5serve/h5serve/h5core/internal/object"
	"github.com/h5serve/h5serve/h5core/internal/piece"
	"github.com/h5serve/h5serve/h5core/space"
)

// CopyOption is a property of a copy; most are h5py's keywords of Group.copy.
type CopyOption func(*copying)

type copying struct {
	shallow, expandSoft, expandExternal, expandRefs, withoutAttributes bool

	selections map[string]space.Selection
	slices     map[string]string
	filled     bool // virtual and external elements become the copy's own
	recode     bool // filters that cannot be run become deflate
}

// Shallow copies a group's members, but not theirs.
func Shallow() CopyOption { return func(c *copying) { c.shallow = true } }

// ExpandSoft copies what soft links lead to in their place; one that leads
// nowhere stays.
func ExpandSoft() CopyOption { return func(c *copying) { c.expandSoft = true } }

// ExpandExternal copies what external links lead to in their place, where the
// source was opened WithFollow; one that leads nowhere stays.
func ExpandExternal() CopyOption { return func(c *copying) { c.expandExternal = true } }

// ExpandRefs copies the objects that references lead to, too; those that no
// link of the copy leads to get no name.
func ExpandRefs() CopyOption { return func(c *copying) { c.expandRefs = true } }

// SelfContained copies the elements of virtual datasets and of external files,
// in place of where they lie, and lets deflate take the place of filters that
// have to be run and cannot.
func SelfContained() CopyOption { return func(c *copying) { c.filled, c.recode = true, true } }

// WithoutAttributes leaves the attributes out.
func WithoutAttributes() CopyOption { return func(c *copying) { c.withoutAttributes = true } }

// Select copies a selection of the dataset with that path in the source file:
// the copy has the selection's shape. A chunk is kept as it is where it lies
// whole in the selection and on the grid of the copy. The chunk's shape stays,
// clipped to the copy's where that cannot grow; axes without end stay so.
func Select(path string, sel space.Selection) CopyOption {
	return func(c *copying) {
		if c.selections == nil {
			c.selections = map[string]space.Selection{}
		}
		c.selections[path] = sel
	}
}

// Copy copies an object of a file that is read into a file that is being made,
// with all that links lead to below it. Several links to one object stay so,
// committed types stay committed, and references lead to the copies of what
// they led to; those to what is not copied become null ones, as with the C
// library's H5Ocopy.
//
// Chunks of numbers travel as they are stored, and contiguous elements are
// read when the new file is written: the source stays open, and unchanged,
// until then. Variable-length parts and references are copied at once.
//
// A name that exists is ErrExists; what cannot be written yet is
// ErrUnsupported, with the path of the object. A failed copy leaves nothing.
func Copy(ctx context.Context, src Object, dst *Group, name string, opts ...CopyOption) error {
	_, err := copyInto(ctx, src, dst, name, opts)
	return err
}

// CopyDataset is Copy of a dataset, and gives the copy, which may get further
// attributes.
func CopyDataset(ctx context.Context, src *Dataset, dst *Group, name string, opts ...CopyOption) (*Dataset, error) {
	node, err := copyInto(ctx, src, dst, name, opts)
	if err != nil {
		return nil, err
	}
	return &Dataset{file: dst.file, path: dst.join(name), node: node.(*object.Dataset)}, nil
}

func copyInto(ctx context.Context, src Object, dst *Group, name string, opts []CopyOption) (node object.Node, err error) {
	const op = "copy"
	err = dst.file.change(op, dst.join(name), func() error {
		if names, err := split(name); err != nil {
			return fail(op, dst.join(name), ErrInvalid, err)
		} else if dst.has(names) {
			return fail(op, dst.join(name), ErrExists, nil)
		}
		c, err := newCopier(ctx, src, dst.file, opts)
		if err != nil {
			return err
		}
		if node, err = c.copy(src); err != nil {
			return err
		}
		return dst.link(op, name, &object.Link{Kind: object.Hard, Node: node})
	})
	return node, err
}

// CopyAll copies a whole file into one that is being made and empty: the root
// group with its attributes, and all below. It is the ground of repacking.
func CopyAll(ctx context.Context, src, dst *File, opts ...CopyOption) error {
	const op = "copy"
	return dst.change(op, "/", func() error {
		if len(dst.node.Links()) > 0 || len(dst.node.Attributes) > 0 {
			return failf(op, "/", ErrExists, "the file is not empty")
		}
		c, err := newCopier(ctx, src.Group, dst, opts)
		if err != nil {
			return err
		}
		node, err := c.copy(src.Group)
		if err != nil {
			return err
		}
		root := node.(*object.Group)
		root.Object.Links++ // the superblock's
		root.TrackOrder = root.TrackOrder || dst.node.TrackOrder
		root.TrackLinks = root.TrackLinks || dst.node.TrackLinks
		dst.node = root
		return nil
	})
}

// has tells whether there is anything at a path below the group.
func (g *Group) has(names []string) bool {
	at := g.node
	for i, name := range names {
		l := at.Link(name)
		if l == nil {
			return false
		}
		next, ok := l.Node.(*object.Group)
		if i == len(names)-1 || !ok {
			return i == len(names)-1
		}
		at = next
	}
	return true
}

// copier copies objects into a tree that hangs nowhere yet.
//
//	links, from object to object ──▶ nodes, still empty ──▶ what each holds
//
// So whoever copies a reference knows whether what it leads to is copied.
type copier struct {
	copying
	ctx    context.Context
	dst    *File
	nodes  map[place]object.Node
	open   []copied // groups whose members are not known yet
	all    []copied
	refs   []object.Node // of this copy, behind those of the file
	tokens map[object.Node]uint64

	// Of a Subset; else nil, and attributes stay as they are.
	cuts    map[place]*cut
	sources map[place]Object
	scales  *scales
}

// place tells objects of several files apart.
type place struct {
	file *File
	addr uint64
}

// copied is an object and its copy.
type copied struct {
	from  Object
	to    object.Node
	depth int // of links, from the first object on
}

func newCopier(ctx context.Context, src Object, dst *File, opts []CopyOption) (*copier, error) {
	c := &copier{ctx: ctx, dst: dst, nodes: map[place]object.Node{}, tokens: map[object.Node]uint64{}}
	for _, set := range opts {
		set(&c.copying)
	}
	if f := holder(src); f == nil || f.stored == nil {
		return nil, failf("copy", src.Name(), ErrUnsupported, "an object of a file that is being made is not copied")
	}
	return c, nil
}

func holder(o Object) *File {
	switch o := o.(type) {
	case *Group:
		return o.file
	case *Dataset:
		return o.file
	case *NamedType:
		return o.file
	}
	return nil
}

// copy copies an object and all below it.
func (c *copier) copy(src Object) (object.Node, error) {
	node, err := c.node(src, 0)
	if err != nil {
		return nil, err
	}
	if err := c.links(); err != nil {
		return nil, err
	}
	if err := c.fillAll(); err != nil {
		return nil, err
	}
	c.dst.refs = append(c.dst.refs, c.refs...)
	return node, nil
}

// fillAll gives the copies what they hold.
func (c *copier) fillAll() error {
	for i := 0; i < len(c.all); i++ {
		if err := c.ctx.Err(); err != nil {
			return err
		}
		if err := c.contents(c.all[i]); err != nil {
			return copyError(c.all[i].from.Name(), err)
		}
		if err := c.links(); err != nil { // of what was found only now
			return err
		}
		c.all[i] = copied{} // what it held in memory is needed no more
	}
	return nil
}

// copyError gives an error its place and kind.
func copyError(path string, err error) error {
	for _, kind := range []error{ErrInvalid, ErrBounds} {
		if errors.Is(err, kind) {
			return fail("copy", path, kind, err)
		}
	}
	return readError("copy", path, err)
}

// token stands for the object at an address; 0 where it is not copied.
func (c *copier) token(f *File, addr uint64) uint64 {
	node := c.nodes[place{f, addr}]
	if node == nil && c.expandRefs && addr != 0 {
		if o, err := f.object(c.ctx, "(referenced)", addr); err == nil {
			node, _ = c.node(o, 0)
		}
	}
	if node == nil {
		return 0
	}
	if c.tokens[node] == 0 {
		c.refs = append(c.refs, node)
		c.tokens[node] = uint64(len(c.dst.refs) + len(c.refs))
	}
	return c.tokens[node]
}

// moved turns what elements lead to, in place, from places of their file into
// tokens of the new one.
func (c *copier) moved(e *Elements, heap *piece.GlobalHeap) error {
	if e.bare = true; e.Type.HasVarLen() {
		if err := e.resolve(c.ctx); err != nil {
			return err
		}
	}
	m := mover{copier: c, Elements: e, heap: heap, known: map[sharedPart]heapPlace{}}
	return m.elements(e.Type, e.Data, nil)
}
