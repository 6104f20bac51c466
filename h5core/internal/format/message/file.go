package message

import "github.com/h5serve/h5serve/h5core/internal/wire"

// BTreeK is the B-tree 'K' values message of a superblock extension
// (IV.A.2.t).
type BTreeK struct {
	ChunkK         uint16
	GroupInternalK uint16
	GroupLeafK     uint16
}

// Fields lists the message's fields.
func (m *BTreeK) Fields(c *wire.Codec) {
	c.Name("B-tree K values")
	version := uint8(0)
	c.Version(&version, 0)
	c.U16("indexed storage internal node K", &m.ChunkK)
	c.U16("group internal node K", &m.GroupInternalK)
	c.U16("group leaf node K", &m.GroupLeafK)
}

// DriverInfo is the driver info message of a superblock extension (IV.A.2.u).
type DriverInfo struct {
	Name string // 8 bytes: "NCSAmult", "NCSAfami"
	Data []byte
}

// Fields lists the message's fields.
func (m *DriverInfo) Fields(c *wire.Codec) {
	c.Name("driver info")
	version := uint8(0)
	c.Version(&version, 0)
	c.String("driver identification", 8, &m.Name)
	size := uint16(len(m.Data))
	c.U16("driver information size", &size)
	c.Bytes("driver information", uint64(size), &m.Data)
}

// SharedTable is the shared message table message of a superblock extension
// (IV.A.2.p): where the table lies and how many indexes it has.
type SharedTable struct {
	Addr    uint64
	Indexes uint8
}

// Fields lists the message's fields.
func (m *SharedTable) Fields(c *wire.Codec) {
	c.Name("shared message table message")
	version := uint8(0)
	c.Version(&version, 0)
	c.Addr("shared object header message table address", &m.Addr)
	c.U8("number of indices", &m.Indexes)
}

// CacheImage is the metadata cache image message of a superblock extension
// (IV.A.2.y). Readers need not use the image.
type CacheImage struct{ Addr, Length uint64 }

// Fields lists the message's fields.
func (m *CacheImage) Fields(c *wire.Codec) {
	c.Name("metadata cache image")
	version := uint8(0)
	c.Version(&version, 0)
	c.Addr("address of cache image", &m.Addr)
	c.Length("length of cache image", &m.Length)
}

// FileSpace is the file space info message of a superblock extension
// (IV.A.2.x). Version 0 comes from releases of the C library before 1.10.1.
type FileSpace struct {
	Version   uint8
	Strategy  uint8 // H5F_fspace_strategy_t; in version 0 H5F_file_space_type_t
	Persist   bool  // version 1
	Threshold uint64
	PageSize  uint64 // version 1
	PageEnd   uint16 // version 1: bytes at a page's end not kept track of
	End       uint64 // version 1: end of file before the managers were written
	Managers  []uint64
}

// The strategy of version 0 that keeps managers in the file.
const allPersist = 1

// Fields lists the message's fields.
func (m *FileSpace) Fields(c *wire.Codec) {
	c.Name("file space info")
	c.Version(&m.Version, 0, 1)
	c.U8("strategy", &m.Strategy)
	n := 0
	if m.Version == 0 {
		c.Length("free-space section threshold", &m.Threshold)
		if m.Strategy == allPersist {
			n = 6
		}
	} else {
		persist := uint8(0)
		if m.Persist {
			persist = 1
		}
		c.U8("persisting free-space", &persist)
		m.Persist = persist != 0
		c.Length("free-space section threshold", &m.Threshold)
		c.Length("file space page size", &m.PageSize)
		c.U16("page-end metadata threshold", &m.PageEnd)
		c.Addr("EOA", &m.End)
		if m.Persist {
			n = 12
		}
	}
	if c.Decoding() && c.Err() == nil {
		m.Managers = make([]uint64, n)
	}
	for i := range m.Managers {
		c.Addr("address of free-space manager", &m.Managers[i])
	}
}
