package api

import (
	"context"
	"net/http"

	"github.com/h5serve/h5serve/api/inspect"
	"github.com/h5serve/h5serve/api/sources"
)

// inspection is a report and the file that it is about.
type inspection struct {
	File string `json:"file"`
	ETag string `json:"etag,omitempty"`
	*inspect.Report
}

// inspectMemory is about half of what an inspection holds at once.
const inspectMemory = 32 << 20

// inspectFile is GET /v1/inspect: how a file is laid out, what is damaged, what opening it from afar costs.
func (s *Server) inspectFile(w http.ResponseWriter, r *http.Request) error {
	query, err := parameters(r, "file", "check")
	if err != nil {
		return err
	}
	check := true
	if query.Has("check") {
		if check, err = flag(query, "check"); err != nil {
			return err
		}
	}
	name, err := s.fileNamed(query)
	if err != nil {
		return err
	}
	done, err := s.admit(r.Context(), inspectMemory)
	if err != nil {
		return err
	}
	defer done()
	ctx, tell := counting(r.Context())
	var answer *inspection // nil: the client has it
	err = s.sources.Do(ctx, name, func(ctx context.Context, f *sources.File) error {
		describeView(w.Header(), f)
		if answer = nil; unchanged(r, f) {
			return nil
		}
		report, err := inspect.Look(ctx, f, inspect.Options{SkipElements: !check})
		if err != nil {
			return err
		}
		answer = &inspection{name.String(), f.Info().ETag, report}
		return nil
	})
	tell(w.Header())
	if err != nil {
		return err
	}
	if answer == nil {
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	writeJSON(w, http.StatusOK, "application/json", answer)
	return nil
}
