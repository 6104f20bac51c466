package h5core_test

import (
	"bytes"
	"compress/zlib"
	"fmt"
	"slices"
	"testing"

	"github.com/h5serve/h5serve/h5core"
	"github.com/h5serve/h5serve/h5core/internal/format/message"
	"github.com/h5serve/h5serve/h5core/internal/wire"
)

// stored is where the chunks of the cases lie, each 64 bytes behind the last.
const stored = freeAt + 0x800

func chunkShapes(t *testing.T) []hostile {
	with := func(dims ...uint32) []byte {
		return build(t, int64Type, oneSpace, chunked(freeAt, dims...)).put(freeAt, tree(0, [4]uint64{8, 0, 0, stored})).file()
	}
	return []hostile{
		{"as it is", with(1, 8), nil, ""},
		{"an axis too many", with(1, 1, 8), h5core.ErrDamaged, "dimensionality"},
		{"an axis too few", with(8), h5core.ErrDamaged, "dimensionality"},
		{"an axis of 0", with(0, 8), h5core.ErrDamaged, "dimension size"},
		{"4 GiB and more", with(1<<32-1, 8), h5core.ErrUnsupported, "4 GiB"},
		{"elements of 4 bytes", with(1, 4), h5core.ErrDamaged, "dimension size"},
	}
}

func chunkTrees(t *testing.T) []hostile {
	with := func(p []byte) []byte {
		return build(t, int64Type, shape(2), chunked(freeAt, 1, 8)).put(freeAt, p).file()
	}
	one, two := [4]uint64{8, 0, 0, stored}, [4]uint64{8, 0, 1, stored + 64}
	name := "version 1 B-tree node"
	return []hostile{
		{"two chunks", with(tree(0, one, two)), nil, ""},
		{"keys out of order", with(tree(0, two, one)), nil, ""},
		{"the same chunk twice", with(tree(0, one, one)), nil, ""},
		{"outside the extent", with(tree(0, one, [4]uint64{8, 0, 1 << 30, stored})), nil, ""},
		{"below itself", with(tree(1, [4]uint64{8, 0, 0, freeAt})), h5core.ErrDamaged, name},
		{"63 levels above itself", with(tree(63, [4]uint64{8, 0, 0, freeAt})), h5core.ErrDamaged, name},
		{"64 levels", with(tree(64, one)), h5core.ErrDamaged, "node level"},
		{"255 levels", with(tree(255, one)), h5core.ErrDamaged, "node level"},
		{"65,535 children without bytes", with(set(tree(0, one), 6, 0xff, 0xff)), h5core.ErrDamaged, name},
		{"a child past the end", with(tree(1, [4]uint64{8, 0, 0, 1 << 40})), h5core.ErrDamaged, name},
		{"a tree of a group", with(set(tree(0, one), 4, 0)), h5core.ErrDamaged, "node type"},
	}
}

func sharedChunks(t *testing.T) []hostile {
	with := func(addr uint64) []byte {
		return build(t, int64Type, shape(2), chunked(freeAt, 1, 8)).
			put(freeAt, tree(0, [4]uint64{8, 0, 0, addr}, [4]uint64{8, 0, 1, addr})).file()
	}
	return []hostile{{"two of them", with(stored), nil, ""}, {"on metadata", with(rootAt), nil, ""}}
}

// deflated is a dataset of one deflated chunk of so many elements.
func deflated(t *testing.T, elements uint64, p []byte, size, addr uint64, mask uint32, filters ...any) []byte {
	if filters == nil {
		filters = []any{2, 1, uint16(1), uint16(0), uint16(1), uint32(6)}
	}
	return build(t, int64Type, shape(elements), chunked(freeAt, uint32(elements), 8), of(message.TypeFilters, filters...)).
		put(freeAt, tree(0, [4]uint64{size, uint64(mask), 0, addr})).put(stored, p).file()
}

func zipped(n int) []byte {
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	_, _ = w.Write(make([]byte, n)) // a Buffer takes all
	_ = w.Close()
	return b.Bytes()
}

