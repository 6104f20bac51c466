package api

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/h5serve/h5serve/api/represent"
	"github.com/h5serve/h5serve/api/sources"
	"github.com/h5serve/h5serve/h5core"
	"github.com/h5serve/h5serve/h5core/space"
)

var errNotModified = errors.New("the client has this version already")

// look runs work on a file for an answer that is as good as the file's version: with its tag, conditional, and with
// what it cost. Work may run twice. Answered tells that the client has the answer already.
func (s *Server) look(w http.ResponseWriter, r *http.Request, name sources.Name, work func(context.Context, *sources.File) error) (answered bool, err error) {
	ctx, tell := counting(r.Context())
	err = s.sources.Do(ctx, name, func(ctx context.Context, f *sources.File) error {
		w.Header().Del("ETag") // of a version that is gone
		describeView(w.Header(), f)
		if err := wanted(r, f.Info().ETag); err != nil {
			return err
		}
		return work(ctx, f)
	})
	tell(w.Header())
	if errors.Is(err, errNotModified) {
		w.WriteHeader(http.StatusNotModified)
		return true, nil
	}
	return false, unfit(err)
}

// wanted judges the conditions of a request for a view (RFC 9110, 13.2.2).
func wanted(r *http.Request, tag string) error {
	if list := strings.Join(r.Header.Values("If-Match"), ","); list != "" && (tag == "" || !lists(list, tag)) {
		return refuse(http.StatusPreconditionFailed, "precondition_failed", "The file is not the one that If-Match names.")
	}
	if list := strings.Join(r.Header.Values("If-None-Match"), ","); list != "" && tag != "" && lists(list, tag) {
		return errNotModified
	}
	return nil
}

// lists tells whether a list of entity tags has one. A view compares weakly: it has no ranges.
func lists(list, tag string) bool {
	for one := range strings.SplitSeq(list, ",") {
		one = strings.TrimSpace(one)
		if one == "*" || strings.TrimPrefix(one, "W/") == strings.TrimPrefix(tag, "W/") {
			return true
		}
	}
	return false
}

// unfit says of an error of a form or a selection what the request has to do with it.
func unfit(err error) error {
	var form *represent.TypeError
	var selection *space.Error
	switch {
	case errors.As(err, &form):
		return at("format", because(refuse(http.StatusUnprocessableEntity, "unfit_type", "%s.", form), err))
	case errors.As(err, &selection) && selection.What == "selection":
		return because(wrongSelect("%s", selection), err)
	}
	return err
}

func because(p *Problem, err error) *Problem {
	p.cause = err
	return p
}

// datasetAt is the dataset of a path.
func datasetAt(ctx context.Context, f *sources.File, path string) (*h5core.Dataset, error) {
	o, err := f.HDF5.Get(ctx, path)
	if err != nil {
		return nil, at("path", &sources.Error{File: f.Name, Err: err})
	}
	d, ok := o.(*h5core.Dataset)
	if !ok {
		return nil, at("path", refuse(http.StatusUnprocessableEntity, "not_a_dataset", "%s is no dataset.", path))
	}
	return d, nil
}
