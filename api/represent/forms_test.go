package represent

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/h5serve/h5serve/h5core/dtype"
)

// written is what a form makes of elements that come in two writes.
func written(form Form, t *dtype.Type, shape []uint64, data []byte, h Heap) (string, error) {
	var out bytes.Buffer
	w, err := form(&out, t, shape)
	if err != nil {
		return "", err
	}
	half := len(data) / 2 / int(t.Size) * int(t.Size)
	if err := errors.Join(w.Write(data[:half], h), w.Write(data[half:], h), w.Close()); err != nil {
		return "", err
	}
	return out.String(), nil
}

func TestJSON(t *testing.T) {
	heap := shelf{[]string{"é", "\x01\x00\x00\x00"}, []string{"/x"}}
	i8 := dtype.Must(dtype.Int(8, true, dtype.LittleEndian))
	times := dtype.Must(dtype.Datetime('M', "s", dtype.LittleEndian))
	lists := dtype.Must(dtype.VarLenOf(i4))
	loose := JSON{NullNaN: true, Int64Strings: true}.New
	for name, c := range map[string]struct {
		form   Form
		t      *dtype.Type
		shape  []uint64
		stored string
		want   string
	}{
		"scalar":      {NewJSON, i4, nil, "01000000", "1"},
		"two axes":    {NewJSON, u2be, []uint64{2, 2}, "0001000200030004", "[[1,2],[3,4]]"},
		"three axes":  {NewJSON, u2be, []uint64{2, 1, 1}, "00010002", "[[[1]],[[2]]]"},
		"nothing":     {NewJSON, u2be, []uint64{3, 0}, "", "[]"},
		"exact":       {NewJSON, i8, []uint64{1}, "0100000000002000", "[9007199254740993]"},
		"as strings":  {loose, i8, []uint64{1}, "0100000000002000", `["9007199254740993"]`},
		"floats":      {NewJSON, f4, []uint64{4}, "cdcccc3d 0000c07f 0000807f 000080ff", `[0.1,"NaN","Infinity","-Infinity"]`},
		"null":        {loose, f4, []uint64{2}, "0000c07f 0000807f", "[null,null]"},
		"boolean":     {NewJSON, dtype.Bool(), []uint64{3}, "000102", "[false,true,2]"},
		"times":       {NewJSON, times, []uint64{2}, "0100000000000000 0000000000000080", `[1,"NaT"]`},
		"opaque":      {NewJSON, dtype.Must(dtype.OpaqueOf(3, "")), nil, "666f6f", `"Zm9v"`},
		"compound":    {NewJSON, point, []uint64{1}, "0001 0000 02000000", "[[1,2]]"},
		"array":       {NewJSON, dtype.Must(dtype.ArrayOf(u2be, 2, 1)), nil, "00010002", "[[1],[2]]"},
		"complex":     {NewJSON, dtype.Must(dtype.NativeComplex(4, 0)), nil, "003c0040", "[1.0,2.0]"},
		"text":        {NewJSON, vstr, nil, "02000000 0000000000000000 01000000", `"\u00e9"`},
		"null text":   {NewJSON, vstr, nil, "00000000 0000000000000000 00000000", "null"},
		"empty text":  {NewJSON, vstr, nil, "00000000 0800000000000000 00000000", `""`},
		"sequence":    {NewJSON, lists, []uint64{2}, "01000000 0000000000000000 02000000 00000000 0000000000000000 00000000", "[[1],[]]"},
		"reference":   {NewJSON, dtype.ObjectReference(), []uint64{2}, "0100000000000000 0000000000000000", `["/x",null]`},
		"region":      {NewJSON, dtype.RegionReference(), nil, "010000000000000000000000", `{"path":"/x","count":2,"indices":[3,258]}`},
		"null region": {NewJSON, dtype.RegionReference(), nil, "000000000000000000000000", "null"},
	} {
		if got, err := written(c.form, c.t, c.shape, unhex(c.stored), heap); got != c.want || err != nil {
			t.Errorf("%s: %s, want %s (%v)", name, got, c.want, err)
		}
	}
}

