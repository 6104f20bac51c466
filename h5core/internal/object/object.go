// Package object is the tree of a file in memory: groups, datasets, their
// attributes and the links between them.
//
//	Group ──links──▶ Link ──hard──▶ Node (Group | Dataset | NamedType)
//	  │                └──soft, external──▶ a path
//	  └──attributes──▶ Attribute ──type, where it is committed──▶ NamedType
//
// The tree stands in the middle of the house: the face fills it, loading will
// fill it, planning empties it. It knows no bytes of the format and no file.
// A node has no parent: hard links make it a graph.
package object

import (
	"github.com/h5serve/h5serve/h5core/dtype"
	"github.com/h5serve/h5serve/h5core/filter"
	"github.com/h5serve/h5serve/h5core/space"
)

// Node is a thing that hard links lead to: a Group, a Dataset or a NamedType.
type Node interface {
	Common() *Object
}

// Object is what all nodes have.
type Object struct {
	Attributes []*Attribute // in order of creation
	TrackOrder bool         // creation order of attributes
	Comment    string
	// Links counts the hard links that lead here, and the uses of a NamedType;
	// the root has one that is not in any group.
	Links uint32
}

// Common gives the part that all nodes share.
func (o *Object) Common() *Object { return o }

// Attribute is a named value of an object. Data holds its elements as stored;
// variable-length parts hold tokens of the file's attribute heap, references
// numbers of the file's References.
type Attribute struct {
	Name  string
	Type  *dtype.Type
	Named *NamedType // where Type is committed
	Space space.Space
	Data  []byte
}

// Find returns the attribute of a name, or nil.
func (o *Object) Find(name string) *Attribute {
	for _, a := range o.Attributes {
		if a.Name == name {
			return a
		}
	}
	return nil
}

// NamedType is a committed datatype.
type NamedType struct {
	Object
	Type *dtype.Type
}

// Dataset is an array of elements.
type Dataset struct {
	Object
	Type    *dtype.Type
	Named   *NamedType // where Type is committed
	Space   space.Space
	Layout  Layout
	Chunk   []uint64 // Chunked: elements along each axis
	Filters filter.Pipeline
	// BareEdges says that chunks which reach beyond the shape pass no filters.
	BareEdges bool
	Fill      Fill
	Values    Values         // nil: nobody filled any element
	External  []ExternalFile // Contiguous: where the elements lie instead
	Mappings  HeapValue      // Virtual: the block that tells its sources (III.E)
}

// Fill is what a dataset's elements hold that nobody wrote.
type Fill struct {
	Value     []byte // the user's, one element as stored; nil for the default, zeros
	Undefined bool   // neither
	When      FillTime
	Alloc     AllocTime
}

// FillTime says when fill values are written. The zero value leaves it to the
// writer: where the user gave one, and where elements lead elsewhere.
type FillTime uint8

// The times of the fill value message, behind the zero value.
const (
	FillByChoice FillTime = iota
	FillOnAlloc
	FillNever
	FillIfSet
)

// AllocTime says when storage is taken, numbered as in the fill value message.
// The zero value leaves it to the layout.
type AllocTime uint8

// HeapValue is a value of the file's data heap.
type HeapValue struct {
	Token uint64
	Index uint32
}

// ExternalFile is a part of a dataset's bytes in a file of its own.
type ExternalFile struct {
	Name         string
	Offset, Size uint64
}

// Layout is how a dataset's elements are stored.
type Layout uint8

// The layouts of the data layout message.
const (
	Compact Layout = iota
	Contiguous
	Chunked
	Virtual
)

// Group holds links.
type Group struct {
	Object
	TrackLinks bool // creation order of the links
	links      []*Link
	index      map[string]int
}

// LinkKind is the kind of a link.
type LinkKind uint8

// The kinds of links.
const (
	Hard LinkKind = iota
	Soft
	External
	UserDefined
)

// Link is a name in a group.
type Link struct {
	Name string
	Kind LinkKind
	Node Node   // Hard
	Path string // Soft and External: where it leads
	File string // External
	// UserDefined: its class, and what that knows of it.
	Class uint8
	Data  []byte
}

// Links returns the links in order of creation.
func (g *Group) Links() []*Link { return g.links }

// Link returns the link of a name, or nil.
func (g *Group) Link(name string) *Link {
	if i, ok := g.index[name]; ok {
		return g.links[i]
	}
	return nil
}

// Add adds a link whose name the group does not have yet.
func (g *Group) Add(l *Link) {
	if g.index == nil {
		g.index = map[string]int{}
	}
	g.index[l.Name] = len(g.links)
	g.links = append(g.links, l)
	if l.Kind == Hard {
		l.Node.Common().Links++
	}
}

// Symbols tells whether an old-style group can hold the links: it knows hard
// and soft links with ASCII names and no creation order.
func (g *Group) Symbols() bool {
	if g.TrackOrder || g.TrackLinks {
		return false
	}
	for _, l := range g.links {
		if l.Kind > Soft || !ASCII(l.Name) {
			return false
		}
	}
	return true
}

// ASCII tells whether a name needs no more than ASCII.
func ASCII(name string) bool {
	for i := range len(name) {
		if name[i] >= 0x80 {
			return false
		}
	}
	return true
}
