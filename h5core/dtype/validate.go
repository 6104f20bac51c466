package dtype

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
)

// Validate returns an *Error when t may not be written: when it breaks a rule
// of the format or of libhdf5.
func (t *Type) Validate() error {
	c := checker{strict: true, parts: MaxParts}
	return c.check(t, 1)
}

// CheckStored returns an *Error when t, as a file described it, is not sound
// enough to read elements with. It is Validate without the rules that libhdf5
// holds only writers to: the tags, and the names and values of enumerations.
func (t *Type) CheckStored() error {
	c := checker{parts: MaxParts}
	return c.check(t, 1)
}

// checker walks a type with a budget, so that a description that shares its
// parts cannot make it run for ever.
type checker struct {
	strict bool
	parts  int
}

func (c *checker) check(t *Type, depth int) error {
	if t == nil {
		return bad("type", "there is none")
	}
	if depth > MaxDepth {
		return bad("type", "more than %d types inside each other", MaxDepth)
	}
	if c.parts--; c.parts < 0 {
		return bad("type", "more than %d parts", MaxParts)
	}
	// The size of the others follows from their parts.
	if t.Size == 0 && t.Class != Compound && t.Class != Array {
		return bad("size", "it has no bytes")
	}
	switch t.Class {
	case Integer, Bitfield, Time:
		if t.Order != LittleEndian && t.Order != BigEndian {
			return bad("order", "neither little- nor big-endian")
		}
		return t.checkBits()
	case Float:
		return t.checkFloat()
	case String:
		return t.checkString()
	case Opaque:
		if c.strict && (len(t.Tag) > MaxTag || strings.ContainsRune(t.Tag, 0)) {
			return bad("tag", "longer than %d bytes, or NUL in it", MaxTag)
		}
		return nil
	case Compound:
		return c.checkCompound(t, depth)
	case Reference:
		return t.checkReference()
	case Enum:
		return c.checkEnum(t, depth)
	case VarLen:
		return c.checkVarLen(t, depth)
	case Array:
		return c.checkArray(t, depth)
	case Complex:
		return c.checkComplex(t, depth)
	}
	return bad("class", "%d is unknown", t.Class)
}

func (t *Type) checkBits() error {
	if t.Precision == 0 || uint64(t.BitOffset)+uint64(t.Precision) > 8*uint64(t.Size) {
		return bad("precision", "bits %d to %d of %d", t.BitOffset, int(t.BitOffset)+int(t.Precision), 8*uint64(t.Size))
	}
	return nil
}

func (t *Type) checkFloat() error {
	if t.Order > VAX || (t.Order == VAX && t.Size%2 != 0) {
		return bad("order", "%d does not go with a float of %d bytes", t.Order, t.Size)
	}
	if err := t.checkBits(); err != nil {
		return err
	}
	f := t.Float
	if f.ExpSize == 0 || f.MantSize == 0 || f.ExpSize > 32 {
		return bad("float", "exponent of %d bits, mantissa of %d", f.ExpSize, f.MantSize)
	}
	if f.Norm > NormImplied {
		return bad("float", "unknown normalization %d", f.Norm)
	}
	parts := [3][2]uint64{
		{uint64(f.SignPos), uint64(f.SignPos) + 1},
		{uint64(f.ExpPos), uint64(f.ExpPos) + uint64(f.ExpSize)},
		{uint64(f.MantPos), uint64(f.MantPos) + uint64(f.MantSize)},
	}
	for i, p := range parts {
		if p[1] > 8*uint64(t.Size) {
			return bad("float", "bits %d to %d of %d", p[0], p[1], 8*uint64(t.Size))
		}
		for _, q := range parts[:i] {
			if p[0] < q[1] && q[0] < p[1] {
				return bad("float", "sign, exponent and mantissa overlap")
			}
		}
	}
	return nil
}

func (t *Type) checkString() error {
	if t.CharSet > UTF8 {
		return bad("charset", "%d is neither ASCII nor UTF-8", t.CharSet)
	}
	if t.Padding > SpacePad {
		return bad("padding", "%d is unknown", t.Padding)
	}
	return nil
}

func (t *Type) checkReference() error {
	if t.Ref > StdAttr {
		return bad("reference", "kind %d is unknown", t.Ref)
	}
	return nil
}

