package h5core

import (
	"context"
	"fmt"
	"math"
	"math/bits"

	"github.com/h5serve/h5serve/h5core/dtype"
	"github.com/h5serve/h5serve/h5core/internal/load"
	"github.com/h5serve/h5serve/h5core/internal/walk"
)

// level is elements of one type in the heap, or the first ones.
type level struct {
	t      *dtype.Type
	fields []pointing
	items  []item
}

// pointing is a field of an element that leads elsewhere.
type pointing struct {
	offset int
	t      *dtype.Type
}

// item is a stretch of elements, and how often it stands in what is read:
// parts may share what they lead to.
type item struct {
	data  []byte
	times uint64
}

// resolve fetches everything that the elements lead to: a wave for each level
// of variable-length parts inside each other.
func (e *Elements) resolve(ctx context.Context) error {
	if !e.Type.HasVarLen() && !e.Type.HasReference() {
		return nil
	}
	e.heap = map[uint64]*walk.Collection{}
	if e.adopted != nil {
		addr, c := e.adopted.Collection()
		e.heap[addr] = c
	}
	total := uint64(len(e.Data))
	for next := []*level{{t: e.Type, items: []item{{e.Data, 1}}}}; len(next) > 0; {
		if err := e.fetch(ctx, next); err != nil {
			return err
		}
		var below []*level
		for _, l := range next {
			if !e.bare {
				if err := e.resolveRegions(ctx, l); err != nil {
					return err
				}
			}
			inner, err := e.follow(ctx, l, &total)
			if err != nil {
				return err
			}
			below = append(below, inner...)
		}
		next = below
	}
	if e.Type.HasReference() && !e.bare {
		return e.file.paths.build(ctx, e.file)
	}
	return nil
}

// prepare lists the fields of a level's elements that lead elsewhere.
func (e *Elements) prepare(l *level) error {
	width := e.file.stored.Geometry().OffsetSize
	for _, i := range l.items {
		if len(i.data) < int(l.t.Size) || l.fields != nil {
			continue
		}
		for offset, t := range dtype.Fields(l.t.Pointers()) {
			if t.Class == dtype.VarLen && t.Size < 8+uint32(width) {
				return fmt.Errorf("%w: a variable-length part of %d bytes", load.ErrDamaged, t.Size)
			}
			l.fields = append(l.fields, pointing{int(offset), t})
		}
	}
	return nil
}

// each goes through the fields of all elements of a level.
func (l *level) each(yield func(p pointing, raw []byte, times uint64) error) error {
	size := int(l.t.Size)
	for _, i := range l.items {
		for data := i.data; len(data) >= size && len(l.fields) > 0; data = data[size:] {
			for _, f := range l.fields {
				if err := yield(f, data[f.offset:size], i.times); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// fetch reads the collections that levels lead to, in one wave.
func (e *Elements) fetch(ctx context.Context, levels []*level) error {
	var addrs []uint64
	last := uint64(math.MaxUint64) // descriptors of one collection stand side by side
	for _, l := range levels {
		if err := e.prepare(l); err != nil {
			return err
		}
		_ = l.each(func(f pointing, raw []byte, _ uint64) error {
			if f.t.Class != dtype.VarLen {
				return nil
			}
			p := e.file.descriptor(raw)
			if p.n == 0 || p.ref.Addr == last || p.ref.Null() {
				return nil
			}
			last = p.ref.Addr
			if _, known := e.heap[last]; !known {
				e.heap[last] = nil
				addrs = append(addrs, last)
			}
			return nil
		})
	}
	list, err := e.file.stored.Collections(ctx, addrs)
	if err != nil {
		return err
	}
	for i, c := range list {
		e.heap[addrs[i]] = c
	}
	return nil
}

// follow checks what a level's variable-length parts lead to and gives the
// levels below. The total is what everything read so far would be without any
// sharing.
func (e *Elements) follow(ctx context.Context, l *level, total *uint64) ([]*level, error) {
	type place struct {
		base *dtype.Type
		pointer
	}
	var below []*level
	at := map[*dtype.Type]*level{}
	seen := map[place]int{} // of what is followed further
	err := l.each(func(f pointing, raw []byte, times uint64) error {
		if f.t.Class != dtype.VarLen {
			return nil
		}
		p, base := e.file.descriptor(raw), f.t.Base
		if p.n == 0 {
			return nil
		}
		data, err := e.object(p, base)
		if err != nil {
			return err
		}
		if err := e.count(total, uint64(len(data)), times); err != nil {
			return err
		}
		if !base.HasVarLen() && !base.HasReference() {
			return nil
		}
		inner := at[base]
		if inner == nil {
			inner = &level{t: base}
			at[base] = inner
			below = append(below, inner)
		}
		if i, known := seen[place{base, p}]; known {
			inner.items[i].times = saturated(inner.items[i].times, times)
			return nil
		}
		seen[place{base, p}] = len(inner.items)
		inner.items = append(inner.items, item{data, times})
		return e.file.stored.Spend(ctx, 1)
	})
	return below, err
}

// count adds what a part brings to the result, which has a limit.
func (e *Elements) count(total *uint64, bytes, times uint64) error {
	high, low := bits.Mul64(bytes, times)
	if high != 0 {
		low = math.MaxUint64
	}
	*total = saturated(*total, low)
	return e.file.stored.Allowed(*total)
}

func saturated(a, b uint64) uint64 {
	sum, carry := bits.Add64(a, b, 0)
	if carry != 0 {
		return math.MaxUint64
	}
	return sum
}

// object is what a descriptor of elements of a base type leads to.
func (e *Elements) object(p pointer, base *dtype.Type) (data []byte, err error) {
	if c := e.heap[p.ref.Addr]; c != nil && !p.ref.Null() {
		if data, err = c.Object(p.ref); err != nil {
			return nil, fmt.Errorf("%w: %w", load.ErrDamaged, err)
		}
	}
	want := uint64(p.n) * uint64(base.Size)
	switch has := uint64(len(data)); {
	case want > has:
		return nil, fmt.Errorf("%w: a variable-length part of %d bytes has %d", load.ErrDamaged, want, has)
	case want < has:
		if e.cut == nil {
			e.cut = map[pointer]uint64{}
		}
		e.cut[p] = max(e.cut[p], want)
	}
	return data[:want], nil
}
