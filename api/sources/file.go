package sources

import (
	"context"
	"time"

	"github.com/h5serve/h5serve/h5core"
	"github.com/h5serve/h5serve/storage"
)

// File is a file that a request works with, until it releases it.
type File struct {
	HDF5   *h5core.File // used by others too: nobody closes it
	Name   Name
	Budget *h5core.Budget // of the request's work

	sources   *Sources
	entry     *entry
	since     time.Time
	confirmed bool // by the request that opened it
	released  bool
}

type arrivalKey struct{}

// Arrived notes when a request came in. A version that was the object's after
// that answers it, also where others found out while the request waited.
func Arrived(ctx context.Context, at time.Time) context.Context {
	return context.WithValue(ctx, arrivalKey{}, at)
}

func arrival(ctx context.Context) time.Time {
	if at, ok := ctx.Value(arrivalKey{}).(time.Time); ok {
		return at
	}
	return time.Now()
}

// Info is what is known of the version: its size, its tag, when it was stored.
func (f *File) Info() storage.Info { return f.entry.info }

// Confirm makes sure that the file was the object's version after the
// request came in. A GET of elements since then, or another request that asked, has told
// it; else it asks. A file that was replaced is storage.ErrChanged.
func (f *File) Confirm(ctx context.Context) error {
	switch object := f.entry.object; {
	case object == nil:
		return nil
	case !f.confirmed:
		return f.Name.fail(object.Confirm(ctx, f.since))
	case object.Changed():
		return f.Name.fail(&storage.Error{Op: "get", Store: f.Name.Label, Key: f.Name.Key, Kind: storage.ErrChanged})
	}
	return nil
}

// Release ends the use of the file.
func (f *File) Release() {
	if f.released {
		return
	}
	f.released = true
	f.sources.leave(f.entry)
}
