package walk

import (
	"context"
	"encoding/binary"
	"slices"

	"github.com/h5serve/h5serve/h5core/internal/format"
	"github.com/h5serve/h5serve/h5core/internal/wire"
	"github.com/h5serve/h5serve/h5core/vfd"
)

// Tree2 is a version 2 B-tree. It is safe for concurrent use.
type Tree2 struct {
	Addr   uint64
	Header format.BTree2
	src    Source
}

// OpenTree2 reads a tree's header. It must be of one of the types.
func OpenTree2(ctx context.Context, src Source, addr uint64, types ...uint8) (*Tree2, error) {
	t := &Tree2{Addr: addr, src: src}
	const name = "version 2 B-tree header"
	geo := src.Geometry()
	size := 22 + uint64(geo.OffsetSize) + uint64(geo.LengthSize)
	p, err := fetchOne(ctx, src, vfd.BTree, name, Span{addr, size})
	if err != nil {
		return nil, err
	}
	if _, err := wire.Decode(p, geo, addr, &t.Header); err != nil {
		return nil, err
	}
	if !slices.Contains(types, t.Header.Type) {
		return nil, Fault(name, "type", addr+5, "%d is not one of %v", t.Header.Type, types)
	}
	return t, nil
}

// piece is a record, or a node whose records come in its place.
type piece struct {
	record  []byte
	addr    uint64
	records uint64
}

// Records yields the tree's records in order. want, where it is not nil, tells
// whether records between two others (nil = none) are of interest; others may
// come too. Records are valid during the call only.
func (t *Tree2) Records(ctx context.Context, want func(after, before []byte) bool, yield func(record []byte) bool) error {
	if t.Header.RootRecords == 0 || t.Header.Root == wire.Undefined {
		return nil
	}
	root := piece{addr: t.Header.Root, records: uint64(t.Header.RootRecords)}
	_, err := t.below(ctx, visited{}, []piece{root}, int(t.Header.Depth), want, yield)
	return err
}

// below yields what pieces stand for; all nodes among them are of one level.
func (t *Tree2) below(ctx context.Context, seen visited, pieces []piece, level int,
	want func(after, before []byte) bool, yield func([]byte) bool,
) (bool, error) {
	if level < 0 {
		for _, p := range pieces {
			if !yield(p.record) {
				return false, nil
			}
		}
		return true, nil
	}
	for len(pieces) > 0 {
		n := Wave(pieces, func(p piece) uint64 {
			if p.record != nil {
				return 0
			}
			return t.nodeSize(p)
		})
		inner, err := t.open(ctx, seen, pieces[:n], level, want)
		if err != nil {
			return false, err
		}
		if more, err := t.below(ctx, seen, inner, level-1, want, yield); err != nil || !more {
			return false, err
		}
		pieces = pieces[n:]
	}
	return true, nil
}

// nodeSize is what has to be read of a node: all of it, or less where the file
// ends before.
func (t *Tree2) nodeSize(p piece) uint64 {
	return min(uint64(t.Header.NodeSize), max(room(t.src, p.addr), 1))
}

// open puts what nodes hold in their place.
func (t *Tree2) open(ctx context.Context, seen visited, pieces []piece, level int, want func(after, before []byte) bool) ([]piece, error) {
	var closed []piece
	for _, p := range pieces {
		if p.record != nil {
			continue
		}
		if err := seen.enter(nameTree2, p.addr); err == nil {
			closed = append(closed, p)
		} else if !Tolerated(ctx, err) {
			return nil, err
		}
	}
	nodes, err := Apart(ctx, closed, func(list []piece) ([]*format.BTree2Node, error) { return t.nodes(ctx, list, level) })
	if err != nil {
		return nil, err
	}
	var out []piece
	for _, p := range pieces {
		if p.record != nil {
			out = append(out, p)
			continue
		}
		if len(closed) == 0 || closed[0].addr != p.addr {
			continue // tolerated above
		}
		if nodes[0] != nil {
			out = expand(out, nodes[0], want)
		}
		closed, nodes = closed[1:], nodes[1:]
	}
	return out, nil
}

const nameTree2 = "version 2 B-tree node"

func (t *Tree2) nodes(ctx context.Context, list []piece, level int) ([]*format.BTree2Node, error) {
	spans := make([]Span, len(list))
	for i, p := range list {
		spans[i] = Span{p.addr, t.nodeSize(p)}
	}
	got, err := Read(ctx, t.src, vfd.BTree, nameTree2, spans)
	if err != nil {
		return nil, err
	}
	nodes := make([]*format.BTree2Node, len(list))
	for i, p := range list {
		nodes[i] = &format.BTree2Node{Tree: &t.Header, Level: level, Count: int(min(p.records, 1<<31))}
		if _, err := wire.Decode(got[i], t.src.Geometry(), p.addr, nodes[i]); err != nil {
			return nil, err
		}
	}
	return nodes, nil
}

// expand appends a node's records, and between them its children.
func expand(out []piece, n *format.BTree2Node, want func(after, before []byte) bool) []piece {
	for i := range n.Count + 1 {
		if n.Level > 0 {
			var after, before []byte
			if i > 0 {
				after = n.Records[i-1]
			}
			if i < n.Count {
				before = n.Records[i]
			}
			if c := n.Children[i]; want == nil || want(after, before) {
				out = append(out, piece{addr: c.Addr, records: c.Records})
			}
		}
		if i < n.Count {
			out = append(out, piece{record: n.Records[i]})
		}
	}
	return out
}

// Hashed yields the records of a hash in a tree of links, attributes or shared
// messages by name (types 5, 7 and 8).
func (t *Tree2) Hashed(ctx context.Context, hash uint32, yield func(record []byte) bool) error {
	at, ok := map[uint8]int{format.LinkNames: 0, format.SharedMessageHashes: 1, format.AttributeNames: 13}[t.Header.Type]
	if !ok || at+4 > int(t.Header.RecordSize) {
		return Fault("version 2 B-tree header", "record size", t.Addr, "%d bytes of type %d hold no hash", t.Header.RecordSize, t.Header.Type)
	}
	of := func(record []byte) uint32 { return binary.LittleEndian.Uint32(record[at:]) }
	want := func(after, before []byte) bool {
		return (after == nil || of(after) <= hash) && (before == nil || of(before) >= hash)
	}
	return t.Records(ctx, want, func(record []byte) bool {
		return of(record) != hash || yield(record)
	})
}
