package piece

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"sync"

	"github.com/h5serve/h5serve/h5core/internal/format"
	"github.com/h5serve/h5serve/h5core/internal/wire"
	"github.com/h5serve/h5serve/h5core/vfd"
)

// collectionTarget is how large a collection grows before the next begins:
// one request from afar brings it whole.
const collectionTarget = 64 << 10

// GlobalHeap builds the collections of variable-length values. A value's token
// is the offset of its collection from the heap's start, so that its address
// is the heap's place plus the token. The bytes lie in the file's memory.
// Values that lead on, to others or to objects, have Links: their addresses
// are filled in by Settle, when all places are known.
type GlobalHeap struct {
	Base
	memory *vfd.Memory

	mu      sync.Mutex
	open    []byte   // the collection being filled: its header's room, then objects
	objects int      // in it
	extents []extent // the finished collections
	bytes   uint64   // of the finished collections
	links   []link   // ascending
}

// Link is an address inside a value, 8 bytes at Off: that of the collection
// with the token, or of the object with the token, as Settle is told.
type Link struct {
	Off    int
	Object bool
	Token  uint64
}

// link is a Link whose offset counts from the heap's start.
type link struct {
	at, token uint64
	object    bool
}

type extent struct{ at, from, size uint64 } // offset in the heap, place in memory, length

// NewGlobalHeap makes an empty heap that keeps its bytes in memory.
func NewGlobalHeap(memory *vfd.Memory) *GlobalHeap {
	return &GlobalHeap{Base: NewBase(vfd.GlobalHeap, 0), memory: memory}
}

// Put adds a value and returns its token and its index in the collection
// (specification III.E and IV.A.2.d, "Variable-Length").
func (h *GlobalHeap) Put(data []byte) (token uint64, index uint32, err error) {
	return h.PutLinked(data, nil)
}

// PutLinked adds a value that leads on, its links ascending.
func (h *GlobalHeap) PutLinked(data []byte, links []Link) (token uint64, index uint32, err error) {
	if len(data) > math.MaxUint32 {
		return 0, 0, fmt.Errorf("a variable-length value of %d bytes is over 2^32-1", len(data))
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	need := format.HeapObjectSize(wire.Default, len(data))
	full := len(h.open)+need > collectionTarget || h.objects == format.MaxCollectionObject
	if h.objects > 0 && full {
		if err := h.finish(); err != nil {
			return 0, 0, err
		}
	}
	if h.objects == 0 {
		h.open = append(h.open[:0], make([]byte, format.HeapHeaderSize(wire.Default))...)
	}
	h.objects++
	begin := h.bytes + uint64(len(h.open)+format.HeapObjectSize(wire.Default, 0))
	for _, l := range links {
		h.links = append(h.links, link{begin + uint64(l.Off), l.Token, l.Object})
	}
	o := format.HeapObject{Index: uint16(h.objects), Size: uint64(len(data)), Data: data}
	h.open, err = wire.Append(h.open, wire.Default, &o)
	return h.bytes, uint32(h.objects), err
}

// finish writes the open collection to memory.
func (h *GlobalHeap) finish() error {
	size := uint64(max(len(h.open), format.MinCollection))
	if _, err := wire.Append(h.open[:0], wire.Default, &format.HeapHeader{Size: size}); err != nil {
		return err
	}
	if free := size - uint64(len(h.open)); free >= uint64(format.HeapHeaderSize(wire.Default)) {
		var err error
		if h.open, err = wire.Append(h.open, wire.Default, &format.HeapObject{Size: free}); err != nil {
			return err
		}
	}
	h.open = append(h.open, make([]byte, size-uint64(len(h.open)))...)
	from, err := h.memory.Append(context.Background(), h.open)
	if err != nil {
		return err
	}
	h.extents = append(h.extents, extent{h.bytes, from, size})
	h.bytes += size
	h.open, h.objects = h.open[:0], 0
	return nil
}

// Finish ends the heap: its size is known from here on.
func (h *GlobalHeap) Finish() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.objects > 0 {
		if err := h.finish(); err != nil {
			return err
		}
	}
	h.size = h.bytes
	return nil
}

// Settle fills in the addresses of the links: the heap has its place, and
// object tells where the object of a token lies.
func (h *GlobalHeap) Settle(ctx context.Context, object func(token uint64) uint64) error {
	var p [8]byte
	e := 0
	for _, l := range h.links {
		for l.at >= h.extents[e].at+h.extents[e].size {
			e++
		}
		addr := h.place.Addr() + l.token
		if l.object {
			addr = object(l.token)
		}
		binary.LittleEndian.PutUint64(p[:], addr)
		if err := h.memory.WriteAt(ctx, p[:], h.extents[e].from+l.at-h.extents[e].at); err != nil {
			return err
		}
	}
	return nil
}

// Pending is the size that Finish would give.
func (h *GlobalHeap) Pending() uint64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.objects == 0 {
		return h.bytes
	}
	return h.bytes + uint64(max(len(h.open), format.MinCollection))
}

// WriteWindow writes n bytes of the collections from off on.
func (h *GlobalHeap) WriteWindow(ctx context.Context, w io.Writer, off, n uint64) error {
	for _, e := range h.extents {
		from, to := max(off, e.at), min(off+n, e.at+e.size)
		if from >= to {
			continue
		}
		if err := h.memory.WriteRange(ctx, w, e.from+from-e.at, to-from); err != nil {
			return err
		}
	}
	return nil
}

// Translate turns a token at p, which an index in the collection follows, into
// the address that it stands for. Index 0, which leads nowhere, keeps it.
func (h *GlobalHeap) Translate(p []byte) {
	if binary.LittleEndian.Uint32(p[8:]) != 0 {
		binary.LittleEndian.PutUint64(p, h.place.Addr()+binary.LittleEndian.Uint64(p))
	}
}
