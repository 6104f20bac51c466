package represent

import (
	"bufio"
	"context"
	"io"
	"strconv"

	"github.com/h5serve/h5serve/h5core"
)

// Limits of what is hashed: elements, and bytes of them in memory.
const (
	hashCount = 4_000_000
	hashBytes = 64 << 20
)

// Lines writes what a file holds, one JSON object a line: the file, then
// every object and link in the order of Walk, with types as stored, layout,
// filters, attributes, and SHA-256 of canonical bytes. Two files with equal
// lines hold the same. It returns how many things could not be read; each
// stands in its line as "error", "attrs_error" or "data_error".
func Lines(ctx context.Context, w io.Writer, f *h5core.File) (faults int, err error) {
	l := &lister{ctx: ctx, file: f, out: bufio.NewWriterSize(w, 64<<10), first: map[uint64]string{}}
	if err := l.list(); err != nil {
		return l.faults, err
	}
	return l.faults, l.out.Flush()
}

type lister struct {
	ctx    context.Context
	file   *h5core.File
	out    *bufio.Writer
	first  map[uint64]string // address → the path listed first
	faults int
	buf    []byte // canonical bytes, used again
}

// list names everything before it describes the first object, because
// references lead forwards too.
func (l *lister) list() error {
	var visits []Visit
	err := Walk(l.ctx, l.file.Group, func(v Visit) error {
		if v.Object != nil {
			l.first[v.Object.Address()] = v.Path
		}
		visits = append(visits, v)
		return nil
	})
	if err != nil {
		return err
	}
	head := newLine()
	head.text("kind", "file").number("userblock", l.file.UserBlock())
	if err := l.emit(head); err != nil {
		return err
	}
	for _, v := range visits {
		if err := l.ctx.Err(); err != nil {
			return err
		}
		if err := l.emit(l.line(v)); err != nil {
			return err
		}
	}
	return nil
}

func (l *lister) emit(line *line) error {
	_, err := l.out.Write(append(line.end(), '\n'))
	return err
}

func (l *lister) line(v Visit) *line {
	d := newLine()
	d.text("path", v.Path)
	if v.Err != nil {
		d.text("kind", "error")
		l.fault(d, "error", v.Err)
		return d
	}
	if v.Object == nil || v.SameAs != "" {
		linkLine(d, v)
		return d
	}
	switch o := v.Object.(type) {
	case *h5core.Group:
		d.text("kind", "group")
	case *h5core.NamedType:
		d.text("kind", "datatype").text("dtype", InMemory(o.Type()).String())
	case *h5core.Dataset:
		d.text("kind", "dataset")
		l.dataset(d, o)
	}
	l.attributes(d, v.Object)
	return d
}

func linkLine(d *line, v Visit) {
	d.text("kind", "link")
	switch v.Link.Kind {
	case h5core.Hard:
		d.text("link", "hard").text("same_as", v.SameAs)
	case h5core.Soft:
		d.text("link", "soft").text("target", v.Link.Path)
	case h5core.External:
		d.text("link", "external").text("file", v.Link.File).text("target", v.Link.Path)
	default:
		d.text("link", "user").number("class", uint64(v.Link.Class))
	}
}

func (l *lister) fault(d *line, key string, err error) {
	l.faults++
	d.text(key, err.Error())
}

// line is a JSON object in the making.
type line struct{ b []byte }

func newLine() *line { return &line{[]byte{'{'}} }

func (d *line) key(name string) *line {
	if len(d.b) > 1 {
		d.b = append(d.b, ',')
	}
	d.b = append(appendString(d.b, name), ':')
	return d
}

func (d *line) text(key, value string) *line {
	d.key(key).b = appendString(d.b, value)
	return d
}

func (d *line) number(key string, v uint64) *line {
	d.key(key).b = strconv.AppendUint(d.b, v, 10)
	return d
}

// raw adds a value that is JSON already.
func (d *line) raw(key string, value []byte) *line {
	d.key(key).b = append(d.b, value...)
	return d
}

func (d *line) end() []byte { return append(d.b, '}') }
