package api

import (
	"net/http"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/h5serve/h5serve/api/filespec"
	"github.com/h5serve/h5serve/h5core"
)

// planDocument is a plan as JSON.
type planDocument struct {
	ID       string    `json:"id"`
	ETag     string    `json:"etag"`
	Filename string    `json:"filename"`
	Size     uint64    `json:"size"`
	Layout   layout    `json:"layout"`
	Warnings []warning `json:"warnings"`
	Expires  time.Time `json:"expires"`
	File     string    `json:"file"` // address of the bytes
}

// estimateDocument tells what a plan would come to. Size or AtMost is there.
type estimateDocument struct {
	ID       string    `json:"id"`
	ETag     string    `json:"etag"`
	Filename string    `json:"filename"`
	Size     *uint64   `json:"size,omitempty"`
	AtMost   *uint64   `json:"at_most,omitempty"`
	Warnings []warning `json:"warnings"`
}

// layout tells where a plan's bytes lie; all but the counts are bytes.
type layout struct {
	Superblock uint8  `json:"superblock"` // version
	Objects    int    `json:"objects"`
	Datasets   int    `json:"datasets"`
	Metadata   uint64 `json:"metadata"` // before the first element, the user block among it
	Raw        uint64 `json:"raw"`
}

func layoutOf(l h5core.Layout) layout {
	return layout{l.Superblock, l.Objects, l.Datasets, l.Metadata, l.Raw}
}

// warning is something that a description may not have meant.
type warning struct {
	Code    string `json:"code"`
	Detail  string `json:"detail"`
	Pointer string `json:"pointer,omitempty"`
}

func warningsOf(list []filespec.Warning) []warning {
	all := make([]warning, len(list))
	for i, w := range list {
		all[i] = warning{w.Code, w.Detail, w.Pointer}
	}
	return all
}

func planPath(id string) string { return "/v1/plans/" + id }

// makePlan is POST /v1/plans: plans a file, or estimates it.
func (s *Server) makePlan(w http.ResponseWriter, r *http.Request) error {
	query, err := parameters(r, "estimate")
	if err != nil {
		return err
	}
	estimate, err := flag(query, "estimate")
	if err != nil {
		return err
	}
	if estimate {
		return s.estimatePlan(w, r)
	}
	o, l, err := s.makePosted(w, r)
	if err != nil {
		return err
	}
	defer o.recipe.Close()
	defer l.release()
	w.Header().Set("Location", planPath(o.id))
	status := http.StatusCreated
	if l.known {
		status = http.StatusOK
	}
	s.writePlan(w, status, o.id, l.facts)
	return nil
}

func (s *Server) estimatePlan(w http.ResponseWriter, r *http.Request) error {
	o, done, err := s.readOrder(w, r)
	if err != nil {
		return err
	}
	defer done()
	defer o.recipe.Close()
	size, exact, err := o.estimate(r.Context())
	if err != nil {
		return err
	}
	doc := estimateDocument{ID: o.id, ETag: etag(o.id), Filename: filename(o.spec.Filename()), Warnings: warningsOf(o.spec.Warnings())}
	if exact {
		doc.Size = &size
	} else {
		doc.AtMost = &size
	}
	w.Header().Set("Cache-Control", "no-store")
	writeJSON(w, http.StatusOK, "application/json", doc)
	return nil
}

// getPlan is GET /v1/plans/{id}.
func (s *Server) getPlan(w http.ResponseWriter, r *http.Request) error {
	known, id, err := s.knownPlan(w, r)
	if err != nil {
		return err
	}
	s.writePlan(w, http.StatusOK, id, known)
	return nil
}

// getPlanFile is GET and HEAD /v1/plans/{id}/file.
func (s *Server) getPlanFile(w http.ResponseWriter, r *http.Request) error {
	known, id, err := s.knownPlan(w, r)
	if err != nil {
		return err
	}
	b, size, release, err := s.bytesFor(r, id, reorder{s, id})
	if err != nil {
		return err
	}
	defer release()
	if b != nil {
		if err := b.recipe.files.current(r.Context()); err != nil {
			return err
		}
	}
	describe(w.Header(), id, known.Filename)
	return sendContent(w, r, b, size)
}

func (s *Server) knownPlan(w http.ResponseWriter, r *http.Request) (*facts, string, error) {
	if _, err := parameters(r); err != nil {
		return nil, "", err
	}
	id := chi.URLParam(r, "id")
	if !planIDs.MatchString(id) {
		return nil, "", refuse(http.StatusNotFound, "not_found", "%q is no id of a plan.", id)
	}
	notePlan(w, id)
	known, ok := s.shelf.lookup(id)
	if !ok {
		return nil, "", expired(id, nil)
	}
	return known, id, nil
}

func (s *Server) writePlan(w http.ResponseWriter, status int, id string, f *facts) {
	w.Header().Set("Cache-Control", "no-store")
	writeJSON(w, status, "application/json", planDocument{
		ID: id, ETag: etag(id), Filename: filename(f.Filename), Size: f.Size, Layout: f.Layout, Warnings: f.Warnings,
		Expires: s.settings.now().Add(s.settings.PlansAge).UTC().Truncate(time.Second), File: planPath(id) + "/file",
	})
}
