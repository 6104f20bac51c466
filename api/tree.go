package api

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/h5serve/h5serve/api/catalog"
	"github.com/h5serve/h5serve/api/sources"
)

// treeAnswer is the answer of /v1/tree.
type treeAnswer struct {
	File   string `json:"file"`
	ETag   string `json:"etag,omitempty"`
	Path   string `json:"path"`
	Cursor string `json:"cursor,omitempty"` // of what follows
	*catalog.Tree
}

const (
	treeLimit   = 1000
	treeAtMost  = 10_000
	catalogTime = 20 * time.Second // after which a list ends where it is
)

// treeQuery is what /v1/tree is asked for.
type treeQuery struct {
	path   string
	cursor string
	catalog.Options
}

func readTreeQuery(query url.Values) (q treeQuery, err error) {
	q = treeQuery{path: pathOr(query, "/"), cursor: query.Get("cursor"), Options: catalog.Options{Depth: -1, Limit: treeLimit}}
	if query.Has("depth") {
		if q.Depth, err = number(query, "depth", 0, 1000); err != nil {
			return q, err
		}
	}
	if query.Has("limit") {
		if q.Limit, err = number(query, "limit", 1, treeAtMost); err != nil {
			return q, err
		}
	}
	form := dataQuery{}
	err = form.readNumbers(query)
	q.JSON = form.json
	return q, err
}

// number reads a parameter that is a whole number.
func number(query url.Values, name string, least, most int) (int, error) {
	n, err := strconv.Atoi(query.Get(name))
	if err != nil || n < least || n > most {
		return 0, badParameter(name, fmt.Sprintf("must be a number from %d to %d", least, most))
	}
	return n, nil
}

// pathOr is the parameter path, or what stands for it where it is not given.
func pathOr(query url.Values, otherwise string) string {
	if query.Has("path") {
		return query.Get("path")
	}
	return otherwise
}

// getTree is GET /v1/tree: the metadata of an object and of all below it.
func (s *Server) getTree(w http.ResponseWriter, r *http.Request) error {
	query, err := parameters(r, "file", "path", "depth", "limit", "cursor", "nan", "int64")
	if err != nil {
		return err
	}
	q, err := readTreeQuery(query)
	if err != nil {
		return err
	}
	name, err := s.fileNamed(query)
	if err != nil {
		return err
	}
	var answer treeAnswer
	answered, err := s.look(w, r, name, func(ctx context.Context, f *sources.File) error {
		answer = treeAnswer{File: f.Name.String(), ETag: f.Info().ETag, Path: q.path}
		if q.Skip, err = q.resume(f); err != nil {
			return err
		}
		ctx, cancel := context.WithTimeout(ctx, catalogTime)
		defer cancel()
		o, err := f.HDF5.Get(ctx, q.path)
		if err != nil {
			return at("path", &sources.Error{File: f.Name, Err: err})
		}
		if answer.Tree, err = catalog.List(ctx, o, q.Options); err != nil {
			return err
		}
		if answer.Truncated == catalog.ByLimit || answer.Truncated == catalog.BySize {
			answer.Cursor = fmt.Sprintf("%s-%d", q.listing(f), answer.Next)
		}
		return nil
	})
	if err != nil || answered {
		return err
	}
	writeJSON(w, http.StatusOK, "application/json", answer)
	return nil
}

// listing names a list: one version of a file, from one place down to one depth.
func (q treeQuery) listing(f *sources.File) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%q %q %q %d", f.Name, f.Info().ETag, q.path, q.Depth))
	return hex.EncodeToString(sum[:8])
}

// resume is how many nodes the cursor stands behind.
func (q treeQuery) resume(f *sources.File) (int, error) {
	if q.cursor == "" {
		return 0, nil
	}
	list, place, _ := strings.Cut(q.cursor, "-")
	n, err := strconv.Atoi(place)
	switch {
	case err != nil || n < 0:
		return 0, badParameter("cursor", "is none that an answer gave")
	case list != q.listing(f):
		return 0, at("cursor", refuse(http.StatusConflict, "object_changed", "The cursor is of another version of the file, or of another list. Begin anew."))
	}
	return n, nil
}
