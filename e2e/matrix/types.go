package matrix

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/h5serve/h5serve/h5core/dtype"
)

// Kind is one datatype of the matrix: how h5core is asked for it, how a
// reference names it, and what its i-th value is, both as a Go value to write
// and in the canonical bytes that the references hash.
type Kind struct {
	Name      string
	Type      *dtype.Type
	Describe  string // in the grammar of reference/dtypes.py
	Values    func(first, n int) any
	Canonical func(dst []byte, i int) []byte
	Zero      []byte // canonical form of an element that nobody wrote
	Fill      any    // a fill value to ask for, or nil
	FillIndex int    // Fill is the value of this index
	FillJSON  any    // and so it stands in a manifest
}

// Kinds lists every type that h5core writes.
func Kinds() []Kind {
	var all []Kind
	for _, size := range []uint32{1, 2, 4, 8} {
		for _, signed := range []bool{true, false} {
			for _, order := range []dtype.Order{dtype.LittleEndian, dtype.BigEndian} {
				if size > 1 || order == dtype.LittleEndian {
					all = append(all, integer(size, signed, order))
				}
			}
		}
	}
	for _, size := range []uint32{2, 4, 8} {
		for _, order := range []dtype.Order{dtype.LittleEndian, dtype.BigEndian} {
			all = append(all, float(size, order))
		}
	}
	all = append(all,
		fixed("S10", dtype.ASCII, dtype.NullPad, "S10 nullpad ascii"),
		fixed("utf8 nullterm", dtype.UTF8, dtype.NullTerm, "S10 nullterm utf8"),
		fixed("space padded", dtype.ASCII, dtype.SpacePad, "S10 spacepad ascii"),
		variable(dtype.UTF8, "vstr utf8"), variable(dtype.ASCII, "vstr ascii"),
		boolean(), enum(), complexKind(8), complexKind(16),
		compound(), nested(), array(), sequence(), opaque(), datetime())
	return all
}

var orders = map[dtype.Order]string{dtype.LittleEndian: "<", dtype.BigEndian: ">"}

// number is the i-th of a series that goes through small and large numbers.
func number(i int) int64 { return int64(i%251) - int64(i%7)*3 }

func integer(size uint32, signed bool, order dtype.Order) Kind {
	name := fmt.Sprintf("%s%s%d", orders[order], map[bool]string{true: "i", false: "u"}[signed], size)
	at := func(i int) int64 {
		if !signed || size == 1 {
			return number(i) & 0x7f
		}
		return number(i)
	}
	return Kind{
		Name: name, Describe: name, Type: dtype.Must(dtype.Int(size, signed, order)), Zero: make([]byte, size),
		Values: func(first, n int) any { return slice(first, n, at) },
		Canonical: func(dst []byte, i int) []byte {
			var b [8]byte
			binary.LittleEndian.PutUint64(b[:], uint64(at(i)))
			return append(dst, b[:size]...)
		},
		Fill: at(42), FillIndex: 42, FillJSON: at(42),
	}
}

func slice[T any](first, n int, at func(int) T) []T {
	out := make([]T, n)
	for i := range out {
		out[i] = at(first + i)
	}
	return out
}

// real is the i-th of a series that binary16 holds exactly.
func real(i int) float64 { return float64(i%500)/4 - 20 }

func float(size uint32, order dtype.Order) Kind {
	name := fmt.Sprintf("%sf%d", orders[order], size)
	t := map[uint32]func(dtype.Order) *dtype.Type{2: dtype.Float16, 4: dtype.Float32, 8: dtype.Float64}[size](order)
	return Kind{
		Name: name, Describe: name, Type: t, Zero: make([]byte, size),
		Values:    func(first, n int) any { return slice(first, n, real) },
		Canonical: func(dst []byte, i int) []byte { return appendFloat(dst, size, real(i)) },
		Fill:      real(7), FillIndex: 7, FillJSON: real(7),
	}
}

func appendFloat(dst []byte, size uint32, v float64) []byte {
	switch size {
	case 2:
		return binary.LittleEndian.AppendUint16(dst, half(v))
	case 4:
		return binary.LittleEndian.AppendUint32(dst, math.Float32bits(float32(v)))
	}
	return binary.LittleEndian.AppendUint64(dst, math.Float64bits(v))
}

// half makes the binary16 of a number that it holds exactly.
func half(v float64) uint16 {
	b := math.Float32bits(float32(v))
	if b<<1 == 0 {
		return uint16(b >> 16)
	}
	return uint16(b>>16&0x8000) | uint16((int(b>>23&0xff)-127+15)<<10) | uint16(b>>13&0x3ff)
}

