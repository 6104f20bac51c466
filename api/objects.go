package api

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/h5serve/h5serve/api/objects"
	"github.com/h5serve/h5serve/storage"
)

const storesPath = "/v1/stores/"

// object is what the path names: the store, and the key exactly as it was sent, never as a router understands it.
func (s *Server) object(r *http.Request) (Store, *objects.Object, error) {
	name, key, ok := objects.Split(strings.TrimPrefix(r.URL.EscapedPath(), storesPath))
	if !ok {
		return Store{}, nil, refuse(http.StatusBadRequest, "bad_path", "The path cannot be read.")
	}
	st, err := s.storeNamed(name)
	if err != nil {
		return Store{}, nil, err
	}
	if !storage.ValidKey(key) {
		return Store{}, nil, &storage.Error{Op: "get", Store: name, Kind: storage.ErrNotFound}
	}
	return st, s.objectOf(st, key), nil
}

func (s *Server) objectOf(st Store, key string) *objects.Object {
	return &objects.Object{
		Name: st.Name, Store: st.Store, Key: key,
		Open: s.settings.Open, Patience: s.settings.Patience, Abort: abort,
	}
}

// getObject is GET and HEAD /v1/stores/{store}/{key…}: the read proxy.
func (s *Server) getObject(w http.ResponseWriter, r *http.Request) error {
	if _, err := parameters(r); err != nil {
		return err
	}
	_, o, err := s.object(r)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Disposition", saveAs(cut(safeName(o.Key), maxFilename)))
	o.Open = timed(w.Header(), o.Open)
	return o.Serve(w, r)
}

// timed tells with the answer how long the store took to begin.
func timed(h http.Header, open objects.Opener) objects.Opener {
	return func(ctx context.Context, s storage.Store, key string, r storage.Range, c storage.Conditions) (*storage.Part, error) {
		begun := time.Now()
		part, err := open(ctx, s, key, r, c)
		cost{took: time.Since(begun)}.tell(h)
		return part, err
	}
}

// putObject is PUT /v1/stores/{store}/{key…}.
func (s *Server) putObject(w http.ResponseWriter, r *http.Request) error {
	if _, err := parameters(r); err != nil {
		return err
	}
	st, o, err := s.object(r)
	if err != nil {
		return err
	}
	if !st.Writable {
		return &storage.Error{Op: "put", Store: st.Name, Key: o.Key, Kind: storage.ErrReadOnly}
	}
	defer s.arrive(w, r, s.settings.MaxObject)()
	info, created, err := o.Put(r.Context(), r, s.settings.MaxObject)
	if err != nil {
		return err
	}
	status := http.StatusOK
	if created {
		status = http.StatusCreated
		w.Header().Set("Location", storesPath+objects.Join(st.Name, o.Key))
	}
	if info.ETag != "" {
		w.Header().Set("ETag", info.ETag)
	}
	w.Header().Set("Cache-Control", "no-store")
	info.Key = o.Key
	writeJSON(w, status, "application/json", entryOf(st.Name, info))
	return nil
}
