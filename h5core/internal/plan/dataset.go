package plan

import (
	"fmt"
	"slices"

	"github.com/h5serve/h5serve/h5core/filter"
	"github.com/h5serve/h5serve/h5core/internal/format/message"
	"github.com/h5serve/h5serve/h5core/internal/object"
)

// dataset plans a dataset: the messages of its header, its index and storage.
func (b *builder) dataset(d *object.Dataset) error {
	if err := b.allowed(d.Type); err != nil {
		return err
	}
	h := newHeader(b.versions.headerOf(&d.Object), &d.Object)
	b.headers[d] = h
	err := h.add(message.TypeDataspace, 0, &message.Dataspace{Version: b.versions.dataspaceOf(d.Space), Space: d.Space})
	if err != nil {
		return err
	}
	if d.Named != nil {
		err = h.add(message.TypeDatatype, message.Constant|message.Shared, b.committed(h, d.Named))
	} else {
		err = h.add(message.TypeDatatype, message.Constant, &message.Datatype{Version: b.versions.datatypeOf(d.Type), Type: d.Type})
	}
	if err != nil {
		return fmt.Errorf("datatype: %w", err)
	}
	if err := b.fill(h, d); err != nil {
		return fmt.Errorf("fill value: %w", err)
	}
	if len(d.Filters) > 0 {
		if err := h.add(message.TypeFilters, message.Constant, b.filters(d.Filters)); err != nil {
			return err
		}
	}
	if err := b.storage(h, d); err != nil {
		return err
	}
	return b.finishHeader(h, &d.Object)
}

// allocTimes are the C library's choices of when storage is taken.
var allocTimes = map[object.Layout]uint8{
	object.Compact:    message.AllocEarly,
	object.Contiguous: message.AllocLate,
	object.Chunked:    message.AllocIncremental,
	object.Virtual:    message.AllocIncremental,
}

func (b *builder) fill(h *header, d *object.Dataset) error {
	m := &message.FillValue{
		Version: b.versions.fill, AllocTime: allocTimes[d.Layout], FillTime: message.FillIfSet,
		User: d.Fill.Value != nil, Undefined: d.Fill.Undefined, Value: d.Fill.Value,
	}
	if d.Fill.Alloc != 0 {
		m.AllocTime = uint8(d.Fill.Alloc)
	}
	switch {
	case d.Fill.When != object.FillByChoice:
		m.FillTime = uint8(d.Fill.When - object.FillOnAlloc)
	case d.Fill.Value == nil && d.Type.HasVarLen(): // unwritten descriptors must be null ones, as the C library sees to
		m.FillTime = message.FillOnAlloc
	}
	if err := h.add(message.TypeFillValue, message.Constant, m); err != nil {
		return err
	}
	if p := b.pointers(d); p != nil && m.User {
		h.resolve = append(h.resolve, func() {
			m.Value = slices.Clone(d.Fill.Value)
			p.Translate(m.Value)
		})
		return nil
	}
	if d.Fill.Value == nil || b.versions.fill > 2 {
		return nil
	}
	return h.add(message.TypeFillValueOld, message.Constant, &message.FillValueOld{Value: d.Fill.Value})
}

func (b *builder) filters(p filter.Pipeline) *message.Filters {
	m := &message.Filters{Version: b.versions.filters}
	for _, s := range p {
		m.Steps = append(m.Steps, message.FilterStep{
			ID: uint16(s.Filter.ID()), Name: s.Filter.Name(), Flags: s.Flags, Params: s.Params,
		})
	}
	return m
}