func TestCSV(t *testing.T) {
	heap := shelf{[]string{`say "a,b"`}, []string{"/x"}}
	row := dtype.Must(dtype.Packed(dtype.Member{Name: "p", Type: point},
		dtype.Member{Name: "m", Type: dtype.Must(dtype.ArrayOf(dtype.Bool(), 1, 2))}, dtype.Member{Name: "s, t", Type: vstr}))
	for name, c := range map[string]struct {
		t      *dtype.Type
		shape  []uint64
		stored string
		want   string
	}{
		"scalar":    {i4, nil, "ffffffff", "-1\r\n"},
		"one axis":  {f4, []uint64{3}, "cdcccc3d 0000c07f 000080ff", "0.1\r\nNaN\r\n-Infinity\r\n"},
		"two axes":  {u2be, []uint64{2, 3}, "000100020003000400050006", "1,2,3\r\n4,5,6\r\n"},
		"nothing":   {u2be, []uint64{0, 3}, "", ""},
		"compounds": {row, []uint64{1}, "0001 0000 02000000 0001 09000000 0000000000000000 01000000", "p.a,p.b,\"m[0,0]\",\"m[0,1]\",\"s, t\"\r\n1,2,false,true,\"say \"\"a,b\"\"\"\r\n"},
		"arrays":    {dtype.Must(dtype.ArrayOf(u2be, 2)), []uint64{2}, "0001000200030004", "1,2\r\n3,4\r\n"},
		"complex":   {dtype.Must(dtype.NativeComplex(4, 0)), []uint64{1, 2}, "003c00c0 003c0040", "1.0-2.0j,1.0+2.0j\r\n"},
		"empty":     {dtype.Must(dtype.FixedString(2, dtype.ASCII, dtype.NullPad)), []uint64{2}, "0000 0d0a", "\"\"\r\n\"\r\n\"\r\n"},
		"reference": {dtype.ObjectReference(), []uint64{2}, "0100000000000000 0000000000000000", "/x\r\n\"\"\r\n"},
	} {
		if got, err := written(NewCSV, c.t, c.shape, unhex(c.stored), heap); got != c.want || err != nil {
			t.Errorf("%s: %q, want %q (%v)", name, got, c.want, err)
		}
	}
}

