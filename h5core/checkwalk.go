package h5core

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/h5serve/h5serve/h5core/dtype"
	"github.com/h5serve/h5serve/h5core/internal/format/message"
	"github.com/h5serve/h5serve/h5core/internal/load"
	"github.com/h5serve/h5serve/h5core/internal/transfer"
	"github.com/h5serve/h5serve/h5core/internal/wire"
	"github.com/h5serve/h5serve/h5core/vfd"
)

// checker is one walk of Check.
type checker struct {
	file     *File
	extents  *load.Extents
	report   *Report
	seen     map[uint64]bool
	warnings int
	next     []visit // objects still to be visited, the next one last
}

// visit is an object that a link leads to.
type visit struct {
	path  string
	addr  uint64
	depth int
}

// note takes an error of the file as a finding; one of the driver or the
// context ends the walk.
func (c *checker) note(path string, err error) error {
	if err == nil {
		return nil
	}
	var io *vfd.Error
	if errors.As(err, &io) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	c.report.add(findingOf(path, err))
	return nil
}

// findingOf tells of an error what a finding has room for.
func findingOf(path string, err error) Finding {
	f := Finding{Severity: Damaged, Path: path, Detail: err.Error()}
	if errors.Is(err, ErrUnsupported) || errors.Is(err, ErrTooLarge) {
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

// all visits every object, each before the members it has.
func (c *checker) all(ctx context.Context) error {
	root, err := c.file.stored.Object(ctx, c.file.stored.Root())
	if err != nil {
		return c.note("/", err)
	}
	c.file.Group = &Group{file: c.file, path: "/", stored: root}
	if err := c.note("/", c.file.stored.CheckShared(ctx)); err != nil {
		return err
	}
	c.next = []visit{{"/", c.file.stored.Root(), 0}}
	c.seen[c.file.stored.Root()] = true
	for len(c.next) > 0 {
		if err := ctx.Err(); err != nil {
			return err
		}
		v := c.next[len(c.next)-1]
		c.next = c.next[:len(c.next)-1]
		if err := c.object(ctx, v); err != nil {
			return err
		}
	}
	return nil
}

func (c *checker) object(ctx context.Context, v visit) error {
	c.extents.Own(v.path, 0)
	c.report.Objects++
	o, err := c.file.stored.Object(ctx, v.addr)
	if err != nil {
		return c.note(v.path, err)
	}
	if err := c.note(v.path, o.CheckOrders(ctx)); err != nil {
		return err
	}
	if err := c.attributes(ctx, v.path, o); err != nil {
		return err
	}
	switch o.Kind {
	case load.Group:
		return c.members(ctx, v, o)
	case load.Dataset:
		return c.dataset(ctx, v.path, o)
	}
	_, err = o.Type(ctx)
	return c.note(v.path, err)
}

func (c *checker) attributes(ctx context.Context, path string, o *load.Object) error {
	list, err := o.Attributes(ctx)
	if err != nil {
		return c.note(path, err)
	}
	for _, a := range list {
		if err := c.note(path+"@"+a.Name, c.resolve(ctx, a.Type.Type, a.Data)); err != nil {
			return err
		}
	}
	return nil
}

// resolve follows what variable-length parts lead to.
func (c *checker) resolve(ctx context.Context, t *dtype.Type, data []byte) error {
	if len(data) == 0 || len(t.Pointers()) == 0 {
		return nil
	}
	e := &Elements{Type: t, Data: data, file: c.file}
	return e.resolve(ctx)
}

// members puts a group's members on the list; what is left of them where
// something is damaged.
func (c *checker) members(ctx context.Context, v visit, o *load.Object) error {
	links, err := o.Links(ctx)
	if err != nil {
		if err := c.note(v.path, err); err != nil {
			return err
		}
		links = o.LinksLeft(ctx)
	}
	if v.depth >= maxNesting {
		c.warn(v.path, "group", fmt.Sprintf("groups deeper than %d are not visited", maxNesting))
		return nil
	}
	for _, l := range slices.Backward(links) {
		if l.Type == message.HardLink && !c.seen[l.Header] {
			c.seen[l.Header] = true
			c.next = append(c.next, visit{strings.TrimSuffix(v.path, "/") + "/" + l.Name, l.Header, v.depth + 1})
		}
	}
	return nil
}
