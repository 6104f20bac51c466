// Package represent shows what an HDF5 file stores in forms that other
// programs read: canonical bytes and lines, by which any two files can be
// compared by content, and JSON, CSV and NPY.
//
//	h5core ─▶ Walk     objects and links, depth first ─▶ Lines   a JSON object for each
//	       ─▶ Pieces   boxes of a few MiB, in C order
//	                     │ elements as stored
//	                     ▼
//	                   Canonical   bytes that are equal where the values are
//	                   Form        NewJSON, NewCSV, NewNPY: text and files
//
// Datasets come in pieces, so that memory does not depend on their size. What
// elements lead to, texts, sequences and references, they get from a Heap.
package represent

import (
	"encoding/binary"
	"fmt"
	"io"

	"github.com/h5serve/h5serve/h5core"
	"github.com/h5serve/h5serve/h5core/dtype"
)

// Heap leads from fields of stored elements to what they stand for.
// *h5core.Elements is one.
type Heap interface {
	// VarLen returns what a variable-length field leads to: text, or elements
	// of its Base as stored; nil for a null one.
	VarLen(descriptor []byte) []byte
	// Reference returns a path of the object that is referenced: "" for a
	// null reference. It is not ok where nothing is there.
	Reference(ref []byte) (path string, ok bool)
	// Region returns a path of the dataset, the number of elements that are
	// selected in it and their places in C order, ascending.
	Region(ref []byte) (path string, count uint64, indices []uint64, ok bool)
}

// Writer writes the elements of one dataset or attribute. Write takes them in
// C order, as stored, any whole number at a time; Close ends the form, and
// leaves the stream beneath it open. Errors of types that a form cannot hold
// are of type *TypeError.
type Writer interface {
	Write(data []byte, h Heap) error
	Close() error
}

// Form begins to write elements of a type and shape to a stream.
type Form func(w io.Writer, t *dtype.Type, shape []uint64) (Writer, error)

// TypeError says why a form cannot hold the elements of a type.
type TypeError struct {
	Form   string // "CSV", "NPY", ...
	Type   *dtype.Type
	Reason string
}

func (e *TypeError) Error() string {
	return fmt.Sprintf("%s: %s: %s", e.Form, e.Type, e.Reason)
}

func refuse(form string, t *dtype.Type, format string, args ...any) error {
	return &TypeError{Form: form, Type: t, Reason: fmt.Sprintf(format, args...)}
}

// maxElement bounds what one element becomes: sequences of sequences may share
// their contents, so that a small file stands for endless output.
const maxElement = 64 << 20

// sequence returns the elements that a variable-length field leads to, for
// output that has size bytes so far.
func sequence(t *dtype.Type, descriptor []byte, h Heap, size int) (data []byte, count int, err error) {
	if size > maxElement {
		return nil, 0, fmt.Errorf("%w: an element of %s has more than %d MiB", h5core.ErrTooLarge, t, maxElement>>20)
	}
	data = h.VarLen(descriptor)
	if data == nil {
		return nil, 0, nil
	}
	n, each := uint64(binary.LittleEndian.Uint32(descriptor)), uint64(t.Base.Size)
	if n > uint64(len(data))/each {
		return nil, 0, fmt.Errorf("a sequence of %d elements of %s has only %d bytes", n, t.Base, len(data))
	}
	return data[:n*each], int(n), nil
}
