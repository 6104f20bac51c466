package represent

import (
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"strconv"

	"github.com/h5serve/h5serve/h5core"
	"github.com/h5serve/h5serve/h5core/dtype"
	"github.com/h5serve/h5serve/h5core/space"
)

func (l *lister) dataset(d *line, ds *h5core.Dataset) {
	t, s := ds.Type(), ds.Space()
	d.text("dtype", InMemory(t).String())
	n, err := spaceKeys(d, s)
	d.raw("maxshape", appendMaximum(nil, s))
	storageKeys(d, ds)
	fillKey(d, ds)
	if err != nil {
		l.fault(d, "error", err)
		return
	}
	d.number("n", n)
	if n > hashCount || n*uint64(InMemory(t).Size) > hashBytes {
		d.raw("data_skipped", []byte("true"))
		return
	}
	sum, err := newDigest(t, min(n, 10))
	if err == nil {
		err = l.digest(sum, ds)
	}
	if err != nil {
		l.fault(d, "data_error", err)
		return
	}
	sum.keys(d, "first")
}

// digest reads a dataset piece by piece.
func (l *lister) digest(sum *digest, ds *h5core.Dataset) error {
	return EachPiece(l.ctx, ds, func(e *h5core.Elements) (err error) {
		l.buf, err = sum.add(e.Data, l.buf, &named{l, e})
		return err
	})
}

func (l *lister) attributes(d *line, o h5core.Object) {
	all, err := o.Attributes().All(l.ctx)
	if err != nil {
		l.fault(d, "attrs_error", err)
	}
	attrs := newLine()
	for _, a := range all {
		x := newLine()
		l.attribute(x, a)
		attrs.raw(a.Name, x.end())
	}
	d.raw("attrs", attrs.end())
}

func (l *lister) attribute(d *line, a *h5core.Attribute) {
	d.text("dtype", InMemory(a.Type).String())
	n, err := spaceKeys(d, a.Space)
	if err != nil {
		l.fault(d, "error", err)
		return
	}
	key, want := "value", n
	if n > 64 {
		key, want = "first", 10
	}
	sum, err := newDigest(a.Type, want)
	if err == nil && n > 0 {
		var e *h5core.Elements
		if e, err = a.Read(l.ctx); err == nil {
			l.buf, err = sum.add(e.Data, l.buf, &named{l, e})
		}
	}
	if err != nil {
		l.fault(d, "error", err)
		return
	}
	sum.keys(d, key)
}

// digest hashes canonical bytes and keeps the first elements.
type digest struct {
	canonical *Canonical
	sum       hash.Hash
	first     []byte
	want      uint64 // elements that first still lacks
}

func newDigest(t *dtype.Type, want uint64) (*digest, error) {
	c, err := NewCanonical(t)
	return &digest{canonical: c, sum: sha256.New(), want: want}, err
}

func (g *digest) add(data, buf []byte, h Heap) (_ []byte, err error) {
	size := g.canonical.size
	for at := 0; g.want > 0 && at+size <= len(data); at += size {
		if len(g.first) > 0 {
			g.first = append(g.first, ',')
		}
		if g.first, err = g.canonical.AppendValue(g.first, data[at:], h); err != nil {
			return buf, err
		}
		g.want--
	}
	return g.canonical.WriteTo(g.sum, data, buf, h)
}

func (g *digest) keys(d *line, first string) {
	d.text("sha256", hex.EncodeToString(g.sum.Sum(nil)))
	d.raw(first, append(append([]byte{'['}, g.first...), ']'))
}

// named is a heap whose references lead to the paths that were listed first.
type named struct {
	*lister
	*h5core.Elements
}

// Reference resolves an object reference by the address that it is.
func (n *named) Reference(ref []byte) (path string, ok bool) {
	var address uint64
	for i, b := range ref[:min(len(ref), 8)] {
		address |= uint64(b) << (8 * i)
	}
	if address == 0 {
		return "", true
	}
	path, ok = n.first[address]
	return path, ok
}

func (n *named) Region(ref []byte) (path string, count uint64, indices []uint64, ok bool) {
	path, count, indices, ok = n.Elements.Region(ref)
	if !ok || path == "" {
		return path, count, indices, ok
	}
	o, err := n.file.Get(n.ctx, path)
	if err != nil {
		return "", 0, nil, false
	}
	path, ok = n.first[o.Address()]
	return path, count, indices, ok
}

// spaceKeys adds the kind and the shape of a space, and counts its elements.
func spaceKeys(d *line, s space.Space) (n uint64, err error) {
	switch {
	case s.Kind == space.Null:
		d.text("space", "null").raw("shape", []byte("null"))
	case s.Kind == space.Scalar:
		d.text("space", "scalar").raw("shape", []byte("[]"))
	default:
		d.text("space", "simple").raw("shape", appendNumbers(nil, s.Dims))
	}
	return s.Count()
}

func appendMaximum(dst []byte, s space.Space) []byte {
	if s.Kind == space.Null {
		return append(dst, "null"...)
	}
	if s.Max == nil {
		return appendNumbers(dst, s.Dims)
	}
	dst = append(dst, '[')
	for i, m := range s.Max {
		if i > 0 {
			dst = append(dst, ',')
		}
		if m == space.Unlimited {
			dst = append(dst, "null"...)
		} else {
			dst = strconv.AppendUint(dst, m, 10)
		}
	}
	return append(dst, ']')
}
