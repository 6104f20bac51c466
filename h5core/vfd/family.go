package vfd

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"math"
)

// Family is the driver of a file that is cut into members of one size (H5FD_FAMILY). The name holds the
// member's number as printf writes it: "run%d.h5", "part-%05d.h5".
//
//	addresses  0 ──────── size ─────── 2·size ──── …
//	           │ run0.h5  │ run1.h5    │ run2.h5      the last may be shorter
type Family struct {
	// MemberSize is the bytes of a member (h5py's memb_size); 0: as the file has it, and where one is made,
	// 2 GiB less one byte. Where the file says otherwise, opening it is ErrSet.
	MemberSize uint64
	Member     Driver // of the members, Sec2 if nil
}

// defaultMember is h5py's default of memb_size.
const defaultMember = 1<<31 - 1

// maxMembers bounds the files of a family.
const maxMembers = 1 << 16

func (Family) Name() string { return "family" }

// Open opens all members up to the first that is missing. What a family is made over is emptied.
func (d Family) Open(ctx context.Context, name string, mode Mode) (File, error) {
	f := &family{set: set{site: site{d.Name(), name}, mode: mode}, driver: d.Member, wanted: d.MemberSize}
	if f.driver == nil {
		f.driver = Sec2{}
	}
	if err := f.open(ctx); err != nil {
		for _, m := range f.members {
			err = errors.Join(err, m.Close())
		}
		return nil, f.fail("open", 0, err)
	}
	return f, nil
}

type family struct {
	set
	driver Driver
	wanted uint64 // MemberSize as it was asked for
	size   uint64 // of a member
	used   int    // members up to the last that is not empty, at least 1
}

func (f *family) open(ctx context.Context) error {
	if !numbered(f.name) {
		return fmt.Errorf("%w: the name of a family holds the number of its members once, like run%%d.h5", ErrSet)
	}
	for mode := f.mode; ; {
		m, err := f.driver.Open(ctx, member(f.name, len(f.members)), mode)
		if len(f.members) > 0 && errors.Is(err, fs.ErrNotExist) {
			break
		}
		if err != nil {
			return err
		}
		f.members = append(f.members, m)
		if f.mode.Creates() { // over what is left of an older one
			mode = ReadWrite
			if err := m.Truncate(ctx, 0); err != nil {
				return err
			}
		}
		if len(f.members) > maxMembers {
			return fmt.Errorf("%w: over %d members", ErrSet, maxMembers)
		}
	}
	f.count()
	f.size = f.wanted
	if first := f.members[0].Size(); f.used > 1 {
		f.size = first // what files of HDF5 1.6 say of it is this alone
	} else if f.size == 0 {
		f.size = max(first, defaultMember)
	}
	if f.size == 0 || f.size > math.MaxInt64 {
		return fmt.Errorf("%w: members of %d bytes", ErrSet, f.size)
	}
	return nil
}

func (f *family) count() {
	f.used = 1
	for i, m := range f.members {
		if m.Size() > 0 {
			f.used = i + 1
		}
	}
}

// Describe takes the size of the members from the superblock, and holds the files to it.
func (f *family) Describe(_ context.Context, id string, info []byte) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if id != "NCSAfami" || len(info) < 8 {
		return f.fail("open", 0, fmt.Errorf("%w: the superblock is one of the driver %q, not of a family", ErrSet, id))
	}
	size := binary.LittleEndian.Uint64(info)
	switch {
	case size == 0 || size > math.MaxInt64:
		return f.fail("open", 0, fmt.Errorf("%w: the superblock says that members have %d bytes", ErrSet, size))
	case f.wanted != 0 && f.wanted != size:
		return f.fail("open", 0, fmt.Errorf("%w: members have %d bytes, not %d", ErrSet, size, f.wanted))
	}
	for i, m := range f.members[:f.used] {
		if has := m.Size(); has > size || has < size && i < f.used-1 {
			return f.fail("open", 0, fmt.Errorf("%w: member %s has %d bytes, the superblock says %d", ErrSet, member(f.name, i), has, size))
		}
	}
	f.size = size
	return nil
}

