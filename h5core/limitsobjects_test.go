package h5core_test

import (
	"bytes"
	"fmt"
	"slices"
	"testing"

	"github.com/h5serve/h5serve/h5core"
	"github.com/h5serve/h5serve/h5core/internal/format"
	"github.com/h5serve/h5serve/h5core/internal/format/message"
	"github.com/h5serve/h5serve/h5core/internal/wire"
)

func headers(t *testing.T) []hostile {
	raw := func(body []byte) []byte {
		head := cat("OHDR", 2, 2, uint32(len(body)), body)
		return build(t).put(xAt, append(head, cat(wire.Lookup3(head, 0))...)).file()
	}
	to := func(addr, length uint64) []byte {
		return build(t, int64Type, oneSpace, freeBytes, of(message.TypeContinuation, addr, length)).file()
	}
	return []hostile{
		{"message past its chunk", raw(cat(1, uint16(0xffff), 0, 1, 2, 3)), h5core.ErrDamaged, "object header"},
		{"messages of no size", raw(bytes.Repeat(cat(0, uint16(0), 0), 5000)), h5core.ErrDamaged, "object header"},
		{"continuation to itself", to(xAt, 64), h5core.ErrDamaged, "here before"},
		{"continuation to another header", to(rootAt, 64), h5core.ErrDamaged, "object header continuation"},
		{"continuation past the end", to(1<<40, 64), h5core.ErrDamaged, "object header continuation"},
		{"continuation of no size", to(freeAt, 0), h5core.ErrDamaged, "object header continuation"},
		{"1,023 continuations", chain(t, 1023), nil, ""},
		{"1,024 continuations", chain(t, 1024), h5core.ErrDamaged, "more than 1024"},
		{"100,000 continuations", chain(t, 100_000), h5core.ErrDamaged, "more than 1024"},
	}
}

// chain is a header with n continuations, each leading to the next.
func chain(t *testing.T, n int) []byte {
	const size = 4 + 4 + 16 + 4
	at := func(i int) uint64 { return 0x2000 + uint64(i)*size }
	b := build(t, int64Type, oneSpace, freeBytes, of(message.TypeContinuation, at(0), uint64(size)))
	b.put(at(n), []byte{0})
	for i := range n {
		m := of(message.TypeContinuation, at(i+1), uint64(size))
		if i == n-1 {
			m = of(message.TypeNil, make([]byte, 16))
		}
		b.put(at(i), &format.ObjectContinuation{Version: 2, Length: size, Messages: []format.Message{m}})
	}
	return b.file()
}

func sharedMessages(t *testing.T) []hostile {
	shared := func(parts ...any) format.Message {
		m := of(message.TypeDatatype, parts...)
		m.Flags = message.Shared
		return m
	}
	to := func(addr uint64, there ...format.Message) []byte {
		return build(t, shared(3, 2, addr), oneSpace, freeBytes).header(freeAt+8, there...).file()
	}
	return []hostile{
		{"a committed type", to(freeAt+8, int64Type), nil, ""},
		{"to itself", to(freeAt+8, shared(3, 2, uint64(freeAt+8))), h5core.ErrDamaged, "shared message"},
		{"to a header without one", to(freeAt+8, oneSpace), h5core.ErrDamaged, "shared message"},
		{"past the end", to(1 << 40), h5core.ErrDamaged, "object header"},
		{"to a heap that is not there", build(t, shared(3, 1, uint64(0)), oneSpace, freeBytes).file(), h5core.ErrDamaged, "shared message"},
		{"of an unknown kind", build(t, shared(3, 9, uint64(0)), oneSpace, freeBytes).file(), h5core.ErrDamaged, "shared message"},
	}
}

func dataspaces(t *testing.T) []hostile {
	with := func(m format.Message) []byte { return build(t, int64Type, m, freeBytes).file() }
	ones := slices.Repeat([]uint64{1}, 255)
	space := func(parts ...any) []byte { return with(of(message.TypeDataspace, parts...)) }
	return []hostile{
		{"rank 32", with(shape(ones[:32]...)), nil, ""},
		{"rank 33", with(shape(ones[:33]...)), h5core.ErrDamaged, "dimensionality"},
		{"rank 255", with(shape(ones...)), h5core.ErrDamaged, "dimensionality"},
		{"rank 255 without sizes", space(2, 255, 0, 1), h5core.ErrDamaged, "dataspace"},
		{"product of 2^64", with(shape(1<<32, 1<<32)), h5core.ErrDamaged, ""},
		{"above its maximum", space(2, 1, 1, 1, uint64(2), uint64(1)), h5core.ErrDamaged, "maximum"},
		{"scalar with dimensions", space(2, 1, 0, 0, uint64(1)), h5core.ErrDamaged, "dataspace"},
		{"kind 3", space(2, 0, 0, 3), h5core.ErrDamaged, "dataspace"},
	}
}

