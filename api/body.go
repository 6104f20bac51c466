package api

import (
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strings"
	"time"

	"github.com/h5serve/h5serve/api/filespec"
	"github.com/h5serve/h5serve/h5core/vfd"
)

// acceptPost lists the bodies that make a file, for answers 415.
const acceptPost = "application/json, text/plain, application/x-www-form-urlencoded, multipart/form-data"

// Limits of a multipart body, beside its length.
const (
	maxParts    = 10_000
	maxPartName = 4 << 10
)

// readRecipe keeps the whole body: memory, then a temporary file. The recipe owns that room.
//
//	wire ──deadlines──▶ MaxBytesReader ──▶ gzip, zstd ──▶ one part or many ──hashed──▶ Memory
func (s *Server) readRecipe(w http.ResponseWriter, r *http.Request) (_ *recipe, err error) {
	kind, boundary, err := bodyKind(r)
	if err != nil {
		return nil, err
	}
	limit := s.settings.MaxBody
	if r.ContentLength > limit {
		return nil, tooLarge("body", limit, r.ContentLength)
	}
	wire := s.arriving(w, r, limit)
	defer wire.done()
	body, err := decode(r, wire, limit)
	if err != nil {
		return nil, err
	}
	defer body.close()
	s.shelf.makeRoom(uint64(max(r.ContentLength, 0)))
	kept := vfd.NewMemory(vfd.Settings{Budget: s.budget, TempDir: s.settings.TempDir})
	rc := newRecipe(kept.Close)
	defer func() {
		if err != nil {
			rc.Close()
		}
	}()
	in := &intake{ctx: r.Context(), kept: kept, buf: make([]byte, 64<<10)}
	if kind == multipartBody {
		err = in.parts(rc, multipart.NewReader(body, boundary), s.settings.MaxDescription)
	} else {
		err = in.description(rc, body, s.settings.MaxDescription)
	}
	if err != nil {
		return nil, err
	}
	// The server learns that a client went away only once the body is read to its end.
	if _, err := io.CopyBuffer(io.Discard, body, in.buf); err != nil {
		return nil, err
	}
	return rc, nil
}

type bodyType int

const (
	descriptionBody bodyType = iota
	multipartBody
)

// bodyKind judges the type that the body is said to have; what it is shows when it was read.
func bodyKind(r *http.Request) (bodyType, string, error) {
	given := r.Header.Get("Content-Type")
	if given == "" {
		return descriptionBody, "", nil
	}
	media, params, err := mime.ParseMediaType(given)
	if err != nil && media == "" {
		return 0, "", unknownBody("The body's Content-Type %q cannot be read.", given)
	}
	switch {
	case media == "multipart/form-data":
		if params["boundary"] == "" {
			return 0, "", refuse(http.StatusBadRequest, "bad_multipart", "The multipart body names no boundary.")
		}
		return multipartBody, params["boundary"], nil
	case media == "application/json", strings.HasSuffix(media, "+json"), media == "text/json",
		media == "text/plain", media == "application/x-www-form-urlencoded":
		return descriptionBody, "", nil
	}
	return 0, "", unknownBody("A body of type %s makes no file. Send a description (JSON) or multipart/form-data.", media)
}

func unknownBody(format string, args ...any) *Problem {
	return refuse(http.StatusUnsupportedMediaType, "unknown_body", format, args...).with("Accept-Post", acceptPost)
}

// intake copies what arrives into the room that keeps it.
type intake struct {
	ctx  context.Context
	kept *vfd.Memory
	buf  []byte
}

// keep copies in to its end; more than limit bytes are refused as a too large what.
func (in *intake) keep(from io.Reader, what string, limit int64) (filespec.Source, [32]byte, error) {
	hash := sha256.New()
	kept := section{memory: in.kept, start: in.kept.Size()}
	for {
		n, err := io.ReadFull(from, in.buf)
		end := err == io.EOF || err == io.ErrUnexpectedEOF
		if err != nil && !end {
			return nil, [32]byte{}, err
		}
		if kept.size += int64(n); kept.size > limit {
			return nil, [32]byte{}, tooLarge(what, limit, 0)
		}
		hash.Write(in.buf[:n])
		if _, err := in.kept.Append(in.ctx, in.buf[:n]); err != nil {
			return nil, [32]byte{}, err
		}
		if end {
			return kept, [32]byte(hash.Sum(nil)), nil
		}
	}
}

