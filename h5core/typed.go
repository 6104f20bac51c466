package h5core

import (
	"context"
	"errors"
	"fmt"
	"math/bits"
	"reflect"

	"github.com/h5serve/h5serve/h5core/dtype"
	"github.com/h5serve/h5serve/h5core/space"
)

// Read reads the selected elements as Go values, in the selection's order: C
// order, flat, one T for each element; sel.Shape tells their shape. A nil
// selection is the whole dataset.
//
// T follows the stored type:
//
//	integer, float, enum,   any integer or float type: cut off towards zero, and
//	  bitfield                what lies beyond T becomes its nearest limit, as
//	                          libhdf5 has it; bool: whether it is not 0
//	complex, real           complex64, complex128
//	fixed, variable string  string without its padding, []byte, *string (nil for
//	                          a null one), [n]byte for a fixed one
//	enum                    string: the member's name
//	opaque                  []byte, [n]byte of its size
//	array                   [n]E of its dimensions, or []E
//	variable-length         []E
//	compound                struct: a field takes the member that its tag
//	                          `h5:"name"` names, or else its own name; one that
//	                          the file lacks stays as it is, `h5:"-"` and
//	                          unexported fields are left out
//	object reference        [ObjectReference]
//	region reference        [RegionReference]
//	any other               []byte: the element as stored
//
// Named types of these do as well. Numbers whose stored bytes are what Go has
// in memory are read straight into the result. A T that the stored type does
// not go into is ErrInvalid, with a *[TypeError] that names both.
func Read[T any](ctx context.Context, d *Dataset, sel space.Selection) ([]T, error) {
	p, err := decoderFor[T](opRead, d.path, d.Type())
	if err != nil {
		return nil, err
	}
	sel, _, err = d.selected(sel)
	if err != nil {
		return nil, err
	}
	count := uint64(0)
	if sel != nil {
		count = sel.Size()
	}
	high, bytes := bits.Mul64(count, max(p.memory, 1))
	if high != 0 || bytes > largest {
		return nil, failf(opRead, d.path, ErrTooLarge, "%d elements of %d bytes in memory", count, p.memory)
	}
	if err := d.file.stored.Allowed(bytes); err != nil {
		return nil, readError(opRead, d.path, err)
	}
	dst := make([]T, count)
	return dst, readDecoded(ctx, d, sel, p, dst)
}

// ReadInto is Read into memory that is there: dst has exactly as many elements
// as are selected. Fields of structs that the file has nothing for, and what
// slices, pointers and strings pointed to, are left as they are.
func ReadInto[T any](ctx context.Context, d *Dataset, sel space.Selection, dst []T) error {
	p, err := decoderFor[T](opRead, d.path, d.Type())
	if err != nil {
		return err
	}
	chosen, _, err := d.selected(sel)
	if err != nil {
		return err
	}
	count := uint64(0)
	if chosen != nil {
		count = chosen.Size()
	}
	if count != uint64(len(dst)) {
		return failf(opRead, d.path, ErrInvalid, "there is room for %d elements, %d are selected", len(dst), count)
	}
	return readDecoded(ctx, d, chosen, p, dst)
}

// readDecoded reads without a step between where it can.
func readDecoded[T any](ctx context.Context, d *Dataset, sel space.Selection, p *decoder, dst []T) error {
	if len(dst) == 0 {
		return nil
	}
	if view := viewOf(dst); p.straight() && view != nil {
		return d.readInto(ctx, sel, view)
	}
	e := &Elements{Type: d.Type(), file: d.file}
	if p.follows {
		var err error
		if e, err = d.ReadRaw(ctx, sel); err != nil {
			return err
		}
	} else {
		e.Data = make([]byte, uint64(len(dst))*uint64(e.Type.Size))
		if err := d.readInto(ctx, sel, e.Data); err != nil {
			return err
		}
	}
	return decode(opRead, d.path, p, e, dst)
}

