package dtype

import (
	"fmt"
	"slices"
	"strings"
)

// Equal says whether a and t store the same values in the same bytes, under
// the same names in the same order.
func (t *Type) Equal(a *Type) bool {
	if t == a || t == nil || a == nil {
		return t == a
	}
	return t.Class == a.Class && t.Size == a.Size && t.Order == a.Order && t.Signed == a.Signed &&
		t.BitOffset == a.BitOffset && t.Precision == a.Precision &&
		t.LowPad == a.LowPad && t.HighPad == a.HighPad && t.Float == a.Float &&
		t.CharSet == a.CharSet && t.Padding == a.Padding && t.IsString == a.IsString &&
		t.Tag == a.Tag && t.Ref == a.Ref &&
		slices.Equal(t.Names, a.Names) && slices.Equal(t.Values, a.Values) && slices.Equal(t.Dims, a.Dims) &&
		slices.EqualFunc(t.Members, a.Members, func(m, n Member) bool {
			return m.Name == n.Name && m.Offset == n.Offset && m.Type.Equal(n.Type)
		}) && t.Base.Equal(a.Base)
}

// String describes the type as stored, in one line:
//
//	<i4  >f8  S10 nullpad ascii  vstr utf8  opaque(8,tag)  bits(<,1[0:8])
//	enum(<i1){FALSE=0,TRUE=1}  array(2,3)(<f4)  vlen(<i8)  ref(object)
//	compound(12){a@0:<i4;b@4:<f8}  complex(<f4)
//
// An integer that does not use all of its bits shows them as [offset:bits]; a
// float that is not IEEE's shows {bits; sign exponent exponent-size mantissa
// mantissa-size bias normalization padding}, the last two as H5T_norm_t and
// H5T_pad_t number them.
func (t *Type) String() string {
	var b strings.Builder
	t.describe(&b)
	return b.String()
}

func (t *Type) describe(b *strings.Builder) {
	switch t.Class {
	case Integer:
		t.describeInteger(b)
	case Float:
		t.describeFloat(b)
	case Time:
		fmt.Fprintf(b, "time(%s,%d)", t.Order.sign(), t.Size)
	case String:
		fmt.Fprintf(b, "S%d %s %s", t.Size, t.Padding, t.CharSet)
	case Bitfield:
		fmt.Fprintf(b, "bits(%s,%d[%d:%d])", t.Order.sign(), t.Size, t.BitOffset, t.Precision)
	case Opaque:
		fmt.Fprintf(b, "opaque(%d,%s)", t.Size, t.Tag)
	case Compound:
		t.describeCompound(b)
	case Reference:
		fmt.Fprintf(b, "ref(%s)", t.Ref)
	case Enum:
		t.describeEnum(b)
	case VarLen:
		if t.IsString {
			fmt.Fprintf(b, "vstr %s", t.CharSet)
			return
		}
		t.describeBase(b, "vlen")
	case Array:
		t.describeBase(b, "array("+strings.Trim(strings.Join(strings.Fields(fmt.Sprint(t.Dims)), ","), "[]")+")")
	case Complex:
		t.describeBase(b, "complex")
	default:
		fmt.Fprintf(b, "class%d(%d)", t.Class, t.Size)
	}
}

func (t *Type) describeInteger(b *strings.Builder) {
	kind := 'u'
	if t.Signed {
		kind = 'i'
	}
	fmt.Fprintf(b, "%s%c%d", t.Order.sign(), kind, t.Size)
	if t.BitOffset != 0 || uint32(t.Precision) != 8*t.Size {
		fmt.Fprintf(b, "[%d:%d]", t.BitOffset, t.Precision)
	}
}

func (t *Type) describeFloat(b *strings.Builder) {
	fmt.Fprintf(b, "%sf%d", t.Order.sign(), t.Size)
	if t.ieee() != 0 {
		return
	}
	f := t.Float
	pad := 0
	if f.InnerPad {
		pad = 1
	}
	fmt.Fprintf(b, "{%d; %d %d %d %d %d %d %d %d}", t.Precision, f.SignPos, f.ExpPos, f.ExpSize,
		f.MantPos, f.MantSize, f.Bias, int(NormImplied)-int(f.Norm), pad)
}

func (t *Type) describeCompound(b *strings.Builder) {
	fmt.Fprintf(b, "compound(%d){", t.Size)
	for i, m := range t.Members {
		if i > 0 {
			b.WriteByte(';')
		}
		fmt.Fprintf(b, "%s@%d:", m.Name, m.Offset)
		m.Type.describe(b)
	}
	b.WriteByte('}')
}

func (t *Type) describeEnum(b *strings.Builder) {
	t.describeBase(b, "enum")
	b.WriteByte('{')
	for i, name := range t.Names {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(b, "%s=%s", name, t.Base.intText(t.enumValue(i)))
	}
	b.WriteByte('}')
}

func (t *Type) describeBase(b *strings.Builder, what string) {
	b.WriteString(what)
	b.WriteByte('(')
	t.Base.describe(b)
	b.WriteByte(')')
}

func (o Order) sign() string {
	switch o {
	case BigEndian:
		return ">"
	case VAX:
		return "V"
	}
	return "<"
}

func (c CharSet) String() string {
	if c == UTF8 {
		return "utf8"
	}
	return "ascii"
}

func (p Padding) String() string {
	switch p {
	case NullTerm:
		return "nullterm"
	case NullPad:
		return "nullpad"
	case SpacePad:
		return "spacepad"
	}
	return "pad?"
}

func (k RefKind) String() string {
	switch k {
	case ObjectRef:
		return "object"
	case RegionRef:
		return "region"
	}
	return "std"
}

// standardInt says whether t is an integer of 1, 2, 4 or 8 bytes that uses
// all of its bits.
func (t *Type) standardInt() bool {
	if t.Class != Integer || t.BitOffset != 0 || uint32(t.Precision) != 8*t.Size || t.Order > BigEndian {
		return false
	}
	return t.Size == 1 || t.Size == 2 || t.Size == 4 || t.Size == 8
}

// ieee returns the size of an IEEE 754 float of 2, 4 or 8 bytes, 0 for
// anything else.
func (t *Type) ieee() uint32 {
	if t.Class != Float || t.BitOffset != 0 || uint32(t.Precision) != 8*t.Size || t.Order > BigEndian {
		return 0
	}
	f := t.Float
	f.LowPad, f.HighPad, f.InnerPad = false, false, false // there is nothing to pad
	if (t.Size == 2 && f == ieee16) || (t.Size == 4 && f == ieee32) || (t.Size == 8 && f == ieee64) {
		return t.Size
	}
	return 0
}
