package convert

import (
	"bytes"
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/h5serve/h5serve/h5core/dtype"
)

// typeFrom makes a type of the bytes, and gives those that it left.
func typeFrom(p []byte, depth int) (*dtype.Type, []byte) {
	next := func() byte {
		if len(p) == 0 {
			return 0
		}
		b := p[0]
		p = p[1:]
		return b
	}
	class := next()
	size := uint32(next()%16) + 1
	order := dtype.Order(next() % 3)
	switch class % 10 {
	case 0:
		return &dtype.Type{Class: dtype.Integer, Size: size, Order: order % 2, Signed: next()%2 == 1,
			BitOffset: uint16(next()), Precision: uint16(next()), LowPad: next()%2 == 1, HighPad: class > 127}, p
	case 1:
		return &dtype.Type{Class: dtype.Float, Size: size, Order: order, BitOffset: uint16(next() % 8), Precision: uint16(next()),
			Float: dtype.FloatFormat{SignPos: next(), ExpPos: next(), ExpSize: next() % 33, MantPos: next(), MantSize: next(),
				Bias: uint32(next()) << (next() % 24), Norm: next() % 3, InnerPad: class > 127}}, p
	case 2:
		return &dtype.Type{Class: dtype.String, Size: size, Order: dtype.NoOrder, Padding: dtype.Padding(next() % 3)}, p
	case 3:
		return &dtype.Type{Class: dtype.Bitfield, Size: size, Order: order % 2, BitOffset: uint16(next()), Precision: uint16(next())}, p
	case 4:
		return []*dtype.Type{x87, quad, bf16, vaxF, odd, i16, dtype.Bool(), dtype.VarString(dtype.UTF8)}[next()%8], p
	}
	if depth > 3 || class%10 < 7 {
		return named([]string{"<f4", ">f8", "<f2", "i1", ">u2", "<i8", "<u4", ">u8", "<c8", ">c16"}[next()%10]), p
	}
	base, p := typeFrom(p, depth+1)
	switch class % 10 {
	case 7:
		n := uint32(class)%4 + 1
		return &dtype.Type{Class: dtype.Array, Size: base.Size * n, Base: base, Dims: []uint32{n}}, p
	case 8:
		return &dtype.Type{Class: dtype.Complex, Size: 2 * base.Size, Base: base}, p
	}
	other, p := typeFrom(p, depth+1)
	members := []dtype.Member{{Name: "a", Type: base}, {Name: "b", Offset: base.Size + uint32(class)/100, Type: other}}
	return &dtype.Type{Class: dtype.Compound, Size: members[1].Offset + other.Size, Members: members}, p
}

// FuzzConvert converts anything into anything: no panic, and no byte beyond
// the last element.
func FuzzConvert(f *testing.F) {
	f.Add([]byte{1, 3, 0, 0, 32, 31, 23, 8, 0, 23, 127, 0, 2, 0, 3, 1, 1, 0, 32, 0, 1, 2, 3, 4})
	f.Add([]byte{9, 0, 0, 0, 3, 0, 0, 0, 32, 0, 5, 0, 0, 1, 109, 0, 0, 5, 0, 0, 2, 2, 7, 0, 0, 9, 8, 7, 6, 5, 4})
	f.Add([]byte{4, 0, 0, 0, 4, 0, 0, 1, 255, 255, 0, 1})
	f.Fuzz(func(t *testing.T, p []byte) {
		from, p := typeFrom(p, 0)
		to, p := typeFrom(p, 0)
		c, err := New(from, to)
		if err != nil {
			return
		}
		const n = 3
		src := append(p[:min(len(p), n*int(from.Size))], make([]byte, n*int(from.Size))...)[:n*int(from.Size)]
		dst := bytes.Repeat([]byte{0xaa}, n*int(to.Size)+8)
		if err := c.Convert(dst, src, n); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(dst[n*int(to.Size):], bytes.Repeat([]byte{0xaa}, 8)) {
			t.Fatalf("%s into %s wrote beyond the last element", from, to)
		}
	})
}

// TestBothWays widens random numbers bit by bit and back.
func TestBothWays(t *testing.T) {
	pairs := [][2]*dtype.Type{{named("<f8"), quad}, {named(">f8"), x87}, {named("<f2"), bf16}, {named("<f4"), x87},
		{named("<i8"), i16}, {named(">u4"), i16}, {named("<i2"), odd}, {named("<f2"), named(">f4")}, {named("<i4"), named("<f8")}}
	rapid.Check(t, func(rt *rapid.T) {
		pair := rapid.SampledFrom(pairs).Draw(rt, "pair")
		if pair[1] == bf16 {
			pair[0] = bf16
			pair[1] = named("<f4")
		}
		src := rapid.SliceOfN(rapid.Byte(), int(pair[0].Size), int(pair[0].Size)).Draw(rt, "bytes")
		if v, err := pair[0].GetFloat64(src); err == nil && math.IsNaN(v) {
			return // a NaN stays one, but not bit by bit
		}
		wide, back := make([]byte, pair[1].Size), make([]byte, len(src))
		for _, step := range []struct {
			from, to *dtype.Type
			dst, src []byte
		}{{pair[0], pair[1], wide, src}, {pair[1], pair[0], back, wide}} {
			c, err := New(step.from, step.to)
			if err == nil {
				err = c.Convert(step.dst, step.src, 1)
			}
			if err != nil {
				rt.Fatal(err)
			}
		}
		if !bytes.Equal(src, back) {
			rt.Fatalf("%s into %s: %x came back as %x", pair[0], pair[1], src, back)
		}
	})
}

// TestLanesEqualBits holds the fast loops to the one that goes bit by bit.
func TestLanesEqualBits(t *testing.T) {
	all := []string{"i1", "u1", "<i2", ">u2", ">i4", "<u4", "<i8", ">u8", "<u8", ">f2", "<f4", ">f4", "<f8"}
	rapid.Check(t, func(rt *rapid.T) {
		from := named(rapid.SampledFrom(all).Draw(rt, "from"))
		to := named(rapid.SampledFrom(all).Draw(rt, "to"))
		f, _ := nativeOf(from)
		g, _ := nativeOf(to)
		src := rapid.SliceOfN(rapid.Byte(), int(from.Size), int(from.Size)).Draw(rt, "bytes")
		fast, slow := make([]byte, to.Size), make([]byte, to.Size)
		lanes(f, g)(fast, src, 1, len(fast), len(src))
		var x number
		x.load(from, src)
		x.store(to, slow)
		if x.kind == notNumber && to.Class == dtype.Float {
			v, err := to.GetFloat64(fast)
			if err != nil || v == v {
				rt.Fatalf("a NaN became %v, %v", v, err)
			}
			return
		}
		if !bytes.Equal(fast, slow) {
			rt.Fatalf("%s into %s: %x became %x, bit by bit %x", from, to, src, fast, slow)
		}
	})
}

func BenchmarkConvert(b *testing.B) {
	for _, pair := range [][2]string{{"<f4", "<f8"}, {">i2", "<f4"}, {"<i8", "<i8"}, {">f4", "<f4"}, {">i2", "<i2"}, {"<f8", "<f4"}, {"<i4", "u1"}, {"<f2", "<f4"}} {
		from, to := named(pair[0]), named(pair[1])
		const n = 64 << 10
		src, dst := make([]byte, n*int(from.Size)), make([]byte, n*int(to.Size))
		c, err := New(from, to)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(pair[0]+" to "+pair[1], func(b *testing.B) {
			b.SetBytes(n * int64(to.Size))
			for b.Loop() {
				if err := c.Convert(dst, src, n); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