func TestNPY(t *testing.T) {
	wide := dtype.Must(dtype.Packed(dtype.Member{Name: "größe's", Type: i4}, dtype.Member{Name: "m", Type: dtype.Must(dtype.ArrayOf(u2be, 1))}))
	for name, c := range map[string]struct {
		t       *dtype.Type
		shape   []uint64
		stored  string
		version byte
		head    string
		data    string
	}{
		"scalar":        {i4, nil, "01000000", 1, "{'descr': '<i4', 'fortran_order': False, 'shape': (), }", "01000000"},
		"order is kept": {u2be, []uint64{2}, "00010002", 1, "{'descr': '>u2', 'fortran_order': False, 'shape': (2,), }", "00010002"},
		"three bytes": {&dtype.Type{Class: dtype.Integer, Size: 3, Precision: 24, Signed: true, Order: dtype.BigEndian}, []uint64{1},
			"fffffe", 1, "{'descr': '<i4', 'fortran_order': False, 'shape': (1,), }", "feffffff"},
		"boolean": {dtype.Bool(), []uint64{1, 2}, "0001", 1, "{'descr': '|b1', 'fortran_order': False, 'shape': (1, 2), }", "0001"},
		"array":   {dtype.Must(dtype.ArrayOf(i4, 2)), []uint64{1}, "0100000002000000", 1, "{'descr': '<i4', 'fortran_order': False, 'shape': (1, 2), }", "0100000002000000"},
		"gap": {point, []uint64{1}, "0001 eeee 02000000", 1,
			"{'descr': [('a', '>u2'), ('b', '<i4')], 'fortran_order': False, 'shape': (1,), }", "0001 02000000"},
		"text": {dtype.Must(dtype.FixedString(4, dtype.ASCII, dtype.NullTerm)), nil, "61006200", 1,
			"{'descr': '|S4', 'fortran_order': False, 'shape': (), }", "61000000"},
		"time":         {dtype.Must(dtype.Datetime('m', "ns", dtype.LittleEndian)), nil, "0100000000000000", 1, "{'descr': '<m8[ns]', 'fortran_order': False, 'shape': (), }", "0100000000000000"},
		"long double":  {extended, nil, "0000000000000080ffbf 000000000000", 1, "{'descr': '<f8', 'fortran_order': False, 'shape': (), }", "000000000000f0bf"},
		"half complex": {dtype.Must(dtype.ComplexOf(4, dtype.LittleEndian)), nil, "003c0040", 1, "{'descr': '<c8', 'fortran_order': False, 'shape': (), }", "0000803f00000040"},
		"Latin-1": {wide, nil, "01000000 0002", 1,
			"{'descr': [('gr\xf6\xdfe\\'s', '<i4'), ('m', '>u2', (1,))], 'fortran_order': False, 'shape': (), }", "01000000 0002"},
		"beyond Latin-1": {dtype.Must(dtype.Packed(dtype.Member{Name: "日", Type: i4})), nil, "01000000", 3,
			"{'descr': [('日', '<i4')], 'fortran_order': False, 'shape': (), }", "01000000"},
	} {
		got, err := written(NewNPY, c.t, c.shape, unhex(c.stored), shelf{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		length := 8 + 2*min(int(c.version), 2)
		end := strings.IndexByte(got, '\n') + 1
		if got[:8] != "\x93NUMPY"+string(c.version)+"\x00" || end%64 != 0 || int(got[8])|int(got[9])<<8 != end-length {
			t.Errorf("%s: the header of %d bytes begins with %q", name, end, got[:12])
		}
		if head := strings.TrimRight(got[length:end], " \n"); head != c.head || got[end:] != string(unhex(c.data)) {
			t.Errorf("%s: %s and %x, want %s and %s", name, head, got[end:], c.head, c.data)
		}
	}
}

// A header beyond 64 KiB needs version 2.
func TestLongNPYHeader(t *testing.T) {
	var members []dtype.Member
	for i := range 700 {
		members = append(members, dtype.Member{Name: strings.Repeat("x", 100+i), Type: i4})
	}
	got, err := written(NewNPY, dtype.Must(dtype.Packed(members...)), []uint64{0}, nil, shelf{})
	if err != nil || got[6] != 2 || len(got)%64 != 0 || len(got) <= 1<<16 {
		t.Errorf("%d bytes, version %d (%v)", len(got), got[6], err)
	}
}

func TestRefused(t *testing.T) {
	std := &dtype.Type{Class: dtype.Reference, Size: 64, Ref: dtype.StdRef}
	for _, c := range []struct {
		form  Form
		t     *dtype.Type
		shape []uint64
		says  string
	}{
		{NewCSV, i4, []uint64{1, 1, 1}, "3 axes"},
		{NewCSV, point, []uint64{1, 1}, "one cell"},
		{NewCSV, i4, []uint64{1, 1 << 40}, "at most 16384"},
		{NewCSV, dtype.Must(dtype.ArrayOf(i4, 1<<20)), []uint64{1}, "more than 16384 columns"},
		{NewNPY, vstr, nil, "variable length"},
		{NewNPY, dtype.Must(dtype.Packed(dtype.Member{Name: "r", Type: dtype.ObjectReference()})), nil, `member "r"`},
		{NewNPY, sized(dtype.Integer, 16, 0), nil, "16 bytes"},
		{NewNPY, sized(dtype.Time, 4, 0), nil, "times"},
		{NewJSON, dtype.Must(dtype.VarLenOf(std)), nil, "HDF5 1.12"},
	} {
		_, err := c.form(io.Discard, c.t, c.shape)
		if typed := (*TypeError)(nil); !errors.As(err, &typed) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want %s", c.t, err, c.says)
		}
	}
}
