// Package convert turns elements of one datatype into elements of another:
// from what a file stores to what memory holds when reading, the other way
// round when writing, and from a source's type to the dataset's own where a
// dataset is virtual.
//
//	New(from, to)  ──►  Converter   compiled once for a pair of types
//	Convert(dst, src, n)            run over any number of elements
//
// The meaning is the C library's (H5Tconv*.c):
//
//	integer → integer   what lies beyond the target becomes its nearest limit
//	float → integer     cut off towards zero, held within limits; NaN becomes 0
//	number → float      rounded once, to nearest, ties to even; beyond: infinity
//	enum → enum         by the names of the members; no member: all bits set
//	enum → number       by its base
//	bitfield            low bits kept, zeros above
//	fixed string        cut off or padded, within one character set
//	compound            by member names; members of the target that the source
//	                    lacks, and gaps, are left as they are
//	array               element by element, of equal dimensions
//	complex             part by part; a real number has the imaginary part 0
//	all others          only into what is identical
//
// Where the C library's loops disagree with the machine's own conversions, and
// with that, this room does not follow them: for floats of unusual layouts they
// round ties away from zero and lose numbers between -1 and 0; an integer that
// differs in sign and order only is not held within limits; a NaN into an
// integer is left to the compiler.
package convert

import (
	"fmt"

	"github.com/h5serve/h5serve/h5core/dtype"
)

// Converter turns elements of one type into elements of another. It is
// immutable: share it freely.
type Converter struct {
	from, to *dtype.Type
	run      loop
	same     bool
}

// loop converts n elements: those of src lie ss bytes apart, those of dst ds.
type loop func(dst, src []byte, n, ds, ss int)

// Error says which conversion there is none of.
type Error struct {
	From, To *dtype.Type // the types at Member
	Member   string      // the path of the compound member, "" for the whole
	Reason   string
}

func (e *Error) Error() string {
	where := ""
	if e.Member != "" {
		where = fmt.Sprintf("member %q: ", e.Member)
	}
	return fmt.Sprintf("%sno conversion of %s into %s: %s", where, e.From, e.To, e.Reason)
}

// New compiles the conversion of elements of one type into those of another.
// A pair that does not convert is an *Error; a type that cannot be is what its
// CheckStored says.
func New(from, to *dtype.Type) (*Converter, error) {
	for _, t := range []*dtype.Type{from, to} {
		if err := t.CheckStored(); err != nil {
			return nil, err
		}
	}
	run, err := compile(from, to)
	if err != nil {
		return nil, err
	}
	return &Converter{from: from, to: to, run: run, same: solid(from) && from.Equal(to)}, nil
}

// From is the type of what is converted.
func (c *Converter) From() *dtype.Type { return c.from }

// To is the type of what it becomes.
func (c *Converter) To() *dtype.Type { return c.to }

// Identical says whether elements stay as they are, byte for byte, so that
// they need not be converted at all.
func (c *Converter) Identical() bool { return c.same }

// Convert turns the first n elements of src into the first n of dst. The two
// must not overlap, unless Identical. It is an error where either is too
// short, and then dst is as it was.
func (c *Converter) Convert(dst, src []byte, n int) error {
	if n < 0 || !holds(src, n, c.from) || !holds(dst, n, c.to) {
		return fmt.Errorf("conversion of %d elements of %s (%d bytes given) into %s (%d bytes given)",
			n, c.from, len(src), c.to, len(dst))
	}
	if n > 0 {
		c.run(dst, src, n, int(c.to.Size), int(c.from.Size))
	}
	return nil
}

func holds(p []byte, n int, t *dtype.Type) bool {
	return t.Size == 0 || uint64(n) <= uint64(len(p))/uint64(t.Size)
}

// compile chooses the loop. The types are sound, so not too deep.
func compile(from, to *dtype.Type) (loop, error) {
	if solid(from) && from.Equal(to) {
		return move(int(to.Size)), nil
	}
	if f, ok := complexPart(from); ok {
		if t, ok := complexPart(to); ok {
			return compileParts(f, t)
		}
	}
	switch {
	case from.Class == dtype.Enum && to.Class == dtype.Enum:
		return compileEnum(from, to)
	case from.Class == dtype.Enum && (numeric(to) || to.Class == dtype.Complex):
		return compile(from.Base, to)
	case from.Class == dtype.Complex && numeric(to):
		return compile(from.Base, to)
	case numeric(from) && to.Class == dtype.Complex:
		return compileReal(from, to)
	case numeric(from) && numeric(to):
		return compileNumber(from, to)
	case from.Class != to.Class:
		return nil, no(from, to, "their classes differ")
	}
	switch from.Class {
	case dtype.Bitfield:
		return compileBits(from, to)
	case dtype.String:
		return compileText(from, to)
	case dtype.Compound:
		return compileCompound(from, to)
	case dtype.Array:
		return compileArray(from, to)
	case dtype.VarLen:
		return compileVarLen(from, to)
	}
	return nil, no(from, to, "only identical types go into each other")
}

func no(from, to *dtype.Type, format string, args ...any) error {
	return &Error{From: from, To: to, Reason: fmt.Sprintf(format, args...)}
}

func numeric(t *dtype.Type) bool { return t.Class == dtype.Integer || t.Class == dtype.Float }

// solid says whether every byte of an element belongs to a value, so that to
// copy it whole touches no gap of a compound.
func solid(t *dtype.Type) bool {
	switch t.Class {
	case dtype.Compound:
		sum := uint64(0) // members do not overlap
		for _, m := range t.Members {
			sum += uint64(m.Type.Size)
			if !solid(m.Type) {
				return false
			}
		}
		return sum == uint64(t.Size)
	case dtype.Array:
		return solid(t.Base)
	}
	return true
}

// move copies elements of that many bytes.
func move(size int) loop {
	return func(dst, src []byte, n, ds, ss int) {
		if ds == size && ss == size {
			copy(dst[:n*size], src)
			return
		}
		for i := range n {
			copy(dst[i*ds:i*ds+size], src[i*ss:])
		}
	}
}
