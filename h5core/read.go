package h5core

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/h5serve/h5serve/h5core/dtype"
	"github.com/h5serve/h5serve/h5core/internal/format/message"
	"github.com/h5serve/h5serve/h5core/internal/load"
	"github.com/h5serve/h5serve/h5core/vfd"
)

// Object is a Group, a Dataset or a NamedType of a file.
type Object interface {
	// Name is the path by which it was reached.
	Name() string
	// Address is that of its header in the file: what tells objects apart.
	Address() uint64
	Attributes() *Attributes
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

// Link is a link of a group in a file.
type Link struct {
	Name    string
	Kind    LinkKind
	Address uint64 // Hard: of the object's header
	Path    string // Soft and External: where it leads
	File    string // External
	Class   uint8  // UserDefined
	Tracked bool   // the creation order is kept
	Order   int64
}

func openStored(ctx context.Context, name string, opts []Option) (*File, error) {
	o, err := newOptions(opts)
	if err != nil {
		return nil, fail("open", name, ErrInvalid, err)
	}
	handle, err := o.open(ctx, name, vfd.Read)
	if err != nil {
		return nil, err
	}
	f := &File{options: o, handle: handle}
	if f.stored, err = load.Open(ctx, handle, o.limits); err == nil {
		f.stored.Reading = o.reading
		f.surround(name)
		var root *load.Object
		if root, err = f.stored.Object(ctx, f.stored.Root()); err == nil && root.Kind == load.Group {
			f.Group = &Group{file: f, path: "/", stored: root}
			return f, nil
		}
	}
	_ = handle.Close()
	if err == nil {
		err = fmt.Errorf("%w: the root is no group", ErrDamaged)
	}
	return nil, readError("open", name, err)
}

// readError gives an error of reading its place and kind.
func readError(op, path string, err error) error {
	var known *Error
	if err == nil || errors.As(err, &known) {
		return err
	}
	if name, ok := load.MissingFilter(err); ok {
		return fail(op, path, ErrUnsupported, fmt.Errorf("the filter %q is not available: %w", name, err))
	}
	for _, kind := range []error{ErrExternal, ErrNotHDF5, ErrTooLarge, ErrUnsupported, ErrNotFound, ErrDamaged} {
		if errors.Is(err, kind) {
			return fail(op, path, kind, err)
		}
	}
	return err
}

// UserBlock is the number of bytes before the superblock of a file being read.
func (f *File) UserBlock() uint64 { return f.stored.UserBlock() }

// Superblock is the version of the superblock of a file being read.
func (f *File) Superblock() uint8 { return f.stored.Superblock().Version }

// Address is that of the group's header.
func (g *Group) Address() uint64 { return g.stored.Addr() }

// Address is that of the dataset's header.
func (d *Dataset) Address() uint64 { return d.stored.Addr() }

// NamedType is a committed datatype.
type NamedType struct {
	file   *File
	path   string
	stored *load.Object
	t      *dtype.Type
}

// Name is the type's path in the file.
func (t *NamedType) Name() string { return t.path }

// Address is that of the type's header.
func (t *NamedType) Address() uint64 { return t.stored.Addr() }

// Type is the datatype itself.
func (t *NamedType) Type() *dtype.Type { return t.t }

// Attributes gives access to the type's attributes.
func (t *NamedType) Attributes() *Attributes {
	return &Attributes{file: t.file, path: t.path, stored: t.stored}
}

// reading refuses what only files that are read can do.
func (g *Group) reading(op string) error {
	if g.stored == nil {
		return failf(op, g.path, ErrUnsupported, "a file that is being made is not read")
	}
	return nil
}

// Links reads the group's links, ascending by the bytes of their names.
func (g *Group) Links(ctx context.Context) ([]Link, error) {
	const op = "list"
	if err := g.reading(op); err != nil {
		return nil, err
	}
	stored, err := g.stored.Links(ctx)
	if err != nil {
		return nil, readError(op, g.path, err)
	}
	links := make([]Link, len(stored))
	for i, l := range stored {
		links[i] = linkOf(l)
	}
	return links, nil
}

func linkOf(l *message.Link) Link {
	out := Link{Name: l.Name, Address: l.Header, Path: l.Target, Class: l.Type, Tracked: l.Tracked, Order: l.Order}
	switch l.Type {
	case message.HardLink:
	case message.SoftLink:
		out.Kind = Soft
	case message.ExternalLink:
		out.Kind = External
		out.File, out.Path = load.ExternalTarget(l)
	default:
		out.Kind = UserDefined
	}
	return out
}

// Member opens the object of a hard link.
func (g *Group) Member(ctx context.Context, l Link) (Object, error) {
	const op = "open"
	if err := g.reading(op); err != nil {
		return nil, err
	}
	if l.Kind != Hard {
		return nil, failf(op, g.join(l.Name), ErrInvalid, "not a hard link")
	}
	return g.file.object(ctx, g.join(l.Name), l.Address)
}

// object opens what lies at an address.
func (f *File) object(ctx context.Context, path string, addr uint64) (Object, error) {
	stored, err := f.stored.Object(ctx, addr)
	if err != nil {
		return nil, readError("open", path, err)
	}
	switch stored.Kind {
	case load.Group:
		return &Group{file: f, path: path, stored: stored}, nil
	case load.Dataset:
		data, err := stored.Data(ctx)
		if err != nil {
			return nil, readError("open", path, err)
		}
		return &Dataset{file: f, path: path, stored: stored, data: data}, nil
	}
	t, err := stored.Type(ctx)
	if err != nil {
		return nil, readError("open", path, err)
	}
	return &NamedType{f, path, stored, t.Type}, nil
}

// maxSoft bounds the soft and external links on the way to one object.
const maxSoft = 16

// Get opens the object of a path. Soft links are followed inside the file;
// external ones where WithFollow or WithFollowFunc allow it, else they are
// ErrExternal; the object of one belongs to the other file.
func (g *Group) Get(ctx context.Context, path string) (Object, error) {
	if err := g.reading("open"); err != nil {
		return nil, err
	}
	return g.get(ctx, path, maxSoft)
}

func (g *Group) get(ctx context.Context, path string, soft int) (Object, error) {
	const op = "open"
	at := g
	if strings.HasPrefix(path, "/") {
		at = g.file.Group
	}
	names, err := split(path)
	if err != nil {
		if strings.Trim(path, "/.") == "" && path != "" {
			return at, nil
		}
		return nil, fail(op, g.join(path), ErrInvalid, err)
	}
	for i, name := range names {
		stored, err := at.stored.Find(ctx, name)
		if err != nil {
			return nil, readError(op, at.join(name), err)
		}
		if stored == nil {
			return nil, fail(op, at.join(name), ErrNotFound, nil)
		}
		next, err := at.step(ctx, linkOf(stored), soft)
		if err != nil || i == len(names)-1 {
			return next, err
		}
		group, ok := next.(*Group)
		if !ok {
			return nil, failf(op, at.join(name), ErrNotFound, "no such object: %q is no group", name)
		}
		at = group
	}
	return at, nil
}

func (g *Group) step(ctx context.Context, l Link, soft int) (Object, error) {
	const op = "open"
	path := g.join(l.Name)
	switch {
	case l.Kind == Hard:
		return g.file.object(ctx, path, l.Address)
	case l.Kind == Soft && soft > 0:
		return g.get(ctx, l.Path, soft-1)
	case l.Kind == Soft:
		return nil, failf(op, path, ErrInvalid, "over %d soft and external links on the way", maxSoft)
	case l.Kind == External:
		return g.external(ctx, path, l, soft)
	}
	return nil, failf(op, path, ErrUnsupported, "a user-defined link of class %d", l.Class)
}
