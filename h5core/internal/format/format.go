// Package format holds the structures of levels 0 and 1 of the HDF5 File
// Format Specification, one file for each, named as there:
//
//	superblock ──▶ object header ──▶ messages (room message)
//	                    │
//	    symbol table ◀──┴──▶ B-trees, fixed arrays, heaps
//
// A structure knows its bytes and nothing of files: addresses in it are plain
// numbers, relative to the base address, and who fetches or places what lies
// there works a floor above.
package format

// Signature begins every HDF5 file, at offset 0, 512, 1024, 2048, ... of the
// bytes (specification, II.A).
const Signature = "\x89HDF\r\n\x1a\n"

// Default B-tree ranks, as the C library writes them (specification, II.A).
const (
	GroupLeafK     = 4  // a symbol table node holds 2K entries
	GroupInternalK = 16 // a group's B-tree node holds 2K children
	ChunkK         = 32 // a chunk B-tree node holds 2K children
)
