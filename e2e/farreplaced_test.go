package e2e

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/h5serve/h5serve/h5core"
	"github.com/h5serve/h5serve/h5core/dtype"
	"github.com/h5serve/h5serve/h5core/space"
	"github.com/h5serve/h5serve/h5core/vfd/ros3"
	"github.com/h5serve/h5serve/storage"
	"github.com/h5serve/h5serve/storage/cached"
	"github.com/h5serve/h5serve/storage/pinned"
	"github.com/h5serve/h5serve/storage/s3"
)

// taggedVersions and taggedElements say how many versions of a file a test
// has, and how large each dataset in them is.
const taggedVersions, taggedElements = 16, 8192

// tagged is one version of a file, as long as every other one: all its
// elements are the version's number.
func tagged(t testing.TB, version int) []byte {
	t.Helper()
	name := filepath.Join(t.TempDir(), "tagged.h5")
	f, err := h5core.Open(t.Context(), name, "w")
	must(t, err)
	values := make([]int32, taggedElements)
	for i := range values {
		values[i] = int32(version)
	}
	for i := range 8 {
		g, err := f.CreateGroup(fmt.Sprintf("group%d", i))
		must(t, err)
		d, err := g.CreateDataset("values", dtype.Must(dtype.Int(4, true, dtype.LittleEndian)),
			space.Space{Kind: space.Simple, Dims: []uint64{taggedElements}}, h5core.Chunks(1024))
		must(t, err)
		must(t, d.Attributes().Set("version", version))
		must(t, d.Write(t.Context(), nil, values))
	}
	must(t, f.Close())
	content, err := os.ReadFile(name)
	must(t, err)
	return content
}

// answers counts what readers of an object got that is replaced all the time.
type answers struct{ right, changed atomic.Int64 }

func (a *answers) take(t testing.TB, mixed bool, err error) {
	switch {
	case mixed:
		t.Error("a mixed answer")
	case err == nil:
		a.right.Add(1)
	case errors.Is(err, storage.ErrChanged):
		a.changed.Add(1)
	default:
		t.Error(err)
	}
}

func (a *answers) counts() string {
	return fmt.Sprintf("%d whole, %d changed", a.right.Load(), a.changed.Load())
}

// readFile reads all datasets of the file, with their attributes, and says
// whether the elements are of several versions.
func (l *load) readFile(ctx context.Context) (mixed bool, err error) {
	f, err := h5core.Open(ctx, "s3://bucket/tagged.h5", "r", h5core.WithDriver(l.driver))
	if err != nil {
		return false, err
	}
	defer f.Close()
	versions := map[int32]bool{}
	for i := range 8 {
		o, err := f.Get(ctx, fmt.Sprintf("group%d/values", i))
		if err != nil {
			return false, err
		}
		d := o.(*h5core.Dataset)
		tag, err := h5core.AttributeValue[int32](ctx, d.Attributes(), "version")
		if err != nil {
			return false, err
		}
		versions[tag] = true
		values, err := h5core.Read[int32](ctx, d, nil)
		if err != nil {
			return false, err
		}
		for _, v := range values {
			versions[v] = true
		}
	}
	return len(versions) != 1, nil
}

// readPinned reads the last elements of two datasets, with one GET each.
func (l *load) readPinned(ctx context.Context) (mixed bool, err error) {
	object := pinned.Open(l.store, "tagged.h5")
	var seen [2]uint32
	for i, at := range l.places {
		var p [4]byte
		if err := object.ReadAt(ctx, p[:], at); err != nil {
			return false, err
		}
		seen[i] = binary.LittleEndian.Uint32(p[:])
	}
	return seen[0] != seen[1], nil
}

