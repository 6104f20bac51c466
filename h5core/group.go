package h5core

import (
	"fmt"

	"github.com/h5serve/h5serve/h5core/internal/load"
	"github.com/h5serve/h5serve/h5core/internal/object"
)

// Group is a group of an open file.
type Group struct {
	file   *File
	path   string
	node   *object.Group // of a file being made
	stored *load.Object  // of a file being read
}

// Name is the group's path in the file.
func (g *Group) Name() string { return g.path }

// GroupOption is a property of a group to be made.
type GroupOption func(*object.Group)

// TrackOrder keeps the creation order of the group's links and attributes.
func TrackOrder() GroupOption {
	return func(g *object.Group) { g.TrackOrder, g.TrackLinks = true, true }
}

// CreateGroup makes a group, and the groups on the way to it. A name that
// exists is ErrExists.
func (g *Group) CreateGroup(name string, opts ...GroupOption) (*Group, error) {
	return g.makeGroup("create group", name, opts, false)
}

// RequireGroup returns the group of a name, making it where it is missing; the
// options apply to one that is there, too.
func (g *Group) RequireGroup(name string, opts ...GroupOption) (*Group, error) {
	return g.makeGroup("require group", name, opts, true)
}

func (g *Group) makeGroup(op, name string, opts []GroupOption, may bool) (made *Group, err error) {
	err = g.file.change(op, g.join(name), func() error {
		parent, last, err := g.parent(op, name)
		if err != nil {
			return err
		}
		path := parent.join(last)
		node := &object.Group{}
		if l := parent.node.Link(last); l == nil {
			parent.node.Add(&object.Link{Name: last, Kind: object.Hard, Node: node})
		} else if there, ok := l.Node.(*object.Group); may && ok {
			node = there
		} else {
			return fail(op, path, ErrExists, nil)
		}
		for _, set := range opts {
			set(node)
		}
		made = &Group{file: g.file, path: path, node: node}
		return nil
	})
	return made, err
}

// parent walks to the group that is to hold the last name of a path, making
// what is missing.
func (g *Group) parent(op, path string) (*Group, string, error) {
	names, err := split(path)
	if err != nil {
		return nil, "", fail(op, g.join(path), ErrInvalid, err)
	}
	at := g
	if len(path) > 0 && path[0] == '/' {
		at = g.file.Group
	}
	last := len(names) - 1
	for _, name := range names[:last] {
		l := at.node.Link(name)
		if l == nil {
			l = &object.Link{Name: name, Kind: object.Hard, Node: &object.Group{}}
			at.node.Add(l)
		}
		next, ok := l.Node.(*object.Group)
		if !ok {
			return nil, "", failf(op, g.join(path), ErrInvalid, "%s is %s, not a group", at.join(name), what(l))
		}
		at = &Group{file: g.file, path: at.join(name), node: next}
	}
	return at, names[last], nil
}

// what names the kind of thing that a link leads to.
func what(l *object.Link) string {
	switch {
	case l.Kind == object.Soft:
		return "a soft link, which is not followed here"
	case l.Kind != object.Hard:
		return "a link that leads elsewhere"
	}
	switch l.Node.(type) {
	case *object.Dataset:
		return "a dataset"
	case *object.NamedType:
		return "a committed type"
	}
	return "a group"
}

func (g *Group) join(name string) string {
	if len(name) > 0 && name[0] == '/' {
		return name
	}
	if g.path == "/" {
		return "/" + name
	}
	return g.path + "/" + name
}

// find walks to the object of a path.
func (g *Group) find(op, path string) (object.Node, error) {
	names, err := split(path)
	if err != nil {
		return nil, fail(op, path, ErrInvalid, err)
	}
	at := g.node
	if path[0] == '/' {
		at = g.file.node
	}
	for i, name := range names {
		l := at.Link(name)
		if l == nil || l.Kind != object.Hard {
			return nil, fail(op, g.join(path), ErrNotFound, nil)
		}
		next, ok := l.Node.(*object.Group)
		switch {
		case i == len(names)-1:
			return l.Node, nil
		case !ok:
			return nil, fail(op, g.join(path), ErrNotFound, fmt.Errorf("no such object: %q is %s", name, what(l)))
		}
		at = next
	}
	return at, nil
}

// HardLink gives the object at the path target a further name.
func (g *Group) HardLink(name, target string) error {
	const op = "create hard link"
	return g.file.change(op, g.join(name), func() error {
		node := object.Node(g.file.node)
		if names, _ := split(target); len(names) > 0 {
			found, err := g.find(op, target)
			if err != nil {
				return err
			}
			node = found
		}
		return g.link(op, name, &object.Link{Kind: object.Hard, Node: node})
	})
}

// SoftLink makes a name that stands for a path of the file, whether there is
// anything or not.
func (g *Group) SoftLink(name, path string) error {
	return g.textLink("create soft link", name, &object.Link{Kind: object.Soft, Path: path})
}

// ExternalLink makes a name that stands for a path of another file.
func (g *Group) ExternalLink(name, file, path string) error {
	return g.textLink("create external link", name, &object.Link{Kind: object.External, File: file, Path: path})
}

func (g *Group) textLink(op, name string, l *object.Link) error {
	texts := []string{l.Path}
	if l.Kind == object.External {
		texts = append(texts, l.File)
	}
	for _, text := range texts {
		if err := linkText(text); err != nil {
			return fail(op, g.join(name), ErrInvalid, err)
		}
	}
	return g.file.change(op, g.join(name), func() error { return g.link(op, name, l) })
}

func (g *Group) link(op, name string, l *object.Link) error {
	parent, last, err := g.parent(op, name)
	if err != nil {
		return err
	}
	if parent.node.Link(last) != nil {
		return fail(op, parent.join(last), ErrExists, nil)
	}
	l.Name = last
	parent.node.Add(l)
	return nil
}
