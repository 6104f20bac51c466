package api

import (
	"context"
	"fmt"
	"net/http"

	"github.com/h5serve/h5serve/api/catalog"
	"github.com/h5serve/h5serve/api/sources"
	"github.com/h5serve/h5serve/h5core"
)

// searchAnswer is the answer of /v1/search.
type searchAnswer struct {
	File string `json:"file"`
	ETag string `json:"etag,omitempty"`
	Path string `json:"path"`
	Q    string `json:"q"`
	*catalog.Found
}

const (
	searchLimit  = 100
	searchAtMost = 1000
	longPattern  = 1000 // bytes
)

// getSearch is GET /v1/search: paths and attributes that match a text.
func (s *Server) getSearch(w http.ResponseWriter, r *http.Request) error {
	query, err := parameters(r, "file", "path", "q", "limit")
	if err != nil {
		return err
	}
	limit, text := searchLimit, query.Get("q")
	switch {
	case text == "":
		return missing("q")
	case len(text) > longPattern:
		return badParameter("q", fmt.Sprintf("has over %d bytes", longPattern))
	case query.Has("limit"):
		if limit, err = number(query, "limit", 1, searchAtMost); err != nil {
			return err
		}
	}
	name, err := s.fileNamed(query)
	if err != nil {
		return err
	}
	answer := searchAnswer{Path: pathOr(query, "/"), Q: text}
	answered, err := s.look(w, r, name, func(ctx context.Context, f *sources.File) error {
		answer.File, answer.ETag = f.Name.String(), f.Info().ETag
		ctx, cancel := context.WithTimeout(ctx, catalogTime)
		defer cancel()
		o, err := f.HDF5.Get(ctx, answer.Path)
		if err != nil {
			return at("path", &sources.Error{File: f.Name, Err: err})
		}
		g, ok := o.(*h5core.Group)
		if !ok {
			return at("path", refuse(http.StatusUnprocessableEntity, "not_a_group", "%s is no group.", answer.Path))
		}
		answer.Found, err = catalog.Search(ctx, g, catalog.NewPattern(text), limit)
		return err
	})
	if err != nil || answered {
		return err
	}
	writeJSON(w, http.StatusOK, "application/json", answer)
	return nil
}
