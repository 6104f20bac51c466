package filespec

import (
	"context"
	"fmt"
	"io"
	"slices"

	"github.com/h5serve/h5serve/h5core/dtype"
)

// column is one column of a table, as the first pass finds it.
type column struct {
	name    string
	at      span
	pointer string
	profile *profile
}

// columns reads {name: list, …}.
func (p *parser) columns(d *draft) {
	if !p.expect('{', "columns, each a list") {
		return
	}
	d.data.pointer += "/columns"
	seen := make(map[string]bool)
	for p.s.begin(); p.s.next(); {
		c := column{name: string(p.s.key()), profile: new(profile)}
		if c.pointer = p.s.pointer(); seen[c.name] {
			p.note("duplicate_key", "the column %q is there twice", c.name)
		}
		seen[c.name] = true
		if !p.expect('[', "a column is a list") {
			continue
		}
		c.at.begin = p.s.offset()
		c.profile.scan(p.s)
		c.at.end = p.s.offset()
		if d.data.columns = append(d.data.columns, c); len(d.data.columns) > dtype.MaxMembers {
			p.s.fail("bad_dtype", "more than %d columns", dtype.MaxMembers)
		}
	}
}

// tableContent makes a table of columns: a compound for each row.
func (p *parser) tableContent(d *draft) (content, error) {
	columns := d.data.columns
	if len(columns) == 0 {
		return content{}, problem("missing_key", Entry{Pointer: d.data.pointer, Detail: "expected at least one column"})
	}
	rows := columns[0].profile.length
	for _, c := range columns {
		if c.profile.length != rows {
			return content{}, problem("unequal_columns", Entry{Pointer: c.pointer, Detail: fmt.Sprintf(
				"%d values, %s has %d", c.profile.length, columns[0].pointer, rows)})
		}
	}
	if d.shaped && !slices.Equal(d.shape, []uint64{rows}) {
		return content{}, problem("shape_mismatch", Entry{Pointer: d.data.pointer, Detail: fmt.Sprintf("the columns have %d values, \"shape\" says %v", rows, d.shape)})
	}
	t := d.t
	var err error
	if t == nil {
		t, err = inferTable(columns)
	} else {
		columns, err = arrange(t, columns, d.data.pointer)
	}
	if err == nil {
		err = checkElement(t)
	}
	if err != nil {
		return content{}, at(d.data.pointer, "bad_dtype", err)
	}
	return content{t, []uint64{rows}, value{stream: tableValues{p.spec, t, columns, rows}}}, nil
}

// inferTable infers the type of each column; lists in a column are arrays.
func inferTable(columns []column) (*dtype.Type, error) {
	members := make([]dtype.Member, len(columns))
	for i, c := range columns {
		t, err := c.profile.infer()
		if err != nil {
			return nil, err
		}
		if inner := c.profile.shape()[1:]; len(inner) > 0 {
			dims := make([]uint32, len(inner))
			for k, n := range inner {
				dims[k] = uint32(min(n, 1<<32-1))
			}
			if t, err = dtype.ArrayOf(t, dims...); err != nil {
				return nil, at(c.pointer, "bad_dtype", err)
			}
		}
		members[i] = dtype.Member{Name: c.name, Type: t}
	}
	return dtype.Packed(members...)
}

// arrange puts columns into the order of the members of a compound that is
// given.
func arrange(t *dtype.Type, columns []column, pointer string) ([]column, error) {
	if t.Class != dtype.Compound {
		return nil, complain("bad_dtype", "columns need the dtype of a compound, not %s", t)
	}
	byName := make(map[string]column, len(columns))
	for _, c := range columns {
		byName[c.name] = c
	}
	ordered := make([]column, len(t.Members))
	names := make([]string, len(t.Members))
	for i, m := range t.Members {
		c, ok := byName[m.Name]
		if !ok {
			return nil, problem("missing_key", Entry{Pointer: pointer, Detail: fmt.Sprintf("the column %q is missing", m.Name)})
		}
		ordered[i], names[i] = c, m.Name
		delete(byName, m.Name)
	}
	for _, c := range columns {
		if _, left := byName[c.name]; left {
			return nil, problem("unknown_key", Entry{Pointer: c.pointer, Detail: "the dtype has no such field", DidYouMean: nearest(c.name, names[:min(len(names), 100)])})
		}
	}
	return ordered, nil
}

// tableValues reads all columns at once, row by row: each has a window of its
// own on the description.
type tableValues struct {
	spec    *Spec
	t       *dtype.Type
	columns []column // one for each member
	rows    uint64
}

func (v tableValues) copyTo(ctx context.Context, out io.Writer, heap dtype.Heap) error {
	var found problems
	readers := make([]*scanner, len(v.columns))
	encoders := make([]encoder, len(v.columns))
	for i, c := range v.columns {
		readers[i] = v.spec.scan(ctx, c.at, c.pointer)
		readers[i].problems = &found
		readers[i].begin()
		encoders[i] = newEncoder(v.t.Members[i].Type, heap)
	}
	size := int(v.t.Size)
	buf := make([]byte, 0, max(size, window/size*size))
	for range v.rows {
		buf = append(buf, make([]byte, size)...)
		row := buf[len(buf)-size:]
		for i, s := range readers {
			if !s.next() {
				return found.err(s.err)
			}
			m := &v.t.Members[i]
			encoders[i](s, row[m.Offset:m.Offset+m.Type.Size])
		}
		if len(buf)+size > cap(buf) {
			if _, err := out.Write(buf); err != nil {
				return err
			}
			buf = buf[:0]
		}
	}
	if err := found.err(nil); err != nil {
		return err
	}
	_, err := out.Write(buf)
	return err
}
