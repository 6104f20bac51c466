package h5grove

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/h5serve/h5serve/h5core"
)

// Paths lists a group and all links below it, depth first in the order of their names; groups that several links
// lead to are gone into once.
func Paths(ctx context.Context, f *File, path string, how Resolve) (*Answer, error) {
	e, err := f.find(ctx, path, how)
	if err != nil {
		return nil, err
	}
	g, ok := e.object.(*h5core.Group)
	if !ok {
		return nil, unfit("path", "%s is not a group", path)
	}
	t := &tree{file: f, how: how, members: map[uint64][]h5core.Link{}, seen: map[uint64]bool{g.Address(): true}}
	if err := t.read(ctx, g); err != nil {
		return nil, err
	}
	t.out.WriteByte('[')
	if err := t.out.put(path); err != nil {
		return nil, err
	}
	if err := t.list(ctx, g.Address(), path, 0); err != nil {
		return nil, err
	}
	t.out.WriteByte(']')
	return t.out.answer(), nil
}

// tree is what a walk found, which goes by waves, to be told depth first.
type tree struct {
	file    *File
	how     Resolve
	members map[uint64][]h5core.Link // of groups, by address
	seen    map[uint64]bool
	out     document
}

func (t *tree) read(ctx context.Context, g *h5core.Group) error {
	groups := map[string]uint64{strings.TrimRight(g.Name(), "/"): g.Address()}
	err := h5core.Walk(ctx, g, func(v *h5core.Visit) error {
		if o, ok := v.Object.(*h5core.Group); ok {
			groups[strings.TrimRight(v.Path, "/")] = o.Address()
			if v.Err != nil {
				return v.Err
			}
		}
		if v.Link.Name == "" {
			return nil
		}
		parent := groups[strings.TrimRight(strings.TrimSuffix(v.Path, v.Link.Name), "/")]
		t.members[parent] = append(t.members[parent], v.Link)
		return nil
	})
	return err
}

// maxDepth is how many groups may lie in one another.
const maxDepth = 1000

// list tells what is below a group.
func (t *tree) list(ctx context.Context, group uint64, path string, depth int) error {
	if depth > maxDepth {
		return fmt.Errorf("%w: groups more than %d deep", h5core.ErrTooLarge, maxDepth)
	}
	links := t.members[group]
	slices.SortStableFunc(links, func(a, b h5core.Link) int { return strings.Compare(a.Name, b.Name) })
	for _, l := range links {
		below := strings.TrimRight(path, "/") + "/" + l.Name
		if t.how == ResolveAll && l.Kind != h5core.Hard {
			if err := t.lead(ctx, below); err != nil {
				return err
			}
		}
		t.out.WriteByte(',')
		if err := t.out.put(below); err != nil {
			return err
		}
		if l.Kind != h5core.Hard || t.seen[l.Address] {
			continue
		}
		t.seen[l.Address] = true
		if err := t.list(ctx, l.Address, below, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// lead makes sure that a link leads somewhere.
func (t *tree) lead(ctx context.Context, path string) error {
	_, err := t.file.Get(ctx, path)
	if err == nil || !lost(ctx, err) {
		return err
	}
	return t.file.unresolved(path, err)
}
