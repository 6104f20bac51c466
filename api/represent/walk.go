package represent

import (
	"context"
	"errors"
	"strings"

	"github.com/h5serve/h5serve/h5core"
)

// Visit is one name in a file: an object, a link, or what could not be read.
type Visit struct {
	Path   string
	Object h5core.Object // nil for links and errors
	Link   *h5core.Link  // how a group leads here; nil for the first visit
	SameAs string        // a hard link to an object that was visited: its first path
	Err    error
}

// ErrSkipMembers, returned by visit, keeps Walk from the members of a group.
var ErrSkipMembers = errors.New("skip the members of this group")

// Walk visits an object and, depth first, the members of groups in the order
// of the bytes of their names, each object before its members and only once.
// Soft and external links are not followed. What cannot be read is a visit
// with an error; Walk itself returns what visit returns, unless that is
// ErrSkipMembers, or why the context ended.
func Walk(ctx context.Context, o h5core.Object, visit func(Visit) error) error {
	w := walker{ctx: ctx, tell: visit, first: map[uint64]string{o.Address(): o.Name()}}
	return w.object(o, Visit{Path: o.Name(), Object: o})
}

type walker struct {
	ctx   context.Context
	tell  func(Visit) error
	first map[uint64]string // address → the path of its visit
}

// visit is for what has no members.
func (w *walker) visit(v Visit) error {
	if err := w.tell(v); !errors.Is(err, ErrSkipMembers) {
		return err
	}
	return nil
}

func (w *walker) object(o h5core.Object, v Visit) error {
	g, ok := o.(*h5core.Group)
	if !ok {
		return w.visit(v)
	}
	switch err := w.tell(v); {
	case err == nil:
		return w.members(g, v.Path)
	case errors.Is(err, ErrSkipMembers):
		return nil
	default:
		return err
	}
}

func (w *walker) members(g *h5core.Group, path string) error {
	if err := w.ctx.Err(); err != nil {
		return err
	}
	links, err := g.Links(w.ctx)
	if err != nil {
		return w.visit(Visit{Path: path, Err: err})
	}
	for i := range links {
		if err := w.member(g, &links[i], strings.TrimSuffix(path, "/")+"/"+links[i].Name); err != nil {
			return err
		}
	}
	return nil
}

func (w *walker) member(g *h5core.Group, l *h5core.Link, path string) error {
	if l.Kind != h5core.Hard {
		return w.visit(Visit{Path: path, Link: l})
	}
	if first, ok := w.first[l.Address]; ok {
		return w.visit(Visit{Path: path, Link: l, SameAs: first})
	}
	o, err := g.Member(w.ctx, *l)
	if err != nil {
		return w.visit(Visit{Path: path, Link: l, Err: err})
	}
	w.first[l.Address] = path
	return w.object(o, Visit{Path: path, Link: l, Object: o})
}
