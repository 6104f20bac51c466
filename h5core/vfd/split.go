package vfd

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"slices"
	"strings"
)

// Split is the driver of a file in two: metadata, and elements (H5Pset_fapl_split). The name is what both
// have in common.
//
//	addresses  0 ───────────── 2^63-1 ────────────
//	           │ x-m.h5        │ x-r.h5
type Split struct {
	MetaExt, RawExt string // "-m.h5" and "-r.h5" if empty (h5py's meta_ext, raw_ext)
	Member          Driver // of both, Sec2 if nil
}

func (Split) Name() string { return "split" }

// RawStart is the first address of the elements in a file of the split driver.
const RawStart = math.MaxUint64 / 2

// Open opens both files. Where one is only read, that of the elements may be missing until some are wanted.
func (d Split) Open(ctx context.Context, name string, mode Mode) (File, error) {
	f := &parted{set: set{site: site{d.Name(), name}, mode: mode}, driver: d.Member, usage: [6]byte{1, 1, 3, 1, 1, 1}}
	f.stretches = []stretch{{"-m.h5", 0, RawStart}, {"-r.h5", RawStart, math.MaxUint64}}
	for i, ext := range []string{d.MetaExt, d.RawExt} {
		if ext != "" {
			f.stretches[i].ext, f.named = ext, true
		}
	}
	return f.opened(ctx)
}

// Multi is the driver that reads a file in up to six, one for each kind of bytes (H5FD_MULTI). Which there
// are says the superblock, which lies in the first. Nothing is written with it.
type Multi struct {
	Member Driver // of all, Sec2 if nil
}

func (Multi) Name() string { return "multi" }

// multiExt ends the names of the files unless the superblock says otherwise.
var multiExt = [6]string{"-s.h5", "-b.h5", "-r.h5", "-g.h5", "-l.h5", "-o.h5"}

// Open opens the file of the superblock, and what else is there.
func (d Multi) Open(ctx context.Context, name string, mode Mode) (File, error) {
	f := &parted{set: set{site: site{d.Name(), name}, mode: mode}, driver: d.Member, usage: [6]byte{1, 2, 3, 4, 5, 6}}
	if mode.Writable() && mode <= Exclusive {
		return nil, f.fail("open", 0, fmt.Errorf("%w: the multi driver only reads", ErrReadOnly))
	}
	for i, ext := range multiExt {
		f.stretches = append(f.stretches, stretch{ext, uint64(i) * (math.MaxUint64 / 6), uint64(i+1) * (math.MaxUint64 / 6)})
	}
	f.stretches[5].end = math.MaxUint64
	return f.opened(ctx)
}

// parted is a file each of whose members holds a stretch of the addresses.
type parted struct {
	set
	driver    Driver
	named     bool      // the caller chose the names
	usage     [6]byte   // for each class, whose stretch holds it: H5FD_MEM_SUPER is 1
	stretches []stretch // ascending; one for each member
}

type stretch struct {
	ext        string // of the member's name
	start, end uint64
}

func (f *parted) opened(ctx context.Context) (File, error) {
	if f.driver == nil {
		f.driver = Sec2{}
	}
	if err := f.openMembers(ctx); err != nil {
		for _, m := range f.members {
			if m != nil {
				err = errors.Join(err, m.Close())
			}
		}
		return nil, f.fail("open", 0, err)
	}
	return f, nil
}

// openMembers opens what the stretches name and is not open; where nothing is written, all but the first may
// be missing.
func (f *parted) openMembers(ctx context.Context) error {
	for i := len(f.members); i < len(f.stretches); i++ {
		m, err := f.driver.Open(ctx, f.name+f.stretches[i].ext, f.mode)
		if i > 0 && f.mode == Read && errors.Is(err, fs.ErrNotExist) {
			m, err = nil, nil
		}
		if err != nil {
			return err
		}
		f.members = append(f.members, m)
	}
	return nil
}

func (f *parted) locate(addr uint64) (i int, at, left uint64) {
	for i = len(f.stretches) - 1; f.stretches[i].start > addr; i-- {
	}
	s := f.stretches[i]
	return i, addr - s.start, s.end - addr
}

func (f *parted) ReadAt(ctx context.Context, p []byte, addr uint64) error {
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
func (f *parted) ReadVector(ctx context.Context, class Class, segs []Segment) error {
	f.mu.RLock()
	defer f.mu.RUnlock()
	err := f.usable(ctx)
	if err == nil {
		err = f.readVector(ctx, class, segs, f.length(), f.locate)
	}
	return f.fail("read", 0, err)
}

func (f *parted) WriteAt(ctx context.Context, p []byte, addr uint64) error {
	f.mu.RLock()
	defer f.mu.RUnlock()
	err := f.changeable(ctx)
	if err == nil {
		_, err = end(addr, uint64(len(p)))
	}
	if err == nil && len(p) > 0 {
		err = f.write(ctx, p, places(addr, len(p), f.locate))
	}
	return f.fail("write", addr, err)
}

// Size is the end of the last member that is not empty.
func (f *parted) Size() uint64 {
	f.mu.RLock()
	defer f.mu.RUnlock()
	if f.closed {
		return 0
	}
	return f.length()
}

func (f *parted) length() uint64 {
	for i := len(f.members) - 1; i >= 0; i-- {
		if m := f.members[i]; m != nil {
			if n, s := m.Size(), f.stretches[i]; n > 0 {
				return s.start + min(n, s.end-s.start)
			}
		}
	}
	return 0
}

// stored is how many bytes all members have.
func (f *parted) stored() (n uint64) {
	f.mu.RLock()
	defer f.mu.RUnlock()
	for _, m := range f.members {
		if m != nil && !f.closed {
			n += m.Size()
		}
	}
	return n
}

// room is how many bytes a member has from an address on.
func (f *parted) room(addr uint64) uint64 {
	f.mu.RLock()
	defer f.mu.RUnlock()
	i, at, left := f.locate(addr)
	if f.closed || f.members[i] == nil {
		return 0
	}
	size := f.members[i].Size()
	return min(left, size-min(size, at))
}

// Truncate cuts the member that holds the end, and empties those behind it.
func (f *parted) Truncate(ctx context.Context, size uint64) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.fail("truncate", size, f.cut(ctx, size))
}

