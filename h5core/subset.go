package h5core

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/h5serve/h5serve/h5core/internal/object"
)

// Part is an object of a file that Subset takes.
type Part struct {
	Path string
	// Select is what is taken of a dataset, as [Slice] has it; "" is all.
	Select string
}

// Subset makes a file of parts of another one: datasets and groups, under the
// paths that they have there, with their attributes and all below.
//
//	/t (time, x) at "0:10,3" ──▶ /t (time), and /time at "0:10"
//
// Dimension scales of what is copied come along, cut as the axes that they
// stand on; those of a dropped axis do not. Where two axes would cut a scale
// differently, it stays with the first, those that were asked for going first.
// A scale that is a Part with a selection has that one.
//
// Groups on the way to a part are empty, but for the other parts. References
// to what is not copied become null. Elements of virtual datasets and of
// external files become the copy's own. A filter that cannot be run here, and
// would have to, gives way to deflate; chunks travel as they are where the
// grid of the copy has them, as with [Copy].
//
// A part that is not there is ErrNotFound; one that comes twice with two
// selections, or a selection of a group, ErrInvalid, with the [Part]'s path.
// After an error the file is of no use.
func Subset(ctx context.Context, src, dst *File, parts ...Part) error {
	const op = "subset"
	return dst.change(op, "/", func() error {
		if len(dst.node.Links()) > 0 || len(dst.node.Attributes) > 0 {
			return failf(op, "/", ErrExists, "the file is not empty")
		}
		c, err := newCopier(ctx, src.Group, dst, nil)
		if err != nil {
			return err
		}
		s := &subset{copier: c, decided: map[place]bool{}}
		c.filled, c.recode = true, true
		c.cuts, c.sources = map[place]*cut{}, map[place]Object{}
		c.scales = &scales{kept: map[attachment]uint32{}, lists: map[place][][]uint64{}}
		return s.make(src, parts)
	})
}

// subset is a copier of parts.
type subset struct {
	*copier
	wanted  []wanted
	decided map[place]bool // what is taken of a dataset will not change
}

// wanted is an object that gets a name of its own.
type wanted struct {
	path string // as it was asked for
	from Object
	node object.Node
}

func (s *subset) make(src *File, parts []Part) error {
	for _, p := range parts {
		if err := s.want(src, p); err != nil {
			return err
		}
	}
	if err := s.links(); err != nil {
		return err
	}
	if err := s.attach(); err != nil {
		return err
	}
	if err := s.name(); err != nil {
		return err
	}
	if err := s.fillAll(); err != nil {
		return err
	}
	s.dst.refs = append(s.dst.refs, s.refs...)
	return nil
}

// want opens a part.
func (s *subset) want(src *File, p Part) error {
	const op = "subset"
	o, err := src.Get(s.ctx, p.Path)
	if err != nil {
		return err
	}
	at, known := place{holder(o), o.Address()}, false
	for _, w := range s.wanted {
		known = known || w.path == clean(p.Path)
	}
	node, err := s.node(o, 0)
	if err != nil {
		return err
	}
	if !known {
		s.wanted = append(s.wanted, wanted{clean(p.Path), o, node})
	}
	if strings.TrimSpace(p.Select) == "" {
		return nil
	}
	d, ok := o.(*Dataset)
	if !ok {
		return failf(op, p.Path, ErrInvalid, "a selection is of a dataset, and this is none")
	}
	k, err := parseCut(p.Select, d.data.Space)
	if err != nil {
		return fail(op, p.Path, ErrInvalid, err)
	}
	if s.decided[at] && !k.same(s.cuts[at]) {
		return failf(op, p.Path, ErrInvalid, "the dataset is asked for twice, with two selections")
	}
	s.cuts[at], s.decided[at] = k, true
	return nil
}

// clean is a path in one spelling.
func clean(path string) string {
	names, err := split(path)
	if err != nil {
		return "/"
	}
	return "/" + strings.Join(names, "/")
}