func withoutStorage(t *testing.T) []hostile {
	none := contiguous(wire.Undefined, 0)
	return []hostile{
		{"256 MiB", build(t, int64Type, shape(1<<25), none).file(), nil, ""},
		{"256 MiB and 8", build(t, int64Type, shape(1<<25+1), none).file(), h5core.ErrTooLarge, "the limit"},
		{"2^61 bytes", build(t, int64Type, shape(1<<58), none).file(), h5core.ErrTooLarge, "288230376151711744"},
	}
}

func datatypes(t *testing.T) []hostile {
	with := func(parts ...any) []byte {
		return build(t, of(message.TypeDatatype, parts...), oneSpace, freeBytes).file()
	}
	nested := func(n int) (p []byte) {
		for range n {
			p = append(p, cat(0x3a, 0, 0, 0, uint32(8), 1, uint32(1))...)
		}
		return append(p, cat(0x10, 8, 0, 0, uint32(8), uint16(0), uint16(64))...)
	}
	return []hostile{
		{"size 0", with(0x10, 8, 0, 0, uint32(0), uint16(0), uint16(0)), h5core.ErrDamaged, "datatype"},
		{"class 13", with(0x1d, 0, 0, 0, uint32(8)), h5core.ErrDamaged, "class 13"},
		{"class 15", with(0x1f, 0, 0, 0, uint32(8)), h5core.ErrDamaged, "class 15"},
		{"version 0", with(0x00, 0, 0, 0, uint32(8), uint16(0), uint16(64)), h5core.ErrDamaged, "version 0"},
		{"arrays 31 deep", with(nested(31)), nil, ""},
		{"arrays 33 deep", with(nested(33)), h5core.ErrDamaged, "nest deeper"},
		{"arrays 3,000 deep", with(nested(3000)), h5core.ErrDamaged, "nest deeper"},
		{"array of 2^124 elements", with(0x3a, 0, 0, 0, uint32(8), 4, bytes.Repeat([]byte{0, 0, 0, 0x80}, 4), nested(0)), h5core.ErrDamaged, "datatype"},
		{"65,535 members without bytes", with(0x36, 0xff, 0xff, 0, uint32(8)), h5core.ErrDamaged, "datatype"},
		{"no members", with(0x36, 0, 0, 0, uint32(8)), h5core.ErrDamaged, "datatype"},
		{"name without an end", with(0x36, 1, 0, 0, uint32(8), "nnnnnnnn"), h5core.ErrDamaged, "datatype"},
		{"member outside", with(0x36, 1, 0, 0, uint32(8), "n\x00", 4, nested(0)), h5core.ErrDamaged, ""},
		{"enumeration without a base", with(0x38, 1, 0, 0, uint32(8)), h5core.ErrDamaged, "datatype"},
	}
}

func bitsOutside(t *testing.T) []hostile {
	integer := func(offset, precision uint16) []byte {
		return build(t, of(message.TypeDatatype, 0x10, 8, 0, 0, uint32(8), offset, precision), oneSpace, freeBytes).file()
	}
	float := func(sign, exponent, exponents, mantissa, mantissas int) []byte {
		return build(t, of(message.TypeDatatype, 0x11, 0x20, sign, 0, uint32(8), uint16(0), uint16(64),
			exponent, exponents, mantissa, mantissas, uint32(1023)), oneSpace, freeBytes).file()
	}
	return []hostile{
		{"64 bits", integer(0, 64), nil, ""},
		{"65 bits", integer(0, 65), h5core.ErrDamaged, ""},
		{"64 bits from bit 1 on", integer(1, 64), h5core.ErrDamaged, ""},
		{"65,535 bits", integer(65535, 65535), h5core.ErrDamaged, ""},
		{"a double", float(63, 52, 11, 0, 52), nil, ""},
		{"its sign", float(64, 52, 11, 0, 52), h5core.ErrDamaged, ""},
		{"its exponent", float(63, 62, 11, 0, 52), h5core.ErrDamaged, ""},
		{"its mantissa", float(63, 52, 11, 60, 52), h5core.ErrDamaged, ""},
	}
}

func longStrings(t *testing.T) []hostile {
	text := func(size uint32) []byte {
		return build(t, of(message.TypeDatatype, 0x13, 0, 0, 0, size), oneSpace, contiguous(wire.Undefined, 0)).file()
	}
	return []hostile{
		{"256 MiB", text(256 << 20), nil, ""},
		{"256 MiB and 1", text(256<<20 + 1), h5core.ErrTooLarge, "the limit"},
		{"2 GiB - 1", text(1<<31 - 1), h5core.ErrTooLarge, "the limit"},
	}
}

