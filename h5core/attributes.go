package h5core

import (
	"errors"
	"fmt"
	"strings"

	"github.com/h5serve/h5serve/h5core/dtype"
	"github.com/h5serve/h5serve/h5core/internal/load"
	"github.com/h5serve/h5serve/h5core/internal/object"
	"github.com/h5serve/h5serve/h5core/space"
)

// Attributes are the named values of a group or dataset.
type Attributes struct {
	file   *File
	path   string
	node   *object.Object // of a file being made
	stored *load.Object   // of a file being read
}

// Attributes gives access to the group's attributes.
func (g *Group) Attributes() *Attributes {
	if g.stored != nil {
		return &Attributes{file: g.file, path: g.path, stored: g.stored}
	}
	return &Attributes{file: g.file, path: g.path, node: &g.node.Object}
}

// Attributes gives access to the dataset's attributes.
func (d *Dataset) Attributes() *Attributes {
	if d.stored != nil {
		return &Attributes{file: d.file, path: d.path, stored: d.stored}
	}
	return &Attributes{file: d.file, path: d.path, node: &d.node.Object}
}

// Heap takes the variable-length parts of values for PutRaw.
func (a *Attributes) Heap() dtype.Heap { return a.file.attrs }

// Set makes an attribute of a Go value, with the type and shape that h5py
// would give it (see dtype.Of). A name that exists is ErrExists.
func (a *Attributes) Set(name string, v any) error {
	t, shape, err := dtype.Of(v)
	if err != nil {
		return fail("set attribute", a.path+"@"+name, ErrInvalid, err)
	}
	return a.Put(name, t, spaceOf(shape), v)
}

func spaceOf(shape []uint64) space.Space {
	if shape == nil {
		return space.Space{Kind: space.Scalar}
	}
	return space.Space{Kind: space.Simple, Dims: shape}
}

// Put makes an attribute of a given type and space from a Go value.
func (a *Attributes) Put(name string, t *dtype.Type, s space.Space, v any) error {
	data, err := t.AppendSlice(nil, v, a.file.attrs)
	if err != nil {
		return fail("set attribute", a.path+"@"+name, ErrInvalid, err)
	}
	return a.PutRaw(name, t, s, data)
}

// PutRaw makes an attribute from its elements as stored, variable-length parts
// being already in the Heap.
func (a *Attributes) PutRaw(name string, t *dtype.Type, s space.Space, data []byte) error {
	const op = "set attribute"
	path := a.path + "@" + name
	if err := checkAttribute(name, t, s, data); err != nil {
		return fail(op, path, kindOf(err), err)
	}
	return a.file.change(op, path, func() error {
		if a.node.Find(name) != nil {
			return fail(op, path, ErrExists, nil)
		}
		a.node.Attributes = append(a.node.Attributes, &object.Attribute{Name: name, Type: t, Space: s, Data: data})
		return nil
	})
}

func checkAttribute(name string, t *dtype.Type, s space.Space, data []byte) error {
	if name == "" {
		return errors.New("an attribute needs a name")
	}
	if strings.IndexByte(name, 0) >= 0 {
		return errors.New("an attribute's name cannot contain a NUL")
	}
	if err := t.Validate(); err != nil {
		return err
	}
	if err := s.Validate(uint64(t.Size)); err != nil {
		return err
	}
	if nested(t) {
		return errNested
	}
	count, err := s.Count()
	if err != nil {
		return err
	}
	if want := count * uint64(t.Size); uint64(len(data)) != want {
		return fmt.Errorf("%d bytes of data, the type and shape take %d", len(data), want)
	}
	return nil
}
