// Package load reads a file, lazily: nothing is touched before it is asked for.
//
//	Open ──▶ File ──Object──▶ header ─┬─ Links, Find         a group
//	          superblock,             ├─ Dataset ──▶ values  a dataset
//	          extension               └─ Attributes          any object
//
// File is the walk.Source of all walks: it moves addresses by the base
// address, keeps them inside the file, and takes what they cost from a budget,
// so that no file, however hostile, costs more than it was allowed to.
package load

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/h5serve/h5serve/h5core/filter"
	"github.com/h5serve/h5serve/h5core/internal/format"
	"github.com/h5serve/h5serve/h5core/internal/format/message"
	"github.com/h5serve/h5serve/h5core/internal/walk"
	"github.com/h5serve/h5serve/h5core/internal/wire"
	"github.com/h5serve/h5serve/h5core/vfd"
)

// Kinds of failure, for errors.Is.
var (
	ErrNotHDF5     = errors.New("file signature not found")
	ErrDamaged     = errors.New("the file is damaged")
	ErrUnsupported = errors.New("not supported")
	ErrTooLarge    = errors.New("more than the reader was allowed")
	ErrNotFound    = errors.New("no such object")
)

// Limits bound what reading a file may cost. A zero field is no limit.
type Limits struct {
	Nodes   int64  // structures visited, over the file's whole life
	Fetched int64  // bytes fetched, likewise
	Read    uint64 // bytes of one read's result
}

// File is an open file. It is safe for concurrent use.
type File struct {
	handle vfd.File
	limits Limits
	// Follow opens a file that this one leads to; nil where that is not allowed.
	Follow func(ctx context.Context, name string) (vfd.File, error)
	base   uint64
	end    uint64 // first address outside the file
	geo    wire.Geometry
	super  format.Superblock
	root   uint64

	nodes   atomic.Int64
	fetched atomic.Int64
	extents *Extents // nil unless the file is watched

	sharedOnce sync.Once
	shared     *walk.SharedMessages
	sharedErr  error
	table      *message.SharedTable // nil without shared messages

	mu      sync.Mutex
	headers map[uint64]*walk.Header
	cached  []format.CachedStructure // of a cache image, by address
	// neighbours are other files that virtual datasets draw from.
	neighbours map[string]*File
}

// Open reads a file's superblock and its extension.
func Open(ctx context.Context, handle vfd.File, limits Limits) (*File, error) {
	f := &File{handle: handle, limits: limits, headers: map[uint64]*walk.Header{}, geo: wire.Default}
	at, err := f.findSignature(ctx)
	if err != nil {
		return nil, err
	}
	f.base, f.end = at, handle.Size()-at
	if err := f.readSuperblock(ctx); err != nil {
		return nil, err
	}
	if f.super.Version >= 2 && f.super.Extension != wire.Undefined {
		if err := f.readExtension(ctx); err != nil {
			return nil, err
		}
	}
	return f, nil
}

// findSignature looks where a superblock may begin: at 0, 512 and each
// doubling after (specification, II.A).
func (f *File) findSignature(ctx context.Context) (uint64, error) {
	size := f.handle.Size()
	for at := uint64(0); at+uint64(len(format.Signature)) <= size; at = max(512, 2*at) {
		got := make([]byte, len(format.Signature))
		if err := f.handle.ReadAt(ctx, got, at); err != nil {
			return 0, err
		}
		if bytes.Equal(got, []byte(format.Signature)) {
			return at, nil
		}
	}
	return 0, ErrNotHDF5
}

// maxSuperblock is more than any superblock takes.
const maxSuperblock = 512

func (f *File) readSuperblock(ctx context.Context) error {
	head := make([]byte, min(maxSuperblock, f.end))
	if err := f.handle.ReadAt(ctx, head, f.base); err != nil {
		return err
	}
	s := &f.super
	if _, err := wire.Decode(head, wire.Default, 0, s); err != nil {
		return damaged(err)
	}
	f.geo = wire.Geometry{OffsetSize: s.OffsetSize, LengthSize: s.LengthSize}
	f.root = s.RootHeader
	if s.Version < 2 {
		f.root = s.Root.Header
		if s.DriverInfo != wire.Undefined {
			if err := f.otherDriver(ctx); err != nil {
				return err
			}
		}
	}
	// The stored end counts from the stored base, which a user block put in
	// front later does not change.
	if s.EndOfFile < s.Base || s.EndOfFile-s.Base > f.end {
		return damaged(fmt.Errorf("truncated file: it has %d bytes from its signature on, the superblock says %d", f.end, s.EndOfFile-s.Base))
	}
	return nil
}

