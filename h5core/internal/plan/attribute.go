package plan

import (
	"fmt"

	"github.com/h5serve/h5serve/h5core/internal/format/message"
	"github.com/h5serve/h5serve/h5core/internal/object"
	"github.com/h5serve/h5serve/h5core/internal/transfer"
	"github.com/h5serve/h5serve/h5core/internal/wire"
)

// finishHeader adds what every object has after its own messages, and queues
// the header's pieces.
func (b *builder) finishHeader(h *header, o *object.Object) error {
	if o.Comment != "" {
		if err := h.add(message.TypeComment, 0, &message.Comment{Text: o.Comment}); err != nil {
			return err
		}
	}
	if h.format.Version == 2 && o.Links > 1 {
		if err := h.add(message.TypeRefCount, 0, &message.RefCount{Links: o.Links}); err != nil {
			return err
		}
	}
	if err := b.attributes(h, o); err != nil {
		return err
	}
	if err := h.finish(); err != nil {
		return err
	}
	b.front = append(b.front, h)
	if h.rest != nil {
		b.continuations = append(b.continuations, h.rest)
	}
	return nil
}

func (b *builder) attributes(h *header, o *object.Object) error {
	if len(o.Attributes) == 0 {
		return nil
	}
	if h.format.Version == 2 {
		info := &message.AttributeInfo{
			Tracked: o.TrackOrder, Indexed: o.TrackOrder, MaxOrder: uint16(min(len(o.Attributes), 1<<16-1)),
			Heap: wire.Undefined, NameTree: wire.Undefined, OrderTree: wire.Undefined,
		}
		if err := h.add(message.TypeAttributeInfo, message.DontShare, info); err != nil {
			return err
		}
	}
	for _, a := range o.Attributes {
		if err := b.attribute(h, a); err != nil {
			return &AttributeError{a.Name, err}
		}
	}
	return nil
}

// AttributeError tells which attribute of an object could not be planned.
type AttributeError struct {
	Name string
	Err  error
}

func (e *AttributeError) Error() string { return fmt.Sprintf("attribute %q: %v", e.Name, e.Err) }

func (e *AttributeError) Unwrap() error { return e.Err }

func (b *builder) attribute(h *header, a *object.Attribute) error {
	if err := b.allowed(a.Type); err != nil {
		return err
	}
	version, set := b.versions.attributeOf(a)
	m := &message.Attribute{
		Version: version, Name: a.Name, CharSet: set, Data: a.Data,
		Space: message.Dataspace{Version: b.versions.dataspaceOf(a.Space), Space: a.Space},
	}
	if a.Named != nil {
		m.SharedType = b.committed(h, a.Named)
	} else {
		m.Type = message.Datatype{Version: b.versions.datatypeOf(a.Type), Type: a.Type}
	}
	if p := transfer.NewPointers(a.Type, b.attributeHeap.Translate, b.refer); p != nil {
		h.resolve = append(h.resolve, func() {
			m.Data = append([]byte(nil), a.Data...)
			p.Translate(m.Data)
		})
	}
	return h.addAttribute(m)
}
