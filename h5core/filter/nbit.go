package filter

import (
	"fmt"
	"slices"
)

// nbit stores the significant bits of numbers one after another, highest first, and leaves out the padding
// around them. It goes into arrays and compounds; members of other classes are kept whole. Padding comes
// back as zeros.
type nbit struct{}

func (nbit) ID() ID       { return IDNBit }
func (nbit) Name() string { return "nbit" }

// Extent allows for the byte that the C library adds.
func (nbit) Extent(in Extent, params []uint32) Extent {
	if len(params) > 1 && params[1] != 0 {
		return in
	}
	return Extent{Max: add(in.Max, 1)}
}

func (f nbit) Encode(dst, _ []byte, _ []uint32) ([]byte, error) { return dst, unwritten(f) }

// The parameters are their number, whether the chunk is stored as it is, the number of elements and the
// datatype.
func (nbit) Decode(dst, src []byte, params []uint32, limit int) ([]byte, error) {
	if len(params) < 2 {
		return dst, fmt.Errorf("%w: nbit has at least 2, got %d", ErrParams, len(params))
	}
	if params[1] != 0 {
		if len(src) > limit {
			return dst, fmt.Errorf("%w: %d bytes, at most %d fit", ErrLimit, len(src), limit)
		}
		return append(dst, src...), nil
	}
	if len(params) < 3 {
		return dst, fmt.Errorf("%w: nbit's datatype is missing", ErrParams)
	}
	list := nbitParams{params[3:], nbitTypes}
	t, err := list.datatype(0)
	if err == nil && t.bits == 0 {
		err = fmt.Errorf("%w: nbit on a datatype of no bits", ErrParams)
	}
	if err != nil {
		return dst, err
	}
	elements := uint64(params[2])
	if elements*uint64(t.size) > uint64(max(limit, 0)) {
		return dst, fmt.Errorf("%w: %d elements of %d bytes, %d bytes fit", ErrLimit, elements, t.size, limit)
	}
	if elements*t.bits > 8*uint64(len(src)) {
		return dst, fmt.Errorf("%w: %d elements of %d bits in %d bytes", ErrCorrupt, elements, t.bits, len(src))
	}
	n, start := int(elements)*t.size, len(dst)
	dst = slices.Grow(dst, n)[:start+n]
	out, r := dst[start:], &bitReader{src: src}
	clear(out)
	for ; len(out) > 0; out = out[t.size:] {
		t.unpack(out[:t.size], r)
	}
	return dst, nil
}

const (
	nbitAtomic   = 1
	nbitArray    = 2
	nbitCompound = 3
	nbitWhole    = 4
)

// nbitType is a datatype as nbit's parameters describe it.
type nbitType struct {
	class     uint32
	size      int    // bytes
	bits      uint64 // significant ones
	bigEndian bool
	offset    int // of the lowest significant bit
	members   []nbitMember
}

type nbitMember struct {
	offset int
	nbitType
}

func (t *nbitType) unpack(out []byte, r *bitReader) {
	switch t.class {
	case nbitAtomic:
		t.number(out, r)
	case nbitArray:
		base := &t.members[0]
		for ; len(out) >= base.size; out = out[base.size:] {
			base.unpack(out[:base.size], r)
		}
	case nbitCompound:
		for i := range t.members {
			m := &t.members[i]
			m.unpack(out[m.offset:m.offset+m.size], r)
		}
	case nbitWhole:
		for i := range out {
			out[i] = byte(r.read(8))
		}
	}
}

func (t *nbitType) number(out []byte, r *bitReader) {
	if t.size <= 8 {
		put(out, r.read(int(t.bits))<<t.offset, t.bigEndian)
		return
	}
	for high := t.offset + int(t.bits); high > t.offset; {
		low := max((high-1)&^7, t.offset) // the bits from low to high lie in one byte
		at := low / 8
		if t.bigEndian {
			at = t.size - 1 - at
		}
		out[at] |= byte(r.read(high-low) << (low % 8))
		high = low
	}
}