func text(i int) string { return "t" + fmt.Sprint(i % 1000)[:min(3, len(fmt.Sprint(i%1000)))] }

func appendText(dst []byte, s string) []byte {
	return append(binary.LittleEndian.AppendUint32(dst, uint32(len(s))), s...)
}

func fixed(name string, set dtype.CharSet, pad dtype.Padding, describe string) Kind {
	zero := []byte{0, 0, 0, 0}
	if pad == dtype.SpacePad { // zero bytes are no padding there
		zero = appendText(nil, string(make([]byte, 10)))
	}
	return Kind{
		Name: name, Describe: describe, Type: dtype.Must(dtype.FixedString(10, set, pad)), Zero: zero,
		Values:    func(first, n int) any { return slice(first, n, text) },
		Canonical: func(dst []byte, i int) []byte { return appendText(dst, text(i)) },
		Fill:      text(5), FillIndex: 5, FillJSON: text(5),
	}
}

func variable(set dtype.CharSet, describe string) Kind {
	at := func(i int) string {
		switch {
		case i%5 == 0:
			return ""
		case set == dtype.UTF8 && i%5 == 1:
			return fmt.Sprint("ü", i)
		}
		return fmt.Sprint("value ", i)
	}
	return Kind{
		Name: describe, Describe: describe, Type: dtype.VarString(set), Zero: []byte{0, 0, 0, 0},
		Values:    func(first, n int) any { return slice(first, n, at) },
		Canonical: func(dst []byte, i int) []byte { return appendText(dst, at(i)) },
	}
}

func boolean() Kind {
	at := func(i int) bool { return i%3 == 0 }
	return Kind{
		Name: "bool", Describe: "enum(<i1){FALSE=0,TRUE=1}", Type: dtype.Bool(), Zero: []byte{0},
		Values: func(first, n int) any { return slice(first, n, at) },
		Canonical: func(dst []byte, i int) []byte {
			if at(i) {
				return append(dst, 1)
			}
			return append(dst, 0)
		},
		Fill: true, FillIndex: 3, FillJSON: 1,
	}
}

func enum() Kind {
	base := dtype.Must(dtype.Int(2, true, dtype.BigEndian))
	at := func(i int) int64 { return []int64{-5, 0, 300}[i%3] }
	return Kind{
		Name: "enum", Describe: "enum(>i2){LOW=-5,ZERO=0,HIGH=300}", Zero: []byte{0, 0},
		Type:   dtype.Must(dtype.EnumOf(base, []string{"LOW", "ZERO", "HIGH"}, []int64{-5, 0, 300})),
		Values: func(first, n int) any { return slice(first, n, at) },
		Canonical: func(dst []byte, i int) []byte {
			return binary.LittleEndian.AppendUint16(dst, uint16(at(i)))
		},
		Fill: at(2), FillIndex: 2, FillJSON: at(2),
	}
}

func complexKind(size uint32) Kind {
	at := func(i int) complex128 { return complex(real(i), -real(i+1)) }
	describe := fmt.Sprintf("compound(%d){r@0:<f%d;i@%d:<f%d}", size, size/2, size/2, size/2)
	return Kind{
		Name: fmt.Sprintf("c%d", size), Describe: describe, Zero: make([]byte, size),
		Type:   dtype.Must(dtype.ComplexOf(size, dtype.LittleEndian)),
		Values: func(first, n int) any { return slice(first, n, at) },
		Canonical: func(dst []byte, i int) []byte {
			return appendFloat(appendFloat(dst, size/2, real(i)), size/2, -real(i+1))
		},
		Fill: at(9), FillIndex: 9, FillJSON: []float64{real(9), -real(10)},
	}
}

type point struct {
	X int32   `h5:"x"`
	Y float64 `h5:"y"`
}

func pointAt(i int) point { return point{int32(number(i)), real(i)} }

func appendPoint(dst []byte, p point) []byte {
	return appendFloat(binary.LittleEndian.AppendUint32(dst, uint32(p.X)), 8, p.Y)
}

var pointType = dtype.Must(dtype.Packed(
	dtype.Member{Name: "x", Type: dtype.Must(dtype.Int(4, true, dtype.LittleEndian))},
	dtype.Member{Name: "y", Type: dtype.Float64(dtype.LittleEndian)}))

func compound() Kind {
	return Kind{
		Name: "compound", Describe: "compound(12){x@0:<i4;y@4:<f8}", Type: pointType, Zero: make([]byte, 12),
		Values:    func(first, n int) any { return slice(first, n, pointAt) },
		Canonical: func(dst []byte, i int) []byte { return appendPoint(dst, pointAt(i)) },
		Fill:      pointAt(11), FillIndex: 11, FillJSON: []any{pointAt(11).X, pointAt(11).Y},
	}
}