func storedSizes(t *testing.T) []hostile {
	p := zipped(8)
	with := func(size, addr uint64) []byte { return deflated(t, 1, p, size, addr, 0) }
	return []hostile{
		{"as it is", with(uint64(len(p)), stored), nil, ""},
		{"0", with(0, stored), h5core.ErrDamaged, "chunk"},
		{"2^32 - 1", with(1<<32-1, stored), h5core.ErrDamaged, ""},
		{"past the end", with(uint64(len(p)), 1<<40), h5core.ErrDamaged, ""},
	}
}

func bombs(t *testing.T) []hostile {
	p := zipped(1 << 20)
	const most = 32 << 20 // elements: a chunk of the most that one read may bring
	return []hostile{
		{"1 MiB", deflated(t, 1<<17, p, uint64(len(p)), stored, 0), nil, ""},
		{"256 MiB that cannot come out", deflated(t, most, p, uint64(len(p)), stored, 0), h5core.ErrDamaged, "chunk"},
		{"over the limit", deflated(t, most+1, p, uint64(len(p)), stored, 0), h5core.ErrTooLarge, "limit"},
		{"more than a chunk", deflated(t, 1, p, uint64(len(p)), stored, 0), h5core.ErrDamaged, "chunk"},
	}
}

func otherSizes(t *testing.T) []hostile {
	with := func(p []byte) []byte { return deflated(t, 2, p, uint64(len(p)), stored, 0) }
	p := zipped(16)
	spoiled := set(p, len(p)-1, p[len(p)-1]^1)
	return []hostile{
		{"as it is", with(p), nil, ""},
		{"15 of 16 bytes", with(zipped(15)), h5core.ErrDamaged, "chunk"},
		{"17 of 16 bytes", with(zipped(17)), h5core.ErrDamaged, "chunk"},
		{"checksum", with(spoiled), h5core.ErrDamaged, "checksum"},
		{"cut", with(p[:len(p)-6]), h5core.ErrDamaged, "deflate"},
		{"with a dictionary", with(set(p, 0, 0x78, 0xbb)), h5core.ErrDamaged, "deflate"},
	}
}

func pipelines(t *testing.T) []hostile {
	many := func(n int) []any {
		return append([]any{2, n}, bytes.Repeat(cat(uint16(2), uint16(0), uint16(1), uint32(8)), n))
	}
	unknown := func(flags uint16) []any { return []any{2, 1, uint16(40000), uint16(2), flags, uint16(0), "u\x00"} }
	raw := make([]byte, 8)
	with := func(mask uint32, parts ...any) []byte { return deflated(t, 1, raw, 8, stored, mask, parts...) }
	return []hostile{
		{"32 times one filter", with(0, many(32)...), nil, ""},
		{"33 filters", with(0, many(33)...), h5core.ErrDamaged, "number of filters"},
		{"255 filters", with(0, many(255)...), h5core.ErrDamaged, "number of filters"},
		{"65,535 parameters without bytes", with(0, 2, 1, uint16(2), uint16(0), uint16(65535)), h5core.ErrDamaged, "filter"},
		{"unknown", with(0, unknown(0)...), h5core.ErrUnsupported, "u"},
		{"unknown and optional", with(0, unknown(1)...), h5core.ErrUnsupported, "u"},
		{"unknown and left out", with(1, unknown(1)...), nil, ""},
	}
}

func masks(t *testing.T) (list []hostile) {
	both := []any{2, 2, uint16(2), uint16(0), uint16(1), uint32(8), uint16(1), uint16(0), uint16(1), uint32(6)}
	for mask, p := range map[uint32][]byte{0: zipped(8), 1: zipped(8), 2: make([]byte, 8), 3: make([]byte, 8), 0xfffffffc: zipped(8)} {
		list = append(list, hostile{fmt.Sprintf("%#x", mask), deflated(t, 1, p, uint64(len(p)), stored, mask, both...), nil, ""})
	}
	return list
}

