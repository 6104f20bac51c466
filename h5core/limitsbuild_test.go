package h5core_test

import (
	"encoding/binary"
	"testing"

	"github.com/h5serve/h5serve/h5core/internal/format"
	"github.com/h5serve/h5serve/h5core/internal/format/message"
	"github.com/h5serve/h5serve/h5core/internal/wire"
)

// Places in a built file: the root's header, that of its member "x", and room
// for what a case adds.
const (
	rootAt = 0x40
	xAt    = 0x400
	freeAt = 0x1000
)

// built is a small file, made structure by structure; nothing is checked.
type built struct {
	t    testing.TB
	data []byte
}

// bare is a message's body as bytes.
type bare []byte

func (b bare) Fields(c *wire.Codec) { p := []byte(b); c.Bytes("body", uint64(len(p)), &p) }

// put lays bytes or a structure at an address.
func (b *built) put(addr uint64, v any) *built {
	b.t.Helper()
	p, raw := v.([]byte)
	if s, ok := v.(wire.Structure); ok && !raw {
		var err error
		p, err = wire.Append(nil, wire.Default, s)
		must(b.t, err)
	}
	if need := int(addr) + len(p); need > len(b.data) {
		b.data = append(b.data, make([]byte, need-len(b.data))...)
	}
	copy(b.data[addr:], p)
	return b
}

// header lays a version 2 object header.
func (b *built) header(addr uint64, list ...format.Message) *built {
	b.t.Helper()
	size := uint64(0)
	for _, m := range list {
		size += 4 + uint64(m.Size)
	}
	return b.put(addr, &format.ObjectHeader{Version: 2, Flags: format.ChunkWidth(size), Chunk: size, Messages: list})
}

// of is a message of raw bytes.
func of(kind uint16, parts ...any) format.Message {
	p := cat(parts...)
	return format.Message{Type: kind, Size: uint16(len(p)), Body: bare(p)}
}

// cat joins numbers, little-endian, and bytes.
func cat(parts ...any) (p []byte) {
	for _, v := range parts {
		switch v := v.(type) {
		case []byte:
			p = append(p, v...)
		case string:
			p = append(p, v...)
		case int:
			p = append(p, byte(v))
		default:
			p, _ = binary.Append(p, binary.LittleEndian, v)
		}
	}
	return p
}

// build makes a file whose root has a member "x" of the given messages.
func build(t testing.TB, x ...format.Message) *built {
	t.Helper()
	b := &built{t: t, data: make([]byte, freeAt+0x1000)}
	b.header(rootAt,
		of(message.TypeLinkInfo, 0, 0, wire.Undefined, wire.Undefined),
		of(message.TypeGroupInfo, 0, 0),
		of(message.TypeLink, 1, 0, 1, "x", uint64(xAt)))
	return b.header(xAt, x...)
}

// file completes the superblock.
func (b *built) file() []byte {
	b.t.Helper()
	b.put(0, &format.Superblock{
		Version: 3, OffsetSize: 8, LengthSize: 8, Extension: wire.Undefined,
		EndOfFile: uint64(len(b.data)), RootHeader: rootAt,
	})
	return b.data
}

// Parts of datasets.
var (
	int64Type = of(message.TypeDatatype, 0x10, 8, 0, 0, uint32(8), uint16(0), uint16(64))
	oneSpace  = shape(1)
	freeBytes = contiguous(freeAt, 8)
)

func shape(dims ...uint64) format.Message {
	return of(message.TypeDataspace, 2, len(dims), 0, 1, cat8(dims))
}

func cat8(list []uint64) (p []byte) {
	for _, v := range list {
		p = append(p, cat(v)...)
	}
	return p
}

func contiguous(addr, size uint64) format.Message { return of(message.TypeLayout, 3, 1, addr, size) }

// chunked is a version 3 layout with a version 1 B-tree.
func chunked(addr uint64, dims ...uint32) format.Message {
	p := cat(3, 2, len(dims), addr)
	for _, n := range dims {
		p = append(p, cat(n)...)
	}
	return of(message.TypeLayout, p)
}

// tree is a leaf or inner node of a version 1 B-tree of chunks of rank 1: each
// child has a stored size, a mask and an offset.
func tree(level int, children ...[4]uint64) []byte {
	p := cat("TREE", 1, level, uint16(len(children)), wire.Undefined, wire.Undefined)
	for _, c := range children {
		p = append(p, cat(uint32(c[0]), uint32(c[1]), c[2], uint64(0), c[3])...)
	}
	return append(p, cat(uint32(0), uint32(0), uint64(1<<40), uint64(0))...)
}
