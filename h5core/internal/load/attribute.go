package load

import (
	"context"
	"fmt"
	"sort"

	"github.com/h5serve/h5serve/h5core/internal/format"
	"github.com/h5serve/h5serve/h5core/internal/format/message"
	"github.com/h5serve/h5serve/h5core/internal/walk"
	"github.com/h5serve/h5serve/h5core/internal/wire"
	"github.com/h5serve/h5serve/h5core/space"
)

// Attributes reads all attributes of an object, ascending by the bytes of
// their names; types and spaces that are shared are filled in, and the data
// has exactly the bytes of its elements.
func (o *Object) Attributes(ctx context.Context) ([]*message.Attribute, error) {
	list, err := o.attributes(ctx)
	if err != nil {
		return nil, err
	}
	errs := make([]error, len(list))
	var elsewhere []int // what has to be fetched for them
	for i, a := range list {
		if a.SharedType != nil || a.SharedSpace != nil {
			elsewhere = append(elsewhere, i)
		} else {
			errs[i] = o.file.complete(ctx, a)
		}
	}
	o.file.Together(ctx, len(elsewhere), func(ctx context.Context, k int) {
		i := elsewhere[k]
		errs[i] = o.file.complete(ctx, list[i])
	})
	whole := list[:0]
	for i, a := range list {
		if err := errs[i]; err == nil {
			whole = append(whole, a)
		} else if err = fmt.Errorf("attribute %q: %w", a.Name, err); !walk.Tolerated(ctx, err) {
			return nil, err
		}
	}
	sort.SliceStable(whole, func(i, j int) bool { return whole[i].Name < whole[j].Name })
	return whole, nil
}

// attributes reads the messages of the header and those in the heap.
func (o *Object) attributes(ctx context.Context) ([]*message.Attribute, error) {
	var list []*message.Attribute
	for _, m := range o.head.Messages {
		if m.Type != message.TypeAttribute {
			continue
		}
		a := &message.Attribute{Order: uint32(m.Order)}
		if err := o.file.decodeShared(ctx, m, a); err == nil {
			list = append(list, a)
		} else if !walk.Tolerated(ctx, err) {
			return nil, err
		}
	}
	var info message.AttributeInfo
	if has, err := o.find(ctx, message.TypeAttributeInfo, &info); err != nil && !walk.Tolerated(ctx, err) {
		return nil, err
	} else if !has || err != nil || info.Heap == wire.Undefined || info.Heap == 0 {
		return list, nil
	}
	dense, err := o.file.denseAttributes(ctx, info)
	if err != nil && !walk.Tolerated(ctx, err) {
		return nil, damaged(err)
	}
	return append(list, dense...), nil
}

// complete fills in what an attribute shares, and cuts its data to size.
func (f *File) complete(ctx context.Context, a *message.Attribute) error {
	if a.SharedType != nil {
		if err := f.follow(ctx, message.TypeDatatype, a.SharedType, &a.Type); err != nil {
			return err
		}
	}
	if a.SharedSpace != nil {
		if err := f.follow(ctx, message.TypeDataspace, a.SharedSpace, &a.Space); err != nil {
			return err
		}
	}
	want, err := bytesOf(a.Space.Space, uint64(a.Type.Size))
	if err != nil {
		return damaged(err)
	}
	if want > uint64(len(a.Data)) {
		return damaged(fmt.Errorf("its type and shape take %d bytes, %d are stored", want, len(a.Data)))
	}
	a.Data = a.Data[:want]
	return nil
}

// bytesOf is the size of a space's elements.
func bytesOf(s space.Space, size uint64) (uint64, error) {
	count, err := s.Count()
	if err != nil {
		return 0, err
	}
	if count > 0 && size > (1<<63-1)/count {
		return 0, fmt.Errorf("%d elements of %d bytes exceed 2^63-1 bytes", count, size)
	}
	return count * size, nil
}

func (f *File) denseAttributes(ctx context.Context, info message.AttributeInfo) ([]*message.Attribute, error) {
	var ids, sharedIDs [][]byte
	var orders, sharedOrders []uint32 // of creation
	raw, err := f.indexed(ctx, info.Heap, info.NameTree, format.AttributeNames, nil, func(record []byte) error {
		r := format.AttributeRecord{Type: format.AttributeNames}
		_, err := wire.Decode(record, f.geo, 0, &r)
		switch {
		case err != nil:
		case r.Flags&message.Shared != 0:
			sharedIDs, sharedOrders = append(sharedIDs, r.ID), append(sharedOrders, r.Order)
		default:
			ids, orders = append(ids, r.ID), append(orders, r.Order)
		}
		return err
	}, &ids)
	if err != nil {
		return nil, err
	}
	for _, id := range sharedIDs {
		p, err := f.sharedMessage(ctx, message.TypeAttribute, id)
		if err != nil && !walk.Tolerated(ctx, err) {
			return nil, err
		}
		raw = append(raw, p)
	}
	orders = append(orders, sharedOrders...)
	list := make([]*message.Attribute, 0, len(raw))
	for i, p := range raw {
		a := &message.Attribute{Order: orders[i]}
		if p == nil {
			continue // tolerated
		}
		if _, err := wire.Decode(p, f.geo, 0, a); err == nil {
			list = append(list, a)
		} else if !walk.Tolerated(ctx, err) {
			return nil, err
		}
	}
	return list, nil
}
