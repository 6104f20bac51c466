package format

import "github.com/h5serve/h5serve/h5core/internal/wire"

// Mappings is the global heap object that a virtual dataset's layout points to
// (specification III.E, "Global Heap Block for Virtual Datasets").
type Mappings struct {
	Version uint8
	List    []Mapping
}

// Mapping says which part of a virtual dataset is which part of a source.
type Mapping struct {
	File    string // "." is the same file; may hold a printf pattern, "%b"
	Dataset string // likewise
	Source  Selection
	Virtual Selection
}

// Flags of a mapping of version 1.
const (
	mappingSharedFile    = 0x01 // the file's name is that of an earlier mapping
	mappingSharedDataset = 0x02 // the dataset's name is that of an earlier mapping
	mappingSameFile      = 0x04 // the source lies in the same file
)

// Fields lists the object's fields; it is decoded only.
func (m *Mappings) Fields(c *wire.Codec) {
	c.Name("virtual dataset mappings")
	c.Version(&m.Version, 0, 1)
	n := uint64(0)
	c.Length("number of entries", &n)
	if !c.Count("number of entries", n, 2) {
		return
	}
	for range n {
		var e Mapping
		m.entry(c, &e)
		if c.Err() != nil {
			return
		}
		m.List = append(m.List, e)
	}
	c.Checksum()
}

func (m *Mappings) entry(c *wire.Codec, e *Mapping) {
	flags := uint8(0)
	if m.Version == 1 {
		c.U8("flags", &flags)
	}
	switch {
	case flags&mappingSameFile != 0:
		e.File = "."
	case flags&mappingSharedFile != 0:
		m.earlier(c, "source file name", &e.File, func(o Mapping) string { return o.File })
	default:
		c.CString("source file name", 1, &e.File)
	}
	if flags&mappingSharedDataset != 0 {
		m.earlier(c, "source dataset name", &e.Dataset, func(o Mapping) string { return o.Dataset })
	} else {
		c.CString("source dataset name", 1, &e.Dataset)
	}
	c.Sub(&e.Source)
	c.Sub(&e.Virtual)
}

// earlier takes a name from the mapping whose number is stored.
func (m *Mappings) earlier(c *wire.Codec, field string, name *string, of func(Mapping) string) {
	i := uint64(0)
	c.Length(field, &i)
	if c.Err() == nil && i >= uint64(len(m.List)) {
		c.Fail(field, "refers to entry %d of %d", i, len(m.List))
		return
	}
	if c.Err() == nil {
		*name = of(m.List[i])
	}
}