// Description is the size of the members.
func (f *family) Description(uint64) (id string, info []byte) {
	return "NCSAfami", binary.LittleEndian.AppendUint64(nil, f.size)
}

func (f *family) locate(addr uint64) (i int, at, left uint64) {
	at = addr % f.size
	return int(addr / f.size), at, f.size - at
}

func (f *family) ReadAt(ctx context.Context, p []byte, addr uint64) error {
	f.mu.RLock()
	defer f.mu.RUnlock()
	err := f.usable(ctx)
	if err == nil {
		err = within(addr, uint64(len(p)), f.length())
	}
	if err == nil && len(p) > 0 {
		err = f.read(ctx, p, places(addr, len(p), f.locate))
	}
	return f.fail("read", addr, err)
}

// ReadVector reads many ranges, those of each member in one round.
func (f *family) ReadVector(ctx context.Context, class Class, segs []Segment) error {
	f.mu.RLock()
	defer f.mu.RUnlock()
	err := f.usable(ctx)
	if err == nil {
		err = f.readVector(ctx, class, segs, f.length(), f.locate)
	}
	return f.fail("read", 0, err)
}

func (f *family) WriteAt(ctx context.Context, p []byte, addr uint64) error {
	return f.fail("write", addr, f.put(ctx, p, addr))
}

func (f *family) put(ctx context.Context, p []byte, addr uint64) error {
	f.mu.RLock()
	err, short := f.changeable(ctx), false
	var last uint64
	if err == nil && len(p) > 0 {
		last, err = end(addr, uint64(len(p)))
		short = err == nil && (last-1)/f.size >= uint64(f.used)
	}
	f.mu.RUnlock()
	if short {
		err = f.reach(ctx, (last-1)/f.size)
	}
	if err != nil || len(p) == 0 {
		return err
	}
	f.mu.RLock()
	defer f.mu.RUnlock()
	if err := f.changeable(ctx); err != nil {
		return err
	}
	return f.write(ctx, p, places(addr, len(p), f.locate))
}

func (f *family) reach(ctx context.Context, i uint64) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.changeable(ctx); err != nil {
		return err
	}
	return f.extend(ctx, i)
}

// extend makes member i be there, and those before it whole.
func (f *family) extend(ctx context.Context, i uint64) error {
	if i >= maxMembers {
		return fmt.Errorf("%w: over %d members of %d bytes", ErrRange, maxMembers, f.size)
	}
	for ; uint64(f.used) <= i; f.used++ {
		if err := f.members[f.used-1].Truncate(ctx, f.size); err != nil {
			return err
		}
		if f.used < len(f.members) {
			continue
		}
		m, err := f.driver.Open(ctx, member(f.name, f.used), Truncate)
		if err != nil {
			return err
		}
		f.members = append(f.members, m)
	}
	return nil
}

func (f *family) Size() uint64 {
	f.mu.RLock()
	defer f.mu.RUnlock()
	if f.closed {
		return 0
	}
	return f.length()
}

func (f *family) length() uint64 { return uint64(f.used-1)*f.size + f.members[f.used-1].Size() }

// Truncate empties the members behind the end, which stay, as the C library leaves them.
func (f *family) Truncate(ctx context.Context, size uint64) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.fail("truncate", size, f.cut(ctx, size))
}

func (f *family) cut(ctx context.Context, size uint64) error {
	if err := f.changeable(ctx); err != nil {
		return err
	}
	last := max(size, 1) - 1
	if err := f.extend(ctx, last/f.size); err != nil {
		return err
	}
	k := int(last / f.size)
	for _, m := range f.members[k+1:] {
		if err := m.Truncate(ctx, 0); err != nil {
			return err
		}
	}
	f.used = k + 1
	return f.members[k].Truncate(ctx, size-uint64(k)*f.size)
}
