package api

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"path"
	"strings"

	"github.com/go-chi/chi/v5"

	"github.com/h5serve/h5serve/api/h5grove"
	"github.com/h5serve/h5serve/api/represent"
	"github.com/h5serve/h5serve/api/sources"
	"github.com/h5serve/h5serve/storage"
	"github.com/h5serve/h5serve/storage/pinned"
)

// view finds an answer about a file.
type view func(context.Context, *h5grove.File, url.Values) (*h5grove.Answer, error)

// groveRoutes are h5grove's endpoints, each with the parameters that it knows.
func (s *Server) groveRoutes(m chi.Router) {
	readable(m, "/h5grove/", groveHome)
	for name, v := range map[string]struct {
		find       view
		parameters []string
	}{
		"meta":  {groveMeta, []string{"resolve_links"}},
		"attr":  {groveAttributes, []string{"attr_keys"}},
		"data":  {groveData, []string{"selection", "format", "dtype", "flatten"}},
		"stats": {groveStats, []string{"selection"}},
		"paths": {grovePaths, []string{"resolve_links"}},
	} {
		known := append([]string{"file", "path"}, v.parameters...)
		readable(m, "/h5grove/"+name, func(w http.ResponseWriter, r *http.Request) error {
			return groveProblem(s.answerView(w, r, v.find, known))
		})
	}
}

func groveHome(w http.ResponseWriter, r *http.Request) error {
	if _, err := parameters(r); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Content-Length", "2")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = io.WriteString(w, "ok") // a client that is gone has no use for an error
	return nil
}

func groveMeta(ctx context.Context, f *h5grove.File, query url.Values) (*h5grove.Answer, error) {
	how, err := h5grove.ParseResolve(query.Get("resolve_links"))
	if err != nil {
		return nil, err
	}
	return h5grove.Meta(ctx, f, pathIn(query), how)
}

func groveAttributes(ctx context.Context, f *h5grove.File, query url.Values) (*h5grove.Answer, error) {
	return h5grove.Attributes(ctx, f, pathIn(query), query["attr_keys"])
}

func groveData(ctx context.Context, f *h5grove.File, query url.Values) (*h5grove.Answer, error) {
	return h5grove.Data(ctx, f, h5grove.Query{
		Path: pathIn(query), Selection: query.Get("selection"), Format: query.Get("format"), Dtype: query.Get("dtype"),
		Flatten: query.Has("flatten") && !isFalse(query.Get("flatten")),
	})
}

func groveStats(ctx context.Context, f *h5grove.File, query url.Values) (*h5grove.Answer, error) {
	return h5grove.Stats(ctx, f, pathIn(query), query.Get("selection"))
}

func grovePaths(ctx context.Context, f *h5grove.File, query url.Values) (*h5grove.Answer, error) {
	how, err := h5grove.ParseResolve(query.Get("resolve_links"))
	if err != nil {
		return nil, err
	}
	return h5grove.Paths(ctx, f, pathIn(query), how)
}

func pathIn(query url.Values) string {
	if query.Has("path") {
		return query.Get("path")
	}
	return "/"
}

// isFalse takes the words of h5grove on FastAPI; all others are true, as on Flask.
func isFalse(text string) bool {
	switch strings.ToLower(text) {
	case "false", "0", "no", "off", "n", "f":
		return true
	}
	return false
}

func (s *Server) answerView(w http.ResponseWriter, r *http.Request, find view, known []string) error {
	query, err := parametersOf(r, []string{"attr_keys"}, known...)
	if err != nil {
		return err
	}
	name, err := s.fileNamed(query)
	if err != nil {
		return err
	}
	ctx, tell := counting(r.Context())
	defer tell(w.Header()) // of a failure
	return pinned.Retry(func() error {
		d := &delivery{w: w, r: r, limits: s.settings.Look, version: s.settings.Version, tell: tell}
		return d.explain(name, d.run(ctx, s.sources, name, func(ctx context.Context, f *sources.File) (*h5grove.Answer, error) {
			return find(ctx, &h5grove.File{File: f.HDF5, Base: path.Base(name.String())}, query)
		}))
	})
}

// explain makes of an error one that says which file it is about; nobody is left to be told where bytes have gone out.
func (d *delivery) explain(name sources.Name, err error) error {
	var refused *h5grove.Refusal
	var known *Problem
	switch {
	case err == nil || errors.As(err, &known):
		return err
	case d.begun:
		abort(d.r.Context(), err)
	case errors.As(err, &refused):
		p := refuse(refused.Status, refused.Code, "%s.", strings.TrimSuffix(refused.Detail, "."))
		p.cause = err
		if refused.Parameter != "" {
			p.Errors = []Wrong{{Parameter: refused.Parameter, Detail: p.Detail}}
		}
		return p
	}
	var kind *represent.TypeError
	if errors.As(err, &kind) {
		return refuse(http.StatusNotImplemented, "unsupported_feature", "%s.", kind)
	}
	return &sources.Error{File: name, Err: err}
}

// groveProblem says with the words that H5Web looks for that there is no file, or none to be read.
func groveProblem(err error) error {
	if err == nil || errors.Is(err, storage.ErrChanged) {
		return err
	}
	p := explain(err)
	if p.cause == nil {
		p.cause = err
	}
	switch p.Code {
	case "object_not_found", "store_not_found", "not_found", "plan_expired":
		p.Detail = "File not found! " + p.Detail
	case "store_denied":
		p.Detail = "Cannot read file: Permission denied! " + p.Detail
	}
	return p
}
