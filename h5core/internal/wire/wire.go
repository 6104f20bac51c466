// Package wire turns on-disk structures into bytes and back.
//
// A structure states its fields once, in the order in which they lie on disk,
// as a list of calls on a Codec. That one list serves four walks:
//
//	            ┌─ Size      how many bytes it takes
//	Fields(c) ──┼─ Append    its bytes
//	            ├─ Decode    the structure from its bytes
//	            └─ Describe  one line of text for each field
//
// so that the four cannot drift apart. The package knows bytes, widths and
// checksums; it knows no file, and it does all the bounds checks there are.
package wire

import (
	"fmt"
	"strings"
	"sync"
)

// Undefined is the undefined address: all bits set, at any width
// (HDF5 File Format Specification, "Disk Format", introduction).
const Undefined = ^uint64(0)

// Geometry holds the two widths that the superblock sets for a whole file.
type Geometry struct {
	OffsetSize uint8 // bytes of an address
	LengthSize uint8 // bytes of a length
}

// Default is the geometry that h5core writes.
var Default = Geometry{OffsetSize: 8, LengthSize: 8}

// Structure is anything with a field list.
type Structure interface {
	Fields(c *Codec)
}

// Fault says what is wrong with a structure: which one, which field, where in
// the file (or in the bytes, where no address is known) and why.
type Fault struct {
	Structure string
	Field     string
	Offset    uint64
	Reason    string
}

func (f *Fault) Error() string {
	return fmt.Sprintf("%s: %s at %#x: %s", f.Structure, f.Field, f.Offset, f.Reason)
}

// codecs are kept: a file to be has several walks for every object.
var codecs = sync.Pool{New: func() any { return new(Codec) }}

// walk lets a kept codec go through s and returns how far it came.
func walk(s Structure, start Codec) (buf []byte, pos int, err error) {
	c := codecs.Get().(*Codec)
	*c = start
	s.Fields(c)
	buf, pos, err = c.buf, c.pos, c.err
	*c = Codec{}
	codecs.Put(c)
	return buf, pos, err
}

// Size returns the number of bytes that s takes.
func Size(geo Geometry, s Structure) (int, error) {
	_, n, err := walk(s, Codec{mode: sizing, geo: geo})
	return n, err
}

// Append appends the bytes of s to dst.
func Append(dst []byte, geo Geometry, s Structure) ([]byte, error) {
	buf, _, err := walk(s, Codec{mode: encoding, geo: geo, buf: dst, start: len(dst), pos: len(dst)})
	return buf, err
}

// Decode fills s from the start of src, which lies at address at, and returns
// how many bytes it took. Byte fields of s share src's memory.
func Decode(src []byte, geo Geometry, at uint64, s Structure) (int, error) {
	_, n, err := walk(s, Codec{mode: decoding, geo: geo, buf: src, at: at})
	return n, err
}

// Describe decodes s from src and returns a line for each field: offset,
// structure, field, value.
func Describe(src []byte, geo Geometry, at uint64, s Structure) (string, error) {
	var text strings.Builder
	_, _, err := walk(s, Codec{mode: describing, geo: geo, buf: src, at: at, text: &text})
	return text.String(), err
}
