package load

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"sync/atomic"

	"github.com/h5serve/h5serve/h5core/internal/format/message"
)

// budget counts what many goroutines use up together.
type budget struct{ used atomic.Int64 }

// source opens the dataset at a place; nil where there is none, which reads as
// the fill value.
func (d *Data) source(ctx context.Context, at place) (*Data, error) {
	v := d.virtual
	v.mu.Lock()
	s := v.sources[at]
	v.mu.Unlock()
	if s != nil {
		return s, nil
	}
	o, err := d.find(ctx, at)
	if err != nil || o == nil {
		return nil, err
	}
	if o.Kind != Dataset {
		return nil, damaged(fmt.Errorf("the source %q in %q is no dataset", at.dataset, at.file))
	}
	if s, err = o.Data(ctx); err != nil {
		return nil, err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if len(v.sources) >= keptSources {
		clear(v.sources)
	}
	v.sources[at] = s
	return s, nil
}

// find looks for the object at a place; nil where there is none. The file's
// own name is the file itself, whatever else may be followed.
func (d *Data) find(ctx context.Context, at place) (*Object, error) {
	f := d.file
	if at.file != "." && !f.own(at.file) {
		var err error
		if f, err = f.Neighbour(ctx, at.file); err != nil {
			if errors.Is(err, fs.ErrNotExist) {
				return nil, nil
			}
			return nil, err
		}
	}
	return f.lookup(ctx, at.dataset, maxLinks)
}

// maxLinks bounds the soft and external links on the way to one object.
const maxLinks = 16

// lookup walks to an object over links of any kind; nil where there is none.
func (f *File) lookup(ctx context.Context, path string, links int) (*Object, error) {
	o, err := f.Object(ctx, f.root)
	if err != nil {
		return nil, err
	}
	return o.lookup(ctx, path, links)
}

func (o *Object) lookup(ctx context.Context, path string, links int) (*Object, error) {
	if strings.HasPrefix(path, "/") && o.Addr() != o.file.root {
		return o.file.lookup(ctx, path, links)
	}
	for name := range strings.SplitSeq(path, "/") {
		if name == "" || name == "." {
			continue
		}
		if o == nil || o.Kind != Group {
			return nil, nil
		}
		l, err := o.Find(ctx, name)
		if err != nil || l == nil {
			return nil, err
		}
		if o, err = o.step(ctx, l, links); err != nil {
			return nil, err
		}
	}
	return o, nil
}

// step goes where a link leads.
func (o *Object) step(ctx context.Context, l *message.Link, links int) (*Object, error) {
	switch {
	case l.Type == message.HardLink:
		return o.file.Object(ctx, l.Header)
	case links == 0:
		return nil, damaged(fmt.Errorf("over %d links on the way to %q", maxLinks, l.Name))
	case l.Type == message.SoftLink:
		return o.lookup(ctx, l.Target, links-1)
	case l.Type == message.ExternalLink:
		name, path := ExternalTarget(l)
		f, err := o.file.Neighbour(ctx, name)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		return f.lookup(ctx, path, links-1)
	}
	return nil, fmt.Errorf("%w: a user-defined link of class %d", ErrUnsupported, l.Type)
}

// ExternalTarget is where an external link leads: a file, and a path in it
// (specification IV.A.2.g).
func ExternalTarget(l *message.Link) (file, path string) {
	file, rest, _ := strings.Cut(string(l.Data[min(1, len(l.Data)):]), "\x00") // after version and flags
	path, _, _ = strings.Cut(rest, "\x00")
	return file, path
}