// Value reads a dataset of one element: a scalar, or of any shape that has one.
func Value[T any](ctx context.Context, d *Dataset) (T, error) {
	return one(Read[T](ctx, d, nil))(opRead, d.path)
}

func one[T any](v []T, err error) func(op, path string) (T, error) {
	return func(op, path string) (T, error) {
		var zero T
		switch {
		case err != nil:
			return zero, err
		case len(v) != 1:
			return zero, failf(op, path, ErrInvalid, "it holds %d elements, not one", len(v))
		}
		return v[0], nil
	}
}

// As gives elements that were read as Go values; see Read.
func As[T any](e *Elements) ([]T, error) {
	const op = "convert"
	p, err := decoderFor[T](op, "elements", e.Type)
	if err != nil {
		return nil, err
	}
	count := 0
	if e.Type.Size > 0 {
		count = len(e.Data) / int(e.Type.Size)
	}
	if e.file != nil && e.file.stored != nil {
		if err := e.file.stored.Allowed(uint64(count) * p.memory); err != nil {
			return nil, readError(op, "elements", err)
		}
	}
	dst := make([]T, count)
	return dst, decode(op, "elements", p, e, dst)
}

const opAttribute = "read attribute"

// Get reads the attribute of a name; ErrNotFound where there is none.
func (a *Attributes) Get(ctx context.Context, name string) (*Attribute, error) {
	all, err := a.All(ctx)
	if err != nil {
		return nil, err
	}
	for _, one := range all {
		if one.Name == name {
			return one, nil
		}
	}
	return nil, fail(opAttribute, a.path+"@"+name, ErrNotFound, nil)
}

// ReadAttribute reads an attribute's elements as Go values, in C order; see
// Read.
func ReadAttribute[T any](ctx context.Context, a *Attributes, name string) ([]T, error) {
	stored, err := a.Get(ctx, name)
	if err != nil {
		return nil, err
	}
	path := a.path + "@" + name
	p, err := decoderFor[T](opAttribute, path, stored.Type)
	if err != nil {
		return nil, err
	}
	e, err := stored.Read(ctx)
	if err != nil {
		return nil, err
	}
	count, err := stored.Space.Count()
	if err != nil || count*uint64(e.Type.Size) != uint64(len(e.Data)) {
		return nil, failf(opAttribute, path, ErrDamaged, "%d bytes of data", len(e.Data))
	}
	dst := make([]T, count)
	return dst, decode(opAttribute, path, p, e, dst)
}

// AttributeValue reads an attribute of one element.
func AttributeValue[T any](ctx context.Context, a *Attributes, name string) (T, error) {
	return one(ReadAttribute[T](ctx, a, name))(opAttribute, a.path+"@"+name)
}

// TypeError says that a stored type does not go into a Go type.
type TypeError struct {
	Stored *dtype.Type
	Go     reflect.Type
	Member string // path of the compound member, "" for the whole
	Err    error
}

func (e *TypeError) Error() string {
	where := ""
	if e.Member != "" {
		where = fmt.Sprintf("member %q: ", e.Member)
	}
	return fmt.Sprintf("%sthe stored type %s does not go into the Go type %s: %v", where, e.Stored, e.Go, e.Err)
}

func (e *TypeError) Unwrap() error { return e.Err }

func mismatch(t *dtype.Type, rt reflect.Type, format string, args ...any) error {
	return &TypeError{Stored: t, Go: rt, Err: fmt.Errorf(format, args...)}
}

// inMember puts the member that holds it in front of an error.
func inMember(name string, err error) error {
	var e *TypeError
	if !errors.As(err, &e) {
		return fmt.Errorf("member %q: %w", name, err)
	}
	if e.Member != "" {
		name += "." + e.Member
	}
	return &TypeError{Stored: e.Stored, Go: e.Go, Member: name, Err: e.Err}
}
