package represent

import (
	"encoding/json"
	"io"
	"testing"

	"github.com/h5serve/h5serve/h5core/dtype"
)

// Whatever bytes a file holds: no form panics, and what JSON accepts is JSON.
func FuzzForms(f *testing.F) {
	types := []*dtype.Type{
		i4, u2be, f4, vstr, point, extended, dtype.Bool(), dtype.ObjectReference(), dtype.RegionReference(),
		odd(i4, 3, 11), odd(sized(dtype.Bitfield, 4, dtype.BigEndian), 5, 9), sized(dtype.Time, 4, 0),
		dtype.Must(dtype.VarLenOf(dtype.Must(dtype.VarLenOf(u2be)))), dtype.Must(dtype.VarLenOf(vstr)),
		dtype.Must(dtype.ArrayOf(dtype.Must(dtype.Packed(dtype.Member{Name: "s", Type: vstr}, dtype.Member{Name: "p", Type: point})), 2)),
		dtype.Must(dtype.FixedString(5, dtype.UTF8, dtype.SpacePad)), dtype.Must(dtype.Datetime('M', "", dtype.BigEndian)),
		dtype.Must(dtype.ComplexOf(8, dtype.BigEndian)), dtype.Must(dtype.OpaqueOf(3, "t")),
	}
	for i := range types {
		f.Add(uint8(i), unhex("ffffffff 0000000000000000 01000000 00000000"), "\x02\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\x00\x00", "a\x00\xff")
	}
	f.Fuzz(func(t *testing.T, which uint8, data []byte, a, b string) {
		one := types[int(which)%len(types)]
		data = data[:len(data)/int(one.Size)*int(one.Size)]
		shape := []uint64{uint64(len(data)) / uint64(one.Size)}
		heap := shelf{[]string{a, b}, []string{"/x"}}
		text, err := written(NewJSON, one, shape, data, heap)
		if err == nil && !json.Valid([]byte(text)) {
			t.Errorf("%s: no JSON: %s", one, text)
		}
		_, _ = written(NewCSV, one, shape, data, heap)
		_, _ = written(NewNPY, one, shape, data, heap)
		canonical, err := NewCanonical(one)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = canonical.WriteTo(io.Discard, data, nil, heap)
		for ; len(data) > 0; data = data[one.Size:] {
			value, err := canonical.AppendValue(nil, data, heap)
			if err == nil && !json.Valid(value) {
				t.Errorf("%s: no JSON: %s", one, value)
			}
		}
	})
}

func BenchmarkCanonical(b *testing.B) {
	row := dtype.Must(dtype.Packed(dtype.Member{Name: "i", Type: i4}, dtype.Member{Name: "x", Type: dtype.Float64(0)}, dtype.Member{Name: "s",
		Type: dtype.Must(dtype.FixedString(8, dtype.ASCII, dtype.NullPad))}))
	for name, t := range map[string]*dtype.Type{"int": i4, "big-endian": u2be, "float": f4, "compound": row} {
		b.Run(name, func(b *testing.B) {
			canonical, err := NewCanonical(t)
			if err != nil {
				b.Fatal(err)
			}
			data := make([]byte, 1<<20/int(t.Size)*int(t.Size))
			var buf []byte
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				if buf, err = canonical.WriteTo(io.Discard, data, buf, nil); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