type deep struct {
	P point    `h5:"p"`
	T string   `h5:"t"`
	A [2]int16 `h5:"a"`
	V []uint8  `h5:"v"`
}

func nested() Kind {
	u1, i2 := dtype.Must(dtype.Int(1, false, dtype.LittleEndian)), dtype.Must(dtype.Int(2, true, dtype.LittleEndian))
	at := func(i int) deep {
		return deep{pointAt(i), fmt.Sprint("deep ", i), [2]int16{int16(i), -1}, make([]uint8, i%4)}
	}
	return Kind{
		Name: "nested compound", // described as the C library shows it in memory, where a string is a pointer
		Describe: "compound(40){p@0:compound(12){x@0:<i4;y@4:<f8};t@12:vstr utf8;" +
			"a@20:array(2)(<i2);v@24:vlen(<u1)}",
		Type: dtype.Must(dtype.Packed(
			dtype.Member{Name: "p", Type: pointType}, dtype.Member{Name: "t", Type: dtype.VarString(dtype.UTF8)},
			dtype.Member{Name: "a", Type: dtype.Must(dtype.ArrayOf(i2, 2))},
			dtype.Member{Name: "v", Type: dtype.Must(dtype.VarLenOf(u1))})),
		Zero:   make([]byte, 12+4+4+4),
		Values: func(first, n int) any { return slice(first, n, at) },
		Canonical: func(dst []byte, i int) []byte {
			d := at(i)
			dst = appendText(appendPoint(dst, d.P), d.T)
			dst = binary.LittleEndian.AppendUint16(dst, uint16(d.A[0]))
			dst = binary.LittleEndian.AppendUint16(dst, uint16(d.A[1]))
			return append(binary.LittleEndian.AppendUint32(dst, uint32(len(d.V))), d.V...)
		},
	}
}

func array() Kind {
	base := dtype.Must(dtype.Int(4, true, dtype.BigEndian))
	at := func(i int) [2][3]int32 {
		var a [2][3]int32
		for k := range 6 {
			a[k/3][k%3] = int32(number(i + k))
		}
		return a
	}
	return Kind{
		Name: "array", Describe: "array(2,3)(>i4)", Type: dtype.Must(dtype.ArrayOf(base, 2, 3)), Zero: make([]byte, 24),
		Values: func(first, n int) any { return slice(first, n, at) },
		Canonical: func(dst []byte, i int) []byte {
			for k := range 6 {
				dst = binary.LittleEndian.AppendUint32(dst, uint32(at(i)[k/3][k%3]))
			}
			return dst
		},
		Fill: at(1), FillIndex: 1,
	}
}

func sequence() Kind {
	base := dtype.Must(dtype.Int(4, true, dtype.LittleEndian))
	at := func(i int) []int32 { return slice(i, i%6, func(k int) int32 { return int32(number(k)) }) }
	return Kind{
		Name: "vlen", Describe: "vlen(<i4)", Type: dtype.Must(dtype.VarLenOf(base)), Zero: []byte{0, 0, 0, 0},
		Values: func(first, n int) any { return slice(first, n, at) },
		Canonical: func(dst []byte, i int) []byte {
			dst = binary.LittleEndian.AppendUint32(dst, uint32(i%6))
			for _, v := range at(i) {
				dst = binary.LittleEndian.AppendUint32(dst, uint32(v))
			}
			return dst
		},
	}
}

func opaque() Kind {
	at := func(i int) []byte { return []byte{byte(i), 1, 2, 3, 4, 5, byte(i >> 8)} }
	return Kind{
		Name: "opaque", Describe: "opaque(7,a tag)", Type: dtype.Must(dtype.OpaqueOf(7, "a tag")), Zero: make([]byte, 7),
		Values:    func(first, n int) any { return slice(first, n, at) },
		Canonical: func(dst []byte, i int) []byte { return append(dst, at(i)...) },
		Fill:      at(3), FillIndex: 3,
	}
}

func datetime() Kind {
	at := func(i int) []byte { return binary.LittleEndian.AppendUint64(nil, uint64(1700000000+i)*1e9) }
	return Kind{
		Name: "M8[ns]", Describe: "opaque(8,NUMPY:<M8[ns])", Zero: make([]byte, 8),
		Type:      dtype.Must(dtype.Datetime('M', "ns", dtype.LittleEndian)),
		Values:    func(first, n int) any { return slice(first, n, at) },
		Canonical: func(dst []byte, i int) []byte { return append(dst, at(i)...) },
	}
}