// attach finds the scales of all that is copied: first of what was asked for
// with a selection, then of the scales that are cut for it, then of the rest.
func (s *subset) attach() error {
	seen := map[place]bool{}
	for {
		var now, later []*Dataset
		for _, o := range s.all {
			s.sources[place{holder(o.from), o.from.Address()}] = o.from
			d, ok := o.from.(*Dataset)
			if !ok || seen[place{d.file, d.Address()}] {
				continue
			}
			if s.cuts[place{d.file, d.Address()}] != nil {
				now = append(now, d)
			} else {
				later = append(later, d)
			}
		}
		if len(now) == 0 {
			now = later
		}
		if len(now) == 0 {
			return nil
		}
		slices.SortStableFunc(now, func(a, b *Dataset) int { return cmp.Compare(s.order(a), s.order(b)) })
		if f := now[0].file; slices.ContainsFunc(now, func(d *Dataset) bool { return d.file != f }) {
			now = now[:1]
		}
		lists, err := attached(s.ctx, now)
		if err != nil {
			return err
		}
		for i, d := range now {
			at := place{d.file, d.Address()}
			seen[at], s.decided[at] = true, true
			s.scales.lists[at] = lists[i]
			if err := s.attachTo(d, at, lists[i]); err != nil {
				return err
			}
		}
	}
}

// order puts what was asked for with a selection first.
func (s *subset) order(d *Dataset) int {
	for i, w := range s.wanted {
		if w.from.Address() == d.Address() && holder(w.from) == d.file {
			return i
		}
	}
	return len(s.wanted)
}

// attachTo takes the scales of a dataset along.
func (s *subset) attachTo(d *Dataset, at place, lists [][]uint64) error {
	k, now := s.cuts[at], uint32(0)
	for axis, addrs := range lists {
		taken := span{stride: 1, count: d.data.Space.Dims[axis]}
		if k != nil {
			taken = k.axis(axis)
		}
		if taken.dropped {
			continue
		}
		for _, addr := range addrs {
			scale := place{d.file, addr}
			stays, err := s.bring(d, scale, taken)
			if err != nil {
				return err
			}
			if stays {
				s.scales.kept[attachment{at, axis, scale}] = now
			}
		}
		now++
	}
	return nil
}

// bring takes a scale along, cut as an axis; false where it stays away.
func (s *subset) bring(user *Dataset, at place, taken span) (bool, error) {
	if at.addr == 0 {
		return false, nil
	}
	o := s.sources[at]
	if o == nil {
		var err error
		if o, err = user.file.object(s.ctx, "(scale)", at.addr); err != nil {
			return false, err
		}
	}
	scale, ok := o.(*Dataset)
	if !ok || len(scale.data.Space.Dims) == 0 {
		return false, nil
	}
	k := axisCut(taken, scale.data.Space.Dims)
	switch {
	case s.decided[at]:
		return k.same(s.cuts[at]), nil
	case s.nodes[at] == nil:
		path, err := s.nameOf(user, at.addr)
		if err != nil || path == "" {
			return false, err
		}
		scale.path = path
		node, err := s.node(scale, 0)
		if err != nil {
			return false, err
		}
		s.wanted = append(s.wanted, wanted{path, scale, node})
	}
	s.sources[at], s.cuts[at], s.decided[at] = scale, k, true
	return true, nil
}

// name gives all that was asked for its place in the file, what holds others
// first.
func (s *subset) name() error {
	const op = "subset"
	list := slices.Clone(s.wanted)
	slices.SortStableFunc(list, func(a, b wanted) int { return cmp.Compare(depth(a.path), depth(b.path)) })
	for _, w := range list {
		if w.path == "/" {
			root, ok := w.node.(*object.Group)
			if !ok {
				return failf(op, w.path, ErrInvalid, "it is no group")
			}
			root.Object.Links++ // the superblock's
			s.dst.node = root
			continue
		}
		err := s.dst.claim(w.path, w.node)
		if err != nil && w.node.Common().Links == 0 { // the path leads through a soft link that is copied
			err = s.dst.claim(w.from.Name(), w.node)
		}
		if err != nil && w.node.Common().Links == 0 {
			return err
		}
	}
	return nil
}

func depth(path string) int { return strings.Count(strings.TrimSuffix(path, "/"), "/") }

// claim gives an object a path, unless it has that already.
func (f *File) claim(path string, node object.Node) error {
	names, err := split(path)
	if err != nil {
		return fail("subset", path, ErrInvalid, err)
	}
	if !f.has(names) {
		return f.link("subset", path, &object.Link{Kind: object.Hard, Node: node})
	}
	if there, err := f.find("subset", path); err == nil && there == node {
		return nil
	}
	return fail("subset", path, ErrExists, nil)
}
