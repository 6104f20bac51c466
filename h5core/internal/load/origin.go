package load

import (
	"context"
	"fmt"

	"github.com/h5serve/h5serve/h5core/internal/format"
	"github.com/h5serve/h5serve/h5core/internal/format/message"
	"github.com/h5serve/h5serve/h5core/internal/index"
	"github.com/h5serve/h5serve/h5core/internal/walk"
	"github.com/h5serve/h5serve/h5core/internal/wire"
)

// What a copy into a new file asks for, beside what every reader does.

// CommittedType gives the address of the committed datatype that the dataset
// is of, where it is of one.
func (o *Object) CommittedType() (addr uint64, ok bool, err error) {
	for _, m := range o.head.Messages {
		if m.Type != message.TypeDatatype || m.Flags&message.Shared == 0 {
			continue
		}
		var ref message.SharedMessage
		if err := o.file.decode(m, &ref); err != nil {
			return 0, false, err
		}
		return ref.Header, ref.Type != message.SharedInHeap, nil
	}
	return 0, false, nil
}

// OrderTracked says whether the creation orders of the object's attributes and
// of its links are kept.
func (o *Object) OrderTracked(ctx context.Context) (attributes, links bool, err error) {
	attributes = o.head.Version == 2 && o.head.Flags&format.HeaderAttributeOrderTracked != 0
	var info message.LinkInfo
	_, err = o.find(ctx, message.TypeLinkInfo, &info)
	return attributes, info.Tracked, err
}

// Comment is the object's comment, "" where there is none.
func (o *Object) Comment(ctx context.Context) (string, error) {
	var m message.Comment
	_, err := o.find(ctx, message.TypeComment, &m)
	return m.Text, err
}

// EachStored yields where the stored chunks lie, in the order of the index;
// their coordinates are valid during the call only. A place outside the file
// is an error.
func (d *Data) EachStored(ctx context.Context, yield func(index.Chunk) error) error {
	if err := d.opened(); err != nil {
		return err
	}
	var stopped error
	err := d.stored.Index.All(ctx, func(c index.Chunk) bool {
		if stopped = d.file.inside("chunk", c.Addr, c.Size); stopped == nil {
			stopped = yield(c)
		}
		return stopped == nil
	})
	if stopped != nil {
		return stopped
	}
	return damaged(err)
}

// Stretch is the place of contiguous elements; ok is false where nobody wrote
// any.
func (d *Data) Stretch() (addr, size uint64, ok bool, err error) {
	if d.Layout.Addr == wire.Undefined {
		return 0, 0, false, nil
	}
	if size, err = bytesOf(d.Space, uint64(d.Type.Size)); err != nil {
		return 0, 0, false, damaged(err)
	}
	return d.Layout.Addr, size, true, d.file.inside("contiguous data", d.Layout.Addr, size)
}

// MappingBlock is the block that tells a virtual dataset's sources, as stored;
// nil where there is none.
func (d *Data) MappingBlock(ctx context.Context) ([]byte, error) {
	if a := d.Layout.MappingHeap; a == wire.Undefined || a == 0 {
		return nil, nil
	}
	if d.file.geo.LengthSize != wire.Default.LengthSize {
		return nil, fmt.Errorf("%w: mappings with lengths of %d bytes", ErrUnsupported, d.file.geo.LengthSize)
	}
	got, err := d.file.Objects(ctx, []walk.HeapRef{{Addr: d.Layout.MappingHeap, Index: d.Layout.MappingIndex}})
	if err != nil {
		return nil, err
	}
	return got[0], nil
}
