package catalog

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/h5serve/h5serve/api/represent"
	"github.com/h5serve/h5serve/h5core"
)

// Options say how much of a tree is listed.
type Options struct {
	Depth int            // below the object; negative: all
	Skip  int            // nodes that were listed before
	Limit int            // nodes
	JSON  represent.JSON // how values are written
}

// Tree is a list of an object and of what lies below it, breadth first: members
// of a group in the order of their names.
type Tree struct {
	Objects   []Node `json:"objects"`
	Truncated string `json:"truncated,omitempty"` // why there is more: limit, size, budget, time
	Next      int    `json:"-"`                   // Skip of what follows, where Truncated is limit or size
}

// Why a list ends early.
const (
	ByLimit  = "limit"
	BySize   = "size"
	ByBudget = "budget"
	ByTime   = "time"
)

// most is how many bytes a list has, about.
const most = 8 << 20

// List lists a tree. What is damaged is a node with an error. A context whose
// time is up ends the list and is no error.
func List(ctx context.Context, o h5core.Object, opts Options) (*Tree, error) {
	t := &lister{Options: opts, ctx: ctx, tree: &Tree{Objects: []Node{}, Next: opts.Skip}}
	if g, ok := o.(*h5core.Group); ok {
		return t.tree, t.group(g)
	}
	if opts.Skip > 0 {
		return t.tree, nil
	}
	return t.tree, t.wave([]*h5core.Visit{{Path: o.Name(), Object: o}})
}

type lister struct {
	Options
	ctx  context.Context
	tree *Tree
	at   int // nodes passed
	size int // bytes, about
}

func (t *lister) group(g *h5core.Group) error {
	for wave, err := range h5core.Waves(t.ctx, g) {
		if err != nil {
			return t.stop(err)
		}
		some, deep := t.shallow(g.Name(), wave)
		if err := t.wave(some); err != nil || t.tree.Truncated != "" || deep {
			return err
		}
	}
	return nil
}

// shallow leaves out what lies too deep; visits come by depth.
func (t *lister) shallow(base string, wave []*h5core.Visit) (some []*h5core.Visit, deep bool) {
	if t.Depth < 0 {
		return wave, false
	}
	for i, v := range wave {
		if depth(v.Path)-depth(base) > t.Depth {
			return wave[:i], true
		}
	}
	return wave, false
}

func depth(path string) int { return strings.Count(strings.TrimSuffix(path, "/"), "/") }

// wave lists visits, the next part of them that is asked for.
func (t *lister) wave(wave []*h5core.Visit) error {
	skipped := min(max(t.Skip-t.at, 0), len(wave))
	t.at += skipped
	wave = wave[skipped:]
	if room := t.Limit - len(t.tree.Objects); len(wave) > room {
		wave, t.tree.Truncated = wave[:room], ByLimit
	}
	for len(wave) > 0 {
		some := wave[:min(len(wave), step)]
		wave = wave[len(some):]
		if err := t.nodes(some); err != nil || t.tree.Truncated == BySize || t.tree.Truncated == ByBudget {
			return err
		}
	}
	return t.stop(t.ctx.Err())
}

// step is how many objects are asked for their attributes at once.
const step = 1024

func (t *lister) nodes(some []*h5core.Visit) error {
	var objects []h5core.Object
	var places []int
	nodes := make([]Node, len(some))
	for i, v := range some {
		nodes[i] = node(v)
		if v.Object != nil {
			objects, places = append(objects, v.Object), append(places, i)
		}
		if errors.Is(v.Err, h5core.ErrTooLarge) {
			t.tree.Truncated = ByBudget
		}
	}
	lists, errs := attributes(t.ctx, objects, t.JSON)
	if err := t.ctx.Err(); err != nil {
		return t.stop(err)
	}
	for i, place := range places {
		nodes[place].Attributes = lists[i]
		if errs[i] != nil && nodes[place].Error == "" {
			nodes[place].Error = fmt.Sprintf("attributes: %v", errs[i])
		}
		if errors.Is(errs[i], h5core.ErrTooLarge) {
			t.tree.Truncated = ByBudget
		}
	}
	for _, n := range nodes {
		if t.size += n.size(); t.size > most && len(t.tree.Objects) > 0 {
			t.tree.Truncated = BySize
			return nil
		}
		t.tree.Objects = append(t.tree.Objects, n)
		t.at++
		t.tree.Next = t.at
	}
	return nil
}

// size is about the bytes of a node in JSON.
func (n *Node) size() int {
	size := 200 + len(n.Path) + len(n.Dtype) + len(n.Target) + len(n.TargetFile) + len(n.SameAs) + len(n.Error)
	for _, a := range n.Attributes {
		size += 60 + len(a.Name) + len(a.Dtype) + len(a.Value) + len(a.Error)
	}
	return size
}

// stop ends a list whose time is up.
func (t *lister) stop(err error) error {
	if errors.Is(err, context.DeadlineExceeded) {
		t.tree.Truncated = ByTime
		return nil
	}
	return err
}
