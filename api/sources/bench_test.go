package sources_test

import (
	"context"
	"testing"

	"github.com/h5serve/h5serve/api/sources"
	"github.com/h5serve/h5serve/storage/dir"
)

// What a warm request for a small file of a folder takes: open, list, read an
// attribute of each object.
func BenchmarkFolder(b *testing.B) {
	store, err := dir.Open("demo", b.TempDir(), dir.Options{Writable: true})
	must(b, err)
	defer store.Close()
	put(b, store, "x.h5", file(b, 10, 7))
	s := open(b)
	b.ReportAllocs()
	for b.Loop() {
		must(b, s.Do(b.Context(), named(store, "x.h5"), func(ctx context.Context, f *sources.File) error {
			links, err := f.HDF5.Links(ctx)
			if err != nil {
				return err
			}
			_, errs := f.HDF5.Members(ctx, links)
			for _, err := range errs {
				must(b, err)
			}
			return nil
		}))
	}
}
