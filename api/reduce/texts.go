package reduce

import (
	"bytes"
	"cmp"
	"context"
	"slices"

	"github.com/h5serve/h5serve/h5core"
	"github.com/h5serve/h5serve/h5core/dtype"
	"github.com/h5serve/h5serve/h5core/space"
)

// Texts is what is known of strings. Lengths are in bytes.
type Texts struct {
	Count, Null, Empty uint64
	Shortest, Longest  uint64 // of those that are not null
	MeanLength         float64
	Distinct           uint64 // that were told apart: all, or the first ones
	Complete           bool   // whether those are all
	Frequent           []Frequency
}

// Frequency is how often a text is there, as far as it was counted.
type Frequency struct {
	Text  string
	Count uint64
}

const (
	distinctTexts = 10_000
	distinctBytes = 4 << 20
	frequentTexts = 10
)

// SummarizeTexts reads the strings of a selection.
func SummarizeTexts(ctx context.Context, d *h5core.Dataset, s space.Hyperslab) (*Texts, error) {
	c := texts{seen: map[string]uint64{}}
	c.Complete = true
	size := int(d.Type().Size)
	for part := range space.Blocks(s, d.Space().Dims, d.Chunks(), max(1, blockBytes/uint64(max(size, 128)))) {
		e, err := d.ReadRaw(ctx, part)
		if err != nil {
			return nil, err
		}
		for data := e.Data; len(data) >= size; data = data[size:] {
			c.take(textOf(e, data[:size]))
		}
	}
	c.Distinct = uint64(len(c.seen))
	if n := c.Count - c.Null; n > 0 {
		c.MeanLength = float64(c.length) / float64(n)
	}
	for text, n := range c.seen {
		c.Frequent = append(c.Frequent, Frequency{text, n})
	}
	slices.SortFunc(c.Frequent, func(a, b Frequency) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Text, b.Text))
	})
	c.Frequent = c.Frequent[:min(len(c.Frequent), frequentTexts)]
	return &c.Texts, nil
}

// textOf gives a string without its padding; ok is false for a null one, whose
// place says nothing. An empty one has a place.
func textOf(e *h5core.Elements, stored []byte) (text []byte, ok bool) {
	if e.Type.Class != dtype.VarLen {
		return e.Type.GetBytes(stored), true
	}
	if len(bytes.Trim(stored, "\x00")) == 0 {
		return nil, false
	}
	text, _, _ = bytes.Cut(e.VarLen(stored), []byte{0})
	return text, true
}

type texts struct {
	Texts
	length uint64 // of all together
	seen   map[string]uint64
	held   int
}

func (c *texts) take(text []byte, ok bool) {
	c.Count++
	if !ok {
		c.Null++
		return
	}
	n := uint64(len(text))
	if n == 0 {
		c.Empty++
	}
	if c.Count-c.Null == 1 {
		c.Shortest = n
	}
	c.Shortest, c.Longest = min(c.Shortest, n), max(c.Longest, n)
	c.length += n
	_, known := c.seen[string(text)]
	if !known && (len(c.seen) == distinctTexts || c.held+len(text) > distinctBytes) {
		c.Complete = false
		return
	}
	if !known {
		c.held += len(text)
	}
	c.seen[string(text)]++
}