func (c *checker) checkCompound(t *Type, depth int) error {
	if n := len(t.Members); n == 0 || n > MaxMembers {
		return bad("members", "%d of them; a compound has 1 to %d", n, MaxMembers)
	}
	names := make(map[string]bool, len(t.Members))
	for _, m := range t.Members {
		part := fmt.Sprintf("member %q", m.Name)
		if err := c.check(m.Type, depth+1); err != nil {
			return within(part, err)
		}
		if c.strict && (m.Name == "" || strings.ContainsRune(m.Name, 0)) {
			return bad(part, "a name has at least one byte and no NUL")
		}
		if names[m.Name] {
			return bad(part, "there are two of this name")
		}
		names[m.Name] = true
		if end := uint64(m.Offset) + uint64(m.Type.Size); end > uint64(t.Size) {
			return bad(part, "bytes %d to %d of %d", m.Offset, end, t.Size)
		}
	}
	return checkOverlap(t.Members)
}

func checkOverlap(members []Member) error {
	sorted := slices.Clone(members)
	slices.SortStableFunc(sorted, func(a, b Member) int { return cmp.Compare(a.Offset, b.Offset) })
	for i, m := range sorted[1:] {
		before := sorted[i]
		if uint64(before.Offset)+uint64(before.Type.Size) > uint64(m.Offset) {
			return bad(fmt.Sprintf("member %q", m.Name), "overlaps with member %q", before.Name)
		}
	}
	return nil
}

func (c *checker) checkEnum(t *Type, depth int) error {
	if err := c.check(t.Base, depth+1); err != nil {
		return within("enum", err)
	}
	n := len(t.Names)
	if t.Base.Class != Integer || t.Size != t.Base.Size {
		return bad("enum", "the base is no integer of %d bytes", t.Size)
	}
	if n > MaxMembers || uint64(len(t.Values)) != uint64(n)*uint64(t.Size) {
		return bad("enum", "%d names, %d bytes of values of %d each", n, len(t.Values), t.Size)
	}
	if !c.strict {
		return nil
	}
	if n == 0 {
		return bad("enum", "no members")
	}
	return t.checkEnumMembers()
}

func (t *Type) checkEnumMembers() error {
	names := make(map[string]bool, len(t.Names))
	values := make(map[string]string, len(t.Names))
	for i, name := range t.Names {
		part := fmt.Sprintf("enum member %q", name)
		value := string(t.enumValue(i))
		if name == "" || strings.ContainsRune(name, 0) {
			return bad(part, "a name has at least one byte and no NUL")
		}
		if names[name] {
			return bad(part, "there are two of this name")
		}
		if other, ok := values[value]; ok {
			return bad(part, "has the value of %q", other)
		}
		names[name], values[value] = true, name
	}
	return nil
}

func (t *Type) enumValue(i int) []byte {
	n := int(t.Size)
	return t.Values[i*n : (i+1)*n]
}

func (c *checker) checkVarLen(t *Type, depth int) error {
	// A length, an address of 2 to 32 bytes, an index.
	if t.Size < 10 || t.Size > 40 {
		return bad("size", "a variable-length element has %d bytes, not %d", VarLenSize, t.Size)
	}
	if err := c.check(t.Base, depth+1); err != nil {
		return within("vlen", err)
	}
	if t.IsString {
		return t.checkString()
	}
	return nil
}

func (c *checker) checkArray(t *Type, depth int) error {
	if n := len(t.Dims); n == 0 || n > MaxRank {
		return bad("dims", "%d of them; an array has 1 to %d", n, MaxRank)
	}
	if err := c.check(t.Base, depth+1); err != nil {
		return within("array", err)
	}
	size := uint64(t.Base.Size)
	for i, d := range t.Dims {
		if d == 0 {
			return bad("dims", "axis %d has length 0", i)
		}
		if size *= uint64(d); size > math.MaxUint32 {
			return bad("dims", "%v of %d bytes each: more than 4 GiB", t.Dims, t.Base.Size)
		}
	}
	if size != uint64(t.Size) {
		return bad("size", "%d bytes for an array of %d", t.Size, size)
	}
	return nil
}

func (c *checker) checkComplex(t *Type, depth int) error {
	if err := c.check(t.Base, depth+1); err != nil {
		return within("complex", err)
	}
	if t.Base.Class != Float || uint64(t.Size) != 2*uint64(t.Base.Size) {
		return bad("complex", "%d bytes are no two floats", t.Size)
	}
	return nil
}
