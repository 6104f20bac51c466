package filespec

import (
	"math"
	"strings"

	"github.com/h5serve/h5serve/h5core/dtype"
)

// npyType is a type of numpy's: how it lies in a .npy file, and what it is
// stored as.
type npyType struct {
	t       *dtype.Type
	size    int     // bytes in the part
	convert convert // nil where the part's bytes are the stored ones
	swap    int     // or all but the order of numbers of that many bytes
	text    bool    // UTF-32
	big     bool
}

// convert makes one element, as stored, of one of the part.
type convert func(dst, src []byte, heap dtype.Heap) error

// npyDescr reads a descr: a name, a list of fields, or a type with a shape.
func npyDescr(descr any, depth int) (npyType, error) {
	if depth > dtype.MaxDepth {
		return npyType{}, complain("bad_npy", "more than %d types inside each other", dtype.MaxDepth)
	}
	switch d := descr.(type) {
	case string:
		return npyName(d)
	case []any:
		return npyFields(d, depth)
	case pyTuple:
		if len(d) == 2 {
			return npyArray(d[0], d[1], depth)
		}
	}
	return npyType{}, complain("bad_npy", "descr is no dtype: %v", descr)
}

func npyName(name string) (npyType, error) {
	code := strings.TrimLeft(name, "<>|=")
	switch {
	case strings.HasPrefix(code, "O"):
		return npyType{}, complain("npy_pickle", "the array holds pickled Python objects, which are never loaded: save numbers or texts")
	case strings.HasPrefix(code, "U"):
		n, ok := parseUint([]byte(code[1:]))
		if !ok || n > math.MaxInt32/4 {
			return npyType{}, complain("bad_npy", "descr %q", name)
		}
		big := name[0] == '>'
		return npyType{t: dtype.VarString(dtype.UTF8), size: int(4 * n), convert: utf32(big), text: true, big: big}, nil
	}
	t, err := dtype.Parse(name)
	if err != nil {
		return npyType{}, complain("bad_npy", "descr %v", err)
	}
	if t.Size > math.MaxInt32 {
		return npyType{}, complain("bad_npy", "descr %q: elements of more than 2 GiB", name)
	}
	return npyType{t: t, size: int(t.Size)}, nil
}

func npyArray(base, shape any, depth int) (npyType, error) {
	of, err := npyDescr(base, depth+1)
	if err != nil {
		return of, err
	}
	axes, ok := shape.(pyTuple)
	if one, isInt := shape.(int64); isInt {
		axes, ok = pyTuple{one}, true
	}
	if !ok || len(axes) > dtype.MaxRank {
		return of, complain("bad_npy", "no shape of an array: %v", shape)
	}
	count := int64(1)
	var dims []uint32
	for _, axis := range axes {
		n, ok := axis.(int64)
		if !ok || n < 1 || n > math.MaxInt32 || count*n > math.MaxInt32 || count*n*int64(max(of.size, 1)) > math.MaxInt32 {
			return of, complain("bad_npy", "no shape of an array: %v", shape)
		}
		count *= n
		dims = append(dims, uint32(n))
	}
	if len(dims) == 0 {
		return of, nil
	}
	t, err := dtype.ArrayOf(of.t, dims...)
	if err != nil {
		return of, err
	}
	made := npyType{t: t, size: of.size * int(count)}
	if of.convert != nil {
		made.convert = func(dst, src []byte, heap dtype.Heap) error {
			for i := range int(count) {
				if err := of.convert(dst[i*int(of.t.Size):], src[i*of.size:(i+1)*of.size], heap); err != nil {
					return err
				}
			}
			return nil
		}
	}
	return made, nil
}

// npyField is a field of a structured type.
type npyField struct {
	npyType
	name   string
	offset int // in the part
}

func npyFields(list []any, depth int) (npyType, error) {
	fields, end, err := npyFieldList(list, depth)
	if err != nil {
		return npyType{}, err
	}
	verbatim := true
	members := make([]dtype.Member, len(fields))
	for i, f := range fields {
		members[i] = dtype.Member{Name: f.name, Offset: uint32(f.offset), Type: f.t}
		verbatim = verbatim && f.convert == nil
	}
	if verbatim {
		t, err := dtype.CompoundOf(uint32(end), members...)
		return npyType{t: t, size: end}, err
	}
	t, err := dtype.Packed(members...)
	if err != nil {
		return npyType{}, err
	}
	return npyType{t: t, size: end, convert: func(dst, src []byte, heap dtype.Heap) error {
		for i, f := range fields {
			m := t.Members[i]
			from, to := src[f.offset:f.offset+f.size], dst[m.Offset:m.Offset+m.Type.Size]
			if f.convert == nil {
				copy(to, from)
			} else if err := f.convert(to, from, heap); err != nil {
				return err
			}
		}
		return nil
	}}, nil
}

// npyFieldList reads fields, (name, descr) or (name, descr, shape). Those
// without a name are numpy's padding of aligned types.
func npyFieldList(list []any, depth int) (fields []npyField, end int, err error) {
	for _, one := range list {
		f, ok := one.(pyTuple)
		if !ok || len(f) < 2 || len(f) > 3 {
			return nil, 0, complain("bad_npy", "descr: a field is (name, type), not %v", one)
		}
		name, ok := f[0].(string)
		if titled, is := f[0].(pyTuple); is && len(titled) == 2 {
			name, ok = titled[1].(string) // (title, name)
		}
		if !ok {
			return nil, 0, complain("bad_npy", "descr: a field without a name: %v", one)
		}
		var t npyType
		if len(f) == 3 {
			t, err = npyArray(f[1], f[2], depth)
		} else {
			t, err = npyDescr(f[1], depth+1)
		}
		if err != nil {
			return nil, 0, err
		}
		if name != "" {
			fields = append(fields, npyField{t, name, end})
		}
		if end += t.size; end > math.MaxInt32 {
			return nil, 0, complain("bad_npy", "descr: elements of more than 2 GiB")
		}
	}
	return fields, end, nil
}
