package h5core

import (
	"context"
	"errors"

	"github.com/h5serve/h5serve/h5core/internal/format/message"
	"github.com/h5serve/h5serve/h5core/internal/index"
)

// Format is what a file says of itself before its first object. Fields of
// FileSpace that an old file has no room for are zero.
type Format struct {
	Superblock     uint8 // version
	OffsetSize     uint8 // bytes of an address
	LengthSize     uint8 // bytes of a length
	UserBlock      uint64
	SharedMessages bool
	FileSpace      FileSpace
}

// FileSpace is how the space of a file is managed, in h5py's words.
type FileSpace struct {
	Strategy  string // fs_strategy: "fsm", "page", "aggregate", "none"
	Persist   bool   // fs_persist
	Threshold uint64 // fs_threshold, bytes
	PageSize  uint64 // fs_page_size, bytes; 0 unless the strategy is "page"
}

// Format tells how a file that is read is laid out (superblock and its
// extension: specification, II.A and II.C).
func (f *File) Format(ctx context.Context) (Format, error) {
	s := f.stored.Superblock()
	out := Format{
		Superblock: s.Version, OffsetSize: s.OffsetSize, LengthSize: s.LengthSize,
		UserBlock: f.stored.UserBlock(), SharedMessages: f.stored.Shares(),
		FileSpace: FileSpace{Strategy: "fsm", Threshold: 1},
	}
	m, err := f.stored.FileSpace(ctx)
	if m == nil || err != nil {
		return out, readError(opDescribe, "/", err)
	}
	out.FileSpace = fileSpace(m)
	return out, nil
}

const opDescribe = "describe"

// fileSpace puts a message into h5py's words. Version 0 had strategies of its
// own: 1 and 2 are "fsm", with and without persisting, 3 and 4 lack managers
// (H5F_FILE_SPACE_AGGR_VFD, H5F_FILE_SPACE_VFD).
func fileSpace(m *message.FileSpace) FileSpace {
	names, n := []string{"fsm", "page", "aggregate", "none"}, int(m.Strategy)
	if m.Version == 0 {
		names = []string{"fsm", "fsm", "fsm", "aggregate", "none"}
	}
	s := FileSpace{Strategy: "unknown", Persist: m.Persist || m.Version == 0 && n == 1, Threshold: m.Threshold}
	if n < len(names) {
		s.Strategy = names[n]
	}
	if s.Strategy == "page" {
		s.PageSize = m.PageSize
	}
	return s
}

// Storage is where the elements of a dataset lie. Sizes are in bytes.
type Storage struct {
	Version  uint8  // of the layout message
	Index    string // of the chunks: "btree1", "single", "implicit", "fixed_array", "extensible_array", "btree2"; else ""
	Chunks   uint64 // that are stored
	Stored   uint64 // of the elements, as stored
	Smallest uint64 // stored chunk
	Largest  uint64
}

// Storage tells how a dataset of a file is stored. It reads the index of the
// chunks, and none of them; where the index is damaged, it gives what was found
// before, with the error.
func (d *Dataset) Storage(ctx context.Context) (Storage, error) {
	if d.data == nil {
		return Storage{}, failf(opDescribe, d.path, ErrUnsupported, "a file that is being made is not read")
	}
	l := d.data.Layout
	s := Storage{Version: l.Version}
	switch {
	case l.Class == message.Compact:
		s.Stored = uint64(len(l.Data))
	case l.Class == message.Contiguous && len(d.data.External) > 0:
		for _, x := range d.data.External {
			s.Stored = saturated(s.Stored, x.Size)
		}
	case l.Class == message.Contiguous:
		_, size, err := d.data.Contiguous()
		s.Stored = size
		return s, readError(opDescribe, d.path, err)
	case l.Class == message.Chunked:
		s.Index = indexName(l)
		err := d.data.StoredChunks(ctx, func(c index.Chunk) bool {
			if s.Chunks == 0 || c.Size < s.Smallest {
				s.Smallest = c.Size
			}
			s.Chunks, s.Stored, s.Largest = s.Chunks+1, saturated(s.Stored, c.Size), max(s.Largest, c.Size)
			return s.Chunks%1024 != 0 || ctx.Err() == nil
		})
		return s, readError(opDescribe, d.path, errors.Join(err, ctx.Err()))
	}
	return s, nil
}

// StoragesOf gives the storage of many datasets of one file, in as many rounds
// as that of one.
func StoragesOf(ctx context.Context, datasets []*Dataset) ([]Storage, []error) {
	list, errs := make([]Storage, len(datasets)), make([]error, len(datasets))
	var f *File
	if len(datasets) > 0 {
		f = datasets[0].file
	}
	inWaves(ctx, f, len(datasets), func(ctx context.Context, i int) {
		list[i], errs[i] = datasets[i].Storage(ctx)
	})
	return list, errs
}

func indexName(l *message.Layout) string {
	names := [...]string{"btree1", "single", "implicit", "fixed_array", "extensible_array", "btree2"}
	if l.Version < 4 {
		return names[0]
	}
	return names[min(int(l.Index), len(names)-1)]
}

// FindingOf tells of an error of reading what a check says of it: how much it
// matters, the object, the structure and where that lies.
func FindingOf(err error) Finding {
	path := "/"
	var at *Error
	if errors.As(err, &at) {
		path = at.Path
	}
	return findingOf(path, err)
}