// otherDriver refuses a file that is one of a set: its addresses are those of
// the set.
func (f *File) otherDriver(ctx context.Context) error {
	name := make([]byte, 16)
	if err := f.Fetch(ctx, vfd.Superblock, []vfd.Segment{{Addr: f.super.DriverInfo, Data: name}}); err != nil {
		return err
	}
	return needsDriver(string(name[8:]))
}

func needsDriver(name string) error {
	for id, driver := range map[string]string{"NCSAfami": "family", "NCSAmult": "multi or split"} {
		if name == id {
			return fmt.Errorf("%w: the file is one of a set, which the %s driver opens", ErrUnsupported, driver)
		}
	}
	return nil
}

func (f *File) readExtension(ctx context.Context) error {
	h, err := f.header(ctx, f.super.Extension)
	if err != nil {
		return err
	}
	for _, m := range h.Messages {
		switch m.Type {
		case message.TypeSharedTable:
			f.table = &message.SharedTable{}
			if err := f.decode(m, f.table); err != nil {
				return err
			}
		case message.TypeCacheImage:
			var c message.CacheImage
			if err := f.decode(m, &c); err != nil {
				return err
			}
			if err := f.readCacheImage(ctx, &c); err != nil {
				return err
			}
		case message.TypeDriverInfo:
			var d message.DriverInfo
			if err := f.decode(m, &d); err != nil {
				return err
			}
			if err := needsDriver(d.Name); err != nil {
				return err
			}
		}
	}
	return nil
}

// UserBlock is the number of bytes before the superblock.
func (f *File) UserBlock() uint64 { return f.base }

// Superblock gives the superblock as stored.
func (f *File) Superblock() format.Superblock { return f.super }

// Root is the address of the root group's header.
func (f *File) Root() uint64 { return f.root }

// Geometry gives the widths of the file's addresses and lengths.
func (f *File) Geometry() wire.Geometry { return f.geo }

// End is the first address outside the file.
func (f *File) End() uint64 { return f.end }

// Spend takes visited structures from the budget.
func (f *File) Spend(nodes int) error {
	if n := f.nodes.Add(int64(nodes)); f.limits.Nodes > 0 && n > f.limits.Nodes {
		return fmt.Errorf("%w: over %d structures were visited", ErrTooLarge, f.limits.Nodes)
	}
	return nil
}

// Fetch reads one wave of ranges.
func (f *File) Fetch(ctx context.Context, class vfd.Class, segs []vfd.Segment) error {
	moved := make([]vfd.Segment, len(segs))
	total := int64(0)
	for i, s := range segs {
		if s.Addr > f.end || uint64(len(s.Data)) > f.end-s.Addr {
			return damaged(&wire.Fault{Structure: "file", Field: "address", Offset: s.Addr, Reason: fmt.Sprintf(
				"%d bytes are wanted, the file ends at %#x", len(s.Data), f.end)})
		}
		moved[i] = vfd.Segment{Addr: f.base + s.Addr, Data: s.Data}
		total += int64(len(s.Data))
	}
	if n := f.fetched.Add(total); f.limits.Fetched > 0 && n > f.limits.Fetched {
		return fmt.Errorf("%w: over %d bytes were fetched", ErrTooLarge, f.limits.Fetched)
	}
	if err := vfd.Fetch(ctx, f.handle, class, moved); err != nil {
		return err
	}
	f.overlay(segs)
	if f.extents != nil {
		f.extents.fetched(class, segs)
	}
	return nil
}

// damaged marks what walks and decoders find wrong.
func damaged(err error) error {
	if err == nil || errors.Is(err, ErrDamaged) || errors.Is(err, ErrTooLarge) || errors.Is(err, ErrUnsupported) {
		return err
	}
	if errors.Is(err, filter.ErrUnavailable) || errors.Is(err, filter.ErrUnsupported) {
		return fmt.Errorf("%w: %w", ErrUnsupported, err)
	}
	var io *vfd.Error
	if errors.As(err, &io) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return fmt.Errorf("%w: %w", ErrDamaged, err)
}
