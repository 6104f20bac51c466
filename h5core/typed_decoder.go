package h5core

import (
	"fmt"
	"reflect"
	"sync"

	"github.com/h5serve/h5serve/h5core/convert"
	"github.com/h5serve/h5serve/h5core/dtype"
)

// decoder is how elements of a stored type become values of a Go type. What
// holds no pointer in Go is converted in bulk, into a datatype that is laid out
// as the Go type. The rest is set value by value.
//
//	struct{ A float64; Name string; B [2]int8 }
//	        └── plain: compound{A@0, B@24} ─┘  └─ value: Name
type decoder struct {
	stored  *dtype.Type
	memory  uint64             // bytes of one Go value
	plain   *convert.Converter // nil where nothing is plain
	value   setter             // nil where all is plain
	number  setter             // what plain does, value by value
	follows bool               // it needs what descriptors and references lead to
}

// setter sets an addressable value from one element.
type setter func(r *run, src []byte, v reflect.Value) error

// run is one decoding of elements.
type run struct {
	elements *Elements
	scratch  [16]byte
	made     uint64 // bytes made for what has no fixed size
}

// straight says whether stored bytes are what Go has in memory.
func (p *decoder) straight() bool { return p.value == nil && p.plain != nil && p.plain.Identical() }

// set sets one value.
func (p *decoder) set(r *run, src []byte, v reflect.Value) error {
	if p.plain != nil {
		if !viewable {
			if err := p.number(r, src, v); err != nil {
				return err
			}
		} else if err := p.plain.Convert(viewValue(v), src, 1); err != nil {
			return err
		}
	}
	if p.value == nil {
		return nil
	}
	return p.value(r, src, v)
}

// fill sets the values of a slice from as many elements.
func (p *decoder) fill(r *run, src []byte, v reflect.Value) error {
	n, size := v.Len(), int(p.stored.Size)
	bulk := viewable && p.plain != nil
	if bulk && n > 0 {
		if err := p.plain.Convert(viewSlice(v), src, n); err != nil {
			return err
		}
	}
	if bulk && p.value == nil {
		return nil
	}
	each := p.set
	if bulk {
		each = p.value
	}
	for i := range n {
		if err := each(r, src[i*size:(i+1)*size], v.Index(i)); err != nil {
			return fmt.Errorf("element %d: %w", i, err)
		}
	}
	return nil
}

// make takes memory for what has no fixed size: heap objects may be shared, so
// that a small file could ask for any amount.
func (r *run) make(bytes uint64) error {
	r.made += bytes
	if f := r.elements.file; f != nil && f.stored != nil {
		return f.stored.Allowed(r.made)
	}
	return nil
}

// decode runs a decoder over elements.
func decode[T any](op, path string, p *decoder, e *Elements, dst []T) error {
	if len(dst) == 0 {
		return nil
	}
	if view := viewOf(dst); view != nil && p.plain != nil && p.value == nil {
		if err := p.plain.Convert(view, e.Data, len(dst)); err != nil {
			return fail(op, path, ErrInvalid, err)
		}
		return nil
	}
	r := &run{elements: e}
	err := readError(op, path, p.fill(r, e.Data, reflect.ValueOf(dst)))
	if _, placed := err.(*Error); err != nil && !placed { //nolint:errorlint // only the outermost counts
		return fail(op, path, ErrInvalid, err)
	}
	return err
}

// Decoders are kept, so that reflection has work only the first time that a Go
// type meets a stored one.
var decoders = struct {
	sync.Mutex
	made map[decoderKey]*decoder
}{made: map[decoderKey]*decoder{}}

type decoderKey struct {
	rt reflect.Type
	t  *dtype.Type
}

// maxDecoders bounds the decoders that are kept: they keep the types of files.
const maxDecoders = 512

func decoderFor[T any](op, path string, t *dtype.Type) (*decoder, error) {
	key := decoderKey{reflect.TypeFor[T](), t}
	decoders.Lock()
	p := decoders.made[key]
	decoders.Unlock()
	if p != nil {
		return p, nil
	}
	p, err := newDecoder(key.rt, t, 1)
	if err != nil {
		return nil, fail(op, path, ErrInvalid, err)
	}
	decoders.Lock()
	defer decoders.Unlock()
	if len(decoders.made) >= maxDecoders {
		clear(decoders.made)
	}
	decoders.made[key] = p
	return p, nil
}

// newDecoder works out how elements of a type become values of a Go type.
func newDecoder(rt reflect.Type, t *dtype.Type, level int) (*decoder, error) {
	if level > dtype.MaxDepth {
		return nil, mismatch(t, rt, "over %d types inside each other", dtype.MaxDepth)
	}
	p := &decoder{stored: t, memory: uint64(rt.Size())}
	if memory := layout(rt, t, level); memory != nil {
		return p, p.convert(rt, memory, level)
	}
	var err error
	switch k := rt.Kind(); {
	case rt == reflect.TypeFor[ObjectReference]():
		p.follows = true
		p.value, err = setObject(rt, t)
	case rt == reflect.TypeFor[RegionReference]():
		p.follows = true
		p.value, err = setRegion(rt, t)
	case k == reflect.Bool:
		p.value, err = setBool(rt, t)
	case k == reflect.String, k == reflect.Pointer && rt.Elem().Kind() == reflect.String:
		p.follows = t.Class == dtype.VarLen
		p.value, err = setText(rt, t)
	case k == reflect.Slice:
		err = p.slice(rt, t, level)
	case k == reflect.Array:
		err = p.array(rt, t, level)
	case k == reflect.Struct && t.Class == dtype.Compound:
		err = p.structure(rt, t, level)
	default:
		err = mismatch(t, rt, "they are of different kinds")
	}
	return p, err
}

// convert makes the decoder a conversion into a layout.
func (p *decoder) convert(rt reflect.Type, memory *dtype.Type, level int) (err error) {
	if p.plain, err = convert.New(numbers(p.stored), memory); err != nil {
		return &TypeError{Stored: p.stored, Go: rt, Err: err}
	}
	if !viewable {
		p.number, err = byReflection(rt, p.stored, memory, level)
	}
	return err
}
