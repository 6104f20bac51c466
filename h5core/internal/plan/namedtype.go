package plan

import (
	"encoding/binary"

	"github.com/h5serve/h5serve/h5core/internal/format/message"
	"github.com/h5serve/h5serve/h5core/internal/object"
)

// namedType plans a committed datatype: a header that is a type.
func (b *builder) namedType(t *object.NamedType) error {
	if err := b.allowed(t.Type); err != nil {
		return err
	}
	h := newHeader(b.versions.headerOf(&t.Object), &t.Object)
	b.headers[t] = h
	m := &message.Datatype{Version: b.versions.datatypeOf(t.Type), Type: t.Type}
	if err := h.add(message.TypeDatatype, message.Constant|message.DontShare, m); err != nil {
		return err
	}
	return b.finishHeader(h, &t.Object)
}

// unnamed stands for the path of an object that no link leads to.
const unnamed = "(unnamed)"

// committed is the message that stands in the place of a committed type, which
// is planned too, whether a link leads to it or not.
func (b *builder) committed(h *header, t *object.NamedType) *message.SharedMessage {
	b.reach(t, unnamed)
	m := &message.SharedMessage{Version: 2, Type: message.SharedCommitted}
	h.resolve = append(h.resolve, func() { m.Header = b.headers[t].Place().Addr() })
	return m
}

// refer turns the token of an object, its number in the settings' References
// from 1 on, into its address. 0 is the null reference.
func (b *builder) refer(p []byte) {
	if n := binary.LittleEndian.Uint64(p); n > 0 {
		binary.LittleEndian.PutUint64(p, b.addressOf(n))
	}
}

func (b *builder) addressOf(token uint64) uint64 {
	if token > uint64(len(b.settings.References)) {
		return 0
	}
	return b.headers[b.settings.References[token-1]].Place().Addr()
}