// nbitParams are the parameters not yet read, and how many more datatypes may come of them.
type nbitParams struct {
	list []uint32
	left int
}

func (p *nbitParams) next() (uint32, error) {
	if len(p.list) == 0 {
		return 0, fmt.Errorf("%w: nbit's datatype is cut off", ErrParams)
	}
	v := p.list[0]
	p.list = p.list[1:]
	return v, nil
}

// take reads one parameter into each of to.
func (p *nbitParams) take(to ...*int) error {
	for _, v := range to {
		x, err := p.next()
		if err != nil {
			return err
		}
		if *v = int(x); *v < 0 || uint32(*v) != x {
			return fmt.Errorf("%w: nbit's %d is out of range", ErrParams, x)
		}
	}
	return nil
}

// The C library takes 4096 parameters at most. As it reads some of them more than once, datatypes are counted.
const (
	nbitDepth = 64
	nbitTypes = 4096
)

// datatype reads a class, a size and what belongs to that class.
func (p *nbitParams) datatype(depth int) (t nbitType, err error) {
	if p.left--; depth > nbitDepth || p.left < 0 {
		return t, fmt.Errorf("%w: nbit's datatype has more than %d parts or %d levels", ErrParams, nbitTypes, nbitDepth)
	}
	if t.class, err = p.next(); err != nil {
		return t, err
	}
	if err = p.take(&t.size); err != nil {
		return t, err
	}
	if t.size == 0 {
		return t, fmt.Errorf("%w: nbit on a datatype of no bytes", ErrParams)
	}
	switch t.class {
	case nbitAtomic:
		err = p.atomic(&t)
	case nbitArray:
		err = p.array(&t, depth)
	case nbitCompound:
		err = p.compound(&t, depth)
	case nbitWhole:
		t.bits = 8 * uint64(t.size)
	default:
		err = fmt.Errorf("%w: nbit knows no class %d", ErrParams, t.class)
	}
	return t, err
}

// atomic reads a number's order, precision and offset.
func (p *nbitParams) atomic(t *nbitType) error {
	var order, precision int
	if err := p.take(&order, &precision, &t.offset); err != nil {
		return err
	}
	if order > 1 || uint64(precision)+uint64(t.offset) > 8*uint64(t.size) {
		return fmt.Errorf("%w: nbit on %d bits at %d of %d bytes in order %d", ErrParams, precision, t.offset, t.size, order)
	}
	t.bits, t.bigEndian = uint64(precision), order == 1
	return nil
}

// array reads the datatype of an array's elements. Whole ones fill the array, whatever their size.
//
// Having read elements that are arrays or compounds, the C library goes back to the first one's size, and
// takes the next member of a compound from there, when it writes and when it reads: so must we.
func (p *nbitParams) array(t *nbitType, depth int) error {
	begin := p.list[min(1, len(p.list)):]
	base, err := p.datatype(depth + 1)
	if err != nil {
		return err
	}
	switch base.class {
	case nbitArray, nbitCompound:
		p.list = begin
	case nbitWhole:
		base.size, base.bits = t.size, 8*uint64(t.size)
	}
	t.members = []nbitMember{{0, base}}
	t.bits = uint64(t.size/base.size) * base.bits
	return nil
}

// compound reads a number of members and of each its offset and datatype. As in C, members may not add up to more
// than the compound: that bounds the work.
func (p *nbitParams) compound(t *nbitType, depth int) error {
	var members int
	if err := p.take(&members); err != nil {
		return err
	}
	used := 0
	for range members {
		var m nbitMember
		err := p.take(&m.offset)
		if err != nil {
			return err
		}
		if m.nbitType, err = p.datatype(depth + 1); err != nil {
			return err
		}
		if used += m.size; used > t.size || m.offset > t.size-m.size {
			return fmt.Errorf("%w: nbit on a member of %d bytes at %d in %d", ErrParams, m.size, m.offset, t.size)
		}
		t.members = append(t.members, m)
		t.bits += m.bits
	}
	return nil
}
