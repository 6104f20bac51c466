package plan

import (
	"fmt"
	"strings"

	"github.com/h5serve/h5serve/h5core/dtype"
	"github.com/h5serve/h5serve/h5core/internal/object"
	"github.com/h5serve/h5serve/h5core/space"
)

// Libver is a bound on the versions of the format: h5py's libver.
type Libver uint8

// The bounds, named after the first library that reads what they allow.
const (
	Earliest Libver = iota
	V108
	V110
	V112
	V114
	V200
	Latest = V200
)

var libverNames = []string{"earliest", "v108", "v110", "v112", "v114", "v200"}

// ParseLibver finds a bound by h5py's name for it.
func ParseLibver(name string) (Libver, error) {
	if name == "latest" {
		return Latest, nil
	}
	for i, known := range libverNames {
		if name == known {
			return Libver(i), nil
		}
	}
	return 0, fmt.Errorf("libver %q is not one of %s, latest", name, strings.Join(libverNames, ", "))
}

func (v Libver) String() string { return libverNames[v] }

// versions are the format versions that a low bound asks for.
type versions struct {
	superblock, header, dataspace, datatype, fill, layout, filteredLayout, filters, attribute uint8
}

// chooser is the table of versions by low bound, as the C library chooses
// them. What an object needs beyond its row stands in the functions below.
var chooser = [...]versions{
	//         superblock header dataspace datatype fill layout filteredLayout filters attribute
	Earliest: {0, 1, 1, 1, 2, 3, 3, 1, 1},
	V108:     {2, 2, 2, 3, 3, 3, 3, 2, 3},
	V110:     {3, 2, 2, 3, 3, 4, 4, 2, 3},
	V112:     {3, 2, 2, 4, 3, 4, 4, 2, 3},
	V114:     {3, 2, 2, 4, 3, 4, 4, 2, 3},
	V200:     {3, 2, 2, 5, 3, 4, 5, 2, 3},
}

// headerOf is 2 where creation order is kept, at any bound.
func (v versions) headerOf(o *object.Object) uint8 {
	if o.TrackOrder {
		return 2
	}
	return v.header
}

// dataspaceOf is 2 for a null dataspace, at any bound.
func (v versions) dataspaceOf(s space.Space) uint8 {
	if s.Kind == space.Null {
		return 2
	}
	return v.dataspace
}

// datatypeOf is at least 2 where there are array types, at any bound.
func (v versions) datatypeOf(t *dtype.Type) uint8 {
	if hasArray(t) {
		return max(v.datatype, 2)
	}
	return v.datatype
}

// TooNew says that a feature is beyond the file's high bound.
type TooNew struct {
	Feature    string
	Need, High Libver
}

func (e *TooNew) Error() string {
	return fmt.Sprintf("%s needs libver %v, the high bound is %v", e.Feature, e.Need, e.High)
}

// allowed checks a type against the high bound.
func (b *builder) allowed(t *dtype.Type) error {
	if t.Class == dtype.Complex && b.settings.High < V200 {
		return &TooNew{"the native complex type", V200, b.settings.High}
	}
	for _, m := range t.Members {
		if err := b.allowed(m.Type); err != nil {
			return err
		}
	}
	if t.Base != nil {
		return b.allowed(t.Base)
	}
	return nil
}

func hasArray(t *dtype.Type) bool {
	for _, m := range t.Members {
		if hasArray(m.Type) {
			return true
		}
	}
	return t.Class == dtype.Array || t.Base != nil && hasArray(t.Base)
}

// attributeOf is 3 for a name beyond ASCII, and at least 2 for a committed
// type: older versions cannot say so.
func (v versions) attributeOf(a *object.Attribute) (uint8, dtype.CharSet) {
	switch {
	case !object.ASCII(a.Name):
		return 3, dtype.UTF8
	case a.Named != nil:
		return max(v.attribute, 2), dtype.ASCII
	}
	return v.attribute, dtype.ASCII
}

// layoutOf is the row's for chunks only: all else has version 3, and filtered
// chunks 5 from v200 on, where their stored sizes take 8 bytes. Virtual
// datasets and bare edges are at least 4: no version before knows them.
func (v versions) layoutOf(d *object.Dataset) uint8 {
	layout := uint8(3)
	switch {
	case d.Layout == object.Chunked && len(d.Filters) > 0:
		layout = v.filteredLayout
	case d.Layout == object.Chunked:
		layout = v.layout
	}
	if d.Layout == object.Virtual || d.BareEdges {
		return max(layout, 4)
	}
	return layout
}
