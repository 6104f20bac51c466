package api

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/h5serve/h5serve/api/filespec"
)

// makeFile is POST /v1/files: the file of the description in the body.
func (s *Server) makeFile(w http.ResponseWriter, r *http.Request) error {
	query, err := parameters(r, "save")
	if err != nil {
		return err
	}
	if query.Has("save") {
		return s.saveFile(w, r, query)
	}
	o, l, err := s.makePosted(w, r)
	if err != nil {
		return err
	}
	defer o.recipe.Close()
	defer l.release()
	at, whole := o.address()
	if whole && prefersMinimal(r) {
		w.Header().Set("Location", at)
		w.Header().Set("Preference-Applied", "return=minimal")
		w.Header().Set("Cache-Control", "no-store")
		w.WriteHeader(http.StatusSeeOther)
		return nil
	}
	o.describe(w.Header(), o.spec.Filename())
	w.Header().Set("Content-Location", at)
	return sendWhole(w, r, l)
}

// makePosted reads the body, and makes and keeps the plan that it describes. Nothing is answered before all
// that is done. The caller closes the order's recipe and releases the lease.
func (s *Server) makePosted(w http.ResponseWriter, r *http.Request) (_ *order, _ *lease, err error) {
	o, done, err := s.readOrder(w, r)
	if err != nil {
		return nil, nil, err
	}
	defer done()
	defer func() {
		if err != nil {
			o.recipe.Close()
		}
	}()
	notePlan(w, o.id)
	l, err := s.shelf.obtain(r.Context(), o.id, o)
	if err != nil {
		return nil, nil, err
	}
	if err = s.shelf.keep(l, o.recipe); err == nil {
		err = o.confirm(r.Context(), l.built)
	}
	if err != nil {
		l.release()
		return nil, nil, err
	}
	return o, l, nil
}

// readOrder reads and understands a body. The work that follows is admitted until done is called.
func (s *Server) readOrder(w http.ResponseWriter, r *http.Request) (_ *order, done func(), err error) {
	rc, err := s.readRecipe(w, r)
	if err != nil {
		return nil, nil, err
	}
	defer func() {
		if err != nil {
			rc.Close()
		}
	}()
	done, err = s.admit(r.Context(), rc.size())
	if err != nil {
		return nil, nil, err
	}
	o, err := s.read(r.Context(), rc)
	if err != nil {
		done()
		return nil, nil, err
	}
	return o, done, nil
}

// address is where a GET finds the file, and whether that place needs nothing to be kept.
func (o *order) address() (string, bool) {
	if len(o.recipe.parts) == 0 && o.recipe.description.Size() <= maxAddressed {
		if text, err := readAll(o.recipe.description); err == nil {
			if at, ok := address(o.spec.Filename(), text); ok {
				return at, true
			}
		}
	}
	return planPath(o.id) + "/file", false
}

func readAll(src filespec.Source) ([]byte, error) {
	text := make([]byte, src.Size())
	_, err := src.ReadAt(text, 0)
	if len(text) > 0 && err != nil {
		return nil, err
	}
	return text, nil
}

// prefersMinimal tells whether Prefer (RFC 7240) asks for an answer without the file.
func prefersMinimal(r *http.Request) bool {
	for preference := range strings.SplitSeq(strings.Join(r.Header.Values("Prefer"), ","), ",") {
		if strings.EqualFold(strings.TrimSpace(preference), "return=minimal") {
			return true
		}
	}
	return false
}

// getFile is GET and HEAD /v1/files/{filename}?spec=: the file of the description in the address.
func (s *Server) getFile(w http.ResponseWriter, r *http.Request) error {
	if len(r.RequestURI) > maxTarget {
		p := refuse(http.StatusRequestURITooLong, "use_post",
			"The address has %d bytes, the limit is %d. Send the description with POST /v1/files.", len(r.RequestURI), maxTarget)
		p.Limit, p.Size = maxTarget, int64(len(r.RequestURI))
		return p
	}
	query, err := parameters(r, "spec")
	if err != nil {
		return err
	}
	if !query.Has("spec") {
		p := refuse(http.StatusUnprocessableEntity, "missing_parameter", "The parameter spec is missing: the description of the file.")
		p.Errors = []Wrong{{Parameter: "spec", Detail: "missing"}}
		return p
	}
	name, err := url.PathUnescape(strings.TrimPrefix(r.URL.EscapedPath(), "/v1/files/"))
	if err != nil {
		return refuse(http.StatusBadRequest, "bad_path", "The path cannot be read: %v.", err)
	}
	description, err := addressed(query.Get("spec"), s.settings.MaxDescription)
	if err != nil {
		return err
	}
	rc := newRecipe(func() error { return nil })
	rc.description = text(description)
	return s.getMade(w, r, rc, name, s.read)
}

// getMade answers with the file of a recipe that understand makes an order of.
func (s *Server) getMade(w http.ResponseWriter, r *http.Request, rc *recipe, name string, understand func(context.Context, *recipe) (*order, error)) error {
	defer rc.Close()
	done, err := s.admit(r.Context(), rc.size())
	if err != nil {
		return err
	}
	o, err := understand(r.Context(), rc)
	if err != nil {
		done()
		return err
	}
	b, size, release, err := s.bytesFor(r, o.id, o)
	done()
	if err != nil {
		return err
	}
	defer release()
	if err := o.confirm(r.Context(), b); err != nil {
		return err
	}
	notePlan(w, o.id)
	o.describe(w.Header(), name)
	return sendContent(w, r, b, size)
}

// bytesFor leases the bytes of a plan if the answer will have any. For others the size is enough.
func (s *Server) bytesFor(r *http.Request, id string, m maker) (b *built, size uint64, release func(), err error) {
	if known, ok := s.shelf.lookup(id); ok && bodiless(r, id) && !wantsDigest(r.Header.Values("Want-Repr-Digest")) {
		return nil, known.Size, func() {}, nil
	}
	l, err := s.shelf.obtain(r.Context(), id, m)
	if err != nil {
		return nil, 0, nil, err
	}
	return l.built, l.plan.Size(), l.release, nil
}

// admit waits a short while until there is room to work on a body of that many bytes.
func (s *Server) admit(ctx context.Context, size int64) (done func(), err error) {
	need := min(workCost+2*size, s.settings.Work)
	waiting, cancel := context.WithTimeout(ctx, s.settings.Wait)
	defer cancel()
	if err := s.work.Acquire(waiting, need); err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, busy("this work")
	}
	return func() { s.work.Release(need) }, nil
}

// workCost is what a request is taken to need besides its body.
const workCost = 1 << 20