func impossibleFilters(t *testing.T) []hostile {
	with := func(id uint16, params ...uint32) []byte {
		parts := []any{2, 1, id, uint16(0), uint16(len(params))}
		for _, p := range params {
			parts = append(parts, p)
		}
		return deflated(t, 1, bytes.Repeat([]byte{0xff}, 64), 64, stored, 0, parts...)
	}
	return []hostile{
		{"szip without parameters", with(4), h5core.ErrDamaged, "szip"},
		{"szip of 0 bits", with(4, 141, 32, 0, 0), h5core.ErrDamaged, "szip"},
		{"n-bit without parameters", with(5), h5core.ErrDamaged, "nbit"},
		{"n-bit of 65 bits", with(5, 8, 0, 1, 1, 8, 0, 65, 0), h5core.ErrDamaged, "nbit"},
		{"scale-offset without parameters", with(6), h5core.ErrDamaged, "scaleoffset"},
		{"scale-offset of absurd ones", with(6, slices.Repeat([]uint32{1<<32 - 1}, 20)...), h5core.ErrDamaged, "scaleoffset"},
		{"fletcher32 of 3 bytes", deflated(t, 1, []byte{1, 2, 3}, 3, stored, 0, 2, 1, uint16(3), uint16(0), uint16(0)), h5core.ErrDamaged, "fletcher32"},
	}
}

// texts is a dataset of strings that are descriptors, and a collection.
func texts(t *testing.T, descriptors, collection []byte) []byte {
	kind := of(message.TypeDatatype, 0x19, 1, 0, 0, uint32(16), 0x13, 0, 0, 0, uint32(1))
	n := uint64(len(descriptors) / 16)
	at := freeAt + uint64(len(collection)+15)/16*16 + 0x1000
	return build(t, kind, shape(n), contiguous(at, 16*n)).put(freeAt, collection).put(at, descriptors).file()
}

func collection(size uint64, index uint16, length uint64, data []byte) []byte {
	p := cat("GCOL", 1, 0, 0, 0, size, index, uint16(0), uint32(0), length, data)
	return append(p, make([]byte, max(0, 4096-len(p)))...)
}

func descriptor(n uint32, index uint32) []byte { return cat(n, uint64(freeAt), index) }

func globalHeaps(t *testing.T) []hostile {
	five := []byte("fives\x00\x00\x00")
	sound := collection(4096, 1, 5, five)
	return []hostile{
		{"as it is", texts(t, descriptor(5, 1), sound), nil, ""},
		{"null", texts(t, cat(uint32(0), wire.Undefined, uint32(0)), sound), nil, ""},
		{"object 0", texts(t, descriptor(5, 0), sound), h5core.ErrDamaged, "variable-length"},
		{"no such object", texts(t, descriptor(5, 2), sound), h5core.ErrDamaged, "global heap"},
		{"longer than the object", texts(t, descriptor(6, 1), sound), h5core.ErrDamaged, ""},
		{"2^32 - 1 bytes of it", texts(t, descriptor(1<<32-1, 1), sound), h5core.ErrDamaged, ""},
		{"object past its collection", texts(t, descriptor(5, 1), collection(4096, 1, 5000, five)), h5core.ErrDamaged, "global heap"},
		{"object of 2^64 - 1 bytes", texts(t, descriptor(5, 1), collection(4096, 1, wire.Undefined, five)), h5core.ErrDamaged, "global heap"},
		{"collection of 0 bytes", texts(t, descriptor(5, 1), collection(0, 1, 5, five)), h5core.ErrDamaged, "global heap"},
		{"collection past the end", texts(t, descriptor(5, 1), collection(1<<40, 1, 5, five)), h5core.ErrDamaged, "global heap"},
		{"no collection there", texts(t, descriptor(5, 1), make([]byte, 4096)), h5core.ErrDamaged, "global heap"},
	}
}

func sharedStrings(t *testing.T) []hostile {
	const length = 60_000
	p := collection(16+16+length, 1, length, make([]byte, length))
	return []hostile{
		{"1,000 times 60,000 bytes", texts(t, bytes.Repeat(descriptor(length, 1), 1000), p), nil, ""},
		{"100,000 times 60,000 bytes", texts(t, bytes.Repeat(descriptor(length, 1), 100_000), p), h5core.ErrTooLarge, ""},
	}
}
