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
	var list []*message.Attribute
	for _, m := range o.head.Messages {
		if m.Type != message.TypeAttribute {
			continue
		}
		a := &message.Attribute{}
		if err := o.file.decodeShared(ctx, m, a); err != nil {
			return nil, err
		}
		list = append(list, a)
	}
	var info message.AttributeInfo
	if _, err := o.find(ctx, message.TypeAttributeInfo, &info); err != nil {
		return nil, err
	} else if info.Heap != wire.Undefined && info.Heap != 0 {
		dense, err := o.file.denseAttributes(ctx, info)
		if err != nil {
			return nil, damaged(err)
		}
		list = append(list, dense...)
	}
	for _, a := range list {
		if err := o.file.complete(ctx, a); err != nil {
			return nil, fmt.Errorf("attribute %q: %w", a.Name, err)
		}
	}
	sort.SliceStable(list, func(i, j int) bool { return list[i].Name < list[j].Name })
	return list, nil
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
	tree, err := walk.OpenTree2(ctx, f, info.NameTree, format.AttributeNames)
	if err != nil {
		return nil, err
	}
	var ids, sharedIDs [][]byte
	var bad error
	err = tree.Records(ctx, nil, func(record []byte) bool {
		r := format.AttributeRecord{Type: format.AttributeNames}
		if _, bad = wire.Decode(record, f.geo, 0, &r); bad != nil {
			return false
		}
		if r.Flags&message.Shared != 0 {
			sharedIDs = append(sharedIDs, r.ID)
		} else {
			ids = append(ids, r.ID)
		}
		return true
	})
	if err == nil {
		err = bad
	}
	if err != nil {
		return nil, err
	}
	raw, err := f.inHeap(ctx, info.Heap, ids)
	if err != nil {
		return nil, err
	}
	for _, id := range sharedIDs {
		p, err := f.sharedMessage(ctx, message.TypeAttribute, id)
		if err != nil {
			return nil, err
		}
		raw = append(raw, p)
	}
	list := make([]*message.Attribute, len(raw))
	for i, p := range raw {
		list[i] = &message.Attribute{}
		if _, err := wire.Decode(p, f.geo, 0, list[i]); err != nil {
			return nil, err
		}
	}
	return list, nil
}
