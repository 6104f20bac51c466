package h5core

import (
	"context"
	"errors"
	"iter"
	"slices"
)

// wave is how many objects are opened at once: what all of them need next is
// one request to the driver.
const wave = 4096

// Members opens the objects of hard links, many at once: they cost as many
// rounds as one of them. What is wrong with one stands in its place.
func (g *Group) Members(ctx context.Context, links []Link) ([]Object, []error) {
	objects, errs := make([]Object, len(links)), make([]error, len(links))
	if err := g.reading("open"); err != nil {
		for i := range errs {
			errs[i] = err
		}
		return objects, errs
	}
	inWaves(ctx, g.file, len(links), func(ctx context.Context, i int) {
		objects[i], errs[i] = g.Member(ctx, links[i])
	})
	return objects, errs
}

// AttributesOf reads the attributes of many objects of one file, as All does
// for one, in as many rounds.
func AttributesOf(ctx context.Context, objects []Object) ([][]*Attribute, []error) {
	lists, errs := make([][]*Attribute, len(objects)), make([]error, len(objects))
	inWaves(ctx, fileOf(objects), len(objects), func(ctx context.Context, i int) {
		lists[i], errs[i] = objects[i].Attributes().All(ctx)
	})
	return lists, errs
}

// ReadAttributes reads the elements of many attributes of one file, and what
// they lead to, in as many rounds as those of one.
func ReadAttributes(ctx context.Context, list []*Attribute) ([]*Elements, []error) {
	values, errs := make([]*Elements, len(list)), make([]error, len(list))
	var f *File
	if len(list) > 0 {
		f = list[0].file
	}
	inWaves(ctx, f, len(list), func(ctx context.Context, i int) {
		values[i], errs[i] = list[i].Read(ctx)
	})
	return values, errs
}

func fileOf(objects []Object) *File {
	if len(objects) == 0 {
		return nil
	}
	return objects[0].Attributes().file
}

// inWaves runs n tasks in step, so many at once that they fit the memory.
func inWaves(ctx context.Context, f *File, n int, task func(ctx context.Context, i int)) {
	if f == nil || f.stored == nil {
		for i := range n {
			task(ctx, i)
		}
		return
	}
	for from := 0; from < n; from += wave {
		f.stored.Together(ctx, min(wave, n-from), func(ctx context.Context, i int) { task(ctx, from+i) })
	}
}

// Visit is what a walk comes to: an object, or a link that it does not follow.
type Visit struct {
	Path string
	Link Link // by which; the zero Link at the group where the walk begins
	// Object is nil for a soft, external or user-defined link, for an object
	// that was visited before, and for one that cannot be opened.
	Object Object
	Before string // the path under which the object was visited before
	// Err says why there is no object or, where there is one, why its members
	// are not visited.
	Err error

	depth   int
	members []Link
}

// errTooDeep is why the members of a group are not visited.
var errTooDeep = errors.New("groups are nested too deeply to be visited")

// Walk visits a group and all that lies below it, breadth first, each object
// once. It asks for objects in waves, so that it costs rounds in proportion to
// the depth of the tree. What is damaged stands in its Visit and does not end
// the walk; an error of visit, or that of the context, does.
func Walk(ctx context.Context, g *Group, visit func(*Visit) error) error {
	for wave, err := range Waves(ctx, g) {
		if err != nil {
			return err
		}
		for _, v := range wave {
			if err := visit(v); err != nil {
				return err
			}
		}
	}
	return nil
}

// Waves is Walk, some thousand visits at a time, for those who ask more of the
// objects of a wave together (AttributesOf). The error ends it.
func Waves(ctx context.Context, g *Group) iter.Seq2[[]*Visit, error] {
	return func(yield func([]*Visit, error) bool) {
		if err := g.reading("walk"); err != nil {
			yield(nil, err)
			return
		}
		w := &wander{file: g.file, seen: map[uint64]string{g.Address(): g.path}}
		next := []*Visit{{Path: g.path, Object: g}}
		for len(next) > 0 {
			some := next[:min(wave, len(next))]
			w.open(ctx, some)
			if err := ctx.Err(); err != nil {
				yield(nil, err)
				return
			}
			if !yield(slices.Clone(some), nil) {
				return
			}
			var below []*Visit
			for i, v := range some {
				below = append(below, w.below(v)...)
				some[i] = nil // the rest may wait for long
			}
			next = append(next[len(some):], below...)
		}
	}
}

// wander is the state of one walk.
type wander struct {
	file *File
	seen map[uint64]string // paths of objects by address
}

// open opens the objects of a wave, and lists the groups among them.
func (w *wander) open(ctx context.Context, some []*Visit) {
	var fresh []*Visit
	for _, v := range some {
		if v.Object != nil {
			fresh = append(fresh, v)
			continue
		}
		if v.Link.Kind != Hard {
			continue
		}
		if before, known := w.seen[v.Link.Address]; known {
			v.Before = before
			continue
		}
		w.seen[v.Link.Address] = v.Path
		fresh = append(fresh, v)
	}
	inWaves(ctx, w.file, len(fresh), func(ctx context.Context, i int) {
		v := fresh[i]
		if v.Object == nil {
			v.Object, v.Err = w.file.object(ctx, v.Path, v.Link.Address)
		}
		if g, ok := v.Object.(*Group); ok && v.Err == nil {
			if v.depth >= maxNesting {
				v.Err = fail("list", v.Path, ErrTooLarge, errTooDeep)
			} else {
				v.members, v.Err = g.Links(ctx)
			}
		}
	})
}

// below gives the members of a group as visits to come.
func (w *wander) below(v *Visit) []*Visit {
	g, ok := v.Object.(*Group)
	if !ok {
		return nil
	}
	list := make([]*Visit, len(v.members))
	for i, l := range v.members {
		list[i] = &Visit{Path: g.join(l.Name), Link: l, depth: v.depth + 1}
	}
	v.members = nil
	return list
}