// description keeps a body that is one description.
func (in *intake) description(rc *recipe, body io.Reader, limit int64) error {
	kept, _, err := in.keep(body, "description", limit)
	if err != nil {
		return err
	}
	rc.description = kept
	first, err := firstByte(kept)
	switch {
	case err != nil:
		return err
	case first == 0:
		return unknownBody("The body is empty. Send the description of a file.")
	case first != '{':
		return unknownBody("The body does not begin with {, so it is no description. Send JSON, or multipart/form-data (curl -F) for parts.")
	}
	return nil
}

// firstByte is the first byte that is no blank of JSON, or 0.
func firstByte(src filespec.Source) (byte, error) {
	buf := make([]byte, 512)
	for at := int64(0); at < src.Size(); {
		n, err := src.ReadAt(buf, at)
		for _, c := range buf[:n] {
			if !strings.ContainsRune(" \t\r\n", rune(c)) {
				return c, nil
			}
		}
		if at += int64(n); err != nil && err != io.EOF {
			return 0, err
		}
	}
	return 0, nil
}

// parts keeps a multipart body: the part named spec is the description, in any place.
func (in *intake) parts(rc *recipe, parts *multipart.Reader, maxDescription int64) error {
	for {
		p, err := parts.NextPart()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return badMultipart(err)
		}
		name := p.FormName()
		switch {
		case name == "":
			return refuse(http.StatusBadRequest, "bad_multipart", "A part of the body has no name.")
		case len(name) > maxPartName || len(p.FileName()) > maxPartName:
			return refuse(http.StatusBadRequest, "bad_multipart", "The name of a part is longer than %d bytes.", maxPartName)
		case len(rc.parts) == maxParts:
			return refuse(http.StatusRequestEntityTooLarge, "too_many_parts", "The body has more than %d parts.", maxParts)
		}
		if name == "spec" {
			err = in.spec(rc, p, maxDescription)
		} else {
			err = in.part(rc, p, name)
		}
		if err != nil {
			return badMultipart(err)
		}
	}
}

func (in *intake) spec(rc *recipe, p *multipart.Part, limit int64) (err error) {
	if rc.description != nil {
		return duplicatePart("spec", "There are two parts named spec; a file has one description.")
	}
	rc.description, _, err = in.keep(p, "description", limit)
	return err
}

func (in *intake) part(rc *recipe, p *multipart.Part, name string) error {
	kept, sum, err := in.keep(p, "body", 1<<62) // the body's own limit stops it
	if err != nil {
		return err
	}
	rc.parts = append(rc.parts, filespec.Part{
		Name: name, FileName: p.FileName(), ContentType: p.Header.Get("Content-Type"), Body: kept, SHA256: sum,
	})
	return nil
}

func duplicatePart(name, detail string) *Problem {
	p := refuse(http.StatusUnprocessableEntity, "duplicate_part", "%s", detail)
	p.Errors = []Wrong{{Part: name, Detail: detail}}
	return p
}

// badMultipart is a body whose parts cannot be told apart, unless reading it failed for a reason of its own.
func badMultipart(err error) error {
	if known := explain(err); known.Code != "internal" {
		return err
	}
	p := refuse(http.StatusBadRequest, "bad_multipart", "The multipart body cannot be read: %v.", err)
	p.cause = err
	return p
}

// arriving is the body as it comes: each read may take a while, the whole as long as it likes.
type arriving struct {
	body    io.Reader
	control *http.ResponseController
	patient time.Duration
	err     error // what ended it
}

func (s *Server) arriving(w http.ResponseWriter, r *http.Request, limit int64) *arriving {
	return &arriving{
		body:    http.MaxBytesReader(w, r.Body, limit),
		control: http.NewResponseController(w),
		patient: s.settings.Patience,
	}
}

// arrive lets a request's own body come that way; the returned function ends it.
func (s *Server) arrive(w http.ResponseWriter, r *http.Request, limit int64) (done func()) {
	a := s.arriving(w, r, limit)
	r.Body = struct {
		io.Reader
		io.Closer
	}{a, r.Body}
	return a.done
}

func (a *arriving) Read(p []byte) (int, error) {
	_ = a.control.SetReadDeadline(time.Now().Add(a.patient)) // a test's recorder has none
	n, err := a.body.Read(p)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = refuse(http.StatusBadRequest, "body_cut", "The body ended before its declared length.")
	}
	if err != nil {
		a.err = err
	}
	return n, err
}

// done takes the deadline back: the work that follows has none.
func (a *arriving) done() { _ = a.control.SetReadDeadline(time.Time{}) }
