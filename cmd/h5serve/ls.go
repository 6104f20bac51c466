package main

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/h5serve/h5serve/api/represent"
	"github.com/h5serve/h5serve/h5core"
	"github.com/h5serve/h5serve/h5core/space"
)

type ls struct {
	source    `embed:""`
	Recursive bool `short:"r" help:"List the members of groups too."`
	Long      bool `short:"l" help:"Show storage, chunks, filters and attributes."`
	JSON      bool `name:"json" help:"A JSON object for each line, for programs."`
}

func (c *ls) Run(ctx context.Context, std streams) error {
	f, o, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer f.Close()
	list := listing{ls: c, ctx: ctx, w: std.out}
	_, group := o.(*h5core.Group)
	err = represent.Walk(ctx, o, func(v represent.Visit) error {
		root := v.Link == nil && v.Err == nil
		if root && group && !c.Recursive {
			return nil
		}
		if err := list.print(v); err != nil || c.Recursive {
			return err
		}
		return represent.ErrSkipMembers
	})
	if err != nil {
		return err
	}
	if err := list.table(); err != nil {
		return err
	}
	return unread(c.File, list.faults)
}

type listing struct {
	*ls
	ctx    context.Context
	w      io.Writer
	rows   [][]string // to be printed when all widths are known
	faults int
}

func (l *listing) print(v represent.Visit) error {
	if v.Err != nil {
		l.faults++
	}
	if l.JSON {
		_, err := fmt.Fprintf(l.w, "%s\n", represent.Describe(v))
		return err
	}
	l.rows = append(l.rows, l.columns(v))
	return nil
}

// widest is what a column takes at most; longer cells reach over it.
const widest = 40

// table prints the rows in columns.
func (l *listing) table() error {
	var widths [8]int
	for _, row := range l.rows {
		for i, cell := range row[:len(row)-1] { // the last one may be as long as it likes
			if n := utf8.RuneCountInString(cell); n <= widest {
				widths[i] = max(widths[i], n)
			}
		}
	}
	var line strings.Builder
	for _, row := range l.rows {
		line.Reset()
		for i, cell := range row {
			line.WriteString(cell)
			line.WriteString(strings.Repeat(" ", 2+max(0, widths[i]-utf8.RuneCountInString(cell))))
		}
		if _, err := fmt.Fprintln(l.w, strings.TrimRight(line.String(), " ")); err != nil {
			return err
		}
	}
	return nil
}

// columns are name, kind, shape, type; then storage, filters, attributes.
func (l *listing) columns(v represent.Visit) []string {
	name := v.Path
	if !l.Recursive && v.Link != nil {
		name = v.Link.Name
	}
	cells := []string{printable(name)}
	switch o := v.Object.(type) {
	case *h5core.Group:
		cells = append(cells, "group", "", "")
	case *h5core.NamedType:
		cells = append(cells, "datatype", "", printable(o.Type().String()))
	case *h5core.Dataset:
		cells = append(cells, "dataset", shape(o.Space()), printable(o.Type().String()))
	default:
		return append(cells, link(v)...)
	}
	if !l.Long {
		return cells
	}
	if ds, ok := v.Object.(*h5core.Dataset); ok {
		cells = append(cells, storage(ds), filters(ds))
	} else {
		cells = append(cells, "", "")
	}
	return append(cells, l.attributes(v.Object))
}

// attributes names what an object has.
func (l *listing) attributes(o h5core.Object) string {
	all, err := o.Attributes().All(l.ctx)
	names := make([]string, len(all))
	for i, a := range all {
		names[i] = "@" + printable(a.Name)
	}
	if err != nil {
		l.faults++
		names = append(names, "error: "+printable(err.Error()))
	}
	return strings.Join(names, " ")
}

func link(v represent.Visit) []string {
	switch {
	case v.Err != nil:
		return []string{"error", printable(v.Err.Error())}
	case v.SameAs != "":
		return []string{"hard link", "→ " + printable(v.SameAs)}
	case v.Link.Kind == h5core.Soft:
		return []string{"soft link", "→ " + printable(v.Link.Path)}
	case v.Link.Kind == h5core.External:
		return []string{"external link", "→ " + printable(v.Link.File+" "+v.Link.Path)}
	}
	return []string{"user-defined link", fmt.Sprintf("class %d", v.Link.Class)}
}

// shape is as "32×64", with "/∞" where an axis may grow for ever.
func shape(s space.Space) string {
	switch {
	case s.Kind == space.Null:
		return "null"
	case len(s.Dims) == 0:
		return "scalar"
	}
	axes := make([]string, len(s.Dims))
	for i, d := range s.Dims {
		axes[i] = strconv.FormatUint(d, 10)
		switch {
		case s.Max == nil || s.Max[i] == d:
		case s.Max[i] == space.Unlimited:
			axes[i] += "/∞"
		default:
			axes[i] += "/" + strconv.FormatUint(s.Max[i], 10)
		}
	}
	return strings.Join(axes, "×")
}

func storage(ds *h5core.Dataset) string {
	text := ds.Layout()
	if text == "chunked" {
		text += " " + shape(space.Space{Kind: space.Simple, Dims: ds.Chunks()})
	}
	if n := len(ds.External()); n > 0 {
		text += fmt.Sprintf(", %d external files", n)
	}
	return text
}

func filters(ds *h5core.Dataset) string {
	var names []string
	for _, f := range ds.Filters() {
		name := f.Name
		if name == "" {
			name = fmt.Sprintf("filter %d", f.ID)
		}
		if len(f.Params) > 0 && len(f.Params) <= 2 {
			name += "(" + strings.Trim(strings.ReplaceAll(fmt.Sprint(f.Params), " ", ","), "[]") + ")"
		}
		names = append(names, printable(name))
	}
	return strings.Join(names, " ")
}

// printable keeps names from a file from speaking to the terminal.
func printable(s string) string {
	if utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return s
	}
	quoted := strconv.Quote(s)
	return quoted[1 : len(quoted)-1]
}
