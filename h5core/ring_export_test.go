package h5core

import (
	"context"

	"github.com/h5serve/h5serve/h5core/internal/object"
	"github.com/h5serve/h5serve/h5core/internal/piece"
)

// NodeOf is the node of an object of a file that is being made: what the
// planner takes and the face does not make yet is put in there.
func NodeOf(o Object) object.Node {
	switch o := o.(type) {
	case *Group:
		return o.node
	case *Dataset:
		return o.node
	}
	return nil
}

// DatasetOf is the dataset of a node.
func (f *File) DatasetOf(n *object.Dataset, path string) *Dataset {
	return &Dataset{file: f, path: path, node: n}
}

// DataHeap is the heap of the elements of datasets.
func (f *File) DataHeap() *piece.GlobalHeap { return f.data }

// Refer gives the token that stands for a node in references of its file.
func (f *File) Refer(n object.Node) uint64 {
	for i, known := range f.refs {
		if known == n {
			return uint64(i + 1)
		}
	}
	f.refs = append(f.refs, n)
	return uint64(len(f.refs))
}

// Committed is the address of the committed type of a dataset that is read.
func (d *Dataset) Committed() (addr uint64, ok bool) {
	addr, ok, _ = d.stored.CommittedType()
	return addr, ok
}

// BareEdges tells whether chunks beyond the shape pass no filters.
func (d *Dataset) BareEdges() bool { return d.data.Layout.BareEdges }

// ObjectAt opens the object of an address, to which no path need lead.
func (f *File) ObjectAt(addr uint64) (Object, error) {
	return f.object(context.Background(), "(somewhere)", addr)
}
