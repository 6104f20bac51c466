package api

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/h5serve/h5serve/api/objects"
	"github.com/h5serve/h5serve/storage"
)

// saveFile is POST /v1/files?save=store/key: the file becomes an object of a store. Nothing is seen of it before
// the last byte.
func (s *Server) saveFile(w http.ResponseWriter, r *http.Request, query url.Values) error {
	st, to, key, err := s.placeNamed(query.Get("save"))
	if err != nil {
		return err
	}
	conditions, err := objects.WriteConditions(r.Header)
	if err != nil {
		return err
	}
	o, l, err := s.makePosted(w, r)
	if err != nil {
		return err
	}
	defer o.recipe.Close()
	defer l.release()
	size := l.plan.Size()
	if limit := s.settings.MaxObject; size > uint64(limit) {
		return tooLarge("object", limit, int64(min(size, 1<<63-1)))
	}
	body := l.reader(r.Context())
	info, err := to.Put(r.Context(), key, body, int64(size), storage.PutOptions{Conditions: conditions, ContentType: objects.MediaType})
	if failed := body.end(); failed != nil {
		err = failed // the store only knows that the body did not come whole
	}
	switch {
	case errors.Is(err, storage.ErrExists), errors.Is(err, storage.ErrChanged) && conditions.IfMatch != "" && body.failed == nil:
		return refuse(http.StatusPreconditionFailed, "precondition_failed", "The object is not the one that the request's conditions ask for.")
	case err != nil:
		return err
	}
	if info.ETag != "" {
		w.Header().Set("ETag", info.ETag)
	}
	w.Header().Set("Location", storesPath+objects.Join(st.Name, key))
	w.Header().Set("Cache-Control", "no-store")
	info.Key = key
	writeJSON(w, http.StatusCreated, "application/json", entryOf(st.Name, info))
	return nil
}

// placeNamed is the place that the parameter save names, in a store that may be written to.
func (s *Server) placeNamed(text string) (st Store, to storage.Writer, key string, err error) {
	name, key, ok := strings.Cut(text, "/")
	if !ok || !storage.ValidKey(key) {
		return st, nil, "", badParameter("save", "must be STORE/KEY")
	}
	if st, err = s.storeNamed(name); err != nil {
		return st, nil, "", err
	}
	to, ok = st.Store.(storage.Writer)
	if !ok || !st.Writable {
		return st, nil, "", &storage.Error{Op: "put", Store: name, Key: key, Kind: storage.ErrReadOnly}
	}
	return st, to, key, nil
}

// planReader reads the whole file of a plan, while another goroutine produces it.
type planReader struct {
	*io.PipeReader
	done   chan struct{}
	failed error // of producing
}

func (b *built) reader(ctx context.Context) *planReader {
	from, to := io.Pipe()
	r := &planReader{PipeReader: from, done: make(chan struct{})}
	go func() {
		defer close(r.done)
		err := b.plan.WriteWindow(ctx, to, 0, b.plan.Size())
		if !errors.Is(err, io.ErrClosedPipe) {
			r.failed = err
		}
		_ = to.CloseWithError(err) // it never fails
	}()
	return r
}

// end ends the reading, and tells whether the file could be produced.
func (r *planReader) end() error {
	_ = r.Close() // it never fails
	<-r.done
	return r.failed
}
