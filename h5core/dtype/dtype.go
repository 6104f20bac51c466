// Package dtype holds datatypes as values: what one stored element is, byte
// for byte, and how Go values become such bytes and come back.
//
//	Parse("<f4")   ─┐
//	Float32(order) ─┼─► *Type ─┬─► Equal, String, Pointers   what it is
//	Of([]float32)  ─┘          ├─► PutInt … GetFloat64       one element
//	                           └─► AppendSlice               Go slices in bulk
//
// A Type mirrors the Datatype message of the HDF5 File Format Specification
// (IV.A.2.d). It is immutable once made and free of I/O: variable-length parts
// and references point into heaps that only a file has, so AppendSlice hands
// their contents to a [Heap] and stores what the heap answers.
package dtype

// Class is the class of a datatype, numbered as in the Datatype message.
type Class uint8

const (
	Integer   Class = 0
	Float     Class = 1
	Time      Class = 2
	String    Class = 3
	Bitfield  Class = 4
	Opaque    Class = 5
	Compound  Class = 6
	Reference Class = 7
	Enum      Class = 8
	VarLen    Class = 9
	Array     Class = 10
	Complex   Class = 11
)

// Order is the order of the bytes of a number.
type Order uint8

const (
	LittleEndian Order = iota
	BigEndian
	// VAX is the middle-endian order of VAX floats: 16-bit words, most
	// significant word first, each little-endian.
	VAX
	NoOrder
)

// CharSet is the character set of a string (H5T_cset_t).
type CharSet uint8

const (
	ASCII CharSet = 0
	UTF8  CharSet = 1
)

// Padding says how a fixed string shorter than its field ends (H5T_str_t).
type Padding uint8

const (
	NullTerm Padding = 0
	NullPad  Padding = 1
	SpacePad Padding = 2
)

// RefKind is the kind of a reference, numbered as in the Datatype message.
type RefKind uint8

const (
	ObjectRef RefKind = 0 // the address of an object header, 8 bytes
	RegionRef RefKind = 1 // a global heap ID, 12 bytes
	StdRef    RefKind = 2 // H5T_STD_REF: object, version 2
	StdRegion RefKind = 3 // dataset region, version 2
	StdAttr   RefKind = 4 // attribute
)

// Norm says what becomes of the most significant bit of a mantissa.
const (
	NormNone    uint8 = 0 // not normalized
	NormSet     uint8 = 1 // always set, and stored
	NormImplied uint8 = 2 // always set, and not stored
)

// FloatFormat places the parts of a floating-point number: bit positions
// count from the least significant bit of the element.
type FloatFormat struct {
	SignPos           uint8
	ExpPos, ExpSize   uint8
	MantPos, MantSize uint8
	Bias              uint32
	Norm              uint8
	// Padding bits below, above and inside the number are ones (else zeros).
	LowPad, HighPad, InnerPad bool
}

// Member is one field of a compound, Offset bytes from its start.
type Member struct {
	Name   string
	Offset uint32
	Type   *Type
}

// VarLenSize is the size of a variable-length element as stored: 4 bytes of
// length, 8 of heap address, 4 of index in the heap.
const VarLenSize = 16

// Type is a datatype. It is immutable once made; share it freely. A Type put
// together by hand is checked by Validate.
type Type struct {
	Class Class
	Size  uint32 // bytes of one element as stored
	Order Order

	Signed               bool   // Integer
	BitOffset, Precision uint16 // Integer, Bitfield, Float, Time: bits in use
	// Integer, Bitfield: padding bits below and above are ones.
	LowPad, HighPad bool
	Float           FloatFormat // Float

	CharSet  CharSet // String, and VarLen that IsString
	Padding  Padding // String, and VarLen that IsString
	IsString bool    // VarLen: a variable string

	Tag     string   // Opaque
	Members []Member // Compound, in stored order
	Base    *Type    // Enum, VarLen, Array, Complex
	Names   []string // Enum
	Values  []byte   // Enum: packed, Base.Size bytes each
	Dims    []uint32 // Array
	Ref     RefKind  // Reference
}
