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
	ErrExternal    = errors.New("leads to another file, which is not followed")
)

// Limits bound what reading a file may cost. A zero field is no limit. All but
// Read are over the file's whole life, or that of a Budget.
type Limits struct {
	Nodes   int64  // structures visited
	Fetched int64  // bytes fetched
	Decoded int64  // bytes that filters decoded
	Read    uint64 // bytes of one read's result, with what its variable-length parts lead to
}

// File is an open file. It is safe for concurrent use.
type File struct {
	handle vfd.File
	limits Limits
	// Reading says how datasets are read; set it before the first one is opened.
	Reading Reading
	base    uint64
	end     uint64 // first address outside the file
	geo     wire.Geometry
	super   format.Superblock
	root    uint64

	life    Budget   // of work under a context that has none
	extents *Extents // nil unless the file is watched

	shared atomic.Pointer[walk.SharedMessages]
	table  *message.SharedTable // nil without shared messages

	mu      sync.Mutex
	headers map[uint64]*walk.Header
	cached  []format.CachedStructure // of a cache image, by address

	around *Surroundings // the files that this one leads to, nil where none may be
	name   string        // among them
	hops   int           // from the first of them to this one
}

// Open reads a file's superblock and its extension.
func Open(ctx context.Context, handle vfd.File, limits Limits) (*File, error) {
	f := &File{handle: handle, limits: limits, headers: map[uint64]*walk.Header{}, geo: wire.Default}
	f.life.limits = limits
	if err := f.readSuperblock(ctx); err != nil {
		return nil, err
	}
	if f.super.Version >= 2 && f.super.Extension != wire.Undefined {
		if err := f.readExtension(ctx); err != nil {
			return nil, err
		}
	}
	return f, f.whole()
}

// maxSuperblock is more than any superblock takes.
const maxSuperblock = 512

// findSuperblock looks where a superblock may begin: at 0, 512 and each
// doubling after (specification, II.A). It gives what is there.
func (f *File) findSuperblock(ctx context.Context) ([]byte, error) {
	size := f.handle.Size()
	for at := uint64(0); at+uint64(len(format.Signature)) <= size; at = max(512, 2*at) {
		head := make([]byte, min(maxSuperblock, vfd.Room(f.handle, at)))
		if err := f.handle.ReadAt(ctx, head, at); err != nil {
			return nil, err
		}
		if bytes.HasPrefix(head, []byte(format.Signature)) {
			f.base, f.end = at, size-at
			return head, nil
		}
		if at > 1<<62 {
			break
		}
	}
	return nil, ErrNotHDF5
}

func (f *File) readSuperblock(ctx context.Context) error {
	head, err := f.findSuperblock(ctx)
	if err != nil {
		return err
	}
	s := &f.super
	if _, err := wire.Decode(head, wire.Default, 0, s); err != nil {
		var fault *wire.Fault
		if errors.As(err, &fault) && fault.Field == "version" && len(head) > len(format.Signature) {
			return fmt.Errorf("%w: %w", ErrUnsupported, err) // a later one, perhaps
		}
		return damaged(err)
	}
	f.geo = wire.Geometry{OffsetSize: s.OffsetSize, LengthSize: s.LengthSize}
	f.root = s.RootHeader
	if s.Version < 2 {
		f.root = s.Root.Header
		if s.DriverInfo != wire.Undefined {
			if err := f.driverBlock(ctx); err != nil {
				return err
			}
		}
	}
	if f.isSet() {
		return nil // known when the extension was read too
	}
	return f.whole()
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
			if err := f.arrange(ctx, d.Name, d.Data); err != nil {
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

// Fetch reads one wave of ranges; a walk that is one of Together shares it
// with the others.
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
	if err := f.budget(ctx).fetch(total); err != nil {
		return err
	}
	if err := f.send(ctx, class, moved); err != nil {
		return f.outside(err)
	}
	f.overlay(segs)
	if f.extents != nil {
		f.extents.fetched(ctx, class, segs)
	}
	return nil
}

// damaged marks what walks and decoders find wrong.
func damaged(err error) error {
	if err == nil || errors.Is(err, ErrDamaged) || errors.Is(err, ErrExternal) || errors.Is(err, ErrNotFound) || errors.Is(err, ErrTooLarge) || errors.Is(err, ErrUnsupported) {
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
