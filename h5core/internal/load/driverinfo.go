package load

import (
	"context"
	"errors"
	"fmt"

	"github.com/h5serve/h5serve/h5core/internal/format"
	"github.com/h5serve/h5serve/h5core/internal/wire"
	"github.com/h5serve/h5serve/h5core/vfd"
)

// maxDriverInfo bounds the driver information: that of multi with the longest
// names takes a part of it.
const maxDriverInfo = 16 << 10

// driverBlock reads the driver information block of a superblock of version 0
// or 1 (specification II.B).
func (f *File) driverBlock(ctx context.Context) error {
	at := f.super.DriverInfo
	if at >= f.end {
		return damaged(&wire.Fault{Structure: "superblock", Field: "driver information block address", Offset: at, Reason: fmt.Sprintf(
			"the file ends at %#x", f.end)})
	}
	raw := make([]byte, min(maxDriverInfo, vfd.Room(f.handle, f.base+at)))
	if err := f.Fetch(ctx, vfd.Superblock, []vfd.Segment{{Addr: at, Data: raw}}); err != nil {
		return err
	}
	var block format.DriverInfo
	if _, err := wire.Decode(raw, f.geo, at, &block); err != nil {
		return damaged(err)
	}
	return f.arrange(ctx, block.Name, block.Data)
}

// arrange tells the driver what the superblock says of a file that is a set of
// files. A driver of one file refuses it: the addresses are those of the set.
func (f *File) arrange(ctx context.Context, id string, info []byte) error {
	if set, ok := f.handle.(vfd.Described); ok {
		err := set.Describe(ctx, id, info)
		if size := f.handle.Size(); err == nil && size > f.base {
			f.end = size - f.base
		}
		return err
	}
	driver := map[string]string{"NCSAfami": "family", "NCSAmult": "split or multi"}[id]
	if driver == "" {
		return nil
	}
	return fmt.Errorf("%w: the file is one of a set, which the driver %s opens", ErrUnsupported, driver)
}

// isSet tells whether the handle is one of a set of files, whose end is known
// when its superblock was read.
func (f *File) isSet() bool {
	_, ok := f.handle.(vfd.Described)
	return ok
}

// Room is how many bytes there are from an address on without a gap.
func (f *File) Room(addr uint64) uint64 {
	switch {
	case addr >= f.end:
		return 0
	case f.isSet():
		return min(f.end-addr, vfd.Room(f.handle, f.base+addr))
	}
	return f.end - addr
}

// whole checks that the file is as long as its superblock says. The stored end
// counts from the stored base, which a user block put in front later does not
// change.
func (f *File) whole() error {
	s := &f.super
	if s.EndOfFile >= s.Base && s.EndOfFile-s.Base <= f.end {
		return nil
	}
	return damaged(fmt.Errorf("truncated file: it has %d bytes from its signature on, the superblock says %d", f.end, s.EndOfFile-s.Base))
}

// outside turns the error of a read between the members of a set into one of
// the file.
func (f *File) outside(err error) error {
	if f.isSet() && errors.Is(err, vfd.ErrShort) {
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return err
}
