package load

import (
	"context"
	"fmt"

	"github.com/h5serve/h5serve/h5core/internal/format/message"
	"github.com/h5serve/h5serve/h5core/internal/walk"
	"github.com/h5serve/h5serve/h5core/internal/wire"
)

// Kind is what an object is.
type Kind uint8

// The kinds of objects.
const (
	Group Kind = iota
	Dataset
	NamedType
)

// Object is an object of the file, known by its header.
type Object struct {
	file *File
	head *walk.Header
	Kind Kind
}

// Addr is the address of the object's header, which is its identity.
func (o *Object) Addr() uint64 { return o.head.Addr }

// keptHeaders bounds the headers that are kept.
const keptHeaders = 4096

// header reads an object's header, or takes the one that is kept.
func (f *File) header(ctx context.Context, addr uint64) (*walk.Header, error) {
	f.mu.Lock()
	h := f.headers[addr]
	f.mu.Unlock()
	if h != nil {
		return h, nil
	}
	h, err := walk.ObjectHeader(ctx, f, addr)
	if h != nil && f.extents != nil {
		f.extents.header(ctx, h)
	}
	if err != nil && (h == nil || !walk.Tolerated(ctx, err)) {
		return nil, damaged(err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.headers) >= keptHeaders {
		clear(f.headers)
	}
	f.headers[addr] = h
	return h, nil
}

// Object reads the header at an address and tells what the object is.
func (f *File) Object(ctx context.Context, addr uint64) (*Object, error) {
	h, err := f.header(ctx, addr)
	if err != nil {
		return nil, err
	}
	o := &Object{file: f, head: h}
	has := map[uint16]bool{}
	for _, m := range h.Messages {
		has[m.Type] = true
		if m.Flags&message.FailAlways != 0 && message.New(m.Type) == nil && m.Type != message.TypeNil {
			return nil, fmt.Errorf("%w: message %#x of the header at %#x must be understood", ErrUnsupported, m.Type, addr)
		}
	}
	switch {
	case has[message.TypeSymbolTable], has[message.TypeLinkInfo]:
		o.Kind = Group
	case has[message.TypeDataspace] && has[message.TypeDatatype]:
		o.Kind = Dataset
	case has[message.TypeDatatype]:
		o.Kind = NamedType
	default:
		return nil, damaged(&wire.Fault{Structure: "object header", Field: "messages", Offset: addr,
			Reason: "they make neither a group, nor a dataset, nor a datatype"})
	}
	return o, nil
}

// decode fills s from a message that is not shared.
func (f *File) decode(m walk.Message, s wire.Structure) error {
	_, err := wire.Decode(m.Raw, f.geo, m.At, s)
	return damaged(err)
}

// find decodes the object's first message of a type; ok is false where it has
// none.
func (o *Object) find(ctx context.Context, kind uint16, s wire.Structure) (ok bool, err error) {
	for _, m := range o.head.Messages {
		if m.Type == kind {
			return true, o.file.decodeShared(ctx, m, s)
		}
	}
	return false, nil
}

// decodeShared fills s from a message, or from the one that it stands for.
func (f *File) decodeShared(ctx context.Context, m walk.Message, s wire.Structure) error {
	if m.Flags&message.Shared == 0 {
		return f.decode(m, s)
	}
	var ref message.SharedMessage
	if err := f.decode(m, &ref); err != nil {
		return err
	}
	return f.follow(ctx, m.Type, &ref, s)
}

// follow fills s from where a shared message lies.
func (f *File) follow(ctx context.Context, kind uint16, ref *message.SharedMessage, s wire.Structure) error {
	if ref.Type == message.SharedInHeap {
		raw, err := f.sharedMessage(ctx, kind, ref.HeapID)
		if err != nil {
			return err
		}
		_, err = wire.Decode(raw, f.geo, 0, s)
		return damaged(err)
	}
	h, err := f.header(ctx, ref.Header)
	if err != nil {
		return err
	}
	for _, m := range h.Messages {
		if m.Type == kind && m.Flags&message.Shared == 0 {
			return f.decode(m, s)
		}
	}
	return damaged(&wire.Fault{Structure: "shared message", Field: "object header address", Offset: ref.Header,
		Reason: fmt.Sprintf("there is no message of type %#x", kind)})
}

// sharedMessage reads one message of the file's shared message table.
func (f *File) sharedMessage(ctx context.Context, kind uint16, id []byte) ([]byte, error) {
	if f.table == nil {
		return nil, damaged(&wire.Fault{Structure: "shared message", Field: "heap ID", Reason: "the file has no table of shared messages"})
	}
	s := f.shared.Load()
	if s == nil {
		var err error
		if s, err = walk.OpenSharedMessages(ctx, f, f.table); err != nil {
			return nil, damaged(err)
		}
		f.shared.Store(s)
	}
	got, err := s.Messages(ctx, kind, [][]byte{id})
	if err != nil {
		return nil, damaged(err)
	}
	return got[0], nil
}

// Type is the datatype of a NamedType.
func (o *Object) Type(ctx context.Context) (*message.Datatype, error) {
	t := &message.Datatype{}
	_, err := o.find(ctx, message.TypeDatatype, t)
	return t, err
}
