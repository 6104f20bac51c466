// Package ros3 is the driver of files far away: in S3, or behind a web server.
// It is the one bridge from the engine to storage; import it to have it.
//
//	h5core ──▶ File ──▶ storage/cached ──▶ storage/s3    s3://bucket/key
//	                      blocks, waves         storage/web   https://host/key
//
// Files are read only. A wave of the engine is one round of parallel requests;
// what was fetched serves all files of the process that are the same object.
package ros3

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"sync/atomic"

	"github.com/h5serve/h5serve/h5core/vfd"
	"github.com/h5serve/h5serve/storage"
	"github.com/h5serve/h5serve/storage/cached"
	"github.com/h5serve/h5serve/storage/s3"
)

const driverName = "ros3"

func init() { vfd.Register(Driver{}) }

// Secret is a text that is never printed.
type Secret = s3.Secret

// NewSecret hides a text.
func NewSecret(text string) Secret { return s3.NewSecret(text) }

// Driver opens URLs; its fields are h5py's keywords. Without credentials
// nothing is signed. Given ones are whole: AWSRegion, SecretID and SecretKey.
type Driver struct {
	AWSRegion    string
	SecretID     string
	SecretKey    Secret
	SessionToken Secret
	Endpoint     string // of a server other than Amazon's, such as https://host:port
	// Chain takes credentials that are not given from the environment, the
	// profile or the instance.
	Chain bool
	// Cache holds what is read; nil is the one of the process.
	Cache *cached.Cache
}

// Name is "ros3".
func (Driver) Name() string { return driverName }

// Open opens the file at a URL:
//
//	s3://bucket/key                    an object of S3, or of the endpoint; the key as it stands
//	https://bucket.s3.region.amazonaws.com/key
//	https://host/bucket/key            with credentials: an object of that endpoint
//	https://host/path                  without: what a web server has there
//
// It makes one request, a conditional one where the object is known. A mode
// other than vfd.Read is vfd.ErrReadOnly.
func (d Driver) Open(ctx context.Context, name string, mode vfd.Mode) (vfd.File, error) {
	f, err := d.open(ctx, name, mode)
	if err != nil {
		return nil, site(bare(name)).fail("open", 0, err)
	}
	return File(bare(name), f), nil
}

func (d Driver) open(ctx context.Context, name string, mode vfd.Mode) (*cached.File, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if mode > vfd.Exclusive {
		return nil, fmt.Errorf("%w: %v", vfd.ErrMode, mode)
	}
	if mode.Writable() {
		return nil, vfd.ErrReadOnly
	}
	at, err := d.locate(name)
	if err != nil {
		return nil, err
	}
	store, err := at.store(ctx)
	if err != nil {
		return nil, err
	}
	cache := d.Cache
	if cache == nil {
		if cache, err = shared(); err != nil {
			return nil, err
		}
	}
	return cache.Open(ctx, store, at.key)
}

// File is an object of a cache as the engine reads it: raw data exactly, all
// else through blocks. The name is for errors. Closing it closes f.
func File(name string, f *cached.File) vfd.File { return &file{site: site(name), object: f} }

type file struct {
	site
	object *cached.File
	closed atomic.Bool
}

// ReadAt reads metadata: what the engine reads alone, outside of waves.
func (f *file) ReadAt(ctx context.Context, p []byte, addr uint64) error {
	return f.fail("read", addr, f.object.Fetch(ctx, cached.Metadata, []cached.Range{{Off: addr, Data: p}}))
}

// ReadVector reads one wave in one round.
func (f *file) ReadVector(ctx context.Context, class vfd.Class, segs []vfd.Segment) error {
	kind := cached.Metadata
	if class == vfd.Raw {
		kind = cached.Raw
	}
	ranges := make([]cached.Range, len(segs))
	addr := uint64(0)
	for i, s := range segs {
		ranges[i] = cached.Range{Off: s.Addr, Data: s.Data}
		addr = segs[0].Addr
	}
	return f.fail("read", addr, f.object.Fetch(ctx, kind, ranges))
}

func (f *file) Size() uint64 {
	if f.closed.Load() {
		return 0
	}
	return f.object.Size()
}

func (f *file) WriteAt(_ context.Context, _ []byte, addr uint64) error {
	return f.fail("write", addr, f.refusal())
}

func (f *file) Truncate(_ context.Context, size uint64) error {
	return f.fail("truncate", size, f.refusal())
}

func (f *file) refusal() error {
	if f.closed.Load() {
		return vfd.ErrClosed
	}
	return vfd.ErrReadOnly
}

func (f *file) Sync(ctx context.Context) error {
	if f.closed.Load() {
		return f.fail("sync", 0, vfd.ErrClosed)
	}
	return f.fail("sync", 0, ctx.Err())
}

func (f *file) Close() error {
	f.closed.Store(true)
	return f.fail("close", 0, f.object.Close())
}

// site is the file that an error comes from.
type site string

// fail wraps an error once; kinds of storage that drivers have too are both.
func (s site) fail(op string, addr uint64, err error) error {
	if err == nil {
		return nil
	}
	for far, kind := range map[error]error{storage.ErrNotFound: fs.ErrNotExist, storage.ErrRange: vfd.ErrShort, storage.ErrDenied: fs.ErrPermission} {
		if errors.Is(err, far) && !errors.Is(err, storage.ErrChanged) {
			err = fmt.Errorf("%w: %w", kind, err)
		}
	}
	return &vfd.Error{Op: op, Driver: driverName, Name: string(s), Addr: addr, Err: err}
}
