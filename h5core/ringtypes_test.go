package h5core_test

import (
	"fmt"

	"pgregory.net/rapid"

	"github.com/h5serve/h5serve/h5core/dtype"
)

// drawType draws any type that the writer knows, at most so deep.
func drawType(r *rapid.T, depth int) *dtype.Type {
	if depth > 0 {
		switch rapid.IntRange(0, 9).Draw(r, "nesting") {
		case 0:
			return dtype.Must(dtype.ArrayOf(drawType(r, depth-1), drawDims(r)...))
		case 1:
			return dtype.Must(dtype.VarLenOf(drawType(r, depth-1)))
		case 2, 3:
			return drawCompound(r, depth)
		}
	}
	return drawPlain(r)
}

func drawDims(r *rapid.T) []uint32 {
	return rapid.SliceOfN(rapid.Uint32Range(1, 3), 1, 3).Draw(r, "dims")
}

// drawCompound draws members with gaps between them and behind.
func drawCompound(r *rapid.T, depth int) *dtype.Type {
	var members []dtype.Member
	at := uint32(0)
	for i := range rapid.IntRange(1, 4).Draw(r, "members") {
		at += rapid.Uint32Range(0, 5).Draw(r, "gap")
		t := drawType(r, depth-1)
		members = append(members, dtype.Member{Name: fmt.Sprint("m ", i, "é"), Offset: at, Type: t})
		at += t.Size
	}
	return dtype.Must(dtype.CompoundOf(at+rapid.Uint32Range(0, 5).Draw(r, "tail"), members...))
}

func drawPlain(r *rapid.T) *dtype.Type {
	order := rapid.SampledFrom([]dtype.Order{dtype.LittleEndian, dtype.BigEndian}).Draw(r, "order")
	set := rapid.SampledFrom([]dtype.CharSet{dtype.ASCII, dtype.UTF8}).Draw(r, "character set")
	switch rapid.IntRange(0, 13).Draw(r, "plain type") {
	case 0, 1:
		return drawInt(r, order)
	case 2:
		return dtype.Float16(order)
	case 3:
		return dtype.Float32(order)
	case 4:
		return dtype.Float64(order)
	case 5:
		padding := rapid.SampledFrom([]dtype.Padding{dtype.NullTerm, dtype.NullPad, dtype.SpacePad}).Draw(r, "padding")
		return dtype.Must(dtype.FixedString(rapid.Uint32Range(1, 20).Draw(r, "length"), set, padding))
	case 6:
		return dtype.VarString(set)
	case 7:
		return dtype.Bool()
	case 8:
		base := drawInt(r, order)
		return dtype.Must(dtype.EnumOf(base, []string{"ONE", "zwei", "drei ß"}, []int64{1, 2, 0}))
	case 9:
		tag := rapid.SampledFrom([]string{"", "a tag", "NUMPY:<M8[s]"}).Draw(r, "tag")
		return dtype.Must(dtype.OpaqueOf(rapid.Uint32Range(1, 30).Draw(r, "bytes"), tag))
	case 10:
		size := rapid.SampledFrom([]uint32{4, 8, 16}).Draw(r, "size")
		make := rapid.SampledFrom([]func(uint32, dtype.Order) (*dtype.Type, error){dtype.ComplexOf, dtype.NativeComplex}).Draw(r, "kind")
		return dtype.Must(make(size, order))
	case 11:
		return dtype.ObjectReference()
	case 12:
		return dtype.RegionReference()
	}
	t := &dtype.Type{Class: dtype.Bitfield, Size: 2, Order: order, Precision: 11, BitOffset: 3}
	return dtype.Must(t, t.Validate())
}

// drawInt draws integers of which some do not use all of their bits.
func drawInt(r *rapid.T, order dtype.Order) *dtype.Type {
	size := rapid.SampledFrom([]uint32{1, 2, 4, 8}).Draw(r, "size")
	t := *dtype.Must(dtype.Int(size, rapid.Bool().Draw(r, "signed"), order))
	if rapid.IntRange(0, 4).Draw(r, "bits") == 0 {
		t.BitOffset, t.Precision = 1, uint16(8*size-3)
	}
	return dtype.Must(&t, t.Validate())
}