func (f *parted) cut(ctx context.Context, size uint64) error {
	if err := f.changeable(ctx); err != nil {
		return err
	}
	last, _, _ := f.locate(max(size, 1) - 1)
	for i := last; i < len(f.members); i++ {
		m, err := f.member(i)
		if err != nil {
			return err
		}
		if err := m.Truncate(ctx, size-min(size, f.stretches[i].start)); err != nil {
			return err
		}
	}
	return nil
}

// Description is the map of the kinds of bytes, then of each member its first address and its end, then the
// names, each filled up to eight bytes.
func (f *parted) Description(size uint64) (id string, info []byte) {
	info = append(info, f.usage[:]...)
	info = append(info, 0, 0)
	for _, s := range f.stretches {
		info = binary.LittleEndian.AppendUint64(info, s.start)
		held := min(max(size, s.start), s.end) - s.start
		info = binary.LittleEndian.AppendUint64(info, held)
	}
	for _, s := range f.stretches {
		name := "%s" + s.ext + "\x00"
		info = append(info, name...)
		info = append(info, make([]byte, -len(name)&7)...)
	}
	return "NCSAmult", info
}

// Describe takes the members from the superblock. Names are taken where they differ from the file's own name
// in their endings alone: a file may not lead to another folder.
func (f *parted) Describe(ctx context.Context, id string, info []byte) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return f.fail("open", 0, ErrClosed)
	}
	if id != "NCSAmult" {
		return f.fail("open", 0, fmt.Errorf("%w: the superblock is one of the driver %q", ErrSet, id))
	}
	list, err := parseMulti(info)
	if err != nil {
		return f.fail("open", 0, err)
	}
	return f.fail("open", 0, f.rearrange(ctx, list))
}

// rearrange keeps the members that are open as the superblock has them, and opens the others.
func (f *parted) rearrange(ctx context.Context, list []stretch) error {
	if f.named {
		if len(list) != len(f.stretches) || list[0].start != 0 || list[1].start != f.stretches[1].start {
			return fmt.Errorf("%w: the superblock says that there are %d members, not the two of split", ErrSet, len(list))
		}
		return nil
	}
	same := 0
	for same < min(len(list), len(f.stretches)) && list[same].ext == f.stretches[same].ext {
		same++
	}
	if same == 0 && f.mode.Writable() {
		return fmt.Errorf("%w: the superblock calls the first of them %q", ErrSet, f.name+list[0].ext)
	}
	var left error
	for _, m := range f.members[same:] {
		if m != nil {
			left = errors.Join(left, m.Close())
		}
	}
	f.members, f.stretches = f.members[:same], list
	return errors.Join(left, f.openMembers(ctx))
}

// parseMulti decodes driver information of the identification NCSAmult.
func parseMulti(info []byte) ([]stretch, error) {
	if len(info) < 8 {
		return nil, fmt.Errorf("%w: driver information of %d bytes", ErrSet, len(info))
	}
	var members []byte // whose stretches there are, in order
	for i, m := range info[:6] {
		if m == 0 {
			m = byte(i + 1)
		}
		if m > 6 {
			return nil, fmt.Errorf("%w: bytes of class %d are mapped to class %d", ErrSet, i+1, m)
		}
		if !slices.Contains(members, m) {
			members = append(members, m)
		}
	}
	rest := info[8:]
	if len(rest) < 16*len(members) {
		return nil, fmt.Errorf("%w: driver information of %d bytes for %d members", ErrSet, len(info), len(members))
	}
	list := make([]stretch, len(members))
	names := rest[16*len(members):]
	for i := range list {
		list[i].start = binary.LittleEndian.Uint64(rest[16*i:])
		name, _, ended := strings.Cut(string(names), "\x00")
		ext, ok := strings.CutPrefix(name, "%s")
		if !ended || !ok || strings.ContainsAny(ext, `/\%:`) {
			return nil, fmt.Errorf("%w: a member named %q, which does not go by the name of the file", ErrSet, name)
		}
		list[i].ext = ext
		names = names[min(len(names), (len(name)+8)&^7):]
	}
	return list, order(list)
}

// order holds the stretches to be ascending from 0 on, and gives each its end.
func order(list []stretch) error {
	for i := range list {
		list[i].end = math.MaxUint64
		if i > 0 {
			list[i-1].end = list[i].start
		}
		if i == 0 && list[0].start != 0 || i > 0 && list[i].start <= list[i-1].start {
			return fmt.Errorf("%w: member %d starts at address %d", ErrSet, i, list[i].start)
		}
	}
	return nil
}
