package load

import (
	"context"

	"github.com/h5serve/h5serve/h5core/internal/format"
	"github.com/h5serve/h5serve/h5core/internal/format/message"
	"github.com/h5serve/h5serve/h5core/internal/walk"
	"github.com/h5serve/h5serve/h5core/internal/wire"
)

// mappings reads where the elements of a virtual dataset come from.
func (d *Data) mappings(ctx context.Context) error {
	if d.Layout.Class != message.Virtual {
		return nil
	}
	got, err := d.file.Objects(ctx, []walk.HeapRef{{Addr: d.Layout.MappingHeap, Index: d.Layout.MappingIndex}})
	if err != nil || got[0] == nil {
		return err
	}
	var m format.Mappings
	if _, err := wire.Decode(got[0], d.file.geo, d.Layout.MappingHeap, &m); err != nil {
		return damaged(err)
	}
	d.Sources = m.List
	return nil
}
