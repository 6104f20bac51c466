package transfer

import (
	"encoding/binary"
	"iter"
)

// target is the destination of a read, seen chunk by chunk. Any number of
// goroutines may ask for different chunks.
type target interface {
	// chunks yields the numbers of the chunks that are touched.
	chunks() iter.Seq[uint64]
	// want tells what is wanted of a chunk.
	want(number uint64) want
	// each yields the places where runs of a chunk's elements go: at is the
	// offset in the chunk, in bytes.
	each(number uint64, yield func(at int, to []byte))
}

// want is what a read wants of one chunk.
type want struct {
	bytes    int
	least    int    // bytes that the chunk must have
	whole    bool   // all that lies inside the shape is wanted
	straight []byte // where the whole chunk lies side by side; nil: nowhere
}

// put copies what is wanted of a decoded chunk.
func put(t target, number uint64, raw []byte) {
	if s, ok := t.(*slab); ok && s.put(number, raw) {
		return
	}
	t.each(number, func(at int, to []byte) {
		if len(to) == 8 {
			binary.LittleEndian.PutUint64(to, binary.LittleEndian.Uint64(raw[at:]))
			return
		}
		copy(to, raw[at:])
	})
}
