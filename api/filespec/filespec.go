// Package filespec reads the description of an HDF5 file to be made, a JSON
// document with perhaps some parts beside it, and makes the file's tree of it.
//
//	description ─┐ first pass                    second pass
//	  {"datasets": Parse ──► Spec ──► Options ──► h5core.Open
//	     {"t": …}}           │  what stands where, of which type and shape,
//	parts ───────┘           │  and where each value lies in the source
//	  t.npy, pixels          └──► Write ──► groups, datasets, attributes, links
//	                               values go from the source into typed storage
//
// The description is read token by token and never held as a whole: memory
// grows with the number of objects, not with the number of values. Bodies may
// be hostile, so every size is checked against what the bytes can justify, and
// what is wrong is told as a [Problem]: where, what, and what was expected.
//
// JSON is scanned by a scanner of the room's own. The usual ones keep every
// name of an object, to find duplicates, and every text, in memory: several
// times the body. This one keeps a window, and each reader looks for the
// duplicates that it can have.
package filespec

import (
	"context"
	"io"

	"github.com/h5serve/h5serve/h5core"
	"github.com/h5serve/h5serve/h5core/dtype"
	"github.com/h5serve/h5serve/h5core/space"
)

// Source is a body that can be read more than once.
type Source interface {
	io.ReaderAt
	Size() int64
}

// Part is one part of a multipart request besides the description.
type Part struct {
	Name, FileName, ContentType string
	Body                        Source
	SHA256                      [32]byte
}

// Warning is advice on a file that can be made.
type Warning struct{ Code, Detail, Pointer string }

// Spec is a description that was understood. It holds its sources: they must
// stay readable as long as it, and any file written from it, is in use. It may
// be written any number of times.
type Spec struct {
	source   Source
	limits   Limits
	filename string
	digest   [32]byte

	low, high     h5core.Libver
	bounded       bool
	preset        string
	userBlockSize uint64
	userBlock     []byte
	tree          *tree
	warnings      []Warning
}

// dataset is a dataset that was understood.
type dataset struct {
	t       *dtype.Type
	space   space.Space
	value   value
	storage *storage // nil for h5py's defaults
	fill    []byte   // the fill value as stored; nil for the default
}

// attribute is an attribute that was understood.
type attribute struct {
	name  string
	t     *dtype.Type
	space space.Space
	value value
}

// link is a soft, hard or external link.
type link struct{ file, target string }

// value is where elements come from: nowhere, a source that gives any range of
// them on demand, a stream of them, or a dataset of another file.
type value struct {
	source source
	stream stream
	stored *stored
}

// stream writes all elements of one dataset or attribute, as stored and in C
// order. Variable-length parts go to the heap.
type stream interface {
	copyTo(ctx context.Context, out io.Writer, heap dtype.Heap) error
}

// Parse reads a description, in its first pass: everything is checked that
// needs no values, and noted where each value lies. A nil description makes
// every part a dataset of its name. Errors that a client can mend are
// *Problem.
func Parse(ctx context.Context, description Source, parts []Part, limits Limits) (*Spec, error) {
	spec := &Spec{source: description, limits: limits, tree: newTree()}
	p := &parser{ctx: ctx, spec: spec, types: make(map[string]*dtype.Type)}
	if err := p.takeParts(parts); err != nil {
		return nil, err
	}
	if description == nil {
		return p.partsOnly()
	}
	if size := description.Size(); limits.MaxDescription > 0 && size > limits.MaxDescription {
		return nil, tooMuch("description_too_large", limits.MaxDescription, size,
			Entry{Detail: "the description is larger than the limit: send data as parts of a multipart request"})
	}
	return p.document()
}

// Filename is the name that the description gives, which may be "". It is no
// part of the file's bytes nor of its digest.
func (s *Spec) Filename() string { return s.filename }

// Digest is the same for descriptions that differ in blanks and in the
// spelling of texts only, with parts of the same content.
func (s *Spec) Digest() [32]byte { return s.digest }

// Warnings is advice, such as on storage that will be slow to read.
func (s *Spec) Warnings() []Warning { return s.warnings }

// Options returns what the description says of the file as a whole.
func (s *Spec) Options() ([]h5core.Option, error) {
	var options []h5core.Option
	if s.bounded {
		options = append(options, h5core.WithLibver(s.low, s.high))
	}
	if s.userBlockSize > 0 {
		options = append(options, h5core.WithUserBlock(s.userBlockSize, s.userBlock))
	}
	if s.tree.root.track {
		options = append(options, h5core.WithTrackOrder())
	}
	return options, nil
}
