package cached_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"github.com/h5serve/h5serve/storage/cached"
)

// Whatever is read, by whomever, both budgets hold and the bytes are right.
func TestBudgetsHold(t *testing.T) {
	store := newFar(t, nil)
	var contents [][]byte
	for i := range 4 {
		contents = append(contents, pattern((i+1)*mib+i, uint64(i)))
		put(t, store, fmt.Sprint(i), contents[i])
	}
	rapid.Check(t, func(rt *rapid.T) {
		s := cached.Settings{
			First: 16 * kib, Page: 4 * kib, Block: rapid.Uint64Range(1, 64).Draw(rt, "block") * kib, Largest: 128 * kib,
			MetadataBudget: rapid.Uint64Range(1, 500).Draw(rt, "metadata") * kib, RawBudget: rapid.Uint64Range(0, 100).Draw(rt, "raw") * kib,
		}
		c, err := cached.New(s)
		must(t, err)
		var readers sync.WaitGroup
		for i, want := range contents {
			steps := rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) []cached.Range {
				var list []cached.Range
				for range rapid.IntRange(1, 9).Draw(rt, "ranges") {
					off := rapid.IntRange(0, len(want)).Draw(rt, "off")
					n := rapid.IntRange(0, min(len(want)-off, 9*kib)).Draw(rt, "length")
					list = append(list, cached.Range{Off: uint64(off), Data: make([]byte, n)})
				}
				return list
			}), 1, 10).Draw(rt, "steps")
			readers.Go(func() {
				f, err := c.Open(ctx, store, fmt.Sprint(i))
				if err != nil {
					t.Error(err)
					return
				}
				defer f.Close()
				for k, list := range steps {
					fetch(ctx, t, f, want, cached.Kind(k%2), list)
					if metadata, raw := c.Held(); metadata > s.MetadataBudget || raw > s.RawBudget {
						t.Errorf("%d and %d bytes are held, %+v", metadata, raw, s)
					}
				}
			})
		}
		readers.Wait()
	})
}

func TestRawNeverDrivesMetadataOut(t *testing.T) {
	want := pattern(60*mib, 1)
	store := newFar(t, want)
	c := newCache(t, cached.Settings{MetadataBudget: 3 * mib, RawBudget: mib})
	f := open(t, c, store)
	defer f.Close()
	fetch(ctx, t, f, want, cached.Metadata, ranges(10, 5*mib))
	for i := range uint64(50) {
		fetch(ctx, t, f, want, cached.Raw, ranges(700*kib, (8+i)*mib))
	}
	store.took()
	fetch(ctx, t, f, want, cached.Metadata, ranges(10, 100, 5*mib+50))
	expect(t, store.took())
}

// What is used stays, what is not used goes first.
func TestUsedBlocksStay(t *testing.T) {
	want := pattern(60*mib, 1)
	store := newFar(t, want)
	c := newCache(t, cached.Settings{Largest: mib, MetadataBudget: 4 * mib})
	f := open(t, c, store)
	defer f.Close()
	for i := range uint64(20) {
		fetch(ctx, t, f, want, cached.Metadata, []cached.Range{{Off: 0, Data: make([]byte, mib)}})
		fetch(ctx, t, f, want, cached.Metadata, ranges(10, (2*i+5)*mib))
	}
	store.took()
	fetch(ctx, t, f, want, cached.Metadata, ranges(10, 0, 500*kib))
	expect(t, store.took())
}

func folderOf(t *testing.T, dir string) (names []string, size int64) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	must(t, err)
	for _, e := range entries {
		info, err := e.Info()
		must(t, err)
		names, size = append(names, e.Name()), size+info.Size()
	}
	return names, size
}

// reader opens the object through a cache of its own with a folder, reads, and
// tells how many GETs that took.
func readThrough(t *testing.T, dir string, budget uint64, store *far, want []byte, at ...uint64) int {
	t.Helper()
	c, err := cached.New(scaled(cached.Settings{Folder: dir, FolderBudget: budget}))
	must(t, err)
	f := open(t, c, store)
	store.took()
	for _, off := range at {
		fetch(ctx, t, f, want, cached.Metadata, ranges(10, off))
	}
	must(t, f.Close())
	must(t, c.Close())
	return len(store.took())
}

func TestFolderOutlivesTheProcess(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "pages")
	want := pattern(20*mib+70, 1)
	store := newFar(t, want)
	read := func() int { return readThrough(t, dir, 1<<30, store, want, 5*mib, 20*mib+1) }
	if first, again := read(), read(); first != 2 || again != 0 {
		t.Errorf("%d GETs, then %d", first, again)
	}
	names, _ := folderOf(t, dir)
	if len(names) != 23 {
		t.Errorf("%d files", len(names))
	}
	// Damaged, short and unfinished files are not taken for pages.
	for i, name := range names {
		p, err := os.ReadFile(filepath.Join(dir, name))
		must(t, err)
		switch i % 4 {
		case 0:
			p[len(p)/2] ^= 1
		case 1:
			p = p[:len(p)/2]
		case 2:
			p = nil
		case 3: // another page's bytes
			p, err = os.ReadFile(filepath.Join(dir, names[(i+4)%len(names)]))
			must(t, err)
		}
		must(t, os.WriteFile(filepath.Join(dir, name), p, 0o600))
	}
	must(t, os.WriteFile(filepath.Join(dir, names[0]+".tmp"), []byte("half"), 0o600))
	if damaged, healed := read(), read(); damaged != 2 || healed != 0 {
		t.Errorf("%d GETs, then %d", damaged, healed)
	}
	if names, _ := folderOf(t, dir); len(names) != 23 {
		t.Errorf("%d files", len(names))
	}
	// Another version, or another store, has pages of its own.
	other := newFar(t, want)
	other.identity = "https://elsewhere/bucket"
	if gets := readThrough(t, dir, 1<<30, other, want, 5*mib); gets != 1 {
		t.Errorf("%d GETs", gets)
	}
	changed := pattern(20*mib+70, 2)
	put(t, store, "k", changed)
	if gets := readThrough(t, dir, 1<<30, store, changed, 5*mib); gets != 1 {
		t.Errorf("%d GETs", gets)
	}
}

func TestFolderBudget(t *testing.T) {
	dir := t.TempDir()
	want := pattern(20*mib, 1)
	store := newFar(t, want)
	budget := int64(10 * 64 * kib)
	for _, at := range []uint64{5 * mib, 7 * mib, 9 * mib} {
		readThrough(t, dir, uint64(budget), store, want, at)
		if names, size := folderOf(t, dir); size > budget || len(names) != 9 {
			t.Errorf("%d files of %d bytes", len(names), size)
		}
	}
	if _, err := cached.New(cached.Settings{Folder: filepath.Join(dir, "missing\x00")}); err == nil {
		t.Error("an impossible folder was taken")
	}
}

func TestFolderWithoutIdentity(t *testing.T) {
	dir := t.TempDir()
	want := pattern(9*mib, 1)
	c := newCache(t, cached.Settings{Folder: dir})
	f, err := c.Open(context.Background(), newFar(t, want).Store, "k")
	must(t, err)
	fetch(ctx, t, f, want, cached.Metadata, ranges(10, 5*mib))
	must(t, f.Close())
	if names, _ := folderOf(t, dir); len(names) != 0 {
		t.Error(names)
	}
}
