package load

import (
	"context"
	"slices"
	"sort"

	"github.com/h5serve/h5serve/h5core/internal/format"
	"github.com/h5serve/h5serve/h5core/internal/format/message"
	"github.com/h5serve/h5serve/h5core/internal/walk"
	"github.com/h5serve/h5serve/h5core/vfd"
)

// readCacheImage reads the structures that the last writer left in a cache
// image instead of their places. From here on they are laid over the file.
func (f *File) readCacheImage(ctx context.Context, m *message.CacheImage) error {
	list, err := walk.CacheImage(ctx, f, m)
	if err != nil {
		return damaged(err)
	}
	slices.SortStableFunc(list, func(a, b format.CachedStructure) int {
		switch {
		case a.Addr < b.Addr:
			return -1
		case a.Addr > b.Addr:
			return 1
		}
		return 0
	})
	f.cached = list
	clear(f.headers)
	return nil
}

// overlay puts what of the cached structures belongs into the ranges of a wave.
func (f *File) overlay(segs []vfd.Segment) {
	for _, s := range segs {
		end := s.Addr + uint64(len(s.Data))
		from := sort.Search(len(f.cached), func(i int) bool { return f.cached[i].Addr+uint64(len(f.cached[i].Data)) > s.Addr })
		for _, c := range f.cached[from:] {
			if c.Addr >= end {
				break
			}
			if c.Addr >= s.Addr {
				copy(s.Data[c.Addr-s.Addr:], c.Data)
			} else if skip := s.Addr - c.Addr; skip < uint64(len(c.Data)) {
				copy(s.Data, c.Data[skip:])
			}
		}
	}
}