// replaced is a server of one object, which is another version from one request
// to the next, but never within one. versitygw keeps an object's ETag and its
// content in two files, so that its own answers mix versions.
func replaced(t testing.TB, obeys bool) (url string, replace func(content []byte)) {
	t.Helper()
	type version struct {
		content []byte
		etag    string
	}
	var now atomic.Pointer[version]
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		is := now.Load()
		w.Header().Set("ETag", is.etag)
		if !obeys {
			r.Header.Del("If-Match")
		}
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(is.content))
	}))
	t.Cleanup(server.Close)
	return server.URL, func(content []byte) {
		now.Store(&version{content, fmt.Sprintf(`"%x"`, crc32.ChecksumIEEE(content))})
	}
}

// TestReplacedUnderLoad replaces an object a thousand times, while it is read
// in small requests through the engine and the cache, and by pinned alone,
// from a server that knows If-Match and from one that ignores it.
func TestReplacedUnderLoad(t *testing.T) {
	var versions [taggedVersions][]byte
	for i := range versions {
		if versions[i] = tagged(t, i); len(versions[i]) != len(versions[0]) {
			t.Fatal("versions of several lengths")
		}
	}
	for name, obeys := range map[string]bool{"If-Match": true, "no If-Match": false} {
		t.Run(name, func(t *testing.T) {
			url, replace := replaced(t, obeys)
			replace(versions[0])
			l := newLoad(t, url, uint64(len(versions[0])))
			for range 3 {
				l.begin(t, &l.engine, l.readFile)
				l.begin(t, &l.alone, l.readPinned)
			}
			for i := range 1000 {
				l.await(t, i%50 == 0)
				replace(versions[i%taggedVersions])
			}
			l.end()
			t.Logf("the engine: %+v; pinned alone: %+v", l.engine.counts(), l.alone.counts())
			for _, a := range []*answers{&l.engine, &l.alone} {
				if a.changed.Load() == 0 || a.right.Load() == 0 {
					t.Error("the load met no replacement, or nothing else")
				}
			}
			if mixed, err := l.readFile(t.Context()); mixed || err != nil {
				t.Errorf("after all: %v, mixed %v", err, mixed)
			}
		})
	}
}

// load reads an object over and over.
type load struct {
	driver        ros3.Driver
	store         *s3.Store
	places        [2]uint64 // of the last elements of two datasets
	engine, alone answers
	stopped       atomic.Bool
	group         sync.WaitGroup
	turns         chan struct{} // one for each read that ended
}

func newLoad(t *testing.T, url string, size uint64) *load {
	t.Helper()
	cache, err := cached.New(cached.Settings{First: 4 << 10, Page: 1 << 10, Block: 2 << 10, Largest: 16 << 10, Gap: 1})
	must(t, err)
	t.Cleanup(func() { must(t, cache.Close()) })
	secret := ros3.NewSecret("secret")
	return &load{
		driver: ros3.Driver{AWSRegion: "here", SecretID: "id", SecretKey: secret, Endpoint: url, Cache: cache},
		store:  openS3(t, s3.Config{Name: "far", Bucket: "bucket", Endpoint: url, PathStyle: true, Region: "here", SecretID: "id", SecretKey: secret}),
		places: [2]uint64{size - 8*4*taggedElements, size - 4},
		turns:  make(chan struct{}, 1),
	}
}

func (l *load) begin(t *testing.T, count *answers, read func(context.Context) (bool, error)) {
	l.group.Go(func() {
		for !l.stopped.Load() {
			mixed, err := read(t.Context())
			count.take(t, mixed, err)
			select {
			case l.turns <- struct{}{}:
			default:
			}
		}
	})
}

// await waits until a read has ended, or until the engine has read a whole file.
func (l *load) await(t *testing.T, whole bool) {
	for before := l.engine.right.Load(); ; {
		select {
		case <-l.turns:
		case <-time.After(patience):
			t.Fatal("nobody reads")
		}
		if !whole || l.engine.right.Load() > before {
			return
		}
	}
}

func (l *load) end() {
	l.stopped.Store(true)
	l.group.Wait()
}
