package reduce

import (
	"container/list"
	"context"
	"fmt"
	"sync"
)

// Levels keeps levels, as many as fit some memory, those that were used least
// lately going first. It is safe for concurrent use.
type Levels struct {
	most uint64

	mu    sync.Mutex
	of    map[string][]*list.Element // levels of a plane, and of its windows
	order list.List                  // last used first
	held  uint64
}

type kept struct {
	*Level
	plane string
}

// NewLevels makes Levels that keep at most so many bytes.
func NewLevels(most uint64) *Levels { return &Levels{most: most, of: map[string][]*list.Element{}} }

// Get makes the level of a plane: of one that is kept, or of its elements.
// Version names the file's version; without one nothing is kept. It tells
// whether it was there.
func (c *Levels) Get(ctx context.Context, version string, p *Plane) (l *Level, hit bool, err error) {
	if _, _, err := kindOf(p.Dataset.Type()); err != nil {
		return nil, false, err
	}
	plane := p.name(version)
	if l := c.find(plane, p); l != nil {
		return l.coarsen(p.Rows, p.Cols), true, nil
	}
	finer := p.finer()
	if version == "" {
		finer = p
	}
	l, err = finer.read(ctx)
	if err != nil {
		return nil, false, err
	}
	if version != "" {
		c.keep(plane, l)
	}
	return l.coarsen(p.Rows, p.Cols), false, nil
}

// name tells planes apart, not their windows.
func (p *Plane) name(version string) string {
	at := make([]string, len(p.slab.Start))
	for i, start := range p.slab.Start {
		switch i {
		case p.Rows.Number, p.Cols.Number:
			at[i] = "-"
		default:
			at[i] = fmt.Sprint(start)
		}
	}
	return fmt.Sprintf("%q %q %d %d %q", version, p.Dataset.Name(), p.Rows.Number, p.Cols.Number, at)
}

func (c *Levels) find(plane string, p *Plane) *Level {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, e := range c.of[plane] {
		if l := e.Value.(kept).Level; l.Rows.holds(p.Rows) && l.Cols.holds(p.Cols) {
			c.order.MoveToFront(e)
			return l
		}
	}
	return nil
}

func (c *Levels) keep(plane string, l *Level) {
	size := l.size()
	if size > c.most {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.of[plane] = append(c.of[plane], c.order.PushFront(kept{l, plane}))
	c.held += size
	for c.held > c.most {
		c.drop(c.order.Back())
	}
}

func (c *Levels) drop(e *list.Element) {
	old := c.order.Remove(e).(kept)
	c.held -= old.size()
	rest := c.of[old.plane][:0]
	for _, other := range c.of[old.plane] {
		if other != e {
			rest = append(rest, other)
		}
	}
	c.of[old.plane] = rest
	if len(rest) == 0 {
		delete(c.of, old.plane)
	}
}

// Held tells how many bytes are kept.
func (c *Levels) Held() uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.held
}
