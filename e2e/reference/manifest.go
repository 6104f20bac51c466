package reference

import (
	"encoding/json"
	"math"
	"os"
)

// File is what one file holds, as check.py documents it: a field left at its
// zero value stands for the default there, and is compared too.
type File struct {
	Path            string         `json:"path"`
	Superblock      int            `json:"superblock"`
	Userblock       int            `json:"userblock"`
	UserblockSHA256 string         `json:"userblock_sha256,omitzero"`
	Objects         map[string]any `json:"objects"` // path: Group, Dataset, Datatype, Soft, External or Hard
}

// Group is a group, the root too.
type Group struct {
	LinksOrder Order           `json:"links_order,omitzero"`
	Attrs      map[string]Attr `json:"attrs,omitzero"`
	AttrsOrder Order           `json:"attrs_order,omitzero"`
}

// Dataset is a dataset; Value or SHA256 says what it holds.
type Dataset struct {
	DType       string          `json:"dtype"`
	Space       string          `json:"space,omitzero"`
	Shape       []uint64        `json:"shape"` // nil: null space
	MaxShape    []Bound         `json:"maxshape,omitzero"`
	Layout      string          `json:"layout"`
	Chunks      []uint64        `json:"chunks,omitzero"`
	Filters     []Filter        `json:"filters,omitzero"`
	Fill        Fill            `json:"fill,omitzero"`
	FillTime    string          `json:"fill_time,omitzero"`
	AllocTime   string          `json:"alloc_time,omitzero"`
	Unallocated bool            `json:"unallocated,omitzero"`
	Value       []any           `json:"value,omitzero"`
	SHA256      string          `json:"sha256,omitzero"`
	Attrs       map[string]Attr `json:"attrs,omitzero"`
	AttrsOrder  Order           `json:"attrs_order,omitzero"`
}

// Datatype is a committed datatype.
type Datatype struct {
	DType      string          `json:"dtype"`
	Attrs      map[string]Attr `json:"attrs,omitzero"`
	AttrsOrder Order           `json:"attrs_order,omitzero"`
}

// Soft is a soft link.
type Soft struct{ Target string }

// External is a link to an object of another file.
type External struct{ File, Target string }

// Hard is a further hard link to an object that stands elsewhere.
type Hard struct{ SameAs string }

// Attr is an attribute.
type Attr struct {
	DType  string   `json:"dtype"`
	Space  string   `json:"space,omitzero"`
	Shape  []uint64 `json:"shape"` // nil: null space
	Value  []any    `json:"value,omitzero"`
	SHA256 string   `json:"sha256,omitzero"`
}

// Order is the creation order of links or attributes; the zero value: none kept.
type Order struct {
	Flags int      `json:"flags"` // 1 tracked, 2 indexed
	Names []string `json:"names"`
}

// Filter is a step of a dataset's pipeline, with its client values.
type Filter struct {
	ID       int      `json:"id"`
	Optional bool     `json:"optional"`
	Values   []uint32 `json:"values,omitzero"`
}

// Fill is a fill value; the zero value: the library's default.
type Fill struct {
	Status string `json:"status"`
	Value  any    `json:"value,omitzero"`
}

// Bound is a dimension's largest extent.
type Bound uint64

// Unlimited bounds nothing.
const Unlimited Bound = math.MaxUint64

func (b Bound) MarshalJSON() ([]byte, error) {
	if b == Unlimited {
		return []byte("null"), nil
	}
	return json.Marshal(uint64(b))
}

// Number is a float as a Value: JSON has no NaN and no infinities.
func Number(f float64) any {
	switch {
	case math.IsNaN(f):
		return "nan"
	case math.IsInf(f, 1):
		return "inf"
	case math.IsInf(f, -1):
		return "-inf"
	}
	return f
}

func (o Order) MarshalJSON() ([]byte, error) {
	return json.Marshal(map[string]any{"flags": o.Flags, "names": append([]string{}, o.Names...)})
}

func (g Group) MarshalJSON() ([]byte, error) {
	type plain Group
	return json.Marshal(struct {
		Kind string `json:"kind"`
		plain
	}{"group", plain(g)})
}

func (d Dataset) MarshalJSON() ([]byte, error) {
	type plain Dataset
	return json.Marshal(struct {
		Kind string `json:"kind"`
		plain
	}{"dataset", plain(d)})
}

func (t Datatype) MarshalJSON() ([]byte, error) {
	type plain Datatype
	return json.Marshal(struct {
		Kind string `json:"kind"`
		plain
	}{"datatype", plain(t)})
}

func (l Soft) MarshalJSON() ([]byte, error) {
	return json.Marshal(map[string]string{"kind": "soft", "target": l.Target})
}

func (l External) MarshalJSON() ([]byte, error) {
	return json.Marshal(map[string]string{"kind": "external", "file": l.File, "target": l.Target})
}

func (l Hard) MarshalJSON() ([]byte, error) {
	return json.Marshal(map[string]string{"kind": "hard", "same_as": l.SameAs})
}

// writeManifest writes one line per file.
func writeManifest(name string, files []File) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	defer f.Close()
	lines := json.NewEncoder(f)
	lines.SetEscapeHTML(false)
	for _, file := range files {
		if err := lines.Encode(file); err != nil {
			return err
		}
	}
	return f.Close()
}
