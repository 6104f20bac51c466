package api

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"strings"

	"github.com/h5serve/h5serve/api/filespec"
	"github.com/h5serve/h5serve/api/sources"
	"github.com/h5serve/h5serve/h5core"
	"github.com/h5serve/h5serve/h5core/space"
	"github.com/h5serve/h5serve/storage"
)

// getSubset is GET and HEAD /v1/subset: a new file with parts of a stored one.
//
//	file, path, select ──▶ tag of the file ──▶ id ──▶ shelf, or h5core.Subset and Plan
//	elements           ◀── read from the store while the answer is sent
func (s *Server) getSubset(w http.ResponseWriter, r *http.Request) error {
	query, err := parametersOf(r, []string{"path", "select"}, "file", "path", "select")
	if err != nil {
		return err
	}
	for _, name := range []string{"file", "path"} {
		if !query.Has(name) {
			return missing(name)
		}
	}
	parts, err := partsOf(query)
	if err != nil {
		return err
	}
	name, err := s.fileNamed(query)
	if err != nil {
		return err
	}
	rc := newRecipe(func() error { return nil })
	return s.getMade(w, r, rc, s.subsetName(name), func(ctx context.Context, rc *recipe) (*order, error) {
		return s.readSubset(ctx, rc, name, parts)
	})
}

func missing(name string) *Problem {
	p := refuse(http.StatusUnprocessableEntity, "missing_parameter", "The parameter %s is missing.", name)
	p.Errors = []Wrong{{Parameter: name, Detail: "missing"}}
	return p
}

// partsOf pairs paths with selections: the n-th select belongs to the n-th path.
func partsOf(query url.Values) ([]h5core.Part, error) {
	var parts []h5core.Part
	for _, p := range query["path"] {
		parts = append(parts, h5core.Part{Path: p})
	}
	if len(query["select"]) > len(parts) {
		return nil, badParameter("select", fmt.Sprintf("is there %d times, path %d times: the n-th select belongs to the n-th path", len(query["select"]), len(parts)))
	}
	for i, text := range query["select"] {
		parts[i].Select = strings.TrimSpace(text)
	}
	return parts, nil
}

// subsetName is run7-subset.h5 for a subset of run7.h5.
func (s *Server) subsetName(from sources.Name) string {
	name := path.Base(from.Key)
	if from.Store == nil {
		name = "plan"
		if known, ok := s.shelf.lookup(from.Plan); ok {
			name = filename(known.Filename)
		}
	}
	return strings.TrimSuffix(name, path.Ext(name)) + "-subset.h5"
}

// subset is parts of a stored file.
type subset struct {
	name  sources.Name
	file  *h5core.File
	parts []h5core.Part
}

// readSubset opens the file, and makes sure that the parts are there and can be taken.
func (s *Server) readSubset(ctx context.Context, rc *recipe, name sources.Name, parts []h5core.Part) (*order, error) {
	x := &subset{name: name, parts: parts}
	var tag string
	err := rc.withFiles(ctx, s, func() (err error) {
		if x.file, tag, err = rc.files.Open(ctx, name.String()); err != nil {
			return err
		}
		return x.check(rc.files.budget(ctx))
	})
	if err != nil {
		return nil, err
	}
	return &order{s, rc, x, planID(x.digest(tag), s.settings.Version)}, nil
}

// digest covers all that has a say in the bytes: the file's version, what is taken of it, and in what order.
func (x *subset) digest(tag string) (sum [32]byte) {
	h := sha256.New()
	fields := []string{"subset", x.name.String(), tag}
	for _, p := range x.parts {
		fields = append(fields, p.Path, p.Select)
	}
	for _, field := range fields {
		h.Write(binary.LittleEndian.AppendUint64(nil, uint64(len(field))))
		h.Write([]byte(field))
	}
	return [32]byte(h.Sum(sum[:0]))
}

func (x *subset) check(ctx context.Context) error {
	for _, part := range x.parts {
		o, err := x.file.Get(ctx, part.Path)
		if err != nil {
			return at("path", x.Explain(err))
		}
		if part.Select == "" {
			continue
		}
		d, ok := o.(*h5core.Dataset)
		if !ok {
			return wrongSelect("%s is no dataset: a selection is of a dataset", part.Path)
		}
		if _, _, err := space.Parse(part.Select, d.Space().Dims); err != nil {
			return wrongSelect("%s of shape %v: %v", part.Path, d.Space().Dims, err)
		}
		if d.Space().Kind == space.Null {
			return wrongSelect("%s is a null dataset: there is nothing to select", part.Path)
		}
	}
	return nil
}

// at names the parameter that an error is about.
func at(parameter string, err error) error {
	p := explain(err)
	p.cause = err
	p.Errors = []Wrong{{Parameter: parameter, Detail: p.Detail}}
	return p
}

func wrongSelect(format string, args ...any) *Problem {
	p := refuse(http.StatusUnprocessableEntity, "bad_select", format+".", args...)
	p.Errors = []Wrong{{Parameter: "select", Detail: p.Detail}}
	return p
}

func (x *subset) Filename() string { return "" }

func (x *subset) Warnings() []filespec.Warning { return nil }

func (x *subset) Options() ([]h5core.Option, error) { return nil, nil }

// Write takes the parts over.
func (x *subset) Write(ctx context.Context, f *h5core.File) error {
	return x.Explain(h5core.Subset(ctx, x.file, f, x.parts...))
}

// Explain says which file an error is about.
func (x *subset) Explain(err error) error {
	var engine *h5core.Error
	var stored *storage.Error
	if err != nil && (errors.As(err, &engine) || errors.As(err, &stored)) {
		return &sources.Error{File: x.name, Err: err}
	}
	return err
}
