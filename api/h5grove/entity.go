package h5grove

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/h5serve/h5serve/h5core"
)

// Resolve says which links stand for what they lead to.
type Resolve string

// The values of the parameter resolve_links.
const (
	ResolveNone  Resolve = "none"
	ResolveValid Resolve = "only_valid"
	ResolveAll   Resolve = "all" // one that leads nowhere is refused
)

// ParseResolve reads the parameter; "" stands for what is the default.
func ParseResolve(text string) (Resolve, error) {
	switch r := Resolve(strings.ToLower(text)); r {
	case "":
		return ResolveValid, nil
	case "true":
		return ResolveAll, nil
	case "false":
		return ResolveNone, nil
	case ResolveNone, ResolveValid, ResolveAll:
		return r, nil
	}
	return "", unfit("resolve_links", "%s is not a valid value for link resolution. Accepted values are: all, none or only_valid", text)
}

// entity is what a path leads to: an object, or a link that is not resolved.
type entity struct {
	path   string
	object h5core.Object // nil: link
	link   *h5core.Link
}

func (e *entity) name() string { return e.path[strings.LastIndexByte(e.path, '/')+1:] }

func (f *File) notThere(path string, err error) *Refusal {
	r := refuse(http.StatusNotFound, "path_not_found", "path", "%s is not a valid path in %s", path, f.Base)
	r.Err = err
	return r
}

func (f *File) unresolved(path string, err error) *Refusal {
	r := refuse(http.StatusNotFound, "link_unresolved", "path", "Cannot resolve the link at %s of %s", path, f.Base)
	r.Err = err
	return r
}

// find leads a path as far as links are to be resolved.
func (f *File) find(ctx context.Context, path string, how Resolve) (*entity, error) {
	trimmed := strings.TrimRight(path, "/")
	if path == "" || strings.IndexByte(path, 0) >= 0 {
		return nil, f.notThere(path, nil)
	}
	if trimmed == "" {
		return &entity{path: path, object: f.Group}, nil
	}
	var failed error
	if how != ResolveNone {
		o, err := f.Get(ctx, trimmed)
		if err == nil {
			return &entity{path: path, object: o}, nil
		}
		if !lost(ctx, err) {
			return nil, err
		}
		failed = err
	}
	link, err := f.linkAt(ctx, trimmed)
	switch {
	case err != nil && !errors.Is(err, h5core.ErrNotFound) && !errors.Is(err, h5core.ErrExternal):
		return nil, err
	case err != nil && failed != nil && !errors.Is(failed, h5core.ErrNotFound) && !errors.Is(failed, h5core.ErrExternal):
		return nil, failed
	case err != nil:
		return nil, f.notThere(path, err)
	case link != nil && how == ResolveAll:
		return nil, f.unresolved(path, failed)
	case link != nil:
		return &entity{path: path, link: link}, nil
	case failed != nil:
		return nil, failed
	}
	o, err := f.Get(ctx, trimmed)
	return &entity{path: path, object: o}, err
}

// linkAt is the soft or external link of a path, nil where another one is there.
func (f *File) linkAt(ctx context.Context, path string) (*h5core.Link, error) {
	at := strings.LastIndexByte(path, '/')
	parent, name := strings.TrimRight(path[:at+1], "/"), path[at+1:]
	if name == "." {
		return nil, nil
	}
	g := f.Group
	if parent != "" {
		o, err := f.Get(ctx, parent)
		if err != nil {
			return nil, err
		}
		var ok bool
		if g, ok = o.(*h5core.Group); !ok {
			return nil, h5core.ErrNotFound
		}
	}
	links, err := g.Links(ctx)
	if err != nil {
		return nil, err
	}
	for i := range links {
		if links[i].Name != name {
			continue
		}
		if k := links[i].Kind; k == h5core.Soft || k == h5core.External {
			return &links[i], nil
		}
		return nil, nil
	}
	return nil, h5core.ErrNotFound
}

// object is find for those who need an object.
func (f *File) object(ctx context.Context, path string) (h5core.Object, error) {
	e, err := f.find(ctx, path, ResolveValid)
	if err != nil {
		return nil, err
	}
	if e.object == nil {
		return nil, f.unresolved(path, nil)
	}
	return e.object, nil
}

func (f *File) dataset(ctx context.Context, path string) (*h5core.Dataset, error) {
	o, err := f.object(ctx, path)
	if err != nil {
		return nil, err
	}
	d, ok := o.(*h5core.Dataset)
	if !ok {
		return nil, unfit("path", "%s is not a dataset", path)
	}
	return d, nil
}

// children are the members of a group in h5py's order: by their names, or as they were made where the group says so.
// A member that cannot be opened has neither object nor link.
func (f *File) children(ctx context.Context, g *h5core.Group, path string) ([]*entity, error) {
	links, err := g.Links(ctx)
	if err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(links, func(l h5core.Link) bool { return !l.Tracked }) {
		slices.SortStableFunc(links, func(a, b h5core.Link) int { return cmp.Compare(a.Order, b.Order) })
	}
	list := make([]*entity, len(links))
	var hard []h5core.Link
	var places []int
	for i := range links {
		l := &links[i]
		list[i] = &entity{path: strings.TrimRight(path, "/") + "/" + l.Name}
		switch l.Kind {
		case h5core.Hard:
			hard, places = append(hard, *l), append(places, i)
		case h5core.Soft:
			list[i].object, err = f.Get(ctx, strings.TrimRight(path, "/")+"/"+l.Name)
			if err != nil && !lost(ctx, err) {
				return nil, err
			}
			if err != nil {
				list[i].object, list[i].link = nil, l
			}
		case h5core.External:
			list[i].link = l
		}
	}
	objects, errs := g.Members(ctx, hard)
	for i, at := range places {
		if errs[i] == nil {
			list[at].object = objects[i]
		} else if !lost(ctx, errs[i]) {
			return nil, errs[i]
		}
	}
	return list, nil
}
