package plan

import (
	"fmt"

	"github.com/h5serve/h5serve/h5core/internal/format"
	"github.com/h5serve/h5serve/h5core/internal/format/message"
	"github.com/h5serve/h5serve/h5core/internal/object"
	"github.com/h5serve/h5serve/h5core/internal/piece"
	"github.com/h5serve/h5serve/h5core/internal/wire"
	"github.com/h5serve/h5serve/h5core/vfd"
)

// firstChunk is how many bytes of messages a header's first chunk holds before
// attributes go to a continuation: whoever lists a group need not read them.
const firstChunk = 32 << 10

// header is the piece of an object's header. Messages are added with their
// sizes; resolve fills in the addresses they hold when all places are known.
type header struct {
	piece.Base
	format  format.ObjectHeader
	rest    *continuation // nil where one chunk is enough
	used    int           // bytes of messages in the first chunk
	resolve []func()
	attrs   uint16 // attributes so far: the creation index of the next
}

// continuation is the piece of a header's second chunk.
type continuation struct {
	piece.Base
	format format.ObjectContinuation
	used   int
}

func newHeader(version uint8, o *object.Object) *header {
	h := &header{format: format.ObjectHeader{Version: version, RefCount: max(o.Links, 1)}}
	if version == 2 && o.TrackOrder {
		h.format.Flags = format.HeaderAttributeOrderTracked | format.HeaderAttributeOrderIndexed
	}
	return h
}

// add adds a message to the first chunk.
func (h *header) add(kind uint16, flags uint8, body wire.Structure) error {
	m, err := h.message(kind, flags, body)
	if err != nil {
		return err
	}
	h.format.Messages = append(h.format.Messages, m)
	h.used += h.taken(m)
	return nil
}

// addAttribute adds an attribute where there is room for it.
func (h *header) addAttribute(a *message.Attribute) error {
	m, err := h.message(message.TypeAttribute, 0, a)
	if err != nil {
		return err
	}
	if h.attrs == 1<<16-1 {
		return fmt.Errorf("an object holds at most 65,535 attributes")
	}
	m.Order = h.attrs
	h.attrs++
	if h.rest == nil && h.used+h.taken(m) <= firstChunk {
		h.format.Messages = append(h.format.Messages, m)
		h.used += h.taken(m)
		return nil
	}
	if h.rest == nil {
		h.rest = &continuation{format: format.ObjectContinuation{Version: h.format.Version, Flags: h.format.Flags}}
	}
	h.rest.format.Messages = append(h.rest.format.Messages, m)
	h.rest.used += h.taken(m)
	return nil
}

// TooLarge says that a message exceeds what a header message can hold.
type TooLarge struct {
	Size int
}

func (e *TooLarge) Error() string {
	return fmt.Sprintf("object header message is too large: %d bytes, at most %d fit", e.Size, format.MaxMessage)
}

func (h *header) message(kind uint16, flags uint8, body wire.Structure) (format.Message, error) {
	size, err := wire.Size(wire.Default, body)
	if err != nil {
		return format.Message{}, err
	}
	if h.format.Version == 1 {
		size = wire.Pad(size, 8)
	}
	if size > format.MaxMessage {
		return format.Message{}, &TooLarge{size}
	}
	return format.Message{Type: kind, Flags: flags, Size: uint16(size), Body: body}, nil
}

// taken is what a message takes in its chunk.
func (h *header) taken(m format.Message) int {
	return format.MessagePrefixSize(h.format.Version, h.format.Flags) + int(m.Size)
}

// finish fixes the header's size.
func (h *header) finish() error {
	if h.rest != nil {
		if err := h.continued(); err != nil {
			return err
		}
	}
	f := &h.format
	f.Chunk = uint64(h.used)
	if f.Version == 2 {
		f.Flags |= format.ChunkWidth(f.Chunk)
	}
	count := len(f.Messages)
	if h.rest != nil {
		count += len(h.rest.format.Messages)
	}
	if f.Version == 1 && count > 1<<16-1 {
		return fmt.Errorf("a version 1 object header holds at most 65,535 messages, not %d", count)
	}
	f.Count = uint16(count)
	before, after := format.HeaderPrefixSize(f.Version, f.Chunk)
	h.Base = piece.NewBase(vfd.ObjectHeader, uint64(before+h.used+after))
	return nil
}

func (h *header) continued() error {
	c := h.rest
	frame := 0
	if c.format.Version == 2 {
		frame = 8
	}
	c.format.Length = uint64(c.used + frame)
	c.Base = piece.NewBase(vfd.ObjectHeader, c.format.Length)
	link := &message.Continuation{Length: c.format.Length}
	h.resolve = append(h.resolve, func() { link.Addr = c.Place().Addr() })
	return h.add(message.TypeContinuation, 0, link)
}

// Append appends the first chunk. The continuation, which lies behind it,
// finds its addresses filled in.
func (h *header) Append(dst []byte) ([]byte, error) {
	for _, fill := range h.resolve {
		fill()
	}
	return wire.Append(dst, wire.Default, &h.format)
}

// Append appends the continuation.
func (c *continuation) Append(dst []byte) ([]byte, error) {
	return wire.Append(dst, wire.Default, &c.format)
}
