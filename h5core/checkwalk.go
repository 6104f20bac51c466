package h5core

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/h5serve/h5serve/h5core/dtype"
	"github.com/h5serve/h5serve/h5core/internal/format/message"
	"github.com/h5serve/h5serve/h5core/internal/load"
	"github.com/h5serve/h5serve/h5core/internal/transfer"
	"github.com/h5serve/h5serve/h5core/internal/walk"
	"github.com/h5serve/h5serve/h5core/internal/wire"
	"github.com/h5serve/h5serve/h5core/vfd"
)

// checker is one walk of Check. It goes breadth first, in waves: of the objects
// of one, all metadata is read in step; then come the elements, of a few
// datasets at a time.
type checker struct {
	file    *File
	extents *load.Extents
	report  *Report
	seen    map[uint64]bool
	next    []*visited
}

// visited is an object that a link leads to, and what is found about it.
type visited struct {
	path  string
	addr  uint64
	depth int

	checker *checker
	mu      sync.Mutex // guards what follows
	known   map[Finding]bool
	list    []Finding
	grave   int // of them, those that are no warnings
	chunks  int
	dataset *load.Data
	members []*visited
	isData  bool
	err     error // of the driver or the context
}

// add takes in a finding, once.
func (v *visited) add(f Finding) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.known[f] || len(v.list) > maxFindings {
		return
	}
	if v.known == nil {
		v.known = map[Finding]bool{}
	}
	v.known[f] = true
	if v.list = append(v.list, f); f.Severity != Warning {
		v.grave++
	}
}

func (v *visited) warn(structure, detail string) {
	v.add(Finding{Severity: Warning, Path: v.path, Structure: structure, Detail: detail})
}

// noting gives a context under which walks go on beside what is damaged, which
// is a finding about path.
func (v *visited) noting(ctx context.Context, path string) context.Context {
	return walk.Tolerant(ctx, func(err error) { v.add(findingOf(path, err)) })
}

// note takes an error of the file as a finding; one of the driver or the
// context ends the walk.
func (v *visited) note(path string, err error) error {
	if err == nil {
		return nil
	}
	var io *vfd.Error
	if errors.As(err, &io) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	v.add(findingOf(path, err))
	return nil
}

// findingOf tells of an error what a finding has room for.
func findingOf(path string, err error) Finding {
	f := Finding{Severity: Damaged, Path: path, Detail: err.Error()}
	if errors.Is(err, ErrUnsupported) || errors.Is(err, ErrTooLarge) || errors.Is(err, ErrExternal) {
		f.Severity = Unsupported
	}
	if name, ok := load.MissingFilter(err); ok {
		f.Structure, f.Detail = "filter pipeline", fmt.Sprintf("the filter %q is not available", name)
		return f
	}
	var fault *wire.Fault
	if errors.As(err, &fault) {
		f.Structure, f.Offset, f.Detail = fault.Structure, fault.Offset, fault.Field+": "+fault.Reason
		f.Expected, f.Found = expected(fault.Reason)
	}
	var chunk *transfer.ChunkError
	if errors.As(err, &chunk) {
		f.Structure, f.Offset, f.Detail = fmt.Sprintf("chunk %v", chunk.Coords), chunk.Addr, chunk.Err.Error()
	}
	return f
}

// expected takes apart what a fault says of a value.
func expected(reason string) (want, got string) {
	for _, words := range []struct {
		first, second string
		computed      bool // the second is what was expected
	}{{"expected ", ", found ", false}, {"stored ", ", computed ", true}} {
		rest, ok := strings.CutPrefix(reason, words.first)
		if a, b, both := strings.Cut(rest, words.second); ok && both {
			if words.computed {
				return b, a
			}
			return a, b
		}
	}
	return "", ""
}

// heavy is how many datasets have their elements read at once.
const heavy = 4

