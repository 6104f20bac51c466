package load

import (
	"context"
	"fmt"

	"github.com/h5serve/h5serve/h5core/internal/format"
	"github.com/h5serve/h5serve/h5core/internal/format/message"
	"github.com/h5serve/h5serve/h5core/internal/walk"
	"github.com/h5serve/h5serve/h5core/internal/wire"
	"github.com/h5serve/h5serve/h5core/vfd"
)

// Base is the address of the superblock in its file, from which all others
// count.
func (f *File) Base() uint64 { return f.base }

// CheckShared walks the file's indexes of shared messages, which reading looks
// into only for what it needs.
func (f *File) CheckShared(ctx context.Context) error {
	if f.table == nil {
		return nil
	}
	s, err := walk.OpenSharedMessages(ctx, f, f.table)
	if err != nil {
		return damaged(err)
	}
	for i := range s.Table.Indexes {
		x, count := &s.Table.Indexes[i], 0
		err := s.Records(ctx, i, func(*format.SharedRecord) bool { count++; return true })
		if err == nil && x.Addr != wire.Undefined && count != int(x.Messages) {
			err = walk.Fault("shared message table", "number of messages", s.Addr, "expected %d, found %d", x.Messages, count)
		}
		if err != nil {
			return damaged(err)
		}
	}
	return nil
}

// CheckOrders walks the trees that list links and attributes by the order of
// their creation: reading goes by the names.
func (o *Object) CheckOrders(ctx context.Context) error {
	var links message.LinkInfo
	if has, err := o.find(ctx, message.TypeLinkInfo, &links); err != nil {
		return err
	} else if has && links.Indexed && links.Heap != wire.Undefined {
		if err := o.file.sameCount(ctx, links.NameTree, format.LinkNames, links.OrderTree, format.LinkOrders); err != nil {
			return err
		}
	}
	var attributes message.AttributeInfo
	has, err := o.find(ctx, message.TypeAttributeInfo, &attributes)
	if err != nil || !has || !attributes.Indexed || attributes.Heap == wire.Undefined {
		return err
	}
	return o.file.sameCount(ctx, attributes.NameTree, format.AttributeNames, attributes.OrderTree, format.AttributeOrders)
}

// sameCount walks two trees that list the same things.
func (f *File) sameCount(ctx context.Context, names uint64, name uint8, orders uint64, order uint8) error {
	var counts [2]int
	for i, t := range []struct {
		addr uint64
		kind uint8
	}{{names, name}, {orders, order}} {
		tree, err := walk.OpenTree2(ctx, f, t.addr, t.kind)
		if err != nil {
			return damaged(err)
		}
		if err := tree.Records(ctx, nil, func([]byte) bool { counts[i]++; return true }); err != nil {
			return damaged(err)
		}
	}
	if counts[0] != counts[1] {
		return damaged(walk.Fault("version 2 B-tree header", "records in creation order", orders, "expected %d, found %d", counts[0], counts[1]))
	}
	return nil
}

// Contiguous is where elements lie that are in the file in one stretch; a size
// of 0 means that nobody wrote any.
func (d *Data) Contiguous() (addr, size uint64, err error) {
	l := d.Layout
	if l.Addr == wire.Undefined {
		return 0, 0, nil
	}
	size, err = bytesOf(d.Space, uint64(d.Type.Size))
	if err != nil {
		return 0, 0, damaged(err)
	}
	if err := d.file.inside("contiguous storage", l.Addr, size); err != nil {
		return 0, 0, err
	}
	if l.Version >= 3 && l.Size < size {
		return l.Addr, size, damaged(walk.Fault("data layout", "size", l.Addr, "expected %d, found %d", size, l.Size))
	}
	return l.Addr, size, nil
}

// stretch is how many bytes of contiguous elements are read at once.
const stretch = 1 << 20

// Stretches reads contiguous elements, some at a time; a yield's bytes are
// valid during the call only.
func (d *Data) Stretches(ctx context.Context, yield func([]byte) error) error {
	addr, size, err := d.Contiguous()
	if err != nil || size == 0 {
		return err
	}
	element := uint64(d.Type.Size)
	buf := make([]byte, min(size, max(1, stretch/element)*element))
	for size > 0 {
		p := buf[:min(size, uint64(len(buf)))]
		if err := d.file.Fetch(ctx, vfd.Raw, []vfd.Segment{{Addr: addr, Data: p}}); err != nil {
			return err
		}
		if err := yield(p); err != nil {
			return err
		}
		addr, size = addr+uint64(len(p)), size-uint64(len(p))
	}
	return nil
}

// Compact gives the elements that lie in the header itself.
func (d *Data) Compact() ([]byte, error) {
	size, err := bytesOf(d.Space, uint64(d.Type.Size))
	if err != nil {
		return nil, damaged(err)
	}
	if have := uint64(len(d.Layout.Data)); have < size {
		return nil, damaged(walk.Fault("data layout", "raw data", 0, "expected %d, found %d", size, have))
	}
	return d.Layout.Data[:size], nil
}

// Mapping reads the heap object that lists a virtual dataset's sources.
func (d *Data) Mapping(ctx context.Context) error {
	if d.Layout.MappingHeap == wire.Undefined || d.Layout.MappingHeap == 0 {
		return nil
	}
	_, err := d.file.Objects(ctx, []walk.HeapRef{{Addr: d.Layout.MappingHeap, Index: d.Layout.MappingIndex}})
	if err != nil {
		return fmt.Errorf("the mappings: %w", err)
	}
	return nil
}
