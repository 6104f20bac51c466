package cached

import (
	"context"
	"fmt"
	"io/fs"
	"sync/atomic"
	"time"

	"github.com/h5serve/h5serve/storage"
)

// File is one version of an object, opened. It is safe for concurrent use.
type File struct {
	object  *object
	version *version
	closed  atomic.Bool
}

// Info is what is known of the version.
func (f *File) Info() storage.Info { return f.version.info }

// Size is the version's length in bytes.
func (f *File) Size() uint64 { return f.version.info.Size }

// ETag names the version, "" where the store has no ETags.
func (f *File) ETag() string { return f.version.info.ETag }

// Changed tells whether the object is known to be another version now. All
// reads are ErrChanged then.
func (f *File) Changed() bool {
	f.version.mu.RLock()
	defer f.version.mu.RUnlock()
	return f.version.dropped
}

// Fetch fills all ranges, in one round: what is not held or under way already is
// asked for at the same time. A range that leaves the object is ErrRange, an
// object that was replaced ErrChanged, a closed file fs.ErrClosed.
func (f *File) Fetch(ctx context.Context, kind Kind, ranges []Range) error {
	if f.closed.Load() {
		return fs.ErrClosed
	}
	for _, r := range ranges {
		if size := f.Size(); r.Off > size || uint64(len(r.Data)) > size-r.Off {
			return &storage.Error{
				Op: "get", Key: f.object.key, Kind: storage.ErrRange, Size: size,
				Err: fmt.Errorf("%d bytes from %d on, it has %d", len(r.Data), r.Off, size),
			}
		}
	}
	return f.version.fetch(ctx, kind, ranges)
}

// Confirm makes sure that the version is the object's, as it was after since:
// where a GET that was sent later (or within Settings.Fresh before) found it
// there, this costs nothing, else one conditional GET. Otherwise it is
// ErrChanged. Who answers from a File of Known, or from one that was opened
// long ago, asks with the time at which its own request began, after reading
// and before giving anything out.
func (f *File) Confirm(ctx context.Context, since time.Time) error {
	if f.closed.Load() {
		return fs.ErrClosed
	}
	v, err := f.object.ask(ctx, since)
	if err == nil && v != f.version {
		err = f.version.changed()
	}
	return err
}

// Close ends the use of the file. What was read stays held for others.
func (f *File) Close() error {
	if f.closed.Swap(true) {
		return fs.ErrClosed
	}
	f.object.cache.leave(f.object)
	return nil
}
