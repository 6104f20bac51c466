package dtype

import (
	"bytes"
	"encoding/hex"
	"errors"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// notes is a heap that keeps every value, numbered from 1.
type notes [][]byte

func (n *notes) Put(data []byte) (uint64, uint32, error) {
	*n = append(*n, bytes.Clone(data))
	return 0x1000, uint32(len(*n)), nil
}

type point struct {
	X    float32 `h5:"x"`
	Y    int16   `h5:"y"`
	_    int     // not exported: left out
	Off  string  `h5:"-"`
	Tags [2]uint8
}

func TestAppendSlice(t *testing.T) {
	pt := Must(Packed(Member{Name: "x", Type: f4}, Member{Name: "y", Type: Must(Int(2, true, BigEndian))},
		Member{Name: "Tags", Type: Must(ArrayOf(u1, 2))}))
	one := "one"
	type level int16
	for name, c := range map[string]struct {
		t    *Type
		v    any
		want string
		heap []string
	}{
		"int32":            {i4, []int32{1, -1}, "01000000ffffffff", nil},
		"int32 big":        {Must(Int(4, true, BigEndian)), []int32{1, -1}, "00000001ffffffff", nil},
		"int to int32":     {i4, []int{1, -1}, "01000000ffffffff", nil},
		"uint8 to big u2":  {Must(Int(2, false, BigEndian)), []uint8{1, 255}, "000100ff", nil},
		"uint64 to int8":   {i1, []uint64{1, 127}, "017f", nil},
		"named":            {i4, []level{-1}, "ffffffff", nil},
		"scalar":           {i4, 7, "07000000", nil},
		"nothing":          {i4, []int32{}, "", nil},
		"rows":             {u1, [][]uint8{{1, 2}, {3, 4}}, "01020304", nil},
		"array":            {u1, [2][2]int{{1, 2}, {3, 4}}, "01020304", nil},
		"rows of arrays":   {u1, [][2]int{{1, 2}, {3, 4}}, "01020304", nil},
		"odd width":        {int17, []int8{-1}, "ffff0100", nil},
		"float32":          {f4, []float32{1}, "0000803f", nil},
		"float64 to f4":    {f4, []float64{1}, "0000803f", nil},
		"float64 big":      {Float64(BigEndian), []float64{1}, "3ff0000000000000", nil},
		"infinity to f4":   {Float32(BigEndian), []float64{math.Inf(-1)}, "ff800000", nil},
		"float32 to f8":    {f8, []float32{1}, "000000000000f03f", nil},
		"float to int":     {u1, []float64{3}, "03", nil},
		"int to float":     {f4, []int{1}, "0000803f", nil},
		"bool":             {Bool(), []bool{true, false}, "0100", nil},
		"bool to int":      {i4, []bool{true}, "01000000", nil},
		"complex":          {Must(ComplexOf(8, LittleEndian)), []complex64{complex(1, -1)}, "0000803f000080bf", nil},
		"complex rows":     {Must(ComplexOf(4, BigEndian)), [][]complex128{{1}}, "3c000000", nil},
		"strings":          {Must(FixedString(3, UTF8, NullPad)), []string{"a", "bcd"}, "610000626364", nil},
		"bytes as strings": {Must(FixedString(3, ASCII, NullPad)), [][]byte{{0xff}, {1, 2, 3}}, "ff0000010203", nil},
		"enum names":       {Bool(), []string{"TRUE"}, "01", nil},
		"opaque":           {Must(OpaqueOf(2, "")), [][2]byte{{1, 2}, {3, 4}}, "01020304", nil},
		"one opaque":       {Must(OpaqueOf(2, "")), []byte{1, 2}, "0102", nil},
		"array type":       {Must(ArrayOf(u1, 2, 1)), [][2][1]int{{{1}, {2}}}, "0102", nil},
		"struct":           {pt, []point{{X: 1, Y: 2, Tags: [2]uint8{3, 4}}}, "0000803f00020304", nil},
		"one struct":       {pt, point{X: 1, Y: 2, Tags: [2]uint8{3, 4}}, "0000803f00020304", nil},
		"text": {VarString(UTF8), []string{"one", ""},
			"03000000" + "0010000000000000" + "01000000" + "00000000" + "0010000000000000" + "02000000", []string{"one", ""}},
		"text or null": {VarString(ASCII), []*string{nil, &one},
			"00000000000000000000000000000000" + "03000000" + "0010000000000000" + "01000000", []string{"one"}},
		"sequences": {Must(VarLenOf(Must(Int(2, false, LittleEndian)))), [][]uint16{{1, 2}, {}},
			"02000000" + "0010000000000000" + "01000000" + "00000000000000000000000000000000", []string{"\x01\x00\x02\x00"}},
	} {
		h := &notes{}
		got, err := c.t.AppendSlice([]byte{0xee}, c.v, h)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if hex.EncodeToString(got) != "ee"+c.want {
			t.Errorf("%s: %x, want %s", name, got[1:], c.want)
		}
		for i, data := range *h {
			if i >= len(c.heap) || string(data) != c.heap[i] {
				t.Errorf("%s: the heap holds %q", name, *h)
			}
		}
	}
}

func TestAppendSliceErrors(t *testing.T) {
	pt := Must(Packed(Member{Name: "x", Type: f4}))
	for want, c := range map[string]struct {
		t *Type
		v any
	}{
		"element [1]: 300 does not fit uint8 (0 … 255)":                               {u1, []int{1, 300}},
		"element [1,0]: -1 does not fit uint8 (0 … 255)":                              {u1, [][]int8{{1}, {-1}}},
		"element [0]: 1.5 is not an integer":                                          {i4, []float64{1.5}},
		"element [2]: 1e+39 does not fit float32 (±3.4028235e+38)":                    {f4, []float64{0, 1, 1e39}},
		"element [0]: \"abcd\" has 4 bytes, S3 nullpad ascii holds 3":                 {Must(FixedString(3, ASCII, NullPad)), []string{"abcd"}},
		"element [0]: a variable-length value needs a heap":                           {VarString(UTF8), []string{"a"}},
		"element [0]: a variable string cannot hold a NUL (byte 1)":                   {VarString(UTF8), []string{"a\x00"}},
		"nil does not go into int32":                                                  {i4, nil},
		"datatype: value: a Go map[string]int does not go into <i4":                   {i4, map[string]int{}},
		"datatype: value: int has too few axes for array(2)(<i4)":                     {Must(ArrayOf(i4, 2)), 1},
		"element [0]: 3 values for the 2 of array(2)(<i4)":                            {Must(ArrayOf(i4, 2)), [][]int{{1, 2, 3}}},
		"datatype: value: int does not go into ref(object): a reference needs a file": {ObjectReference(), []int{1}},
		`datatype: member "x": the Go type struct { Y int } has no such field`:        {pt, struct{ Y int }{}},
		`datatype: field Y: compound(4){x@0:<f4} has no member "Y"`: {pt, struct {
			X float32 `h5:"x"`
			Y int
		}{}},
		`datatype: field Z: has the member name of X, "x"`: {pt, struct {
			X float32 `h5:"x"`
			Z float32 `h5:"x"`
		}{}},
		`element [1]: member "x": 1e+39 does not fit float32 (±3.4028235e+38)`: {pt, []struct {
			X float64 `h5:"x"`
		}{{1}, {1e39}}},
	} {
		dst := []byte{1, 2}
		out, err := c.t.AppendSlice(dst, c.v)
		if err == nil || err.Error() != want {
			t.Errorf("%v, want %s", err, want)
		}
		if diff := cmp.Diff(dst, out); diff != "" {
			t.Errorf("%s: %s", want, diff)
		}
	}
	var at *ElementError
	var beyond *RangeError
	if _, err := u1.AppendSlice(nil, [][]int{{0}, {0, 256}}); !errors.As(err, &at) || !errors.As(err, &beyond) {
		t.Errorf("%T", err)
	} else if diff := cmp.Diff([]int{1, 1}, at.Index); diff != "" {
		t.Error(diff)
	}
}

func TestSmallAddresses(t *testing.T) {
	text := *VarString(UTF8)
	text.Size = 12 // addresses of 4 bytes
	got, err := text.AppendSlice(nil, "abc", &notes{})
	if hex.EncodeToString(got) != "03000000"+"00100000"+"01000000" || err != nil {
		t.Errorf("%x, %v", got, err)
	}
}

func TestOf(t *testing.T) {
	for _, c := range []struct {
		v     any
		want  string
		shape []uint64
	}{
		{1, "<i8", nil},
		{uint16(1), "<u2", nil},
		{true, "enum(<i1){FALSE=0,TRUE=1}", nil},
		{"x", "vstr utf8", nil},
		{complex64(1), "compound(8){r@0:<f4;i@4:<f4}", nil},
		{[]float32{1, 2}, "<f4", []uint64{2}},
		{[][]int8{{1, 2, 3}, {4, 5, 6}}, "<i1", []uint64{2, 3}},
		{[2][]int8{{1}, {4}}, "<i1", []uint64{2, 1}},
		{[][]string{}, "vstr utf8", []uint64{0, 0}},
		{[][4]int8{}, "<i1", []uint64{0, 4}},
		{[]point{{}}, "compound(8){x@0:<f4;y@4:<i2;Tags@6:array(2)(<u1)}", []uint64{1}},
		{struct{ V []int32 }{}, "compound(16){V@0:vlen(<i4)}", nil},
	} {
		typ, shape, err := Of(c.v)
		if err != nil || typ.String() != c.want {
			t.Errorf("%v: %v, %v; want %s", c.v, typ, err, c.want)
		}
		if diff := cmp.Diff(c.shape, shape); diff != "" {
			t.Errorf("%v: %s", c.v, diff)
		}
	}
	type loop struct{ Next []loop }
	for want, v := range map[string]any{
		"datatype: value: nil has no type":                            nil,
		"datatype: value: a Go map[string]int has no stored form":     map[string]int{},
		"element [1]: 1 values where the others have 2":               [][]int{{1, 2}, {3}},
		"element [0,1]: 0 values where the others have 1":             [][][]int{{{1}, {}}},
		`datatype: member "F": value: a Go func() has no stored form`: []struct{ F func() }{},
		"datatype: members: 0 of them; a compound has 1 to 65535":     struct{}{},
	} {
		if _, _, err := Of(v); err == nil || err.Error() != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
	if _, _, err := Of(loop{}); err == nil {
		t.Error("a type that holds itself has a stored form")
	}
}

func TestOfGoesIn(t *testing.T) {
	for _, v := range []any{1, []bool{true}, "x", [][]uint8{{1}, {2}}, []point{{}}, []struct{ V []int32 }{{[]int32{1}}}} {
		typ, shape, err := Of(v)
		if err != nil {
			t.Fatal(err)
		}
		n := int(typ.Size)
		for _, d := range shape {
			n *= int(d)
		}
		if out, err := typ.AppendSlice(nil, v, &notes{}); err != nil || len(out) != n {
			t.Errorf("%v as %s: %x, %v", v, typ, out, err)
		}
	}
}

func BenchmarkAppendSlice(b *testing.B) {
	floats, narrow, ints := make([]float64, 1<<16), make([]float32, 1<<16), make([]int, 1<<16)
	points := make([]point, 1<<12)
	pt, _, err := Of(points)
	if err != nil {
		b.Fatal(err)
	}
	for _, c := range []struct {
		name string
		t    *Type
		v    any
	}{
		{"float64", f8, floats},
		{"float32 big-endian", Float32(BigEndian), narrow},
		{"float64 to float32", f4, floats},
		{"int to int32", i4, ints},
		{"structs", pt, points},
	} {
		b.Run(c.name, func(b *testing.B) {
			var dst []byte
			if dst, err = c.t.AppendSlice(nil, c.v); err != nil {
				b.Fatal(err)
			}
			b.SetBytes(int64(len(dst)))
			for b.Loop() {
				if dst, err = c.t.AppendSlice(dst[:0], c.v); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
