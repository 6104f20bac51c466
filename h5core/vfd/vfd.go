// Package vfd is the contract between the engine and the places where files lie: h5py's file drivers.
//
//	engine ──▶ File ──▶ sec2    a file of the operating system, read and written in place
//	                ──▶ core    a Memory, loaded from a file and written back, or neither
//	                ──▶ …       others register themselves
//
// A file is a flat space of bytes addressed by uint64, as the format has it. There is no position: any
// number of goroutines may read, and write to ranges that do not overlap, at once. A read or write does its
// full range or fails; a write past the end extends the file, and what was never written reads as zeros.
// The context is looked at before the work begins, and by drivers to far places while it lasts.
package vfd

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
)

// Class says what kind of bytes an access touches, so that drivers may place or cache them apart
// (H5FD_mem_t).
type Class uint8

const (
	Superblock   Class = iota // H5FD_MEM_SUPER: superblock, its extension's place, userblock
	BTree                     // H5FD_MEM_BTREE: nodes of B-trees
	Raw                       // H5FD_MEM_DRAW: elements of datasets
	GlobalHeap                // H5FD_MEM_GHEAP: global heap collections
	LocalHeap                 // H5FD_MEM_LHEAP: local heaps
	ObjectHeader              // H5FD_MEM_OHDR: object headers and their continuations
)

func (c Class) String() string {
	names := [...]string{"superblock", "btree", "raw", "global heap", "local heap", "object header"}
	if int(c) < len(names) {
		return names[c]
	}
	return fmt.Sprintf("class %d", uint8(c))
}

// Mode says how a file is opened. h5py's "a" is decided a floor above.
type Mode uint8

const (
	Read      Mode = iota // "r": must exist
	ReadWrite             // "r+": must exist
	Truncate              // "w": made, or emptied
	Exclusive             // "w-" or "x": made, must not exist
)

func (m Mode) String() string {
	names := [...]string{"r", "r+", "w", "x"}
	if int(m) < len(names) {
		return names[m]
	}
	return fmt.Sprintf("mode %d", uint8(m))
}

// Writable tells whether a file of this mode may be changed.
func (m Mode) Writable() bool { return m != Read }

// Creates tells whether the mode starts from an empty file.
func (m Mode) Creates() bool { return m == Truncate || m == Exclusive }

// File is an open file. See the package comment for what all methods have in common.
type File interface {
	// ReadAt fills p from addr on; a range that leaves the file is ErrShort.
	ReadAt(ctx context.Context, p []byte, addr uint64) error
	WriteAt(ctx context.Context, p []byte, addr uint64) error
	// Size is the file's length in bytes, 0 once closed.
	Size() uint64
	Truncate(ctx context.Context, size uint64) error
	// Sync returns when what was written would survive a loss of power, if the driver can promise that.
	Sync(ctx context.Context) error
	// Close ends the file's use; later calls are ErrClosed.
	Close() error
}

// Segment is one range of a vectored read: len(Data) bytes from Addr on.
type Segment struct {
	Addr uint64
	Data []byte
}

// Vectored is the power of a file that reads many ranges of one class in one round.
type Vectored interface {
	ReadVector(ctx context.Context, class Class, segs []Segment) error
}

// Fetch reads all segments: in one round if the file can, else one after the other.
func Fetch(ctx context.Context, f File, class Class, segs []Segment) error {
	if v, ok := f.(Vectored); ok {
		return v.ReadVector(ctx, class, segs)
	}
	for _, s := range segs {
		if err := f.ReadAt(ctx, s.Data, s.Addr); err != nil {
			return err
		}
	}
	return nil
}

// Driver opens files by name. A missing file is fs.ErrNotExist, one that should not be there fs.ErrExist.
type Driver interface {
	Name() string
	Open(ctx context.Context, name string, mode Mode) (File, error)
}

// Kinds of failure, for errors.Is.
var (
	ErrClosed    = fs.ErrClosed
	ErrShort     = errors.New("the range leaves the file")
	ErrReadOnly  = errors.New("the file is open for reading only")
	ErrSpoolFull = errors.New("no room left for temporary bytes")
	ErrRange     = errors.New("the range leaves the address space")
	ErrMode      = errors.New("no such mode of opening")
)

// Error tells what was done where when it failed. Addr is set for reads, writes and truncations.
type Error struct {
	Op     string // "open", "read", "write", "truncate", "sync", "close"
	Driver string
	Name   string
	Addr   uint64
	Err    error
}

func (e *Error) Error() string {
	where := ""
	switch e.Op {
	case "read", "write", "truncate":
		where = fmt.Sprintf(" at %d", e.Addr)
	}
	return fmt.Sprintf("%s %q: %s%s: %v", e.Driver, e.Name, e.Op, where, e.Err)
}

func (e *Error) Unwrap() error { return e.Err }

// site knows which driver and file an error comes from.
type site struct{ driver, name string }

// fail wraps an error once, in place of the operating system's own wrapping.
func (s site) fail(op string, addr uint64, err error) error {
	if err == nil {
		return nil
	}
	if at, ok := err.(*fs.PathError); ok {
		err = at.Err
	}
	return &Error{op, s.driver, s.name, addr, err}
}

// within checks that n bytes from addr on lie inside size.
func within(addr, n, size uint64) error {
	if addr > size || n > size-addr {
		return fmt.Errorf("%w: %d bytes wanted, it has %d", ErrShort, n, size)
	}
	return nil
}

// end is addr+n, or ErrRange.
func end(addr, n uint64) (uint64, error) {
	if n > math.MaxUint64-addr {
		return 0, fmt.Errorf("%w: %d bytes", ErrRange, n)
	}
	return addr + n, nil
}