// all visits every object, each before the members it has.
func (c *checker) all(ctx context.Context) error {
	stored := c.file.stored
	root, err := stored.Object(ctx, stored.Root())
	top := &visited{path: "/", addr: stored.Root(), checker: c}
	if err != nil {
		err = top.note("/", err)
		c.take(top)
		return err
	}
	c.file.Group = &Group{file: c.file, path: "/", stored: root}
	if err := top.note("/", stored.CheckShared(top.noting(ctx, "/"))); err != nil {
		return err
	}
	c.seen[top.addr] = true
	for next := []*visited{top}; len(next) > 0; {
		some := next[:min(wave, len(next))]
		if err := c.wave(ctx, some); err != nil {
			return err
		}
		next = append(next[len(some):], c.next...)
		c.next = nil
	}
	return nil
}

// wave visits some objects.
func (c *checker) wave(ctx context.Context, some []*visited) error {
	stored := c.file.stored
	stored.Together(ctx, len(some), func(ctx context.Context, i int) {
		some[i].err = some[i].metadata(c.extents.Own(ctx, some[i].path, 0))
	})
	var datasets []*visited
	for _, v := range some {
		if v.dataset != nil && v.err == nil {
			datasets = append(datasets, v)
		}
	}
	for from := 0; from < len(datasets) && ctx.Err() == nil; from += heavy {
		stored.Together(ctx, min(heavy, len(datasets)-from), func(ctx context.Context, i int) {
			v := datasets[from+i]
			v.err = v.elements(c.extents.Own(ctx, v.path, len(v.dataset.Space.Dims)))
		})
	}
	for i, v := range some {
		c.take(v)
		if v.err != nil {
			return v.err
		}
		some[i] = nil // the rest may wait for long
	}
	return ctx.Err()
}

// take puts what was found about an object into the report.
func (c *checker) take(v *visited) {
	for _, f := range v.list {
		c.report.add(f)
	}
	c.report.Objects++
	c.report.Chunks += v.chunks
	if v.isData {
		c.report.Datasets++
		if v.grave == 0 {
			c.report.Readable = append(c.report.Readable, v.path)
		}
	}
	for _, m := range v.members {
		if !c.seen[m.addr] {
			c.seen[m.addr] = true
			c.next = append(c.next, m)
		}
	}
}

// metadata looks at an object's header and all that it leads to but elements.
func (v *visited) metadata(ctx context.Context) error {
	ctx = v.noting(ctx, v.path)
	o, err := v.checker.file.stored.Object(ctx, v.addr)
	if err != nil {
		return v.note(v.path, err)
	}
	if err := v.note(v.path, o.CheckOrders(ctx)); err != nil {
		return err
	}
	if err := v.attributes(ctx, o); err != nil {
		return err
	}
	switch o.Kind {
	case load.Group:
		err = v.links(ctx, o)
	case load.Dataset:
		v.isData = true
		v.dataset, err = o.Data(ctx)
	default:
		_, err = o.Type(ctx)
	}
	if err != nil {
		v.dataset = nil
	}
	return v.note(v.path, err)
}

func (v *visited) attributes(ctx context.Context, o *load.Object) error {
	list, err := o.Attributes(ctx)
	if err != nil {
		return v.note(v.path, err)
	}
	errs := make([]error, len(list))
	v.checker.file.stored.Together(ctx, len(list), func(ctx context.Context, i int) {
		errs[i] = v.resolve(ctx, list[i].Type.Type, list[i].Data)
	})
	for i, a := range list {
		if err := v.note(v.path+"@"+a.Name, errs[i]); err != nil {
			return err
		}
	}
	return nil
}

// resolve follows what variable-length parts lead to.
func (v *visited) resolve(ctx context.Context, t *dtype.Type, data []byte) error {
	if len(data) == 0 || len(t.Pointers()) == 0 {
		return nil
	}
	e := &Elements{Type: t, Data: data, file: v.checker.file}
	return e.resolve(ctx)
}

// links lists a group's members; what is left of them where something is
// damaged.
func (v *visited) links(ctx context.Context, o *load.Object) error {
	links, err := o.Links(ctx)
	if err != nil {
		return err
	}
	if v.depth >= maxNesting {
		v.warn("group", fmt.Sprintf("groups deeper than %d are not visited", maxNesting))
		return nil
	}
	for _, l := range links {
		if l.Type == message.HardLink {
			v.members = append(v.members, &visited{
				path: strings.TrimSuffix(v.path, "/") + "/" + l.Name, addr: l.Header, depth: v.depth + 1, checker: v.checker,
			})
		}
	}
	return nil
}