func fillsAndLayouts(t *testing.T) []hostile {
	with := func(list ...format.Message) []byte { return build(t, append(list, int64Type, oneSpace)...).file() }
	fill := func(size uint32, n int) format.Message {
		return of(message.TypeFillValue, 3, 0x20, size, make([]byte, n))
	}
	end := uint64(freeAt + 0x1000)
	return []hostile{
		{"fill value", with(freeBytes, fill(8, 8)), nil, ""},
		{"fill value of 9 bytes", with(freeBytes, fill(9, 9)), h5core.ErrDamaged, "fill value"},
		{"fill value of 2^32 - 1 bytes", with(freeBytes, fill(1<<32-1, 8)), h5core.ErrDamaged, "fill value"},
		{"layout of class 4", with(of(message.TypeLayout, 3, 4, make([]byte, 40))), h5core.ErrDamaged, "layout class"},
		{"layout of version 9", with(of(message.TypeLayout, 9, 1, make([]byte, 40))), h5core.ErrDamaged, "version"},
		{"no layout", with(), h5core.ErrDamaged, "data layout"},
		{"compact", with(of(message.TypeLayout, 3, 0, uint16(8), make([]byte, 8))), nil, ""},
		{"compact, too short", with(of(message.TypeLayout, 3, 0, uint16(7), make([]byte, 7))), h5core.ErrDamaged, "data layout"},
		{"compact, without its bytes", with(of(message.TypeLayout, 3, 0, uint16(1000), make([]byte, 8))), h5core.ErrDamaged, "data layout"},
		{"contiguous to the end", with(contiguous(end-8, 8)), nil, ""},
		{"contiguous past the end", with(contiguous(end-7, 8)), h5core.ErrDamaged, "address"},
		{"contiguous at the end of addresses", with(contiguous(wire.Undefined-4, 8)), h5core.ErrDamaged, "address"},
	}
}

func references(t *testing.T) (list []hostile) {
	for name, addr := range map[string]uint64{"null": 0, "past the end": 1 << 40, "nothing there": freeAt, "undefined": wire.Undefined} {
		b := build(t, of(message.TypeDatatype, 0x17, 0, 0, 0, uint32(8)), oneSpace, contiguous(freeAt+0x100, 8))
		list = append(list, hostile{name, b.put(freeAt+0x100, cat(addr)).file(), nil, ""})
	}
	return list
}

func userBlocks(t *testing.T) (list []hostile) {
	for _, size := range []int{512, 1 << 20} {
		list = append(list, hostile{fmt.Sprint(size), append(make([]byte, size), good(t)...), nil, ""})
	}
	return append(list, hostile{"base of 2^62", resum(set(good(t), 12, cat(uint64(1)<<62)...), 44), h5core.ErrDamaged, "truncated"})
}

// extended is a good file with an extension of its superblock.
func extended(t *testing.T, list ...format.Message) []byte {
	b := build(t, int64Type, oneSpace, freeBytes).header(freeAt+0x100, list...)
	return resum(set(b.file(), 20, cat(uint64(freeAt+0x100))...), 44)
}

func extensions(t *testing.T) []hostile {
	driver := func(name string) format.Message {
		return of(message.TypeDriverInfo, 0, name, uint16(8), make([]byte, 8))
	}
	return []hostile{
		{"no cache image", extended(t, of(message.TypeCacheImage, 0, wire.Undefined, uint64(0))), nil, ""},
		{"cache image past the end", extended(t, of(message.TypeCacheImage, 0, uint64(1)<<40, uint64(100))), h5core.ErrDamaged, "cache image"},
		{"cache image of other bytes", extended(t, of(message.TypeCacheImage, 0, uint64(freeAt), uint64(100))), h5core.ErrDamaged, "cache image"},
		{"unknown driver", extended(t, driver("whatever")), nil, ""},
		{"one of a family", extended(t, driver("NCSAfami")), h5core.ErrUnsupported, "family"},
	}
}

func pageSizes(t *testing.T) (list []hostile) {
	for _, size := range []uint64{0, 1, 512, 1 << 40, wire.Undefined} {
		m := of(message.TypeFileSpace, 1, 1, 1, uint64(1), size, uint16(0), wire.Undefined, bytes.Repeat([]byte{0xff}, 96))
		list = append(list, hostile{fmt.Sprint(size), extended(t, m), nil, ""})
	}
	return list
}

func twoSuperblocks(t *testing.T) []hostile {
	p := good(t)
	return []hostile{
		{"the first counts", append(p, p...), nil, ""},
		{"another at 512 that is cut", set(p, 512, []byte(format.Signature)...), nil, ""},
	}
}
