package api

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/h5serve/h5serve/api/sources"
	"github.com/h5serve/h5serve/h5core/vfd"
	"github.com/h5serve/h5serve/storage"
	"github.com/h5serve/h5serve/storage/cached"
)

const planPrefix = "plan:"

// fileNamed is the file that the parameter file names: {store}/{key}, cut at its first slash, or plan:{id}.
func (s *Server) fileNamed(query url.Values) (sources.Name, error) {
	text := query.Get("file")
	if id, ok := strings.CutPrefix(text, planPrefix); ok {
		if !planIDs.MatchString(id) {
			return sources.Name{}, refuse(http.StatusNotFound, "not_found", "%q is no id of a plan.", id)
		}
		return sources.Name{Plan: id}, nil
	}
	name, key, ok := strings.Cut(text, "/")
	if !ok {
		return sources.Name{}, badParameter("file", "must be STORE/KEY or plan:ID")
	}
	st, err := s.storeNamed(name)
	if err != nil {
		return sources.Name{}, err
	}
	if !storage.ValidKey(key) {
		return sources.Name{}, &storage.Error{Op: "get", Store: name, Key: key, Kind: storage.ErrNotFound}
	}
	return sources.Name{Store: st.Store, Label: name, Key: key}, nil
}

// counting gives a context whose reads are counted, and how to tell them with the answer.
func counting(ctx context.Context) (context.Context, func(http.Header)) {
	begun := time.Now()
	ctx, counter := cached.WithCounter(ctx)
	return ctx, func(h http.Header) {
		counts := counter.Counts()
		cost{time.Since(begun), &counts}.tell(h)
	}
}

// describeView sets the fields of what was found in a file: it is as good as the file's version.
func describeView(h http.Header, f *sources.File) {
	if tag := f.Info().ETag; tag != "" {
		h.Set("ETag", tag)
	}
	h.Set("Cache-Control", "no-cache")
}

// unchanged tells whether the client has what was found in this version of a file already (If-None-Match).
func unchanged(r *http.Request, f *sources.File) bool {
	want := strings.TrimPrefix(f.Info().ETag, "W/")
	for tag := range strings.SplitSeq(r.Header.Get("If-None-Match"), ",") {
		if tag = strings.TrimPrefix(strings.TrimSpace(tag), "W/"); tag == "*" || tag != "" && tag == want {
			return true
		}
	}
	return false
}

// plans are the plans as files to look at: their bytes are made again where they are not there, but nothing that
// can be produced while it is read.
type plans struct{ *Server }

// Open leases a plan.
func (p plans) Open(ctx context.Context, id string) (vfd.File, string, func(), error) {
	if _, ok := p.shelf.lookup(id); !ok {
		return nil, "", nil, expired(id, nil)
	}
	l, err := p.shelf.obtain(ctx, id, reorder{p.Server, id})
	if err != nil {
		return nil, "", nil, err
	}
	return planFile{l}, etag(id), l.release, nil
}

// planFile reads windows of a plan.
type planFile struct{ *lease }

func (f planFile) ReadAt(ctx context.Context, p []byte, addr uint64) error {
	if size := f.Size(); addr > size || uint64(len(p)) > size-addr {
		return f.fail("read", addr, vfd.ErrShort)
	}
	into := &filling{p}
	return f.fail("read", addr, f.plan.WriteWindow(ctx, into, addr, uint64(len(p))))
}

func (f planFile) Size() uint64 { return f.plan.Size() }

func (f planFile) WriteAt(_ context.Context, _ []byte, addr uint64) error {
	return f.fail("write", addr, vfd.ErrReadOnly)
}

func (f planFile) Truncate(_ context.Context, size uint64) error {
	return f.fail("truncate", size, vfd.ErrReadOnly)
}

func (f planFile) Sync(ctx context.Context) error { return ctx.Err() }

// Close does nothing: the lease ends by its release.
func (f planFile) Close() error { return nil }

func (f planFile) fail(op string, addr uint64, err error) error {
	if err == nil {
		return nil
	}
	return &vfd.Error{Op: op, Driver: "plan", Name: f.entry.id, Addr: addr, Err: err}
}

// filling writes into memory that has exactly the room.
type filling struct{ room []byte }

func (f *filling) Write(p []byte) (int, error) {
	n := copy(f.room, p)
	f.room = f.room[n:]
	return n, nil
}
