package load

import (
	"context"

	"github.com/h5serve/h5serve/h5core/internal/format/message"
	"github.com/h5serve/h5serve/h5core/internal/index"
	"github.com/h5serve/h5serve/h5core/internal/wire"
)

// FileSpace is how the file's space is managed; nil where nothing says so.
func (f *File) FileSpace(ctx context.Context) (*message.FileSpace, error) {
	if f.super.Version < 2 || f.super.Extension == wire.Undefined {
		return nil, nil
	}
	h, err := f.header(ctx, f.super.Extension)
	if err != nil {
		return nil, err
	}
	for _, m := range h.Messages {
		if m.Type == message.TypeFileSpace {
			s := new(message.FileSpace)
			return s, f.decode(m, s)
		}
	}
	return nil, nil
}

// Shares tells whether the file has a table of shared messages.
func (f *File) Shares() bool { return f.table != nil }

// StoredChunks yields what the index of a chunked dataset lists. No chunk is
// read.
func (d *Data) StoredChunks(ctx context.Context, yield func(index.Chunk) bool) error {
	if err := d.opened(); err != nil {
		return err
	}
	return damaged(d.stored.Index.All(ctx, yield))
}
